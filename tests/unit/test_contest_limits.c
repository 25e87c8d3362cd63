/* Comparisons that are short of time, interrupted, or of benchmarks that fail: what is run, and
 * what is said of the rest. */
#include "contest_play.h"
#include "near.h"

static const struct pairs_law slower = {.log_effect = 0.05, .deviation = 0.001};

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

/* ---- Time ---- */

static void test_budget_is_kept(void **state)
{
    static const double budgets_s[] = {0.01, 1, 3, 8, 20, 60};
    (void)state;
    for (size_t n = 0; n < sizeof budgets_s / sizeof *budgets_s; n++) {
        make_contest(30);
        for (size_t i = 0; i < 30; i++) {
            players[i].seconds = 0.02 + 0.002 * (double)i;
            players[i].law.deviation = 0.015;
        }
        players[5].law = slower;
        settings.time_budget_s = budgets_s[n];
        contest_run(&contest);
        /* Only what a first pair takes cannot be known before. */
        assert_true(clock_s - 1000 <= budgets_s[n] + 0.08);
        if (budgets_s[n] >= 20) {
            assert_int_equal(benchmarks[5].verdict, VERSUS_REGRESSED);
        }
        if (n > 0) {
            assert_true(clock_s - 1000 > budgets_s[n] / 2);
        }
        forget_contest();
    }
    make_contest(0);
}

/* Screening gets at most six tenths of the time, so that there is some to confirm. */
static void test_budget_is_shared(void **state)
{
    (void)state;
    make_contest(10);
    settings.time_budget_s = 10 * 0.03 * 20; /* twenty rounds */
    for (size_t i = 0; i < 10; i++) {
        players[i].law = slower;
    }
    contest_run(&contest);
    for (size_t i = 0; i < 10; i++) {
        assert_in_range(pairs_of(i, false), 11, 12);
        assert_int_equal(pairs_of(i, true), 0); /* eight rounds are not worth it */
        assert_true(benchmarks[i].verdict == VERSUS_INCONCLUSIVE);
        assert_non_null(strstr(benchmarks[i].note, "before it was confirmed"));
    }
}

/* Begin of a benchmark's call of this number, in seconds since the run began; -1: there was none.
 */
static double begun_s(size_t bout, size_t number)
{
    size_t seen = 0;
    for (size_t i = 0; i < call_count; i++) {
        if (calls[i].bout == bout && seen++ == number) {
            return calls[i].begun_s - 1000;
        }
    }
    return -1;
}

/* Nor does further screening get more; and what its last, incomplete step shows is not lost. */
static void test_budget_of_further_screening(void **state)
{
    size_t in_between = 0;
    (void)state;
    make_contest(40);
    settings.pair_ns = 9e6;      /* short by order: they do not get longer */
    settings.time_budget_s = 38; /* 22.8 to screen; the first sixteen rounds take 19.2 */
    for (size_t i = 0; i < 40; i++) {
        players[i].law = (struct pairs_law){.log_effect = log(1.02), .deviation = 0.03};
    }
    players[5].law = slower;
    contest_run(&contest);
    assert_true(clock_s - 1000 <= 38);
    assert_int_equal(pairs_of(5, false), 16);
    double confirmation_s = begun_s(5, 16);
    assert_true(confirmation_s > 19.2 + 1 && confirmation_s < 22.8 + 40 * 0.03);
    for (size_t i = 0; i < 40; i++) {
        if (benchmarks[i].flagged) {
            assert_in_range(pairs_of(i, false), 16, 31);
            in_between += pairs_of(i, false) > 16;
        }
    }
    assert_true(in_between > 0);
    assert_int_equal(benchmarks[5].verdict, VERSUS_REGRESSED);
}

