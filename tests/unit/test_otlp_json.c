/*
 * OTLP/JSON: what is written, what is read in all the forms that others write it in, what is
 * refused, and memory that runs out.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include <otlp.h>

#include "failing_malloc.h"
#include "guarded.h"
#include "suites/common/telemetry.h"

static int read_text(struct otlp_document *document, enum otlp_signal signal, const char *text,
                     unsigned flags)
{
    struct guarded copy = guarded_copy(text, strlen(text));
    int rc = otlp_json_decode(document, signal, copy.text, copy.len, flags);
    guarded_free(&copy);
    return rc;
}

/* The only span of a request whose members are these. */
static const struct otlp_span_view *read_span(struct otlp_document *document, const char *members)
{
    char text[2048];
    size_t count;
    assert_true(snprintf(text, sizeof text,
                         "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{%s}]}]}]}",
                         members) < (int)sizeof text);
    if (read_text(document, OTLP_TRACES, text, 0) != 0) {
        return NULL;
    }
    assert_int_equal(otlp_document_items(document), 1);
    return otlp_document_groups(document, &count)[0].scopes[0].items.spans;
}

static void test_span_as_it_is_written(void **state)
{
    static const char expected[] =
        "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"a\",\"value\":{"
        "\"stringValue\":\"x\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"n\"},\"spans\":[{"
        "\"traceId\":\"0102030405060708090a0b0c0d0e0f10\",\"spanId\":\"1112131415161718\","
        "\"name\":\"h\\u0001i\",\"kind\":3,\"startTimeUnixNano\":\"1\",\"endTimeUnixNano\":"
        "\"1767607200000000001\",\"attributes\":[{\"key\":\"a\",\"value\":{\"intValue\":\"-300\"}}]"
        ","
        "\"droppedEventsCount\":2,\"flags\":257,\"events\":[{\"timeUnixNano\":\"7\",\"name\":\"e\"}"
        "]}],\"schemaUrl\":\"u\"}]}]}";
    const struct otlp_attribute shop = otlp_attribute_string("a", "x");
    const struct otlp_resource resource = {&shop, 1, NULL};
    const struct otlp_scope scope = {.name = "n", .schema_url = "u"};
    const struct otlp_attribute attribute = otlp_attribute_int("a", -300);
    const struct otlp_event event = {.time_unix_ns = 7, .name = "e", .name_len = 1};
    const struct otlp_span_data span = {
        .context = {.trace_id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
                    .span_id = {{0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18}},
                    .flags = OTLP_FLAG_SAMPLED},
        .kind = OTLP_SPAN_KIND_CLIENT,
        .name = "h\x01i",
        .name_len = 3,
        .start_unix_ns = 1,
        .end_unix_ns = 1767607200000000001u,
        .attributes = &attribute,
        .attribute_count = 1,
        .events = &event,
        .event_count = 1,
        .dropped_events = 2,
    };
    struct otlp_buffer out = {0};
    struct otlp_encoder encoder;
    (void)state;
    assert_int_equal(otlp_encoder_begin(&encoder, OTLP_TRACES, OTLP_ENCODING_JSON, &resource, &out),
                     0);
    assert_int_equal(otlp_encoder_scope(&encoder, &scope), 0);
    assert_int_equal(otlp_encoder_span(&encoder, &span), 0);
    assert_int_equal(otlp_encoder_message(&encoder, out.data, 1, 1), OTLP_EINVAL);
    assert_int_equal(otlp_encoder_end(&encoder), 0);
    assert_int_equal(out.len, sizeof expected - 1);
    assert_memory_equal(out.data, expected, out.len);
    otlp_buffer_release(&out);
}

