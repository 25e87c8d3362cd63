/* What the statistics of paired comparisons promise over many drawn comparisons, and what must not
 * matter to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/paired.h"
#include "analysis/stats.h"
#include "base/rng.h"
#include "near.h"

#define TIGHT 1e-12
/* Logarithms are of the order of 0.01: what rounding makes of a zero. */
#define ZERO      1e-15
#define PAIRS_MAX 64

static const int turns[] = {1, -1, -1, 1,  1, -1, -1, 1,  1, -1, -1, 1,  1, -1, -1,
                            1, 1,  -1, -1, 1, 1,  -1, -1, 1, 1,  -1, -1, 1, 1,  -1};

static double normal(struct rng *rng)
{
    double uniform = ((double)(rng_next(rng) >> 11) + 0.5) * 0x1p-53;
    return stats_normal_quantile(uniform);
}

static void draw_logs(struct rng *rng, const int *orders, size_t count, double order_effect,
                      double *logs)
{
    for (size_t i = 0; i < count; i++) {
        logs[i] = 0.005 * normal(rng) + orders[i] * order_effect;
    }
}

static const double trims[] = {0, PAIRED_TRIM};

/* To exchange the programs negates every logarithm and every order. */
static void test_exchanged_programs(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 1);
    double logs[13];
    double negated[13];
    int opposite[13];
    for (size_t round = 0; round < 200; round++) {
        double trim = trims[round % 2];
        draw_logs(&rng, turns, 13, 0.003, logs);
        for (size_t i = 0; i < 13; i++) {
            negated[i] = -logs[i];
            opposite[i] = -turns[i];
        }
        struct paired_fit fit;
        struct paired_fit other;
        assert_true(paired_fit(logs, turns, 13, trim, &fit));
        assert_true(paired_fit(negated, opposite, 13, trim, &other));
        assert_within(other.effect, -fit.effect, ZERO);
        assert_within(other.order_effect, fit.order_effect, ZERO);
        assert_near(other.error, fit.error, TIGHT);
        assert_near(paired_p_below(&other, -0.003), paired_p_above(&fit, 0.003), 1e-10);
        assert_true(paired_fit(negated, turns, 13, trim, &other));
        assert_within(other.effect, -fit.effect, ZERO);
        assert_within(other.order_effect, -fit.order_effect, ZERO);
    }
}

static void test_shift_moves_the_effect_only(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 2);
    double logs[12];
    double moved[12];
    for (size_t round = 0; round < 200; round++) {
        double trim = trims[round % 2];
        draw_logs(&rng, turns, 12, 0.003, logs);
        for (size_t i = 0; i < 12; i++) {
            moved[i] = logs[i] + 0.25;
        }
        struct paired_fit fit;
        struct paired_fit other;
        assert_true(paired_fit(logs, turns, 12, trim, &fit));
        assert_true(paired_fit(moved, turns, 12, trim, &other));
        assert_within(other.effect, fit.effect + 0.25, ZERO);
        assert_within(other.order_effect, fit.order_effect, ZERO);
        assert_near(other.error, fit.error, 1e-10);
        assert_near(other.deviation, fit.deviation, 1e-10);
        assert_true(other.df == fit.df);
    }
}

/* To the last bit: sums run over sorted values. */
static void test_sequence_of_pairs_is_nothing(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 3);
    double logs[15];
    int orders[15];
    for (size_t round = 0; round < 200; round++) {
        memcpy(orders, turns, sizeof orders);
        draw_logs(&rng, orders, 15, 0.003, logs);
        struct paired_fit fit;
        struct paired_fit other;
        assert_true(paired_fit(logs, orders, 15, trims[round % 2], &fit));
        for (size_t i = 14; i > 0; i--) {
            size_t k = (size_t)rng_below(&rng, i + 1);
            double log_kept = logs[i];
            int order_kept = orders[i];
            logs[i] = logs[k];
            orders[i] = orders[k];
            logs[k] = log_kept;
            orders[k] = order_kept;
        }
        assert_true(paired_fit(logs, orders, 15, trims[round % 2], &other));
        assert_memory_equal(&fit, &other, sizeof fit);
    }
}

/* One pair of an unlucky process: a trimmed effect hardly moves, an untrimmed one does. */
static void test_trimming_bears_an_unlucky_process(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 4);
    double logs[30];
    draw_logs(&rng, turns, 30, 0, logs);
    struct paired_fit fit[2];
    struct paired_fit spoilt[2];
    double kept = logs[11];
    for (size_t i = 0; i < 2; i++) {
        logs[11] = kept;
        assert_true(paired_fit(logs, turns, 30, trims[i], &fit[i]));
        logs[11] = 0.2;
        assert_true(paired_fit(logs, turns, 30, trims[i], &spoilt[i]));
    }
    assert_true(spoilt[0].effect - fit[0].effect > 0.005);
    assert_true(spoilt[0].error > 4 * fit[0].error);
    assert_within(spoilt[1].effect, fit[1].effect, 0.0005);
    assert_true(spoilt[1].error < 1.5 * fit[1].error);
}

/* The part of many unchanged programs whose interval of 95 % misses the truth. */
static double missed(size_t pairs, double trim, uint64_t seed)
{
    struct rng rng;
    rng_seed(&rng, seed);
    double logs[30];
    size_t misses = 0;
    for (size_t i = 0; i < 20000; i++) {
        draw_logs(&rng, turns, pairs, 0.004, logs);
        struct paired_fit fit;
        assert_true(paired_fit(logs, turns, pairs, trim, &fit));
        misses += fabs(fit.effect) > paired_reach(&fit, 0.95);
    }
    return (double)misses / 20000;
}