/* The longer plans of what varies much are the first to be cut: nobody gets less for them. */
static void test_budget_cuts_long_plans_first(void **state)
{
    (void)state;
    make_contest(10);
    settings.pair_ns = 9e6;      /* short by order: they do not get longer */
    settings.time_budget_s = 25; /* 4.8 to screen; 18 are what 60 pairs of ten take */
    for (size_t i = 0; i < 10; i++) {
        players[i].law = i < 5 ? slower : (struct pairs_law){.log_effect = 0.05, .deviation = 0.04};
    }
    contest_run(&contest);
    double planned_s = 0;
    for (size_t i = 0; i < 10; i++) {
        assert_true(benchmarks[i].flagged);
        assert_in_range(bouts[i].planned, 60, i < 5 ? 60 : 179);
        planned_s += (double)bouts[i].planned * 0.03;
    }
    assert_true(planned_s > 18 && planned_s <= 0.95 * (25 - 4.8));
}

/* Each gets fewer confirming pairs when there is not time for all of them. */
static void test_budget_scales_the_plans(void **state)
{
    (void)state;
    make_contest(10);
    settings.time_budget_s = 12; /* 4.8 to screen; of the rest 0.95 are 22 pairs of each */
    for (size_t i = 0; i < 10; i++) {
        players[i].law = slower;
    }
    contest_run(&contest);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(bouts[i].planned, 22);
        assert_true(pairs_of(i, true) <= 22);
    }
    assert_int_equal(count_verdicts(0, 10, VERSUS_REGRESSED), 10);
    assert_false(contest.out_of_time);
}

/* A budget that is left over goes to what is open: up to twelve times the screen. */
static void test_budget_is_used(void **state)
{
    size_t most = 0;
    (void)state;
    make_contest(10);
    settings.time_budget_s = 100;
    for (size_t i = 0; i < 9; i++) {
        players[i].law.deviation = 0.03;
    }
    contest_run(&contest);
    for (size_t i = 0; i < 9; i++) {
        size_t screening = pairs_of(i, false);
        if (!benchmarks[i].flagged) {
            assert_true(benchmarks[i].verdict == VERSUS_UNCHANGED ||
                        screening + benchmarks[i].pairs_needed > 12 * 16);
            assert_in_range(screening, 16, 12 * 16);
        }
        most = screening > most ? screening : most;
    }
    assert_true(most > 3 * 16);
    assert_int_equal(pairs_of(9, false), 16);
}

/* Further screening pairs of what was suspected would say nothing: only fresh ones count. */
static void test_suspected_are_not_extended(void **state)
{
    size_t open = 0;
    (void)state;
    make_contest(30);
    settings.pair_ns = 9e6; /* short by order: they do not get longer */
    settings.time_budget_s = 200;
    for (size_t i = 0; i < 30; i++) {
        players[i].law = (struct pairs_law){.log_effect = 0.007, .deviation = 0.012};
    }
    contest_run(&contest);
    for (size_t i = 0; i < 30; i++) {
        if (benchmarks[i].flagged) {
            size_t screening = pairs_of(i, false);
            assert_true(screening == 16 || screening == 32 || screening == 48);
            for (size_t k = 0; k < benchmarks[i].pair_count; k++) {
                assert_int_equal(benchmarks[i].pairs[k].confirming, k >= screening);
            }
            open += benchmarks[i].verdict == VERSUS_INCONCLUSIVE;
        }
    }
    assert_true(open > 0 && !contest.out_of_time);
}

static void test_untried(void **state)
{
    (void)state;
    make_contest(5);
    settings.time_budget_s = 0.07;
    contest_run(&contest);
    assert_true(contest.out_of_time && !contest.interrupted);
    size_t tried = 0;
    for (size_t i = 0; i < 5; i++) {
        tried += benchmarks[i].pair_count > 0;
        if (benchmarks[i].pair_count == 0) {
            assert_int_equal(benchmarks[i].status, VERSUS_UNTRIED);
            assert_string_equal(benchmarks[i].reason, "the time was up before its first pair");
        } else {
            assert_string_equal(benchmarks[i].note, "too few pairs for an interval");
        }
    }
    assert_int_equal(tried, 2);
}