/* The model's JSON and the document's, by way of protobuf, hold the same. */
static void compare_json(enum otlp_signal signal, const struct otlp_buffer *protobuf,
                         const struct otlp_buffer *json)
{
    struct otlp_document *document = otlp_document_new();
    struct otlp_buffer other = {0};
    assert_int_equal(otlp_document_decode(document, signal, protobuf->data, protobuf->len, 0), 0);
    size_t items = otlp_document_items(document);
    assert_int_equal(otlp_document_encode(document, OTLP_ENCODING_JSON, &other), 0);
    json_t *first = json_loadb((const char *)json->data, json->len, 0, NULL);
    json_t *second = json_loadb((const char *)other.data, other.len, 0, NULL);
    assert_non_null(first);
    assert_non_null(second);
    assert_true(json_equal(first, second));
    json_decref(first);
    json_decref(second);
    assert_int_equal(otlp_json_decode(document, signal, (const char *)json->data, json->len, 1), 0);
    assert_int_equal(otlp_document_items(document), items);
    other.len = 0;
    assert_int_equal(otlp_document_encode(document, OTLP_ENCODING_PROTOBUF, &other), 0);
    assert_int_equal(other.len, protobuf->len);
    assert_memory_equal(other.data, protobuf->data, other.len);
    otlp_buffer_release(&other);
    otlp_document_free(document);
}

static void test_model_as_document(void **state)
{
    struct telemetry *telemetry = telemetry_new(11);
    const struct otlp_resource *resource = telemetry_resource(telemetry);
    const struct otlp_scope *scope = telemetry_scope(telemetry);
    struct otlp_span *spans[60];
    struct otlp_log_batch *logs = otlp_log_batch_new(NULL);
    const struct otlp_metric *metrics;
    struct otlp_buffer bytes = {0};
    struct otlp_buffer json = {0};
    size_t count;
    (void)state;
    assert_int_equal(telemetry_spans(telemetry, 60, TELEMETRY_NATURAL, spans), 0);
    const struct otlp_span *const *the_spans = (const struct otlp_span *const *)spans;
    assert_int_equal(otlp_encode_spans(resource, scope, the_spans, 60, &bytes), 0);
    assert_int_equal(otlp_json_encode_spans(resource, scope, the_spans, 60, &json), 0);
    compare_json(OTLP_TRACES, &bytes, &json);
    for (size_t i = 0; i < 60; i++) {
        otlp_span_free(spans[i]);
    }
    bytes.len = json.len = 0;
    assert_int_equal(telemetry_logs(telemetry, 60, TELEMETRY_NATURAL, logs), 0);
    const struct otlp_log_record *records = otlp_log_batch_records(logs, &count);
    assert_int_equal(otlp_encode_logs(resource, scope, records, count, &bytes), 0);
    assert_int_equal(otlp_json_encode_logs(resource, scope, records, count, &json), 0);
    compare_json(OTLP_LOGS, &bytes, &json);
    bytes.len = json.len = 0;
    assert_int_equal(telemetry_metrics(telemetry, 60, TELEMETRY_NATURAL, &metrics, &count), 0);
    assert_int_equal(otlp_encode_metrics(resource, scope, metrics, count, &bytes), 0);
    assert_int_equal(otlp_json_encode_metrics(resource, scope, metrics, count, &json), 0);
    compare_json(OTLP_METRICS, &bytes, &json);
    otlp_log_batch_free(logs);
    otlp_buffer_release(&bytes);
    otlp_buffer_release(&json);
    telemetry_free(telemetry);
}

static void test_exponential_model_as_document(void **state)
{
    static const uint64_t counts[] = {1, 2};
    const struct otlp_point point = {
        .time_unix_ns = 5,
        .value.exponential = {3, 1.5, -1, 2, 1, 1e-9, {counts, 2, -3}, {NULL, 0, 0}, -4}};
    const struct otlp_metric metric = {.name = "h",
                                       .kind = OTLP_EXPONENTIAL_HISTOGRAM,
                                       .temporality = OTLP_DELTA,
                                       .points = &point,
                                       .point_count = 1};
    struct otlp_buffer bytes = {0};
    struct otlp_buffer json = {0};
    (void)state;
    assert_int_equal(otlp_encode_metrics(NULL, NULL, &metric, 1, &bytes), 0);
    assert_int_equal(otlp_json_encode_metrics(NULL, NULL, &metric, 1, &json), 0);
    compare_json(OTLP_METRICS, &bytes, &json);
    otlp_buffer_release(&bytes);
    otlp_buffer_release(&json);
}

