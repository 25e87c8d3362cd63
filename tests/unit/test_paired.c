/* Statistics of paired comparisons against numpy and scipy, and at their edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/paired.h"
#include "near.h"
#include "vectors.h"

#define TIGHT 1e-12
/* Logarithms are of the order of 0.01: what rounding makes of a zero. */
#define ZERO         1e-15
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const int turns[] = {1, -1, -1, 1,  1, -1, -1, 1,  1, -1, -1, 1,  1, -1, -1,
                            1, 1,  -1, -1, 1, 1,  -1, -1, 1, 1,  -1, -1, 1, 1,  -1};

static json_t *vectors;

/* One comparison of the file. */
struct pairs {
    struct numbers logs;
    int orders[64];
    double trim;
};

static struct pairs pairs_of(const json_t *set)
{
    struct pairs pairs = {.logs = vectors_numbers(set, "logs"),
                          .trim = vectors_number(set, "trim")};
    struct numbers orders = vectors_numbers(set, "orders");
    assert_true(orders.count == pairs.logs.count && orders.count <= COUNT(pairs.orders));
    for (size_t i = 0; i < orders.count; i++) {
        pairs.orders[i] = orders.at[i] > 0 ? 1 : -1;
    }
    free(orders.at);
    return pairs;
}

static double item(const json_t *list, size_t at)
{
    const json_t *value = json_array_get(list, at);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void check_fit(const struct paired_fit *fit, size_t count, const json_t *expected)
{
    assert_int_equal(fit->pairs, count);
    check_near(fit->effect, vectors_number(expected, "effect"), TIGHT, ZERO, "effect", __FILE__,
               __LINE__);
    assert_near(fit->error, vectors_number(expected, "error"), 1e-11);
    check_near(fit->deviation, vectors_number(expected, "deviation"), 1e-11, ZERO, "deviation",
               __FILE__, __LINE__);
    check_near(fit->order_effect, vectors_number(expected, "order_effect"), TIGHT, ZERO,
               "order_effect", __FILE__, __LINE__);
    assert_true(fit->df == vectors_number(expected, "df"));
}

static void check_answers(const struct paired_fit *fit, const json_t *set)
{
    size_t i;
    const json_t *list;
    json_array_foreach(vectors_member(set, "above"), i, list)
    {
        assert_near(paired_p_above(fit, item(list, 0)), item(list, 1), 1e-9);
    }
    json_array_foreach(vectors_member(set, "below"), i, list)
    {
        assert_near(paired_p_below(fit, item(list, 0)), item(list, 1), 1e-9);
    }
    json_array_foreach(vectors_member(set, "reach"), i, list)
    {
        assert_near(paired_reach(fit, item(list, 0)), item(list, 1), 1e-11);
    }
    json_array_foreach(vectors_member(set, "equivalent"), i, list)
    {
        assert_true(paired_equivalent(fit, item(list, 0), item(list, 1)) == (item(list, 2) != 0));
    }
    assert_true(i == 8);
    json_array_foreach(vectors_member(set, "detectable"), i, list)
    {
        assert_near(paired_detectable(fit, item(list, 0), item(list, 1), item(list, 2)),
                    item(list, 3), 1e-9);
    }
    json_array_foreach(vectors_member(set, "needed"), i, list)
    {
        assert_true((double)paired_pairs_needed(fit, item(list, 0), item(list, 1), item(list, 2)) ==
                    item(list, 3));
    }
    assert_true(i == 5);
}

static void check_signed_rank(const struct numbers *logs, const json_t *set)
{
    size_t i;
    const json_t *list;
    json_array_foreach(vectors_member(set, "signed_rank"), i, list)
    {
        assert_near(paired_signed_rank(logs->at, logs->count, item(list, 0)), item(list, 1), TIGHT);
    }
    assert_true(i == 4);
}

static void test_vectors(void **state)
{
    (void)state;
    const char *name;
    json_t *set;
    size_t checked = 0;
    json_object_foreach(json_object_get(vectors, "paired"), name, set)
    {
        print_message("pairs \"%s\"\n", name);
        struct pairs pairs = pairs_of(set);
        struct paired_fit fit;
        assert_true(paired_fit(pairs.logs.at, pairs.orders, pairs.logs.count, pairs.trim, &fit));
        check_fit(&fit, pairs.logs.count, vectors_member(set, "fit"));
        check_answers(&fit, set);
        check_signed_rank(&pairs.logs, set);
        free(pairs.logs.at);
        checked++;
    }
    assert_true(checked == 23);
}

static void test_holm_vectors(void **state)
{
    (void)state;
    size_t i;
    json_t *set;
    json_array_foreach(json_object_get(vectors, "holm"), i, set)
    {
        struct numbers p = vectors_numbers(set, "p");
        struct numbers expected = vectors_numbers(set, "rejected");
        bool rejected[32];
        assert_true(p.count <= COUNT(rejected));
        memset(rejected, 1, sizeof rejected);
        paired_holm(p.at, p.count, vectors_number(set, "level"), rejected);
        for (size_t k = 0; k < p.count; k++) {
            assert_true(rejected[k] == (expected.at[k] != 0));
        }
        free(p.at);
        free(expected.at);
    }
    assert_true(i == 7);
}

static void test_side_vectors(void **state)
{
    (void)state;
    size_t i;
    json_t *set;
    json_array_foreach(json_object_get(vectors, "sides"), i, set)
    {
        struct numbers times = vectors_numbers(set, "times");
        struct numbers undisturbed = vectors_numbers(set, "undisturbed");
        struct paired_side side =
            paired_side_of(times.at, times.count, undisturbed.at, undisturbed.count);
        assert_near(side.lowmean_ns, vectors_number(set, "lowmean"), TIGHT);
        assert_near(side.tail_ns, vectors_number(set, "tail"), TIGHT);
        side = paired_side_of(times.at, times.count, NULL, 0);
        assert_near(side.lowmean_ns, vectors_number(set, "lowmean"), TIGHT);
        assert_true(side.tail_ns == 0);
        free(times.at);
        free(undisturbed.at);
    }
    assert_true(i == 2);
    double one = 7;
    struct paired_side side = paired_side_of(&one, 1, &one, 1);
    assert_true(side.lowmean_ns == 7 && side.tail_ns == 7);
}

static void test_log_ratio_vectors(void **state)
{
    (void)state;
    size_t i;
    json_t *set;
    json_array_foreach(json_object_get(vectors, "log_ratios"), i, set)
    {
        struct numbers old = vectors_numbers(set, "old");
        struct numbers now = vectors_numbers(set, "new");
        double expected = vectors_number(set, "log_ratio");
        assert_within(paired_log_ratio(old.at, now.at, old.count), expected, 1e-14);
        assert_within(paired_log_ratio(now.at, old.at, old.count), -expected, 1e-14);
        free(old.at);
        free(now.at);
    }
    assert_true(i == 6);
}

/* One slow slice of the two of a quad does no harm, nor do quads that are slow as a whole. */
static void test_log_ratio_bears_disturbances(void **state)
{
    (void)state;
    double old[41];
    double now[41];
    for (size_t i = 0; i < 41; i++) {
        double speed = i / 2 % 3 == 0 ? 1.7 : 1; /* of all four */
        old[i] = 100 * speed * (i % 4 == 1 ? 9 : 1);
        now[i] = 102 * speed * (i % 4 == 2 ? 5 : 1);
    }
    now[40] = 1; /* has no partner */
    assert_within(paired_log_ratio(old, now, 41), log(1.02), 1e-14);
    old[0] = old[1] = 1e-3;
    now[6] = now[7] = 1e9;
    assert_within(paired_log_ratio(old, now, 41), log(1.02), 1e-14);
}

static void test_log_ratio_without_quads(void **state)
{
    (void)state;
    double zero[] = {0, 0, 5, 5};
    double some[] = {10, 10, 10, 10};
    assert_true(isnan(paired_log_ratio(some, some, 1)));
    assert_true(isnan(paired_log_ratio(zero, some, 2)));
    assert_true(isnan(paired_log_ratio(some, zero, 2)));
    assert_within(paired_log_ratio(zero, some, 4), log(2), 1e-15);
}

static void test_floor_of_the_error(void **state)
{
    (void)state;
    double logs[8];
    struct paired_fit fit;
    for (size_t i = 0; i < 8; i++) {
        logs[i] = 3e-4;
    }
    assert_true(paired_fit(logs, turns, 8, 0, &fit));
    assert_true(fit.error == PAIRED_SE_FLOOR);
    assert_within(fit.deviation, 0, ZERO);
    /* Three parts in ten thousand are not called changed: t is 1.5. */
    assert_true(paired_p_above(&fit, 0) > 0.05);
    /* 2.4469... is the 97.5 % quantile with 6 degrees of freedom. */
    assert_near(paired_reach(&fit, 0.95), 2.4469118511449692 * 2e-4, 1e-11);
    /* Deviations of d to either side in each group: the error is d / sqrt(6), above the floor
     * again. */
    static const double signs[] = {1, 1, -1, -1, -1, -1, 1, 1};
    for (size_t i = 0; i < 8; i++) {
        logs[i] = signs[i] * 0.01;
    }
    assert_true(paired_fit(logs, turns, 8, 0, &fit));
    assert_near(fit.error, 0.01 / sqrt(6), TIGHT);
    assert_near(fit.deviation, 0.01 * sqrt(8.0 / 6), TIGHT);
}

static bool is_zero(const struct paired_fit *fit)
{
    return fit->pairs == 0 && fit->effect == 0 && fit->error == 0 && fit->deviation == 0 &&
           fit->order_effect == 0 && fit->df == 0;
}

static void check_refused(const double *logs, size_t count, double trim)
{
    struct paired_fit fit;
    memset(&fit, 0x55, sizeof fit);
    assert_false(paired_fit(logs, turns, count, trim, &fit));
    assert_true(is_zero(&fit));
}

static void test_refused(void **state)
{
    (void)state;
    double logs[] = {0.01, 0.02, 0.015, 0.012, 0.013};
    struct paired_fit fit;
    for (size_t count = 0; count < PAIRED_MIN; count++) {
        check_refused(logs, count, 0);
    }
    assert_true(paired_fit(logs, turns, PAIRED_MIN, PAIRED_TRIM, &fit));
    static const double bad_trims[] = {-0.1, 0.5, NAN, INFINITY};
    for (size_t i = 0; i < COUNT(bad_trims); i++) {
        check_refused(logs, 5, bad_trims[i]);
    }
    check_refused(logs, 5, 0.4); /* one value is left */
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < COUNT(bad); i++) {
        logs[4] = bad[i];
        check_refused(logs, 5, 0);
        check_refused(logs, 5, PAIRED_TRIM);
    }
    /* Trimming does not hide it. */
    double many[] = {0.01, 0.02, 0.015, 0.012, 0.013, 0.011, 0.014, INFINITY};
    double all[24];
    int orders[24];
    for (size_t i = 0; i < 24; i++) {
        all[i] = many[i < 8 ? i : i % 7];
        orders[i] = turns[i % 8];
    }
    memset(&fit, 0x55, sizeof fit);
    assert_false(paired_fit(all, orders, 24, PAIRED_TRIM, &fit));
    assert_true(is_zero(&fit));
    /* Each is finite, their sum is not. */
    double huge[] = {1e308, 1e308, 1e308, 1e308, -1e308};
    check_refused(huge, 5, 0);
}

