/* Verdicts from pairs whose truth is known. Pairs without noise have the standard error that is the
 * least believed, 2e-4 on the log scale, so that where a verdict turns follows from tables of t. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "near.h"
#include "pairs_play.h"
#include "versus/judge.h"

#define FLOOR 2e-4

/* Of 16 pairs ten are kept, of 60 thirty-six; one degree goes to the mean, one to the order. */
#define T95_DF8   1.859548
#define T975_DF8  2.306004
#define T99_DF34  2.441150
#define T975_DF34 2.032245

static struct rng rng;
static struct versus_benchmark b;
static const struct versus_settings *const s = &pairs_usual;

static int begin(void **state)
{
    (void)state;
    rng_seed(&rng, 5);
    b = (struct versus_benchmark){.status = VERSUS_COMPARED, .pair_seconds = 0.05};
    return 0;
}

static int end(void **state)
{
    (void)state;
    pairs_release(&b);
    return 0;
}

static void add(bool confirming, size_t count, double log_effect, double deviation)
{
    const struct pairs_law law = {.log_effect = log_effect, .deviation = deviation};
    pairs_add(&b, confirming, count, &law, &rng);
}

/* As many above as below, at the same distance, in either order: of 16 pairs the error is
 * sqrt(16 d^2 / (10 * 8)) = 0.447 d, the deviation of a pair four times that. `count` is a multiple
 * of four. */
static void add_spread(bool confirming, size_t count, double log_effect, double distance)
{
    for (size_t i = 0; i < count; i++) {
        pairs_add_one(&b, confirming, i % 2 == 0 ? 1 : -1,
                      log_effect + (i / 2 % 2 == 0 ? distance : -distance));
    }
}

static void conclude(int direction, bool rejected, double level)
{
    const struct judge_ruling ruling = {
        .direction = direction, .rejected = rejected, .level = level};
    judge_conclude(&b, &ruling, 1, s);
}

static void assert_settled(enum versus_verdict verdict, bool confirmed)
{
    assert_int_equal(b.verdict, verdict);
    assert_int_equal(b.confirmed, confirmed);
    assert_null(b.note);
    assert_int_equal(b.pairs_needed, 0);
    assert_true(b.seconds_needed == 0);
}

/* ---- The steps ---- */

