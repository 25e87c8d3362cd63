/* The pipeline at the ends of its ranges: many idle threads, endless delays, fork() in the middle
 * of a shutdown, processors that come late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/forked.h"
#include "tests/unit/pipeline_play.h"

#define LONG_NS (3600 * PLAY_SECOND_NS)

/* Sanitizers take locks of their own that a child of a process with threads may find taken. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

/* ---- memory ---- */

#define IDLE_THREADS 300

struct idle_threads {
    struct pipeline pipeline;
    pthread_barrier_t ended;
    pthread_barrier_t left;
};

static void *end_one_and_stay(void *arg)
{
    struct idle_threads *threads = arg;
    pipeline_end_spans(&threads->pipeline, 0, 1);
    pthread_barrier_wait(&threads->ended);
    pthread_barrier_wait(&threads->left);
    return NULL;
}

/* What threads have taken of the ceiling and do not use is little, however many there are. */
static void test_idle_threads_leave_memory_to_others(void **state)
{
    (void)state;
    const struct otlp_batch_options options = {
        .delay_ns = LONG_NS, .queue_max = 8192, .memory_max_bytes = 4u << 20};
    struct idle_threads threads = {.pipeline = pipeline_new(OTLP_TRACES, &options)};
    struct pipeline *p = &threads.pipeline;
    pthread_t ids[IDLE_THREADS];
    pthread_barrier_init(&threads.ended, NULL, IDLE_THREADS + 1);
    pthread_barrier_init(&threads.left, NULL, IDLE_THREADS + 1);
    for (size_t i = 0; i < IDLE_THREADS; i++) {
        assert_int_equal(pthread_create(&ids[i], NULL, end_one_and_stay, &threads), 0);
    }
    pthread_barrier_wait(&threads.ended);
    assert_int_equal(otlp_processor_force_flush(p->processor, 60 * PLAY_SECOND_NS), 0);
    assert_int_equal(counts_of(p->processor).delivered, IDLE_THREADS);
    assert_true(counts_of(p->processor).memory_bytes < options.memory_max_bytes / 2);
    pipeline_end_spans(p, 0, 400);
    assert_int_equal(otlp_processor_force_flush(p->processor, 60 * PLAY_SECOND_NS), 0);
    assert_int_equal(counts_of(p->processor).delivered, IDLE_THREADS + 400);
    pthread_barrier_wait(&threads.left);
    for (size_t i = 0; i < IDLE_THREADS; i++) {
        pthread_join(ids[i], NULL);
    }
    pthread_barrier_destroy(&threads.ended);
    pthread_barrier_destroy(&threads.left);
    pipeline_free(p);
}

/* ---- time ---- */

static void assert_waits_for_flush(const struct otlp_batch_options *options)
{
    struct pipeline p = pipeline_new(OTLP_TRACES, options);
    const struct timespec pause = {0, 50000000};
    pipeline_end_spans(&p, 0, 3);
    nanosleep(&pause, NULL); /* a worker that was going to send has had its chance */
    assert_int_equal(counts_of(p.processor).requests, 0);
    assert_int_equal(otlp_processor_force_flush(p.processor, 60 * PLAY_SECOND_NS), 0);
    assert_int_equal(p.play->requests, 1);
    assert_int_equal(p.play->items, 3);
    pipeline_free(&p);
}

static void test_delays_without_end(void **state)
{
    (void)state;
    struct otlp_batch_options options = {0};
    setenv("OTEL_BSP_SCHEDULE_DELAY", "9223372036854775807", 1);
    assert_int_equal(otlp_batch_options_from_environment(OTLP_TRACES, &options), 0);
    unsetenv("OTEL_BSP_SCHEDULE_DELAY");
    assert_true(options.delay_ns == UINT64_MAX);
    assert_waits_for_flush(&options);
    options.strategy = OTLP_BATCH_SIZE_FIRST;
    assert_waits_for_flush(&options);
    options.delay_ns = UINT64_MAX / 10 + 1; /* ten of them wrap to next to nothing */
    assert_waits_for_flush(&options);
}

/* ---- environment ---- */

