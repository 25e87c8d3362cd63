/* The pipeline under many threads: exact accounting whatever happens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/pipeline_play.h"

#define LONG_NS (3600 * PLAY_SECOND_NS)
#define THREADS 6
#define ENDS    3000

static void *end_spans(void *arg)
{
    pipeline_end_spans(arg, 0, ENDS);
    return NULL;
}

static void run_threads(struct pipeline *p, void *(*body)(void *))
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, body, p), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void test_every_policy_is_exact(void **state)
{
    (void)state;
    for (int overflow = 0; overflow < 3; overflow++) {
        for (unsigned workers = 1; workers <= 3; workers += 2) {
            struct otlp_batch_options options = {.delay_ns = PLAY_SECOND_NS / 100,
                                                 .queue_max = 512,
                                                 .batch_max = 64,
                                                 .workers = workers,
                                                 .overflow = (enum otlp_overflow)overflow,
                                                 .block_timeout_ns = 60 * PLAY_SECOND_NS};
            struct pipeline p = pipeline_new(OTLP_TRACES, &options);
            run_threads(&p, end_spans);
            assert_accounted(p.processor, THREADS * ENDS);
            assert_int_equal(otlp_processor_force_flush(p.processor, 60 * PLAY_SECOND_NS), 0);
            struct otlp_processor_counts counts = counts_of(p.processor);
            assert_int_equal(counts.queued, 0);
            assert_int_equal(counts.delivered, p.play->items);
            assert_true(p.play->inside_max <= workers);
            assert_accounted(p.processor, THREADS * ENDS);
            if (overflow == OTLP_OVERFLOW_BLOCK) {
                assert_int_equal(counts.delivered, THREADS * ENDS);
            }
            pipeline_free(&p);
        }
    }
}

static void *emit_logs(void *arg)
{
    struct pipeline *p = arg;
    struct otlp_log_record record = {.body = otlp_value_string("a log record's body")};
    for (int i = 0; i < ENDS; i++) {
        if (otlp_logger_emit(p->logger, &record) != 0) {
            abort();
        }
    }
    return NULL;
}

static void test_logs(void **state)
{
    (void)state;
    struct otlp_batch_options options = {.overflow = OTLP_OVERFLOW_BLOCK,
                                         .block_timeout_ns = 60 * PLAY_SECOND_NS};
    struct pipeline p = pipeline_new(OTLP_LOGS, &options);
    run_threads(&p, emit_logs);
    assert_int_equal(otlp_processor_force_flush(p.processor, 60 * PLAY_SECOND_NS), 0);
    assert_int_equal(counts_of(p.processor).delivered, THREADS * ENDS);
    assert_accounted(p.processor, THREADS * ENDS);
    pipeline_free(&p);
}

/* Threads come and go: what one left behind is exported, and its place is used again. */
static void *end_a_few(void *arg)
{
    pipeline_end_spans(arg, 0, 3);
    return NULL;
}

static void test_threads_that_end(void **state)
{
    (void)state;
    struct otlp_batch_options options = {.delay_ns = LONG_NS, .queue_max = 1000};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    for (int i = 0; i < 50; i++) {
        run_threads(&p, end_a_few);
    }
    /* Nothing was held back by a thread that has gone: exactly 1000 fit. */
    assert_accounted(p.processor, 900);
    assert_int_equal(otlp_processor_force_flush(p.processor, 60 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->items, 900);
    p.play->is_stalled = true;
    pipeline_end_spans(&p, 0, 512);
    play_wait_inside(p.play, 1);
    pipeline_end_spans(&p, 0, 1001);
    assert_int_equal(counts_of(p.processor).dropped[OTLP_DROPPED_NEWEST], 1);
    play_set_stalled(p.play, false);
    pipeline_free(&p);
}

/* More processors than a thread remembers at once. */
static void test_many_processors(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    struct otlp_batch_options options = {.delay_ns = LONG_NS};
    struct pipeline p[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        p[i] = pipeline_new(OTLP_TRACES, &options);
    }
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            pipeline_end_spans(&p[i], 0, i);
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(otlp_provider_shutdown(p[i].provider, 60 * PLAY_SECOND_NS), 0);
        assert_int_equal(p[i].play->items, 5 * i);
        assert_accounted(p[i].processor, 5 * i);
        pipeline_free(&p[i]);
    }
}

