/* What a body states of itself: throughput, counters, its own times, latencies. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "bench_play.h"
#include "near.h"

static void state_throughput(assay_bench *b)
{
    assay_bytes(b, 5);
    assay_bytes(b, 4096);
    assay_elements(b, 7);
    ASSAY_LOOP(b) {
    }
    assay_elements(b, 0); /* takes it back */
}

static void test_throughput(void **state)
{
    (void)state;
    struct record *record = play(state_throughput);
    assert_int_equal(record->state, RECORD_DONE);
    assert_int_equal(record->bytes_per_iteration, 4096);
    assert_int_equal(record->elements_per_iteration, 0);
    free(record);
}

static void count_things(assay_bench *b)
{
    assay_counter(b, "ratio", 1.5, "x");
    ASSAY_LOOP(b) {
    }
    assay_counter(b, "ratio", 3.8, "x");
    assay_counter(b, "plain", -0.5, NULL);
    assay_counter(b, "a name that is longer than thirty-one bytes", 1,
                  "a unit of the same sort, too long");
    assay_counter(b, "a name that is longer than thirty-one bytes", 2, "u");
}

static void test_counters(void **state)
{
    (void)state;
    struct record *record = play(count_things);
    const struct record_counter *c = record->counters;
    assert_int_equal(record->state, RECORD_DONE);
    assert_int_equal(record->counter_count, 3);
    assert_string_equal(c[0].name, "ratio");
    assert_true(c[0].value == 3.8);
    assert_string_equal(c[0].unit, "x");
    assert_true(c[1].value == -0.5);
    assert_string_equal(c[1].unit, "");
    assert_string_equal(c[2].name, "a name that is longer than thir");
    assert_true(c[2].value == 2);
    free(record);
}

static unsigned counters_to_add;

static void many_counters(assay_bench *b)
{
    for (unsigned i = 0; i < counters_to_add; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%u", i);
        assay_counter(b, name, i, NULL);
    }
    assay_counter(b, "c3", 77, NULL); /* one that is there may change, however many there are */
    ASSAY_LOOP(b) {
    }
}

static void test_number_of_counters(void **state)
{
    (void)state;
    counters_to_add = 16;
    struct record *record = play(many_counters);
    assert_int_equal(record->state, RECORD_DONE);
    assert_int_equal(record->counter_count, 16);
    assert_true(record->counters[3].value == 77 && record->counters[15].value == 15);
    free(record);
    counters_to_add = 17;
    play_expect(play(many_counters), RECORD_FAILED, "more than 16 counters");
}

static double bad_value;
static const char *bad_name;

static void bad_counter(assay_bench *b)
{
    assay_counter(b, bad_name, bad_value, "x");
    ASSAY_LOOP(b) {
    }
}

static void test_bad_counters(void **state)
{
    (void)state;
    static const double values[] = {NAN, INFINITY, -INFINITY};
    bad_name = "ratio";
    for (size_t i = 0; i < 3; i++) {
        bad_value = values[i];
        play_expect(play(bad_counter), RECORD_FAILED, "not finite");
    }
    bad_value = 1;
    bad_name = NULL;
    play_expect(play(bad_counter), RECORD_FAILED, "without a name");
}

static double recorded_ns;

static void record_times(assay_bench *b)
{
    ASSAY_LOOP(b) {
        assay_record_ns(b, recorded_ns);
        assay_record_ns(b, recorded_ns / 2);
    }
}

static void test_recorded_times(void **state)
{
    (void)state;
    recorded_ns = 500;
    struct record *record = play(record_times);
    assert_int_equal(record->state, RECORD_DONE);
    for (size_t i = 0; i < record->sample_count; i++) {
        const struct sample *s = &record->samples[i];
        assert_near(s->time_ns, 750.0 * (double)s->iterations, 1e-9);
    }
    free(record);
}

static void test_bad_recorded_times(void **state)
{
    (void)state;
    static const double values[] = {-1, -1e-9, NAN, INFINITY};
    for (size_t i = 0; i < 4; i++) {
        recorded_ns = values[i];
        play_expect(play(record_times), RECORD_FAILED, "negative or not finite");
    }
    recorded_ns = 0;
    play_expect(play(record_times), RECORD_FAILED, "took no time");
    recorded_ns = 1e30;
    play_expect(play(record_times), RECORD_FAILED, "more than 30 years");
    recorded_ns = 1e308; /* the sum is infinite */
    play_expect(play(record_times), RECORD_FAILED, "more than 30 years");
}

