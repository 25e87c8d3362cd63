/*
 * Question: what does it cost to hand ended spans over to a batch processor, and what does the
 * processor do with them per span: making batches, adapting their size, flushing, and what happens
 * when nobody takes them?
 *
 * Method: the exporter is in memory: it takes the encoded request and returns, so that the figures
 * hold for the pipeline alone. The caller's side (enqueue, record, attribute_cost) is measured
 * without the workers: an iteration ends a span into a queue that has room, and the queue is
 * emptied, untimed, before each batch of iterations; the blocks of spans then come back from
 * another thread, as in a program. The worker's side (process_batch, batch_processing, strategies)
 * takes an iteration as a whole batch: spans are ended and flushed, and the time is that from the
 * first span to the answer of the exporter. `two_clock_reads` is the floor under a span that is
 * recorded with two times; compare `record/threads:1` with
 * `two_clock_reads/threads:1` of the same run, and 2 with 2.
 *
 * What would make the numbers wrong: spans that are dropped because the queue is full (the counts
 * are looked at after each run: everything that ended was delivered, or dropped for the reason that
 * is being measured), a worker that runs beside the thread that is measured on the same CPU (the
 * queue is larger than what is put in between two flushes, and the delay is an hour), allocations
 * (counted, and refused where the promise is that there are none), or an exporter that keeps what
 * it was given.
 */
#include <assay.h>
#include <otlp.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

ASSAY_SUITE("batching");

#define HOUR_NS   3600000000000ull
#define SECOND_NS 1000000000ull

/* ---- an exporter in memory ---- */

struct sink {
    struct otlp_exporter base;
    _Atomic uint64_t items;
    _Atomic uint64_t bytes;
    atomic_bool is_stalled;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static enum otlp_export_outcome sink_send(struct otlp_exporter *exporter,
                                          const struct otlp_export *request,
                                          struct otlp_export_result *result)
{
    struct sink *sink = (struct sink *)exporter;
    if (atomic_load(&sink->is_stalled)) {
        pthread_mutex_lock(&sink->lock);
        while (atomic_load(&sink->is_stalled)) {
            pthread_cond_wait(&sink->changed, &sink->lock);
        }
        pthread_mutex_unlock(&sink->lock);
    }
    atomic_fetch_add(&sink->items, request->items);
    atomic_fetch_add(&sink->bytes, request->data_len);
    result->outcome = OTLP_EXPORT_DELIVERED;
    result->rejected = 0;
    return OTLP_EXPORT_DELIVERED;
}

static void sink_set_stalled(struct sink *sink, bool is_stalled)
{
    pthread_mutex_lock(&sink->lock);
    atomic_store(&sink->is_stalled, is_stalled);
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->lock);
}

static int sink_shutdown(struct otlp_exporter *exporter, uint64_t timeout_ns)
{
    (void)timeout_ns;
    sink_set_stalled((struct sink *)exporter, false);
    return 0;
}

static void sink_free(struct otlp_exporter *exporter)
{
    (void)exporter;
}

static const struct otlp_exporter_ops sink_ops = {
    .send = sink_send, .shutdown = sink_shutdown, .free = sink_free};

/* ---- a pipeline ---- */

struct pipeline {
    struct sink sink;
    struct otlp_processor *processor;
    struct otlp_provider *provider;
    struct otlp_tracer *tracer;
};

static bool pipeline_make(assay_bench *b, struct pipeline *p, const struct otlp_sampler *sampler,
                          const struct otlp_batch_options *options)
{
    const struct otlp_scope scope = {.name = "orders", .version = "1.4.2"};
    const struct otlp_provider_options provider_options = {.sampler = sampler};
    memset(p, 0, sizeof *p);
    p->sink.base.ops = &sink_ops;
    pthread_mutex_init(&p->sink.lock, NULL);
    pthread_cond_init(&p->sink.changed, NULL);
    if (otlp_batch_processor_new(OTLP_TRACES, &p->sink.base, options, &p->processor) != 0) {
        assay_fail(b, "the processor could not be made");
        return false;
    }
    if (otlp_provider_new(&provider_options, &p->provider) != 0) {
        otlp_processor_free(p->processor);
        assay_fail(b, "the provider could not be made");
        return false;
    }
    if (otlp_provider_add_processor(p->provider, p->processor) != 0 ||
        otlp_provider_tracer(p->provider, &scope, &p->tracer) != 0) {
        assay_fail(b, "the tracer could not be made");
    }
    return true;
}

