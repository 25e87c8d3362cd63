/*
 * The direct encoder: the bytes of protobuf-c for the same arguments, golden bytes, the incremental
 * form, buffers that are too small, and memory that runs out.
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
#include "suites/common/telemetry.h"

#define SPANS 40

static const struct otlp_resource the_resource = {
    (const struct otlp_attribute[]){{"service.name", 12, 0, {OTLP_VALUE_STRING, 1, {"s"}}}}, 1,
    "https://resource"};
static const struct otlp_scope the_scope = {"scope", "1.0", NULL, 0, "https://scope"};

static void assert_same(const struct otlp_buffer *a, const struct otlp_buffer *b)
{
    assert_int_equal(a->len, b->len);
    if (a->len > 0) {
        assert_memory_equal(a->data, b->data, a->len);
    }
}

static void compare_spans(const struct otlp_resource *resource, const struct otlp_scope *scope,
                          const struct otlp_span *const *spans, size_t count)
{
    struct otlp_packer *packer = otlp_packer_new();
    struct otlp_buffer packed = {0};
    struct otlp_buffer direct = {0};
    assert_int_equal(otlp_pack_spans(packer, resource, scope, spans, count, &packed), 0);
    assert_int_equal(otlp_encode_spans(resource, scope, spans, count, &direct), 0);
    assert_same(&direct, &packed);
    otlp_buffer_release(&packed);
    otlp_buffer_release(&direct);
    otlp_packer_free(packer);
}

static void test_spans_as_protobuf_c(void **state)
{
    static const int attributes[] = {TELEMETRY_NATURAL, 0, 1, 10, 100};
    (void)state;
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        struct telemetry *telemetry = telemetry_new(i + 1);
        struct otlp_span *spans[SPANS];
        assert_int_equal(telemetry_spans(telemetry, SPANS, attributes[i], spans), 0);
        compare_spans(telemetry_resource(telemetry), telemetry_scope(telemetry),
                      (const struct otlp_span *const *)spans, SPANS);
        compare_spans(NULL, NULL, (const struct otlp_span *const *)spans, 1);
        compare_spans(NULL, NULL, (const struct otlp_span *const *)spans, 0);
        for (size_t k = 0; k < SPANS; k++) {
            otlp_span_free(spans[k]);
        }
        telemetry_free(telemetry);
    }
}

/* Lengths on both sides of where they take a byte more, nested and not. */
static void test_lengths_at_their_edges(void **state)
{
    static const size_t lengths[] = {0,   1,     100,   105,   110,   115,   118,   119,    120,
                                     121, 122,   123,   124,   125,   126,   127,   128,    129,
                                     200, 16370, 16375, 16380, 16383, 16384, 16390, 2097152};
    char *text = malloc(2097152);
    (void)state;
    memset(text, 'x', 2097152);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const struct otlp_value value = otlp_value_string_n(text, lengths[i]);
        const struct otlp_attribute entry = {"k", 1, 0, value};
        const struct otlp_value array = otlp_value_array(&value, 1);
        const struct otlp_attribute map = otlp_attribute("map", otlp_value_kvlist(&entry, 1));
        const struct otlp_attribute list = otlp_attribute("list", array);
        struct otlp_span *span = otlp_span_start("n", NULL);
        assert_int_equal(otlp_span_set_attribute(span, &entry), 0);
        compare_spans(&the_resource, &the_scope, (const struct otlp_span *const *)&span, 1);
        assert_int_equal(otlp_span_set_attribute(span, &map), 0);
        assert_int_equal(otlp_span_set_attribute(span, &list), 0);
        assert_int_equal(otlp_span_add_event(span, "e", 1, &list, 1), 0);
        compare_spans(&the_resource, &the_scope, (const struct otlp_span *const *)&span, 1);
        otlp_span_free(span);
    }
    free(text);
}

