/* How large batches are: the policy, the cap on memory, and what setup is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench_play.h"
#include "measure/batching.h"
#include "measure/cold.h"

static uint64_t of_lap(struct batching batching, uint64_t lap)
{
    uint64_t size = batching_of_lap(&batching, 1, lap);
    assert_in_range(size, 1, batching_max(&batching, 1));
    return size;
}

static void test_policies(void **state)
{
    (void)state;
    assert_int_equal(of_lap((struct batching){.batch = 0}, 1000), 1);
    assert_int_equal(of_lap((struct batching){.batch = 16}, 1000), 16);
    assert_int_equal(of_lap((struct batching){.policy = ASSAY_BATCH_SMALL}, 1000), 100);
    assert_int_equal(of_lap((struct batching){.policy = ASSAY_BATCH_SMALL}, 9), 1);
    assert_int_equal(of_lap((struct batching){.policy = ASSAY_BATCH_LARGE}, 5000), 5);
    assert_int_equal(of_lap((struct batching){.policy = ASSAY_BATCH_EACH}, 5000), 1);
    assert_int_equal(of_lap((struct batching){.policy = ASSAY_BATCH_COUNT, .batch = 4}, 10), 3);
    assert_int_equal(of_lap((struct batching){.policy = ASSAY_BATCH_COUNT}, 10), 10);
}

static void test_memory_is_bounded(void **state)
{
    (void)state;
    struct batching small = {.policy = ASSAY_BATCH_SMALL};
    assert_int_equal(of_lap(small, UINT64_C(1) << 40), BATCHING_UNKNOWN_MAX);
    small.input_bytes = 1000;
    assert_int_equal(of_lap(small, UINT64_C(1) << 40), BATCHING_BYTES_MAX / 1000);
    small.bytes_max = 50000;
    assert_int_equal(of_lap(small, UINT64_C(1) << 40), 50);
    assert_int_equal(batching_max(&small, 4), 12); /* all threads together */
    small.input_bytes = 100000;
    assert_int_equal(of_lap(small, UINT64_C(1) << 40), 1);
    small = (struct batching){.policy = ASSAY_BATCH_SMALL, .input_bytes = 1};
    assert_int_equal(of_lap(small, UINT64_C(1) << 40), BATCHING_MAX);
    struct batching fixed = {.batch = 1000, .input_bytes = 4096};
    assert_int_equal(of_lap(fixed, 5000), BATCHING_BYTES_MAX / 4096);
    struct batching each = {.policy = ASSAY_BATCH_EACH, .input_bytes = 1};
    assert_int_equal(batching_max(&each, 1), 1);
}

static struct {
    uint64_t max;
    uint64_t prepared;
    uint64_t used;
} seen;

static void prepare(assay_bench *b)
{
    assert_in_range(assay_batch(b), 1, seen.max);
    seen.prepared += assay_batch(b);
}

static void consume(assay_bench *b)
{
    seen.max = assay_batch_max(b);
    seen.prepared = 0;
    seen.used = 0;
    ASSAY_LOOP_WITH(b, prepare(b)) {
        seen.used++;
    }
}

static struct record *play_batches(struct bench_case *bench)
{
    struct record *record = calloc(1, record_bytes(sampler_capacity(&play_shortly)));
    assert_non_null(record);
    record->capacity = sampler_capacity(&play_shortly);
    bench->arg.text = "";
    bench->arg2.text = "";
    bench->threads = 1;
    alarm(20);
    bench_run(bench, &play_shortly, record);
    return record;
}

static void test_setup_is_told_no_more_than_the_maximum(void **state)
{
    (void)state;
    for (int policy = ASSAY_BATCH_FIXED; policy <= ASSAY_BATCH_COUNT; policy++) {
        struct bench_case bench = {.run = consume,
                                   .batching = {.policy = (enum assay_batching)policy,
                                                .batch = 7,
                                                .input_bytes = 64,
                                                .bytes_max = 640}};
        struct record *record = play_batches(&bench);
        assert_int_equal(record->state, RECORD_DONE);
        assert_in_range(seen.max, 1, 10);
        assert_int_equal(seen.prepared, seen.used);
        assert_int_equal(seen.used, play_iterations(record));
        assert_true(record->harness.known && record->harness.pauses_per_iteration == 0);
        assert_true(record->harness.spans_per_iteration >= 1.0 / (double)seen.max);
        assert_true(record->harness.clock.lower <= record->harness.clock.point);
        assert_true(record->harness.clock.point <= record->harness.clock.upper);
        free(record);
    }
}

