/* What a pair is asked for, and what becomes of its slices. */
#include "contest_play.h"
#include "near.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_request, release),
        cmocka_unit_test_teardown(test_request_of_threads, release),
        cmocka_unit_test_teardown(test_least_quads, release),
        cmocka_unit_test_teardown(test_what_is_kept, release),
        cmocka_unit_test_teardown(test_before_the_first_pair, release),
        cmocka_unit_test_teardown(test_layouts, release),
        cmocka_unit_test_teardown(test_below_resolution, release),
        cmocka_unit_test_teardown(test_failures, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