/* Doubles of all sizes come back with the same bits. */
static void test_doubles(void **state)
{
    static const double fixed[] = {
        0.1,  1e-5,    1.5,  1e21, 123456789.123,      5e-324, 1.7976931348623157e308,
        -0.0, 1 / 3.0, 1e15, 1e16, 9007199254740993.0, 0.3,    4.35};
    struct otlp_document *document = otlp_document_new();
    unsigned long seed = 12345;
    (void)state;
    for (size_t i = 0; i < 3000; i++) {
        double real = 0;
        unsigned long bits = random_next(&seed);
        memcpy(&real, &bits, sizeof real);
        real = i < sizeof fixed / sizeof fixed[0] ? fixed[i]
               : i % 2                            ? (double)(bits % 1000000) / 1000
                                                  : real;
        if (!isfinite(real)) {
            continue;
        }
        struct otlp_log_record record = {.body = otlp_value_double(real)};
        struct otlp_buffer json = {0};
        size_t count;
        assert_int_equal(otlp_json_encode_logs(NULL, NULL, &record, 1, &json), 0);
        assert_int_equal(
            otlp_json_decode(document, OTLP_LOGS, (const char *)json.data, json.len, 0), 0);
        const struct otlp_value *body =
            &otlp_document_groups(document, &count)[0].scopes[0].items.logs->body;
        assert_memory_equal(&body->as.real, &real, sizeof real);
        otlp_buffer_release(&json);
    }
    otlp_document_free(document);
}

/* What is not UTF-8 is replaced, so that the text stays JSON. */
static void test_bad_text_is_replaced(void **state)
{
    const struct otlp_log_record record = {
        .body = otlp_value_string_n("a\xff\xc3(\xe2\x82\xac\xed\xa0\x80\x7f\"\\/", 14)};
    static const char expected[] = "{\"stringValue\":\"a\xef\xbf\xbd\xef\xbf\xbd(\xe2\x82\xac"
                                   "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\x7f\\\"\\\\/\"}";
    struct otlp_buffer json = {0};
    (void)state;
    assert_int_equal(otlp_json_encode_logs(NULL, NULL, &record, 1, &json), 0);
    assert_int_equal(otlp_buffer_reserve(&json, 1), 0);
    json.data[json.len] = '\0';
    assert_non_null(strstr((const char *)json.data, expected));
    otlp_buffer_release(&json);
}

/* Long text of every kind of character, at every place within a piece. */
static void test_long_text(void **state)
{
    struct otlp_document *document = otlp_document_new();
    char *text = malloc(5000);
    (void)state;
    for (size_t shift = 0; shift < 40; shift++) {
        size_t len = shift;
        memset(text, 'a', shift);
        while (len < 4000) {
            memcpy(text + len, "\xf0\x9f\x98\x80\xc3\xa9\n\"x\x01yyyyyyyy", 18);
            len += 18;
        }
        const struct otlp_log_record record = {.body = otlp_value_string_n(text, len)};
        struct otlp_buffer json = {0};
        size_t count;
        assert_int_equal(otlp_json_encode_logs(NULL, NULL, &record, 1, &json), 0);
        assert_int_equal(
            otlp_json_decode(document, OTLP_LOGS, (const char *)json.data, json.len, 1), 0);
        const struct otlp_value *body =
            &otlp_document_groups(document, &count)[0].scopes[0].items.logs->body;
        assert_int_equal(body->len, len);
        assert_memory_equal(body->as.string, text, len);
        otlp_buffer_release(&json);
    }
    free(text);
    otlp_document_free(document);
}

