/* Families of a result: who belongs to which, what is fitted, and how it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "near.h"
#include "present/result_complexity.h"
#include "result_sample.h"

/* A benchmark "io/BENCH/n[REST]" whose low mean is about that many nanoseconds. */
static struct result_benchmark *add_point(struct result *r, const char *bench, int64_t n,
                                          const char *rest, double ns)
{
    struct str id = STR_EMPTY;
    struct result_benchmark *b = result_add(r);
    str_format(&id, "io/%s/%lld%s", bench, (long long)n, rest);
    b->id = str_detach(&id);
    b->bench = memory_text(bench);
    b->measured_utc = memory_text("2026-01-31T12:00:01Z");
    b->parameter_count = 1;
    b->parameters[0] = (struct result_parameter){.axis = memory_text("n"), .value = n};
    b->complexity = true;
    b->record = sample_record(ns);
    sample_analyse(r, b);
    return b;
}

static void add_family(struct result *r, const char *bench, const char *rest, double each_ns)
{
    for (int64_t n = 10; n <= 10000; n *= 10) {
        add_point(r, bench, n, rest, each_ns * (double)n);
    }
}

static void assert_line(const struct result_family *family, const char *expected)
{
    struct str text = STR_EMPTY;
    complexity_add_line(&text, family);
    assert_string_equal(str_text(&text), expected);
    str_release(&text);
}

static void test_families(void **state)
{
    (void)state;
    struct result r = sample_context();
    add_family(&r, "read", "/warm", 2);
    add_family(&r, "write", "", 8);
    add_family(&r, "read", "/cold", 4);
    sample_add_measured(&r, "plain", 12.5);
    complexity_find(&r, 0.95);
    assert_int_equal(r.family_count, 3);
    assert_string_equal(r.families[0].name, "read/warm");
    assert_string_equal(r.families[1].name, "write");
    assert_string_equal(r.families[2].name, "read/cold");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(r.families[i].count, 4);
        assert_int_equal(r.families[i].fit.distinct, 4);
        assert_int_equal(r.families[i].fit.best, COMPLEXITY_N);
        assert_true(r.families[i].fit.fits[COMPLEXITY_N].rms < 1e-9);
    }
    /* The low mean of sample_record(x) is within 4 % above x. */
    double cold = r.families[2].fit.fits[COMPLEXITY_N].coefficient_ns;
    assert_true(cold >= 4 && cold < 4.16);
    assert_near(r.families[1].fit.fits[COMPLEXITY_N].coefficient_ns, 2 * cold, 1e-6);
    complexity_find(&r, 0.95); /* anew, not besides */
    assert_int_equal(r.family_count, 3);
    result_release(&r);
}

static void test_points_that_do_not_count(void **state)
{
    (void)state;
    struct result r = sample_context();
    add_family(&r, "read", "", 2);
    add_point(&r, "read", 100000, "", 3)->below_resolution = true;
    struct result_benchmark *failed = add_point(&r, "read", 5, "", 3);
    failed->status = RESULT_FAILED;
    failed->reason = memory_text("wrong");
    free(failed->analysis);
    failed->analysis = NULL;
    add_point(&r, "read", 0, "", 3);
    complexity_find(&r, 0.95);
    assert_int_equal(r.family_count, 1);
    assert_int_equal(r.families[0].count, 7);
    assert_int_equal(r.families[0].fit.distinct, 4);
    assert_true(r.families[0].fit.fits[COMPLEXITY_N].rms < 1e-9);
    result_release(&r);
}

static void test_too_few_is_said(void **state)
{
    (void)state;
    struct result r = sample_context();
    add_point(&r, "read", 10, "", 3);
    complexity_find(&r, 0.95);
    assert_line(&r.families[0], "read: no curve is fitted: that takes 3 different values above 0, "
                                "and 1 was measured\n");
    struct str text = STR_EMPTY;
    result_write(&r, &text);
    assert_non_null(strstr(str_text(&text), "and 1 was measured\""));
    assert_null(strstr(str_text(&text), "\"fits\""));
    str_release(&text);
    result_release(&r);
}

static struct complexity made(double rms, double next_rms, bool close)
{
    struct complexity c = {
        .distinct = 5, .best = COMPLEXITY_N_LOG_N, .next = COMPLEXITY_N, .close = close};
    c.fits[COMPLEXITY_N_LOG_N] = (struct complexity_fit){.coefficient_ns = 12.3, .rms = rms};
    c.fits[COMPLEXITY_N] = (struct complexity_fit){.coefficient_ns = 12.3, .rms = next_rms};
    return c;
}

static void test_lines(void **state)
{
    (void)state;
    char name[] = "sort";
    struct result_family family = {.name = name, .fit = made(0.0312, 0.14, false)};
    assert_line(&family, "sort: O(n log n), 12.30 ns * n log2 n, RMS 3.1 %; next O(n), RMS 14 %\n");
    family.fit = made(0.03, 0.031, true);
    assert_line(&family, "sort: O(n log n), 12.30 ns * n log2 n, RMS 3.0 %; next O(n), RMS 3.1 %: "
                         "the two cannot be told apart\n");
    family.fit.best = COMPLEXITY_1;
    family.fit.fits[COMPLEXITY_1].coefficient_ns = 1500;
    assert_line(&family, "sort: O(1), 1.500 us, RMS 0.0 %; next O(n), RMS 3.1 %: "
                         "the two cannot be told apart\n");
}

/* A document that is read knows its families again. */
static void test_read_again(void **state)
{
    (void)state;
    struct result r = sample_context();
    add_family(&r, "read", "", 2);
    add_point(&r, "other", 1, "", 2)->complexity = false;
    complexity_find(&r, 0.95);
    struct str text = STR_EMPTY;
    result_write(&r, &text);
    for (size_t i = 0; i < r.count; i++) {
        r.benchmarks[i].complexity = false;
    }
    json_t *root = json_loads(str_text(&text), 0, NULL);
    json_t *list = json_object_get(root, "complexity");
    assert_int_equal(json_array_size(list), 1);
    complexity_read(list, &r);
    for (size_t i = 0; i < r.count; i++) {
        assert_true(r.benchmarks[i].complexity == (i < 4));
    }
    complexity_read(NULL, &r);
    json_decref(root);
    str_release(&text);
    result_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_families),        cmocka_unit_test(test_points_that_do_not_count),
        cmocka_unit_test(test_too_few_is_said), cmocka_unit_test(test_lines),
        cmocka_unit_test(test_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