static void latencies(assay_bench *b)
{
    assay_latency(b, 999999); /* before the loop: part of nothing */
    uint64_t i = 0;
    ASSAY_LOOP(b) {
        assay_latency(b, 100 + i++ % 100);
    }
}

static void check_latencies(unsigned threads)
{
    struct record *record = play_plan(&play_shortly, latencies, threads, 1);
    assert_int_equal(record->state, RECORD_DONE);
    assert_null(record->histogram); /* nobody wanted the buckets */
    const struct latency_summary *s = &record->latency;
    uint64_t sampled = play_sampled(record);
    assert_int_equal(s->count, sampled);
    assert_true(s->overflow == 0);
    assert_in_range(s->min_ns, 100, 199);
    assert_in_range(s->max_ns, 100, 199);
    assert_true(s->min_ns <= s->p50_ns && s->p50_ns <= s->p90_ns && s->p90_ns <= s->p99_ns &&
                s->p99_ns <= s->p99_9_ns && s->p99_9_ns <= s->max_ns);
    if (sampled > 10000) {
        assert_in_range(s->p50_ns, 148, 151);
        assert_in_range(s->p90_ns, 188, 191);
    }
    free(record);
}

static void test_latencies(void **state)
{
    (void)state;
    check_latencies(1);
    check_latencies(3);
}

/* Where there is a place for them, the buckets of all threads come too. */
static void test_histogram_of_latencies(void **state)
{
    (void)state;
    struct record *record = calloc(1, record_bytes(PLAY_SAMPLES));
    struct histogram *h = calloc(1, sizeof *h);
    assert_non_null(record);
    assert_non_null(h);
    record->capacity = PLAY_SAMPLES;
    record->histogram = h;
    struct bench_case bench = {.run = latencies,
                               .arg = {.text = ""},
                               .arg2 = {.text = ""},
                               .threads = 2,
                               .batching = {.batch = 1}};
    bench_run(&bench, &play_shortly, record);
    assert_int_equal(record->state, RECORD_DONE);
    assert_true(h->count == record->latency.count && h->count > 0);
    assert_true((double)h->max == record->latency.max_ns);
    uint64_t sum = 0;
    for (size_t i = 100; i < 200; i++) {
        sum += h->buckets[i];
    }
    assert_true(sum == h->count);
    assert_true(histogram_quantile(h, 0.9) == record->latency.p90_ns);
    free(h);
    free(record);
}

static void no_latency(assay_bench *b)
{
    ASSAY_LOOP(b) {
    }
}

static void test_without_latency(void **state)
{
    (void)state;
    struct record *record = play(no_latency);
    assert_int_equal(record->latency.count, 0);
    free(record);
}

static void read_arguments(assay_bench *b)
{
    assert_int_equal(assay_arg(b), 42);
    assert_string_equal(assay_arg_name(b), "42");
    assert_int_equal(assay_arg2(b), 1);
    assert_string_equal(assay_arg2_name(b), "zstd");
    ASSAY_LOOP(b) {
    }
}

static void test_arguments(void **state)
{
    (void)state;
    struct record *record = calloc(1, record_bytes(PLAY_SAMPLES));
    assert_non_null(record);
    record->capacity = PLAY_SAMPLES;
    struct bench_case bench = {
        .run = read_arguments,
        .arg = {.axis = "n", .value = 42, .text = "42"},
        .arg2 = {.axis = "codec", .value = 1, .is_word = true, .text = "zstd"},
        .threads = 1};
    bench_run(&bench, &play_shortly, record);
    play_expect(record, RECORD_DONE, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_throughput),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_number_of_counters),
        cmocka_unit_test(test_bad_counters),
        cmocka_unit_test(test_recorded_times),
        cmocka_unit_test(test_bad_recorded_times),
        cmocka_unit_test(test_latencies),
        cmocka_unit_test(test_without_latency),
        cmocka_unit_test(test_histogram_of_latencies),
        cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
