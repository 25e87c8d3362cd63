#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/stats.h"
#include "base/rng.h"
#include "measure/histogram.h"
#include "near.h"

#define COUNT 20000

static struct histogram one;
static struct histogram two;
static struct histogram both;

static int clear(void **state)
{
    (void)state;
    memset(&one, 0, sizeof one);
    memset(&two, 0, sizeof two);
    memset(&both, 0, sizeof both);
    return 0;
}

/* Latencies over seven powers of ten with a long tail. */
static uint64_t skewed(struct rng *rng)
{
    double u = ((double)(rng_next(rng) >> 11) + 0.5) * 0x1p-53;
    return (uint64_t)exp(6 + 2 * stats_normal_quantile(u));
}

static void test_buckets(void **state)
{
    (void)state;
    /* Every value below 2048 has a bucket of its own. */
    for (uint64_t v = 0; v < 2048; v++) {
        assert_int_equal(histogram_index(v), v);
    }
    assert_int_equal(histogram_index(2048), 2048);
    assert_int_equal(histogram_index(2049), 2048);
    assert_int_equal(histogram_index(2050), 2049);
    assert_int_equal(histogram_index(4095), 3071);
    assert_int_equal(histogram_index(4096), 3072);
    assert_int_equal(histogram_index(HISTOGRAM_VALUE_MAX), HISTOGRAM_BUCKETS - 1);
    size_t before = 0;
    for (uint64_t v = 1; v <= HISTOGRAM_VALUE_MAX; v += 1 + v / 4096) {
        size_t index = histogram_index(v);
        assert_true(index == before || index == before + 1);
        before = index;
    }
}

/* The middle of a value's bucket, which the quantile tells, is at most 0.05 % away from it. */
static void test_one_value(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,
                                      1,
                                      2047,
                                      2048,
                                      2049,
                                      4095,
                                      4096,
                                      1000003,
                                      (UINT64_C(1) << 33) + 1,
                                      HISTOGRAM_VALUE_MAX - 1,
                                      HISTOGRAM_VALUE_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        clear(NULL);
        histogram_add(&one, values[i]);
        struct latency_summary s = histogram_summary(&one);
        double value = (double)values[i];
        assert_true(s.count == 1 && s.overflow == 0);
        assert_true(s.min_ns == value && s.max_ns == value && s.mean_ns == value);
        /* Within [min, max], so exact. */
        assert_true(s.p50_ns == value && s.p99_9_ns == value);
        histogram_add(&one, 0);
        histogram_add(&one, HISTOGRAM_VALUE_MAX);
        assert_near(histogram_quantile(&one, 0.5), value, 0.0005);
    }
}

static void test_above_the_range(void **state)
{
    (void)state;
    histogram_add(&one, HISTOGRAM_VALUE_MAX + 1);
    histogram_add(&one, UINT64_MAX);
    histogram_add(&one, 5);
    struct latency_summary s = histogram_summary(&one);
    assert_true(s.count == 3 && s.overflow == 2);
    assert_true(s.max_ns == (double)UINT64_MAX && s.min_ns == 5);
    assert_true(one.buckets[HISTOGRAM_BUCKETS - 1] == 2);
    assert_true(s.p99_ns >= (double)HISTOGRAM_VALUE_MAX * 0.9995);
}

static void test_empty(void **state)
{
    (void)state;
    assert_true(histogram_quantile(&one, 0.5) == 0);
    struct latency_summary s = histogram_summary(&one);
    struct latency_summary zero = {0};
    assert_memory_equal(&s, &zero, sizeof s);
}

static void test_merged_is_recorded_together(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 11);
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t value = i == 77 ? UINT64_C(1) << 40 : skewed(&rng);
        histogram_add(i % 3 == 0 ? &one : &two, value);
        histogram_add(&both, value);
    }
    histogram_merge(&one, &two);
    assert_memory_equal(one.buckets, both.buckets, sizeof one.buckets);
    assert_true(one.count == both.count && one.overflow == 1 && both.overflow == 1);
    assert_true(one.min == both.min && one.max == both.max);
    assert_near(one.sum, both.sum, 1e-12);
}

static void test_merge_with_nothing(void **state)
{
    (void)state;
    histogram_add(&one, 900);
    histogram_merge(&one, &two); /* from an empty one */
    assert_true(one.count == 1 && one.min == 900);
    histogram_merge(&both, &one); /* into an empty one */
    assert_true(both.count == 1 && both.min == 900 && both.max == 900);
    assert_true(both.buckets[900] == 1);
}

static double uniform(struct rng *rng)
{
    return ((double)(rng_next(rng) >> 11) + 0.5) * 0x1p-53;
}

/* No mean: a few values hold most of the sum. Some lie beyond the histogram's end. */
static uint64_t pareto(struct rng *rng)
{
    return (uint64_t)(20 * pow(uniform(rng), -2.3));
}

