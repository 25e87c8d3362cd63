#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/pipeline_play.h"

#define MS 1000000ull

static const struct otlp_tuner_targets targets = {
    .items_per_second = 1000, .latency_ns = 100 * MS, .memory_bytes = 1000000, .cpu_share = 0.5};
static const struct otlp_tuner_bounds bounds = {.min = {10, 1, 0}, .max = {1000, 4, 3}};
static const struct otlp_tuner_settings middle = {
    .batch_size = 100, .workers = 2, .compression = 1};

/* Everything as it should be, with nothing to spare. */
static const struct otlp_tuner_sample fine = {.offered_per_second = 1000,
                                              .delivered_per_second = 1000,
                                              .latency_ns = 80 * MS,
                                              .memory_bytes = 500000,
                                              .cpu_share = 0.4};

struct expected {
    enum otlp_tuner_change change;
    size_t batch_size;
    unsigned workers;
    unsigned compression;
};

static void expect(struct otlp_tuner_settings settings, struct otlp_tuner_sample sample,
                   struct expected expected)
{
    struct otlp_tuner_decision decision = otlp_tune(&targets, &bounds, &settings, &sample);
    assert_int_equal(decision.change, expected.change);
    assert_int_equal(decision.settings.batch_size, expected.batch_size);
    assert_int_equal(decision.settings.workers, expected.workers);
    assert_int_equal(decision.settings.compression, expected.compression);
    assert_true(strlen(decision.reason) > 10);
}

static void test_nothing_to_do(void **state)
{
    (void)state;
    expect(middle, fine, (struct expected){OTLP_TUNE_NOTHING, 100, 2, 1});
    struct otlp_tuner_sample sample = fine;
    sample.latency_ns = 104 * MS; /* within 5 % of the target */
    sample.memory_bytes = 1040000;
    sample.cpu_share = 0.52;
    sample.delivered_per_second = 960;
    expect(middle, sample, (struct expected){OTLP_TUNE_NOTHING, 100, 2, 1});
    sample = fine;
    sample.offered_per_second = 10; /* nobody offers more */
    sample.delivered_per_second = 10;
    expect(middle, sample, (struct expected){OTLP_TUNE_NOTHING, 100, 2, 1});
    const struct otlp_tuner_targets none = {0};
    sample.latency_ns = 1;
    struct otlp_tuner_decision decision = otlp_tune(&none, &bounds, &middle, &sample);
    assert_int_equal(decision.change, OTLP_TUNE_NOTHING);
}

static void test_memory_comes_first(void **state)
{
    (void)state;
    struct otlp_tuner_sample sample = fine;
    sample.memory_bytes = 2000000;
    sample.dropped_per_second = 5;
    expect(middle, sample, (struct expected){OTLP_TUNE_BATCH_SIZE, 80, 2, 1});
    expect((struct otlp_tuner_settings){10, 2, 1}, sample,
           (struct expected){OTLP_TUNE_WORKERS, 10, 1, 1});
    /* Nothing is left to give: the next rule that applies is followed. */
    expect((struct otlp_tuner_settings){10, 1, 1}, sample,
           (struct expected){OTLP_TUNE_BATCH_SIZE, 12, 1, 1});
}

static void test_throughput(void **state)
{
    (void)state;
    struct otlp_tuner_sample sample = fine;
    sample.delivered_per_second = 500;
    expect(middle, sample, (struct expected){OTLP_TUNE_BATCH_SIZE, 120, 2, 1});
    expect((struct otlp_tuner_settings){1000, 2, 1}, sample,
           (struct expected){OTLP_TUNE_WORKERS, 1000, 3, 1});
    sample.latency_ns = 200 * MS;
    expect(middle, sample, (struct expected){OTLP_TUNE_WORKERS, 100, 3, 1});
    expect((struct otlp_tuner_settings){100, 4, 1}, sample,
           (struct expected){OTLP_TUNE_COMPRESSION, 100, 4, 2});
    sample.cpu_share = 0.9;
    expect(middle, sample, (struct expected){OTLP_TUNE_COMPRESSION, 100, 2, 0});
    sample = fine;
    sample.dropped_per_second = 1; /* whatever the rates say */
    expect(middle, sample, (struct expected){OTLP_TUNE_BATCH_SIZE, 120, 2, 1});
}

static void test_latency_and_cpu(void **state)
{
    (void)state;
    struct otlp_tuner_sample sample = fine;
    sample.latency_ns = 200 * MS;
    expect(middle, sample, (struct expected){OTLP_TUNE_BATCH_SIZE, 80, 2, 1});
    expect((struct otlp_tuner_settings){10, 2, 1}, sample,
           (struct expected){OTLP_TUNE_WORKERS, 10, 3, 1});
    expect((struct otlp_tuner_settings){10, 4, 1}, sample,
           (struct expected){OTLP_TUNE_COMPRESSION, 10, 4, 2});
    sample = fine;
    sample.cpu_share = 0.9;
    expect(middle, sample, (struct expected){OTLP_TUNE_COMPRESSION, 100, 2, 0});
    expect((struct otlp_tuner_settings){100, 2, 0}, sample,
           (struct expected){OTLP_TUNE_BATCH_SIZE, 120, 2, 0});
    expect((struct otlp_tuner_settings){1000, 2, 0}, sample,
           (struct expected){OTLP_TUNE_WORKERS, 1000, 1, 0});
    expect((struct otlp_tuner_settings){1000, 1, 0}, sample,
           (struct expected){OTLP_TUNE_NOTHING, 1000, 1, 0});
}