static void test_logs_and_metrics_as_protobuf_c(void **state)
{
    struct otlp_packer *packer = otlp_packer_new();
    struct telemetry *telemetry = telemetry_new(3);
    const struct otlp_resource *resource = telemetry_resource(telemetry);
    const struct otlp_scope *scope = telemetry_scope(telemetry);
    struct otlp_log_batch *logs = otlp_log_batch_new(NULL);
    const struct otlp_metric *metrics;
    struct otlp_buffer packed = {0};
    struct otlp_buffer direct = {0};
    size_t count;
    (void)state;
    assert_int_equal(telemetry_logs(telemetry, 300, TELEMETRY_NATURAL, logs), 0);
    const struct otlp_log_record *records = otlp_log_batch_records(logs, &count);
    assert_int_equal(otlp_pack_logs(packer, resource, scope, records, count, &packed), 0);
    assert_int_equal(otlp_encode_logs(resource, scope, records, count, &direct), 0);
    assert_same(&direct, &packed);
    packed.len = 0;
    direct.len = 0;
    assert_int_equal(telemetry_metrics(telemetry, 300, TELEMETRY_NATURAL, &metrics, &count), 0);
    assert_int_equal(otlp_pack_metrics(packer, resource, scope, metrics, count, &packed), 0);
    assert_int_equal(otlp_encode_metrics(resource, scope, metrics, count, &direct), 0);
    assert_same(&direct, &packed);
    otlp_buffer_release(&packed);
    otlp_buffer_release(&direct);
    otlp_log_batch_free(logs);
    telemetry_free(telemetry);
    otlp_packer_free(packer);
}

static void test_exponential_points_as_protobuf_c(void **state)
{
    static const uint64_t counts[] = {1, 0, 128, 16384, 1};
    const struct otlp_point points[] = {
        {.time_unix_ns = 5,
         .value.exponential = {.count = 16515,
                               .sum = -0.5,
                               .min = -1,
                               .max = 2,
                               .zero_count = 1,
                               .zero_threshold = 1e-9,
                               .positive = {counts, 5, -3},
                               .negative = {counts, 1, 70000},
                               .scale = -4}},
        {.start_unix_ns = 1, .value.exponential = {.scale = 20}},
    };
    const struct otlp_metric metric = {.name = "h",
                                       .kind = OTLP_EXPONENTIAL_HISTOGRAM,
                                       .temporality = OTLP_DELTA,
                                       .points = points,
                                       .point_count = 2};
    struct otlp_packer *packer = otlp_packer_new();
    struct otlp_buffer packed = {0};
    struct otlp_buffer direct = {0};
    (void)state;
    assert_int_equal(otlp_pack_metrics(packer, NULL, NULL, &metric, 1, &packed), 0);
    assert_int_equal(otlp_encode_metrics(NULL, NULL, &metric, 1, &direct), 0);
    assert_same(&direct, &packed);
    otlp_buffer_release(&packed);
    otlp_buffer_release(&direct);
    otlp_packer_free(packer);
}

/* By hand from trace.proto. */
static void test_golden_bytes(void **state)
{
    static const uint8_t expected[] =
        "\x0a\x10\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
        "\x12\x08\x11\x12\x13\x14\x15\x16\x17\x18"
        "\x2a\x02\x68\x69"
        "\x30\x03"
        "\x39\x01\x00\x00\x00\x00\x00\x00\x00"
        "\x41\x02\x01\x00\x00\x00\x00\x00\x00"
        "\x4a\x08\x0a\x01\x61\x12\x03\x18\xac\x02"
        "\x7a\x05\x12\x01\x78\x18\x02"
        "\x85\x01\x01\x01\x00\x00";
    const struct otlp_attribute attribute = otlp_attribute_int("a", 300);
    const struct otlp_span_data span = {
        .context = {.trace_id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
                    .span_id = {{0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18}},
                    .flags = OTLP_FLAG_SAMPLED},
        .kind = OTLP_SPAN_KIND_CLIENT,
        .status_code = OTLP_STATUS_ERROR,
        .name = "hi",
        .name_len = 2,
        .status_message = "x",
        .status_message_len = 1,
        .start_unix_ns = 1,
        .end_unix_ns = 258,
        .attributes = &attribute,
        .attribute_count = 1,
    };
    struct otlp_buffer out = {0};
    (void)state;
    assert_int_equal(otlp_encode_span(&span, &out), 0);
    assert_int_equal(out.len, sizeof expected - 1);
    assert_memory_equal(out.data, expected, out.len);
    otlp_buffer_release(&out);
}

