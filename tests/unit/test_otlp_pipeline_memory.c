/*
 * What the pipeline asks of the allocator: nothing in the steady state, and every request of it may
 * fail. The linker sends the library's allocations here (--wrap), whatever allocator is behind:
 * with that of AddressSanitizer, what a failure leaves behind is found, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/pipeline_play.h"

/* Under AddressSanitizer blocks are really freed. */
#if defined(__SANITIZE_ADDRESS__)
#define KEEPS_BLOCKS false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEPS_BLOCKS false
#endif
#endif
#ifndef KEEPS_BLOCKS
#define KEEPS_BLOCKS true
#endif

#define LONG_NS (3600 * PLAY_SECOND_NS)

static _Atomic long allocations;        /* on all threads */
static _Thread_local long fails_at;     /* this thread's allocation of that number fails */
static _Atomic long fails_elsewhere_at; /* and that of all the others together */
static _Thread_local bool is_main_thread;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static bool may_allocate(void)
{
    atomic_fetch_add(&allocations, 1);
    if (is_main_thread) {
        return fails_at == 0 || --fails_at != 0;
    }
    return atomic_load(&fails_elsewhere_at) == 0 || atomic_fetch_sub(&fails_elsewhere_at, 1) != 1;
}

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *memory, size_t size)
{
    return may_allocate() ? __real_realloc(memory, size) : NULL;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return may_allocate() ? __real_aligned_alloc(alignment, size) : NULL;
}

static void end_spans(const struct pipeline *p, int count)
{
    for (int i = 0; i < count; i++) {
        struct otlp_span *span = otlp_tracer_start(p->tracer, "a span", NULL);
        otlp_span_set_string(span, "http.request.method", "GET");
        otlp_span_set_int(span, "http.response.status_code", 200);
        otlp_span_end(span, 0);
    }
}

/* Decoding what came would allocate. */
static enum otlp_export_outcome take(struct otlp_exporter *exporter,
                                     const struct otlp_export *request,
                                     struct otlp_export_result *result)
{
    struct play_exporter *play = (struct play_exporter *)exporter;
    pthread_mutex_lock(&play->lock);
    while (play->is_stalled) {
        pthread_cond_wait(&play->changed, &play->lock);
    }
    play->items += request->items;
    pthread_mutex_unlock(&play->lock);
    result->rejected = 0;
    return OTLP_EXPORT_DELIVERED;
}

/* Spans are freed by the worker and come back to the thread that makes new ones. */
static void test_steady_state_allocates_nothing(void **state)
{
    (void)state;
    if (!KEEPS_BLOCKS) {
        skip();
    }
    struct otlp_batch_options options = {.delay_ns = LONG_NS};
    struct pipeline p = pipeline_new(OTLP_TRACES, &options);
    struct otlp_exporter_ops ops = *p.play->base.ops;
    ops.send = take;
    p.play->base.ops = &ops;
    /* More than is under way at any later time, and more than threads keep for themselves. */
    for (int round = 0; round < 10; round++) {
        play_set_stalled(p.play, true);
        end_spans(&p, 2500);
        play_set_stalled(p.play, false);
        assert_int_equal(otlp_processor_force_flush(p.processor, 60 * PLAY_SECOND_NS), 0);
    }
    long before = allocations;
    for (int round = 0; round < 50; round++) {
        end_spans(&p, 1000);
        assert_int_equal(otlp_processor_force_flush(p.processor, 60 * PLAY_SECOND_NS), 0);
    }
    long after = allocations;
    assert_int_equal(after - before, 0);
    assert_accounted(p.processor, 75000);
    pipeline_free(&p);
}

/* Everything once; whatever fails, nothing is lost uncounted and nothing crashes. Returns whether
 * all of it worked. */
