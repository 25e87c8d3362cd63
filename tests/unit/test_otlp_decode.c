/*
 * The protobuf decoder and the check: what they give, what they refuse, cut-off and hostile input,
 * and memory that runs out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <otlp.h>

#include "failing_malloc.h"
#include "guarded.h"
#include "suites/common/telemetry.h"

/* A request of `count` items of a signal, each with all that the generator knows. */
static struct otlp_buffer make_request(enum otlp_signal signal, size_t count)
{
    struct telemetry *telemetry = telemetry_new(5);
    const struct otlp_resource *resource = telemetry_resource(telemetry);
    const struct otlp_scope *scope = telemetry_scope(telemetry);
    struct otlp_buffer out = {0};
    if (signal == OTLP_TRACES) {
        struct otlp_span **spans = calloc(count, sizeof *spans);
        assert_int_equal(telemetry_spans(telemetry, count, TELEMETRY_NATURAL, spans), 0);
        assert_int_equal(
            otlp_encode_spans(resource, scope, (const struct otlp_span *const *)spans, count, &out),
            0);
        for (size_t i = 0; i < count; i++) {
            otlp_span_free(spans[i]);
        }
        free(spans);
    } else if (signal == OTLP_METRICS) {
        const struct otlp_metric *metrics;
        size_t metric_count;
        assert_int_equal(
            telemetry_metrics(telemetry, count, TELEMETRY_NATURAL, &metrics, &metric_count), 0);
        assert_int_equal(otlp_encode_metrics(resource, scope, metrics, metric_count, &out), 0);
    } else {
        struct otlp_log_batch *logs = otlp_log_batch_new(NULL);
        size_t records;
        assert_int_equal(telemetry_logs(telemetry, count, TELEMETRY_NATURAL, logs), 0);
        const struct otlp_log_record *items = otlp_log_batch_records(logs, &records);
        assert_int_equal(otlp_encode_logs(resource, scope, items, records, &out), 0);
        otlp_log_batch_free(logs);
    }
    telemetry_free(telemetry);
    return out;
}

/* What protobuf-c makes of the bytes and what the document makes of them is encoded the same. */
static void test_as_protobuf_c(void **state)
{
    struct otlp_document *document = otlp_document_new();
    (void)state;
    for (int signal = OTLP_TRACES; signal <= OTLP_LOGS; signal++) {
        struct otlp_buffer bytes = make_request((enum otlp_signal)signal, 200);
        struct otlp_buffer again = {0};
        struct otlp_request *request = NULL;
        size_t items = 0;
        assert_int_equal(
            otlp_request_unpack((enum otlp_signal)signal, bytes.data, bytes.len, &request), 0);
        assert_int_equal(otlp_document_decode(document, (enum otlp_signal)signal, bytes.data,
                                              bytes.len, OTLP_DECODE_UTF8),
                         0);
        assert_int_equal(otlp_document_signal(document), signal);
        assert_int_equal(otlp_document_items(document), otlp_request_items(request));
        assert_int_equal(
            otlp_request_check((enum otlp_signal)signal, bytes.data, bytes.len, 1, &items), 0);
        assert_int_equal(items, otlp_request_items(request));
        assert_int_equal(otlp_document_encode(document, OTLP_ENCODING_PROTOBUF, &again), 0);
        assert_int_equal(again.len, bytes.len);
        assert_memory_equal(again.data, bytes.data, bytes.len);
        assert_true(otlp_document_bytes(document) > 0);
        otlp_request_free(request);
        otlp_buffer_release(&again);
        otlp_buffer_release(&bytes);
    }
    otlp_document_free(document);
}

/* Each beginning, from memory that ends there: it is whole only where a request ends. */
static void test_every_truncation(void **state)
{
    struct otlp_document *document = otlp_document_new();
    (void)state;
    for (int signal = OTLP_TRACES; signal <= OTLP_LOGS; signal++) {
        struct otlp_buffer bytes = make_request((enum otlp_signal)signal, 4);
        for (size_t len = 0; len <= bytes.len; len++) {
            struct guarded copy = guarded_copy(bytes.data, len);
            const uint8_t *data = (const uint8_t *)copy.text;
            int expected = len == 0 || len == bytes.len ? 0 : OTLP_EFORMAT;
            assert_int_equal(otlp_document_decode(document, (enum otlp_signal)signal, data, len, 0),
                             expected);
            assert_int_equal(otlp_request_check((enum otlp_signal)signal, data, len, 0, NULL),
                             expected);
            otlp_document_clear(document);
            guarded_free(&copy);
        }
        otlp_buffer_release(&bytes);
    }
    otlp_document_free(document);
}

