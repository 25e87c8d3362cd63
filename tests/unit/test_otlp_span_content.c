#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#include <otlp/span.h>

static uint64_t now_unix_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static const struct otlp_value *attribute(const struct otlp_span *span, const char *key)
{
    const struct otlp_span_data *data = otlp_span_get_data(span);
    return otlp_attributes_find(data->attributes, data->attribute_count, key);
}

static void assert_text(const struct otlp_value *value, const char *expected)
{
    assert_non_null(value);
    assert_int_equal(value->type, OTLP_VALUE_STRING);
    assert_int_equal(value->len, strlen(expected));
    assert_string_equal(value->as.string, expected); /* ends in NUL */
}

static void test_attribute_types(void **state)
{
    (void)state;
    static const uint8_t raw[] = {0, 1, 255};
    const struct otlp_value elements[] = {otlp_value_string("a"), otlp_value_int(-5)};
    const struct otlp_attribute entries[] = {
        otlp_attribute("list", otlp_value_array(elements, 2)),
        otlp_attribute_bool("yes", true),
    };
    struct otlp_attribute nested = otlp_attribute("map", otlp_value_kvlist(entries, 2));
    struct otlp_attribute bytes = otlp_attribute("bytes", otlp_value_bytes(raw, sizeof raw));
    struct otlp_attribute empty = {.key = "empty", .key_len = 5};
    struct otlp_span *span = otlp_span_start("types", NULL);
    assert_int_equal(otlp_span_set_string(span, "text", "value"), 0);
    assert_int_equal(otlp_span_set_string(span, "no text", ""), 0);
    assert_int_equal(otlp_span_set_bool(span, "bool", true), 0);
    assert_int_equal(otlp_span_set_int(span, "int", INT64_MIN), 0);
    assert_int_equal(otlp_span_set_double(span, "double", -0.5), 0);
    assert_int_equal(otlp_span_set_attribute(span, &nested), 0);
    assert_int_equal(otlp_span_set_attribute(span, &bytes), 0);
    assert_int_equal(otlp_span_set_attribute(span, &empty), 0);
    assert_int_equal(otlp_span_get_data(span)->attribute_count, 8);
    assert_text(attribute(span, "text"), "value");
    assert_text(attribute(span, "no text"), "");
    assert_true(attribute(span, "bool")->as.boolean);
    assert_int_equal(attribute(span, "int")->as.integer, INT64_MIN);
    assert_true(attribute(span, "double")->as.real == -0.5);
    assert_int_equal(attribute(span, "empty")->type, OTLP_VALUE_EMPTY);
    assert_true(otlp_value_equal(attribute(span, "bytes"), &bytes.value));
    assert_true(otlp_value_equal(attribute(span, "map"), &nested.value));
    assert_ptr_not_equal(attribute(span, "map")->as.kvlist, entries);
    otlp_span_free(span);
}

static void test_invalid_attributes(void **state)
{
    (void)state;
    struct otlp_span *span = otlp_span_start("invalid", NULL);
    struct otlp_attribute no_key = {.key = NULL};
    struct otlp_value levels[OTLP_VALUE_DEPTH_MAX + 2] = {{OTLP_VALUE_INT, 0, {.integer = 1}}};
    for (size_t i = 1; i < OTLP_VALUE_DEPTH_MAX + 2; i++) {
        levels[i] = otlp_value_array(&levels[i - 1], 1);
    }
    struct otlp_attribute deep = otlp_attribute("deep", levels[OTLP_VALUE_DEPTH_MAX]);
    struct otlp_attribute too_deep = otlp_attribute("deeper", levels[OTLP_VALUE_DEPTH_MAX + 1]);
    assert_int_equal(otlp_span_set_string(span, "", "v"), OTLP_EINVAL);
    assert_int_equal(otlp_span_set_attribute(span, &no_key), OTLP_EINVAL);
    assert_int_equal(otlp_span_set_attribute(span, &too_deep), OTLP_EINVAL);
    assert_int_equal(otlp_span_set_attribute_ref(span, &too_deep), OTLP_EINVAL);
    assert_int_equal(otlp_span_get_data(span)->attribute_count, 0);
    assert_int_equal(otlp_span_set_attribute(span, &deep), 0);
    assert_true(otlp_value_equal(attribute(span, "deep"), &deep.value));
    otlp_span_free(span);
}