/* Text is taken whole, which protobuf-c cannot do. */
static void test_text_may_hold_nul(void **state)
{
    const struct otlp_attribute attribute = {"k", 1, 0, {OTLP_VALUE_STRING, 3, {"a\0b"}}};
    const struct otlp_span_data span = {.attributes = &attribute, .attribute_count = 1};
    static const uint8_t expected[] = "\x4a\x0a\x0a\x01k\x12\x05\x0a\x03"
                                      "a\0b\x85\x01\x00\x01\x00\x00";
    struct otlp_buffer out = {0};
    (void)state;
    assert_int_equal(otlp_encode_span(&span, &out), 0);
    assert_int_equal(out.len, sizeof expected - 1);
    assert_memory_equal(out.data, expected, out.len);
    otlp_buffer_release(&out);
}

static void test_values_too_deep(void **state)
{
    struct otlp_value values[OTLP_VALUE_DEPTH_MAX + 2];
    struct otlp_buffer out = {0};
    (void)state;
    values[0] = otlp_value_int(1);
    for (size_t i = 1; i < OTLP_VALUE_DEPTH_MAX + 2; i++) {
        values[i] = otlp_value_array(&values[i - 1], 1);
    }
    struct otlp_log_record record = {.body = values[OTLP_VALUE_DEPTH_MAX]};
    assert_int_equal(otlp_encode_logs(NULL, NULL, &record, 1, &out), 0);
    size_t len = out.len;
    record.body = values[OTLP_VALUE_DEPTH_MAX + 1];
    assert_int_equal(otlp_encode_logs(NULL, NULL, &record, 1, &out), OTLP_EINVAL);
    assert_int_equal(otlp_json_encode_logs(NULL, NULL, &record, 1, &out), OTLP_EINVAL);
    assert_int_equal(out.len, len);
    const struct otlp_metric metric = {.kind = (enum otlp_metric_kind)9};
    assert_int_equal(otlp_encode_metrics(NULL, NULL, &metric, 1, &out), OTLP_EINVAL);
    assert_int_equal(otlp_json_encode_metrics(NULL, NULL, &metric, 1, &out), OTLP_EINVAL);
    assert_int_equal(out.len, len);
    otlp_buffer_release(&out);
}

static const struct otlp_span_data simple = {.name = "simple", .name_len = 6};

/* Two scopes, one of them empty in between: what the messages say is what was given. */
static void test_item_by_item(void **state)
{
    const struct otlp_scope second = {.name = "second"};
    struct otlp_buffer out = {0};
    struct otlp_buffer body = {0};
    struct otlp_encoder encoder;
    (void)state;
    assert_int_equal(otlp_encode_span(&simple, &body), 0);
    assert_int_equal(
        otlp_encoder_begin(&encoder, OTLP_TRACES, OTLP_ENCODING_PROTOBUF, &the_resource, &out), 0);
    assert_int_equal(otlp_encoder_span(&encoder, &simple), OTLP_EINVAL); /* no scope yet */
    assert_int_equal(otlp_encoder_scope(&encoder, &the_scope), 0);
    assert_int_equal(otlp_encoder_span(&encoder, &simple), 0);
    assert_int_equal(otlp_encoder_message(&encoder, body.data, body.len, 1), 0);
    assert_int_equal(otlp_encoder_log(&encoder, &(struct otlp_log_record){0}), OTLP_EINVAL);
    assert_int_equal(otlp_encoder_scope(&encoder, &(struct otlp_scope){.name = "empty"}), 0);
    assert_int_equal(otlp_encoder_scope(&encoder, &second), 0);
    assert_int_equal(otlp_encoder_span(&encoder, &simple), 0);
    assert_int_equal(otlp_encoder_items(&encoder), 3);
    assert_int_equal(otlp_encoder_end(&encoder), 0);

    struct otlp_document *document = otlp_document_new();
    size_t count;
    assert_int_equal(otlp_document_decode(document, OTLP_TRACES, out.data, out.len, 0), 0);
    assert_int_equal(otlp_document_items(document), 3);
    const struct otlp_resource_group *group = otlp_document_groups(document, &count);
    assert_int_equal(count, 1);
    assert_int_equal(group->schema_url.len, 16);
    assert_int_equal(group->scope_count, 2);
    assert_int_equal(group->scopes[0].item_count, 2);
    assert_int_equal(group->scopes[0].schema_url.len, 13);
    assert_memory_equal(group->scopes[1].scope->name.data, "second", 6);
    assert_memory_equal(group->scopes[1].items.spans[0].name.data, "simple", 6);
    otlp_document_free(document);
    otlp_buffer_release(&out);
    otlp_buffer_release(&body);
}

