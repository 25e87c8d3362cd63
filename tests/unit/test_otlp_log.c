#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#include <otlp/log.h>

static const struct otlp_log_record *record_at(const struct otlp_log_batch *batch, size_t at)
{
    size_t count = 0;
    const struct otlp_log_record *records = otlp_log_batch_records(batch, &count);
    assert_true(at < count);
    return &records[at];
}

static void test_record_is_copied(void **state)
{
    (void)state;
    char body[] = "body";
    char severity[] = "WARN";
    char event[] = "event.name";
    char value[] = "value";
    const struct otlp_attribute attributes[] = {otlp_attribute_string("key", value)};
    struct otlp_span_context context = otlp_span_context_root(OTLP_FLAG_SAMPLED);
    struct otlp_log_record record = {
        .time_unix_ns = 5,
        .observed_unix_ns = 6,
        .severity = OTLP_SEVERITY_WARN,
        .severity_text = severity,
        .body = otlp_value_string(body),
        .attributes = attributes,
        .attribute_count = 1,
        .dropped_attributes = 2,
        .trace_id = context.trace_id,
        .span_id = context.span_id,
        .flags = context.flags,
        .event_name = event,
    };
    struct otlp_log_batch *batch = otlp_log_batch_new(NULL);
    assert_int_equal(otlp_log_emit(batch, &record), 0);
    body[0] = severity[0] = event[0] = value[0] = '#';
    const struct otlp_log_record *kept = record_at(batch, 0);
    assert_int_equal(kept->time_unix_ns, 5);
    assert_int_equal(kept->observed_unix_ns, 6);
    assert_int_equal(kept->severity, 13); /* WARN in the data model */
    assert_string_equal(kept->severity_text, "WARN");
    assert_string_equal(kept->body.as.string, "body");
    assert_string_equal(kept->event_name, "event.name");
    assert_int_equal(kept->attribute_count, 1);
    assert_string_equal(kept->attributes[0].value.as.string, "value");
    assert_int_equal(kept->dropped_attributes, 2);
    assert_true(otlp_trace_id_equal(kept->trace_id, context.trace_id));
    assert_true(otlp_span_id_equal(kept->span_id, context.span_id));
    assert_int_equal(kept->flags, context.flags);
    otlp_log_batch_free(batch);
    otlp_log_batch_free(NULL);
}

static void test_observed_time_is_now(void **state)
{
    (void)state;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t before = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    struct otlp_log_record record = {0};
    struct otlp_log_batch *batch = otlp_log_batch_new(NULL);
    assert_int_equal(otlp_log_emit(batch, &record), 0);
    const struct otlp_log_record *kept = record_at(batch, 0);
    assert_true(kept->observed_unix_ns >= before);
    assert_true(kept->observed_unix_ns < before + 10000000000u);
    assert_int_equal(kept->time_unix_ns, 0); /* unknown stays unknown */
    assert_null(kept->severity_text);
    assert_int_equal(kept->body.type, OTLP_VALUE_EMPTY);
    otlp_log_batch_free(batch);
}

static void test_limits(void **state)
{
    (void)state;
    struct otlp_limits limits = OTLP_LIMITS_DEFAULT;
    limits.attribute_count = 2;
    limits.value_length = 2;
    const struct otlp_attribute attributes[] = {
        otlp_attribute_string("a", "long"), otlp_attribute_int("b", 1000),
        otlp_attribute_int("c", 1), otlp_attribute_string("a", "again")};
    struct otlp_log_record record = {
        .body = otlp_value_string("the body has no limit"),
        .attributes = attributes,
        .attribute_count = 4,
        .dropped_attributes = 5,
    };
    struct otlp_log_batch *batch = otlp_log_batch_new(&limits);
    assert_int_equal(otlp_log_emit(batch, &record), 0);
    const struct otlp_log_record *kept = record_at(batch, 0);
    assert_int_equal(kept->attribute_count, 2);
    assert_int_equal(kept->dropped_attributes, 6);
    assert_string_equal(kept->attributes[0].value.as.string, "ag");
    assert_int_equal(kept->attributes[1].value.as.integer, 1000);
    assert_string_equal(kept->body.as.string, "the body has no limit");
    otlp_log_batch_free(batch);
}

static void test_invalid_records_leave_the_batch_alone(void **state)
{
    (void)state;
    const struct otlp_attribute no_key = otlp_attribute_string("", "x");
    struct otlp_log_record too_low = {.severity = -1};
    struct otlp_log_record too_high = {.severity = 25};
    struct otlp_log_record bad_key = {.attributes = &no_key, .attribute_count = 1};
    struct otlp_log_batch *batch = otlp_log_batch_new(NULL);
    size_t count = 1;
    assert_int_equal(otlp_log_emit(batch, &too_low), OTLP_EINVAL);
    assert_int_equal(otlp_log_emit(batch, &too_high), OTLP_EINVAL);
    assert_int_equal(otlp_log_emit(batch, &bad_key), OTLP_EINVAL);
    assert_null(otlp_log_batch_records(batch, &count));
    assert_int_equal(count, 0);
    otlp_log_batch_free(batch);
}

/* More records than the first memory holds, in order; the memory is kept for the next filling. */
static void test_many_records_and_reset(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    struct otlp_log_batch *batch = otlp_log_batch_new(NULL);
    size_t bytes = 0;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < COUNT; i++) {
            struct otlp_log_record record = {.time_unix_ns = (uint64_t)i,
                                             .body = otlp_value_string("some text in a body")};
            assert_int_equal(otlp_log_emit(batch, &record), 0);
        }
        size_t count = 0;
        const struct otlp_log_record *records = otlp_log_batch_records(batch, &count);
        assert_int_equal(count, COUNT);
        for (int i = 0; i < COUNT; i++) {
            assert_int_equal(records[i].time_unix_ns, i);
            assert_string_equal(records[i].body.as.string, "some text in a body");
        }
        if (round == 2) {
            bytes = otlp_log_batch_bytes(batch);
        }
        if (round < 3) {
            otlp_log_batch_reset(batch);
            assert_null(otlp_log_batch_records(batch, &count));
        }
    }
    assert_int_equal(otlp_log_batch_bytes(batch), bytes);
    otlp_log_batch_free(batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_is_copied),
        cmocka_unit_test(test_observed_time_is_now),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_invalid_records_leave_the_batch_alone),
        cmocka_unit_test(test_many_records_and_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
