/* Bodies on several threads: laps together, and nobody waits for one who has left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench_play.h"
#include "measure/clock.h"

#define THREADS 4

static struct {
    atomic_uint bodies;
    atomic_uint index_seen[THREADS];
    atomic_uint torn_down;
    _Atomic uint64_t executions[THREADS];
    atomic_uint others_counters;
} seen;

static unsigned bad_thread; /* the one that misbehaves */

static int reset(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    alarm(20); /* waiting for ever ends the program */
    return 0;
}

static void count_up(assay_bench *b)
{
    unsigned index = assay_thread_index(b);
    uint64_t executions = 0;
    atomic_fetch_add(&seen.bodies, 1);
    assert_int_equal(assay_threads(b), THREADS);
    atomic_fetch_add(&seen.index_seen[index], 1);
    assay_bytes(b, 100 + index);
    assay_counter(b, "index", index, NULL);
    ASSAY_LOOP(b) {
        executions++;
        assay_keep(executions);
    }
    atomic_store(&seen.executions[index], executions);
    atomic_fetch_add(&seen.torn_down, 1);
}

static void check_all_ran(const struct record *record)
{
    assert_int_equal(record->state, RECORD_DONE);
    assert_in_range(record->sample_count, SAMPLES_MIN, PLAY_SAMPLES);
    assert_int_equal(seen.bodies, THREADS);
    assert_int_equal(seen.torn_down, THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(seen.index_seen[i], 1);
    }
    /* The first thread speaks for all. */
    assert_int_equal(record->bytes_per_iteration, 100);
    assert_int_equal(record->counter_count, 1);
    assert_true(record->counters[0].value == 0);
}

/* Iterations of one thread in all samples. */
static uint64_t iterations_of(const struct record *record, unsigned thread)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < record->sample_count; i++) {
        sum += record_of_threads(record, i)[thread].iterations;
    }
    return sum;
}

static void test_every_thread_runs_every_lap(void **state)
{
    (void)state;
    struct record *record = play_plan(&play_shortly, count_up, THREADS, 1);
    check_all_ran(record);
    for (unsigned i = 0; i < THREADS; i++) {
        uint64_t sampled = iterations_of(record, i);
        assert_true(sampled >= record->sample_count);
        assert_in_range(seen.executions[i], sampled + 1, play_iterations(record));
    }
    for (size_t i = 0; i < record->sample_count; i++) {
        uint64_t most = 0;
        for (unsigned thread = 0; thread < THREADS; thread++) {
            uint64_t own = record_of_threads(record, i)[thread].iterations;
            most = own > most ? own : most;
        }
        assert_int_equal(most, record->samples[i].iterations); /* somebody ended the lap */
    }
    free(record);
}

static void test_lockstep_is_the_same_for_all(void **state)
{
    (void)state;
    struct record *record = play_lockstep(count_up, THREADS, 1);
    check_all_ran(record);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(seen.executions[i], play_iterations(record));
        assert_int_equal(iterations_of(record, i),
                         play_iterations(record) - record->warm_up_iterations);
    }
    free(record);
}

static void wait_by_index(assay_bench *b)
{
    ASSAY_LOOP(b) {
        uint64_t begun = clock_monotonic_ns();
        while (clock_monotonic_ns() - begun < 2000 * (1 + assay_thread_index(b))) {
        }
    }
}

/* In lockstep a lap lasts from the first start to the last end: as long as the slowest thread. */
static void test_lockstep_lasts_as_long_as_the_slowest(void **state)
{
    (void)state;
    struct record *record = play_lockstep(wait_by_index, THREADS, 1);
    assert_int_equal(record->state, RECORD_DONE);
    for (size_t i = 0; i < record->sample_count; i++) {
        const struct sample *s = &record->samples[i];
        assert_true(s->time_ns >= 2000.0 * THREADS * (double)s->iterations);
    }
    free(record);
}