static void test_empty_and_cancelled(void **state)
{
    struct otlp_buffer out = {0};
    struct otlp_encoder encoder;
    (void)state;
    assert_int_equal(otlp_buffer_reserve(&out, 3), 0);
    memcpy(out.data, "abc", 3);
    out.len = 3;
    assert_int_equal(
        otlp_encoder_begin(&encoder, OTLP_TRACES, OTLP_ENCODING_PROTOBUF, &the_resource, &out), 0);
    assert_int_equal(otlp_encoder_scope(&encoder, &the_scope), 0);
    assert_int_equal(otlp_encoder_end(&encoder), 0);
    assert_int_equal(out.len, 3);
    assert_int_equal(
        otlp_encoder_begin(&encoder, OTLP_TRACES, OTLP_ENCODING_JSON, &the_resource, &out), 0);
    assert_int_equal(otlp_encoder_scope(&encoder, &the_scope), 0);
    assert_int_equal(otlp_encoder_end(&encoder), 0);
    assert_int_equal(out.len, 5);
    assert_memory_equal(out.data, "abc{}", 5);
    assert_int_equal(otlp_encoder_begin(&encoder, OTLP_TRACES, OTLP_ENCODING_JSON, NULL, &out), 0);
    assert_int_equal(otlp_encoder_scope(&encoder, NULL), 0);
    assert_int_equal(otlp_encoder_span(&encoder, &simple), 0);
    assert_true(otlp_encoder_bytes(&encoder) > 0);
    otlp_encoder_cancel(&encoder);
    assert_int_equal(out.len, 5);
    otlp_buffer_release(&out);
}

/* An item that fails is not in the request, and those after it are. */
static void test_failed_item_leaves_no_trace(void **state)
{
    struct otlp_value deep[OTLP_VALUE_DEPTH_MAX + 2];
    struct otlp_buffer with = {0};
    struct otlp_buffer without = {0};
    struct otlp_encoder encoder;
    (void)state;
    deep[0] = otlp_value_int(1);
    for (size_t i = 1; i < OTLP_VALUE_DEPTH_MAX + 2; i++) {
        deep[i] = otlp_value_array(&deep[i - 1], 1);
    }
    const struct otlp_log_record good = {.body = deep[2]};
    const struct otlp_log_record bad = {.body = deep[OTLP_VALUE_DEPTH_MAX + 1]};
    for (int encoding = 0; encoding < 2; encoding++) {
        for (int pass = 0; pass < 2; pass++) {
            struct otlp_buffer *out = pass == 0 ? &without : &with;
            out->len = 0;
            assert_int_equal(otlp_encoder_begin(&encoder, OTLP_LOGS, (enum otlp_encoding)encoding,
                                                &the_resource, out),
                             0);
            assert_int_equal(otlp_encoder_scope(&encoder, &the_scope), 0);
            assert_int_equal(otlp_encoder_log(&encoder, &good), 0);
            if (pass == 1) {
                assert_int_equal(otlp_encoder_log(&encoder, &bad), OTLP_EINVAL);
            }
            assert_int_equal(otlp_encoder_log(&encoder, &good), 0);
            assert_int_equal(otlp_encoder_items(&encoder), 2);
            assert_int_equal(otlp_encoder_end(&encoder), 0);
        }
        assert_same(&with, &without);
    }
    otlp_buffer_release(&with);
    otlp_buffer_release(&without);
}

