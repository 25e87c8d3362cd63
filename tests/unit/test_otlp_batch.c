#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/pipeline_play.h"

#define LONG_NS (3600 * PLAY_SECOND_NS)

static void test_full_batch_goes_out(void **state)
{
    (void)state;
    struct otlp_batch_options options = {.delay_ns = LONG_NS, .batch_max = 100};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    pipeline_end_spans(&p, 0, 100);
    play_wait_requests(p.play, 1);
    assert_int_equal(p.play->sizes[0], 100);
    for (size_t i = 0; i < 100; i++) {
        char name[24];
        snprintf(name, sizeof name, "%zu", i);
        assert_string_equal(p.play->names[i], name); /* in order */
        assert_string_equal(p.play->scope_of[i], "scope");
    }
    assert_int_equal(p.play->timeout_ns, 30 * PLAY_SECOND_NS);
    pipeline_end_spans(&p, 100, 99); /* not full: they wait */
    assert_int_equal(otlp_provider_force_flush(p.provider, 10 * PLAY_SECOND_NS), 0);
    struct otlp_processor_counts counts = counts_of(p.processor);
    assert_int_equal(counts.delivered, 199);
    assert_int_equal(counts.requests, 2);
    assert_int_equal(p.play->sizes[1], 99);
    assert_int_equal(p.play->flushes, 1);
    assert_accounted(p.processor, 199);
    pipeline_free(&p);
}

static void test_delay_sends_what_there_is(void **state)
{
    (void)state;
    struct otlp_batch_options options = {.delay_ns = 20 * 1000000, .batch_max = 100};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    pipeline_end_spans(&p, 0, 3);
    play_wait_requests(p.play, 1);
    assert_true(p.play->sizes[0] >= 1 && p.play->sizes[0] <= 3);
    assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->items, 3);
    pipeline_free(&p);
}

/* A full batch is no reason to send: three quarters of the queue are. */
static void test_time_first(void **state)
{
    (void)state;
    struct otlp_batch_options options = {
        .delay_ns = LONG_NS, .batch_max = 10, .queue_max = 400, .strategy = OTLP_BATCH_TIME_FIRST};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    pipeline_end_spans(&p, 0, 299);
    assert_int_equal(counts_of(p.processor).queued, 299);
    pipeline_end_spans(&p, 299, 1);
    play_wait_requests(p.play, 1);
    assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->items, 300);
    pipeline_free(&p);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * PLAY_SECOND_NS + (uint64_t)now.tv_nsec;
}

/* A full batch is a reason to send, the delay is none, ten of them are. */
static void test_size_first(void **state)
{
    (void)state;
    struct otlp_batch_options options = {
        .delay_ns = LONG_NS, .batch_max = 10, .strategy = OTLP_BATCH_SIZE_FIRST};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    pipeline_end_spans(&p, 0, 25);
    play_wait_requests(p.play, 2);
    assert_int_equal(otlp_processor_force_flush(p.processor, 60 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->sizes[0], 10);
    assert_int_equal(p.play->sizes[1], 10);
    assert_int_equal(p.play->sizes[2], 5);
    pipeline_free(&p);

    options.delay_ns = PLAY_SECOND_NS / 100;
    uint64_t began_ns = now_ns();
    p = pipeline_new(OTLP_TRACES, &options);
    pipeline_end_spans(&p, 0, 1);
    play_wait_requests(p.play, 1);
    assert_true(now_ns() - began_ns >= PLAY_SECOND_NS / 10);
    assert_int_equal(p.play->sizes[0], 1);
    pipeline_free(&p);
}

static void test_drop_newest(void **state)
{
    (void)state;
    struct otlp_batch_options options = {.delay_ns = LONG_NS, .batch_max = 8, .queue_max = 8};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    p.play->is_stalled = true;
    pipeline_end_spans(&p, 0, 8);
    play_wait_inside(p.play, 1);   /* the first batch has left the queue */
    pipeline_end_spans(&p, 8, 12); /* of which 8 fit */
    struct otlp_processor_counts counts = counts_of(p.processor);
    assert_int_equal(counts.dropped[OTLP_DROPPED_NEWEST], 4);
    assert_int_equal(counts.queued, 16);
    assert_accounted(p.processor, 20);
    play_set_stalled(p.play, false);
    assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->items, 16);
    assert_string_equal(p.play->names[15], "15");
    assert_accounted(p.processor, 20);
    pipeline_free(&p);
}