/* Nothing may be concluded from a fit that was refused. */
static void test_nothing_from_no_pairs(void **state)
{
    (void)state;
    struct paired_fit none = {0};
    assert_true(paired_p_above(&none, -1) == 1 && paired_p_below(&none, 1) == 1);
    assert_true(paired_reach(&none, 0.5) == INFINITY);
    assert_false(paired_equivalent(&none, 1, 0.4));
    assert_true(paired_detectable(&none, 0, 0.05, 0.8) == INFINITY);
    assert_int_equal(paired_pairs_needed(&none, 1, 0.05, 0.8), 1000000);
}

static void test_equivalence_is_an_interval_inside(void **state)
{
    (void)state;
    struct paired_fit fit = {.pairs = 12, .effect = 0.002, .error = 0.001, .df = 10};
    double end = fit.effect + paired_reach(&fit, 0.9);
    assert_true(paired_equivalent(&fit, end * (1 + 1e-9), 0.05));
    assert_false(paired_equivalent(&fit, end * (1 - 1e-9), 0.05));
    fit.effect = -0.002;
    assert_true(paired_equivalent(&fit, end * (1 + 1e-9), 0.05));
    assert_false(paired_equivalent(&fit, end * (1 - 1e-9), 0.05));
    assert_false(paired_equivalent(&fit, 0, 0.05) || paired_equivalent(&fit, -1, 0.05));
    assert_false(paired_equivalent(&fit, NAN, 0.05));
}