/* A single one that needs more time than is left keeps nobody else from being confirmed. */
static void test_one_that_does_not_fit(void **state)
{
    (void)state;
    make_contest(4);
    settings.time_budget_s = 60;
    players[3].seconds = 11; /* five rounds, and not a sixth */
    players[0].law = slower;
    contest_run(&contest);
    assert_true(contest.out_of_time);
    assert_int_equal(pairs_of(3, false), 5);
    assert_int_equal(benchmarks[0].verdict, VERSUS_REGRESSED);
    assert_int_equal(pairs_of(0, true), 20);
    assert_true(clock_s - 1000 <= 60);
}

static void test_estimate(void **state)
{
    (void)state;
    struct versus_settings s = pairs_usual;
    /* 16 pairs of 20 ms and what their start takes. */
    assert_within(contest_estimate_s(&s, 100), 100 * 16 * 0.03, 100 * 16 * 0.015);
    assert_near(contest_estimate_s(&s, 200), 2 * contest_estimate_s(&s, 100), 1e-12);
    assert_true(contest_estimate_s(&s, 0) == 0);
}

/* ---- What goes wrong ---- */

static void test_interrupted_before_it_began(void **state)
{
    (void)state;
    make_contest(3);
    contest.interrupted = true;
    contest_run(&contest);
    assert_int_equal(call_count, 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(benchmarks[i].status, VERSUS_UNTRIED);
        assert_string_equal(benchmarks[i].reason, "the run was interrupted before its first pair");
    }
}

static void test_interrupted_in_the_screen(void **state)
{
    (void)state;
    make_contest(10);
    players[1].law = slower;
    interrupt_at = 10 * 9 + 5;
    contest_run(&contest);
    assert_true(contest.interrupted);
    assert_int_equal(call_count, interrupt_at + 1);
    for (size_t i = 0; i < 10; i++) {
        assert_in_range(benchmarks[i].pair_count, 9, 10);
        assert_int_equal(benchmarks[i].status, VERSUS_COMPARED);
    }
    assert_int_equal(benchmarks[1].verdict, VERSUS_INCONCLUSIVE);
    assert_non_null(strstr(benchmarks[1].note, "before it was confirmed"));
    assert_int_equal(count_verdicts(0, 10, VERSUS_UNCHANGED), 9);
}

static void test_interrupted_in_the_first_round(void **state)
{
    (void)state;
    make_contest(10);
    interrupt_at = 4;
    contest_run(&contest);
    size_t tried = 0;
    for (size_t i = 0; i < 10; i++) {
        tried += benchmarks[i].status == VERSUS_COMPARED;
        assert_true(benchmarks[i].reason != NULL || benchmarks[i].note != NULL);
    }
    assert_int_equal(tried, 4);
}

static void test_interrupted_in_further_screening(void **state)
{
    (void)state;
    make_contest(10);
    settings.pair_ns = 9e6; /* short by order: they do not get longer */
    players[1].law = slower;
    players[2].law.deviation = 0.05;
    players[3].law.deviation = 0.05;
    interrupt_at = 160 + 5;
    contest_run(&contest);
    assert_true(contest.interrupted);
    assert_int_equal(call_count, interrupt_at + 1);
    assert_int_equal(pairs_of(2, false) + pairs_of(3, false), 2 * 16 + 5);
    assert_non_null(strstr(benchmarks[1].note, "before it was confirmed"));
    assert_int_equal(benchmarks[1].pair_count, 16);
}

static void make_contest_to_interrupt(void)
{
    make_contest(10);
    players[1].law = slower;
    players[2].law = slower;
    players[3].law = (struct pairs_law){.log_effect = 0.0055, .deviation = 0.007};
}

