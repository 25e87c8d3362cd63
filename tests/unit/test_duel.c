/* The plan of a pair, played with kernels of known cost; and the turns of two real processes. */
#include "duel_play.h"

#include "measure/clock.h"
#include "near.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- The plan ---- */

static void test_calibrated_pair(void **state)
{
    const struct duelists k = {
        .each_ns = {100, 103}, .setup_ns = {3 * MS, 5 * MS}, .first_ns = 200 * US, .noise = 0.02};
    struct duel_request request = duel_usual();
    (void)state;
    for (uint32_t first = 0; first < 2; first++) {
        request.first = first;
        play_duel(&request, &k);
        assert_fair(&request);
        /* The fastest lap of the calibration was at most 2 % above 100 ns. */
        assert_in_range(duel.iterations, 980, 1000);
        assert_within(duel.each_ns, 100, 2);
        /* Ten laps of 0.1 ms are the 1 ms of warm-up. */
        assert_int_equal(laps_of(DUEL_WARM_UP, DUEL_OLD), 10);
        /* 20 ms hold 200 slices, less what is run untimed and the quad that ends them. */
        assert_in_range(duel.sides[DUEL_OLD].count, 85, 100);
    }
}

static void test_given_iterations(void **state)
{
    const struct duelists k = {.each_ns = {50, 48}, .noise = 0.1};
    struct duel_request request = duel_usual();
    (void)state;
    request.iterations = 2000;
    request.each_ns = 50;
    request.first = DUEL_NEW;
    play_duel(&request, &k);
    assert_fair(&request);
    assert_int_equal(duel.iterations, 2000);
    assert_int_equal(laps_of(DUEL_WARM_UP, DUEL_OLD), 10);
    request.warm_up_ns = 0;
    play_duel(&request, &k);
    assert_fair(&request);
    assert_int_equal(laps_of(DUEL_WARM_UP, DUEL_OLD), 0);
}

/* Slices are filled by the old side's speed, whatever the new one's is. */
static void test_every_speed(void **state)
{
    static const double each_ns[] = {0.2,      1,        7.3,    900,     33 * US, 99 * US,
                                     101 * US, 600 * US, 1 * MS, 50 * MS, 3 * S};
    static const double factors[] = {1, 1.5, 1000, 0.001};
    struct duel_request request = duel_usual();
    (void)state;
    for (size_t i = 0; i < 2 * (sizeof each_ns / sizeof *each_ns); i++) {
        for (size_t f = 0; f < sizeof factors / sizeof *factors; f++) {
            double old_ns = each_ns[i / 2];
            const struct duelists k = {.each_ns = {old_ns, old_ns * factors[f]}};
            request.first = i % 2;
            play_duel(&request, &k);
            assert_fair(&request);
            double filled_ns = (double)duel.iterations * old_ns;
            assert_true(duel.iterations >= 1);
            assert_true(duel.iterations == 1 || filled_ns <= request.slice_ns * (1 + 1e-9));
            assert_true(filled_ns >= request.slice_ns - old_ns - 1e-6);
        }
    }
}

/* Nothing that takes seconds is run more often than it must be: two calls to learn that it is slow,
 * and one quad. */
static void test_long_calls_are_few(void **state)
{
    const struct duelists k = {.each_ns = {3 * S, 3 * S}};
    struct duel_request request = duel_usual();
    (void)state;
    play_duel(&request, &k);
    assert_fair(&request);
    assert_int_equal(lap_count, 2 + 2 * 2 + 4);
    request.iterations = 1;
    request.each_ns = 3 * S;
    play_duel(&request, &k);
    assert_fair(&request);
    assert_int_equal(lap_count, 2 + 4);
}

/* A first call that pages everything in must not pass for the speed. */
static void test_slow_first_call(void **state)
{
    static const double first_ns[] = {60 * US, 3 * MS, 1 * S};
    struct duel_request request = duel_usual();
    (void)state;
    for (size_t i = 0; i < sizeof first_ns / sizeof *first_ns; i++) {
        const struct duelists k = {.each_ns = {10, 10}, .first_ns = first_ns[i]};
        play_duel(&request, &k);
        assert_fair(&request);
        assert_in_range(duel.iterations, 9999, 10000);
    }
}