static double noise_free(size_t count, double limit)
{
    static double logs[1100];
    for (size_t i = 0; i < count; i++) {
        logs[i] = limit + 0.001 * (double)(i + 1);
    }
    return paired_signed_rank(logs, count, limit);
}

static void test_signed_rank_edges(void **state)
{
    (void)state;
    assert_true(paired_signed_rank(NULL, 0, 0) == 1);
    static const double same[] = {0.003, 0.003, 0.003};
    assert_true(paired_signed_rank(same, 3, 0.003) == 1);
    assert_true(paired_signed_rank(same, 1, 0) == 0.5);
    assert_true(paired_signed_rank(same, 3, 0) == 0.125);
    assert_true(paired_signed_rank(same, 3, 0.004) == 1);
    static const double bad[] = {0.1, NAN, 0.1, INFINITY};
    assert_true(paired_signed_rank(bad, 2, 0) == 1);
    assert_true(paired_signed_rank(bad + 2, 2, 0) == 1);
    /* All above: one pattern of 2^n. */
    assert_near(noise_free(40, 0.003), 0x1p-40, TIGHT);
    assert_near(noise_free(41, 0.003), 0x1p-41, TIGHT);
    assert_near(noise_free(1000, 0), 0x1p-1000, 1e-10);
    assert_near(noise_free(1100, 0), 0x1p-1000, 1e-10); /* of more, the first 1,000 */
}