static void pipeline_free(struct pipeline *p)
{
    sink_set_stalled(&p->sink, false);
    otlp_provider_free(p->provider);
    pthread_cond_destroy(&p->sink.changed);
    pthread_mutex_destroy(&p->sink.lock);
}

static inline int flush(struct pipeline *p)
{
    return otlp_processor_force_flush(p->processor, 60 * SECOND_NS);
}

/* Everything that ended is accounted for, and dropped only for the reason given (or -1: none). */
static void check_counts(assay_bench *b, struct pipeline *p, int reason)
{
    struct otlp_processor_counts counts;
    if (flush(p) != 0) {
        assay_fail(b, "the pipeline could not be flushed");
    }
    otlp_processor_counts(p->processor, &counts);
    uint64_t dropped = otlp_processor_counts_dropped(&counts);
    uint64_t for_reason = reason >= 0 ? counts.dropped[reason] : 0;
    if (counts.ended == 0 || counts.queued != 0 || dropped != for_reason ||
        counts.ended != counts.delivered + dropped ||
        counts.delivered != atomic_load(&p->sink.items)) {
        char why[160];
        snprintf(why, sizeof why, "%llu spans ended, %llu were delivered, %llu dropped",
                 (unsigned long long)counts.ended, (unsigned long long)counts.delivered,
                 (unsigned long long)dropped);
        assay_fail(b, why);
    }
}

static inline void end_one(struct otlp_tracer *tracer)
{
    otlp_span_end(otlp_tracer_start(tracer, "GET /orders", NULL), 0);
}

/* ---- the caller's side ---- */

/* Iterations between two flushes, and a queue that holds those of two threads. */
#define PUT_IN 2048
#define QUEUE  16384

static const struct otlp_batch_options roomy = {
    .queue_max = QUEUE, .batch_max = QUEUE, .delay_ns = HOUR_NS, .memory_max_bytes = 256u << 20};

/* What threads share; the first makes it before the loop and checks and frees it after. */
static struct pipeline shared;

/* Blocks go round once before anything is counted: what the queue holds at most is allocated. */
static void warm_up(struct pipeline *p)
{
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 3 * PUT_IN; i++) {
            end_one(p->tracer);
        }
        (void)flush(p);
    }
}

/* Made by the first thread; each sends spans round before anything is counted, so that shards and
 * blocks are there. */
static bool shared_make(assay_bench *b, const struct otlp_sampler *sampler)
{
    static atomic_int made;
    if (assay_thread_index(b) == 0) {
        atomic_store(&made, pipeline_make(b, &shared, sampler, &roomy) ? 1 : -1);
    }
    while (atomic_load(&made) == 0) {
        sched_yield();
    }
    if (atomic_load(&made) < 0) {
        return false;
    }
    warm_up(&shared);
    return true;
}

ASSAY_BENCH(two_clock_reads, .threads = {1, 2})
{
    struct timespec first = {0};
    struct timespec second = {0};
    ASSAY_LOOP(b) {
        clock_gettime(CLOCK_REALTIME, &first);
        assay_touch(&first);
        clock_gettime(CLOCK_REALTIME, &second);
        assay_touch(&second);
    }
    if (second.tv_sec < first.tv_sec) {
        assay_fail(b, "the clock went back");
    }
}

/* A span without attributes, from its start to the queue, with both clock reads. */
ASSAY_BENCH(record, .threads = {1, 2}, .batch = PUT_IN)
{
    if (!shared_make(b, NULL)) {
        return;
    }
    assay_expect_no_alloc(b);
    assay_elements(b, 1);
    ASSAY_LOOP_WITH(b, flush(&shared)) {
        end_one(shared.tracer);
    }
    if (assay_thread_index(b) == 0) {
        check_counts(b, &shared, -1);
        pipeline_free(&shared);
    }
}

/* The hand-over alone: times are given, so that no clock is read. */
ASSAY_BENCH(enqueue, .threads = {1, 2}, .batch = PUT_IN)
{
    if (!shared_make(b, NULL)) {
        return;
    }
    const struct otlp_span_options options = {.start_unix_ns = 1};
    assay_expect_no_alloc(b);
    assay_elements(b, 1);
    ASSAY_LOOP_WITH(b, flush(&shared)) {
        otlp_span_end(otlp_tracer_start(shared.tracer, "GET /orders", &options), 2);
    }
    if (assay_thread_index(b) == 0) {
        check_counts(b, &shared, -1);
        pipeline_free(&shared);
    }
}

/* Short attributes: keys and values of 8 to 12 bytes, copied or referred to. */
enum { SET_COPIED, SET_REFERRED };

