/*
 * Encoding, checked through protobuf-c's own decoder. With OTLP_PACK_DIR in the environment the
 * requests are also written there, for tests/proto/test_pack.py to decode independently.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <opentelemetry/proto/collector/logs/v1/logs_service.pb-c.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pb-c.h>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h>

#include <otlp.h>

typedef Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceRequest trace_request;
typedef Opentelemetry__Proto__Collector__Logs__V1__ExportLogsServiceRequest logs_request;
typedef Opentelemetry__Proto__Trace__V1__Span pb_span;

static const struct otlp_trace_id trace_id = {{0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3,
                                               0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36}};
static const struct otlp_span_id span_id = {{0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7}};

static struct otlp_resource resource_of_test(void)
{
    static const struct otlp_attribute attributes[] = {
        {"service.name", 12, 0, {OTLP_VALUE_STRING, 4, {.string = "shop"}}},
        {"pid", 3, 0, {OTLP_VALUE_INT, 0, {.integer = 4711}}},
    };
    struct otlp_resource resource = {attributes, 2, "https://resource.schema"};
    return resource;
}

static struct otlp_scope scope_of_test(void)
{
    static const struct otlp_attribute attribute = {
        "scope.key", 9, 0, {OTLP_VALUE_BOOL, 0, {.boolean = true}}};
    struct otlp_scope scope = {"test.scope", "1.2.3", &attribute, 1, "https://scope.schema"};
    return scope;
}

static void publish(const char *name, const struct otlp_buffer *bytes)
{
    const char *folder = getenv("OTLP_PACK_DIR");
    if (folder == NULL) {
        return;
    }
    char path[4096];
    assert_true(snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes->data, 1, bytes->len, file), bytes->len);
    assert_int_equal(fclose(file), 0);
}

/* A server span below a remote parent, with one attribute of every type. */
static struct otlp_span *make_span(void)
{
    static const uint8_t raw[] = {0x00, 0xff, 0x7f};
    const struct otlp_value elements[] = {otlp_value_string("one"), otlp_value_int(2)};
    const struct otlp_attribute entries[] = {otlp_attribute_bool("yes", true),
                                             otlp_attribute_string("empty", "")};
    const struct otlp_attribute array = otlp_attribute("array", otlp_value_array(elements, 2));
    const struct otlp_attribute map = otlp_attribute("map", otlp_value_kvlist(entries, 2));
    const struct otlp_attribute bytes = otlp_attribute("bytes", otlp_value_bytes(raw, 3));
    const struct otlp_attribute nothing = {.key = "nothing", .key_len = 7};
    const struct otlp_attribute inner = otlp_attribute_int("n", 1);
    const struct otlp_tracestate *tracestate = NULL;
    assert_int_equal(otlp_tracestate_parse("vendor=1,other=2", 16, &tracestate), 0);
    struct otlp_span_context parent = {trace_id, span_id, OTLP_FLAG_SAMPLED, true, tracestate};
    static const struct otlp_limits limits = {9, 1, 1, 128, 128, OTLP_UNLIMITED};
    struct otlp_id_generator ids = {{1, 2, 3, 4}};
    struct otlp_span_options options = {.kind = OTLP_SPAN_KIND_SERVER,
                                        .parent = &parent,
                                        .limits = &limits,
                                        .ids = &ids,
                                        .start_unix_ns = 1767607200000000001u};
    struct otlp_span *span = otlp_span_start("GET /orders", &options);
    assert_int_equal(otlp_span_set_string(span, "text", "gr\xc3\xbc\xc3\x9f"), 0);
    assert_int_equal(otlp_span_set_bool(span, "false", false), 0);
    assert_int_equal(otlp_span_set_int(span, "zero", 0), 0);
    assert_int_equal(otlp_span_set_int(span, "negative", -1), 0);
    assert_int_equal(otlp_span_set_double(span, "double", 0.1), 0);
    assert_int_equal(otlp_span_set_attribute(span, &array), 0);
    assert_int_equal(otlp_span_set_attribute(span, &map), 0);
    assert_int_equal(otlp_span_set_attribute(span, &bytes), 0);
    assert_int_equal(otlp_span_set_attribute(span, &nothing), 0);
    assert_int_equal(otlp_span_set_int(span, "one too many", 1), OTLP_ELIMIT);
    assert_int_equal(otlp_span_add_event(span, "event", 1767607200000000002u, &inner, 1), 0);
    assert_int_equal(otlp_span_add_event(span, "event", 0, NULL, 0), OTLP_ELIMIT);
    assert_int_equal(otlp_span_add_event(span, "event", 0, NULL, 0), OTLP_ELIMIT);
    assert_int_equal(otlp_span_add_link(span, &parent, &inner, 1), 0);
    assert_int_equal(otlp_span_add_link(span, &parent, NULL, 0), OTLP_ELIMIT);
    assert_int_equal(otlp_span_set_status(span, OTLP_STATUS_ERROR, "broken"), 0);
    assert_int_equal(otlp_span_end(span, 1767607200000000003u), 0);
    otlp_tracestate_unref(tracestate);
    return span;
}