static void test_forms_of_others(void **state)
{
    struct otlp_document *document = otlp_document_new();
    (void)state;
    const struct otlp_span_view *span = read_span(
        document,
        " \"traceId\" : \"4BF92F3577B34DA6A3CE929D0E0E4736\",\n\t\"spanId\":"
        "\"00F067aa0ba902b7\", \"parentSpanId\":\"\", \"name\":\"\\u00e9\\ud83d\\ude00\\/\","
        "\"kind\":2,\"startTimeUnixNano\":1767607200000000001,\"endTimeUnixNano\":\"2\","
        "\"droppedLinksCount\":\"3\",\"flags\":257,\"status\":null,\"events\":null");
    assert_non_null(span);
    assert_int_equal(span->trace_id.bytes[0], 0x4b);
    assert_int_equal(span->span_id.bytes[1], 0xf0);
    assert_int_equal(span->name.len, 7);
    assert_memory_equal(span->name.data, "\xc3\xa9\xf0\x9f\x98\x80/", 7);
    assert_true(span->start_unix_ns == 1767607200000000001u);
    assert_int_equal(span->end_unix_ns, 2);
    assert_int_equal(span->dropped_links, 3);
    otlp_document_free(document);
}

static void test_values_of_others(void **state)
{
    static const char members[] =
        "\"attributes\":[{\"key\":\"a\",\"value\":{\"intValue\":5}},{\"key\":\"b\",\"value\":{"
        "\"doubleValue\":\"1.5e1\"}},{\"key\":\"c\",\"value\":{\"doubleValue\":\"NaN\"}},{\"key\":"
        "\"d\",\"value\":{\"bytesValue\":\"_-8\"}},{\"key\":\"e\",\"value\":{}},{\"key\":\"f\"},"
        "{\"key\":\"g\",\"value\":null},{\"value\":{\"intValue\":\"1\",\"boolValue\":true},"
        "\"key\":\"h\"},{\"key\":\"i\",\"value\":{\"intValue\":3.0e2}}]";
    struct otlp_document *document = otlp_document_new();
    (void)state;
    const struct otlp_span_view *span = read_span(document, members);
    assert_non_null(span);
    assert_int_equal(span->attributes.count, 9);
    const struct otlp_attribute *items = span->attributes.items;
    assert_int_equal(items[0].value.as.integer, 5);
    assert_true(items[1].value.as.real == 15.0);
    assert_true(isnan(items[2].value.as.real));
    assert_int_equal(items[3].value.len, 2);
    assert_memory_equal(items[3].value.as.bytes, "\xff\xef", 2);
    for (size_t i = 4; i < 7; i++) {
        assert_int_equal(items[i].value.type, OTLP_VALUE_EMPTY);
    }
    assert_int_equal(items[7].value.type, OTLP_VALUE_BOOL);
    assert_int_equal(items[8].value.as.integer, 300);
    otlp_document_free(document);
}

/* Unknown keys, names of fields as the .proto files have them among them, whatever their value. */
static void test_unknown_is_skipped(void **state)
{
    static const char unknown[] = "\"zzz\":{\"a\":[1,-2.5e-3,{\"b\":null},\"\\\"\",true,[],{}]},"
                                  "\"trace_id\":\"zz\",\"start_time_unix_nano\":{}";
    struct otlp_document *document = otlp_document_new();
    char text[1024];
    size_t count;
    (void)state;
    assert_true(snprintf(text, sizeof text,
                         "{%s,\"resourceSpans\":[{%s,\"resource\":{%s},\"scopeSpans\":[{%s,"
                         "\"scope\":{%s},\"spans\":[{%s}],%s}]}]}",
                         unknown, unknown, unknown, unknown, unknown, unknown,
                         unknown) < (int)sizeof text);
    assert_int_equal(read_text(document, OTLP_TRACES, text, 0), 0);
    assert_int_equal(otlp_document_items(document), 1);
    const struct otlp_span_view *span =
        otlp_document_groups(document, &count)[0].scopes[0].items.spans;
    assert_false(otlp_trace_id_is_valid(span->trace_id));
    assert_true(span->start_unix_ns == 0);
    otlp_document_free(document);
}