static void test_interrupted_in_the_confirmation(void **state)
{
    (void)state;
    make_contest_to_interrupt();
    contest_run(&contest);
    size_t planned = bouts[3].planned;
    size_t screening = 9 * 16 + pairs_of(3, false);
    assert_true(pairs_of(3, true) > planned / 3);
    forget_contest();
    make_contest_to_interrupt();
    interrupt_at = screening + 2 * 20 + planned / 3 + 7;
    contest_run(&contest);
    assert_true(contest.interrupted);
    assert_int_equal(call_count, interrupt_at + 1);
    assert_int_equal(benchmarks[1].verdict, VERSUS_REGRESSED); /* since the first look */
    assert_int_equal(benchmarks[2].verdict, VERSUS_REGRESSED);
    assert_int_equal(benchmarks[3].verdict, VERSUS_INCONCLUSIVE);
    assert_non_null(strstr(benchmarks[3].note, "before it was confirmed"));
}

static void assert_failed(size_t bout, enum versus_status status, size_t called)
{
    assert_int_equal(benchmarks[bout].status, status);
    assert_string_equal(benchmarks[bout].reason, "new: it said so");
    assert_int_equal(players[bout].called, called);
    assert_int_equal(benchmarks[bout].pair_count, called - 1);
}

/* At the first pair, a later one, a confirming one: it is left alone from then on, and the others
 * get what they would have got. */
static void test_failing(void **state)
{
    (void)state;
    make_contest(8);
    players[0] = (struct player){.seconds = 0.03, .ends_at = 0, .ends_as = PAIR_FAILED};
    players[1] = (struct player){.seconds = 0.03, .ends_at = 7, .ends_as = PAIR_FAILED};
    players[2] = (struct player){.seconds = 0.03, .ends_at = 0, .ends_as = PAIR_SKIPPED};
    players[3] =
        (struct player){.seconds = 0.03, .ends_at = 18, .ends_as = PAIR_FAILED, .law = slower};
    players[4].law = slower;
    contest_run(&contest);
    assert_failed(0, VERSUS_FAILED, 1);
    assert_failed(1, VERSUS_FAILED, 8);
    assert_failed(2, VERSUS_SKIPPED, 1);
    assert_failed(3, VERSUS_FAILED, 19);
    assert_int_equal(benchmarks[4].verdict, VERSUS_REGRESSED);
    assert_int_equal(count_verdicts(5, 8, VERSUS_UNCHANGED), 3);
    assert_false(contest.interrupted || contest.out_of_time);
}

static void test_nothing_to_do(void **state)
{
    (void)state;
    make_contest(0);
    contest_run(&contest);
    assert_int_equal(call_count, 0);
    forget_contest();
    make_contest(2);
    benchmarks[0].status = VERSUS_IDENTICAL;
    contest_run(&contest);
    assert_int_equal(players[0].called, 0);
    assert_int_equal(benchmarks[0].status, VERSUS_IDENTICAL);
    assert_null(benchmarks[0].note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_budget_is_kept, release),
        cmocka_unit_test_teardown(test_budget_is_shared, release),
        cmocka_unit_test_teardown(test_budget_of_further_screening, release),
        cmocka_unit_test_teardown(test_budget_cuts_long_plans_first, release),
        cmocka_unit_test_teardown(test_budget_scales_the_plans, release),
        cmocka_unit_test_teardown(test_budget_is_used, release),
        cmocka_unit_test_teardown(test_suspected_are_not_extended, release),
        cmocka_unit_test_teardown(test_untried, release),
        cmocka_unit_test_teardown(test_one_that_does_not_fit, release),
        cmocka_unit_test(test_estimate),
        cmocka_unit_test_teardown(test_interrupted_before_it_began, release),
        cmocka_unit_test_teardown(test_interrupted_in_the_screen, release),
        cmocka_unit_test_teardown(test_interrupted_in_the_first_round, release),
        cmocka_unit_test_teardown(test_interrupted_in_further_screening, release),
        cmocka_unit_test_teardown(test_interrupted_in_the_confirmation, release),
        cmocka_unit_test_teardown(test_failing, release),
        cmocka_unit_test_teardown(test_nothing_to_do, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