static void test_suspicion(void **state)
{
    static const struct {
        double t;
        int suspicion;
    } cases[] = {{1.84, 0}, {1.88, 1}, {-1.84, 0}, {-1.88, -1}, {0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        add(false, 16, cases[i].t * FLOOR, 0);
        add(true, 60, 0.5, 0); /* of the other stage: must not count */
        assert_int_equal(judge_suspect(&b), cases[i].suspicion);
        pairs_release(&b);
    }
    assert_true(1.84 < T95_DF8 && T95_DF8 < 1.88);
    assert_int_equal(judge_suspect(&b), 0);
    add(false, 3, 0.5, 0);
    assert_int_equal(judge_suspect(&b), 0);
}

static void test_p_against_the_guard(void **state)
{
    (void)state;
    add(false, 16, -0.5, 0); /* must not count */
    assert_true(judge_p(&b, 1, s) == 1);
    add(true, 60, log1p(0.003) + T99_DF34 * FLOOR, 0);
    assert_near(judge_p(&b, 1, s), 0.01, 1e-4);
    assert_true(judge_p(&b, -1, s) > 0.999);
    pairs_release(&b);
    add(true, 60, -log1p(0.003) - T99_DF34 * FLOOR, 0);
    assert_near(judge_p(&b, -1, s), 0.01, 1e-4);
    pairs_release(&b);
    add(true, 3, 0.5, 0);
    assert_true(judge_p(&b, 1, s) == 1);
}

static void test_futility(void **state)
{
    (void)state;
    add(false, 16, 0, 0);
    assert_false(judge_is_futile(&b, 1, s)); /* no confirming pairs */
    assert_false(judge_is_futile(&b, -1, s));
    for (int sign = -1; sign <= 1; sign += 2) {
        add(true, 20, sign * 0.0029, 0);
        assert_true(judge_is_futile(&b, 1, s));
        assert_true(judge_is_futile(&b, -1, s));
        pairs_release(&b);
        add(true, 20, sign * 0.0031, 0); /* equivalent, but beyond the guard */
        assert_false(judge_is_futile(&b, sign, s));
        assert_true(judge_is_futile(&b, -sign, s)); /* it was suspected of the opposite */
        pairs_release(&b);
    }
    add_spread(true, 20, 0, 0.05); /* however little it can be told */
    assert_true(judge_is_futile(&b, 1, s));
    pairs_release(&b);
    add_spread(true, 20, 0.004, 0.05);
    assert_false(judge_is_futile(&b, 1, s));
}

/* Of what is neither suspected nor shown equivalent; unless it varies so much that twice the error
 * of `most` pairs is not below five margins: with 48 that is d = 0.0963. */
static void test_more_screening(void **state)
{
    (void)state;
    assert_false(judge_wants_more(&b, 48, s)); /* no pairs */
    add(false, 3, 0, 0);
    assert_false(judge_wants_more(&b, 48, s)); /* no interval */
    pairs_release(&b);
    add_spread(false, 16, 0, 0.02);
    assert_true(judge_wants_more(&b, 48, s));
    assert_true(judge_wants_more(&b, 17, s));
    assert_false(judge_wants_more(&b, 16, s)); /* it has them */
    pairs_release(&b);
    for (int sign = -1; sign <= 1; sign += 2) {
        double error = 0.02 * sqrt(0.2);
        add_spread(false, 16, sign * 1.84 * error, 0.02);
        assert_true(judge_wants_more(&b, 48, s));
        pairs_release(&b);
        add_spread(false, 16, sign * 1.88 * error, 0.02); /* suspected */
        assert_false(judge_wants_more(&b, 48, s));
        pairs_release(&b);
    }
    /* The interval of 95 % lies within the margin when t(0.975) errors do: d below 0.00965. */
    add_spread(false, 16, 0, 0.0098);
    assert_true(judge_wants_more(&b, 48, s));
    pairs_release(&b);
    add_spread(false, 16, 0, 0.0095);
    assert_false(judge_wants_more(&b, 48, s));
    pairs_release(&b);
    add_spread(false, 16, 0, 0.0955);
    assert_true(judge_wants_more(&b, 48, s));
    assert_false(judge_wants_more(&b, 40, s));
    pairs_release(&b);
    add_spread(false, 16, 0, 0.0975);
    assert_false(judge_wants_more(&b, 48, s));
    assert_true(judge_wants_more(&b, 60, s));
}

/* Expected: the smallest n with (t(1 - alpha) + t(0.8)) deviation / sqrt(n) below the distance from
 * the guard to 0.7 of the effect, degrees of freedom 0.625 n - 2, worked out with SciPy. */
static void test_pairs_to_confirm(void **state)
{
    (void)state;
    assert_int_equal(judge_pairs_to_confirm(&b, 1, s), 0); /* no pairs */
    for (int sign = -1; sign <= 1; sign += 2) {
        add_spread(false, 16, sign * log(1.02), 0.01);
        assert_int_equal(judge_pairs_to_confirm(&b, 1, s), 32);
        assert_int_equal(judge_pairs_to_confirm(&b, 0, s), 32);
        assert_int_equal(judge_pairs_to_confirm(&b, 10, s), 50);
        add(true, 60, 0.5, 0.1); /* of the other stage: must not count */
        assert_int_equal(judge_pairs_to_confirm(&b, 1, s), 32);
        pairs_release(&b);
        add_spread(false, 16, sign * log(1.02), 0.02);
        assert_int_equal(judge_pairs_to_confirm(&b, 1, s), 114);
        pairs_release(&b);
        /* 0.7 of it is within the guard: no number would do. */
        add_spread(false, 16, sign * 0.0042, 0.001);
        assert_int_equal(judge_pairs_to_confirm(&b, 1, s), 0);
        pairs_release(&b);
    }
}

/* Ten of ten pairs are above: one of 1,024 patterns of signs. */
static void test_agreement_of_ranks(void **state)
{
    (void)state;
    add(true, 10, 0.02, 0);
    add(false, 16, -0.02, 0);
    assert_true(judge_ranks_agree(&b, 1, 1.0 / 4096, s));
    assert_false(judge_ranks_agree(&b, 1, 1.0 / 4097, s));
    assert_false(judge_ranks_agree(&b, -1, 0.2, s));
    pairs_release(&b);
    add(true, 10, -0.02, 0);
    assert_true(judge_ranks_agree(&b, -1, 1.0 / 4096, s));
    pairs_release(&b);
    add(true, 10, 0.002, 0); /* above no change, but not beyond the guard */
    assert_false(judge_ranks_agree(&b, 1, 0.2, s));
}

/* ---- Verdicts ---- */

static void test_confirmed_regression(void **state)
{
    double log_effect = log(1.02);
    (void)state;
    add(false, 16, log(1.3), 0.01); /* what the screen saw is not in the figures */
    add(true, 60, log_effect, 0);
    conclude(1, true, 0.001);
    assert_settled(VERSUS_REGRESSED, true);
    assert_true(b.flagged && b.has_rank && !b.tail_slower);
    assert_near(b.effect.point, 0.02, 1e-9);
    assert_within(b.effect.lower, expm1(log_effect - T975_DF34 * FLOOR), 1e-9);
    assert_within(b.effect.upper, expm1(log_effect + T975_DF34 * FLOOR), 1e-9);
    assert_true(b.p_value < 1e-12);
    assert_near(b.rank_p_value, ldexp(1, -60), 1e-9);
    /* guard + (t(0.99) + t(0.8)) errors; t(0.8) with 34 degrees is 0.852. */
    assert_within(b.detectable, expm1(log1p(0.003) + (T99_DF34 + 0.852) * FLOOR), 1e-6);
}

static void test_confirmed_improvement(void **state)
{
    (void)state;
    add(false, 16, -0.02, 0.002);
    add(true, 60, -0.02, 0.002);
    conclude(-1, true, 0.001);
    assert_settled(VERSUS_IMPROVED, true);
    assert_true(b.has_rank);
    assert_true(b.p_value < 1e-12);
    assert_true(b.effect.lower < expm1(-0.02) && expm1(-0.02) < b.effect.upper);
    assert_true(b.effect.upper < -0.003);
}

static void test_unchanged_by_the_screen(void **state)
{
    (void)state;
    add(false, 16, 0.001, 0);
    conclude(0, false, 0);
    assert_settled(VERSUS_UNCHANGED, false);
    assert_false(b.flagged || b.has_rank);
    assert_within(b.effect.upper, expm1(0.001 + T975_DF8 * FLOOR), 1e-9);
    /* Against no change: t is 5, with 8 degrees. */
    assert_near(b.p_value, 5.2642e-4, 1e-3);
}

/* The interval must lie within the margin, not the estimate alone. */
static void test_edge_of_the_margin(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        add(false, 16, sign * (log1p(0.01) - 2.29 * FLOOR), 0);
        conclude(0, false, 0);
        assert_int_equal(b.verdict, VERSUS_INCONCLUSIVE);
        assert_true(b.pairs_needed > 0);
        pairs_release(&b);
        add(false, 16, sign * (log1p(0.01) - 2.32 * FLOOR), 0);
        conclude(0, false, 0);
        assert_settled(VERSUS_UNCHANGED, false);
        pairs_release(&b);
    }
    assert_true(2.29 < T975_DF8 && T975_DF8 < 2.32);
}