static bool run_everything(enum otlp_signal signal, long fail_here, long fail_elsewhere)
{
    struct play_exporter *play = play_new();
    struct otlp_processor *processor = NULL;
    struct otlp_provider *provider = NULL;
    struct otlp_tracer *tracer = NULL;
    struct otlp_logger *logger = NULL;
    const struct otlp_attribute attribute = otlp_attribute_string("a key", "a value");
    const struct otlp_scope scope = {.name = "x", .attributes = &attribute, .attribute_count = 1};
    struct otlp_batch_options options = {.delay_ns = LONG_NS, .batch_max = 100};
    struct otlp_exporter_ops ops = *play->base.ops;
    ops.send = take;
    play->base.ops = &ops;
    fails_at = fail_here;
    fails_elsewhere_at = fail_elsewhere;
    bool works = otlp_batch_processor_new(signal, &play->base, &options, &processor) == 0;
    works = works && otlp_provider_new(NULL, &provider) == 0;
    if (!works || otlp_provider_add_processor(provider, processor) != 0) {
        otlp_processor_free(processor);
        processor = NULL;
        works = false;
    }
    works = works && otlp_provider_tracer(provider, &scope, &tracer) == 0;
    works = works && otlp_provider_logger(provider, &scope, &logger) == 0;
    uint64_t ended = 0;
    for (int i = 0; works && i < 250; i++) {
        struct otlp_log_record record = {
            .body = otlp_value_string("a text"), .attributes = &attribute, .attribute_count = 1};
        struct otlp_span *span = otlp_tracer_start(tracer, "a span with a name", NULL);
        if (span != NULL) {
            (void)otlp_span_set_attribute(span, &attribute);
            otlp_span_end(span, 0);
        }
        int emitted = otlp_logger_emit(logger, &record);
        assert_true(emitted == 0 || emitted == OTLP_ENOMEM);
        ended += signal == OTLP_TRACES ? span != NULL : emitted == 0;
        works = span != NULL && emitted == 0;
    }
    if (tracer != NULL && logger != NULL) {
        int rc = otlp_processor_force_flush(processor, 60 * PLAY_SECOND_NS);
        assert_true(rc == 0 || rc == OTLP_ENOMEM);
        rc = otlp_processor_shutdown(processor, 60 * PLAY_SECOND_NS);
        assert_true(rc == 0 || rc == OTLP_ENOMEM || rc == OTLP_ETIMEOUT);
        struct otlp_processor_counts counts = counts_of(processor);
        assert_accounted(processor, ended);
        assert_int_equal(counts.queued, 0);
        assert_int_equal(counts.delivered, play->items);
        works = works && counts.delivered == ended;
    }
    fails_at = 0;
    fails_elsewhere_at = 0;
    otlp_provider_free(provider);
    play_free(&play->base);
    return works;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    is_main_thread = true;
    for (int signal = OTLP_TRACES; signal <= OTLP_LOGS; signal += OTLP_LOGS - OTLP_TRACES) {
        long failed = 0;
        for (long n = 1; n < 400; n++) {
            failed += !run_everything((enum otlp_signal)signal, n, 0);
            failed += !run_everything((enum otlp_signal)signal, 0, n);
        }
        assert_true(failed > 5); /* so some did */
        assert_true(run_everything((enum otlp_signal)signal, 0, 0));
    }
}

/* Blocks that one thread frees serve another: the depot has them. */
struct hand {
    struct otlp_span *spans[2000];
};

static void *free_spans(void *arg)
{
    struct hand *hand = arg;
    for (size_t i = 0; i < 2000; i++) {
        otlp_span_free(hand->spans[i]);
    }
    return NULL;
}

static void test_blocks_come_back_from_another_thread(void **state)
{
    (void)state;
    if (!KEEPS_BLOCKS) {
        skip();
    }
    static struct hand hand;
    long made = 0;
    for (int round = 0; round < 6; round++) {
        long before = allocations;
        for (size_t i = 0; i < 2000; i++) {
            hand.spans[i] = otlp_span_start("x", NULL);
            assert_non_null(hand.spans[i]);
        }
        made = allocations - before;
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, free_spans, &hand), 0);
        pthread_join(thread, NULL);
    }
    /* A thread that ends frees what it has not filled a chain with: 64 blocks of it at most. */
    assert_true(made <= 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steady_state_allocates_nothing),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_blocks_come_back_from_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
