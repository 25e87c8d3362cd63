/* ASSAY_LOOP_WITH: what setup prepares is what the kernel consumes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench_play.h"
#include "measure/clock.h"

#define BATCH 16

static struct {
    uint64_t prepared; /* by setup, in all */
    uint64_t ready;    /* of them, not yet consumed */
    uint64_t executions;
    uint64_t setups;
    uint64_t short_batches;
    uint64_t full_batches;
    uint64_t fail_at; /* the setup that fails; 0: none */
    uint64_t after_failure;
    bool failed;
} seen;

static int reset(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    alarm(20);
    return 0;
}

static void prepare(assay_bench *b)
{
    uint64_t batch = assay_batch(b);
    assert_true(batch >= 1 && batch <= BATCH);
    assert_int_equal(seen.ready, 0); /* everything that was prepared was used */
    seen.short_batches += batch < BATCH;
    seen.full_batches += batch == BATCH;
    seen.prepared += batch;
    seen.ready = batch;
    seen.setups++;
    if (seen.setups == seen.fail_at) {
        assay_fail(b, "no memory for the batch");
        seen.failed = true;
    }
}

static void consume(assay_bench *b)
{
    ASSAY_LOOP_WITH(b, prepare(b)) {
        seen.ready--;
        seen.executions++;
        seen.after_failure += seen.failed;
    }
    assert_int_equal(assay_batch(b), 0);
}

static void test_batches(void **state)
{
    (void)state;
    struct record *record = play_plan(&play_shortly, consume, 1, BATCH);
    assert_int_equal(record->state, RECORD_DONE);
    assert_true(record->batched);
    assert_in_range(record->sample_count, SAMPLES_MIN, PLAY_SAMPLES);
    assert_int_equal(seen.executions, play_iterations(record));
    assert_int_equal(seen.prepared, seen.executions);
    assert_int_equal(seen.ready, 0);
    /* The first lap is one iteration: a batch that is not full. */
    assert_true(seen.short_batches >= 1);
    assert_true(seen.full_batches > 0 || play_iterations(record) < BATCH * (PLAY_SAMPLES + 1));
    free(record);
}

/* Laps that are no multiple of the batch end in a short one. */
static void test_last_batch_is_short(void **state)
{
    (void)state;
    struct sampler_plan plan = play_shortly;
    plan.force_linear = true;
    struct record *record = play_plan(&plan, consume, 1, BATCH);
    uint64_t expected = 0;
    for (size_t i = 0; i < record->sample_count; i++) {
        expected += record->samples[i].iterations % BATCH != 0;
    }
    assert_int_equal(record->state, RECORD_DONE);
    assert_true(seen.short_batches >= expected);
    free(record);
}

static void test_batch_of_one(void **state)
{
    (void)state;
    struct record *record = play_plan(&play_shortly, consume, 1, 1);
    assert_int_equal(record->state, RECORD_DONE);
    assert_int_equal(seen.setups, seen.executions);
    assert_int_equal(seen.executions, play_iterations(record));
    free(record);
}

static void spin_ns(uint64_t ns)
{
    uint64_t begun = clock_monotonic_ns();
    while (clock_monotonic_ns() - begun < ns) {
    }
}

static void slow_setup(assay_bench *b)
{
    ASSAY_LOOP_WITH(b, spin_ns(20000)) {
        seen.executions++;
    }
}

/* Setup is not in the time: the fastest sample would take 20 us an iteration otherwise. */
static void test_setup_is_not_timed(void **state)
{
    (void)state;
    struct record *record = play_plan(&play_shortly, slow_setup, 1, 1);
    double best_ns = INFINITY;
    assert_int_equal(record->state, RECORD_DONE);
    for (size_t i = 0; i < record->sample_count; i++) {
        best_ns = fmin(best_ns, record->samples[i].time_ns / (double)record->samples[i].iterations);
    }
    assert_true(best_ns > 0 && best_ns < 10000);
    free(record);
}

/* A batch whose setup failed has no input: the kernel must not run on it, nor on any later batch.
 */
static void test_failing_setup_runs_no_kernel(void **state)
{
    (void)state;
    seen.fail_at = 4;
    struct record *record = play_plan(&play_shortly, consume, 1, BATCH);
    assert_true(seen.failed);
    assert_int_equal(seen.after_failure, 0);
    assert_int_equal(seen.setups, 4);
    play_expect(record, RECORD_FAILED, "no memory for the batch");
}

static void fail_before(assay_bench *b)
{
    assay_fail(b, "no input");
    ASSAY_LOOP_WITH(b, prepare(b)) {
        seen.executions++;
    }
}

static void break_out(assay_bench *b)
{
    ASSAY_LOOP_WITH(b, (void)0) {
        if (++seen.executions == 5) {
            break;
        }
    }
}

static void return_inside(assay_bench *b)
{
    ASSAY_LOOP_WITH(b, (void)0) {
        if (++seen.executions == 5) {
            return;
        }
    }
}

static void two_loops(assay_bench *b)
{
    ASSAY_LOOP_WITH(b, (void)0) {
        seen.executions++;
    }
    uint64_t first = seen.executions;
    ASSAY_LOOP_WITH(b, (void)0) {
        seen.executions++;
    }
    assert_int_equal(seen.executions, first);
}

static void pause_and_forget(assay_bench *b)
{
    ASSAY_LOOP_WITH(b, (void)0) {
        seen.executions++;
        assay_pause(b);
    }
}

static void resume_in_setup(assay_bench *b)
{
    ASSAY_LOOP_WITH(b, assay_resume(b)) {
        seen.executions++;
    }
}

static void test_misuse(void **state)
{
    (void)state;
    play_expect(play_plan(&play_shortly, fail_before, 1, 4), RECORD_FAILED, "no input");
    assert_int_equal(seen.setups, 0);
    assert_int_equal(seen.executions, 0);
    play_expect(play_plan(&play_shortly, break_out, 1, 8), RECORD_FAILED, "left by break");
    assert_int_equal(seen.executions, 5);
    seen.executions = 0;
    play_expect(play_plan(&play_shortly, return_inside, 1, 8), RECORD_FAILED, "left from inside");
    play_expect(play_plan(&play_shortly, two_loops, 1, 8), RECORD_FAILED, "second ASSAY_LOOP");
    play_expect(play_plan(&play_shortly, resume_in_setup, 1, 8), RECORD_FAILED,
                "while the clock was running");
}

/* As in ASSAY_LOOP: an iteration that ends with the clock paused would be measured in part. */
static void test_missing_resume(void **state)
{
    (void)state;
    play_expect(play_plan(&play_shortly, pause_and_forget, 1, 8), RECORD_FAILED, "paused");
    play_expect(play_plan(&play_shortly, pause_and_forget, 1, 1), RECORD_FAILED, "paused");
}

#define FRESH(test) cmocka_unit_test_setup(test, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(test_batches),
        FRESH(test_last_batch_is_short),
        FRESH(test_batch_of_one),
        FRESH(test_setup_is_not_timed),
        FRESH(test_failing_setup_runs_no_kernel),
        FRESH(test_misuse),
        FRESH(test_missing_resume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