static void test_drop_oldest(void **state)
{
    (void)state;
    struct otlp_batch_options options = {
        .delay_ns = LONG_NS, .batch_max = 8, .queue_max = 8, .overflow = OTLP_OVERFLOW_DROP_OLDEST};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    p.play->is_stalled = true;
    pipeline_end_spans(&p, 0, 8);
    play_wait_inside(p.play, 1);
    pipeline_end_spans(&p, 8, 12);
    struct otlp_processor_counts counts = counts_of(p.processor);
    assert_int_equal(counts.dropped[OTLP_DROPPED_OLDEST], 4);
    assert_int_equal(counts.queued, 16);
    play_set_stalled(p.play, false);
    assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->items, 16);
    assert_string_equal(p.play->names[7], "7");  /* had left the queue */
    assert_string_equal(p.play->names[8], "12"); /* 8 to 11 made room */
    assert_string_equal(p.play->names[15], "19");
    assert_accounted(p.processor, 20);
    pipeline_free(&p);
}

static void *end_two(void *arg)
{
    pipeline_end_spans(arg, 100, 2);
    return NULL;
}

static void test_block(void **state)
{
    (void)state;
    struct otlp_batch_options options = {.delay_ns = LONG_NS,
                                         .batch_max = 4,
                                         .queue_max = 4,
                                         .overflow = OTLP_OVERFLOW_BLOCK,
                                         .block_timeout_ns = PLAY_SECOND_NS / 50};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    p.play->is_stalled = true;
    pipeline_end_spans(&p, 0, 4);
    play_wait_inside(p.play, 1);
    pipeline_end_spans(&p, 4, 5); /* the fifth waits in vain */
    assert_int_equal(counts_of(p.processor).dropped[OTLP_DROPPED_BLOCKED], 1);
    assert_accounted(p.processor, 9);
    play_set_stalled(p.play, false);
    assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->items, 8);
    pipeline_free(&p);

    /* With time enough nothing is lost. */
    options.block_timeout_ns = 60 * PLAY_SECOND_NS;
    p = pipeline_new(OTLP_TRACES, &options);
    p.play->is_stalled = true;
    pipeline_end_spans(&p, 0, 4);
    play_wait_inside(p.play, 1);
    pipeline_end_spans(&p, 4, 4);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, end_two, &p), 0);
    play_set_stalled(p.play, false);
    pthread_join(thread, NULL);
    assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->items, 10);
    assert_accounted(p.processor, 10);
    pipeline_free(&p);
}

/* A thread that waits for room is let go by a shutdown. */
static void test_shutdown_ends_blocking(void **state)
{
    (void)state;
    struct otlp_batch_options options = {.delay_ns = LONG_NS,
                                         .batch_max = 4,
                                         .queue_max = 4,
                                         .overflow = OTLP_OVERFLOW_BLOCK,
                                         .block_timeout_ns = LONG_NS};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    p.play->is_stalled = true;
    pipeline_end_spans(&p, 0, 4);
    play_wait_inside(p.play, 1);
    pipeline_end_spans(&p, 4, 4);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, end_two, &p), 0);
    assert_int_equal(otlp_provider_shutdown(p.provider, PLAY_SECOND_NS / 5), OTLP_ETIMEOUT);
    pthread_join(thread, NULL);
    wait_idle(p.processor);
    assert_int_equal(counts_of(p.processor).dropped[OTLP_DROPPED_SHUT_DOWN], 10);
    assert_accounted(p.processor, 10);
    pipeline_free(&p);
}