/* Any one byte changed: refused or taken, by both alike. */
static void test_every_byte_changed(void **state)
{
    struct otlp_document *document = otlp_document_new();
    unsigned long seed = 99;
    (void)state;
    for (int signal = OTLP_TRACES; signal <= OTLP_LOGS; signal++) {
        struct otlp_buffer bytes = make_request((enum otlp_signal)signal, 4);
        for (size_t i = 0; i < bytes.len; i++) {
            uint8_t old = bytes.data[i];
            size_t items = 0;
            bytes.data[i] = (uint8_t)random_next(&seed);
            int rc = otlp_document_decode(document, (enum otlp_signal)signal, bytes.data, bytes.len,
                                          OTLP_DECODE_UTF8);
            assert_int_equal(otlp_request_check((enum otlp_signal)signal, bytes.data, bytes.len,
                                                OTLP_DECODE_UTF8, &items),
                             rc);
            assert_true(rc != 0 || items == otlp_document_items(document));
            bytes.data[i] = old;
        }
        otlp_buffer_release(&bytes);
    }
    otlp_document_free(document);
}

struct sample {
    const char *what;
    const char *bytes;
    size_t len;
    int rc;
};

#define SAMPLE(what, text, rc)                                                                     \
    {                                                                                              \
        (what), (text), sizeof(text) - 1, (rc)                                                     \
    }

/* Each within a Span in a request: tags and lengths of the groups around it are added. */
static const struct sample span_samples[] = {
    SAMPLE("nothing", "", 0),
    SAMPLE("an unknown field of each wire type",
           "\xc0\x3e\x05\xc1\x3e"
           "12345678\xc2\x3e\x03"
           "abc\xc5\x3e"
           "1234",
           0),
    SAMPLE("a group", "\xc3\x3e\xc4\x3e", OTLP_EFORMAT),
    SAMPLE("wire type 6", "\xc6\x3e", OTLP_EFORMAT),
    SAMPLE("field number 0", "\x02\x00", OTLP_EFORMAT),
    SAMPLE("a name as a number", "\x28\x01", OTLP_EFORMAT),
    SAMPLE("a time as a varint", "\x38\x01", OTLP_EFORMAT),
    SAMPLE("flags as bytes", "\x82\x01\x01x", OTLP_EFORMAT),
    SAMPLE("an id of 15 bytes",
           "\x0a\x0f"
           "123456789012345",
           OTLP_EFORMAT),
    SAMPLE("an id of no bytes", "\x0a\x00", 0),
    SAMPLE("a length past the end", "\x2a\x02x", OTLP_EFORMAT),
    SAMPLE("a length of 2^64 - 1", "\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", OTLP_EFORMAT),
    SAMPLE("a varint of ten bytes", "\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0),
    SAMPLE("a varint above 64 bits", "\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", OTLP_EFORMAT),
    SAMPLE("a varint of eleven bytes", "\x30\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
           OTLP_EFORMAT),
    SAMPLE("an attribute without a value", "\x4a\x03\x0a\x01k", 0),
    SAMPLE("a value of a wrong type", "\x4a\x04\x12\x02\x08\x01", OTLP_EFORMAT),
    SAMPLE("an index of profiles", "\x4a\x02\x18\x01", 0),
    SAMPLE("a tag above 32 bits", "\x80\x80\x80\x80\x80\x01\x01", OTLP_EFORMAT),
};

static size_t wrap(const struct sample *sample, uint8_t out[128])
{
    size_t len = sample->len;
    const uint8_t head[] = {0x0a, (uint8_t)(len + 4), 0x12, (uint8_t)(len + 2), 0x12, (uint8_t)len};
    memcpy(out, head, sizeof head);
    memcpy(out + sizeof head, sample->bytes, len);
    return sizeof head + len;
}

static void test_what_is_refused(void **state)
{
    struct otlp_document *document = otlp_document_new();
    (void)state;
    for (size_t i = 0; i < sizeof span_samples / sizeof span_samples[0]; i++) {
        uint8_t bytes[128];
        size_t len = wrap(&span_samples[i], bytes);
        size_t items = 7;
        if (otlp_document_decode(document, OTLP_TRACES, bytes, len, 0) != span_samples[i].rc ||
            otlp_request_check(OTLP_TRACES, bytes, len, 0, &items) != span_samples[i].rc) {
            fail_msg("%s", span_samples[i].what);
        }
        assert_int_equal(otlp_document_items(document), span_samples[i].rc == 0);
        assert_int_equal(items, span_samples[i].rc == 0 ? 1 : 7);
    }
    assert_int_equal(otlp_document_decode(document, (enum otlp_signal)3, NULL, 0, 0), OTLP_EINVAL);
    assert_int_equal(otlp_request_check((enum otlp_signal)3, NULL, 0, 0, NULL), OTLP_EINVAL);
    assert_int_equal(otlp_request_check(OTLP_TRACES, (const uint8_t *)"", (size_t)1 << 40, 0, NULL),
                     OTLP_ETOOBIG);
    otlp_document_free(document);
}

static void test_text_that_is_not_utf8(void **state)
{
    static const char *const bad[] = {
        "\x80", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "ok but \xff"};
    struct otlp_document *document = otlp_document_new();
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char field[32] = {0x2a, (char)strlen(bad[i])};
        memcpy(field + 2, bad[i], strlen(bad[i]));
        const struct sample sample = {"", field, 2 + strlen(bad[i]), 0};
        uint8_t bytes[128];
        size_t len = wrap(&sample, bytes);
        assert_int_equal(otlp_document_decode(document, OTLP_TRACES, bytes, len, 0), 0);
        assert_int_equal(otlp_document_decode(document, OTLP_TRACES, bytes, len, OTLP_DECODE_UTF8),
                         OTLP_EFORMAT);
        assert_int_equal(otlp_request_check(OTLP_TRACES, bytes, len, OTLP_DECODE_UTF8, NULL),
                         OTLP_EFORMAT);
    }
    otlp_document_free(document);
}

