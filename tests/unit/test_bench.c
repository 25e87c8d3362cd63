/* Bodies that keep the contract of assay.h, and bodies that break it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench_play.h"
#include "measure/clock.h"

static uint64_t executions;
static bool torn_down;

static int reset(void **state)
{
    (void)state;
    executions = 0;
    torn_down = false;
    alarm(20); /* a body that hangs ends the program */
    return 0;
}

static void good(assay_bench *b)
{
    assert_int_equal(assay_threads(b), 1);
    assert_int_equal(assay_thread_index(b), 0);
    assert_int_equal(assay_batch(b), 0);
    ASSAY_LOOP(b) {
        executions++;
        assay_keep(executions);
    }
    torn_down = true;
}

static void test_every_iteration_is_counted(void **state)
{
    (void)state;
    struct record *record = play(good);
    assert_int_equal(record->state, RECORD_DONE);
    assert_true(record->loop_reached && torn_down && !record->batched);
    assert_in_range(record->sample_count, SAMPLES_MIN, PLAY_SAMPLES);
    assert_true(executions > SAMPLES_MIN);
    assert_int_equal(executions, play_iterations(record));
    for (size_t i = 0; i < record->sample_count; i++) {
        assert_true(record->samples[i].time_ns > 0 && record->samples[i].iterations > 0);
    }
    free(record);
}

static void test_once(void **state)
{
    (void)state;
    struct sampler_plan plan = play_shortly;
    plan.mode = SAMPLER_ONCE;
    struct record *record = play_plan(&plan, good, 1, 1);
    assert_int_equal(record->state, RECORD_DONE);
    assert_int_equal(executions, 1);
    free(record);
}

static void use_continue(assay_bench *b)
{
    ASSAY_LOOP(b) {
        executions++;
        if (executions % 2 == 0) {
            continue;
        }
        assay_clobber();
    }
}

static void test_continue_ends_an_iteration(void **state)
{
    (void)state;
    struct record *record = play(use_continue);
    assert_int_equal(record->state, RECORD_DONE);
    assert_int_equal(executions, play_iterations(record));
    free(record);
}

static void no_loop(assay_bench *b)
{
    (void)b;
}

static void break_at_once(assay_bench *b)
{
    ASSAY_LOOP(b) {
        break;
    }
    torn_down = true;
}

static void break_later(assay_bench *b)
{
    ASSAY_LOOP(b) {
        if (++executions == 5) {
            break;
        }
    }
    torn_down = true;
}

static void return_inside(assay_bench *b)
{
    ASSAY_LOOP(b) {
        if (++executions == 5) {
            return;
        }
    }
}

static void jump_out(assay_bench *b)
{
    ASSAY_LOOP(b) {
        if (++executions == 5) {
            goto out;
        }
    }
out:
    torn_down = true;
}

static void two_loops(assay_bench *b)
{
    ASSAY_LOOP(b) {
        executions++;
    }
    uint64_t first = executions;
    ASSAY_LOOP(b) {
        executions++;
    }
    assert_int_equal(executions, first);
}

static void loop_after_jump(assay_bench *b)
{
    bool left = false;
    ASSAY_LOOP(b) {
        left = true;
        goto again;
    }
again:
    ASSAY_LOOP(b) {
        executions++;
    }
    assert_true(left);
}

static void test_leaving_the_loop(void **state)
{
    (void)state;
    play_expect(play(no_loop), RECORD_FAILED, "without reaching ASSAY_LOOP");
    play_expect(play(break_at_once), RECORD_FAILED, "left by break");
    assert_true(torn_down);
    play_expect(play(break_later), RECORD_FAILED, "left by break");
    executions = 0;
    play_expect(play(return_inside), RECORD_FAILED, "left from inside");
    executions = 0;
    torn_down = false;
    play_expect(play(jump_out), RECORD_FAILED, "left from inside");
    assert_true(torn_down);
}

static void test_second_loop(void **state)
{
    (void)state;
    play_expect(play(two_loops), RECORD_FAILED, "second ASSAY_LOOP");
    assert_true(executions > 0);
    struct record *record = play(loop_after_jump);
    assert_int_equal(record->state, RECORD_FAILED);
    free(record);
}

static void fail_in_setup(assay_bench *b)
{
    assay_fail(b, "no input");
    assay_fail(b, "a second reason");
    ASSAY_LOOP(b) {
        executions++;
    }
    torn_down = true;
}

static void fail_in_first_iteration(assay_bench *b)
{
    ASSAY_LOOP(b) {
        executions++;
        assay_fail(b, "wrong sum");
    }
    torn_down = true;
}

static void fail_in_teardown(assay_bench *b)
{
    ASSAY_LOOP(b) {
        executions++;
    }
    assay_fail(b, NULL);
}

static void skip_in_setup(assay_bench *b)
{
    assay_skip(b, "no AVX-512");
    ASSAY_LOOP(b) {
        executions++;
    }
    assay_fail(b, "too late");
    torn_down = true;
}