static void pack_one(const struct otlp_span *span, struct otlp_buffer *out)
{
    struct otlp_packer *packer = otlp_packer_new();
    struct otlp_resource resource = resource_of_test();
    struct otlp_scope scope = scope_of_test();
    assert_int_equal(otlp_pack_spans(packer, &resource, &scope, &span, 1, out), 0);
    assert_true(otlp_packer_bytes(packer) > 0);
    otlp_packer_free(packer);
}

static void test_span(void **state)
{
    (void)state;
    struct otlp_span *span = make_span();
    struct otlp_buffer bytes = {0};
    struct otlp_request *request = NULL;
    pack_one(span, &bytes);
    otlp_span_free(span);
    publish("span.bin", &bytes);
    assert_int_equal(otlp_request_unpack(OTLP_TRACES, bytes.data, bytes.len, &request), 0);
    const trace_request *message = otlp_request_message(request);
    assert_int_equal(message->n_resource_spans, 1);
    const Opentelemetry__Proto__Trace__V1__ResourceSpans *rs = message->resource_spans[0];
    assert_string_equal(rs->schema_url, "https://resource.schema");
    assert_string_equal(rs->resource->attributes[0]->value->string_value, "shop");
    assert_int_equal(rs->resource->attributes[1]->value->int_value, 4711);
    const Opentelemetry__Proto__Trace__V1__ScopeSpans *ss = rs->scope_spans[0];
    assert_string_equal(ss->schema_url, "https://scope.schema");
    assert_string_equal(ss->scope->name, "test.scope");
    assert_string_equal(ss->scope->version, "1.2.3");
    assert_int_equal(ss->scope->n_attributes, 1);
    const pb_span *built = ss->spans[0];
    assert_int_equal(built->trace_id.len, 16);
    assert_memory_equal(built->trace_id.data, trace_id.bytes, 16);
    assert_int_equal(built->span_id.len, 8);
    assert_int_equal(built->parent_span_id.len, 8);
    assert_memory_equal(built->parent_span_id.data, span_id.bytes, 8);
    assert_int_equal(built->flags, 0x301); /* sampled; known to be, and is, remote */
    assert_string_equal(built->trace_state, "vendor=1,other=2");
    assert_int_equal(built->kind, 2);
    assert_int_equal(built->n_attributes, 9);
    assert_int_equal(built->dropped_attributes_count, 1);
    assert_int_equal(built->dropped_events_count, 2);
    assert_int_equal(built->dropped_links_count, 1);
    assert_int_equal(built->links[0]->flags, 0x301);
    assert_string_equal(built->links[0]->trace_state, "vendor=1,other=2");
    assert_int_equal(built->status->code, 2);
    assert_string_equal(built->status->message, "broken");
    otlp_request_free(request);
    otlp_request_free(NULL);
    otlp_buffer_release(&bytes);
}

