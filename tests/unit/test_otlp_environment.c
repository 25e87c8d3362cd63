#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include <otlp.h>

static int clear(void **state)
{
    (void)state;
    static const char *const names[] = {"OTEL_SDK_DISABLED",
                                        "OTEL_RESOURCE_ATTRIBUTES",
                                        "OTEL_SERVICE_NAME",
                                        "OTEL_TRACES_SAMPLER",
                                        "OTEL_TRACES_SAMPLER_ARG",
                                        "OTEL_ATTRIBUTE_COUNT_LIMIT",
                                        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
                                        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
                                        "OTEL_SPAN_EVENT_COUNT_LIMIT",
                                        "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unsetenv(names[i]);
    }
    return 0;
}

static void assert_resource(const struct otlp_environment *environment, const char *key,
                            const char *expected)
{
    const struct otlp_value *value = otlp_attributes_find(
        environment->resource->attributes, environment->resource->attribute_count, key);
    assert_non_null(value);
    assert_int_equal(value->len, strlen(expected));
    assert_memory_equal(value->as.string, expected, value->len);
}

static void assert_sampler(const char *name, const char *argument, const char *expected,
                           int ignored)
{
    struct otlp_environment environment;
    char text[256];
    setenv("OTEL_TRACES_SAMPLER", name, 1);
    setenv("OTEL_TRACES_SAMPLER_ARG", argument, 1);
    assert_int_equal(otlp_environment_read(&environment), 0);
    (void)otlp_sampler_describe(&environment.sampler, text, sizeof text);
    assert_int_equal(strncmp(text, expected, strlen(expected)), 0);
    assert_int_equal(environment.ignored, ignored);
    otlp_environment_release(&environment);
}

static void test_nothing_set(void **state)
{
    (void)state;
    struct otlp_environment environment;
    assert_int_equal(otlp_environment_read(&environment), 0);
    assert_false(environment.is_disabled);
    assert_int_equal(environment.ignored, 0);
    assert_int_equal(environment.limits.attribute_count, 128);
    assert_int_equal(environment.log_limits.value_length, OTLP_UNLIMITED);
    assert_resource(&environment, "service.name", "unknown_service");
    struct otlp_provider_options options = otlp_environment_options(&environment);
    struct otlp_provider *provider = NULL;
    assert_int_equal(otlp_provider_new(&options, &provider), 0);
    otlp_provider_free(provider);
    otlp_environment_release(&environment);
    otlp_environment_release(NULL);
    assert_sampler("", "", "ParentBased{root:AlwaysOnSampler,", 0);
}

static void test_samplers(void **state)
{
    (void)state;
    assert_sampler("always_on", "", "AlwaysOnSampler", 0);
    assert_sampler("Always_OFF", "", "AlwaysOffSampler", 0);
    assert_sampler("traceidratio", "0.25", "TraceIdRatioBased{0.250000}", 0);
    assert_sampler("traceidratio", "", "TraceIdRatioBased{1.000000}", 0);
    assert_sampler("traceidratio", "1.5", "TraceIdRatioBased{1.000000}", 1);
    assert_sampler("traceidratio", "x", "TraceIdRatioBased{1.000000}", 1);
    assert_sampler("parentbased_always_off", "", "ParentBased{root:AlwaysOffSampler,", 0);
    assert_sampler("parentbased_traceidratio", "0.5", "ParentBased{root:TraceIdRatioBased{0.5", 0);
    assert_sampler("jaeger_remote", "", "ParentBased{root:AlwaysOnSampler,", 1);
    assert_sampler("parentbased_", "", "ParentBased{root:AlwaysOnSampler,", 1);
}

static void test_resource(void **state)
{
    (void)state;
    struct otlp_environment environment;
    setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,deployment=prod%20eu,host.name=x", 1);
    assert_int_equal(otlp_environment_read(&environment), 0);
    assert_resource(&environment, "service.name", "a");
    assert_resource(&environment, "deployment", "prod eu");
    assert_resource(&environment, "telemetry.sdk.language", "c");
    otlp_environment_release(&environment);
    setenv("OTEL_SERVICE_NAME", "orders", 1);
    assert_int_equal(otlp_environment_read(&environment), 0);
    assert_resource(&environment, "service.name", "orders");
    otlp_environment_release(&environment);
    setenv("OTEL_RESOURCE_ATTRIBUTES", "host.name=x,no value here", 1); /* all or nothing */
    assert_int_equal(otlp_environment_read(&environment), 0);
    assert_null(otlp_attributes_find(environment.resource->attributes,
                                     environment.resource->attribute_count, "host.name"));
    assert_int_equal(environment.ignored, 1);
    otlp_environment_release(&environment);
}

static void test_limits_and_switch(void **state)
{
    (void)state;
    struct otlp_environment environment;
    setenv("OTEL_SDK_DISABLED", "TRUE", 1);
    setenv("OTEL_ATTRIBUTE_COUNT_LIMIT", "50", 1);
    setenv("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "1000", 1);
    setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "7", 1);
    setenv("OTEL_SPAN_EVENT_COUNT_LIMIT", "0", 1);
    setenv("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "-3", 1);
    assert_int_equal(otlp_environment_read(&environment), 0);
    assert_true(environment.is_disabled);
    assert_int_equal(environment.limits.attribute_count, 7);
    assert_int_equal(environment.limits.event_attribute_count, 50);
    assert_int_equal(environment.limits.event_count, 0);
    assert_int_equal(environment.limits.link_count, 128);
    assert_int_equal(environment.limits.value_length, 1000);
    assert_int_equal(environment.log_limits.attribute_count, 50); /* -3 is none */
    assert_int_equal(environment.log_limits.value_length, 1000);
    assert_int_equal(environment.ignored, 1);
    otlp_environment_release(&environment);
    setenv("OTEL_SDK_DISABLED", "1", 1); /* only "true" is true */
    assert_int_equal(otlp_environment_read(&environment), 0);
    assert_false(environment.is_disabled);
    otlp_environment_release(&environment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing_set, clear),
        cmocka_unit_test_setup(test_samplers, clear),
        cmocka_unit_test_setup(test_resource, clear),
        cmocka_unit_test_setup(test_limits_and_switch, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
