/*
 * Question: what does it cost to turn spans, data points and log records into the bytes of an OTLP
 * request and back, by which codec, and how does that grow with the number of items and of
 * attributes?
 *
 * Method: items come from the seeded generator of suites/common/telemetry.h, one resource and one
 * scope a request. An encoding iteration encodes one whole request from the client's own model into
 * a buffer that is kept; a decoding iteration decodes one request and frees it, or gives the
 * document back for the next one. Bytes a second are those of the encoded request, elements are
 * items. The axis before the last names the codec:
 *
 *   protobuf_c       builds protobuf-c's tree, then size and pack; decoding: unpack and free
 *   protobuf_c_tree  size and pack alone, of a tree that is there already
 *   direct           the client's own encoder; decoding: into a document
 *   check            whether a request is well-formed and how much is in it, without a tree
 *   json             OTLP/JSON, from the model; decoding: into a document
 *
 * What would make the numbers wrong: identical items (they differ in ids, texts and times), an
 * output that nobody reads (the buffer is kept), a buffer that grows inside the loop (it has its
 * size before), a codec that drops something (before the loop the request is decoded, counted,
 * encoded again and compared, and the codecs' requests with each other).
 */
#include <assay.h>
#include <otlp.h>

#include "suites/common/telemetry.h"

#include <stdlib.h>
#include <string.h>

ASSAY_SUITE("serialization");

#define SEED  UINT64_C(20260105)
#define BATCH 512

enum codec {
    PROTOBUF_C,
    DIRECT,
    JSON,
    PROTOBUF_C_TREE, /* encoding only */
    CHECK,           /* decoding only */
};

struct fixture {
    enum otlp_signal signal;
    enum codec codec;
    size_t count; /* items */
    struct telemetry *telemetry;
    struct otlp_packer *packer;
    struct otlp_document *document;
    struct otlp_request *tree; /* of protobuf-c */
    struct otlp_buffer bytes;  /* the encoded request */
    struct otlp_span **spans;
    struct otlp_log_batch *logs;
    const struct otlp_metric *metrics;
    size_t metric_count;
};

static int make_items(struct fixture *f, int attributes)
{
    switch (f->signal) {
    case OTLP_TRACES:
        f->spans = calloc(f->count, sizeof(struct otlp_span *));
        return f->spans == NULL ? OTLP_ENOMEM
                                : telemetry_spans(f->telemetry, f->count, attributes, f->spans);
    case OTLP_METRICS:
        return telemetry_metrics(f->telemetry, f->count, attributes, &f->metrics, &f->metric_count);
    case OTLP_LOGS:
        f->logs = otlp_log_batch_new(NULL);
        return f->logs == NULL ? OTLP_ENOMEM
                               : telemetry_logs(f->telemetry, f->count, attributes, f->logs);
    }
    return OTLP_EINVAL;
}

static int encode_spans(struct fixture *f)
{
    const struct otlp_resource *resource = telemetry_resource(f->telemetry);
    const struct otlp_scope *scope = telemetry_scope(f->telemetry);
    const struct otlp_span *const *spans = (const struct otlp_span *const *)f->spans;
    switch (f->codec) {
    case DIRECT:
        return otlp_encode_spans(resource, scope, spans, f->count, &f->bytes);
    case JSON:
        return otlp_json_encode_spans(resource, scope, spans, f->count, &f->bytes);
    default:
        return otlp_pack_spans(f->packer, resource, scope, spans, f->count, &f->bytes);
    }
}

static int encode_metrics(struct fixture *f)
{
    const struct otlp_resource *resource = telemetry_resource(f->telemetry);
    const struct otlp_scope *scope = telemetry_scope(f->telemetry);
    switch (f->codec) {
    case DIRECT:
        return otlp_encode_metrics(resource, scope, f->metrics, f->metric_count, &f->bytes);
    case JSON:
        return otlp_json_encode_metrics(resource, scope, f->metrics, f->metric_count, &f->bytes);
    default:
        return otlp_pack_metrics(f->packer, resource, scope, f->metrics, f->metric_count,
                                 &f->bytes);
    }
}

static int encode_logs(struct fixture *f)
{
    const struct otlp_resource *resource = telemetry_resource(f->telemetry);
    const struct otlp_scope *scope = telemetry_scope(f->telemetry);
    size_t count;
    const struct otlp_log_record *records = otlp_log_batch_records(f->logs, &count);
    switch (f->codec) {
    case DIRECT:
        return otlp_encode_logs(resource, scope, records, count, &f->bytes);
    case JSON:
        return otlp_json_encode_logs(resource, scope, records, count, &f->bytes);
    default:
        return otlp_pack_logs(f->packer, resource, scope, records, count, &f->bytes);
    }
}

