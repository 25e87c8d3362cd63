/* Every closed-form statistic against numpy's and scipy's value for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/compare.h"
#include "analysis/density.h"
#include "analysis/outliers.h"
#include "near.h"
#include "vectors.h"

/* Sums of a thousand doubles in another order differ by about 1e-14. */
#define TIGHT 1e-12
/* Subnormal numbers have few digits: a result may be off by some of their last. */
#define LAST_DIGITS (8 * 4.94e-324)

static json_t *vectors;

typedef void data_check(const struct numbers *sorted, const json_t *data);

static void for_all_data(data_check *check, const char *part)
{
    const char *name;
    json_t *data;
    size_t checked = 0;
    json_object_foreach(json_object_get(vectors, "data"), name, data)
    {
        if (json_object_get(data, part) == NULL) {
            continue;
        }
        struct numbers sorted = vectors_sorted(data, "values");
        check(&sorted, vectors_member(data, part));
        free(sorted.at);
        checked++;
    }
    assert_true(checked >= 10);
}

static void check_point(double actual, const json_t *points, const char *key)
{
    check_near(actual, vectors_number(points, key), TIGHT, LAST_DIGITS, key, __FILE__, __LINE__);
}

static void check_points(const struct numbers *sorted, const json_t *points)
{
    const double *at = sorted->at;
    size_t n = sorted->count;
    double mean = stats_mean(at, n);
    double median = stats_quantile(at, n, 0.5);
    check_point(mean, points, "mean");
    check_point(stats_variance(at, n, mean), points, "variance");
    check_point(sqrt(stats_variance(at, n, mean)), points, "std_dev");
    check_point(median, points, "median");
    check_point(STATS_MAD_SCALE * stats_median_deviation(at, n, median), points, "mad");
    check_point(stats_median_deviation(at, n, at[0]), points, "deviation_from_minimum");
    check_point(stats_lowmean(at, n), points, "lowmean");
    size_t i;
    json_t *pair;
    json_array_foreach(vectors_member(points, "quantiles"), i, pair)
    {
        double p = json_number_value(json_array_get(pair, 0));
        double expected = json_number_value(json_array_get(pair, 1));
        check_near(stats_quantile(at, n, p), expected, TIGHT, LAST_DIGITS, "quantile", __FILE__,
                   __LINE__);
    }
    assert_true(i == 13);
}

static void test_points(void **state)
{
    (void)state;
    for_all_data(check_points, "points");
}

static void check_outliers(const struct numbers *sorted, const json_t *expected)
{
    struct outliers o = outliers_classify(sorted->at, sorted->count);
    struct numbers fences = vectors_numbers(expected, "fences");
    struct numbers counts = vectors_numbers(expected, "counts");
    for (size_t i = 0; i < 4; i++) {
        assert_near(o.fences[i], fences.at[i], TIGHT);
    }
    assert_true((double)o.low_severe == counts.at[0]);
    assert_true((double)o.low_mild == counts.at[1]);
    assert_true((double)o.high_mild == counts.at[2]);
    assert_true((double)o.high_severe == counts.at[3]);
    /* Differences of nearly equal numbers: what is lost is absolute. */
    assert_within(o.variance_share, vectors_number(expected, "variance_share"), TIGHT);
    assert_within(o.mean_shift, vectors_number(expected, "mean_shift"), TIGHT);
    free(fences.at);
    free(counts.at);
}

static void test_outliers(void **state)
{
    (void)state;
    for_all_data(check_outliers, "outliers");
}

static void check_density(const struct numbers *sorted, const json_t *expected)
{
    struct curve curve;
    struct numbers density = vectors_numbers(expected, "density");
    density_of_samples(sorted->at, sorted->count, &curve);
    assert_near(curve.start, vectors_number(expected, "start"), TIGHT);
    assert_near(curve.step, vectors_number(expected, "step"), 1e-9);
    assert_true(density.count == CURVE_POINTS);
    double peak = 0;
    for (size_t i = 0; i < CURVE_POINTS; i++) {
        peak = fmax(peak, density.at[i]);
    }
    /* Six bandwidths away the kernel is 1.5e-8 of its middle and is left out. */
    for (size_t i = 0; i < CURVE_POINTS; i++) {
        assert_within(curve.density[i], density.at[i], 5e-8 * peak);
    }
    free(density.at);
}

static void test_density(void **state)
{
    (void)state;
    for_all_data(check_density, "density");
}

