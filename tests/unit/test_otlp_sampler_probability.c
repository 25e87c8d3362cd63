#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include <otlp/propagate.h>
#include <otlp/sampler.h>
#include <otlp/span.h>

/* A trace id whose last 7 bytes are the big-endian number. */
static struct otlp_trace_id trace_id_of(uint64_t randomness)
{
    struct otlp_trace_id id = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    for (size_t i = 0; i < 7; i++) {
        id.bytes[15 - i] = (uint8_t)(randomness >> 8 * i);
    }
    return id;
}

static const struct otlp_tracestate *state_of(const char *text)
{
    const struct otlp_tracestate *state = NULL;
    assert_int_equal(otlp_tracestate_parse(text, strlen(text), &state), 0);
    return state;
}

static struct otlp_span_context parent_with(const char *text)
{
    struct otlp_span_context parent = otlp_span_context_root(0);
    parent.tracestate = state_of(text);
    return parent;
}

static void assert_state(double ratio, const char *above, const char *expected)
{
    struct otlp_sampler sampler = otlp_sampler_probability(ratio);
    struct otlp_span_context parent = {0};
    if (above != NULL) {
        parent = parent_with(above);
    }
    for (int i = 0; i < 2; i++) { /* made, and from the cache */
        const struct otlp_tracestate *state = NULL;
        assert_int_equal(otlp_sampler_tracestate(&sampler, &parent, &state), 0);
        struct otlp_header_value text = otlp_tracestate_text(state);
        assert_int_equal(text.len, strlen(expected));
        assert_memory_equal(text.text, expected, text.len);
        otlp_tracestate_unref(state);
    }
    otlp_tracestate_unref(parent.tracestate);
}

/* The examples of the specification: 100 %, 50 %, 25 %, 1 %. */
static void test_thresholds(void **state)
{
    (void)state;
    assert_state(1, NULL, "ot=th:0");
    assert_state(0.5, NULL, "ot=th:8");
    assert_state(0.25, NULL, "ot=th:c");
    assert_state(0.01, NULL, "ot=th:fd70a4");
    assert_state(1.0 / 3, NULL, "ot=th:aaaab");
    assert_state(ldexp(1, -56), NULL, "ot=th:ffffffffffffff");
}

static void test_edge(void **state)
{
    (void)state;
    struct otlp_sampler half = otlp_sampler_probability(0.5);
    assert_true(otlp_sampler_decide(&half, NULL, trace_id_of(0x80000000000000u)));
    assert_false(otlp_sampler_decide(&half, NULL, trace_id_of(0x7fffffffffffffu)));
    struct otlp_sampler hundredth = otlp_sampler_probability(0.01);
    assert_true(otlp_sampler_decide(&hundredth, NULL, trace_id_of(0xfd70a400000000u)));
    assert_false(otlp_sampler_decide(&hundredth, NULL, trace_id_of(0xfd70a3ffffffffu)));
}

static void test_bounds(void **state)
{
    (void)state;
    static const double nothing[] = {0.0, -1.0, 1e-18, -INFINITY, NAN};
    static const double everything[] = {1.0, 2.0, INFINITY};
    for (size_t i = 0; i < 5; i++) {
        struct otlp_sampler sampler = otlp_sampler_probability(nothing[i]);
        assert_false(otlp_sampler_decide(&sampler, NULL, trace_id_of(0xffffffffffffffu)));
    }
    for (size_t i = 0; i < 3; i++) {
        struct otlp_sampler sampler = otlp_sampler_probability(everything[i]);
        assert_true(otlp_sampler_decide(&sampler, NULL, trace_id_of(0)));
    }
}

/* Explicit randomness wins over the trace id, when it is well formed. */
static void test_explicit_randomness(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_used;
    } rows[] = {
        {"ot=rv:ffffffffffffff", true},
        {"ot=th:8;rv:ffffffffffffff", true},
        {"a=b,ot=x:y;rv:ffffffffffffff", true},
        {"ot=rv:fffffffffffff", false},
        {"ot=rv:fffffffffffffff", false},
        {"ot=rv:FFFFFFFFFFFFFF", false},
        {"ot=rv", false},
        {"ot=;;", false},
        {"other=rv:ffffffffffffff", false},
    };
    struct otlp_sampler half = otlp_sampler_probability(0.5);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct otlp_span_context parent = parent_with(rows[i].text);
        assert_int_equal(otlp_sampler_decide(&half, &parent, trace_id_of(0)), rows[i].is_used);
        otlp_tracestate_unref(parent.tracestate);
    }
}

static void test_tracestate_of_a_child(void **state)
{
    (void)state;
    assert_state(0.5, "a=b", "ot=th:8,a=b");
    assert_state(0.5, "a=b,ot=rv:00000000000000;th:c;x:y,c=d",
                 "ot=th:8;rv:00000000000000;x:y,a=b,c=d");
    struct otlp_sampler on = otlp_sampler_always_on();
    struct otlp_span_context parent = parent_with("ot=th:c");
    const struct otlp_tracestate *same = NULL;
    assert_int_equal(otlp_sampler_tracestate(&on, &parent, &same), 0);
    assert_ptr_equal(same, parent.tracestate);
    otlp_tracestate_unref(same);
    otlp_tracestate_unref(parent.tracestate);
}

/* Spans get it from otlp_span_start(), too; one that is not sampled keeps its parent's. */
static void test_spans(void **state)
{
    (void)state;
    struct otlp_sampler all = otlp_sampler_probability(1);
    struct otlp_sampler none = otlp_sampler_probability(0);
    struct otlp_span_context parent = parent_with("a=b");
    struct otlp_span_options options = {.sampler = &all, .parent = &parent};
    struct otlp_span *span = otlp_span_start("x", &options);
    struct otlp_header_value text = otlp_tracestate_text(otlp_span_get_context(span)->tracestate);
    assert_memory_equal(text.text, "ot=th:0,a=b", text.len);
    assert_true(otlp_span_is_recording(span));
    otlp_span_free(span);
    options.sampler = &none;
    span = otlp_span_start("x", &options);
    assert_false(otlp_span_is_recording(span));
    assert_ptr_equal(otlp_span_get_context(span)->tracestate, parent.tracestate);
    otlp_span_free(span);
    otlp_tracestate_unref(parent.tracestate);
}

static void test_description(void **state)
{
    (void)state;
    struct otlp_sampler sampler = otlp_sampler_probability(0.25);
    char text[64];
    (void)otlp_sampler_describe(&sampler, text, sizeof text);
    assert_string_equal(text, "ProbabilitySampler{0.250000}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thresholds),
        cmocka_unit_test(test_edge),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_explicit_randomness),
        cmocka_unit_test(test_tracestate_of_a_child),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