static void pause_thrice(assay_bench *b)
{
    ASSAY_LOOP(b) {
        for (int i = 0; i < 3; i++) {
            assay_pause(b);
            assay_resume(b);
        }
    }
}

static void test_pauses_are_counted_and_measured(void **state)
{
    (void)state;
    struct bench_case bench = {.run = pause_thrice};
    struct record *record = play_batches(&bench);
    assert_int_equal(record->state, RECORD_DONE);
    assert_true(record->harness.pauses_per_iteration == 3);
    assert_true(record->harness.pause.point > 0);
    assert_true(record->harness.pause.lower <= record->harness.pause.point);
    assert_true(record->harness.pause.point <= record->harness.pause.upper);
    free(record);
}

static void plain(assay_bench *b)
{
    uint64_t x = 0;
    ASSAY_LOOP(b) {
        x++;
        assay_touch(&x);
    }
}

static void test_a_plain_loop_has_no_harness_to_show(void **state)
{
    (void)state;
    struct bench_case bench = {.run = plain};
    struct record *record = play_batches(&bench);
    assert_int_equal(record->state, RECORD_DONE);
    assert_false(record->harness.known);
    assert_int_equal(record->cold, RECORD_WARM);
    free(record);
}

static char fixture[300];
static uint64_t executions;

static void cold_body(assay_bench *b)
{
    executions = 0;
    assay_evict(b, NULL, 100);
    assay_evict(b, fixture, 0);
    assay_evict(b, fixture, sizeof fixture);
    assay_evict(b, fixture + 1, 1);
    ASSAY_LOOP(b) {
        executions++;
        assay_touch(fixture);
    }
}

/* Whatever the lap, every iteration has its own clock reads, as each must be preceded by an
 * eviction. */
static void test_cold_iterations_are_timed_one_by_one(void **state)
{
    (void)state;
    struct bench_case bench = {.run = cold_body, .cold = true};
    struct record *record = play_batches(&bench);
    assert_int_equal(record->state, RECORD_DONE);
    assert_int_equal(executions, play_iterations(record));
    assert_true(record->harness.known && record->harness.spans_per_iteration == 1);
    if (cold_can_flush()) {
        assert_int_equal(record->cold, RECORD_FLUSHED);
        assert_int_equal(record->evicted_bytes, sizeof fixture + 1);
    }
    free(record);
}

static void too_many(assay_bench *b)
{
    for (int i = 0; i <= COLD_REGIONS_MAX; i++) {
        assay_evict(b, fixture, 1);
    }
    ASSAY_LOOP(b) {
        executions++;
    }
}

static void break_out(assay_bench *b)
{
    ASSAY_LOOP(b) {
        if (++executions == 5) {
            break;
        }
    }
}

static void test_misuse_of_cold(void **state)
{
    (void)state;
    struct bench_case bench = {.run = too_many, .cold = true};
    executions = 0;
    play_expect(play_batches(&bench), RECORD_FAILED, "more than 32 times");
    assert_int_equal(executions, 0);
    bench.run = break_out;
    play_expect(play_batches(&bench), RECORD_FAILED, "left by break");
    assert_int_equal(executions, 5);
    /* Without .cold the regions mean nothing. */
    bench = (struct bench_case){.run = too_many};
    struct record *record = play_batches(&bench);
    assert_int_equal(record->state, RECORD_DONE);
    free(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_setup_is_told_no_more_than_the_maximum),
        cmocka_unit_test(test_pauses_are_counted_and_measured),
        cmocka_unit_test(test_a_plain_loop_has_no_harness_to_show),
        cmocka_unit_test(test_cold_iterations_are_timed_one_by_one),
        cmocka_unit_test(test_misuse_of_cold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
