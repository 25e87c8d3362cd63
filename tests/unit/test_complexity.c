/* Growth curves: every figure against numpy's solver, and what is said when there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/complexity.h"
#include "near.h"
#include "vectors.h"

#define TIGHT 1e-9

static void check_fit(const struct complexity_fit *fit, const json_t *expected)
{
    assert_near(fit->coefficient_ns, vectors_number(expected, "coefficient"), TIGHT);
    assert_near(fit->lower_ns, vectors_number(expected, "lower"), TIGHT);
    assert_near(fit->upper_ns, vectors_number(expected, "upper"), TIGHT);
    assert_near(fit->standard_error_ns, vectors_number(expected, "standard_error"), TIGHT);
    assert_near(fit->rms, vectors_number(expected, "rms"), TIGHT);
}

static struct complexity fit_vector(const json_t *set)
{
    struct numbers n = vectors_numbers(set, "n");
    struct numbers times = vectors_numbers(set, "times");
    int64_t whole[64];
    for (size_t i = 0; i < n.count; i++) {
        whole[i] = (int64_t)n.at[i];
    }
    struct complexity c =
        complexity_fit(whole, times.at, n.count, vectors_number(set, "confidence"));
    free(n.at);
    free(times.at);
    return c;
}

static void test_against_numpy(void **state)
{
    (void)state;
    json_t *vectors = vectors_load();
    assert_non_null(vectors);
    size_t checked = 0;
    size_t close = 0;
    const char *name;
    json_t *set;
    json_object_foreach((json_t *)(uintptr_t)vectors_member(vectors, "growths"), name, set)
    {
        struct complexity c = fit_vector(set);
        const json_t *fits = vectors_member(set, "fits");
        for (size_t i = 0; i < COMPLEXITIES; i++) {
            check_fit(&c.fits[i], json_array_get(fits, i));
        }
        assert_int_equal(c.best, (int)vectors_number(set, "best"));
        assert_int_equal(c.next, (int)vectors_number(set, "next"));
        assert_true(c.close == (vectors_number(set, "close") > 0));
        close += c.close;
        checked++;
    }
    assert_true(checked >= 8 && close > 0 && close < checked);
    json_decref(vectors);
}

/* Each curve is found in its own values, over n from 1 on, with nothing left over. */
static void test_exact_curves(void **state)
{
    (void)state;
    static const int64_t n[] = {1, 3, 10, 33, 100, 1000, 1000000};
    for (int curve = COMPLEXITY_1; curve < COMPLEXITIES; curve++) {
        double times[7];
        for (size_t i = 0; i < 7; i++) {
            times[i] = 2.5 * complexity_value((enum complexity_curve)curve, (double)n[i]);
        }
        /* log 1 is 0, which is no time: that point is left out. */
        struct complexity c = complexity_fit(n, times, 7, 0.95);
        assert_int_equal(c.best, curve);
        assert_int_equal(c.distinct, times[0] > 0 ? 7 : 6);
        assert_near(c.fits[curve].coefficient_ns, 2.5, 1e-12);
        assert_true(c.fits[curve].rms < 1e-12 && !c.close);
        assert_true(c.fits[curve].lower_ns <= c.fits[curve].upper_ns);
    }
}

/* Only the small n differ from the line: with absolute residuals the largest would hide them. */
static void test_small_n_count(void **state)
{
    (void)state;
    static const int64_t n[] = {10, 100, 1000, 100000};
    static const double times[] = {20, 150, 1000, 100000};
    struct complexity c = complexity_fit(n, times, 4, 0.95);
    assert_true(c.fits[COMPLEXITY_N].rms > 0.2);
    assert_true(c.fits[COMPLEXITY_N].coefficient_ns < 1.3);
}

static void test_too_few(void **state)
{
    (void)state;
    static const int64_t n[] = {0, -5, 10, 10, 20, 30};
    static const double times[] = {1, 1, 10, 11, 20, 0};
    struct complexity none = {.distinct = 0};
    struct complexity c = complexity_fit(n, times, 0, 0.95);
    assert_memory_equal(&c, &none, sizeof c);
    c = complexity_fit(n, times, 6, 0.95);
    assert_int_equal(c.distinct, 2);
    assert_true(c.fits[COMPLEXITY_N].coefficient_ns == 0 && !c.close);
}

static void test_equally_good(void **state)
{
    (void)state;
    static const int64_t n[] = {7, 8, 9};
    static const double times[] = {129.64, 181.02, 243};
    struct complexity c = complexity_fit(n, times, 3, 0.95); /* n^2.5 */
    assert_true(c.close);
    assert_true(c.fits[c.best].rms <= c.fits[c.next].rms);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(complexity_name(COMPLEXITY_N_LOG_N), "n log n");
    assert_string_equal(complexity_formula(COMPLEXITY_N_LOG_N), "n log2 n");
    assert_string_equal(complexity_formula(COMPLEXITY_1), "");
    assert_string_equal(complexity_gbench_name(COMPLEXITY_LOG_N), "lgN");
    assert_string_equal(complexity_gbench_name(COMPLEXITY_N_CUBED), "N^3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_numpy), cmocka_unit_test(test_exact_curves),
        cmocka_unit_test(test_small_n_count), cmocka_unit_test(test_too_few),
        cmocka_unit_test(test_equally_good),  cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