/* Appends the request to f->bytes. */
static int encode(struct fixture *f)
{
    if (f->codec == PROTOBUF_C_TREE && f->tree != NULL) {
        return otlp_request_pack(f->tree, &f->bytes);
    }
    return f->signal == OTLP_TRACES    ? encode_spans(f)
           : f->signal == OTLP_METRICS ? encode_metrics(f)
                                       : encode_logs(f);
}

/* Decodes f->bytes; the items that were in it, or 0. */
static size_t decode(struct fixture *f)
{
    const uint8_t *data = f->bytes.data;
    size_t len = f->bytes.len;
    struct otlp_request *request = NULL;
    size_t items = 0;
    switch (f->codec) {
    case DIRECT:
        return otlp_document_decode(f->document, f->signal, data, len, 0) == 0
                   ? otlp_document_items(f->document)
                   : 0;
    case JSON:
        return otlp_json_decode(f->document, f->signal, (const char *)data, len, 0) == 0
                   ? otlp_document_items(f->document)
                   : 0;
    case CHECK:
        return otlp_request_check(f->signal, data, len, 0, &items) == 0 ? items : 0;
    default:
        /* Not counted: that takes a walk over the tree. */
        items = otlp_request_unpack(f->signal, data, len, &request) == 0 ? f->count : 0;
        assay_touch(request);
        otlp_request_free(request);
        return items;
    }
}

/* Whether the bytes hold the request that protobuf-c makes of the items. */
static bool is_right(struct fixture *f)
{
    enum codec codec = f->codec;
    struct otlp_buffer bytes = f->bytes;
    struct otlp_buffer again = {0};
    f->codec = PROTOBUF_C;
    f->bytes = (struct otlp_buffer){0};
    int rc = encode(f);
    struct otlp_buffer expected = f->bytes;
    f->bytes = bytes;
    f->codec = codec;
    if (rc == 0) {
        rc = codec == JSON ? otlp_json_decode(f->document, f->signal, (const char *)bytes.data,
                                              bytes.len, OTLP_DECODE_UTF8)
                           : otlp_document_decode(f->document, f->signal, bytes.data, bytes.len,
                                                  OTLP_DECODE_UTF8);
    }
    if (rc == 0) {
        rc = otlp_document_encode(f->document, OTLP_ENCODING_PROTOBUF, &again);
    }
    if (rc == 0) {
        rc = otlp_request_unpack(f->signal, expected.data, expected.len, &f->tree);
    }
    bool right = rc == 0 && otlp_document_items(f->document) == f->count &&
                 otlp_request_items(f->tree) == f->count && again.len == expected.len &&
                 memcmp(again.data, expected.data, again.len) == 0;
    otlp_buffer_release(&again);
    otlp_buffer_release(&expected);
    return right;
}

static void fixture_free(struct fixture *f)
{
    for (size_t i = 0; f->spans != NULL && i < f->count; i++) {
        otlp_span_free(f->spans[i]);
    }
    free(f->spans);
    otlp_log_batch_free(f->logs);
    otlp_buffer_release(&f->bytes);
    otlp_request_free(f->tree);
    otlp_document_free(f->document);
    otlp_packer_free(f->packer);
    telemetry_free(f->telemetry);
}

static void fixture_make(assay_bench *b, struct fixture *f, size_t count, int attributes)
{
    f->count = count;
    f->telemetry = telemetry_new(SEED);
    f->packer = otlp_packer_new();
    f->document = otlp_document_new();
    if (f->telemetry == NULL || f->packer == NULL || f->document == NULL ||
        make_items(f, attributes) != 0 || encode(f) != 0) {
        assay_fail(b, "the request could not be made");
    } else if (!is_right(f)) {
        assay_fail(b, "decoding and encoding again does not give the same request");
    }
    assay_bytes(b, f->bytes.len);
    assay_elements(b, count);
    assay_counter(b, "size", (double)f->bytes.len / (double)count, "B/item");
}

