/* Lines through the samples: against scipy and a simulation, and the words of an option. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/regress.h"
#include "near.h"
#include "vectors.h"

#define RESAMPLES 40000

static const struct regress_pair time_over_iterations = {QUANTITY_TIME, QUANTITY_ITERATIONS};

static struct regression run(const struct sample *samples, size_t count, struct regress_pair pair,
                             uint64_t seed)
{
    return regress_run(samples, count, pair, RESAMPLES, 0.95, seed, "suite/bench");
}

/* Ends within a tenth of the standard error: both sides are simulated. */
static void check_estimate(const struct estimate *e, double point, const json_t *simulated,
                           const char *key)
{
    const json_t *ends = vectors_member(simulated, key);
    double error = json_number_value(json_array_get(ends, 2));
    assert_near(e->point, point, 1e-9);
    assert_within(e->lower, json_number_value(json_array_get(ends, 0)), error / 10);
    assert_within(e->upper, json_number_value(json_array_get(ends, 1)), error / 10);
    assert_near(e->standard_error, error, 0.03);
}

static void test_against_scipy(void **state)
{
    (void)state;
    json_t *vectors = vectors_load();
    assert_non_null(vectors);
    size_t checked = 0;
    const char *name;
    json_t *set;
    json_object_foreach((json_t *)(uintptr_t)vectors_member(vectors, "lines"), name, set)
    {
        struct numbers x = vectors_numbers(set, "x");
        struct numbers y = vectors_numbers(set, "y");
        struct sample samples[64] = {0};
        for (size_t i = 0; i < x.count; i++) {
            samples[i] = (struct sample){.iterations = (uint64_t)x.at[i], .time_ns = y.at[i]};
        }
        struct regression r = run(samples, x.count, time_over_iterations, 1);
        const json_t *simulated = vectors_member(set, "simulated");
        assert_null(r.why);
        check_estimate(&r.slope, vectors_number(set, "slope"), simulated, "slope");
        check_estimate(&r.intercept, vectors_number(set, "intercept"), simulated, "intercept");
        assert_within(r.r_squared, vectors_number(set, "r_squared"), 1e-9);
        struct regression again = run(samples, x.count, time_over_iterations, 1);
        struct regression other = run(samples, x.count, time_over_iterations, 2);
        assert_memory_equal(&r, &again, sizeof r);
        assert_true(r.slope.lower != other.slope.lower && r.slope.point == other.slope.point);
        free(x.at);
        free(y.at);
        checked++;
    }
    assert_int_equal(checked, 3);
    json_decref(vectors);
}

static void fill(struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        samples[i] = (struct sample){.iterations = 10 * (i + 1),
                                     .time_ns = 7 + 30 * (double)(i + 1),
                                     .page_faults = (uint32_t)(i % 4),
                                     .involuntary_switches = i == 3};
    }
}

static void test_exact_line(void **state)
{
    (void)state;
    struct sample samples[20];
    fill(samples, 20);
    struct regression r = run(samples, 20, time_over_iterations, 1);
    assert_near(r.slope.point, 3, 1e-12);
    assert_near(r.intercept.point, 7, 1e-9);
    assert_near(r.slope.lower, 3, 1e-9);
    assert_near(r.r_squared, 1, 1e-12);
    assert_true(r.r_squared <= 1);
}

static void assert_no_line(const struct sample *samples, struct regress_pair pair, const char *why)
{
    struct regression r = run(samples, 20, pair, 1);
    assert_non_null(r.why);
    assert_non_null(strstr(r.why, why));
    assert_true(r.slope.point == 0 && r.r_squared == 0);
}

static void test_without_a_line(void **state)
{
    (void)state;
    struct sample samples[20];
    fill(samples, 20);
    struct regress_pair over_switches = {QUANTITY_TIME, QUANTITY_INVOLUNTARY_SWITCHES};
    struct regress_pair of_switches = {QUANTITY_INVOLUNTARY_SWITCHES, QUANTITY_TIME};
    /* One sample of twenty differs: it is not drawn in 36 % of the resamples. */
    assert_no_line(samples, over_switches, "too few samples");
    assert_null(run(samples, 20, of_switches, 1).why);
    samples[3].involuntary_switches = 0;
    assert_no_line(samples, over_switches, "predictor is the same");
    assert_no_line(samples, of_switches, "responder is the same");
}

static void test_words(void **state)
{
    (void)state;
    for (int y = 0; y < QUANTITIES; y++) {
        for (int x = 0; x < QUANTITIES; x++) {
            char text[64];
            struct regress_pair pair = {QUANTITY_TIME, QUANTITY_TIME};
            struct error error = {0};
            snprintf(text, sizeof text, "%s:%s", quantity_name((enum quantity)y),
                     quantity_name((enum quantity)x));
            int code = regress_parse(text, &pair, &error);
            assert_int_equal(code, x == y ? -1 : 0);
            assert_true(x == y || ((int)pair.responder == y && (int)pair.predictor == x));
        }
    }
    assert_true(quantity_is_time(QUANTITY_TIME) && !quantity_is_time(QUANTITY_PAGE_FAULTS));
}

static void test_wrong_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"time", "RESPONDER:PREDICTOR"},
        {"", "RESPONDER:PREDICTOR"},
        {"tme:iterations", "did you mean time?"},
        {"time:pagefaults", "did you mean page-faults?"},
        {"time:cycles", "\"cycles\" is no quantity of a sample (time,"},
        {":time", "\"\" is no quantity"},
        {"time:", "\"\" is no quantity"},
        {"time:iterations:time", "\"iterations:time\" is no quantity"},
        {"time:time", "on itself"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct regress_pair pair = {QUANTITY_TIME, QUANTITY_TIME};
        struct error error = {0};
        assert_int_equal(regress_parse(cases[i].text, &pair, &error), -1);
        assert_int_equal(error.status, STATUS_USAGE);
        if (strstr(error.text, cases[i].says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", error.text, cases[i].says);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_scipy),  cmocka_unit_test(test_exact_line),
        cmocka_unit_test(test_without_a_line), cmocka_unit_test(test_words),
        cmocka_unit_test(test_wrong_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
