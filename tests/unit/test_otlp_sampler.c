#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include <otlp/sampler.h>

/* A trace id whose bytes 8 to 15 are the big-endian number. */
static struct otlp_trace_id trace_id_of(uint64_t low)
{
    struct otlp_trace_id id = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    for (size_t i = 0; i < 8; i++) {
        id.bytes[15 - i] = (uint8_t)(low >> 8 * i);
    }
    return id;
}

static struct otlp_span_context parent_of(bool is_sampled, bool is_remote)
{
    struct otlp_span_context parent = otlp_span_context_root(is_sampled ? OTLP_FLAG_SAMPLED : 0);
    parent.is_remote = is_remote;
    return parent;
}

static void test_always_on_and_off(void **state)
{
    (void)state;
    struct otlp_sampler on = otlp_sampler_always_on();
    struct otlp_sampler off = otlp_sampler_always_off();
    struct otlp_span_context sampled = parent_of(true, true);
    struct otlp_span_context not_sampled = parent_of(false, true);
    assert_true(otlp_sampler_decide(&on, &not_sampled, trace_id_of(1)));
    assert_false(otlp_sampler_decide(&off, &sampled, trace_id_of(1)));
}

/* (bytes 8-15 >> 1) < ratio * 2^63, the rule of the Go and Rust SDKs. */
static void test_ratio_at_the_edge(void **state)
{
    (void)state;
    struct otlp_sampler half = otlp_sampler_ratio(0.5);
    assert_true(otlp_sampler_decide(&half, NULL, trace_id_of(0x7fffffffffffffffu)));
    assert_false(otlp_sampler_decide(&half, NULL, trace_id_of(0x8000000000000000u)));
    struct otlp_sampler sixteenth = otlp_sampler_ratio(0.0625);
    assert_true(otlp_sampler_decide(&sixteenth, NULL, trace_id_of(0x0fffffffffffffffu)));
    assert_false(otlp_sampler_decide(&sixteenth, NULL, trace_id_of(0x1000000000000000u)));
}

static void test_ratio_bounds(void **state)
{
    (void)state;
    static const double nothing[] = {0.0, -1.0, -INFINITY, NAN};
    static const double everything[] = {1.0, 2.0, INFINITY};
    for (size_t i = 0; i < 4; i++) {
        struct otlp_sampler sampler = otlp_sampler_ratio(nothing[i]);
        assert_false(otlp_sampler_decide(&sampler, NULL, trace_id_of(0)));
    }
    for (size_t i = 0; i < 3; i++) {
        struct otlp_sampler sampler = otlp_sampler_ratio(everything[i]);
        assert_true(otlp_sampler_decide(&sampler, NULL, trace_id_of(UINT64_MAX)));
    }
}

/* 100,000 seeded ids: 25 % within five standard deviations (685), and 50 % holds all of them. */
static void test_ratio_share_and_superset(void **state)
{
    (void)state;
    struct otlp_sampler quarter = otlp_sampler_ratio(0.25);
    struct otlp_sampler half = otlp_sampler_ratio(0.5);
    struct otlp_id_generator generator;
    otlp_id_generator_seed(&generator, 11);
    unsigned in_quarter = 0;
    unsigned only_in_quarter = 0;
    for (int i = 0; i < 100000; i++) {
        struct otlp_trace_id id = otlp_id_generator_trace_id(&generator);
        bool is_in = otlp_sampler_decide(&quarter, NULL, id);
        in_quarter += is_in;
        only_in_quarter += is_in && !otlp_sampler_decide(&half, NULL, id);
    }
    assert_in_range(in_quarter, 25000 - 685, 25000 + 685);
    assert_int_equal(only_in_quarter, 0);
}

static void test_ratio_ignores_the_parent(void **state)
{
    (void)state;
    struct otlp_sampler half = otlp_sampler_ratio(0.5);
    struct otlp_span_context sampled = parent_of(true, false);
    struct otlp_span_context not_sampled = parent_of(false, false);
    assert_false(otlp_sampler_decide(&half, &sampled, trace_id_of(UINT64_MAX)));
    assert_true(otlp_sampler_decide(&half, &not_sampled, trace_id_of(0)));
}