static void test_slack(void **state)
{
    (void)state;
    struct otlp_tuner_sample sample = fine;
    sample.latency_ns = 20 * MS;
    expect(middle, sample,
           (struct expected){OTLP_TUNE_NOTHING, 100, 2, 1}); /* the CPU is not idle */
    sample.cpu_share = 0.1;
    expect(middle, sample, (struct expected){OTLP_TUNE_BATCH_SIZE, 120, 2, 1});
    expect((struct otlp_tuner_settings){1000, 2, 1}, sample,
           (struct expected){OTLP_TUNE_COMPRESSION, 1000, 2, 2});
    sample.latency_ns = 0; /* no request, no knowledge */
    expect(middle, sample, (struct expected){OTLP_TUNE_NOTHING, 100, 2, 1});
}

static void test_settings_are_brought_inside(void **state)
{
    (void)state;
    expect((struct otlp_tuner_settings){5000, 9, 9}, fine,
           (struct expected){OTLP_TUNE_NOTHING, 1000, 4, 3});
    expect((struct otlp_tuner_settings){1, 0, 0}, fine,
           (struct expected){OTLP_TUNE_NOTHING, 10, 1, 0});
    /* One by one where a fifth is less than one. */
    const struct otlp_tuner_bounds low = {.min = {1, 1, 0}, .max = {3, 1, 0}};
    struct otlp_tuner_settings settings = {.batch_size = 2, .workers = 1};
    struct otlp_tuner_sample sample = fine;
    sample.latency_ns = 200 * MS;
    assert_int_equal(otlp_tune(&targets, &low, &settings, &sample).settings.batch_size, 1);
}

static size_t told;

static void note(void *user, const struct otlp_tuner_entry *entry)
{
    told++;
    *(struct otlp_tuner_entry *)user = *entry;
}

static void test_tuner_applies_and_remembers(void **state)
{
    (void)state;
    struct otlp_batch_options options = {.delay_ns = 3600 * PLAY_SECOND_NS, .workers = 3};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    const struct otlp_tuner_targets late = {.latency_ns = 1};
    const struct otlp_tuner_bounds narrow = {.min = {400, 1, 0}, .max = {1000, 3, 1}};
    struct otlp_tuner_entry last = {0};
    struct otlp_tuner *tuner = NULL;
    assert_int_equal(otlp_tuner_new(p.processor, &late, &narrow, note, &last, &tuner), 0);
    told = 0;
    otlp_tuner_step(tuner);
    assert_int_equal(told, 0); /* it only looked */
    for (int i = 0; i < 100; i++) {
        pipeline_end_spans(&p, 0, 10);
        assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
        otlp_tuner_step(tuner);
    }
    assert_int_equal(told, 100);
    struct otlp_tuner_entry entries[OTLP_TUNER_LOG];
    assert_int_equal(otlp_tuner_log(tuner, entries, OTLP_TUNER_LOG), OTLP_TUNER_LOG);
    assert_int_equal(entries[OTLP_TUNER_LOG - 1].time_unix_ns, last.time_unix_ns);
    assert_true(entries[0].time_unix_ns <= entries[1].time_unix_ns);
    assert_int_equal(counts_of(p.processor).batch_size, 400); /* 512, 410, 400 */
    assert_int_equal(last.before.compression, 1); /* then compression, the last resort */
    assert_true(last.sample.latency_ns > 0);
    assert_true(last.sample.offered_per_second > 0);
    assert_string_equal(last.decision.reason, "exports take longer than their target");
    otlp_tuner_free(tuner);
    otlp_tuner_free(NULL);
    assert_accounted(p.processor, 1000);
    pipeline_free(&p);
}

static void test_bounds_are_checked(void **state)
{
    (void)state;
    struct pipeline p = pipeline_new(OTLP_TRACES, NULL);
    const struct otlp_tuner_bounds bad[] = {
        {.min = {0, 1, 0}, .max = {10, 1, 0}}, {.min = {11, 1, 0}, .max = {10, 1, 0}},
        {.min = {1, 0, 0}, .max = {10, 1, 0}}, {.min = {1, 2, 0}, .max = {10, 1, 0}},
        {.min = {1, 1, 1}, .max = {10, 1, 0}},
    };
    struct otlp_tuner *tuner = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(otlp_tuner_new(p.processor, &targets, &bad[i], NULL, NULL, &tuner),
                         OTLP_EINVAL);
    }
    assert_null(tuner);
    pipeline_free(&p);
}

/* Workers that pause do not export, and are there again when they are wanted. */
static void test_number_of_workers(void **state)
{
    (void)state;
    struct otlp_batch_options options = {
        .delay_ns = 3600 * PLAY_SECOND_NS, .workers = 3, .batch_max = 5, .queue_max = 100};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    p.play->delay_ns = MS;
    otlp_processor_set_workers(p.processor, 0); /* 1 */
    pipeline_end_spans(&p, 0, 50);
    assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->inside_max, 1);
    otlp_processor_set_workers(p.processor, 99); /* 3 */
    p.play->is_stalled = true;
    pipeline_end_spans(&p, 0, 50);
    play_wait_inside(p.play, 3);
    play_set_stalled(p.play, false);
    otlp_processor_set_workers(p.processor, 2);
    assert_int_equal(otlp_processor_shutdown(p.processor, 10 * PLAY_SECOND_NS), 0);
    assert_accounted(p.processor, 100);
    pipeline_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_do),
        cmocka_unit_test(test_memory_comes_first),
        cmocka_unit_test(test_throughput),
        cmocka_unit_test(test_latency_and_cpu),
        cmocka_unit_test(test_slack),
        cmocka_unit_test(test_settings_are_brought_inside),
        cmocka_unit_test(test_tuner_applies_and_remembers),
        cmocka_unit_test(test_bounds_are_checked),
        cmocka_unit_test(test_number_of_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
