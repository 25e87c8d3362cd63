/* Which pair runs when, and what becomes of it: whole comparisons whose pairs are played. */
#include "contest_play.h"
#include "near.h"
#include "versus/judge.h"

static const struct pairs_law slower = {.log_effect = 0.05, .deviation = 0.001};
static const struct pairs_law faster = {.log_effect = -0.05, .deviation = 0.001};

static int release(void **state)
{
    (void)state;
    forget_contest();
    return 0;
}

static size_t pairs_of(size_t bout, bool confirming)
{
    return bout_count_pairs(&bouts[bout], confirming);
}

/* ---- The schedule ---- */

/* Every round has each benchmark once, in an order of its own. */
static void test_rounds(void **state)
{
    size_t same = 0;
    (void)state;
    make_contest(12);
    contest_run(&contest);
    assert_int_equal(call_count, 12 * 16);
    for (size_t round = 0; round < 16; round++) {
        const struct call *now = &calls[round * 12];
        bool seen[12] = {false};
        for (size_t i = 0; i < 12; i++) {
            assert_false(seen[now[i].bout]);
            seen[now[i].bout] = true;
            same += round > 0 && now[i].bout == now[i - 12].bout;
        }
    }
    /* By lot, one place of twelve stays as it was: 15 of 180. */
    assert_in_range(same, 1, 40);
    assert_int_equal(count_verdicts(0, 12, VERSUS_UNCHANGED), 12);
}

/* Of each two pairs of a benchmark one sets up the old side first, by lot which. */
static void test_orders(void **state)
{
    size_t old_first = 0;
    (void)state;
    make_contest(40);
    contest_run(&contest);
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(benchmarks[i].pair_count, 16);
        for (size_t k = 0; k < 16; k += 2) {
            const struct versus_pair *two = &benchmarks[i].pairs[k];
            assert_int_equal(two[0].order + two[1].order, 0);
            old_first += two[0].order == 1;
        }
    }
    /* 320 tosses; four standard deviations are 36. */
    assert_in_range(old_first, 124, 196);
    for (size_t i = 1; i < call_count; i++) {
        assert_true(calls[i].luck != calls[i - 1].luck);
    }
}

static void noisy_contest(uint64_t seed)
{
    make_contest(20);
    for (size_t i = 0; i < 20; i++) {
        players[i].law = (struct pairs_law){.deviation = 0.001 * (double)(i + 1)};
    }
    players[3].law = slower;
    rng_seed(&contest.ring.rng, seed);
    contest_run(&contest);
}

static void test_same_seed_same_schedule(void **state)
{
    static struct call before[CALLS_MAX];
    (void)state;
    noisy_contest(77);
    size_t count = call_count;
    memcpy(before, calls, count * sizeof *calls);
    forget_contest();
    noisy_contest(77);
    assert_int_equal(call_count, count);
    assert_memory_equal(before, calls, count * sizeof *calls);
    forget_contest();
    noisy_contest(78);
    assert_memory_not_equal(before, calls, 100 * sizeof *calls);
}

/* ---- Stages ---- */

static void test_confirmation(void **state)
{
    (void)state;
    make_contest(10);
    players[2].law = slower;
    players[7].law = faster;
    contest_run(&contest);
    /* Ten rounds of all; then the two alone, who are settled at the first look. */
    for (size_t i = 160; i < call_count; i++) {
        assert_true(calls[i].bout == 2 || calls[i].bout == 7);
    }
    assert_int_equal(call_count, 160 + 2 * 20);
    for (size_t i = 0; i < 10; i++) {
        bool changed = i == 2 || i == 7;
        assert_int_equal(pairs_of(i, false), 16);
        assert_int_equal(pairs_of(i, true), changed ? 20 : 0);
        assert_int_equal(benchmarks[i].flagged, changed);
    }
    assert_int_equal(benchmarks[2].verdict, VERSUS_REGRESSED);
    assert_int_equal(benchmarks[7].verdict, VERSUS_IMPROVED);
    assert_int_equal(count_verdicts(0, 10, VERSUS_UNCHANGED), 8);
    /* Only the fresh pairs are in the figures. */
    double sum = 0;
    for (size_t i = 16; i < 36; i++) {
        assert_true(benchmarks[2].pairs[i].confirming);
        sum += benchmarks[2].pairs[i].log_ratio / 20;
    }
    assert_within(log1p(benchmarks[2].effect.point), sum, 0.0005);
}