static int encode(int encoding, const struct otlp_span *const *spans, size_t count,
                  struct otlp_buffer *out)
{
    return encoding == OTLP_ENCODING_JSON
               ? otlp_json_encode_spans(&the_resource, &the_scope, spans, count, out)
               : otlp_encode_spans(&the_resource, &the_scope, spans, count, out);
}

/* Every size below what is needed is too small, and exactly that is enough. */
static void test_fixed_buffers(void **state)
{
    struct telemetry *telemetry = telemetry_new(7);
    struct otlp_span *spans[2];
    (void)state;
    assert_int_equal(telemetry_spans(telemetry, 2, TELEMETRY_NATURAL, spans), 0);
    for (int encoding = 0; encoding < 2; encoding++) {
        struct otlp_buffer whole = {0};
        assert_int_equal(encode(encoding, (const struct otlp_span *const *)spans, 2, &whole), 0);
        uint8_t *memory = malloc(whole.len);
        for (size_t size = 0; size <= whole.len; size++) {
            struct otlp_buffer out = otlp_buffer_fixed(memory, size);
            int rc = encode(encoding, (const struct otlp_span *const *)spans, 2, &out);
            assert_int_equal(rc, size < whole.len ? OTLP_ENOSPC : 0);
            assert_int_equal(out.len, size < whole.len ? 0 : whole.len);
        }
        assert_memory_equal(memory, whole.data, whole.len);
        free(memory);
        otlp_buffer_release(&whole);
    }
    otlp_span_free(spans[0]);
    otlp_span_free(spans[1]);
    telemetry_free(telemetry);
}

static void test_memory_runs_out(void **state)
{
    struct telemetry *telemetry = telemetry_new(8);
    struct otlp_span *spans[SPANS];
    (void)state;
    if (!FAILING_MALLOC) {
        telemetry_free(telemetry);
        skip();
    }
    assert_int_equal(telemetry_spans(telemetry, SPANS, TELEMETRY_NATURAL, spans), 0);
    for (int encoding = 0; encoding < 2; encoding++) {
        int rc = OTLP_ENOMEM;
        size_t failures = 0;
        for (long nth = 0; rc != 0; nth++) {
            struct otlp_buffer out = {0};
            allocations_left = nth;
            rc = encode(encoding, (const struct otlp_span *const *)spans, SPANS, &out);
            allocations_left = -1;
            assert_true(rc == 0 || rc == OTLP_ENOMEM);
            assert_true(rc == 0 || out.len == 0);
            assert_true(nth < 64);
            failures += rc != 0;
            otlp_buffer_release(&out);
        }
        assert_true(failures > 3);
    }
    for (size_t i = 0; i < SPANS; i++) {
        otlp_span_free(spans[i]);
    }
    telemetry_free(telemetry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spans_as_protobuf_c),
        cmocka_unit_test(test_lengths_at_their_edges),
        cmocka_unit_test(test_logs_and_metrics_as_protobuf_c),
        cmocka_unit_test(test_exponential_points_as_protobuf_c),
        cmocka_unit_test(test_golden_bytes),
        cmocka_unit_test(test_text_may_hold_nul),
        cmocka_unit_test(test_values_too_deep),
        cmocka_unit_test(test_item_by_item),
        cmocka_unit_test(test_empty_and_cancelled),
        cmocka_unit_test(test_failed_item_leaves_no_trace),
        cmocka_unit_test(test_fixed_buffers),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("otlp_encode", tests, NULL, NULL);
}