/* Body of a log record that is an array in an array in ...; returns the length of the request. */
static size_t nest(unsigned depth, uint8_t out[1024])
{
    uint8_t inner[1024] = {0};
    size_t len = 0;
    for (unsigned i = 0; i < depth; i++) {
        uint8_t next[1024];
        size_t at = 0;
        next[at++] = 0x2a; /* array_value */
        next[at++] = (uint8_t)(len + 2);
        next[at++] = 0x0a; /* values */
        next[at++] = (uint8_t)len;
        memcpy(next + at, inner, len);
        len += at;
        memcpy(inner, next, len);
    }
    const uint8_t head[] = {0x0a, (uint8_t)(len + 6), 0x12, (uint8_t)(len + 4),
                            0x12, (uint8_t)(len + 2), 0x2a, (uint8_t)len};
    memcpy(out, head, sizeof head);
    memcpy(out + sizeof head, inner, len);
    return sizeof head + len;
}

static void test_depth_is_bounded(void **state)
{
    struct otlp_document *document = otlp_document_new();
    uint8_t bytes[1024];
    (void)state;
    for (unsigned depth = 1; depth < 30; depth++) {
        size_t len = nest(depth, bytes);
        int expected = depth <= OTLP_VALUE_DEPTH_MAX ? 0 : OTLP_EFORMAT;
        assert_int_equal(otlp_document_decode(document, OTLP_LOGS, bytes, len, 0), expected);
        assert_int_equal(otlp_request_check(OTLP_LOGS, bytes, len, 0, NULL), expected);
        if (expected == 0) {
            struct otlp_buffer again = {0};
            assert_int_equal(otlp_document_encode(document, OTLP_ENCODING_PROTOBUF, &again), 0);
            assert_int_equal(again.len, len);
            otlp_buffer_release(&again);
        }
    }
    otlp_document_free(document);
}

/* Two bytes of input stand for a span of hundreds: the tree is bounded, the check needs none. */
static void test_memory_is_bounded(void **state)
{
    const size_t spans = 1000000;
    size_t len = 2 * spans;
    uint8_t *bytes = malloc(len + 16);
    struct otlp_document *document = otlp_document_new();
    size_t items;
    (void)state;
    const uint8_t head[] = {0x0a, 0x84, 0x89, 0x7a, 0x12, 0x80, 0x89, 0x7a};
    memcpy(bytes, head, sizeof head);
    for (size_t i = 0; i < spans; i++) {
        bytes[sizeof head + 2 * i] = 0x12;
        bytes[sizeof head + 2 * i + 1] = 0;
    }
    len += sizeof head;
    assert_int_equal(otlp_request_check(OTLP_TRACES, bytes, len, 0, &items), 0);
    assert_int_equal(items, spans);
    assert_int_equal(otlp_document_decode(document, OTLP_TRACES, bytes, len, 0), OTLP_ETOOBIG);
    otlp_document_limit(document, 1000);
    struct otlp_buffer small = make_request(OTLP_TRACES, 10);
    assert_int_equal(otlp_document_decode(document, OTLP_TRACES, small.data, small.len, 0),
                     OTLP_ETOOBIG);
    assert_int_equal(otlp_document_items(document), 0);
    otlp_document_limit(document, 0);
    assert_int_equal(otlp_document_decode(document, OTLP_TRACES, small.data, small.len, 0), 0);
    otlp_buffer_release(&small);
    otlp_document_free(document);
    free(bytes);
}