/* What the screen suspected for no reason is let go as soon as that is plain. */
static void test_futile_confirmation_ends_early(void **state)
{
    (void)state;
    make_contest(1);
    players[0].law = (struct pairs_law){.log_effect = 0.0008};
    contest_run(&contest);
    assert_true(benchmarks[0].flagged);
    assert_int_equal(pairs_of(0, true), 20);
    assert_int_equal(benchmarks[0].verdict, VERSUS_UNCHANGED);
}

/* Little beyond the guard: some take all pairs to tell. Each is looked at after a third, two thirds
 * and all of its own plan, which is longer for what is harder to tell. */
static void test_confirmation_takes_all_pairs(void **state)
{
    size_t took_all = 0;
    size_t planned_more = 0;
    size_t longest = 0;
    (void)state;
    make_contest(20);
    for (size_t i = 0; i < 20; i++) {
        players[i].law = (struct pairs_law){.log_effect = 0.0045, .deviation = 0.004};
    }
    contest_run(&contest);
    for (size_t i = 0; i < 20; i++) {
        size_t confirming = pairs_of(i, true);
        size_t planned = bouts[i].planned;
        if (!benchmarks[i].flagged) {
            assert_int_equal(confirming, 0);
            continue;
        }
        assert_in_range(planned, 60, 180);
        assert_true(confirming == planned / 3 || confirming == planned * 2 / 3 ||
                    confirming == planned);
        took_all += confirming == planned;
        planned_more += planned > 60;
        longest = planned > longest ? planned : longest;
    }
    assert_in_range(took_all, 5, 20);
    assert_in_range(planned_more, 3, 20);
    assert_int_equal(longest, 3 * 60); /* more would be wanted */
}

/* The same change needs more pairs where they vary more. */
static void test_plans(void **state)
{
    (void)state;
    make_contest(3);
    settings.pair_ns = 9e6; /* short by order: they do not get longer */
    for (size_t i = 0; i < 3; i++) {
        players[i].law =
            (struct pairs_law){.log_effect = 0.02, .deviation = i == 0 ? 0.001 : 0.027};
    }
    contest_run(&contest);
    assert_int_equal(bouts[0].planned, 60);
    assert_in_range(bouts[1].planned + bouts[2].planned, 2 * 60 + 1, 2 * 180);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(benchmarks[i].verdict, VERSUS_REGRESSED);
    }
}

/* Pairs that are four times as long: fewer of them are due, and the pilot is not among them. */
static void test_plans_of_longer_pairs(void **state)
{
    (void)state;
    make_contest(2);
    players[0].law = (struct pairs_law){.log_effect = 0.05, .deviation = 0.001};
    players[1].law = (struct pairs_law){.log_effect = 0.05, .deviation = 0.027};
    contest_run(&contest);
    assert_int_equal(bouts[0].planned, 60);
    assert_in_range(bouts[1].planned, 24, 3 * 24);
    assert_int_equal(pairs_of(0, false), 16);
    assert_int_equal(pairs_of(1, false), 16 - 8);
    assert_int_equal(benchmarks[1].verdict, VERSUS_REGRESSED);
}

/* Families: each direction, and the canaries, share a chance of their own. */
static void test_families(void **state)
{
    (void)state;
    make_contest(9);
    players[0].law = slower;
    players[1].law = faster;
    players[2].law = faster;
    for (size_t i = 4; i < 9; i++) {
        bouts[i].canary = true;
        players[i].law = i == 8 ? faster : slower;
    }
    contest_run(&contest);
    double first_look = settings.false_alarms * judge_spending[0];
    assert_near(bouts[0].level, first_look, 1e-9);
    assert_near(bouts[1].level, first_look / 2, 1e-9);
    assert_near(bouts[2].level, first_look / 2, 1e-9);
    for (size_t i = 4; i < 8; i++) {
        assert_near(bouts[i].level, first_look / 4, 1e-9);
    }
    assert_near(bouts[8].level, first_look, 1e-9);
    assert_false(bouts[3].rejected);
    assert_near(judge_spending[0] + judge_spending[1] + judge_spending[2], 1, 1e-12);
}

/* Nine pairs on one side are one pattern of 512: too many for one of twenty at this level. */
static void test_ranks_that_cannot_agree(void **state)
{
    (void)state;
    make_contest(20);
    settings.confirm_pairs = 9;
    for (size_t i = 0; i < 20; i++) {
        players[i].law = slower;
    }
    contest_run(&contest);
    assert_int_equal(count_verdicts(0, 20, VERSUS_INCONCLUSIVE), 20);
    for (size_t i = 0; i < 20; i++) {
        assert_non_null(strstr(benchmarks[i].note, "signed-rank"));
    }
}