/* However the threads are run, all together cannot be faster than each alone at its own pace. */
static void test_time_is_that_of_all_rates(void **state)
{
    (void)state;
    struct record *record = play_plan(&play_shortly, wait_by_index, THREADS, 1);
    assert_int_equal(record->state, RECORD_DONE);
    double rate = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        rate += 1 / (2000.0 * (1 + i));
    }
    for (size_t i = 0; i < record->sample_count; i++) {
        const struct sample *s = &record->samples[i];
        assert_true(s->time_ns >= 0.999 * THREADS / rate * (double)s->iterations);
        for (unsigned thread = 0; thread < THREADS; thread++) {
            const struct thread_sample *own = &record_of_threads(record, i)[thread];
            assert_in_range(own->iterations, 1, s->iterations);
            assert_true(own->time_ns >= 1999.0 * (1 + thread) * (double)own->iterations);
        }
    }
    free(record);
}

#define LONG_LAPS 5
#define LONG_LAP  64 /* iterations */

static uint64_t plan_long_laps(void *context, const struct sample *lap, double now_ns)
{
    unsigned *laps = context;
    (void)lap;
    (void)now_ns;
    (*laps)++;
    return *laps == 1 ? 1 : *laps <= 1 + LONG_LAPS ? LONG_LAP : 0;
}

static void second_sleeps(assay_bench *b)
{
    unsigned index = assay_thread_index(b);
    uint64_t executions = 0;
    ASSAY_LOOP(b) {
        executions++;
        if (index == 1) {
            usleep(1000);
        }
    }
    atomic_store(&seen.executions[index], executions);
}

/* The first thread is done at once and stops the second, which would sleep 64 ms a lap. */
static void test_common_stop(void **state)
{
    (void)state;
    unsigned laps = 0;
    struct record *record = calloc(1, record_bytes(0));
    assert_non_null(record);
    struct bench_case bench = {.run = second_sleeps,
                               .arg = {.text = ""},
                               .arg2 = {.text = ""},
                               .threads = 2,
                               .batching = {.batch = 1}};
    struct lap_planner planner = {.next = plan_long_laps, .context = &laps};
    bench_run_planned(&bench, &planner, clock_init()->ns_per_tick, record);
    assert_int_equal(record->state, RECORD_DONE);
    assert_in_range(seen.executions[0], 1 + LONG_LAPS, 1 + LONG_LAPS * LONG_LAP);
    assert_in_range(seen.executions[1], 1 + LONG_LAPS, LONG_LAPS * LONG_LAP);
    free(record);
}

static void fail_in_setup(assay_bench *b)
{
    if (assay_thread_index(b) == bad_thread) {
        assay_fail(b, "no connection");
    }
    ASSAY_LOOP(b) {
    }
    atomic_fetch_add(&seen.torn_down, 1);
}

static void fail_in_the_loop(assay_bench *b)
{
    uint64_t executions = 0;
    ASSAY_LOOP(b) {
        if (++executions == 5 && assay_thread_index(b) == bad_thread) {
            assay_fail(b, "wrong answer");
        }
    }
    atomic_fetch_add(&seen.torn_down, 1);
}

static void return_before_the_loop(assay_bench *b)
{
    if (assay_thread_index(b) == bad_thread) {
        atomic_fetch_add(&seen.torn_down, 1);
        return;
    }
    ASSAY_LOOP(b) {
    }
    atomic_fetch_add(&seen.torn_down, 1);
}

static void return_in_the_loop(assay_bench *b)
{
    uint64_t executions = 0;
    ASSAY_LOOP(b) {
        if (++executions == 5 && assay_thread_index(b) == bad_thread) {
            atomic_fetch_add(&seen.torn_down, 1);
            return;
        }
    }
    atomic_fetch_add(&seen.torn_down, 1);
}

static void break_in_the_loop(assay_bench *b)
{
    uint64_t executions = 0;
    ASSAY_LOOP(b) {
        if (++executions == 5 && assay_thread_index(b) == bad_thread) {
            break;
        }
    }
    atomic_fetch_add(&seen.torn_down, 1);
}

