/* Intervals of quantiles: their ranks against scipy, and what they enclose against a simulation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/latency.h"
#include "base/rng.h"
#include "near.h"
#include "vectors.h"

static struct histogram h;

static int clear(void **state)
{
    (void)state;
    memset(&h, 0, sizeof h);
    return 0;
}

/* Where the binomial is summed the ranks are exact, above that within three of a million. */
static void test_ranks(void **state)
{
    (void)state;
    json_t *vectors = vectors_load();
    assert_non_null(vectors);
    size_t i;
    json_t *row;
    json_array_foreach(vectors_member(vectors, "latency_ranks"), i, row)
    {
        double expected[5];
        for (size_t k = 0; k < 5; k++) {
            expected[k] = json_number_value(json_array_get(row, k));
        }
        double n = expected[0];
        bool summed = n * expected[1] * (1 - expected[1]) <= 1e8;
        double lower;
        double upper;
        bool known = latency_ranks((uint64_t)n, expected[1], expected[2], &lower, &upper);
        assert_true(known == (expected[3] >= 1 && expected[4] <= n));
        assert_within(lower, expected[3], summed ? 0 : 3);
        assert_within(upper, expected[4], summed ? 0 : 3);
    }
    assert_true(i > 150);
    json_decref(vectors);
    double rank;
    assert_false(latency_ranks(0, 0.5, 0.95, &rank, &rank));
}

static double uniform(struct rng *rng)
{
    return ((double)(rng_next(rng) >> 11) + 0.5) * 0x1p-53;
}

/* 2,000 sets of 5,000 Pareto values: the true quantile lies inside in about the promised part of
 * them (a binomial of 0.95 has a standard deviation of 0.005), and never in fewer but by chance. */
static void test_coverage(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 5);
    size_t inside[LATENCY_QUANTILES] = {0};
    for (size_t set = 0; set < 2000; set++) {
        memset(&h, 0, sizeof h);
        for (size_t i = 0; i < 5000; i++) {
            histogram_add(&h, (uint64_t)(1000 * pow(uniform(&rng), -0.8)));
        }
        struct latency_interval intervals[LATENCY_QUANTILES];
        latency_intervals(&h, 0.95, intervals);
        for (size_t k = 0; k < LATENCY_QUANTILES; k++) {
            double truth = 1000 * pow(1 - latency_quantiles[k].q, -0.8);
            assert_true(intervals[k].known);
            inside[k] += intervals[k].lower_ns <= truth && truth <= intervals[k].upper_ns + 1;
        }
    }
    for (size_t k = 0; k < LATENCY_QUANTILES; k++) {
        assert_in_range(inside[k], 1880, 1990);
    }
}

static void test_they_enclose_the_quantile(void **state)
{
    (void)state;
    for (uint64_t v = 1; v <= 100000; v++) {
        histogram_add(&h, v * 17);
    }
    struct latency_interval intervals[LATENCY_QUANTILES];
    latency_intervals(&h, 0.99, intervals);
    for (size_t k = 0; k < LATENCY_QUANTILES; k++) {
        double quantile = histogram_quantile(&h, latency_quantiles[k].q);
        assert_true(intervals[k].known);
        assert_true(intervals[k].lower_ns < quantile && quantile < intervals[k].upper_ns);
        assert_true(intervals[k].upper_ns <= (double)h.max);
    }
    /* 50,000 +- 2.576 * 158.1 in values of 17, and at most a bucket of 512 more. */
    assert_within(intervals[0].lower_ns, 17 * (50000 - 407), 512 + 17);
    assert_within(intervals[0].upper_ns, 17 * (50000 + 408), 512 + 17);
}

/* p99.9 of 1,000 values is the largest but one: what lies above it is not known. */
static void test_too_few(void **state)
{
    (void)state;
    for (uint64_t v = 1; v <= 1000; v++) {
        histogram_add(&h, v);
    }
    struct latency_interval intervals[LATENCY_QUANTILES];
    latency_intervals(&h, 0.95, intervals);
    assert_true(intervals[0].known && intervals[1].known && intervals[2].known);
    assert_false(intervals[3].known);
    clear(NULL);
    histogram_add(&h, 5);
    latency_intervals(&h, 0.95, intervals);
    assert_false(intervals[0].known);
    clear(NULL);
    latency_intervals(&h, 0.95, intervals);
    assert_false(intervals[0].known);
}

/* A bound that fell beyond the histogram's end would be too low. */
static void test_overflow(void **state)
{
    (void)state;
    for (uint64_t v = 1; v <= 10000; v++) {
        histogram_add(&h, v <= 9900 ? 1000 : HISTOGRAM_VALUE_MAX + v);
    }
    struct latency_interval intervals[LATENCY_QUANTILES];
    latency_intervals(&h, 0.95, intervals);
    assert_true(intervals[1].known);
    assert_false(intervals[2].known);
    assert_false(intervals[3].known);
}

static void test_constant(void **state)
{
    (void)state;
    for (size_t i = 0; i < 100000; i++) {
        histogram_add(&h, 123457);
    }
    struct latency_interval intervals[LATENCY_QUANTILES];
    latency_intervals(&h, 0.95, intervals);
    for (size_t k = 0; k < LATENCY_QUANTILES; k++) {
        assert_true(intervals[k].known);
        assert_true(intervals[k].lower_ns == 123457 && intervals[k].upper_ns == 123457);
    }
}

#define CLEARED(test) cmocka_unit_test_setup(test, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks),
        CLEARED(test_coverage),
        CLEARED(test_they_enclose_the_quantile),
        CLEARED(test_too_few),
        CLEARED(test_overflow),
        CLEARED(test_constant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