/* Last one wins, messages are merged, lists are joined, packed or not. */
static void test_fields_that_occur_again(void **state)
{
    static const char metrics[] =
        "\x0a\x45\x12\x43\x12\x41"
        /* gauge of one point, then sums: one point, and one more with temporality 2 */
        "\x2a\x02\x0a\x00"
        "\x3a\x0b\x0a\x09\x31\x05\x00\x00\x00\x00\x00\x00\x00"
        "\x3a\x04\x10\x01\x0a\x00"
        "\x3a\x02\x10\x02"
        /* name twice */
        "\x0a\x01"
        "a\x0a\x01"
        "b"
        "\x62\x05\x0a\x01k\x12\x00\x62\x05\x0a\x01m\x12\x00\x62\x05\x0a\x01n\x12\x00";
    struct otlp_document *document = otlp_document_new();
    size_t count;
    size_t items;
    (void)state;
    const size_t len = sizeof metrics - 1;
    uint8_t bytes[sizeof metrics];
    memcpy(bytes, metrics, sizeof metrics);
    bytes[1] = (uint8_t)(len - 2);
    bytes[3] = (uint8_t)(len - 4);
    bytes[5] = (uint8_t)(len - 6);
    assert_int_equal(otlp_document_decode(document, OTLP_METRICS, bytes, len, 0), 0);
    assert_int_equal(otlp_document_items(document), 2);
    assert_int_equal(otlp_request_check(OTLP_METRICS, bytes, len, 0, &items), 0);
    assert_int_equal(items, 2);
    const struct otlp_metric_view *metric =
        otlp_document_groups(document, &count)[0].scopes[0].items.metrics;
    assert_int_equal(metric->type, OTLP_METRIC_SUM);
    assert_int_equal(metric->data.point_count, 2);
    assert_int_equal(metric->data.temporality, 2);
    assert_int_equal(metric->data.points.numbers[0].value.as.integer, 5);
    assert_int_equal(metric->name.data[0], 'b');
    assert_int_equal(metric->metadata.count, 3);
    otlp_document_free(document);
}

/* Bucket counts one by one, packed, and both: in order, without a copy for each. */
static void test_lists_that_are_not_packed(void **state)
{
    enum { COUNT = 3000 };
    static uint8_t bytes[COUNT * 9 + 64];
    struct otlp_document *document = otlp_document_new();
    size_t count;
    size_t len = 0;
    (void)state;
    uint8_t *point = bytes + 32;
    for (uint64_t i = 0; i < COUNT; i++) {
        point[len++] = 0x31; /* bucket_counts, one of them */
        memcpy(point + len, &i, sizeof i);
        len += sizeof i;
    }
    /* point, histogram, metric, scope and resource around it, with lengths of three bytes */
    static const uint8_t tags[] = {0x0a, 0x4a, 0x12, 0x12, 0x0a};
    uint8_t *start = point;
    for (size_t i = 0; i < sizeof tags; i++) {
        size_t inner = len;
        start -= 4;
        start[0] = tags[i];
        start[1] = (uint8_t)(inner | 0x80);
        start[2] = (uint8_t)(inner >> 7 | 0x80);
        start[3] = (uint8_t)(inner >> 14);
        len += 4;
    }
    assert_int_equal(otlp_document_decode(document, OTLP_METRICS, start, len, 0), 0);
    assert_int_equal(otlp_request_check(OTLP_METRICS, start, len, 0, NULL), 0);
    const struct otlp_counts *list = &otlp_document_groups(document, &count)[0]
                                          .scopes[0]
                                          .items.metrics->data.points.histograms->bucket_counts;
    assert_int_equal(list->count, COUNT);
    for (uint64_t i = 0; i < COUNT; i++) {
        assert_int_equal(list->items[i], i);
    }
    otlp_document_free(document);
}

static void test_memory_runs_out(void **state)
{
    struct otlp_buffer bytes = make_request(OTLP_METRICS, 5000);
    int rc = OTLP_ENOMEM;
    size_t failures = 0;
    (void)state;
    for (long nth = 0; FAILING_MALLOC && rc != 0; nth++) {
        struct otlp_document *document = otlp_document_new();
        allocations_left = nth;
        rc = otlp_document_decode(document, OTLP_METRICS, bytes.data, bytes.len, 0);
        allocations_left = -1;
        assert_true(rc == 0 || rc == OTLP_ENOMEM);
        assert_int_equal(otlp_document_items(document), rc == 0 ? 5000 : 0);
        assert_true(nth < 1000);
        failures += rc != 0;
        otlp_document_free(document);
    }
    assert_true(failures > 3 || !FAILING_MALLOC);
    otlp_buffer_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_protobuf_c),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_every_byte_changed),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_text_that_is_not_utf8),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_fields_that_occur_again),
        cmocka_unit_test(test_lists_that_are_not_packed),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("otlp_decode", tests, NULL, NULL);
}