static void test_root_and_local_child(void **state)
{
    (void)state;
    struct otlp_span *root = otlp_span_start("root", NULL);
    struct otlp_span_options options = {.parent = otlp_span_get_context(root)};
    struct otlp_span *child = otlp_span_start("child", &options);
    assert_int_equal(otlp_span_end(child, 0), 0);
    assert_int_equal(otlp_span_end(root, 0), 0);
    const struct otlp_span *spans[] = {root, child};
    struct otlp_packer *packer = otlp_packer_new();
    struct otlp_buffer bytes = {0};
    struct otlp_request *request = NULL;
    assert_int_equal(otlp_pack_spans(packer, NULL, NULL, spans, 2, &bytes), 0);
    assert_int_equal(otlp_request_unpack(OTLP_TRACES, bytes.data, bytes.len, &request), 0);
    assert_int_equal(otlp_request_items(request), 2);
    const trace_request *message = otlp_request_message(request);
    assert_null(message->resource_spans[0]->resource);
    assert_null(message->resource_spans[0]->scope_spans[0]->scope);
    pb_span *const *built = message->resource_spans[0]->scope_spans[0]->spans;
    assert_int_equal(built[0]->parent_span_id.len, 0);
    assert_int_equal(built[0]->flags, 0x103); /* sampled, random; known not to be remote */
    assert_null(built[0]->status);
    assert_int_equal(built[1]->parent_span_id.len, 8);
    assert_memory_equal(built[1]->parent_span_id.data, built[0]->span_id.data, 8);
    assert_memory_equal(built[1]->trace_id.data, built[0]->trace_id.data, 16);
    assert_int_equal(built[1]->flags, 0x103);
    otlp_request_free(request);
    otlp_buffer_release(&bytes);
    otlp_packer_free(packer);
    otlp_packer_free(NULL);
    otlp_span_free(child);
    otlp_span_free(root);
}

static void test_log(void **state)
{
    (void)state;
    const struct otlp_attribute attributes[] = {otlp_attribute_string("key", "value")};
    const struct otlp_log_record records[] = {
        {
            .time_unix_ns = 5,
            .observed_unix_ns = 6,
            .severity = OTLP_SEVERITY_ERROR,
            .severity_text = "ERROR",
            .body = otlp_value_string_n("body and beyond", 4),
            .attributes = attributes,
            .attribute_count = 1,
            .dropped_attributes = 3,
            .trace_id = trace_id,
            .span_id = span_id,
            .flags = OTLP_FLAG_SAMPLED,
            .event_name = "event.name",
        },
        {.observed_unix_ns = 7},
    };
    struct otlp_resource resource = resource_of_test();
    struct otlp_scope scope = scope_of_test();
    struct otlp_packer *packer = otlp_packer_new();
    struct otlp_buffer bytes = {0};
    struct otlp_request *request = NULL;
    assert_int_equal(otlp_pack_logs(packer, &resource, &scope, records, 2, &bytes), 0);
    publish("logs.bin", &bytes);
    assert_int_equal(otlp_request_unpack(OTLP_LOGS, bytes.data, bytes.len, &request), 0);
    assert_int_equal(otlp_request_items(request), 2);
    const logs_request *message = otlp_request_message(request);
    const Opentelemetry__Proto__Logs__V1__ScopeLogs *scope_logs =
        message->resource_logs[0]->scope_logs[0];
    assert_string_equal(scope_logs->log_records[0]->body->string_value, "body");
    assert_int_equal(scope_logs->log_records[0]->severity_number, 17);
    assert_null(scope_logs->log_records[1]->body);
    assert_int_equal(scope_logs->log_records[1]->trace_id.len, 0);
    otlp_request_free(request);
    otlp_buffer_release(&bytes);
    otlp_packer_free(packer);
}

