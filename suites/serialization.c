/*
 * Question: what does it cost to turn spans, data points and log records into the bytes of an OTLP
 * request and back, and how does that grow with the number of items and of attributes?
 *
 * Method: items come from the seeded generator of suites/common/telemetry.h, one resource and one
 * scope a request. An encoding iteration builds and encodes one whole request from the client's own
 * model into a buffer that is kept; a decoding iteration decodes one request and frees it. Bytes a
 * second are those of the encoded request, elements are items. The axis before the last names the
 * codec.
 *
 * What would make the numbers wrong: identical items (they differ in ids, texts and times), an
 * output that nobody reads (the buffer is kept), a buffer that grows inside the loop (it has its
 * size before), a codec that drops something (before the loop the request is decoded, counted,
 * encoded again and compared).
 */
#include <assay.h>
#include <otlp.h>

#include "suites/common/telemetry.h"

#include <stdlib.h>
#include <string.h>

ASSAY_SUITE("serialization");

#define SEED UINT64_C(20260105)

struct fixture {
    enum otlp_signal signal;
    size_t count; /* items */
    struct telemetry *telemetry;
    struct otlp_packer *packer;
    struct otlp_buffer bytes; /* the encoded request */
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

/* Appends the request to f->bytes. */
static int encode(struct fixture *f)
{
    const struct otlp_resource *resource = telemetry_resource(f->telemetry);
    const struct otlp_scope *scope = telemetry_scope(f->telemetry);
    if (f->signal == OTLP_TRACES) {
        return otlp_pack_spans(f->packer, resource, scope,
                               (const struct otlp_span *const *)f->spans, f->count, &f->bytes);
    }
    if (f->signal == OTLP_METRICS) {
        return otlp_pack_metrics(f->packer, resource, scope, f->metrics, f->metric_count,
                                 &f->bytes);
    }
    size_t count;
    const struct otlp_log_record *records = otlp_log_batch_records(f->logs, &count);
    return otlp_pack_logs(f->packer, resource, scope, records, count, &f->bytes);
}

/* Decoding gives the items back, and encoding those gives the same bytes. */
static bool round_trip_is_right(const struct fixture *f)
{
    struct otlp_request *request = NULL;
    struct otlp_buffer again = {0};
    bool right = otlp_request_unpack(f->signal, f->bytes.data, f->bytes.len, &request) == 0 &&
                 otlp_request_items(request) == f->count &&
                 otlp_request_pack(request, &again) == 0 && again.len == f->bytes.len &&
                 memcmp(again.data, f->bytes.data, again.len) == 0;
    otlp_buffer_release(&again);
    otlp_request_free(request);
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
    otlp_packer_free(f->packer);
    telemetry_free(f->telemetry);
}

static void fixture_make(assay_bench *b, struct fixture *f, enum otlp_signal signal, size_t count,
                         int attributes)
{
    *f = (struct fixture){.signal = signal, .count = count};
    f->telemetry = telemetry_new(SEED);
    f->packer = otlp_packer_new();
    if (f->telemetry == NULL || f->packer == NULL || make_items(f, attributes) != 0 ||
        encode(f) != 0) {
        assay_fail(b, "the request could not be made");
    } else if (!round_trip_is_right(f)) {
        assay_fail(b, "decoding and encoding again does not give the same request");
    }
    assay_bytes(b, f->bytes.len);
    assay_elements(b, count);
    assay_counter(b, "size", (double)f->bytes.len / (double)count, "B/item");
}

static void bench_encode(assay_bench *b, enum otlp_signal signal, size_t count, int attributes)
{
    struct fixture f;
    fixture_make(b, &f, signal, count, attributes);
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

static void bench_decode(assay_bench *b, enum otlp_signal signal, size_t count)
{
    struct fixture f;
    size_t items = count;
    fixture_make(b, &f, signal, count, TELEMETRY_NATURAL);
    ASSAY_LOOP(b) {
        struct otlp_request *request = NULL;
        otlp_request_unpack(signal, f.bytes.data, f.bytes.len, &request);
        assay_touch(request);
        items = request == NULL ? 0 : count;
        otlp_request_free(request);
    }
    if (items != count) {
        assay_fail(b, "a later request could not be decoded");
    }
    fixture_free(&f);
}

#define CODECS                                                                                     \
    {                                                                                              \
        "protobuf_c"                                                                               \
    }
#define COUNTS                                                                                     \
    {                                                                                              \
        1, 10, 100, 1000                                                                           \
    }

ASSAY_BENCH(encode_traces, .arg_name = "codec", .arg_names = CODECS, .arg2_name = "spans",
            .args2 = COUNTS)
{
    bench_encode(b, OTLP_TRACES, (size_t)assay_arg2(b), TELEMETRY_NATURAL);
}

ASSAY_BENCH(encode_metrics, .arg_name = "codec", .arg_names = CODECS, .arg2_name = "points",
            .args2 = COUNTS)
{
    bench_encode(b, OTLP_METRICS, (size_t)assay_arg2(b), TELEMETRY_NATURAL);
}

ASSAY_BENCH(encode_logs, .arg_name = "codec", .arg_names = CODECS, .arg2_name = "records",
            .args2 = COUNTS)
{
    bench_encode(b, OTLP_LOGS, (size_t)assay_arg2(b), TELEMETRY_NATURAL);
}

ASSAY_BENCH(decode_traces, .arg_name = "codec", .arg_names = CODECS, .arg2_name = "spans",
            .args2 = COUNTS)
{
    bench_decode(b, OTLP_TRACES, (size_t)assay_arg2(b));
}

ASSAY_BENCH(decode_metrics, .arg_name = "codec", .arg_names = CODECS, .arg2_name = "points",
            .args2 = COUNTS)
{
    bench_decode(b, OTLP_METRICS, (size_t)assay_arg2(b));
}

ASSAY_BENCH(decode_logs, .arg_name = "codec", .arg_names = CODECS, .arg2_name = "records",
            .args2 = COUNTS)
{
    bench_decode(b, OTLP_LOGS, (size_t)assay_arg2(b));
}

/* A request of 100 spans, by the number of attributes on each. */
ASSAY_BENCH(data_size_variations, .arg_name = "codec", .arg_names = CODECS,
            .arg2_name = "attributes", .args2 = {1, 5, 10, 20, 50})
{
    bench_encode(b, OTLP_TRACES, 100, (int)assay_arg2(b));
}
