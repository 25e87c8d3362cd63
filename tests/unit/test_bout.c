/* What a pair is asked for, and what becomes of its slices. */
#include "contest_play.h"
#include "near.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int release(void **state)
{
    (void)state;
    forget_contest();
    return 0;
}

static void run(bool confirming)
{
    assert_true(bout_run_pair(&contest.ring, &bouts[0], confirming));
}

static void test_request(void **state)
{
    (void)state;
    make_contest(1);
    settings.cpu = 1;
    contest.ring.shared_luck = true;
    run(false);
    assert_true(last_request.tsc && last_shared_luck);
    assert_true(last_request.ns_per_tick == 0.5);
    assert_int_equal(last_request.cpu, 1);
    assert_int_equal(last_request.iterations, 0); /* the first pair calibrates */
    assert_near(last_request.slice_ns, 1e5, 1e-12);
    assert_near(last_request.pair_ns, 20e6, 1e-12);
    assert_int_equal(last_request.quads_max, DUEL_QUADS_MAX);
    assert_true(last_limit_s <= 60);
    size_t turned = 0;
    for (size_t i = 0; i < DUEL_QUADS_MAX; i++) {
        assert_in_range(last_request.quads[i], 0, 1);
        turned += last_request.quads[i];
    }
    /* Tosses of a coin: four standard deviations are 90. */
    assert_in_range(turned, DUEL_QUADS_MAX / 2 - 90, DUEL_QUADS_MAX / 2 + 90);
    run(false);
    assert_int_equal(last_request.iterations, 1000); /* later ones run the same laps */
    assert_true(last_request.each_ns == EACH_NS);
    assert_true(last_request.quads_min > 1);
    /* Many times what the first one took, which was 30 ms. */
    assert_true(last_limit_s >= 5 && last_limit_s < 60);
}

static void test_request_of_threads(void **state)
{
    (void)state;
    make_contest(1);
    settings.cpu = 1;
    bouts[0].threads = 4;
    run(false);
    assert_int_equal(last_request.cpu, -1); /* they need more than one */
    assert_true(last_request.slice_ns > 1e5);
    assert_true(last_request.pair_ns > 20e6);
}

/* However long a call takes, a pair has a quad; and not many more when it takes long. */
static void test_least_quads(void **state)
{
    static const double each_ns[] = {0.3, 1e6, 6e6, 25e6, 3e9};
    uint32_t before = DUEL_QUADS_MAX;
    (void)state;
    make_contest(1);
    run(false);
    for (size_t i = 0; i < sizeof each_ns / sizeof *each_ns; i++) {
        bouts[0].each_ns = each_ns[i];
        run(false);
        assert_in_range(last_request.quads_min, 1, before);
        before = last_request.quads_min;
    }
    assert_int_equal(before, 1);
}

static void test_what_is_kept(void **state)
{
    (void)state;
    make_contest(1);
    players[0].law.log_effect = log(1.5);
    run(false);
    run(true);
    const struct versus_benchmark *b = &benchmarks[0];
    assert_int_equal(b->status, VERSUS_COMPARED);
    assert_int_equal(b->pair_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct versus_pair *pair = &b->pairs[i];
        assert_int_equal(pair->confirming, i == 1);
        assert_int_equal(pair->order, calls[i].first == DUEL_OLD ? 1 : -1);
        assert_near(pair->log_ratio, log(1.5), 1e-9);
        assert_near(pair->old_lowmean_ns, 100, 1e-9);
        assert_near(pair->new_lowmean_ns, 150, 1e-9);
        assert_near(pair->new_tail_ns / pair->old_tail_ns, 1.5, 1e-9);
        assert_int_equal(pair->slices, 2);
        assert_int_equal(pair->dropped, 0);
        assert_int_equal(pair->old_layout + pair->new_layout, 0);
    }
    assert_int_equal(bout_count_pairs(&bouts[0], true), 1);
    assert_near(bout_pair_seconds(&bouts[0], 99), 0.03, 1e-9);
    bout_summarise(&bouts[0]);
    assert_near(b->old_times.median_ns, 100, 1e-9);
    assert_near(b->new_times.p95_ns, 150, 1e-9);
    assert_int_equal(b->iterations, 1000);
    assert_near(b->pair_seconds, 0.03, 1e-9);
    assert_false(b->below_resolution);
}