static void test_below_resolution(void **state)
{
    (void)state;
    make_contest(2);
    for (size_t i = 0; i < 2; i++) {
        players[i].law = slower;
        bouts[i].loop_ns[0] = i == 0 ? EACH_NS : EACH_NS / 100;
        bouts[i].loop_ns[1] = bouts[i].loop_ns[0];
    }
    contest_run(&contest);
    assert_true(benchmarks[0].below_resolution);
    assert_int_equal(benchmarks[0].pair_count, 16);
    assert_int_equal(benchmarks[0].verdict, VERSUS_INCONCLUSIVE);
    assert_false(benchmarks[1].below_resolution);
    assert_int_equal(benchmarks[1].verdict, VERSUS_REGRESSED);
}

/* Further rounds: for what is not suspected, not shown equivalent, and may be settled by them. */
static void test_screening_further(void **state)
{
    size_t extended = 0;
    (void)state;
    make_contest(60);
    settings.pair_ns = 9e6; /* short by order: they do not get longer */
    for (size_t i = 0; i < 60; i++) {
        players[i].law.deviation = i < 20 ? 0.001 : i < 40 ? 0.015 : 0.6;
    }
    contest_run(&contest);
    for (size_t i = 0; i < 60; i++) {
        size_t screening = pairs_of(i, false);
        assert_true(screening == 16 || screening == 32 || screening == 48);
        extended += screening > 16;
        if (i < 20 || i >= 40) {
            assert_int_equal(screening, 16); /* settled, hopeless */
        } else if (!benchmarks[i].flagged && benchmarks[i].verdict == VERSUS_INCONCLUSIVE) {
            assert_int_equal(screening, 48);
        }
    }
    assert_true(extended >= 5);
    assert_true(count_verdicts(20, 40, VERSUS_UNCHANGED) >= 10);
    assert_int_equal(count_verdicts(40, 60, VERSUS_UNCHANGED), 0);
    /* Without a budget the run ends with the confirmation. */
    assert_true(benchmarks[calls[call_count - 1].bout].flagged);
}

static double most_left_s;

static void watch(void *context, const char *id, double done, double left_s)
{
    *(size_t *)context += 1;
    assert_true(done >= 0 && done <= 1);
    assert_true(id[0] >= '0' && id[0] <= '9');
    most_left_s = fmax(most_left_s, left_s);
}

/* Who watches is told of every pair, and never of an endless time. */
static void test_watching(void **state)
{
    size_t watched = 0;
    (void)state;
    make_contest(8);
    for (size_t i = 0; i < 8; i++) {
        players[i].law.deviation = 0.012;
    }
    players[0].law = slower;
    contest.watch = watch;
    contest.watch_context = &watched;
    most_left_s = 0;
    contest_run(&contest);
    assert_true(call_count > 8 * 16 + 20); /* it was screened further */
    assert_int_equal(watched, call_count);
    assert_true(most_left_s < 8 * 60 * 0.04);
}

/* ---- How often it is right ---- */

/* Pairs as they are in life: 0.3 % of noise, and four in a hundred 10 % off. */
static struct pairs_law life(double log_effect)
{
    return (struct pairs_law){.log_effect = log_effect, .deviation = 0.003, .unlucky = 0.04};
}

/* 2,000 benchmarks, of which none changed: one such comparison in a hundred may call one slower. */
static void test_no_false_alarm(void **state)
{
    (void)state;
    make_contest(2000);
    for (size_t i = 0; i < 2000; i++) {
        players[i].law = life(0);
    }
    contest_run(&contest);
    assert_int_equal(count_verdicts(0, 2000, VERSUS_REGRESSED), 0);
    assert_int_equal(count_verdicts(0, 2000, VERSUS_IMPROVED), 0);
    assert_true(count_verdicts(0, 2000, VERSUS_UNCHANGED) > 1900);
    size_t flagged = 0;
    for (size_t i = 0; i < 2000; i++) {
        flagged += benchmarks[i].flagged;
    }
    /* The screen asks for one in ten at the most, as it does in either direction for 5 %. */
    assert_in_range(flagged, 50, 260);
}

