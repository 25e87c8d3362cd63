/* Tukey's classes at the fences, and the four effects at their limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/outliers.h"
#include "analysis/stats.h"
#include "near.h"

/* 0 .. 8: quartiles 2 and 6, so fences at -10, -4, 12 and 18. Two values are then put on or beside them
 * symmetrically far from the middle, which leaves the quartiles where they are. */
static struct outliers with_ends(double low, double high)
{
    double values[] = {low, 1, 2, 3, 4, 5, 6, 7, high};
    return outliers_classify(values, sizeof values / sizeof values[0]);
}

static void assert_counts(struct outliers o, size_t low_severe, size_t low_mild, size_t high_mild,
                          size_t high_severe)
{
    assert_int_equal(o.low_severe, low_severe);
    assert_int_equal(o.low_mild, low_mild);
    assert_int_equal(o.high_mild, high_mild);
    assert_int_equal(o.high_severe, high_severe);
    assert_int_equal(outliers_count(&o), low_severe + low_mild + high_mild + high_severe);
}

static void test_classes(void **state)
{
    (void)state;
    struct outliers o = with_ends(0, 8);
    const double fences[] = {-10, -4, 12, 18};
    assert_memory_equal(o.fences, fences, sizeof fences);
    assert_counts(o, 0, 0, 0, 0);
    assert_counts(with_ends(-4, 12), 0, 0, 0, 0); /* on the inner fences: inside */
    assert_counts(with_ends(-4.001, 12.001), 0, 1, 1, 0);
    assert_counts(with_ends(-10, 18), 0, 1, 1, 0); /* on the outer ones: mild */
    assert_counts(with_ends(-10.001, 18.001), 1, 0, 0, 1);
    assert_counts(with_ends(0, 1e12), 0, 0, 0, 1);
}

static void test_equal_values(void **state)
{
    (void)state;
    const double values[] = {5, 5, 5, 5, 5, 5, 5, 5};
    struct outliers o = outliers_classify(values, 8);
    assert_counts(o, 0, 0, 0, 0);
    assert_true(o.variance_share == 0 && o.mean_shift == 0);
    assert_int_equal(o.effect, OUTLIERS_NONE);
    const double two[] = {1, 9};
    assert_counts(outliers_classify(two, 2), 0, 0, 0, 0);
}

/* All but one equal: the fences fall together and the one is severe. */
static void test_one_apart(void **state)
{
    (void)state;
    const double values[] = {5, 5, 5, 5, 5, 5, 5, 6};
    struct outliers o = outliers_classify(values, 8);
    assert_counts(o, 0, 0, 0, 1);
    assert_true(o.variance_share == 1);
    assert_near(o.mean_shift, 5.125 / 5 - 1, 1e-14);
    assert_int_equal(o.effect, OUTLIERS_SEVERE);
}

/* 1999 values of an even spread and one outlier, placed so far out that it makes this share of the variance. */
static struct outliers with_share(double share)
{
    enum { N = 2000 };
    static double values[N];
    for (size_t i = 0; i + 1 < N; i++) {
        values[i] = (double)i * 0.0005;
    }
    double inside = stats_variance(values, N - 1, stats_mean(values, N - 1));
    double mean = stats_mean(values, N - 1);
    /* Sum of squares with the outlier at mean + d: (N-2) inside + d^2 (N-1)/N = (N-1) inside / (1 - share). */
    double squares = (N - 1) * inside / (1 - share) - (N - 2) * inside;
    values[N - 1] = mean + sqrt(squares * N / (N - 1));
    return outliers_classify(values, N);
}

static void test_effects(void **state)
{
    (void)state;
    static const struct {
        double share;
        enum outlier_effect effect;
    } cases[] = {
        {0.0099, OUTLIERS_NONE},    {0.0101, OUTLIERS_SLIGHT},  {0.0999, OUTLIERS_SLIGHT}, {0.1001, OUTLIERS_MODERATE},
        {0.4999, OUTLIERS_MODERATE}, {0.5001, OUTLIERS_SEVERE}, {0.9, OUTLIERS_SEVERE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outliers o = with_share(cases[i].share);
        assert_int_equal(o.high_mild + o.high_severe, 1);
        assert_near(o.variance_share, cases[i].share, 1e-9);
        assert_int_equal(o.effect, cases[i].effect);
        assert_true(o.mean_shift > 0);
    }
}

static void test_effect_names(void **state)
{
    (void)state;
    assert_string_equal(outliers_effect_name(OUTLIERS_NONE), "none");
    assert_string_equal(outliers_effect_name(OUTLIERS_SLIGHT), "slight");
    assert_string_equal(outliers_effect_name(OUTLIERS_MODERATE), "moderate");
    assert_string_equal(outliers_effect_name(OUTLIERS_SEVERE), "severe");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),   cmocka_unit_test(test_equal_values),
        cmocka_unit_test(test_one_apart), cmocka_unit_test(test_effects),
        cmocka_unit_test(test_effect_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