/* A slice that was disturbed on one side is left out on both where slow slices count. */
static void test_disturbed_slices(void **state)
{
    (void)state;
    make_contest(1);
    players[0].disturbed = true;
    run(false);
    players[0].disturbed = false;
    run(false);
    const struct versus_pair *pair = benchmarks[0].pairs;
    assert_int_equal(pair[0].slices, 2);
    assert_int_equal(pair[0].dropped, 1);
    assert_within(pair[0].log_ratio, 0, 1e-12);
    assert_near(pair[0].old_tail_ns, 100, 1e-9);
    assert_near(pair[0].new_tail_ns, 100, 1e-9);
    assert_int_equal(pair[1].dropped, 0);
    assert_int_equal(bouts[0].disturbed, 1);
    assert_int_equal(bouts[0].slices, 4);
}

static void test_before_the_first_pair(void **state)
{
    (void)state;
    make_contest(1);
    assert_true(bout_pair_seconds(&bouts[0], 99) == 99);
    assert_true(bout_is_alive(&bouts[0]));
    bout_summarise(&bouts[0]);
    assert_int_equal(benchmarks[0].iterations, 0);
}

/* Of layouts each side draws its own, and the program that runs is the one that is told. */
static void test_layouts(void **state)
{
    static const int old_fds[] = {100, 101, 102};
    static const int new_fds[] = {200, 201, 202};
    bool seen[2][4] = {{false}};
    size_t alike = 0;
    (void)state;
    make_contest(1);
    bouts[0].program[DUEL_OLD] = (struct bout_program){3, old_fds, 1};
    bouts[0].program[DUEL_NEW] = (struct bout_program){3, new_fds, 1};
    for (size_t i = 0; i < 60; i++) {
        run(false);
        const struct versus_pair *pair = &benchmarks[0].pairs[i];
        assert_in_range(pair->old_layout, 1, 3);
        assert_in_range(pair->new_layout, 1, 3);
        assert_int_equal(last_sides.program[DUEL_OLD], 99 + pair->old_layout);
        assert_int_equal(last_sides.program[DUEL_NEW], 199 + pair->new_layout);
        seen[0][pair->old_layout] = true;
        seen[1][pair->new_layout] = true;
        alike += pair->old_layout == pair->new_layout;
    }
    for (size_t k = 1; k <= 3; k++) {
        assert_true(seen[0][k] && seen[1][k]);
    }
    assert_in_range(alike, 6, 36); /* a third of them, by lot */
}

/* An old side 10 % of the time of a loop, with a slow new one: only where neither can be told from
 * the loop is there nothing to say. */
static void test_below_resolution(void **state)
{
    (void)state;
    make_contest(1);
    players[0].law.log_effect = log(100);
    bouts[0].loop_ns[0] = EACH_NS;
    bouts[0].loop_ns[1] = EACH_NS;
    run(false);
    bout_summarise(&bouts[0]);
    assert_false(benchmarks[0].below_resolution);
    bouts[0].loop_ns[1] = 100 * EACH_NS;
    bout_summarise(&bouts[0]);
    assert_true(benchmarks[0].below_resolution);
    bouts[0].loop_ns[0] = 0; /* not known */
    bout_summarise(&bouts[0]);
    assert_false(benchmarks[0].below_resolution);
}

static void test_failures(void **state)
{
    (void)state;
    make_contest(2);
    players[0].ends_at = 1;
    players[0].ends_as = PAIR_SKIPPED;
    run(false);
    run(false);
    assert_int_equal(benchmarks[0].status, VERSUS_SKIPPED);
    assert_string_equal(benchmarks[0].reason, "new: it said so");
    assert_false(bout_is_alive(&bouts[0]));
    assert_int_equal(benchmarks[0].pair_count, 1);
    interrupt_at = call_count;
    assert_false(bout_run_pair(&contest.ring, &bouts[1], false));
    assert_int_equal(benchmarks[1].status, VERSUS_UNTRIED);
    assert_true(bout_is_alive(&bouts[1]));
}