/* Every tenth is 2 % slower or faster. */
static void test_2_percent_is_found(void **state)
{
    (void)state;
    make_contest(1000);
    for (size_t i = 0; i < 1000; i++) {
        players[i].law = life(i < 50 ? log(1.02) : i < 100 ? -log(1.02) : 0);
    }
    contest_run(&contest);
    assert_true(20 * count_verdicts(0, 50, VERSUS_REGRESSED) >= 19 * 50);
    assert_true(20 * count_verdicts(50, 100, VERSUS_IMPROVED) >= 19 * 50);
    assert_int_equal(count_verdicts(50, 1000, VERSUS_REGRESSED), 0);
    assert_int_equal(count_verdicts(0, 50, VERSUS_IMPROVED), 0);
    assert_int_equal(count_verdicts(100, 1000, VERSUS_IMPROVED), 0);
}

/* With 16 pairs that vary by 3 % a change of 2 % is suspected in seven of ten (2.4 errors, against
 * a t of 1.86), with 48 in 99 of a hundred; four of five of these are to be confirmed. */
static void test_2_percent_in_noise(void **state)
{
    size_t at_once = 0;
    size_t flagged = 0;
    (void)state;
    make_contest(100);
    settings.pair_ns = 9e6; /* short by order: they do not get longer */
    for (size_t i = 0; i < 100; i++) {
        players[i].law = (struct pairs_law){.log_effect = log(1.02), .deviation = 0.03};
    }
    contest_run(&contest);
    for (size_t i = 0; i < 100; i++) {
        flagged += benchmarks[i].flagged;
        at_once += benchmarks[i].flagged && pairs_of(i, false) == 16;
    }
    assert_in_range(at_once, 50, 85);
    assert_in_range(flagged, 96, 100);
    assert_in_range(count_verdicts(0, 100, VERSUS_REGRESSED), 80, 100);
    assert_int_equal(count_verdicts(0, 100, VERSUS_IMPROVED), 0);
}

/* Three looks at the screen suspect more often without reason; fresh pairs still clear them. */
static void test_no_false_alarm_in_noise(void **state)
{
    size_t flagged = 0;
    size_t confirming = 0;
    size_t planned = 0;
    (void)state;
    make_contest(400);
    for (size_t i = 0; i < 400; i++) {
        players[i].law.deviation = 0.03;
    }
    contest_run(&contest);
    for (size_t i = 0; i < 400; i++) {
        flagged += benchmarks[i].flagged;
        confirming += pairs_of(i, true);
        planned += bouts[i].planned;
    }
    assert_int_equal(count_verdicts(0, 400, VERSUS_REGRESSED), 0);
    assert_int_equal(count_verdicts(0, 400, VERSUS_IMPROVED), 0);
    assert_in_range(flagged, 20, 3 * 40);
    assert_true(confirming * 3 < planned * 2); /* most are let go early */
}

/* A change within the guard is none, however surely it is seen. */
static void test_guard(void **state)
{
    (void)state;
    make_contest(300);
    for (size_t i = 0; i < 300; i++) {
        players[i].law =
            (struct pairs_law){.log_effect = i % 2 == 0 ? 0.0025 : -0.0025, .deviation = 0.003};
    }
    contest_run(&contest);
    assert_int_equal(count_verdicts(0, 300, VERSUS_REGRESSED), 0);
    assert_int_equal(count_verdicts(0, 300, VERSUS_IMPROVED), 0);
    assert_true(count_verdicts(0, 300, VERSUS_UNCHANGED) > 280);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_rounds, release),
        cmocka_unit_test_teardown(test_orders, release),
        cmocka_unit_test_teardown(test_same_seed_same_schedule, release),
        cmocka_unit_test_teardown(test_confirmation, release),
        cmocka_unit_test_teardown(test_futile_confirmation_ends_early, release),
        cmocka_unit_test_teardown(test_confirmation_takes_all_pairs, release),
        cmocka_unit_test_teardown(test_plans, release),
        cmocka_unit_test_teardown(test_plans_of_longer_pairs, release),
        cmocka_unit_test_teardown(test_families, release),
        cmocka_unit_test_teardown(test_ranks_that_cannot_agree, release),
        cmocka_unit_test_teardown(test_below_resolution, release),
        cmocka_unit_test_teardown(test_screening_further, release),
        cmocka_unit_test_teardown(test_watching, release),
        cmocka_unit_test_teardown(test_no_false_alarm, release),
        cmocka_unit_test_teardown(test_2_percent_is_found, release),
        cmocka_unit_test_teardown(test_2_percent_in_noise, release),
        cmocka_unit_test_teardown(test_no_false_alarm_in_noise, release),
        cmocka_unit_test_teardown(test_guard, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
