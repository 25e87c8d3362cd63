/* The bootstrap against its exact distribution where that is known, and against an independent
 * simulation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/resample.h"
#include "near.h"
#include "vectors.h"

#define RESAMPLES 100000

static const json_t *expected; /* the "bootstrap" part of the vectors */
static json_t *vectors;

/* One bootstrap of the data of the vectors, shared by the tests. */
static struct {
    size_t count;
    struct numbers value;
    struct numbers iterations;
    double *time;
    double *out[STATISTICS];
    double *scratch;
} boot;

struct drawn {
    double value;
    double iterations;
};

static int by_value(const void *a, const void *b)
{
    const struct drawn *x = a;
    const struct drawn *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* The file has the samples in the order taken; resample() wants them by value. */
static void sort_samples(void)
{
    struct drawn *all = calloc(boot.count, sizeof *all);
    assert_non_null(all);
    for (size_t i = 0; i < boot.count; i++) {
        all[i] = (struct drawn){boot.value.at[i], boot.iterations.at[i]};
    }
    qsort(all, boot.count, sizeof *all, by_value);
    for (size_t i = 0; i < boot.count; i++) {
        boot.value.at[i] = all[i].value;
        boot.iterations.at[i] = all[i].iterations;
        boot.time[i] = all[i].value * all[i].iterations;
    }
    free(all);
}

static int set_up(void **state)
{
    (void)state;
    vectors = vectors_load();
    expected = json_object_get(vectors, "bootstrap");
    if (expected == NULL) {
        return -1;
    }
    boot.value = vectors_numbers(expected, "values");
    boot.iterations = vectors_numbers(expected, "iterations");
    boot.count = boot.value.count;
    boot.time = calloc(boot.count, sizeof *boot.time);
    boot.scratch = calloc(RESAMPLES, sizeof *boot.scratch);
    assert_true(boot.time != NULL && boot.scratch != NULL);
    sort_samples();
    for (size_t s = 0; s < STATISTICS; s++) {
        boot.out[s] = calloc(RESAMPLES, sizeof *boot.out[s]);
        assert_non_null(boot.out[s]);
    }
    struct resample_data data = {boot.count, boot.value.at, boot.iterations.at, boot.time};
    struct rng rng;
    rng_seed(&rng, 20260131);
    resample(&data, &rng, RESAMPLES, boot.out);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t s = 0; s < STATISTICS; s++) {
        free(boot.out[s]);
    }
    free(boot.value.at);
    free(boot.iterations.at);
    free(boot.time);
    free(boot.scratch);
    json_decref(vectors);
    return 0;
}

static struct estimate summary(enum statistic s, double point, double confidence)
{
    return resample_summary(boot.out[s], RESAMPLES, point, confidence, boot.scratch, NULL);
}

/* A mean over the resamples misses its expectation by standard_error / sqrt(RESAMPLES); five of
 * those happen once in two million seeds. */
static double five_errors(double standard_error)
{
    return 5 * standard_error / sqrt(RESAMPLES);
}

/* The relative error of a standard deviation over B near-normal draws is 1 / sqrt(2B): 0.22 %. */
#define SE_TOLERANCE 0.015

static void test_mean(void **state)
{
    (void)state;
    double error = vectors_number(expected, "mean_standard_error");
    double mean = stats_mean(boot.value.at, boot.count);
    struct estimate e = summary(STATISTIC_MEAN, mean, 0.95);
    assert_near(e.standard_error, error, SE_TOLERANCE);
    assert_within(stats_mean(boot.out[STATISTIC_MEAN], RESAMPLES), mean, five_errors(error));
}

static void test_variance(void **state)
{
    (void)state;
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < RESAMPLES; i++) {
        double variance = boot.out[STATISTIC_STD_DEV][i] * boot.out[STATISTIC_STD_DEV][i];
        sum += variance;
        squares += variance * variance;
    }
    double mean = sum / RESAMPLES;
    double sd = sqrt(squares / RESAMPLES - mean * mean);
    assert_within(mean, vectors_number(expected, "expected_variance"), five_errors(sd));
}

static void test_lowmean(void **state)
{
    (void)state;
    struct estimate e = summary(STATISTIC_LOWMEAN, 0, 0.95);
    assert_within(stats_mean(boot.out[STATISTIC_LOWMEAN], RESAMPLES),
                  vectors_number(expected, "expected_lowmean"), five_errors(e.standard_error));
}