static void test_metrics(void **state)
{
    (void)state;
    static const double bounds[] = {0.5, 10};
    const struct otlp_attribute attribute = otlp_attribute_string("route", "/orders");
    const struct otlp_instrument_spec specs[] = {
        {.kind = OTLP_COUNTER, .name = "counter", .unit = "{call}", .description = "Calls."},
        {.kind = OTLP_UP_DOWN_COUNTER, .name = "up.down", .is_double = true},
        {.kind = OTLP_GAUGE, .name = "gauge", .is_double = true},
        {.kind = OTLP_HISTOGRAM, .name = "histogram", .bounds = bounds, .bound_count = 2},
    };
    struct otlp_meter *meter = otlp_meter_new(OTLP_CUMULATIVE);
    struct otlp_metric_batch *batch = otlp_metric_batch_new();
    struct otlp_instrument *instruments[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(otlp_meter_instrument(meter, &specs[i], &instruments[i]), 0);
    }
    assert_int_equal(otlp_counter_add(instruments[0], 3, &attribute, 1), 0);
    assert_int_equal(otlp_counter_add(instruments[0], 0, NULL, 0), 0);
    assert_int_equal(otlp_counter_add_double(instruments[1], -2.5, &attribute, 1), 0);
    assert_int_equal(otlp_gauge_set_double(instruments[2], 0.0, NULL, 0), 0);
    assert_int_equal(otlp_histogram_record(instruments[3], 0.5, &attribute, 1), 0);
    assert_int_equal(otlp_histogram_record(instruments[3], -0.5, &attribute, 1), 0);
    assert_int_equal(otlp_histogram_record(instruments[3], 100, &attribute, 1), 0);
    assert_int_equal(otlp_meter_collect(meter, 1767607200000000000u, batch), 0);
    size_t count = 0;
    const struct otlp_metric *metrics = otlp_metric_batch_metrics(batch, &count);
    assert_int_equal(count, 4);
    struct otlp_resource resource = resource_of_test();
    struct otlp_scope scope = scope_of_test();
    struct otlp_packer *packer = otlp_packer_new();
    struct otlp_buffer bytes = {0};
    struct otlp_request *request = NULL;
    assert_int_equal(otlp_pack_metrics(packer, &resource, &scope, metrics, count, &bytes), 0);
    publish("metrics.bin", &bytes);
    assert_int_equal(otlp_request_unpack(OTLP_METRICS, bytes.data, bytes.len, &request), 0);
    assert_int_equal(otlp_request_items(request), 5);
    otlp_request_free(request);
    otlp_buffer_release(&bytes);
    otlp_packer_free(packer);
    otlp_metric_batch_free(batch);
    otlp_meter_free(meter);
}

static void test_requests_may_be_concatenated(void **state)
{
    (void)state;
    struct otlp_span *span = make_span();
    struct otlp_buffer bytes = {0};
    struct otlp_request *request = NULL;
    pack_one(span, &bytes);
    size_t one = bytes.len;
    pack_one(span, &bytes);
    assert_int_equal(bytes.len, 2 * one);
    assert_memory_equal(bytes.data, bytes.data + one, one);
    assert_int_equal(otlp_request_unpack(OTLP_TRACES, bytes.data, bytes.len, &request), 0);
    assert_int_equal(otlp_request_items(request), 2);
    struct otlp_buffer again = {0};
    assert_int_equal(otlp_request_pack(request, &again), 0);
    assert_int_equal(again.len, bytes.len);
    assert_memory_equal(again.data, bytes.data, bytes.len);
    otlp_request_free(request);
    otlp_buffer_release(&again);
    otlp_buffer_release(&bytes);
    otlp_span_free(span);
}

static void test_empty_requests(void **state)
{
    (void)state;
    struct otlp_packer *packer = otlp_packer_new();
    struct otlp_buffer bytes = {0};
    assert_int_equal(otlp_pack_spans(packer, NULL, NULL, NULL, 0, &bytes), 0);
    assert_int_equal(otlp_pack_logs(packer, NULL, NULL, NULL, 0, &bytes), 0);
    assert_int_equal(otlp_pack_metrics(packer, NULL, NULL, NULL, 0, &bytes), 0);
    assert_int_equal(bytes.len, 0);
    for (int signal = OTLP_TRACES; signal <= OTLP_LOGS; signal++) {
        struct otlp_request *request = NULL;
        assert_int_equal(otlp_request_unpack((enum otlp_signal)signal, NULL, 0, &request), 0);
        assert_int_equal(otlp_request_items(request), 0);
        otlp_request_free(request);
    }
    otlp_packer_free(packer);
}