static void test_outcomes_are_counted(void **state)
{
    (void)state;
    static const struct {
        enum otlp_export_outcome outcome;
        enum otlp_drop_reason reason;
    } rows[] = {{OTLP_EXPORT_REFUSED, OTLP_DROPPED_REFUSED},
                {OTLP_EXPORT_TIMED_OUT, OTLP_DROPPED_TIMED_OUT},
                {OTLP_EXPORT_UNAVAILABLE, OTLP_DROPPED_UNAVAILABLE},
                {OTLP_EXPORT_SHUT_DOWN, OTLP_DROPPED_SHUT_DOWN},
                {OTLP_EXPORT_FAILED, OTLP_DROPPED_FAILED}};
    struct otlp_batch_options options = {.delay_ns = LONG_NS};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    uint64_t ended = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        p.play->outcome = rows[i].outcome;
        pipeline_end_spans(&p, 0, 3 + i);
        ended += 3 + i;
        assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
        assert_int_equal(counts_of(p.processor).dropped[rows[i].reason], 3 + i);
        assert_accounted(p.processor, ended);
    }
    p.play->outcome = OTLP_EXPORT_DELIVERED;
    p.play->rejected = 2; /* a partial success */
    pipeline_end_spans(&p, 0, 10);
    assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(counts_of(p.processor).delivered, 8);
    assert_int_equal(counts_of(p.processor).rejected, 2);
    assert_accounted(p.processor, ended + 10);
    pipeline_free(&p);
}