/* With an odd count the resample's median is one of the values, each with a binomial probability.
 * This also tells whether every sample is drawn equally often. */
static void test_median_distribution(void **state)
{
    (void)state;
    struct numbers probability = vectors_numbers(expected, "median_probabilities");
    assert_true(probability.count == boot.count && boot.count % 2 == 1);
    size_t seen = 0;
    for (size_t k = 0; k < boot.count; k++) {
        size_t hits = 0;
        for (size_t i = 0; i < RESAMPLES; i++) {
            hits += boot.out[STATISTIC_MEDIAN][i] == boot.value.at[k];
        }
        double p = probability.at[k];
        double error = sqrt(p * (1 - p) / RESAMPLES);
        assert_within((double)hits / RESAMPLES, p, 5 * error + 2.0 / RESAMPLES);
        seen += hits;
    }
    assert_true(seen == RESAMPLES);
    free(probability.at);
}

static void test_median_interval(void **state)
{
    (void)state;
    struct numbers ends = vectors_numbers(expected, "median_interval");
    struct estimate e = summary(STATISTIC_MEDIAN, 20, 0.95);
    assert_true(e.lower == ends.at[0]);
    assert_true(e.upper == ends.at[1]);
    assert_true(e.point == 20);
    assert_near(e.standard_error, vectors_number(expected, "median_standard_error"), SE_TOLERANCE);
    free(ends.at);
}

/* Both sides are simulated, with 100,000 and 200,000 resamples. The standard error of a 2.5 %
 * quantile of a normal distribution is 2.67 SD / sqrt(B): 0.01 SD for both together; five of them.
 */
static void check_simulated(enum statistic s, const char *name)
{
    const json_t *other = vectors_member(vectors_member(expected, "simulated"), name);
    double sd = vectors_number(other, "standard_error");
    struct estimate e = summary(s, 0, 0.95);
    assert_near(e.standard_error, sd, SE_TOLERANCE);
    assert_within(stats_mean(boot.out[s], RESAMPLES), vectors_number(other, "mean"),
                  2 * five_errors(sd));
    assert_within(e.lower, vectors_number(other, "lower"), 0.05 * sd);
    assert_within(e.upper, vectors_number(other, "upper"), 0.05 * sd);
}

static void test_against_simulation(void **state)
{
    (void)state;
    check_simulated(STATISTIC_LOWMEAN, "lowmean");
    check_simulated(STATISTIC_SLOPE, "slope");
    check_simulated(STATISTIC_MAD, "mad");
}

/* resample_summary's selection against a plain sort, on continuous, tied and lopsided values. */
static void check_quantiles(double *values, size_t count)
{
    static const double confidences[] = {0.5, 0.8, 0.95, 0.99, 0.9999};
    double *sorted = calloc(count, sizeof *sorted);
    double *scratch = calloc(count, sizeof *scratch);
    assert_true(sorted != NULL && scratch != NULL);
    memcpy(sorted, values, count * sizeof *sorted);
    stats_sort(sorted, count);
    for (size_t i = 0; i < 5; i++) {
        double confidence = confidences[i];
        struct estimate e = resample_summary(values, count, 0, confidence, scratch, NULL);
        assert_near(e.lower, stats_quantile(sorted, count, (1 - confidence) / 2), 1e-13);
        assert_near(e.upper, stats_quantile(sorted, count, (1 + confidence) / 2), 1e-13);
    }
    free(sorted);
    free(scratch);
}

static void test_quantiles_of_many(void **state)
{
    (void)state;
    static double values[20000];
    struct rng rng;
    rng_seed(&rng, 5);
    const size_t counts[] = {100, 101, 257, 5000, 20000};
    for (size_t c = 0; c < 5; c++) {
        for (size_t i = 0; i < counts[c]; i++) {
            values[i] = 1 + (double)rng_below(&rng, UINT64_C(1) << 40);
        }
        check_quantiles(values, counts[c]);
        values[0] = 1e25; /* one bucket for all the others, again and again */
        check_quantiles(values, counts[c]);
        for (size_t i = 0; i < counts[c]; i++) {
            values[i] = (double)(1 + rng_below(&rng, 3));
        }
        check_quantiles(values, counts[c]);
    }
    for (size_t i = 0; i < 5000; i++) {
        values[i] = 7.5;
    }
    check_quantiles(values, 5000);
}

static double normal(struct rng *rng)
{
    double u = ((double)(rng_next(rng) >> 11) + 0.5) * 0x1p-53;
    return stats_normal_quantile(u);
}