static void test_intervals_hold(void **state)
{
    (void)state;
    assert_within(missed(8, 0, 5), 0.05, 0.01);
    assert_within(missed(12, PAIRED_TRIM, 6), 0.05, 0.01);
    assert_within(missed(30, PAIRED_TRIM, 7), 0.05, 0.01);
    /* Groups of four lose nothing by trimming, all eight do: too careful rather than too bold. */
    double few = missed(8, PAIRED_TRIM, 8);
    assert_true(few > 0.02 && few < 0.05);
}

/* Every pattern of signs is at least as high as the observed one or at least as low; those of the
 * same sum are both. */
static void test_signed_rank_of_the_negated(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 9);
    for (size_t round = 0; round < 100; round++) {
        double logs[20];
        double negated[20];
        draw_logs(&rng, turns, 20, 0, logs);
        for (size_t i = 0; i < 20; i++) {
            negated[i] = -logs[i];
        }
        double both = paired_signed_rank(logs, 20, 0) + paired_signed_rank(negated, 20, 0);
        /* No sum of 20 ranks is that of more than 2 % of the patterns. */
        assert_true(both > 1 && both < 1.025);
    }
}

/* The coin decides which program is called new: whatever the noise, of a test at 5 % at most 5 % of
 * unchanged programs are called changed. Here it is skewed and differs from pair to pair. */
static void test_signed_rank_holds_its_level(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 10);
    size_t called = 0;
    for (size_t round = 0; round < 20000; round++) {
        double logs[12];
        for (size_t i = 0; i < 12; i++) {
            double gap = exp(normal(&rng)) * (i % 3 == 0 ? 0.02 : 0.003);
            logs[i] = rng_below(&rng, 2) == 0 ? gap : -gap;
        }
        called += paired_signed_rank(logs, 12, 0) <= 0.05;
    }
    /* Sums of ranks are whole: 0.0461 is the largest level below 0.05 that 12 ranks have. */
    assert_within((double)called / 20000, 0.0461, 0.005);
}

/* With this true effect, so many comparisons find a change as was asked for. */
static void test_detectable_is_detected(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 11);
    struct paired_fit plan = {.pairs = 30, .error = 0.005 / sqrt(30), .df = 28};
    double effect = paired_detectable(&plan, 0.003, 0.01, 0.8);
    double logs[30];
    size_t found = 0;
    for (size_t round = 0; round < 5000; round++) {
        draw_logs(&rng, turns, 30, 0.002, logs);
        for (size_t i = 0; i < 30; i++) {
            logs[i] += effect;
        }
        struct paired_fit fit;
        assert_true(paired_fit(logs, turns, 30, 0, &fit));
        found += paired_p_above(&fit, 0.003) <= 0.01;
    }
    assert_within((double)found / 5000, 0.8, 0.025);
}

/* Half of what power leaves on either side: so many unchanged programs are shown to be unchanged.
 */
static void test_needed_pairs_are_enough(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 12);
    struct paired_fit plan = {.pairs = 8, .deviation = 0.005, .df = 6};
    size_t needed = paired_pairs_needed(&plan, 0.003, 0.05, 0.9);
    assert_true(needed > 10 && needed <= PAIRS_MAX);
    int orders[PAIRS_MAX];
    double logs[PAIRS_MAX];
    for (size_t i = 0; i < needed; i++) {
        orders[i] = i % 2 == 0 ? 1 : -1;
    }
    size_t shown = 0;
    for (size_t round = 0; round < 5000; round++) {
        draw_logs(&rng, orders, needed, 0.002, logs);
        struct paired_fit fit;
        assert_true(paired_fit(logs, orders, needed, 0, &fit));
        shown += paired_equivalent(&fit, 0.003, 0.05);
    }
    /* Power 0.8 = 2 * 0.9 - 1. */
    assert_within((double)shown / 5000, 0.8, 0.03);
}

/* Of twenty programs ten changed and are always found: then the other ten are tested at the full
 * level together, and there is a false alarm 1 - (1 - 0.005)^10 = 4.9 % of the time. */
static void test_holm_holds_its_level(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 13);
    size_t alarms = 0;
    for (size_t round = 0; round < 20000; round++) {
        double p[20];
        bool rejected[20];
        for (size_t i = 0; i < 20; i++) {
            double uniform = (double)(rng_next(&rng) >> 11) * 0x1p-53;
            p[i] = i % 2 == 0 ? uniform : uniform * 1e-9;
        }
        paired_holm(p, 20, 0.05, rejected);
        bool alarm = false;
        for (size_t i = 0; i < 20; i++) {
            alarm = alarm || (i % 2 == 0 && rejected[i]);
            assert_true(i % 2 == 0 || rejected[i]);
        }
        alarms += alarm;
    }
    /* Four standard errors of a part of 20,000. */
    assert_within((double)alarms / 20000, 0.0489, 0.0061);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchanged_programs),
        cmocka_unit_test(test_shift_moves_the_effect_only),
        cmocka_unit_test(test_sequence_of_pairs_is_nothing),
        cmocka_unit_test(test_trimming_bears_an_unlucky_process),
        cmocka_unit_test(test_intervals_hold),
        cmocka_unit_test(test_signed_rank_of_the_negated),
        cmocka_unit_test(test_signed_rank_holds_its_level),
        cmocka_unit_test(test_detectable_is_detected),
        cmocka_unit_test(test_needed_pairs_are_enough),
        cmocka_unit_test(test_holm_holds_its_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