static void test_suspicion_that_came_to_nothing(void **state)
{
    (void)state;
    add(false, 16, 0.02, 0.001);
    add(true, 60, 0.001, 0.001);
    conclude(1, false, 0);
    assert_settled(VERSUS_UNCHANGED, true);
    assert_true(b.flagged && b.has_rank);
    assert_within(b.effect.point, 0.001, 0.0008);
}

/* Slower by more than "unchanged" allows, and not shown to be beyond the guard. */
static void test_suspected_but_not_confirmed(void **state)
{
    (void)state;
    add(false, 16, 0.02, 0.001);
    add(true, 60, 0.006, 0.05);
    conclude(1, false, 0);
    assert_int_equal(b.verdict, VERSUS_INCONCLUSIVE);
    assert_true(b.flagged && b.has_rank);
    assert_null(b.note);
    assert_true(b.pairs_needed > 20);
    assert_near(b.seconds_needed, (double)b.pairs_needed * 0.05, 1e-12);
}

/* Eight of eight above are one of 256 patterns: too many for this level. */
static void test_ranks_that_do_not_agree(void **state)
{
    (void)state;
    add(false, 16, 0.05, 0);
    add(true, 8, 0.05, 0);
    conclude(1, true, 0.0009);
    assert_int_equal(b.verdict, VERSUS_INCONCLUSIVE);
    assert_non_null(strstr(b.note, "signed-rank"));
    assert_true(b.pairs_needed > 0);
    assert_near(b.rank_p_value, 1.0 / 256, 1e-12);
    conclude(1, true, 0.001);
    assert_settled(VERSUS_REGRESSED, true);
}

