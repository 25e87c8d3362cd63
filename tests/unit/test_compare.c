/* Verdicts at their thresholds, and the promise of the smallest change that can be called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/analysis.h"
#include "analysis/stats.h"
#include "near.h"

#define COUNT 40

/* Two sides whose samples are all equal, new ones changed by `effect` = ln(new / old): the interval
 * then comes from the floor of the drift alone. */
static struct comparison compare_by(double effect, const struct compare_settings *settings)
{
    double old[COUNT];
    double now[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        old[i] = 100;
        now[i] = 100 * exp(effect);
    }
    struct compare_side old_side = {old, old, COUNT};
    struct compare_side new_side = {now, now, COUNT};
    return compare_stored(&old_side, &new_side, old, now, COUNT, settings);
}

static const struct compare_settings usual = {
    .confidence = 0.95, .significance = 0.05, .noise_threshold = 0.01};

static void test_interval_of_the_floor(void **state)
{
    (void)state;
    struct comparison c = compare_by(log(1.2), &usual);
    assert_true(c.drift == COMPARE_DRIFT_FLOOR);
    assert_near(c.change.point, 0.2, 1e-12);
    /* 1.959963984540054 * 0.03 * sqrt(2) on the logarithmic scale. */
    double reach = 1.959963984540054 * 0.03 * sqrt(2.0);
    assert_near(c.change.lower, 1.2 * exp(-reach) - 1, 1e-12);
    assert_near(c.change.upper, 1.2 * exp(reach) - 1, 1e-12);
    assert_near(c.change.standard_error, 0.03 * sqrt(2.0), 1e-9);
    assert_int_equal(c.verdict, VERDICT_REGRESSED);
}

static void test_same_is_no_change(void **state)
{
    (void)state;
    struct comparison c = compare_by(0, &usual);
    assert_true(c.change.point == 0 && c.p_value == 1);
    assert_int_equal(c.verdict, VERDICT_NONE_SEEN);
}

/* Both bounds are met from both sides of the threshold. */
static void check_threshold(const struct compare_settings *settings)
{
    double smallest = log1p(compare_by(0, settings).smallest_detectable_change);
    assert_int_equal(compare_by(smallest + 1e-6, settings).verdict, VERDICT_REGRESSED);
    assert_int_equal(compare_by(smallest - 1e-6, settings).verdict, VERDICT_NONE_SEEN);
}

static void test_smallest_detectable_change(void **state)
{
    (void)state;
    static const struct compare_settings all[] = {
        {.confidence = 0.95, .significance = 0.05, .noise_threshold = 0.01},
        {.confidence = 0.99, .significance = 0.05, .noise_threshold = 0.01},
        {.confidence = 0.95, .significance = 0.05, .noise_threshold = 0},
        {.confidence = 0.999, .significance = 0.01, .noise_threshold = 0.1}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        check_threshold(&all[i]);
    }
}

/* Here the p-value is the harder condition, not the interval. */
static void test_smallest_change_by_p_value(void **state)
{
    (void)state;
    static const struct compare_settings strict[] = {
        {.confidence = 0.8, .significance = 0.001, .noise_threshold = 0.02},
        {.confidence = 0.95, .significance = 0.02, .noise_threshold = 0.01}};
    check_threshold(&strict[0]);
    check_threshold(&strict[1]);
}

static void test_improvement(void **state)
{
    (void)state;
    /* ln(1 - 0.01) minus the reach of the interval. */
    double limit = log(0.99) - 1.959963984540054 * 0.03 * sqrt(2.0);
    assert_int_equal(compare_by(limit - 1e-6, &usual).verdict, VERDICT_IMPROVED);
    assert_int_equal(compare_by(limit + 1e-6, &usual).verdict, VERDICT_NONE_SEEN);
}

/* The interval excludes the threshold but the p-value is above the significance. */
static void test_significance_is_needed(void **state)
{
    (void)state;
    struct compare_settings settings = {
        .confidence = 0.5, .significance = 1e-6, .noise_threshold = 0.0};
    struct comparison c = compare_by(0.12, &settings);
    assert_true(c.change.lower > 0 && c.p_value > 1e-6);
    assert_int_equal(c.verdict, VERDICT_NONE_SEEN);
    settings.significance = 0.05;
    assert_int_equal(compare_by(0.12, &settings).verdict, VERDICT_REGRESSED);
}

/* A machine that moves within a run widens the interval; one with fewer than 50 samples cannot be
 * told. */