static void test_clock_that_stands(void **state)
{
    const struct duelists k = {.each_ns = {1, 1}, .clock_stands = true};
    struct duel_request request = duel_usual();
    (void)state;
    request.quads_max = 20;
    play_duel(&request, &k);
    assert_fair(&request);
    assert_int_equal(duel.sides[DUEL_OLD].count, 40);
    assert_true(laps_of(DUEL_CALIBRATE, DUEL_OLD) <= DUEL_MIRROR_MAX);
}

/* The clock of the CPU changes in the midst: both sides still run the same laps. */
static void test_machine_that_changes_speed(void **state)
{
    static const double at_ns[] = {0.05 * MS, 0.3 * MS, 1.5 * MS, 10 * MS};
    static const double factors[] = {0.2, 30};
    struct duel_request request = duel_usual();
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        const struct duelists k = {.each_ns = {20, 21},
                                   .noise = 0.3,
                                   .jump_at_ns = 5 * S + at_ns[i / 2],
                                   .jump_factor = factors[i % 2]};
        play_duel(&request, &k);
        assert_fair(&request);
    }
}

static void test_number_of_quads(void **state)
{
    const struct duelists k = {.each_ns = {100, 100}};
    struct duel_request request = duel_usual();
    (void)state;
    request.pair_ns = 0;
    request.quads_min = 0;
    play_duel(&request, &k);
    assert_fair(&request);
    assert_int_equal(duel.sides[DUEL_NEW].count, 2);
    request.quads_min = 9;
    play_duel(&request, &k);
    assert_fair(&request);
    assert_int_equal(duel.sides[DUEL_NEW].count, 18);
    request.pair_ns = 1000 * S;
    request.quads_max = 7; /* below quads_min: it is the limit that counts */
    play_duel(&request, &k);
    assert_int_equal(assert_slices(&request), 28);
    request.quads_max = DUEL_QUADS_MAX;
    play_duel(&request, &k);
    assert_fair(&request);
    assert_int_equal(duel.sides[DUEL_NEW].count, DUEL_SLICES_MAX);
}

/* Nothing of a pair is left in the next one on the same page; and the end stays the end. */
static void test_page_is_used_again(void **state)
{
    const struct duelists k = {.each_ns = {100, 130}, .noise = 0.2};
    struct duel_request request = duel_usual();
    static struct lap before[LAPS_MAX];
    struct sample sample = {.iterations = 1, .time_ns = 5};
    (void)state;
    play_duel(&request, &k);
    size_t count = lap_count;
    memcpy(before, laps, sizeof laps);
    duel_advance(&duel, &sample, 99 * S);
    assert_int_equal(duel.lap, DUEL_END);
    assert_int_equal(duel.side, DUEL_NOBODY);
    snprintf(duel.sides[0].reason, sizeof duel.sides[0].reason, "what a failed one said");
    duel.sides[1].state = DUEL_FAILED;
    play_duel(&request, &k);
    assert_int_equal(lap_count, count);
    assert_memory_equal(before, laps, sizeof laps);
    assert_string_equal(duel.sides[0].reason, "");
    assert_string_equal(duel.sides[0].id, "old/id");
    assert_string_equal(duel.sides[1].id, "new/id");
    assert_int_equal(duel.sides[1].state, DUEL_RUNNING);
}

/* ---- Turns ---- */

static struct duel *page;

static int make_page(void **state)
{
    struct error error = {0};
    int fd = -1;
    (void)state;
    page = duel_create(&fd, &error);
    assert_non_null(page);
    close(fd);
    return 0;
}

static int free_page(void **state)
{
    (void)state;
    duel_unmap(page);
    return 0;
}

static uint64_t in_ms(uint64_t ms)
{
    return clock_monotonic_ns() + ms * 1000000;
}