static void test_batches_of_the_environment_fit_into_the_queue(void **state)
{
    (void)state;
    struct play_exporter *play = play_new();
    struct otlp_processor *processor = NULL;
    struct otlp_batch_options options = {0};
    setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4096", 1);
    assert_int_equal(otlp_batch_options_from_environment(OTLP_TRACES, &options), 1);
    assert_int_equal(otlp_batch_processor_new(OTLP_TRACES, &play->base, &options, &processor), 0);
    assert_int_equal(counts_of(processor).batch_size, 2048); /* the default of the queue */
    otlp_processor_free(processor);
    setenv("OTEL_BSP_MAX_QUEUE_SIZE", "100", 1);
    assert_int_equal(otlp_batch_options_from_environment(OTLP_TRACES, &options), 1);
    assert_int_equal(options.batch_max, 100);
    setenv("OTEL_BSP_MAX_QUEUE_SIZE", "5000", 1);
    assert_int_equal(otlp_batch_options_from_environment(OTLP_TRACES, &options), 0);
    assert_int_equal(options.batch_max, 4096);
    unsetenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE");
    unsetenv("OTEL_BSP_MAX_QUEUE_SIZE");
    /* What the program alone has said is left for otlp_batch_processor_new() to refuse. */
    options = (struct otlp_batch_options){.queue_max = 10, .batch_max = 11};
    assert_int_equal(otlp_batch_options_from_environment(OTLP_TRACES, &options), 0);
    assert_int_equal(options.batch_max, 11);
    play_free(&play->base);
}

/* ---- provider ---- */

struct late {
    struct otlp_provider *provider;
    struct otlp_processor *processor;
    int rc;
};

static void *add_late(void *arg)
{
    struct late *late = arg;
    late->rc = otlp_provider_add_processor(late->provider, late->processor);
    return NULL;
}

/* A processor is either one of the tracer's, or refused; never half added. */
static void test_processors_come_while_a_tracer_is_made(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct play_exporter *play = play_new();
        struct late late = {0};
        struct otlp_tracer *tracer = NULL;
        pthread_t thread;
        assert_int_equal(otlp_simple_processor_new(OTLP_TRACES, &play->base, 0, &late.processor),
                         0);
        assert_int_equal(otlp_provider_new(NULL, &late.provider), 0);
        assert_int_equal(pthread_create(&thread, NULL, add_late, &late), 0);
        assert_int_equal(otlp_provider_force_flush(late.provider, PLAY_SECOND_NS), 0);
        assert_int_equal(otlp_provider_tracer(late.provider, NULL, &tracer), 0);
        pthread_join(thread, NULL);
        struct otlp_span *span = otlp_tracer_start(tracer, "x", NULL);
        assert_non_null(span);
        assert_int_equal(otlp_span_end(span, 0), 0);
        assert_int_equal(play->items, late.rc == 0 ? 1 : 0);
        assert_true(late.rc == 0 || late.rc == OTLP_EINVAL);
        otlp_provider_free(late.provider);
        if (late.rc != 0) {
            otlp_processor_free(late.processor);
        }
        play_free(&play->base);
    }
}

/* ---- fork ---- */

static void *shut_down(void *arg)
{
    struct pipeline *p = arg;
    (void)otlp_processor_shutdown(p->processor, LONG_NS);
    return NULL;
}

static void child_amid_shutdown(struct pipeline *p)
{
    alarm(10);
    pthread_mutex_init(&p->play->lock, NULL);
    pthread_cond_init(&p->play->changed, NULL);
    p->play->inside = 0;
    p->play->is_stalled = false;
    pipeline_end_spans(p, 0, 3);
    FORKED_EXPECT(counts_of(p->processor).dropped[OTLP_DROPPED_SHUT_DOWN] == 3);
    FORKED_EXPECT(otlp_processor_shutdown(p->processor, PLAY_SECOND_NS) == 0);
    pipeline_free(p);
}

static void fork_amid_shutdown(void)
{
    const struct otlp_batch_options options = {.delay_ns = LONG_NS, .batch_max = 4};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    pthread_t thread;
    p.play->is_stalled = true;
    pipeline_end_spans(&p, 0, 4);
    play_wait_inside(p.play, 1);
    FORKED_EXPECT(pthread_create(&thread, NULL, shut_down, &p) == 0);
    /* A flush has nothing to wait for once shutdown was called. */
    while (otlp_processor_force_flush(p.processor, 1000000) != 0) {
    }
    pid_t child = fork();
    if (child == 0) {
        child_amid_shutdown(&p);
        _exit(0);
    }
    int status = 1;
    FORKED_EXPECT(waitpid(child, &status, 0) == child && status == 0);
    play_set_stalled(p.play, false);
    pthread_join(thread, NULL);
    FORKED_EXPECT(counts_of(p.processor).delivered == 4);
    pipeline_free(&p);
}

static void test_fork_amid_shutdown(void **state)
{
    (void)state;
    if (IS_SANITIZED) {
        skip();
    }
    assert_forked(fork_amid_shutdown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_threads_leave_memory_to_others),
        cmocka_unit_test(test_delays_without_end),
        cmocka_unit_test(test_batches_of_the_environment_fit_into_the_queue),
        cmocka_unit_test(test_processors_come_while_a_tracer_is_made),
        cmocka_unit_test(test_fork_amid_shutdown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