static void skip_in_setup(assay_bench *b)
{
    if (assay_thread_index(b) == bad_thread) {
        assay_skip(b, "not here");
    }
    ASSAY_LOOP(b) {
    }
    atomic_fetch_add(&seen.torn_down, 1);
}

static void fail_in_teardown(assay_bench *b)
{
    ASSAY_LOOP(b) {
    }
    if (assay_thread_index(b) == bad_thread) {
        assay_fail(b, "leaked");
    }
    atomic_fetch_add(&seen.torn_down, 1);
}

static void check_one_bad_thread(void (*run)(assay_bench *b), enum record_state state,
                                 const char *reason)
{
    for (bad_thread = 0; bad_thread < THREADS; bad_thread++) {
        for (int again = 0; again < 5; again++) {
            atomic_store(&seen.torn_down, 0);
            play_expect(play_plan(&play_shortly, run, THREADS, 1), state, reason);
            assert_int_equal(seen.torn_down, THREADS);
        }
    }
}

static void test_one_bad_thread(void **state)
{
    (void)state;
    check_one_bad_thread(fail_in_setup, RECORD_FAILED, "no connection");
    check_one_bad_thread(fail_in_the_loop, RECORD_FAILED, "wrong answer");
    check_one_bad_thread(return_before_the_loop, RECORD_FAILED, "");
    check_one_bad_thread(return_in_the_loop, RECORD_FAILED, "left from inside");
    check_one_bad_thread(break_in_the_loop, RECORD_FAILED, "left by break");
    check_one_bad_thread(skip_in_setup, RECORD_SKIPPED, "not here");
    check_one_bad_thread(fail_in_teardown, RECORD_FAILED, "leaked");
}

static void all_fail(assay_bench *b)
{
    assay_fail(b, "nothing works");
    ASSAY_LOOP(b) {
        atomic_fetch_add(&seen.bodies, 1);
    }
}

static void test_all_fail_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        play_expect(play_plan(&play_shortly, all_fail, 16, 1), RECORD_FAILED, "nothing works");
    }
    assert_int_equal(seen.bodies, 0);
}

static void batches(assay_bench *b)
{
    uint64_t ready = 0;
    uint64_t executions = 0;
    ASSAY_LOOP_WITH(b, ready += assay_batch(b)) {
        ready--;
        executions++;
    }
    assert_int_equal(ready, 0);
    atomic_store(&seen.executions[assay_thread_index(b)], executions);
}

static void test_batches_on_threads(void **state)
{
    (void)state;
    struct record *record = play_lockstep(batches, THREADS, 8);
    assert_int_equal(record->state, RECORD_DONE);
    assert_true(record->batched);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(seen.executions[i], play_iterations(record));
    }
    free(record);
    record = play_plan(&play_shortly, batches, THREADS, 8);
    assert_int_equal(record->state, RECORD_DONE);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_in_range(seen.executions[i], iterations_of(record, i) + 1, play_iterations(record));
    }
    free(record);
}

/* --test must see that a thread does not work, too. */
static void test_once_on_threads(void **state)
{
    (void)state;
    struct sampler_plan once = play_shortly;
    once.mode = SAMPLER_ONCE;
    struct record *record = play_plan(&once, count_up, THREADS, 1);
    assert_int_equal(record->state, RECORD_DONE);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(seen.executions[i], 1);
    }
    free(record);
}

#define FRESH(test) cmocka_unit_test_setup(test, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(test_every_thread_runs_every_lap),
        FRESH(test_lockstep_is_the_same_for_all),
        FRESH(test_lockstep_lasts_as_long_as_the_slowest),
        FRESH(test_time_is_that_of_all_rates),
        FRESH(test_common_stop),
        FRESH(test_one_bad_thread),
        FRESH(test_all_fail_at_once),
        FRESH(test_batches_on_threads),
        FRESH(test_once_on_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