static const struct {
    const char *key;
    const char *value;
} short_attributes[10] = {
    {"http.verb", "GET"},     {"http.path", "/orders"}, {"net.peer", "10.0.0.7"},
    {"user.role", "admin"},   {"app.tier", "gold"},     {"db.system", "postgres"},
    {"db.name", "orders"},    {"rpc.method", "Find"},   {"cache.hit", "true"},
    {"zone.name", "eu-west"},
};

static inline void record_with(struct otlp_tracer *tracer, const struct otlp_attribute *attributes,
                               size_t count, bool is_copied)
{
    struct otlp_span *span = otlp_tracer_start(tracer, "GET /orders", NULL);
    for (size_t i = 0; i < count; i++) {
        if (is_copied) {
            otlp_span_set_string_n(span, attributes[i].key, attributes[i].key_len,
                                   attributes[i].value.as.string, attributes[i].value.len);
        } else {
            otlp_span_set_attribute_ref(span, &attributes[i]);
        }
    }
    otlp_span_end(span, 0);
}

ASSAY_BENCH(attributes, .name = "record_attributes", .arg_name = "how",
            .arg_names = {"copied", "referred"}, .arg2_name = "attributes", .args2 = {0, 5, 10},
            .batch = PUT_IN)
{
    struct pipeline p;
    struct otlp_attribute attributes[10];
    size_t count = (size_t)assay_arg2(b);
    bool is_copied = assay_arg(b) == SET_COPIED;
    if (!pipeline_make(b, &p, NULL, &roomy)) {
        return;
    }
    for (size_t i = 0; i < 10; i++) {
        attributes[i] = otlp_attribute_string(short_attributes[i].key, short_attributes[i].value);
    }
    for (size_t i = 0; i < 4 * PUT_IN; i++) {
        record_with(p.tracer, attributes, count, is_copied);
        if (i % PUT_IN == 0) {
            (void)flush(&p);
        }
    }
    assay_expect_no_alloc(b);
    assay_elements(b, 1);
    ASSAY_LOOP_WITH(b, flush(&p)) {
        record_with(p.tracer, attributes, count, is_copied);
    }
    check_counts(b, &p, -1);
    pipeline_free(&p);
}

/* A span that the sampler turns down, from start to end. */
ASSAY_BENCH(not_sampled, .arg_name = "sampler", .arg_names = {"always_off", "ratio_0", "parent"},
            .threads = {1, 2})
{
    static struct otlp_sampler sampler;
    static const struct otlp_span_context parent = {.trace_id = {{1}}, .span_id = {{1}}};
    if (assay_thread_index(b) == 0) {
        sampler = assay_arg(b) == 0   ? otlp_sampler_always_off()
                  : assay_arg(b) == 1 ? otlp_sampler_ratio(0)
                                      : otlp_sampler_parent_based(NULL);
    }
    if (!shared_make(b, &sampler)) {
        return;
    }
    const struct otlp_span_options options = {.parent = assay_arg(b) == 2 ? &parent : NULL};
    struct otlp_processor_counts before;
    otlp_processor_counts(shared.processor, &before);
    assay_expect_no_alloc(b);
    assay_elements(b, 1);
    ASSAY_LOOP(b) {
        struct otlp_span *span = otlp_tracer_start(shared.tracer, "GET /orders", &options);
        assay_touch(span);
        otlp_span_end(span, 0);
    }
    if (assay_thread_index(b) == 0) {
        struct otlp_processor_counts counts;
        otlp_processor_counts(shared.processor, &counts);
        if (assay_threads(b) == 1 && counts.ended != before.ended) {
            assay_fail(b, "a span was recorded");
        }
        pipeline_free(&shared);
    }
}

/* Makes a span current and back. */
ASSAY_BENCH(attach_detach)
{
    struct pipeline p;
    if (!pipeline_make(b, &p, NULL, &roomy)) {
        return;
    }
    struct otlp_span *span = otlp_tracer_start(p.tracer, "GET /orders", NULL);
    struct otlp_active active;
    assay_expect_no_alloc(b);
    ASSAY_LOOP(b) {
        otlp_attach(&active, span);
        assay_touch(&active);
        otlp_detach(&active);
    }
    if (otlp_current_span() != NULL) {
        assay_fail(b, "a span stayed current");
    }
    otlp_span_free(span);
    pipeline_free(&p);
}

/* ---- the worker's side ---- */