static void test_setting_a_key_again_replaces(void **state)
{
    (void)state;
    struct otlp_span *span = otlp_span_start("replace", NULL);
    assert_int_equal(otlp_span_set_string(span, "a", "old"), 0);
    assert_int_equal(otlp_span_set_string(span, "b", "other"), 0);
    assert_int_equal(otlp_span_set_int(span, "a", 7), 0);
    assert_int_equal(otlp_span_set_string(span, "a", "new"), 0);
    assert_int_equal(otlp_span_get_data(span)->attribute_count, 2);
    assert_text(attribute(span, "a"), "new");
    assert_text(attribute(span, "b"), "other");
    otlp_span_free(span);
}

/* Through all sizes at which memory and lookup change, each key is set twice. */
static void test_many_attributes(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    struct otlp_limits limits = OTLP_LIMITS_DEFAULT;
    limits.attribute_count = COUNT;
    struct otlp_span_options options = {.limits = &limits};
    struct otlp_span *span = otlp_span_start("many", &options);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < COUNT; i++) {
            char key[32];
            (void)snprintf(key, sizeof key, "key.%d", i);
            assert_int_equal(otlp_span_set_int(span, key, i + round * 10000), 0);
        }
    }
    const struct otlp_span_data *data = otlp_span_get_data(span);
    assert_int_equal(data->attribute_count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        char key[32];
        int len = snprintf(key, sizeof key, "key.%d", i);
        assert_int_equal(data->attributes[i].key_len, len);
        assert_string_equal(data->attributes[i].key, key);
        assert_int_equal(data->attributes[i].value.as.integer, i + 10000);
    }
    assert_int_equal(otlp_span_set_int(span, "one more", 1), OTLP_ELIMIT);
    assert_int_equal(data->dropped_attributes, 1);
    otlp_span_free(span);
}

static void test_attribute_count_limit(void **state)
{
    (void)state;
    struct otlp_span *span = otlp_span_start("limit", NULL);
    for (int i = 0; i < 130; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "key.%d", i);
        assert_int_equal(otlp_span_set_string(span, key, "v"), i < 128 ? 0 : OTLP_ELIMIT);
    }
    assert_int_equal(otlp_span_set_int(span, "key.128", 1), OTLP_ELIMIT);
    assert_int_equal(otlp_span_get_data(span)->attribute_count, 128);
    assert_int_equal(otlp_span_get_data(span)->dropped_attributes, 3);
    assert_int_equal(otlp_span_set_int(span, "key.5", 1), 0); /* no new attribute */
    assert_int_equal(otlp_span_get_data(span)->dropped_attributes, 3);
    size_t bytes = otlp_span_bytes(span);
    for (int i = 0; i < 10000; i++) {
        (void)otlp_span_set_string(span, "key.129", "dropped values take no memory");
    }
    assert_int_equal(otlp_span_bytes(span), bytes);
    otlp_span_free(span);
}