static void skip_and_return(assay_bench *b)
{
    assay_skip(b, NULL);
}

static void test_failing(void **state)
{
    (void)state;
    play_expect(play(fail_in_setup), RECORD_FAILED, "no input");
    assert_true(torn_down);
    assert_int_equal(executions, 0);
    torn_down = false;
    play_expect(play(fail_in_first_iteration), RECORD_FAILED, "wrong sum");
    assert_true(torn_down);
    assert_int_equal(executions, 1); /* the first lap has one iteration, and no other follows */
    play_expect(play(fail_in_teardown), RECORD_FAILED, "no reason given");
}

static void test_skipping(void **state)
{
    (void)state;
    play_expect(play(skip_in_setup), RECORD_SKIPPED, "no AVX-512");
    assert_true(torn_down);
    assert_int_equal(executions, 0);
    play_expect(play(skip_and_return), RECORD_SKIPPED, "no reason given");
}

static void spin_ns(uint64_t ns)
{
    uint64_t begun = clock_monotonic_ns();
    while (clock_monotonic_ns() - begun < ns) {
    }
}

static void pause_most(assay_bench *b)
{
    ASSAY_LOOP(b) {
        assay_pause(b);
        spin_ns(20000);
        assay_resume(b);
        executions++;
    }
}

/* What runs while the clock is paused is not in the time: without the pause the fastest sample
 * would be 20 us an iteration. */
static void test_pause(void **state)
{
    (void)state;
    struct record *record = play(pause_most);
    double best_ns = INFINITY;
    assert_int_equal(record->state, RECORD_DONE);
    for (size_t i = 0; i < record->sample_count; i++) {
        best_ns = fmin(best_ns, record->samples[i].time_ns / (double)record->samples[i].iterations);
    }
    assert_true(best_ns > 0 && best_ns < 10000);
    free(record);
}

static void pause_twice(assay_bench *b)
{
    ASSAY_LOOP(b) {
        assay_pause(b);
        assay_pause(b);
        assay_resume(b);
    }
}

static void resume_alone(assay_bench *b)
{
    ASSAY_LOOP(b) {
        assay_resume(b);
    }
}

static void pause_and_forget(assay_bench *b)
{
    ASSAY_LOOP(b) {
        assay_pause(b);
    }
}

static void pause_before_the_loop(assay_bench *b)
{
    assay_pause(b);
    ASSAY_LOOP(b) {
        executions++;
    }
}

static void pause_after_the_loop(assay_bench *b)
{
    ASSAY_LOOP(b) {
    }
    assay_pause(b);
}

static void test_misuse_of_pause(void **state)
{
    (void)state;
    play_expect(play(pause_twice), RECORD_FAILED, "paused already");
    play_expect(play(resume_alone), RECORD_FAILED, "while the clock was running");
    play_expect(play(pause_and_forget), RECORD_FAILED, "assay_resume is missing");
    play_expect(play(pause_before_the_loop), RECORD_FAILED, "outside the loop");
    assert_int_equal(executions, 0);
    play_expect(play(pause_after_the_loop), RECORD_FAILED, "outside the loop");
}

static void empty_loop(assay_bench *b)
{
    ASSAY_LOOP(b) {
    }
}

static void chain_of_adds(assay_bench *b)
{
    uint64_t x = 1;
    ASSAY_LOOP(b) {
        for (int i = 0; i < 10; i++) {
            __asm__ volatile("" : "+r"(x));
            x += x >> 1;
        }
    }
    assay_keep(x);
}

/* Most laps of the body were near the empty loop beside them. One of three tries may meet a busy
 * machine. */
static bool near_the_empty_loop(void (*run)(assay_bench *b))
{
    int near_it = 0;
    for (int i = 0; i < 3; i++) {
        struct record *record = calloc(1, record_bytes(PLAY_SAMPLES));
        assert_non_null(record);
        record->capacity = PLAY_SAMPLES;
        struct bench_case bench = {.run = run,
                                   .null_run = empty_loop,
                                   .arg = {.text = ""},
                                   .arg2 = {.text = ""},
                                   .threads = 1};
        bench_run(&bench, &play_shortly, record);
        assert_int_equal(record->state, RECORD_DONE);
        assert_in_range(record->sample_count, SAMPLES_MIN, PLAY_SAMPLES);
        near_it += record->paired_near * 2 > record->paired;
        free(record);
    }
    return near_it >= 2;
}

static void test_resolution(void **state)
{
    (void)state;
    assert_true(near_the_empty_loop(empty_loop));
    assert_false(near_the_empty_loop(chain_of_adds));
}

#define FRESH(test) cmocka_unit_test_setup(test, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(test_every_iteration_is_counted),
        FRESH(test_once),
        FRESH(test_continue_ends_an_iteration),
        FRESH(test_leaving_the_loop),
        FRESH(test_second_loop),
        FRESH(test_failing),
        FRESH(test_skipping),
        FRESH(test_pause),
        FRESH(test_misuse_of_pause),
        FRESH(test_resolution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