static void test_parent_based_defaults(void **state)
{
    (void)state;
    struct otlp_sampler off = otlp_sampler_always_off();
    struct otlp_sampler sampler = otlp_sampler_parent_based(&off);
    struct otlp_sampler open = otlp_sampler_parent_based(NULL);
    struct otlp_span_context none = {0};
    assert_false(otlp_sampler_decide(&sampler, NULL, trace_id_of(1)));
    assert_false(otlp_sampler_decide(&sampler, &none, trace_id_of(1)));
    assert_true(otlp_sampler_decide(&open, NULL, trace_id_of(1)));
    assert_true(otlp_sampler_decide(NULL, NULL, trace_id_of(1)));
    for (int remote = 0; remote <= 1; remote++) {
        struct otlp_span_context sampled = parent_of(true, remote != 0);
        struct otlp_span_context not_sampled = parent_of(false, remote != 0);
        assert_true(otlp_sampler_decide(&sampler, &sampled, trace_id_of(1)));
        assert_false(otlp_sampler_decide(&sampler, &not_sampled, trace_id_of(1)));
        assert_true(otlp_sampler_decide(NULL, &sampled, trace_id_of(1)));
        assert_false(otlp_sampler_decide(NULL, &not_sampled, trace_id_of(1)));
    }
}

/* Each delegate is asked in its own case: all four are the opposite of the default. */
static void test_parent_based_delegates(void **state)
{
    (void)state;
    struct otlp_sampler on = otlp_sampler_always_on();
    struct otlp_sampler off = otlp_sampler_always_off();
    for (int chosen = 0; chosen < 4; chosen++) {
        struct otlp_sampler sampler = otlp_sampler_parent_based(NULL);
        sampler.remote_sampled = chosen == 0 ? &off : NULL;
        sampler.remote_not_sampled = chosen == 1 ? &on : NULL;
        sampler.local_sampled = chosen == 2 ? &off : NULL;
        sampler.local_not_sampled = chosen == 3 ? &on : NULL;
        for (int asked = 0; asked < 4; asked++) {
            bool is_sampled = asked % 2 == 0;
            struct otlp_span_context parent = parent_of(is_sampled, asked < 2);
            bool expected = asked == chosen ? !is_sampled : is_sampled;
            assert_int_equal(otlp_sampler_decide(&sampler, &parent, trace_id_of(1)), expected);
        }
    }
}

static void test_endless_delegation_ends(void **state)
{
    (void)state;
    struct otlp_sampler sampler = otlp_sampler_parent_based(NULL);
    sampler.root = &sampler;
    assert_false(otlp_sampler_decide(&sampler, NULL, trace_id_of(1)));
}

static void test_descriptions(void **state)
{
    (void)state;
    char text[256];
    struct otlp_sampler on = otlp_sampler_always_on();
    struct otlp_sampler off = otlp_sampler_always_off();
    struct otlp_sampler ratio = otlp_sampler_ratio(0.0001);
    struct otlp_sampler parent = otlp_sampler_parent_based(&ratio);
    assert_int_equal(otlp_sampler_describe(&on, text, sizeof text), strlen("AlwaysOnSampler"));
    assert_string_equal(text, "AlwaysOnSampler");
    (void)otlp_sampler_describe(&off, text, sizeof text);
    assert_string_equal(text, "AlwaysOffSampler");
    (void)otlp_sampler_describe(&ratio, text, sizeof text);
    assert_string_equal(text, "TraceIdRatioBased{0.000100}");
    size_t len = otlp_sampler_describe(&parent, text, sizeof text);
    assert_string_equal(text, "ParentBased{root:TraceIdRatioBased{0.000100},"
                              "remoteParentSampled:AlwaysOnSampler,"
                              "remoteParentNotSampled:AlwaysOffSampler,"
                              "localParentSampled:AlwaysOnSampler,"
                              "localParentNotSampled:AlwaysOffSampler}");
    assert_int_equal(len, strlen(text));

    char cut[8];
    assert_int_equal(otlp_sampler_describe(&parent, cut, sizeof cut), len);
    assert_string_equal(cut, "ParentB");
    assert_int_equal(otlp_sampler_describe(&parent, NULL, 0), len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_always_on_and_off),
        cmocka_unit_test(test_ratio_at_the_edge),
        cmocka_unit_test(test_ratio_bounds),
        cmocka_unit_test(test_ratio_share_and_superset),
        cmocka_unit_test(test_ratio_ignores_the_parent),
        cmocka_unit_test(test_parent_based_defaults),
        cmocka_unit_test(test_parent_based_delegates),
        cmocka_unit_test(test_endless_delegation_ends),
        cmocka_unit_test(test_descriptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