static void test_out_of_time(void **state)
{
    struct judge_ruling ruling = {.direction = 1, .out_of_time = true};
    (void)state;
    add(false, 16, 0.001, 0); /* within the margin: but it is suspected, and that stands */
    judge_conclude(&b, &ruling, 1, s);
    assert_int_equal(b.verdict, VERSUS_INCONCLUSIVE);
    assert_non_null(strstr(b.note, "before it was confirmed"));
    assert_within(b.effect.point, expm1(0.001), 1e-9);
    assert_false(b.has_rank || b.confirmed);
    add(true, 20, 0.02, 0.04);
    judge_conclude(&b, &ruling, 1, s);
    assert_int_equal(b.verdict, VERSUS_INCONCLUSIVE);
    assert_non_null(strstr(b.note, "before it was confirmed"));
    assert_true(b.has_rank);
    /* Some pairs were enough: what they say counts. */
    pairs_release(&b);
    add(false, 16, 0.001, 0);
    add(true, 20, 0.001, 0);
    judge_conclude(&b, &ruling, 1, s);
    assert_settled(VERSUS_UNCHANGED, true);
}

static void test_too_few_pairs(void **state)
{
    (void)state;
    for (int direction = 0; direction <= 1; direction++) {
        add(false, 3, 0.5, 0);
        add(true, direction == 0 ? 0 : 3, 0.5, 0);
        conclude(direction, false, 0);
        assert_int_equal(b.verdict, VERSUS_INCONCLUSIVE);
        assert_string_equal(b.note, "too few pairs for an interval");
        assert_int_equal(b.pairs_needed, 0);
        pairs_release(&b);
    }
}

static void test_below_resolution_is_never_judged(void **state)
{
    (void)state;
    b.below_resolution = true;
    add(false, 16, 0.5, 0);
    add(true, 60, 0.5, 0);
    conclude(1, true, 0.001);
    assert_int_equal(b.verdict, VERSUS_INCONCLUSIVE);
    assert_null(b.note);
    assert_int_equal(b.pairs_needed, 0);
    assert_near(b.effect.point, expm1(0.5), 1e-9);
    conclude(0, false, 0);
    assert_int_equal(b.verdict, VERSUS_INCONCLUSIVE);
}

/* Who is set up first has an advantage of 3 %: it cancels. */
static void test_order_of_set_up(void **state)
{
    const struct pairs_law law = {.deviation = 0.002, .order = 0.03};
    (void)state;
    pairs_add(&b, false, 16, &law, &rng);
    conclude(0, false, 0);
    assert_settled(VERSUS_UNCHANGED, false);
}

/* ---- The slow half ---- */