/* Eight pairs tell whether shared addresses repeat as well as own ones; the better is kept. */
static void test_pilot_of_addresses(void **state)
{
    (void)state;
    for (int case_number = 0; case_number < 3; case_number++) {
        bool shared[40];
        make_contest(1);
        settings.pair_ns = 9e6; /* short by order: the pilot is not forgotten */
        contest.ring.shared_luck = case_number < 2;
        players[0].law.deviation = case_number == 0 ? 0.001 : 0.02;
        players[0].own_deviation = case_number == 0 ? 0.02 : 0;
        for (size_t i = 0; i < 40; i++) {
            /* In the second case it is the shared ones that vary. */
            players[0].law.deviation =
                case_number == 1 ? (i % 4 < 2 ? 0.05 : 1e-5) : players[0].law.deviation;
            run(false);
            shared[i] = last_shared_luck;
            assert_int_equal(benchmarks[0].pairs[i].shared, shared[i]);
        }
        for (size_t i = 0; i < 40; i++) {
            assert_int_equal(shared[i], case_number == 0   ? i >= 8 || i % 4 < 2
                                        : case_number == 1 ? i < 8 && i % 4 < 2
                                                           : 0);
        }
        /* Both kinds had as many pairs in either order. */
        for (size_t i = 0; i < 8; i += 2) {
            assert_int_equal(calls[i].first + calls[i + 1].first, 1);
        }
        forget_contest();
    }
    make_contest(0);
}

/* A costly setup buys more slices, within bounds. */
static void test_costly_setup(void **state)
{
    static const double seconds[] = {0.02, 0.15, 60};
    static const double pair_ns[] = {20e6, 50e6, 100e6};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        make_contest(1);
        players[0].seconds = seconds[i];
        run(false);
        assert_near(last_request.pair_ns, 20e6, 1e-9);
        run(false);
        assert_near(last_request.pair_ns, pair_ns[i], 0.01);
        forget_contest();
    }
    make_contest(0);
}

/* A pair that the budget cut off is no failure of the benchmark; one that hung is. */
static void test_cut_off_by_the_budget(void **state)
{
    (void)state;
    for (int budget = 0; budget < 2; budget++) {
        make_contest(1);
        players[0] =
            (struct player){.seconds = 2, .ends_at = 0, .ends_as = PAIR_FAILED, .late = true};
        contest.ring.end_ns = budget == 1 ? clock_monotonic_ns() + 2000000000 : 0;
        run(false);
        assert_true(budget == 1 ? last_limit_s <= 2 : last_limit_s > 2);
        assert_int_equal(benchmarks[0].status, budget == 1 ? VERSUS_UNTRIED : VERSUS_FAILED);
        assert_non_null(strstr(benchmarks[0].reason, budget == 1 ? "the time was up" : "it said"));
        forget_contest();
    }
    make_contest(0);
}

static int programs[2];

static void make_contest_of_copies(void)
{
    make_contest(1);
    contest.ring.fresh = true;
    for (size_t side = 0; side < 2; side++) {
        programs[side] = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        assert_true(programs[side] >= 0);
        bouts[0].program[side].fd = &programs[side];
    }
}

static void close_programs(void)
{
    close(programs[0]);
    close(programs[1]);
}

static void test_fresh_copies(void **state)
{
    struct stat facts;
    (void)state;
    make_contest_of_copies();
    run(false);
    for (size_t side = 0; side < 2; side++) {
        assert_int_not_equal(last_sides.program[side], programs[side]);
        assert_int_equal(fstat(last_sides.program[side], &facts), -1); /* closed after the pair */
    }
    assert_true(contest.ring.fresh);
    /* What is no file cannot be copied: it runs as it is, and so do all from then on. */
    close_programs();
    run(false);
    assert_int_equal(last_sides.program[DUEL_OLD], programs[DUEL_OLD]);
    assert_false(contest.ring.fresh);
    assert_int_equal(benchmarks[0].pair_count, 2);
}

/* It needs files beside itself. */
static void test_program_that_works_only_where_it_is(void **state)
{
    (void)state;
    make_contest_of_copies();
    players[0].only_fd = programs[DUEL_OLD];
    run(false);
    assert_int_equal(call_count, 2);
    assert_int_equal(benchmarks[0].status, VERSUS_COMPARED);
    assert_int_equal(benchmarks[0].pair_count, 1);
    assert_false(contest.ring.fresh);
    run(false);
    assert_int_equal(call_count, 3);
    close_programs();
}

/* It fails in either place: copies are not to blame. */
static void test_program_that_works_nowhere(void **state)
{
    (void)state;
    make_contest_of_copies();
    players[0].only_fd = 9999;
    run(false);
    assert_int_equal(call_count, 2);
    assert_int_equal(benchmarks[0].status, VERSUS_FAILED);
    assert_true(contest.ring.fresh);
    close_programs();
}