static void test_fit(void **state)
{
    (void)state;
    const char *name;
    json_t *fit;
    size_t checked = 0;
    json_object_foreach(json_object_get(vectors, "fits"), name, fit)
    {
        struct numbers x = vectors_numbers(fit, "x");
        struct numbers y = vectors_numbers(fit, "y");
        struct fit actual = stats_fit_through_origin(x.at, y.at, x.count);
        assert_near(actual.slope, vectors_number(fit, "slope"), TIGHT);
        assert_near(actual.r_squared, vectors_number(fit, "r_squared"), 1e-11);
        free(x.at);
        free(y.at);
        checked++;
    }
    assert_true(checked == 3);
}

static void test_fit_of_a_constant(void **state)
{
    (void)state;
    const double x[] = {2, 2, 2};
    const double y[] = {5, 5, 5};
    const double rising[] = {1, 2, 3};
    struct fit fit = stats_fit_through_origin(x, y, 3);
    assert_near(fit.slope, 2.5, TIGHT);
    assert_true(fit.r_squared == 1);
    fit = stats_fit_through_origin(rising, y, 3);
    assert_true(fit.r_squared == 0);
}

static void check_pairs(const char *key, double (*function)(double), double relative)
{
    const json_t *list = vectors_member(vectors_member(vectors, "normal"), key);
    size_t i;
    json_t *pair;
    json_array_foreach(list, i, pair)
    {
        double at = json_number_value(json_array_get(pair, 0));
        check_near(function(at), json_number_value(json_array_get(pair, 1)), relative, 1e-15, key,
                   __FILE__, __LINE__);
    }
    assert_true(i >= 15);
}

static void test_normal(void **state)
{
    (void)state;
    check_pairs("cdf", stats_normal_cdf, TIGHT);
    check_pairs("ppf", stats_normal_quantile, TIGHT);
}

static void test_normal_tail(void **state)
{
    (void)state;
    /* Below the absolute tolerance above: 37 standard deviations are 5.7e-300. */
    double tail = json_number_value(json_array_get(
        json_array_get(json_object_get(json_object_get(vectors, "normal"), "cdf"), 0), 1));
    assert_true(tail > 0 && tail < 1e-290);
    assert_near(stats_normal_cdf(-37), tail, 1e-11);
}

static void check_comparison(const json_t *expected)
{
    struct numbers in_order[2] = {vectors_numbers(expected, "old"),
                                  vectors_numbers(expected, "new")};
    struct numbers sorted[2] = {vectors_sorted(expected, "old"), vectors_sorted(expected, "new")};
    struct numbers lowmeans[2] = {vectors_numbers(expected, "old_lowmeans"),
                                  vectors_numbers(expected, "new_lowmeans")};
    struct compare_side old = {sorted[0].at, in_order[0].at, sorted[0].count};
    struct compare_side new_side = {sorted[1].at, in_order[1].at, sorted[1].count};
    struct compare_settings settings = {
        .confidence = vectors_number(expected, "confidence"),
        .significance = vectors_number(expected, "significance"),
        .noise_threshold = vectors_number(expected, "noise_threshold"),
        .reference_ratio = vectors_number(expected, "reference_ratio")};
    struct comparison c = compare_stored(&old, &new_side, lowmeans[0].at, lowmeans[1].at,
                                         lowmeans[0].count, &settings);
    assert_near(c.drift, vectors_number(expected, "drift"), TIGHT);
    assert_near(c.change.point, vectors_number(expected, "change"), TIGHT);
    assert_near(c.change.lower, vectors_number(expected, "lower"), 1e-11);
    assert_near(c.change.upper, vectors_number(expected, "upper"), 1e-11);
    assert_near(c.change.standard_error, vectors_number(expected, "standard_error"), TIGHT);
    assert_near(c.p_value, vectors_number(expected, "p_value"), 1e-10);
    assert_near(c.smallest_detectable_change,
                vectors_number(expected, "smallest_detectable_change"), 1e-11);
    for (size_t side = 0; side < 2; side++) {
        free(in_order[side].at);
        free(sorted[side].at);
        free(lowmeans[side].at);
    }
}

static void test_comparison(void **state)
{
    (void)state;
    const char *name;
    json_t *comparison;
    size_t checked = 0;
    json_object_foreach(json_object_get(vectors, "comparisons"), name, comparison)
    {
        print_message("comparison \"%s\"\n", name);
        check_comparison(comparison);
        checked++;
    }
    assert_true(checked == 9);
}

static int load(void **state)
{
    (void)state;
    vectors = vectors_load();
    return vectors == NULL ? -1 : 0;
}

static int unload(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_outliers),
        cmocka_unit_test(test_density),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_fit_of_a_constant),
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_normal_tail),
        cmocka_unit_test(test_comparison),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