/* Strings by character, bytes by byte, arrays element by element; other types never. */
static void test_value_length_limit(void **state)
{
    (void)state;
    static const uint8_t raw[] = {1, 2, 3, 4, 5};
    const struct otlp_value elements[] = {otlp_value_string("abcdef"), otlp_value_int(123456),
                                          otlp_value_string("xy")};
    struct otlp_attribute array = otlp_attribute("array", otlp_value_array(elements, 3));
    struct otlp_attribute bytes = otlp_attribute("bytes", otlp_value_bytes(raw, sizeof raw));
    struct otlp_limits limits = OTLP_LIMITS_DEFAULT;
    limits.value_length = 3;
    struct otlp_span_options options = {.limits = &limits};
    struct otlp_span *span = otlp_span_start("longer than three", &options);
    assert_int_equal(otlp_span_set_string(span, "ascii key", "abcdef"), 0);
    assert_int_equal(otlp_span_set_string(span, "three", "\xe2\x82\xac\xc3\xa4z"), 0);
    assert_int_equal(otlp_span_set_string(span, "four", "\xe2\x82\xac\xc3\xa4\xf0\x9f\x98\x80z"),
                     0);
    assert_int_equal(otlp_span_set_attribute_ref(span, &array), 0);
    assert_int_equal(otlp_span_set_attribute(span, &bytes), 0);
    assert_int_equal(otlp_span_set_int(span, "int", 1234567), 0);
    assert_text(attribute(span, "ascii key"), "abc");
    assert_text(attribute(span, "three"), "\xe2\x82\xac\xc3\xa4z");
    assert_text(attribute(span, "four"), "\xe2\x82\xac\xc3\xa4\xf0\x9f\x98\x80");
    assert_int_equal(attribute(span, "bytes")->len, 3);
    assert_text(&attribute(span, "array")->as.array[0], "abc");
    assert_int_equal(attribute(span, "array")->as.array[1].as.integer, 123456);
    assert_text(&attribute(span, "array")->as.array[2], "xy");
    assert_int_equal(attribute(span, "int")->as.integer, 1234567);
    assert_string_equal(otlp_span_get_data(span)->name, "longer than three");
    otlp_span_free(span);
}

static void test_attributes_by_reference(void **state)
{
    (void)state;
    char key[] = "key";
    char text[] = "text";
    struct otlp_attribute by_copy = otlp_attribute_string(key, text);
    struct otlp_span *copied = otlp_span_start("copied", NULL);
    struct otlp_span *referred = otlp_span_start("referred", NULL);
    assert_int_equal(otlp_span_set_attribute(copied, &by_copy), 0);
    assert_int_equal(otlp_span_set_attribute_ref(referred, &by_copy), 0);
    assert_ptr_equal(otlp_span_get_data(referred)->attributes[0].key, key);
    assert_ptr_equal(otlp_span_get_data(referred)->attributes[0].value.as.string, text);
    key[0] = 'h';
    text[0] = 'n';
    assert_text(attribute(copied, "key"), "text");
    assert_text(attribute(referred, "hey"), "next");
    otlp_span_free(copied);
    otlp_span_free(referred);
}

static void test_events(void **state)
{
    (void)state;
    const struct otlp_attribute attributes[] = {
        otlp_attribute_int("a", 1),
        otlp_attribute_int("b", 2),
        otlp_attribute_int("a", 3),
        otlp_attribute_int("c", 4),
    };
    struct otlp_limits limits = OTLP_LIMITS_DEFAULT;
    limits.event_count = 2;
    limits.event_attribute_count = 2;
    struct otlp_span_options options = {.limits = &limits};
    struct otlp_span *span = otlp_span_start("events", &options);
    uint64_t before = now_unix_ns();
    assert_int_equal(otlp_span_add_event(span, "first", 42, attributes, 4), 0);
    assert_int_equal(otlp_span_add_event(span, "second", 0, NULL, 0), 0);
    assert_int_equal(otlp_span_add_event(span, "third", 0, NULL, 0), OTLP_ELIMIT);
    const struct otlp_span_data *data = otlp_span_get_data(span);
    assert_int_equal(data->event_count, 2);
    assert_int_equal(data->dropped_events, 1);
    assert_string_equal(data->events[0].name, "first");
    assert_int_equal(data->events[0].time_unix_ns, 42);
    assert_int_equal(data->events[0].attribute_count, 2);
    assert_int_equal(data->events[0].dropped_attributes, 1);
    assert_int_equal(data->events[0].attributes[0].value.as.integer, 3);
    assert_int_equal(data->events[0].attributes[1].value.as.integer, 2);
    assert_true(data->events[1].time_unix_ns >= before);
    assert_int_equal(data->events[1].attribute_count, 0);
    otlp_span_free(span);
}