static void test_fixed_buffer(void **state)
{
    (void)state;
    struct otlp_span *span = make_span();
    struct otlp_buffer bytes = {0};
    pack_one(span, &bytes);
    const struct otlp_span *spans[] = {span};
    struct otlp_packer *packer = otlp_packer_new();
    struct otlp_resource resource = resource_of_test();
    struct otlp_scope scope = scope_of_test();
    uint8_t memory[2048];
    assert_true(bytes.len <= sizeof memory);
    struct otlp_buffer fits = otlp_buffer_fixed(memory, bytes.len);
    assert_int_equal(otlp_pack_spans(packer, &resource, &scope, spans, 1, &fits), 0);
    assert_int_equal(fits.len, bytes.len);
    assert_memory_equal(memory, bytes.data, bytes.len);
    struct otlp_buffer short_by_one = otlp_buffer_fixed(memory, bytes.len - 1);
    assert_int_equal(otlp_pack_spans(packer, &resource, &scope, spans, 1, &short_by_one),
                     OTLP_ENOSPC);
    assert_int_equal(short_by_one.len, 0);
    otlp_buffer_release(&bytes);
    otlp_packer_free(packer);
    otlp_span_free(span);
}

static void test_malformed_requests(void **state)
{
    (void)state;
    struct otlp_span *span = make_span();
    struct otlp_buffer bytes = {0};
    struct otlp_request *request = NULL;
    pack_one(span, &bytes);
    /* Everything is under one length: any shorter request is cut in the middle of a field. */
    for (size_t len = 1; len < bytes.len; len++) {
        assert_int_equal(otlp_request_unpack(OTLP_TRACES, bytes.data, len, &request), OTLP_EFORMAT);
        assert_null(request);
    }
    assert_int_equal(otlp_request_unpack(OTLP_TRACES, bytes.data, 64u * 1024 * 1024 + 1, &request),
                     OTLP_ETOOBIG);
    otlp_buffer_release(&bytes);
    otlp_span_free(span);
}

static void test_too_deep_values(void **state)
{
    (void)state;
    struct otlp_value loop = otlp_value_array(&loop, 1);
    const struct otlp_attribute attribute = otlp_attribute("loop", loop);
    struct otlp_resource resource = {&attribute, 1, NULL};
    struct otlp_span *span = make_span();
    const struct otlp_span *spans[] = {span};
    struct otlp_packer *packer = otlp_packer_new();
    struct otlp_buffer bytes = {0};
    assert_int_equal(otlp_pack_spans(packer, &resource, NULL, spans, 1, &bytes), OTLP_EINVAL);
    assert_int_equal(bytes.len, 0);
    otlp_packer_free(packer);
    otlp_span_free(span);
}

/* A packer that was used before gives the same bytes, and holds no more memory after a while. */
static void test_packer_is_reusable(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    struct otlp_span *span = make_span();
    const struct otlp_span *spans[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        spans[i] = span;
    }
    struct otlp_packer *packer = otlp_packer_new();
    struct otlp_buffer first = {0};
    size_t held = 0;
    assert_int_equal(otlp_pack_spans(packer, NULL, NULL, spans, COUNT, &first), 0);
    for (int round = 0; round < 4; round++) {
        struct otlp_buffer next = {0};
        assert_int_equal(otlp_pack_spans(packer, NULL, NULL, spans, COUNT, &next), 0);
        assert_int_equal(next.len, first.len);
        assert_memory_equal(next.data, first.data, first.len);
        assert_true(round < 2 || otlp_packer_bytes(packer) == held);
        held = otlp_packer_bytes(packer);
        otlp_buffer_release(&next);
    }
    otlp_buffer_release(&first);
    otlp_packer_free(packer);
    otlp_span_free(span);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_span),
        cmocka_unit_test(test_root_and_local_child),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_requests_may_be_concatenated),
        cmocka_unit_test(test_empty_requests),
        cmocka_unit_test(test_fixed_buffer),
        cmocka_unit_test(test_malformed_requests),
        cmocka_unit_test(test_too_deep_values),
        cmocka_unit_test(test_packer_is_reusable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