static void begin_page(uint32_t first, uint64_t limit_ms)
{
    struct duel_request request = duel_usual();
    request.first = first;
    request.quads_max = 25;
    request.pair_ns = 1000 * S;
    request.deadline_ns = in_ms(limit_ms);
    duel_begin(page, &request, "a", "b");
}

/* Counted by both processes: how many are in a lap now. */
struct guard {
    atomic_int inside;
    atomic_int collisions;
    atomic_int laps[2];
};

static void run_guarded(struct guard *guard, enum duel_name self)
{
    uint64_t end_ns = clock_monotonic_ns() + 20000;
    if (atomic_fetch_add(&guard->inside, 1) != 0) {
        atomic_fetch_add(&guard->collisions, 1);
    }
    while (clock_monotonic_ns() < end_ns) {
    }
    atomic_fetch_add(&guard->laps[self], 1);
    atomic_fetch_sub(&guard->inside, 1);
}

/* Runs its laps to the end of the pair. */
static bool duel_side(struct duel *d, enum duel_name self, struct guard *guard)
{
    struct sample ended = {0};
    uint64_t iterations = 1;
    if (!duel_await_setup(d, self)) {
        return false;
    }
    while (iterations > 0) {
        run_guarded(guard, self);
        iterations = duel_take_turn(d, self, &ended);
        ended = (struct sample){.iterations = iterations, .time_ns = 100 * (double)iterations};
    }
    return d->lap == DUEL_END;
}

static void test_two_processes_take_turns(void **state)
{
    (void)state;
    struct guard *guard =
        mmap(NULL, sizeof *guard, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(guard, MAP_FAILED);
    for (uint32_t first = 0; first < 2; first++) {
        memset(guard, 0, sizeof *guard);
        begin_page(first, 20000);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            alarm(30);
            _exit(duel_side(page, DUEL_NEW, guard) ? 0 : 1);
        }
        bool ended = duel_side(page, DUEL_OLD, guard);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(ended);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_int_equal(guard->collisions, 0);
        assert_int_equal(page->sides[DUEL_OLD].count, 50);
        assert_int_equal(page->sides[DUEL_NEW].count, 50);
        assert_true(guard->laps[DUEL_OLD] > 50 && guard->laps[DUEL_NEW] > 50);
        assert_int_equal(page->turn, DUEL_NOBODY);
    }
    munmap(guard, sizeof *guard);
}

/* Milliseconds beyond the deadline at which it gave up. */
static double late_ms(enum duel_name waiting)
{
    begin_page(DUEL_OLD, 40);
    struct sample nothing = {0};
    if (waiting == DUEL_NEW) {
        assert_false(duel_await_setup(page, DUEL_NEW));
    } else {
        assert_true(duel_await_setup(page, DUEL_OLD));
        assert_int_equal(duel_take_turn(page, DUEL_OLD, &nothing), 0);
    }
    uint64_t now = clock_monotonic_ns();
    assert_true(now >= page->request.deadline_ns);
    return (double)(now - page->request.deadline_ns) / 1e6;
}

/* The best of three, as this process may have to wait for a CPU. */
static void test_partner_that_never_comes(void **state)
{
    (void)state;
    for (int waiting = 0; waiting < 2; waiting++) {
        double best_ms = INFINITY;
        for (int i = 0; i < 3; i++) {
            best_ms = fmin(best_ms, late_ms(waiting == 0 ? DUEL_OLD : DUEL_NEW));
        }
        assert_true(best_ms < 100);
    }
}

static void test_not_its_turn(void **state)
{
    struct sample lap = {.iterations = 1, .time_ns = 1};
    (void)state;
    begin_page(DUEL_NEW, 20000);
    assert_int_equal(duel_take_turn(page, DUEL_OLD, &lap), 0);
    assert_int_equal(page->lap, DUEL_SETUP);
    assert_int_equal(page->side, DUEL_NEW);
    assert_true(duel_await_setup(page, DUEL_NEW));
}

