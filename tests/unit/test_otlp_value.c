#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <otlp.h>

static bool equal(struct otlp_value a, struct otlp_value b)
{
    return otlp_value_equal(&a, &b);
}

static void test_scalars(void **state)
{
    (void)state;
    struct otlp_value empty = {0};
    assert_true(equal(empty, empty));
    assert_true(equal(otlp_value_string("ab"), otlp_value_string_n("abc", 2)));
    assert_false(equal(otlp_value_string("ab"), otlp_value_string("ac")));
    assert_false(equal(otlp_value_string("ab"), otlp_value_string("a")));
    assert_true(equal(otlp_value_string_n(NULL, 0), otlp_value_string("")));
    assert_true(equal(otlp_value_bool(true), otlp_value_bool(true)));
    assert_false(equal(otlp_value_bool(true), otlp_value_bool(false)));
    assert_true(equal(otlp_value_int(-1), otlp_value_int(-1)));
    assert_false(equal(otlp_value_int(1), otlp_value_double(1)));
    assert_false(equal(otlp_value_double(0.0), otlp_value_double(-0.0)));
    const uint8_t raw[] = {'a', 'b'};
    assert_false(equal(otlp_value_bytes(raw, 2), otlp_value_string("ab")));
}

static void test_nested(void **state)
{
    (void)state;
    const struct otlp_value ab[] = {otlp_value_int(1), otlp_value_int(2)};
    const struct otlp_value ba[] = {otlp_value_int(2), otlp_value_int(1)};
    assert_true(equal(otlp_value_array(ab, 2), otlp_value_array(ab, 2)));
    assert_false(equal(otlp_value_array(ab, 2), otlp_value_array(ba, 2)));
    assert_false(equal(otlp_value_array(ab, 2), otlp_value_array(ab, 1)));
    const struct otlp_attribute xy[] = {otlp_attribute_int("x", 1), otlp_attribute_int("y", 2)};
    const struct otlp_attribute yx[] = {otlp_attribute_int("y", 2), otlp_attribute_int("x", 1)};
    const struct otlp_attribute xz[] = {otlp_attribute_int("x", 1), otlp_attribute_int("z", 2)};
    assert_true(equal(otlp_value_kvlist(xy, 2), otlp_value_kvlist(yx, 2)));
    assert_false(equal(otlp_value_kvlist(xy, 2), otlp_value_kvlist(xz, 2)));
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    struct otlp_value levels[OTLP_VALUE_DEPTH_MAX + 2];
    levels[0] = otlp_value_int(1);
    for (size_t i = 1; i < OTLP_VALUE_DEPTH_MAX + 2; i++) {
        levels[i] = otlp_value_array(&levels[i - 1], 1);
    }
    assert_true(equal(levels[OTLP_VALUE_DEPTH_MAX], levels[OTLP_VALUE_DEPTH_MAX]));
    assert_false(equal(levels[OTLP_VALUE_DEPTH_MAX + 1], levels[OTLP_VALUE_DEPTH_MAX + 1]));
    struct otlp_value loop = otlp_value_array(&loop, 1);
    assert_false(equal(loop, loop));
}

static void test_find(void **state)
{
    (void)state;
    const struct otlp_attribute attributes[] = {
        otlp_attribute_int("a", 1), otlp_attribute_int("ab", 2), otlp_attribute_int("a", 3)};
    assert_int_equal(otlp_attributes_find(attributes, 3, "a")->as.integer, 3);
    assert_int_equal(otlp_attributes_find(attributes, 3, "ab")->as.integer, 2);
    assert_null(otlp_attributes_find(attributes, 3, "abc"));
    assert_null(otlp_attributes_find(NULL, 0, "a"));
}

static const char *text_of(const struct otlp_resource *resource, const char *key)
{
    const struct otlp_value *value =
        otlp_attributes_find(resource->attributes, resource->attribute_count, key);
    return value != NULL ? value->as.string : NULL;
}

static void test_resource_defaults(void **state)
{
    (void)state;
    struct otlp_resource *resource = NULL;
    assert_int_equal(otlp_resource_new(NULL, 0, NULL, &resource), 0);
    assert_int_equal(resource->attribute_count, 4);
    assert_string_equal(text_of(resource, "service.name"), "unknown_service");
    assert_string_equal(text_of(resource, "telemetry.sdk.language"), "c");
    assert_string_equal(text_of(resource, "telemetry.sdk.name"), "libotlp");
    assert_string_equal(text_of(resource, "telemetry.sdk.version"), OTLP_VERSION);
    assert_null(resource->schema_url);
    otlp_resource_free(resource);
    otlp_resource_free(NULL);
}

static void test_resource_owns_its_attributes(void **state)
{
    (void)state;
    char name[] = "shop";
    char url[] = "https://schema";
    const struct otlp_attribute attributes[] = {
        otlp_attribute_string("host.name", "first"),
        otlp_attribute_string("service.name", name),
        otlp_attribute_string("host.name", "second"),
    };
    struct otlp_resource *resource = NULL;
    assert_int_equal(otlp_resource_new(attributes, 3, url, &resource), 0);
    name[0] = 'X';
    url[0] = 'X';
    assert_int_equal(resource->attribute_count, 5);
    assert_string_equal(text_of(resource, "service.name"), "shop");
    assert_string_equal(text_of(resource, "host.name"), "second");
    assert_string_equal(resource->schema_url, "https://schema");
    otlp_resource_free(resource);
}

static void test_resource_refuses_an_empty_key(void **state)
{
    (void)state;
    const struct otlp_attribute attribute = otlp_attribute_string("", "x");
    struct otlp_resource *resource = NULL;
    assert_int_equal(otlp_resource_new(&attribute, 1, NULL, &resource), OTLP_EINVAL);
    assert_null(resource);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_resource_defaults),
        cmocka_unit_test(test_resource_owns_its_attributes),
        cmocka_unit_test(test_resource_refuses_an_empty_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