static void test_members_that_are_refused(void **state)
{
    static const char *const bad[] = {
        "\"traceId\":\"4bf9\"",
        "\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e473g\"",
        "\"traceId\":5",
        "\"kind\":\"SPAN_KIND_SERVER\"",
        "\"kind\":\"2\"",
        "\"kind\":2.5",
        "\"kind\":2147483648",
        "\"startTimeUnixNano\":-1",
        "\"startTimeUnixNano\":\"18446744073709551616\"",
        "\"startTimeUnixNano\":\"1x\"",
        "\"startTimeUnixNano\":\"\"",
        "\"startTimeUnixNano\":true",
        "\"droppedLinksCount\":4294967296",
        "\"name\":5",
        "\"name\":\"\\x\"",
        "\"name\":\"\\u12g4\"",
        "\"name\":\"a\nb\"",
        "\"attributes\":{}",
        "\"attributes\":[{\"key\":\"a\",\"value\":{\"doubleValue\":\"Inf\"}}]",
        "\"attributes\":[{\"key\":\"a\",\"value\":{\"doubleValue\":1e999}}]",
        "\"attributes\":[{\"key\":\"a\",\"value\":{\"bytesValue\":\"A\"}}]",
        "\"attributes\":[{\"key\":\"a\",\"value\":{\"bytesValue\":\"A*==\"}}]",
        "\"attributes\":[{\"key\":\"a\",\"value\":{\"boolValue\":\"true\"}}]",
        "\"attributes\":[{\"key\":\"a\",\"value\":5}]",
        "\"events\":[{},]",
        "\"events\":[{}{}]",
        "\"x\":01",
        "\"x\":.5",
        "\"x\":+1",
        "\"x\":nul",
        "\"x\":[1 2]",
        "\"x\"",
        "\"x\":1,",
    };
    struct otlp_document *document = otlp_document_new();
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (read_span(document, bad[i]) != NULL) {
            fail_msg("%s", bad[i]);
        }
        assert_int_equal(otlp_document_items(document), 0);
    }
    otlp_document_free(document);
}

static void test_texts_that_are_refused(void **state)
{
    static const char *const bad[] = {"",  " ",   "[]",   "null",  "{",
                                      "}", "{}}", "{} x", "\"a\"", "{]"};
    struct otlp_document *document = otlp_document_new();
    char deep[4 * OTLP_JSON_DEPTH_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_text(document, OTLP_LOGS, bad[i], 0), OTLP_EFORMAT);
    }
    assert_int_equal(read_text(document, OTLP_LOGS, " {} \n", 0), 0);
    assert_int_equal(otlp_json_decode(document, OTLP_LOGS, "{}\0", 3, 0), OTLP_EFORMAT);
    assert_int_equal(read_text(document, OTLP_LOGS, "{\"a\":\"\xff\"}", 0), 0);
    assert_int_equal(read_text(document, OTLP_LOGS, "{\"a\":\"\xff\"}", OTLP_DECODE_UTF8),
                     OTLP_EFORMAT);
    assert_int_equal(read_text(document, (enum otlp_signal)3, "{}", 0), OTLP_EINVAL);
    for (size_t depth = OTLP_JSON_DEPTH_MAX; depth <= OTLP_JSON_DEPTH_MAX + 1; depth++) {
        size_t len = (size_t)snprintf(deep, sizeof deep, "{\"a\":");
        memset(deep + len, '[', depth);
        memset(deep + len + depth, ']', depth);
        memcpy(deep + len + 2 * depth, "}", 2);
        assert_int_equal(read_text(document, OTLP_LOGS, deep, 0),
                         depth > OTLP_JSON_DEPTH_MAX ? OTLP_EFORMAT : 0);
    }
    otlp_document_free(document);
}