static void *wait_for_setup(void *result)
{
    *(bool *)result = duel_await_setup(page, DUEL_NEW);
    return NULL;
}

static void test_end_wakes_who_waits(void **state)
{
    const struct timespec pause = {.tv_nsec = 30000000};
    pthread_t thread;
    bool came = true;
    (void)state;
    begin_page(DUEL_OLD, 20000);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_setup, &came), 0);
    nanosleep(&pause, NULL);
    uint64_t limit = in_ms(1000);
    duel_end(page);
    pthread_join(thread, NULL);
    assert_true(clock_monotonic_ns() < limit);
    assert_false(came);
}

/* Who has the turn cannot bring a pair back to life that was ended. */
static void test_end_stands(void **state)
{
    struct sample nothing = {0};
    (void)state;
    begin_page(DUEL_OLD, 20000);
    assert_true(duel_await_setup(page, DUEL_OLD));
    duel_end(page);
    assert_int_equal(duel_take_turn(page, DUEL_OLD, &nothing), 0);
    assert_int_equal(page->turn, DUEL_NOBODY);
    assert_false(duel_await_setup(page, DUEL_OLD));
    assert_false(duel_await_setup(page, DUEL_NEW));
}

/* ---- The page ---- */

static void assert_no_page(int fd, const char *part)
{
    struct error error = {0};
    assert_null(duel_map(fd, &error));
    assert_int_equal(error.status, STATUS_USAGE);
    assert_non_null(strstr(error.text, part));
}

static void test_only_pages_are_mapped(void **state)
{
    struct error error = {0};
    struct duel_request request = duel_usual();
    int fd = -1;
    int ends[2];
    (void)state;
    struct duel *made = duel_create(&fd, &error);
    assert_non_null(made);
    assert_no_page(fd, "no page of protocol"); /* nothing was begun on it */
    duel_begin(made, &request, "old one", "new one");
    struct duel *seen = duel_map(fd, &error);
    assert_non_null(seen);
    assert_string_equal(seen->sides[DUEL_NEW].id, "new one");
    seen->sides[DUEL_OLD].count = 3;
    assert_int_equal(made->sides[DUEL_OLD].count, 3);
    duel_unmap(seen);
    made->protocol = DUEL_PROTOCOL + 1;
    assert_no_page(fd, "no page of protocol 1 ");
    made->protocol = DUEL_PROTOCOL;
    made->bytes--;
    assert_no_page(fd, "no page of protocol");
    made->bytes++;
    made->magic[0] = 'A';
    assert_no_page(fd, "no page of protocol");
    made->magic[0] = 'a';
    assert_int_equal(ftruncate(fd, (off_t)sizeof *made - 1), 0);
    assert_no_page(fd, "is no page of assay compare");
    duel_unmap(made);
    close(fd);
    assert_no_page(fd, "is no page of assay compare");
    assert_no_page(-1, "is no page of assay compare");
    assert_int_equal(pipe(ends), 0);
    assert_no_page(ends[0], "is no page of assay compare");
    close(ends[0]);
    close(ends[1]);
    duel_unmap(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calibrated_pair),
        cmocka_unit_test(test_given_iterations),
        cmocka_unit_test(test_every_speed),
        cmocka_unit_test(test_long_calls_are_few),
        cmocka_unit_test(test_slow_first_call),
        cmocka_unit_test(test_clock_that_stands),
        cmocka_unit_test(test_machine_that_changes_speed),
        cmocka_unit_test(test_number_of_quads),
        cmocka_unit_test(test_page_is_used_again),
        cmocka_unit_test_setup_teardown(test_two_processes_take_turns, make_page, free_page),
        cmocka_unit_test_setup_teardown(test_partner_that_never_comes, make_page, free_page),
        cmocka_unit_test_setup_teardown(test_not_its_turn, make_page, free_page),
        cmocka_unit_test_setup_teardown(test_end_wakes_who_waits, make_page, free_page),
        cmocka_unit_test_setup_teardown(test_end_stands, make_page, free_page),
        cmocka_unit_test(test_only_pages_are_mapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