static void test_links(void **state)
{
    (void)state;
    struct otlp_limits limits = OTLP_LIMITS_DEFAULT;
    limits.link_count = 1;
    limits.link_attribute_count = 0;
    struct otlp_span_options options = {.limits = &limits};
    struct otlp_span *span = otlp_span_start("links", &options);
    struct otlp_span_context other = otlp_span_context_root(OTLP_FLAG_SAMPLED);
    struct otlp_span_context none = {0};
    const struct otlp_attribute attribute = otlp_attribute_int("a", 1);
    assert_int_equal(otlp_span_add_link(span, &none, NULL, 0), OTLP_EINVAL);
    assert_int_equal(otlp_span_add_link(span, &other, &attribute, 1), 0);
    assert_int_equal(otlp_span_add_link(span, &other, NULL, 0), OTLP_ELIMIT);
    const struct otlp_span_data *data = otlp_span_get_data(span);
    assert_int_equal(data->link_count, 1);
    assert_int_equal(data->dropped_links, 1);
    assert_int_equal(data->links[0].attribute_count, 0);
    assert_int_equal(data->links[0].dropped_attributes, 1);
    assert_true(otlp_trace_id_equal(data->links[0].context.trace_id, other.trace_id));
    otlp_span_free(span);
}

static void test_default_event_and_link_limits(void **state)
{
    (void)state;
    struct otlp_span *span = otlp_span_start("limits", NULL);
    struct otlp_span_context other = otlp_span_context_root(0);
    for (int i = 0; i < 131; i++) {
        assert_int_equal(otlp_span_add_event(span, "e", 1, NULL, 0), i < 128 ? 0 : OTLP_ELIMIT);
        assert_int_equal(otlp_span_add_link(span, &other, NULL, 0), i < 128 ? 0 : OTLP_ELIMIT);
    }
    assert_int_equal(otlp_span_get_data(span)->event_count, 128);
    assert_int_equal(otlp_span_get_data(span)->link_count, 128);
    assert_int_equal(otlp_span_get_data(span)->dropped_events, 3);
    assert_int_equal(otlp_span_get_data(span)->dropped_links, 3);
    otlp_span_free(span);
}

static void test_status(void **state)
{
    (void)state;
    struct otlp_span *span = otlp_span_start("status", NULL);
    const struct otlp_span_data *data = otlp_span_get_data(span);
    assert_int_equal(otlp_span_set_status(span, (enum otlp_status_code)3, NULL), OTLP_EINVAL);
    assert_int_equal(otlp_span_set_status(span, OTLP_STATUS_ERROR, "broken"), 0);
    assert_int_equal(data->status_code, OTLP_STATUS_ERROR);
    assert_string_equal(data->status_message, "broken");
    assert_int_equal(data->status_message_len, 6);
    assert_int_equal(otlp_span_set_status(span, OTLP_STATUS_UNSET, NULL), 0); /* ignored */
    assert_int_equal(data->status_code, OTLP_STATUS_ERROR);
    assert_int_equal(otlp_span_set_status(span, OTLP_STATUS_OK, "no message for ok"), 0);
    assert_int_equal(data->status_code, OTLP_STATUS_OK);
    assert_null(data->status_message);
    assert_int_equal(otlp_span_set_status(span, OTLP_STATUS_ERROR, "late"), 0); /* ok is final */
    assert_int_equal(data->status_code, OTLP_STATUS_OK);
    otlp_span_free(span);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attribute_types),
        cmocka_unit_test(test_invalid_attributes),
        cmocka_unit_test(test_setting_a_key_again_replaces),
        cmocka_unit_test(test_many_attributes),
        cmocka_unit_test(test_attribute_count_limit),
        cmocka_unit_test(test_value_length_limit),
        cmocka_unit_test(test_attributes_by_reference),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_default_event_and_link_limits),
        cmocka_unit_test(test_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