static void test_drift_within_a_run(void **state)
{
    (void)state;
    double steady[100];
    double moving[100];
    double sorted[100];
    for (size_t i = 0; i < 100; i++) {
        steady[i] = 100;
        moving[i] = 100 * exp(0.1 * (double)(i / 20)); /* blocks apart by 0.1 */
        sorted[i] = moving[i];
    }
    struct compare_side old = {steady, steady, 100};
    struct compare_side now = {sorted, moving, 100};
    struct comparison c = compare_stored(&old, &now, steady, steady, 100, &usual);
    /* The SD of 0, 0.1 .. 0.4 is 0.1 sqrt(2.5). */
    assert_near(c.drift, 0.1 * sqrt(2.5), 1e-9);
    c = compare_stored(&now, &old, steady, steady, 100, &usual);
    assert_near(c.drift, 0.1 * sqrt(2.5), 1e-9);
    old.count = 49;
    now.count = 49;
    c = compare_stored(&old, &now, steady, steady, 49, &usual);
    assert_true(c.drift == COMPARE_DRIFT_FLOOR);
}

/* A machine that was not as fast in both runs widens the interval, whichever was the faster. */
static void test_machine_that_moved(void **state)
{
    (void)state;
    static const struct {
        double ratio;
        double drift;
    } cases[] = {{0, 0.03},
                 {1, 0.03},
                 {1.0099, 0.03},
                 {0.9902, 0.03},
                 {1.0102, 0.06 + 0.8 * 0.010148331051815136},
                 {2, 0.06 + 0.8 * 0.693147180559945},
                 {0.5, 0.06 + 0.8 * 0.693147180559945}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct compare_settings settings = usual;
        settings.reference_ratio = cases[i].ratio;
        struct comparison c = compare_by(0.15, &settings);
        assert_near(c.drift, cases[i].drift, 1e-12);
        assert_int_equal(c.verdict, i < 4 ? VERDICT_REGRESSED : VERDICT_NONE_SEEN);
    }
}

static bool all_finite(const struct comparison *c)
{
    return isfinite(c->change.point) && isfinite(c->change.lower) && isfinite(c->change.upper) &&
           isfinite(c->change.standard_error) && isfinite(c->p_value) &&
           isfinite(c->smallest_detectable_change) && isfinite(c->drift);
}

/* More than half of the samples took no measurable time: lowmean is 0, but the benchmark is not
 * refused, as all together took some. Documents hold no NaN and no infinity. */
static void test_lowmean_of_zero(void **state)
{
    (void)state;
    struct sample zero[COUNT];
    struct sample some[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        zero[i] = (struct sample){.iterations = 1, .time_ns = i < 30 ? 0 : 5};
        some[i] = (struct sample){.iterations = 1, .time_ns = (double)(90 + i)};
    }
    struct analysis_settings settings = {
        .resamples = 1000, .compare = usual, .seed = 1, .stream = "zero"};
    const struct sample *sides[][2] = {{zero, zero}, {zero, some}, {some, zero}};
    for (size_t i = 0; i < 3; i++) {
        struct analysis a;
        analysis_run(sides[i][0], COUNT, false, sides[i][1], COUNT, &settings, &a);
        assert_true(isfinite(a.estimates[STATISTIC_LOWMEAN].point));
        if (a.compared && !all_finite(&a.comparison)) {
            fail_msg("case %zu: change %g [%g, %g], p %g", i, a.comparison.change.point,
                     a.comparison.change.lower, a.comparison.change.upper, a.comparison.p_value);
        }
    }
}

/* Some resamples have a lowmean of 0 although the lowmean of the samples is not. */
static void test_resamples_of_zero(void **state)
{
    (void)state;
    struct sample half[COUNT];
    struct sample some[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        half[i] = (struct sample){.iterations = 1, .time_ns = i < 19 ? 0 : 100};
        some[i] = (struct sample){.iterations = 1, .time_ns = (double)(90 + i)};
    }
    struct analysis_settings settings = {
        .resamples = 1000, .compare = usual, .seed = 1, .stream = "zero"};
    struct analysis a;
    analysis_run(half, COUNT, false, some, COUNT, &settings, &a);
    const struct estimate *e = &a.estimates[STATISTIC_LOWMEAN];
    assert_true(e->point > 0 && e->lower == 0);
    if (a.compared) {
        assert_true(all_finite(&a.comparison));
        /* Nearly everything was 0: no verdict may rest on the drift's floor alone. */
        assert_true(a.comparison.change.standard_error > 0.1);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(compare_verdict_name(VERDICT_NONE_SEEN), "no change seen");
    assert_string_equal(compare_verdict_name(VERDICT_IMPROVED), "improved");
    assert_string_equal(compare_verdict_name(VERDICT_REGRESSED), "regressed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interval_of_the_floor),
        cmocka_unit_test(test_same_is_no_change),
        cmocka_unit_test(test_smallest_detectable_change),
        cmocka_unit_test(test_smallest_change_by_p_value),
        cmocka_unit_test(test_improvement),
        cmocka_unit_test(test_significance_is_needed),
        cmocka_unit_test(test_drift_within_a_run),
        cmocka_unit_test(test_machine_that_moved),
        cmocka_unit_test(test_lowmean_of_zero),
        cmocka_unit_test(test_resamples_of_zero),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