static size_t append(char *text, size_t len, const char *more)
{
    size_t more_len = strlen(more);
    memcpy(text + len, more, more_len + 1);
    return len + more_len;
}

/* As deep as values of the model may be, and one deeper. */
static void test_depth_of_values(void **state)
{
    struct otlp_document *document = otlp_document_new();
    (void)state;
    for (unsigned depth = OTLP_VALUE_DEPTH_MAX; depth <= OTLP_VALUE_DEPTH_MAX + 1; depth++) {
        char text[2048];
        size_t len =
            append(text, 0, "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":");
        for (unsigned i = 0; i < depth; i++) {
            len = append(text, len, "{\"arrayValue\":{\"values\":[");
        }
        len = append(text, len, "{}");
        for (unsigned i = 0; i < depth; i++) {
            len = append(text, len, "]}}");
        }
        (void)append(text, len, "}]}]}]}");
        assert_int_equal(read_text(document, OTLP_LOGS, text, 0),
                         depth > OTLP_VALUE_DEPTH_MAX ? OTLP_EFORMAT : 0);
    }
    otlp_document_free(document);
}

static void test_every_truncation_and_memory(void **state)
{
    struct telemetry *telemetry = telemetry_new(4);
    struct otlp_log_batch *logs = otlp_log_batch_new(NULL);
    struct otlp_buffer json = {0};
    size_t count;
    int rc = OTLP_ENOMEM;
    (void)state;
    assert_int_equal(telemetry_logs(telemetry, 60, TELEMETRY_NATURAL, logs), 0);
    const struct otlp_log_record *records = otlp_log_batch_records(logs, &count);
    assert_int_equal(otlp_json_encode_logs(telemetry_resource(telemetry), NULL, records, 5, &json),
                     0);
    struct otlp_document *document = otlp_document_new();
    for (size_t len = 0; len < json.len; len++) {
        struct guarded copy = guarded_copy(json.data, len);
        assert_int_equal(otlp_json_decode(document, OTLP_LOGS, copy.text, len, 0), OTLP_EFORMAT);
        guarded_free(&copy);
    }
    otlp_document_limit(document, 2000);
    assert_int_equal(otlp_json_decode(document, OTLP_LOGS, (const char *)json.data, json.len, 0),
                     OTLP_ETOOBIG);
    otlp_document_free(document);
    json.len = 0;
    assert_int_equal(otlp_json_encode_logs(NULL, NULL, records, 60, &json), 0);
    for (long nth = 0; FAILING_MALLOC && rc != 0; nth++) {
        document = otlp_document_new();
        allocations_left = nth;
        rc = otlp_json_decode(document, OTLP_LOGS, (const char *)json.data, json.len, 0);
        allocations_left = -1;
        assert_true(rc == 0 || rc == OTLP_ENOMEM);
        assert_int_equal(otlp_document_items(document), rc == 0 ? 60 : 0);
        assert_true(nth < 1000);
        otlp_document_free(document);
    }
    otlp_buffer_release(&json);
    otlp_log_batch_free(logs);
    telemetry_free(telemetry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_span_as_it_is_written),
        cmocka_unit_test(test_model_as_document),
        cmocka_unit_test(test_exponential_model_as_document),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_bad_text_is_replaced),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_forms_of_others),
        cmocka_unit_test(test_values_of_others),
        cmocka_unit_test(test_unknown_is_skipped),
        cmocka_unit_test(test_members_that_are_refused),
        cmocka_unit_test(test_texts_that_are_refused),
        cmocka_unit_test(test_depth_of_values),
        cmocka_unit_test(test_every_truncation_and_memory),
    };
    return cmocka_run_group_tests_name("otlp_json", tests, NULL, NULL);
}
