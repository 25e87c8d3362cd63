/* Speed-up, efficiency and fairness: against numpy's and scipy's values, and at their edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/scaling.h"
#include "near.h"
#include "vectors.h"

static json_t *vectors;

static const struct analysis_settings settings = {
    .resamples = 20000, .compare = {.confidence = 0.95}, .seed = 3, .stream = "scaling"};

static struct estimate estimate_of(const json_t *object, const char *key)
{
    struct numbers n = vectors_numbers(object, key);
    assert_int_equal(n.count, 4);
    struct estimate e = {n.at[0], n.at[1], n.at[2], n.at[3]};
    free(n.at);
    return e;
}

static void assert_estimate(const struct estimate *actual, const struct estimate *expected)
{
    assert_near(actual->point, expected->point, 1e-12);
    assert_near(actual->lower, expected->lower, 1e-12);
    assert_near(actual->upper, expected->upper, 1e-12);
    assert_near(actual->standard_error, expected->standard_error, 1e-12);
}

static void test_ratios(void **state)
{
    (void)state;
    size_t i;
    json_t *entry;
    json_array_foreach(vectors_member(vectors_member(vectors, "scaling"), "ratios"), i, entry)
    {
        struct estimate a = estimate_of(entry, "a");
        struct estimate b = estimate_of(entry, "b");
        struct estimate expected = estimate_of(entry, "ratio");
        struct estimate ratio = scaling_ratio(&a, &b);
        assert_estimate(&ratio, &expected);
    }
    assert_true(i == 4);
}

/* A percentile interval need not hold its point. */
static void test_bound_on_the_wrong_side(void **state)
{
    (void)state;
    struct estimate a = {10, 10.5, 12, 0.5};
    struct estimate one = {1, 1, 1, 0};
    struct estimate ratio = scaling_ratio(&a, &one);
    assert_near(ratio.lower, 10, 1e-15);
    assert_near(ratio.upper, 12, 1e-15);
}

static void test_scaling(void **state)
{
    (void)state;
    struct scaling_point base = {2, {100, 98, 103, 1}};
    struct scaling_point four = {4, {125, 120, 131, 2}};
    struct scaling s;
    assert_true(scaling_of(&base, &four, &s));
    assert_int_equal(s.base_threads, 2);
    struct estimate efficiency = scaling_ratio(&base.time_ns, &four.time_ns);
    assert_estimate(&s.efficiency, &efficiency);
    assert_near(s.efficiency.point, 0.8, 1e-15);
    assert_near(s.speed_up.point, 1.6, 1e-15);
    assert_near(s.speed_up.lower, 2 * efficiency.lower, 1e-15);
    assert_near(s.speed_up.upper, 2 * efficiency.upper, 1e-15);
    assert_near(s.speed_up.standard_error, 2 * efficiency.standard_error, 1e-15);
    assert_near(s.iterations_per_s.point, 4e9 / 125, 1e-15);
    assert_near(s.iterations_per_s.lower, 4e9 / 131, 1e-14);
    assert_near(s.iterations_per_s.upper, 4e9 / 120, 1e-14);
    assert_near(s.iterations_per_s.standard_error, 4e9 / 125 * 2 / 125, 1e-14);
}

static void test_base_is_exactly_one(void **state)
{
    (void)state;
    struct scaling_point base = {3, {100, 98, 103, 1}};
    struct scaling s;
    assert_true(scaling_of(&base, &base, &s));
    assert_true(s.speed_up.lower == 1 && s.speed_up.point == 1 && s.speed_up.upper == 1);
    assert_true(s.efficiency.point == 1 && s.efficiency.standard_error == 0);
    assert_near(s.iterations_per_s.point, 3e7, 1e-15);
}

static void test_no_time_has_no_scaling(void **state)
{
    (void)state;
    struct scaling_point some = {1, {100, 98, 103, 1}};
    struct scaling_point none = {2, {1, 0, 2, 1}};
    struct scaling s;
    assert_false(scaling_of(&some, &none, &s));
    assert_int_equal(s.base_threads, 0);
    assert_false(scaling_of(&none, &some, &s));
    assert_true(s.speed_up.point == 0);
}

/* A record of threads; free it. */
static struct record *record_with(size_t count, unsigned threads)
{
    struct record *record = calloc(1, record_bytes_of_threads(count + 3, threads));
    assert_non_null(record);
    record->capacity = count + 3; /* what lies behind the samples does not count */
    record->sample_count = count;
    record->threads = threads;
    return record;
}

static void test_fairness(void **state)
{
    (void)state;
    const json_t *expected = vectors_member(vectors_member(vectors, "scaling"), "fairness");
    struct numbers iterations = vectors_numbers(expected, "iterations");
    struct numbers times = vectors_numbers(expected, "time_ns");
    assert_int_equal(iterations.count, 3 * 31);
    struct record *record = record_with(31, 3);
    for (size_t i = 0; i < iterations.count; i++) {
        record_of_threads(record, i / 3)[i % 3] =
            (struct thread_sample){(uint64_t)iterations.at[i], times.at[i]};
    }
    struct estimate fairness;
    assert_true(scaling_fairness(record, &settings, &fairness));
    assert_near(fairness.point, vectors_number(expected, "point"), 1e-14);
    assert_near(fairness.lower, vectors_number(expected, "lower"), 1e-14);
    assert_near(fairness.upper, vectors_number(expected, "upper"), 1e-14);
    assert_true(fairness.standard_error > 0);
    free(iterations.at);
    free(times.at);
    free(record);
}

static void test_fairness_of_little(void **state)
{
    (void)state;
    struct estimate fairness;
    struct record *record = record_with(4, 2);
    for (size_t i = 0; i < 4; i++) {
        struct thread_sample *of = record_of_threads(record, i);
        of[0] = (struct thread_sample){100, 1000};
        of[1] = (struct thread_sample){i < 2 ? 50 : 100, i < 2 ? 1000 : 0};
    }
    assert_true(scaling_fairness(record, &settings, &fairness)); /* of the two that took time */
    assert_true(fairness.point == 0.5 && fairness.lower == 0.5 && fairness.upper == 0.5);
    record_of_threads(record, 0)[0].time_ns = 0;
    assert_false(scaling_fairness(record, &settings, &fairness));
    assert_true(fairness.point == 0);
    record->threads = 0;
    assert_false(scaling_fairness(record, &settings, &fairness));
    free(record);
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
        cmocka_unit_test(test_ratios),
        cmocka_unit_test(test_bound_on_the_wrong_side),
        cmocka_unit_test(test_scaling),
        cmocka_unit_test(test_base_is_exactly_one),
        cmocka_unit_test(test_no_time_has_no_scaling),
        cmocka_unit_test(test_fairness),
        cmocka_unit_test(test_fairness_of_little),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