static void bench_encode(assay_bench *b, enum otlp_signal signal, enum codec codec, size_t count,
                         int attributes)
{
    struct fixture f = {.signal = signal, .codec = codec};
    fixture_make(b, &f, count, attributes);
    size_t request_bytes = f.bytes.len;
    ASSAY_LOOP(b) {
        f.bytes.len = 0;
        encode(&f);
        assay_touch(f.bytes.data);
    }
    if (f.bytes.len != request_bytes) {
        assay_fail(b, "a later request differs from the first");
    }
    fixture_free(&f);
}

static void bench_decode(assay_bench *b, enum otlp_signal signal, enum codec codec, size_t count,
                         int attributes)
{
    struct fixture f = {.signal = signal, .codec = codec};
    size_t items = count;
    fixture_make(b, &f, count, attributes);
    ASSAY_LOOP(b) {
        items = decode(&f);
        assay_touch(f.document);
    }
    if (items != count) {
        assay_fail(b, "a later request could not be decoded");
    }
    fixture_free(&f);
}

/* Names in the order of enum codec. */
#define CODECS                                                                                     \
    {                                                                                              \
        "protobuf_c", "direct", "json"                                                             \
    }
#define COUNTS                                                                                     \
    {                                                                                              \
        1, 10, 100, 1000                                                                           \
    }

ASSAY_BENCH(encode_traces, .arg_name = "codec", .arg_names = CODECS, .arg2_name = "spans",
            .args2 = COUNTS)
{
    bench_encode(b, OTLP_TRACES, (enum codec)assay_arg(b), (size_t)assay_arg2(b),
                 TELEMETRY_NATURAL);
}

ASSAY_BENCH(encode_metrics, .arg_name = "codec", .arg_names = CODECS, .arg2_name = "points",
            .args2 = COUNTS)
{
    bench_encode(b, OTLP_METRICS, (enum codec)assay_arg(b), (size_t)assay_arg2(b),
                 TELEMETRY_NATURAL);
}

ASSAY_BENCH(encode_logs, .arg_name = "codec", .arg_names = CODECS, .arg2_name = "records",
            .args2 = COUNTS)
{
    bench_encode(b, OTLP_LOGS, (enum codec)assay_arg(b), (size_t)assay_arg2(b), TELEMETRY_NATURAL);
}

ASSAY_BENCH(decode_traces, .arg_name = "codec", .arg_names = CODECS, .arg2_name = "spans",
            .args2 = COUNTS)
{
    bench_decode(b, OTLP_TRACES, (enum codec)assay_arg(b), (size_t)assay_arg2(b),
                 TELEMETRY_NATURAL);
}

ASSAY_BENCH(decode_metrics, .arg_name = "codec", .arg_names = CODECS, .arg2_name = "points",
            .args2 = COUNTS)
{
    bench_decode(b, OTLP_METRICS, (enum codec)assay_arg(b), (size_t)assay_arg2(b),
                 TELEMETRY_NATURAL);
}

ASSAY_BENCH(decode_logs, .arg_name = "codec", .arg_names = CODECS, .arg2_name = "records",
            .args2 = COUNTS)
{
    bench_decode(b, OTLP_LOGS, (enum codec)assay_arg(b), (size_t)assay_arg2(b), TELEMETRY_NATURAL);
}

/* A request of 100 spans, by the number of attributes on each. */
ASSAY_BENCH(data_size_variations, .arg_name = "codec", .arg_names = CODECS,
            .arg2_name = "attributes", .args2 = {1, 5, 10, 20, 50})
{
    bench_encode(b, OTLP_TRACES, (enum codec)assay_arg(b), 100, (int)assay_arg2(b));
}

/* What a batch processor exports, by the number of attributes: beside the best that protobuf-c can
 * do, its tree for nothing. */
ASSAY_BENCH(encode_batch, .arg_name = "codec", .arg_names = {"protobuf_c_tree", "direct"},
            .arg2_name = "attributes", .args2 = {0, 1, 5, 10, 100})
{
    static const enum codec codecs[] = {PROTOBUF_C_TREE, DIRECT};
    bench_encode(b, OTLP_TRACES, codecs[assay_arg(b)], BATCH, (int)assay_arg2(b));
}

ASSAY_BENCH(decode_batch, .arg_name = "codec", .arg_names = {"protobuf_c", "direct", "check"},
            .arg2_name = "attributes", .args2 = {0, 1, 5, 10, 100})
{
    static const enum codec codecs[] = {PROTOBUF_C, DIRECT, CHECK};
    bench_decode(b, OTLP_TRACES, codecs[assay_arg(b)], BATCH, (int)assay_arg2(b));
}