static void test_slow_tail(void **state)
{
    const struct pairs_law slower = {.tail_effect = log(1.05), .deviation = 0.002};
    const struct pairs_law hardly = {.tail_effect = log(1.005), .deviation = 0.002};
    const struct pairs_law both = {.log_effect = 0.02, .tail_effect = log(1.05)};
    (void)state;
    pairs_add(&b, false, 16, &slower, &rng);
    conclude(0, false, 0);
    assert_settled(VERSUS_UNCHANGED, false);
    assert_true(b.tail_slower);
    assert_within(b.tail.point, 0.05, 0.003);
    assert_true(b.tail.lower < 0.05 && 0.05 < b.tail.upper);
    pairs_release(&b);
    pairs_add(&b, false, 16, &hardly, &rng);
    conclude(0, false, 0);
    assert_false(b.tail_slower);
    assert_within(b.tail.point, 0.005, 0.003);
    pairs_release(&b);
    pairs_add(&b, false, 16, &both, &rng);
    pairs_add(&b, true, 60, &both, &rng);
    conclude(1, true, 0.001);
    assert_settled(VERSUS_REGRESSED, true);
    assert_false(b.tail_slower); /* it is said already */
    assert_near(b.tail.point, 1.05 * exp(0.02) - 1, 1e-9);
}

/* One of very many benchmarks must be slower by more to be noted. */
static void test_slow_tail_among_many(void **state)
{
    const struct judge_ruling ruling = {0};
    (void)state;
    add(false, 16, 0, 0);
    for (size_t i = 0; i < b.pair_count; i++) {
        b.pairs[i].new_tail_ns = b.pairs[i].old_tail_ns * 1.01 * exp(4 * FLOOR);
    }
    /* t is 4 with 8 degrees: p = 0.00197. */
    judge_conclude(&b, &ruling, 5, s);
    assert_true(b.tail_slower);
    judge_conclude(&b, &ruling, 6, s);
    assert_false(b.tail_slower);
    judge_conclude(&b, &ruling, 0, s);
    assert_true(b.tail_slower);
}

static void test_tail_that_is_not_known(void **state)
{
    (void)state;
    add(false, 16, 0, 0);
    for (size_t i = 0; i < b.pair_count; i++) {
        b.pairs[i].new_tail_ns = i < 3 ? 200 : 0; /* three pairs are too few */
    }
    conclude(0, false, 0);
    assert_settled(VERSUS_UNCHANGED, false);
    assert_false(b.tail_slower);
    assert_true(b.tail.point == 0 && b.tail.lower == 0 && b.tail.upper == 0);
}

/* ---- More pairs ---- */

/* A later conclusion keeps nothing of an earlier one (nor leaks its note). */
static void test_concluding_again(void **state)
{
    const struct judge_ruling late = {.direction = 1, .out_of_time = true};
    const struct pairs_law slow_tail = {.tail_effect = 0.05};
    (void)state;
    add(false, 3, 0, 0);
    conclude(0, false, 0);
    conclude(0, false, 0);
    assert_non_null(b.note);
    pairs_add(&b, false, 13, &slow_tail, &rng);
    judge_conclude(&b, &late, 1, s);
    judge_conclude(&b, &late, 1, s);
    assert_true(b.tail_slower && b.note != NULL && b.pairs_needed > 0);
    add(true, 60, 0.02, 0);
    conclude(1, true, 0.001);
    assert_settled(VERSUS_REGRESSED, true);
    pairs_release(&b);
    b.has_rank = b.confirmed = b.flagged = true; /* as if it had been confirmed */
    add(false, 16, 0, 0);
    conclude(0, false, 0);
    assert_settled(VERSUS_UNCHANGED, false);
    assert_false(b.has_rank || b.flagged || b.tail_slower);
}

/* With as many pairs more as it says, most of those that did not change are settled; with a quarter
 * of them few are. */