static void test_needed_pairs_at_the_ends(void **state)
{
    (void)state;
    struct paired_fit fit = {.pairs = 8, .deviation = 0.005, .df = 6};
    assert_int_equal(paired_pairs_needed(&fit, 1, 0.05, 0.8), PAIRED_MIN);
    static const double never[] = {0, -0.01, NAN, 1e-4};
    for (size_t i = 0; i < COUNT(never); i++) {
        assert_int_equal(paired_pairs_needed(&fit, never[i], 0.05, 0.8), 1000000);
    }
    /* The fewest: one fewer is not enough, by the same formula seen through paired_detectable. */
    size_t needed = paired_pairs_needed(&fit, 0.002, 0.05, 0.8);
    struct paired_fit then = {.pairs = needed, .df = (double)needed - 2};
    then.error = 0.005 / sqrt((double)needed);
    assert_true(paired_detectable(&then, 0, 0.05, 0.8) <= 0.002);
    then.df--;
    then.error = 0.005 / sqrt((double)needed - 1);
    assert_true(paired_detectable(&then, 0, 0.05, 0.8) > 0.002);
}

static void test_holm_edges(void **state)
{
    (void)state;
    bool rejected[4] = {true, true, true, true};
    paired_holm(NULL, 0, 0.05, rejected);
    static const double some[] = {NAN, 0.001, NAN, 0.013};
    paired_holm(some, 4, 0.04, rejected);
    /* 0.001 <= 0.04 / 4 and 0.013 <= 0.04 / 3: a NaN counts but is never rejected. */
    assert_true(!rejected[0] && rejected[1] && !rejected[2] && rejected[3]);
    paired_holm(some, 4, 0.038, rejected);
    assert_true(rejected[1] && !rejected[3]);
    static const double none[] = {NAN, NAN};
    paired_holm(none, 2, 0.5, rejected);
    assert_true(!rejected[0] && !rejected[1]);
    static const double equal[] = {0.01, 0.01, 0.01, 0.01};
    paired_holm(equal, 4, 0.04, rejected);
    assert_true(rejected[0] && rejected[1] && rejected[2] && rejected[3]);
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
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_holm_vectors),
        cmocka_unit_test(test_side_vectors),
        cmocka_unit_test(test_log_ratio_vectors),
        cmocka_unit_test(test_log_ratio_bears_disturbances),
        cmocka_unit_test(test_log_ratio_without_quads),
        cmocka_unit_test(test_floor_of_the_error),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_nothing_from_no_pairs),
        cmocka_unit_test(test_equivalence_is_an_interval_inside),
        cmocka_unit_test(test_signed_rank_edges),
        cmocka_unit_test(test_needed_pairs_at_the_ends),
        cmocka_unit_test(test_holm_edges),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