/* Only what fails while it is set up may miss files: a failure in its slices is its own. */
static void test_program_that_fails_after_its_setup(void **state)
{
    (void)state;
    make_contest_of_copies();
    players[0].ends_at = 0;
    players[0].ends_as = PAIR_FAILED;
    run(false);
    assert_int_equal(call_count, 1);
    assert_int_equal(benchmarks[0].status, VERSUS_FAILED);
    assert_true(contest.ring.fresh);
    close_programs();
}

/* A pilot that scatters by 5 % is followed by pairs four times as long, and is itself forgotten; so
 * much less of them are due. */
static void test_pairs_that_scatter_get_longer(void **state)
{
    (void)state;
    make_contest(1);
    players[0].law.deviation = 0.05;
    for (size_t i = 0; i < 8; i++) {
        run(false);
        assert_near(last_request.pair_ns, 20e6, 1e-12);
    }
    assert_int_equal(benchmarks[0].pair_count, 8);
    assert_int_equal(bout_scale_pairs(&bouts[0], 60, 24), 24);
    for (size_t i = 0; i < 20; i++) {
        players[0].law.log_effect = 1; /* so far apart that they can be told */
        run(false);
        assert_near(last_request.pair_ns, 80e6, 1e-12);
        assert_int_equal(benchmarks[0].pair_count, i < 5 ? 9 + i : i + 1);
        assert_near(bout_pair_seconds(&bouts[0], 0), 0.03, 1e-9);
    }
    for (size_t i = 0; i < 20; i++) {
        assert_true(benchmarks[0].pairs[i].log_ratio > 0.5);
    }
}

/* A pilot that too few long pairs follow is all there is. */
static void test_pilot_stays_when_little_follows(void **state)
{
    (void)state;
    make_contest(1);
    players[0].law.deviation = 0.05;
    for (size_t i = 0; i < 10; i++) {
        run(false);
    }
    for (size_t i = 0; i < 10; i++) {
        run(true);
    }
    assert_near(last_request.pair_ns, 80e6, 1e-12);
    assert_int_equal(bout_count_pairs(&bouts[0], false), 10);
    assert_int_equal(bout_count_pairs(&bouts[0], true), 10);
}

static void test_pairs_that_do_not_scatter_stay_as_they_are(void **state)
{
    (void)state;
    make_contest(1);
    players[0].law.deviation = 0.004;
    for (size_t i = 0; i < 12; i++) {
        run(false);
        assert_near(last_request.pair_ns, 20e6, 1e-12);
    }
    assert_int_equal(benchmarks[0].pair_count, 12);
    assert_int_equal(bout_scale_pairs(&bouts[0], 60, 24), 60);
}

/* --pair-time, or a time budget, asked for them. */
static void test_pairs_that_are_short_by_order_stay_short(void **state)
{
    (void)state;
    make_contest(1);
    settings.pair_ns = 5e6;
    players[0].law.deviation = 0.05;
    for (size_t i = 0; i < 12; i++) {
        run(false);
    }
    assert_int_equal(benchmarks[0].pair_count, 12);
    assert_near(last_request.pair_ns, fmax(5e6, bouts[0].setup_ns / 3), 5e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_request, release),
        cmocka_unit_test_teardown(test_request_of_threads, release),
        cmocka_unit_test_teardown(test_least_quads, release),
        cmocka_unit_test_teardown(test_what_is_kept, release),
        cmocka_unit_test_teardown(test_disturbed_slices, release),
        cmocka_unit_test_teardown(test_before_the_first_pair, release),
        cmocka_unit_test_teardown(test_layouts, release),
        cmocka_unit_test_teardown(test_below_resolution, release),
        cmocka_unit_test_teardown(test_failures, release),
        cmocka_unit_test_teardown(test_pilot_of_addresses, release),
        cmocka_unit_test_teardown(test_costly_setup, release),
        cmocka_unit_test_teardown(test_cut_off_by_the_budget, release),
        cmocka_unit_test_teardown(test_fresh_copies, release),
        cmocka_unit_test_teardown(test_program_that_works_only_where_it_is, release),
        cmocka_unit_test_teardown(test_program_that_works_nowhere, release),
        cmocka_unit_test_teardown(test_program_that_fails_after_its_setup, release),
        cmocka_unit_test_teardown(test_pairs_that_scatter_get_longer, release),
        cmocka_unit_test_teardown(test_pilot_stays_when_little_follows, release),
        cmocka_unit_test_teardown(test_pairs_that_do_not_scatter_stay_as_they_are, release),
        cmocka_unit_test_teardown(test_pairs_that_are_short_by_order_stay_short, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