/* Flush, shutdown and counts come while threads end spans. */
static void test_shutdown_amid_traffic(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        struct otlp_batch_options options = {.delay_ns = PLAY_SECOND_NS / 1000, .workers = 2};
        struct pipeline p = pipeline_new(OTLP_TRACES, &options);
        pthread_t threads[THREADS];
        for (size_t t = 0; t < THREADS; t++) {
            assert_int_equal(pthread_create(&threads[t], NULL, end_spans, &p), 0);
        }
        assert_int_equal(otlp_processor_force_flush(p.processor, 60 * PLAY_SECOND_NS), 0);
        (void)counts_of(p.processor);
        (void)otlp_provider_shutdown(p.provider, 60 * PLAY_SECOND_NS);
        size_t items = p.play->items;
        for (size_t t = 0; t < THREADS; t++) {
            pthread_join(threads[t], NULL);
        }
        struct otlp_processor_counts counts = counts_of(p.processor);
        assert_int_equal(p.play->items, items);
        assert_int_equal(counts.delivered, items);
        assert_int_equal(counts.queued, 0);
        assert_accounted(p.processor, THREADS * ENDS);
        pipeline_free(&p);
    }
}

/* A flush waits for all that ended before it, on whatever thread. */
static void test_flush_covers_other_threads(void **state)
{
    (void)state;
    struct otlp_batch_options options = {.delay_ns = LONG_NS, .workers = 3, .batch_max = 7};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    for (size_t round = 1; round <= 20; round++) {
        run_threads(&p, end_a_few);
        assert_int_equal(otlp_processor_force_flush(p.processor, 60 * PLAY_SECOND_NS), 0);
        assert_int_equal(p.play->items, round * THREADS * 3);
    }
    pipeline_free(&p);
}

/* The exporter stalls for good: memory stays below the ceiling, and every span is accounted for. */
static void *end_wide_spans(void *arg)
{
    struct pipeline *p = arg;
    for (int i = 0; i < ENDS; i++) {
        struct otlp_span *span = otlp_tracer_start(p->tracer, "GET /orders/{id}", NULL);
        for (unsigned j = 0; j < 10; j++) {
            char key[32];
            snprintf(key, sizeof key, "attribute.number.%u", j);
            otlp_span_set_string(span, key, "a value of some length");
        }
        otlp_span_end(span, 0);
        if (counts_of(p->processor).memory_bytes > 4u << 20) {
            abort();
        }
    }
    return NULL;
}

static void test_overload(void **state)
{
    (void)state;
    struct otlp_batch_options options = {
        .delay_ns = PLAY_SECOND_NS / 100, .queue_max = 100000, .memory_max_bytes = 3u << 20};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    p.play->is_stalled = true;
    run_threads(&p, end_wide_spans);
    struct otlp_processor_counts counts = counts_of(p.processor);
    assert_true(counts.dropped[OTLP_DROPPED_MEMORY] > 0);
    assert_accounted(p.processor, THREADS * ENDS);
    play_set_stalled(p.play, false);
    assert_int_equal(otlp_processor_force_flush(p.processor, 60 * PLAY_SECOND_NS), 0);
    counts = counts_of(p.processor);
    assert_int_equal(counts.delivered, p.play->items);
    assert_int_equal(counts.delivered + otlp_processor_counts_dropped(&counts), THREADS * ENDS);
    pipeline_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_policy_is_exact),
        cmocka_unit_test(test_logs),
        cmocka_unit_test(test_threads_that_end),
        cmocka_unit_test(test_many_processors),
        cmocka_unit_test(test_shutdown_amid_traffic),
        cmocka_unit_test(test_flush_covers_other_threads),
        cmocka_unit_test(test_overload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