static void test_nothing_after_shutdown(void **state)
{
    (void)state;
    struct otlp_batch_options options = {.delay_ns = LONG_NS};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    pipeline_end_spans(&p, 0, 5);
    assert_int_equal(otlp_provider_shutdown(p.provider, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->items, 5);
    assert_int_equal(p.play->shutdowns, 1);
    pipeline_end_spans(&p, 5, 7);
    assert_int_equal(otlp_provider_shutdown(p.provider, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(otlp_provider_force_flush(p.provider, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->items, 5);
    assert_int_equal(p.play->shutdowns, 1);
    struct otlp_processor_counts counts = counts_of(p.processor);
    assert_int_equal(counts.dropped[OTLP_DROPPED_SHUT_DOWN], 7);
    assert_int_equal(counts.queued, 0);
    assert_accounted(p.processor, 12);
    pipeline_free(&p);
}

/* The time-outs hold when the exporter does not answer, and even when it does not stop. */
static void test_time_outs_are_kept(void **state)
{
    (void)state;
    for (int is_deaf = 0; is_deaf < 2; is_deaf++) {
        struct otlp_batch_options options = {.delay_ns = LONG_NS, .batch_max = 4};
        struct pipeline p = pipeline_new(OTLP_TRACES, &options);
        p.play->is_stalled = true;
        p.play->is_deaf = is_deaf;
        pipeline_end_spans(&p, 0, 10);
        uint64_t began_ns = now_ns();
        assert_int_equal(otlp_processor_force_flush(p.processor, PLAY_SECOND_NS / 20),
                         OTLP_ETIMEOUT);
        assert_true(now_ns() - began_ns >= PLAY_SECOND_NS / 20);
        assert_int_equal(otlp_processor_force_flush(p.processor, 0), OTLP_ETIMEOUT);
        assert_accounted(p.processor, 10);
        assert_int_equal(otlp_processor_shutdown(p.processor, PLAY_SECOND_NS / 5), OTLP_ETIMEOUT);
        if (is_deaf) {
            assert_int_equal(counts_of(p.processor).queued, 4); /* the worker still has them */
            assert_accounted(p.processor, 10);
        }
        play_set_stalled(p.play, false);
        wait_idle(p.processor);
        assert_accounted(p.processor, 10);
        pipeline_free(&p);
    }
}

static void test_memory_ceiling(void **state)
{
    (void)state;
    struct otlp_batch_options options = {.delay_ns = LONG_NS, .queue_max = 100000};
    options.batch_max = 100000;
    options.memory_max_bytes = 1024 * 1024;
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    pipeline_end_spans(&p, 0, 5000); /* 256 bytes each */
    struct otlp_processor_counts counts = counts_of(p.processor);
    assert_true(counts.dropped[OTLP_DROPPED_MEMORY] >= 5000 - 4096);
    assert_true(counts.dropped[OTLP_DROPPED_MEMORY] < 1500);
    assert_true(counts.memory_bytes <= options.memory_max_bytes);
    assert_accounted(p.processor, 5000);
    assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
    counts = counts_of(p.processor);
    pipeline_end_spans(&p, 0, 100); /* there is room again */
    assert_int_equal(counts_of(p.processor).dropped[OTLP_DROPPED_MEMORY],
                     counts.dropped[OTLP_DROPPED_MEMORY]);
    pipeline_free(&p);
}

struct levels {
    enum otlp_memory_level seen[16];
    _Atomic size_t count;
};

static void note_level(void *user, enum otlp_memory_level level, size_t bytes)
{
    (void)bytes;
    struct levels *levels = user;
    size_t at = levels->count++;
    if (at < 16) {
        levels->seen[at] = level;
    }
}

static void test_memory_levels_are_told(void **state)
{
    (void)state;
    struct levels levels = {.count = 0};
    struct otlp_batch_options options = {.delay_ns = LONG_NS,
                                         .queue_max = 100000,
                                         .batch_max = 100000,
                                         .memory_max_bytes = 1024 * 1024,
                                         .memory_warning_bytes = 512 * 1024,
                                         .on_memory = note_level,
                                         .user = &levels};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    pipeline_end_spans(&p, 0, 1000);
    assert_int_equal(levels.count, 0);
    pipeline_end_spans(&p, 0, 2000);
    assert_int_equal(levels.count, 1);
    assert_int_equal(levels.seen[0], OTLP_MEMORY_WARNING);
    pipeline_end_spans(&p, 0, 2000);
    assert_int_equal(levels.count, 2);
    assert_int_equal(levels.seen[1], OTLP_MEMORY_CRITICAL);
    assert_int_equal(otlp_processor_shutdown(p.processor, 10 * PLAY_SECOND_NS), 0);
    assert_true(levels.count > 2);
    pipeline_free(&p);
    assert_int_equal(levels.seen[(levels.count < 16 ? levels.count : 16) - 1], OTLP_MEMORY_NORMAL);
}

static void test_adapt(void **state)
{
    (void)state;
    assert_int_equal(otlp_batch_adapt(100, 101, 100, 10, 1000), 80);
    assert_int_equal(otlp_batch_adapt(100, 100, 100, 10, 1000), 100);
    assert_int_equal(otlp_batch_adapt(100, 50, 100, 10, 1000), 100);
    assert_int_equal(otlp_batch_adapt(100, 49, 100, 10, 1000), 120);
    assert_int_equal(otlp_batch_adapt(100, 0, 100, 10, 110), 110);
    assert_int_equal(otlp_batch_adapt(100, 101, 100, 90, 1000), 90);
    assert_int_equal(otlp_batch_adapt(3, 101, 100, 1, 1000), 2); /* at least by one */
    assert_int_equal(otlp_batch_adapt(3, 0, 100, 1, 1000), 4);
    assert_int_equal(otlp_batch_adapt(1, 101, 100, 1, 1000), 1);
    assert_int_equal(otlp_batch_adapt(SIZE_MAX, 0, 100, 1, SIZE_MAX), SIZE_MAX);
}

static void test_adaptive_size_shrinks_and_grows(void **state)
{
    (void)state;
    struct otlp_batch_options options = {.delay_ns = LONG_NS,
                                         .batch_max = 100,
                                         .batch_min = 60,
                                         .is_adaptive = true,
                                         .target_latency_ns = 1000};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    p.play->delay_ns = 100000; /* above the target of 1 us: 100, 80, 64, 60 */
    pipeline_end_spans(&p, 0, 400);
    assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->sizes[0], 100);
    assert_int_equal(p.play->sizes[1], 80);
    assert_int_equal(p.play->sizes[2], 64);
    assert_int_equal(counts_of(p.processor).batch_size, 60);
    pipeline_free(&p);

    options.target_latency_ns = LONG_NS; /* never reached: it grows, from full batches only */
    p = pipeline_new(OTLP_TRACES, &options);
    otlp_processor_set_batch_size(p.processor, 60);
    pipeline_end_spans(&p, 0, 59);
    assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(counts_of(p.processor).batch_size, 60);
    pipeline_end_spans(&p, 0, 60);
    assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(counts_of(p.processor).batch_size, 72);
    pipeline_free(&p);
}

/* The exporter says how requests are to be written. */
static void test_json(void **state)
{
    (void)state;
    struct otlp_batch_options options = {.delay_ns = LONG_NS};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    p.play->base.encoding = OTLP_ENCODING_JSON;
    pipeline_end_spans(&p, 7, 2);
    assert_int_equal(otlp_processor_force_flush(p.processor, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->items, 2);
    assert_int_equal(strncmp(p.play->json, "{\"resourceSpans\":[", 18), 0);
    assert_non_null(strstr(p.play->json, "\"name\":\"7\""));
    assert_non_null(strstr(p.play->json, "\"name\":\"8\""));
    assert_non_null(strstr(p.play->json, "\"scope\":{\"name\":\"scope\"}"));
    pipeline_free(&p);
}

static void test_options_are_checked(void **state)
{
    (void)state;
    struct play_exporter *play = play_new();
    struct otlp_processor *processor = NULL;
    const struct otlp_batch_options bad[] = {
        {.queue_max = 10, .batch_max = 11},
        {.batch_max = 10, .batch_min = 11},
        {.workers = 65},
        {.memory_max_bytes = 100, .memory_warning_bytes = 101},
        {.strategy = (enum otlp_batch_strategy)3},
        {.overflow = (enum otlp_overflow)3},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(otlp_batch_processor_new(OTLP_TRACES, &play->base, &bad[i], &processor),
                         OTLP_EINVAL);
    }
    assert_int_equal(otlp_batch_processor_new(OTLP_METRICS, &play->base, NULL, &processor),
                     OTLP_EINVAL);
    assert_null(processor);
    assert_int_equal(otlp_batch_processor_new(OTLP_TRACES, &play->base, NULL, &processor), 0);
    assert_int_equal(counts_of(processor).batch_size, 512);
    otlp_processor_free(processor);
    otlp_processor_free(NULL);
    play_free(&play->base);
}

static void test_environment(void **state)
{
    (void)state;
    struct otlp_batch_options options = {.queue_max = 7};
    setenv("OTEL_BSP_SCHEDULE_DELAY", "250", 1);
    setenv("OTEL_BSP_EXPORT_TIMEOUT", "1500", 1);
    setenv("OTEL_BSP_MAX_QUEUE_SIZE", "", 1);
    setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "12x", 1);
    setenv("OTEL_BLRP_SCHEDULE_DELAY", "-1", 1);
    assert_int_equal(otlp_batch_options_from_environment(OTLP_TRACES, &options), 1);
    assert_int_equal(options.delay_ns, 250000000);
    assert_int_equal(options.export_timeout_ns, 1500000000);
    assert_int_equal(options.queue_max, 7);
    assert_int_equal(options.batch_max, 0);
    struct otlp_batch_options logs = {0};
    assert_int_equal(otlp_batch_options_from_environment(OTLP_LOGS, &logs), 1);
    assert_int_equal(logs.delay_ns, 0);
    setenv("OTEL_METRIC_EXPORT_INTERVAL", "10", 1);
    struct otlp_reader_options reader = {0};
    assert_int_equal(otlp_reader_options_from_environment(&reader), 0);
    assert_int_equal(reader.interval_ns, 10000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_batch_goes_out),
        cmocka_unit_test(test_delay_sends_what_there_is),
        cmocka_unit_test(test_time_first),
        cmocka_unit_test(test_size_first),
        cmocka_unit_test(test_drop_newest),
        cmocka_unit_test(test_drop_oldest),
        cmocka_unit_test(test_block),
        cmocka_unit_test(test_shutdown_ends_blocking),
        cmocka_unit_test(test_outcomes_are_counted),
        cmocka_unit_test(test_nothing_after_shutdown),
        cmocka_unit_test(test_time_outs_are_kept),
        cmocka_unit_test(test_memory_ceiling),
        cmocka_unit_test(test_memory_levels_are_told),
        cmocka_unit_test(test_adapt),
        cmocka_unit_test(test_adaptive_size_shrinks_and_grows),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_options_are_checked),
        cmocka_unit_test(test_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