/* Fast or, one time in fifty, ten thousand times as slow. */
static uint64_t bimodal(struct rng *rng)
{
    double middle = rng_below(rng, 50) == 0 ? 3e6 : 300;
    return (uint64_t)(middle * (1 + 0.1 * uniform(rng)));
}

static uint64_t constant(struct rng *rng)
{
    (void)rng;
    return 1048577;
}

static uint64_t mostly_zero(struct rng *rng)
{
    return rng_below(rng, 10) == 0 ? 5000 : 0;
}

static void check_against_a_sort(uint64_t (*draw)(struct rng *), size_t count, uint64_t seed)
{
    static const double qs[] = {1e-9, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1};
    static double values[COUNT];
    struct rng rng;
    rng_seed(&rng, seed);
    clear(NULL);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t value = draw(&rng);
        histogram_add(&one, value);
        values[i] = (double)value;
        sum += values[i];
    }
    stats_sort(values, count);
    for (size_t i = 0; i < sizeof qs / sizeof qs[0]; i++) {
        size_t rank = (size_t)ceil(qs[i] * (double)count);
        /* What the histogram cannot hold is told as its last bucket. */
        double expected = fmin(values[rank - 1], (double)HISTOGRAM_VALUE_MAX);
        assert_near(histogram_quantile(&one, qs[i]), expected, 0.0005);
    }
    struct latency_summary s = histogram_summary(&one);
    assert_near(s.mean_ns, sum / (double)count, 1e-12);
    assert_true(s.min_ns == values[0] && s.max_ns == values[count - 1] && s.count == count);
    size_t beyond = 0;
    for (size_t i = 0; i < count; i++) {
        beyond += values[i] > (double)HISTOGRAM_VALUE_MAX;
    }
    assert_int_equal(s.overflow, beyond);
}

static void test_quantiles_against_a_sort(void **state)
{
    (void)state;
    static uint64_t (*const shapes[])(struct rng *) = {skewed, pareto, bimodal, constant,
                                                       mostly_zero};
    static const size_t counts[] = {1, 2, 3, 9, 10, 11, 100, 999, 1001, COUNT};
    for (size_t shape = 0; shape < sizeof shapes / sizeof shapes[0]; shape++) {
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            check_against_a_sort(shapes[shape], counts[i], 12 + i);
        }
    }
    check_against_a_sort(pareto, COUNT, 5);
    assert_true(one.overflow > 0 && one.max > 1000 * one.min);
}

/* Low and width are the inverse of histogram_index, and the middle is within the promised error of
 * every value of the bucket. */
static void test_bucket_edges(void **state)
{
    (void)state;
    uint64_t next = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t low = histogram_bucket_low(i);
        uint64_t high = low + histogram_bucket_width(i) - 1;
        assert_true(low == next);
        assert_int_equal(histogram_index(low), i);
        assert_int_equal(histogram_index(high), i);
        assert_true((double)(high - low) / 2 <= 0.0005 * (double)low);
        next = high + 1;
    }
    assert_true(next == HISTOGRAM_VALUE_MAX + 1);
}

static void test_bucket_at(void **state)
{
    (void)state;
    assert_int_equal(histogram_bucket_at(&one, 1), 0);
    histogram_add(&one, 7);
    histogram_add(&one, 7);
    histogram_add(&one, 9);
    assert_int_equal(histogram_bucket_at(&one, 1), 7);
    assert_int_equal(histogram_bucket_at(&one, 2), 7);
    assert_int_equal(histogram_bucket_at(&one, 3), 9);
    assert_int_equal(histogram_bucket_at(&one, 4), 9);
}

/* Ranks of whole counts must not be lifted by rounding: the 90 % of 10 values is the ninth. */
static void test_exact_ranks(void **state)
{
    (void)state;
    for (uint64_t v = 1; v <= 1000; v++) {
        histogram_add(&one, v);
        if (v % 10 == 0) {
            assert_true(histogram_quantile(&one, 0.9) == (double)(v / 10 * 9));
            assert_true(histogram_quantile(&one, 0.5) == (double)(v / 2));
        }
    }
    struct latency_summary s = histogram_summary(&one);
    assert_true(s.p50_ns == 500 && s.p90_ns == 900 && s.p99_ns == 990 && s.p99_9_ns == 999);
    assert_true(s.mean_ns == 500.5 && s.max_ns == 1000 && s.min_ns == 1);
}

#define CLEARED(test) cmocka_unit_test_setup(test, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEARED(test_buckets),
        CLEARED(test_one_value),
        CLEARED(test_above_the_range),
        CLEARED(test_empty),
        CLEARED(test_merged_is_recorded_together),
        CLEARED(test_merge_with_nothing),
        CLEARED(test_quantiles_against_a_sort),
        CLEARED(test_exact_ranks),
        CLEARED(test_bucket_edges),
        CLEARED(test_bucket_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