/* Intervals of 300 normal samples: the percentile bootstrap of 50 values covers 94 % or so of the
 * time, and 300 tries spread by 1.4 %. */
static void test_coverage_of_the_mean(void **state)
{
    (void)state;
    enum { SETS = 300, N = 50, B = 2000 };
    static double means[B];
    static double scratch[B];
    struct rng rng;
    rng_seed(&rng, 300);
    int covered = 0;
    int above = 0;
    for (int set = 0; set < SETS; set++) {
        double value[N];
        for (size_t i = 0; i < N; i++) {
            value[i] = 100 + 5 * normal(&rng);
        }
        stats_sort(value, N);
        struct resample_data data = {.count = N, .value = value};
        double *out[STATISTICS] = {[STATISTIC_MEAN] = means};
        resample(&data, &rng, B, out);
        struct estimate e = resample_summary(means, B, 0, 0.95, scratch, NULL);
        covered += e.lower <= 100 && 100 <= e.upper;
        above += e.lower > 100;
    }
    assert_in_range(covered, SETS * 90 / 100, SETS * 98 / 100);
    /* The misses lie on both sides. */
    assert_in_range(above, 1, SETS - covered - 1);
}

/* The smallest and the largest sample counts that are allowed, and all values equal. */
static void test_extreme_counts(void **state)
{
    (void)state;
    enum { B = 200 };
    static double value[RESAMPLE_COUNT_MAX];
    static double values[STATISTICS][B];
    double *out[STATISTICS];
    struct rng rng;
    rng_seed(&rng, 1);
    for (size_t s = 0; s < STATISTICS; s++) {
        out[s] = s == STATISTIC_SLOPE ? NULL : values[s];
    }
    for (size_t i = 0; i < RESAMPLE_COUNT_MAX; i++) {
        value[i] = 3.5;
    }
    for (size_t n = 2; n <= RESAMPLE_COUNT_MAX; n = n < 12 ? n + 1 : n * 10 - n * 10 % 100 + 100) {
        struct resample_data data = {.count = n, .value = value};
        resample(&data, &rng, B, out);
        for (size_t i = 0; i < B; i++) {
            assert_near(values[STATISTIC_LOWMEAN][i], 3.5, 1e-14);
            assert_near(values[STATISTIC_MEAN][i], 3.5, 1e-14);
            assert_true(values[STATISTIC_MEDIAN][i] == 3.5);
            assert_true(values[STATISTIC_MAD][i] == 0 && values[STATISTIC_STD_DEV][i] == 0);
        }
    }
    struct resample_data data = {.count = RESAMPLE_COUNT_MAX, .value = value};
    for (size_t i = 0; i < RESAMPLE_COUNT_MAX; i++) {
        value[i] = (double)i;
    }
    resample(&data, &rng, B, out);
    /* The mean of 0 .. 9999 is 4999.5, its standard error 28.9; the median's is 50. */
    assert_within(stats_mean(values[STATISTIC_MEAN], B), 4999.5, 5 * 28.9 / sqrt(B));
    assert_within(stats_mean(values[STATISTIC_MEDIAN], B), 4999.5, 5 * 50 / sqrt(B));
}

/* The curve over the resamples has the area 1 and its middle where the values are. */
static void test_curve_of_the_resamples(void **state)
{
    (void)state;
    struct curve curve;
    double mean = stats_mean(boot.value.at, boot.count);
    resample_summary(boot.out[STATISTIC_MEAN], RESAMPLES, mean, 0.95, boot.scratch, &curve);
    double area = 0;
    double moment = 0;
    for (size_t i = 0; i < CURVE_POINTS; i++) {
        area += curve.density[i] * curve.step;
        moment += curve.density[i] * curve.step * (curve.start + (double)i * curve.step);
    }
    assert_near(area, 1, 0.01);
    assert_near(moment / area, stats_mean(boot.out[STATISTIC_MEAN], RESAMPLES), 1e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean),
        cmocka_unit_test(test_variance),
        cmocka_unit_test(test_lowmean),
        cmocka_unit_test(test_median_distribution),
        cmocka_unit_test(test_median_interval),
        cmocka_unit_test(test_against_simulation),
        cmocka_unit_test(test_quantiles_of_many),
        cmocka_unit_test(test_coverage_of_the_mean),
        cmocka_unit_test(test_extreme_counts),
        cmocka_unit_test(test_curve_of_the_resamples),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