static void run_batches(assay_bench *b, const struct otlp_batch_options *options, size_t spans)
{
    struct pipeline p;
    if (!pipeline_make(b, &p, NULL, options)) {
        return;
    }
    assay_elements(b, spans);
    ASSAY_LOOP(b) {
        for (size_t i = 0; i < spans; i++) {
            end_one(p.tracer);
        }
        (void)flush(&p);
    }
    check_counts(b, &p, -1);
    struct otlp_processor_counts counts;
    otlp_processor_counts(p.processor, &counts);
    assay_counter(b, "spans a request", (double)counts.delivered / (double)counts.requests, NULL);
    pipeline_free(&p);
}

/* One batch of that size: spans are made, handed over, encoded, and given to the exporter. */
ASSAY_BENCH(process_batch, .arg_name = "spans", .args = {10, 100, 1000, 10000})
{
    size_t spans = (size_t)assay_arg(b);
    const struct otlp_batch_options options = {
        .queue_max = 2 * spans, .batch_max = spans, .delay_ns = HOUR_NS};
    run_batches(b, &options, spans);
}

/* The same number of spans with the default batches of 512. */
ASSAY_BENCH(batch_processing, .arg_name = "spans", .args = {100, 500, 1000, 5000})
{
    const struct otlp_batch_options options = {.queue_max = 16384, .delay_ns = HOUR_NS};
    run_batches(b, &options, (size_t)assay_arg(b));
}

ASSAY_BENCH(strategy, .arg_name = "strategy", .arg_names = {"hybrid", "time_first", "size_first"})
{
    const struct otlp_batch_options options = {.queue_max = 16384,
                                               .delay_ns = HOUR_NS,
                                               .strategy = (enum otlp_batch_strategy)assay_arg(b)};
    run_batches(b, &options, 5000);
}

static void end_some(struct otlp_tracer *tracer, size_t spans)
{
    for (size_t i = 0; i < spans; i++) {
        end_one(tracer);
    }
}

/* A flush of a queue with so many spans; 0: what a flush costs that finds nothing. */
ASSAY_BENCH(flush, .arg_name = "spans", .args = {0, 1, 512}, .batch = 1)
{
    struct pipeline p;
    size_t spans = (size_t)assay_arg(b);
    if (!pipeline_make(b, &p, NULL, &roomy)) {
        return;
    }
    end_one(p.tracer);
    (void)flush(&p);
    int rc = 0;
    ASSAY_LOOP_WITH(b, end_some(p.tracer, spans)) {
        rc |= flush(&p);
    }
    if (rc != 0) {
        assay_fail(b, "a flush did not end in time");
    }
    check_counts(b, &p, -1);
    pipeline_free(&p);
}

ASSAY_BENCH(adaptive_adjustment)
{
    size_t size = 512;
    uint64_t latency_ns = 0;
    if (otlp_batch_adapt(100, 200, 100, 1, 1000) != 80 ||
        otlp_batch_adapt(100, 40, 100, 1, 1000) != 120) {
        assay_fail(b, "a size is not adapted by a fifth");
    }
    ASSAY_LOOP(b) {
        latency_ns = latency_ns * 6364136223846793005u + 1442695040888963407u;
        size = otlp_batch_adapt(size, latency_ns >> 34, 100000000, 16, 8192);
        assay_keep(size);
    }
}

/* ---- nobody takes them ---- */

static const int reasons[] = {OTLP_DROPPED_NEWEST, OTLP_DROPPED_OLDEST, OTLP_DROPPED_BLOCKED};

/* What ending a span costs when the queue is full and the exporter is stalled. Blocking waits for
 * 10 us each time. */
ASSAY_BENCH(back_pressure, .arg_name = "policy",
            .arg_names = {"drop_newest", "drop_oldest", "block_10us"}, .threads = {1, 2})
{
    if (assay_thread_index(b) == 0) {
        const struct otlp_batch_options options = {.delay_ns = HOUR_NS,
                                                   .overflow = (enum otlp_overflow)assay_arg(b),
                                                   .block_timeout_ns = 10000};
        if (!pipeline_make(b, &shared, NULL, &options)) {
            return;
        }
        atomic_store(&shared.sink.is_stalled, true);
        for (int i = 0; i < 4096; i++) {
            end_one(shared.tracer);
        }
    }
    assay_elements(b, 1);
    ASSAY_LOOP(b) {
        end_one(shared.tracer);
    }
    if (assay_thread_index(b) == 0) {
        sink_set_stalled(&shared.sink, false);
        check_counts(b, &shared, reasons[assay_arg(b)]);
        pipeline_free(&shared);
    }
}
