/* Student's t distribution against scipy, and where the answer is known in closed form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/student.h"
#include "near.h"
#include "vectors.h"

#define TIGHT 1e-12

static const double pi = 3.14159265358979323846;

static double spaced(double from, double factor, int step)
{
    return from * pow(factor, step);
}

typedef double function(double, double);

/* Every [argument, df, value] of a list. */
static void check_list(const char *key, function *f, size_t at_least)
{
    json_t *vectors = vectors_load();
    assert_non_null(vectors);
    size_t i;
    json_t *entry;
    json_array_foreach(vectors_member(vectors_member(vectors, "student"), key), i, entry)
    {
        double argument = json_number_value(json_array_get(entry, 0));
        double df = json_number_value(json_array_get(entry, 1));
        double expected = json_number_value(json_array_get(entry, 2));
        char what[64];
        snprintf(what, sizeof what, "%s(%.17g, %g)", key, argument, df);
        check_near(f(argument, df), expected, TIGHT, 0, what, __FILE__, __LINE__);
    }
    assert_true(i >= at_least);
    json_decref(vectors);
}

static void test_cdf(void **state)
{
    (void)state;
    check_list("cdf", student_cdf, 150);
}

static void test_quantile(void **state)
{
    (void)state;
    check_list("ppf", student_quantile, 150);
}

/* Cauchy: 1/2 + atan(t) / pi. Two degrees: 1/2 + t / (2 sqrt(2 + t^2)). Both tails written so that
 * they lose no digits. */
static void test_closed_forms(void **state)
{
    (void)state;
    for (int i = 0; i < 321; i++) {
        double t = spaced(1e-3, 3, i);
        assert_near(student_cdf(-t, 1), atan2(1, t) / pi, TIGHT);
        double root = sqrt(2 + t * t);
        assert_near(student_cdf(-t, 2), 1 / (root * (root + t)), TIGHT);
    }
    assert_near(student_cdf(-1e300, 1), 1e-300 / pi, TIGHT);
    for (int k = 0; k < 355; k++) {
        double p = spaced(1e-300, 7, k);
        assert_near(student_quantile(p, 1), -1 / tan(pi * p), TIGHT);
    }
}

/* With many degrees of freedom it is the normal distribution: Fisher's expansion has as its first
 * term (z^3 + z) / (4 df). */
static void test_approaches_the_normal(void **state)
{
    (void)state;
    static const double ps[] = {1e-9, 0.001, 0.025, 0.2, 0.45};
    for (size_t i = 0; i < sizeof ps / sizeof ps[0]; i++) {
        double z = stats_normal_quantile(ps[i]);
        double moved = z + (z * z * z + z) / 4e6;
        assert_near(student_quantile(ps[i], 1e6), moved, 1e-9);
        assert_near(student_quantile(ps[i], 1e15), z, 1e-12);
    }
}

static void test_symmetry(void **state)
{
    (void)state;
    static const double dfs[] = {0.5, 1, 2.5, 6, 30, 1e4};
    for (size_t i = 0; i < sizeof dfs / sizeof dfs[0]; i++) {
        assert_true(student_cdf(0, dfs[i]) == 0.5);
        assert_true(student_quantile(0.5, dfs[i]) == 0);
        for (int k = 0; k < 26; k++) {
            double t = spaced(1e-9, 5, k);
            assert_true(student_cdf(t, dfs[i]) == 1 - student_cdf(-t, dfs[i]));
        }
        for (int k = 0; k < 6; k++) {
            double p = spaced(0.0078125, 2, k);
            assert_true(student_quantile(1 - p, dfs[i]) == -student_quantile(p, dfs[i]));
        }
    }
}

/* Also across the place where the series hands over to the fraction, t^2 = 3 df / (df + 2). */
static void test_rises_without_a_step(void **state)
{
    (void)state;
    for (int i = 0; i < 17; i++) {
        double df = spaced(0.5, 2.7, i);
        double at = -sqrt(3 * df / (df + 2));
        double below = student_cdf(at * (1 + 1e-9), df);
        double above = student_cdf(at * (1 - 1e-9), df);
        assert_true(below < above);
        assert_near(below, above, 1e-8);
        double last = 0;
        for (int k = -64; k <= 64; k++) {
            double p = student_cdf(k / 8.0, df);
            assert_true(p > last);
            last = p;
        }
    }
}

static void test_quantile_undoes_cdf(void **state)
{
    (void)state;
    for (int i = 0; i < 19; i++) {
        double df = spaced(0.3, 3.3, i);
        for (int k = 0; k < 42; k++) {
            double p = spaced(1e-12, 1.9, k);
            assert_near(student_cdf(student_quantile(p, df), df), p, TIGHT);
        }
        for (int k = 0; k < 33; k++) {
            double off = spaced(1e-12, 2.3, k);
            double t = student_quantile(0.5 + off, df);
            assert_true(t > 0);
            assert_within(student_cdf(t, df), 0.5 + off, 1e-15);
        }
    }
}

static void test_edges(void **state)
{
    (void)state;
    assert_true(student_cdf(-INFINITY, 3) == 0 && student_cdf(INFINITY, 3) == 1);
    assert_true(student_cdf(-1e308, 30) == 0 && student_cdf(1e308, 30) == 1);
    assert_true(student_quantile(0, 3) == -INFINITY && student_quantile(1, 3) == INFINITY);
    static const double no_df[] = {0, -1, NAN, INFINITY};
    for (size_t i = 0; i < sizeof no_df / sizeof no_df[0]; i++) {
        assert_true(isnan(student_cdf(1, no_df[i])) && isnan(student_quantile(0.3, no_df[i])));
    }
    assert_true(isnan(student_cdf(NAN, 3)));
    static const double no_p[] = {-0.1, 1.1, NAN};
    for (size_t i = 0; i < sizeof no_p / sizeof no_p[0]; i++) {
        assert_true(isnan(student_quantile(no_p[i], 3)));
    }
    /* Beyond what a double holds: the largest stands for it. */
    assert_true(student_quantile(1e-300, 0.05) < -1e300);
    assert_true(student_cdf(-1e300, 0.05) > 1e-17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cdf),
        cmocka_unit_test(test_quantile),
        cmocka_unit_test(test_closed_forms),
        cmocka_unit_test(test_approaches_the_normal),
        cmocka_unit_test(test_symmetry),
        cmocka_unit_test(test_rises_without_a_step),
        cmocka_unit_test(test_quantile_undoes_cdf),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