static void test_needed_pairs_settle_it(void **state)
{
    size_t settled[2] = {0, 0};
    size_t asked = 0;
    (void)state;
    for (size_t i = 0; i < 300; i++) {
        add(false, 16, 0, 0.02);
        conclude(0, false, 0);
        if (b.verdict == VERSUS_INCONCLUSIVE && fabs(b.effect.point) < 0.001) {
            size_t needed = b.pairs_needed;
            asked++;
            add(false, needed / 4, 0, 0.02);
            conclude(0, false, 0);
            settled[0] += b.verdict == VERSUS_UNCHANGED;
            add(false, needed - needed / 4, 0, 0.02);
            conclude(0, false, 0);
            settled[1] += b.verdict == VERSUS_UNCHANGED;
        }
        pairs_release(&b);
    }
    assert_true(asked > 30);
    assert_true(settled[0] * 2 < asked);
    assert_true(settled[1] * 10 >= asked * 6);
}

/* What is called although the code is the same stays as it was measured, under another verdict. */
static void test_layout_alone(void **state)
{
    (void)state;
    for (int direction = -1; direction <= 1; direction += 2) {
        pairs_release(&b);
        b = (struct versus_benchmark){.status = VERSUS_COMPARED, .pair_seconds = 0.05};
        add(false, 16, direction * 0.02, 0);
        add(true, 60, direction * 0.02, 0);
        conclude(direction, true, 0.01);
        assert_int_equal(b.verdict, direction > 0 ? VERSUS_REGRESSED : VERSUS_IMPROVED);
        assert_false(b.layout_alone);
        struct versus_interval effect = b.effect;
        judge_as_layout(&b);
        assert_int_equal(b.verdict, VERSUS_UNCHANGED);
        assert_true(b.layout_alone && b.confirmed && b.flagged);
        assert_memory_equal(&effect, &b.effect, sizeof effect);
        assert_string_equal(b.note, direction > 0 ? "slower by its place in memory alone: all that "
                                                    "it reaches is the same on both sides"
                                                  : "faster by its place in memory alone: all that "
                                                    "it reaches is the same on both sides");
        conclude(0, false, 0.01);
        assert_false(b.layout_alone);
        assert_null(b.note);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_suspicion, begin, end),
        cmocka_unit_test_setup_teardown(test_p_against_the_guard, begin, end),
        cmocka_unit_test_setup_teardown(test_futility, begin, end),
        cmocka_unit_test_setup_teardown(test_more_screening, begin, end),
        cmocka_unit_test_setup_teardown(test_pairs_to_confirm, begin, end),
        cmocka_unit_test_setup_teardown(test_agreement_of_ranks, begin, end),
        cmocka_unit_test_setup_teardown(test_confirmed_regression, begin, end),
        cmocka_unit_test_setup_teardown(test_confirmed_improvement, begin, end),
        cmocka_unit_test_setup_teardown(test_unchanged_by_the_screen, begin, end),
        cmocka_unit_test_setup_teardown(test_edge_of_the_margin, begin, end),
        cmocka_unit_test_setup_teardown(test_suspicion_that_came_to_nothing, begin, end),
        cmocka_unit_test_setup_teardown(test_suspected_but_not_confirmed, begin, end),
        cmocka_unit_test_setup_teardown(test_ranks_that_do_not_agree, begin, end),
        cmocka_unit_test_setup_teardown(test_out_of_time, begin, end),
        cmocka_unit_test_setup_teardown(test_too_few_pairs, begin, end),
        cmocka_unit_test_setup_teardown(test_below_resolution_is_never_judged, begin, end),
        cmocka_unit_test_setup_teardown(test_order_of_set_up, begin, end),
        cmocka_unit_test_setup_teardown(test_slow_tail, begin, end),
        cmocka_unit_test_setup_teardown(test_slow_tail_among_many, begin, end),
        cmocka_unit_test_setup_teardown(test_tail_that_is_not_known, begin, end),
        cmocka_unit_test_setup_teardown(test_concluding_again, begin, end),
        cmocka_unit_test_setup_teardown(test_needed_pairs_settle_it, begin, end),
        cmocka_unit_test_setup_teardown(test_layout_alone, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
