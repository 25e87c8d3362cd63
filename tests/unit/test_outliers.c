/* Tukey's classes at the fences, and the four effects at their limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/outliers.h"
#include "analysis/stats.h"
#include "near.h"

/* 0 .. 8: quartiles 2 and 6, so fences at -10, -4, 12 and 18. Two values are then put on or beside
 * them symmetrically far from the middle, which leaves the quartiles where they are. */
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
    assert_int_equal(o.effect, OUTLIERS_SLIGHT);
}

/* A hundred values around 1000 and one outlier, so far out that it moves their mean by this share.
 */
static struct outliers with_shift(double shift)
{
    enum { N = 101 };
    double values[N];
    double inside = 0;
    for (size_t i = 0; i + 1 < N; i++) {
        values[i] = 999.505 + (double)i * 0.01;
        inside += values[i] / (N - 1);
    }
    values[N - 1] = inside * (1 + shift * N);
    stats_sort(values, N);
    struct outliers o = outliers_classify(values, N);
    assert_int_equal(outliers_count(&o), 1);
    assert_near(o.mean_shift, shift, 1e-9);
    assert_true(o.variance_share > 0.9 && o.variance_share < 1);
    return o;
}

static void test_effects(void **state)
{
    (void)state;
    static const struct {
        double shift;
        enum outlier_effect effect;
    } cases[] = {
        {0.001, OUTLIERS_NONE},     {0.00999, OUTLIERS_NONE},     {0.01001, OUTLIERS_SLIGHT},
        {0.04999, OUTLIERS_SLIGHT}, {0.05001, OUTLIERS_MODERATE}, {0.19999, OUTLIERS_MODERATE},
        {0.20001, OUTLIERS_SEVERE}, {10, OUTLIERS_SEVERE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(with_shift(cases[i].shift).effect, cases[i].effect);
        assert_int_equal(with_shift(-cases[i].shift).effect, cases[i].effect);
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
        cmocka_unit_test(test_classes),      cmocka_unit_test(test_equal_values),
        cmocka_unit_test(test_one_apart),    cmocka_unit_test(test_effects),
        cmocka_unit_test(test_effect_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
