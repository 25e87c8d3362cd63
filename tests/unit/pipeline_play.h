/*
 * An exporter for tests: it decodes what it is sent, remembers which spans and records came, and
 * fails, waits or stalls when told. Include after cmocka.h.
 */
#ifndef TESTS_UNIT_PIPELINE_PLAY_H
#define TESTS_UNIT_PIPELINE_PLAY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <opentelemetry/proto/collector/logs/v1/logs_service.pb-c.h>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h>

#include <otlp.h>

#define PLAY_SECOND_NS 1000000000ull
#define PLAY_NAMES_MAX 4096
#define PLAY_SIZES_MAX 256

struct play_exporter {
    struct otlp_exporter base;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum otlp_export_outcome outcome; /* what it answers */
    size_t rejected;                  /* of each request */
    uint64_t delay_ns;                /* before it answers */
    bool is_stalled;                  /* until told otherwise, or shut down */
    bool is_deaf;                     /* stalled, and does not hear of a shutdown */
    bool is_shut_down;
    unsigned inside; /* threads in send() now, and at the most */
    unsigned inside_max;
    size_t requests;
    size_t items;
    size_t flushes;
    size_t shutdowns;
    size_t scopes; /* ScopeSpans and ScopeLogs */
    size_t bytes_max;
    char json[4096];              /* the last request in JSON, cut off */
    uint64_t timeout_ns;          /* of the last request */
    size_t sizes[PLAY_SIZES_MAX]; /* items of each request */
    char names[PLAY_NAMES_MAX][24];
    char scope_of[PLAY_NAMES_MAX][24];
    size_t name_count;
};

static inline void play_note(struct play_exporter *play, const char *name, const char *scope)
{
    if (play->name_count < PLAY_NAMES_MAX) {
        snprintf(play->names[play->name_count], sizeof play->names[0], "%s", name);
        snprintf(play->scope_of[play->name_count], sizeof play->scope_of[0], "%s", scope);
    }
    play->name_count++;
}

static inline void play_note_spans(struct play_exporter *play, const void *message)
{
    const Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceRequest *request = message;
    for (size_t i = 0; i < request->n_resource_spans; i++) {
        for (size_t j = 0; j < request->resource_spans[i]->n_scope_spans; j++) {
            const Opentelemetry__Proto__Trace__V1__ScopeSpans *scope =
                request->resource_spans[i]->scope_spans[j];
            play->scopes++;
            for (size_t k = 0; k < scope->n_spans; k++) {
                play_note(play, scope->spans[k]->name, scope->scope->name);
            }
        }
    }
}

static inline void play_note_logs(struct play_exporter *play, const void *message)
{
    const Opentelemetry__Proto__Collector__Logs__V1__ExportLogsServiceRequest *request = message;
    for (size_t i = 0; i < request->n_resource_logs; i++) {
        for (size_t j = 0; j < request->resource_logs[i]->n_scope_logs; j++) {
            const Opentelemetry__Proto__Logs__V1__ScopeLogs *scope =
                request->resource_logs[i]->scope_logs[j];
            play->scopes++;
            for (size_t k = 0; k < scope->n_log_records; k++) {
                play_note(play, scope->log_records[k]->body->string_value, scope->scope->name);
            }
        }
    }
}

static inline void play_decode(struct play_exporter *play, const struct otlp_export *request)
{
    if (play->base.encoding == OTLP_ENCODING_JSON) {
        snprintf(play->json, sizeof play->json, "%.*s", (int)request->data_len,
                 (const char *)request->data);
        return;
    }
    struct otlp_request *decoded = NULL;
    if (otlp_request_unpack(request->signal, request->data, request->data_len, &decoded) != 0 ||
        otlp_request_items(decoded) != request->items) {
        fprintf(stderr, "a request does not hold the items that it says\n");
        abort();
    }
    if (request->signal == OTLP_TRACES) {
        play_note_spans(play, otlp_request_message(decoded));
    } else if (request->signal == OTLP_LOGS) {
        play_note_logs(play, otlp_request_message(decoded));
    }
    otlp_request_free(decoded);
}

static inline enum otlp_export_outcome play_send(struct otlp_exporter *exporter,
                                                 const struct otlp_export *request,
                                                 struct otlp_export_result *result)
{
    struct play_exporter *play = (struct play_exporter *)exporter;
    pthread_mutex_lock(&play->lock);
    play->inside++;
    play->inside_max = play->inside > play->inside_max ? play->inside : play->inside_max;
    pthread_cond_broadcast(&play->changed);
    while (play->is_deaf || (play->is_stalled && !play->is_shut_down)) {
        pthread_cond_wait(&play->changed, &play->lock);
    }
    if (play->delay_ns > 0) {
        struct timespec delay = {(time_t)(play->delay_ns / PLAY_SECOND_NS),
                                 (long)(play->delay_ns % PLAY_SECOND_NS)};
        pthread_mutex_unlock(&play->lock);
        nanosleep(&delay, NULL);
        pthread_mutex_lock(&play->lock);
    }
    result->outcome = play->is_shut_down ? OTLP_EXPORT_SHUT_DOWN : play->outcome;
    result->rejected = play->rejected;
    play->timeout_ns = request->timeout_ns;
    if (play->requests < PLAY_SIZES_MAX) {
        play->sizes[play->requests] = request->items;
    }
    play->requests++;
    play->bytes_max = request->data_len > play->bytes_max ? request->data_len : play->bytes_max;
    if (result->outcome == OTLP_EXPORT_DELIVERED) {
        play->items += request->items;
        play_decode(play, request);
    }
    play->inside--;
    pthread_cond_broadcast(&play->changed);
    pthread_mutex_unlock(&play->lock);
    return result->outcome;
}

static inline int play_flush(struct otlp_exporter *exporter, uint64_t timeout_ns)
{
    (void)timeout_ns;
    struct play_exporter *play = (struct play_exporter *)exporter;
    pthread_mutex_lock(&play->lock);
    play->flushes++;
    pthread_mutex_unlock(&play->lock);
    return 0;
}

static inline int play_shutdown(struct otlp_exporter *exporter, uint64_t timeout_ns)
{
    (void)timeout_ns;
    struct play_exporter *play = (struct play_exporter *)exporter;
    pthread_mutex_lock(&play->lock);
    play->shutdowns++;
    play->is_shut_down = true;
    pthread_cond_broadcast(&play->changed);
    pthread_mutex_unlock(&play->lock);
    return 0;
}

static inline void play_free(struct otlp_exporter *exporter)
{
    struct play_exporter *play = (struct play_exporter *)exporter;
    pthread_mutex_destroy(&play->lock);
    pthread_cond_destroy(&play->changed);
    free(play);
}

static inline struct play_exporter *play_new(void)
{
    static const struct otlp_exporter_ops ops = {play_send, play_flush, play_shutdown, play_free};
    struct play_exporter *play = calloc(1, sizeof *play);
    assert_non_null(play);
    play->base.ops = &ops;
    pthread_mutex_init(&play->lock, NULL);
    pthread_cond_init(&play->changed, NULL);
    return play;
}

static inline void play_set_stalled(struct play_exporter *play, bool is_stalled)
{
    pthread_mutex_lock(&play->lock);
    play->is_stalled = is_stalled;
    play->is_deaf = false;
    pthread_cond_broadcast(&play->changed);
    pthread_mutex_unlock(&play->lock);
}

/* Until a thread is in send(). */
static inline void play_wait_inside(struct play_exporter *play, unsigned threads)
{
    pthread_mutex_lock(&play->lock);
    while (play->inside < threads) {
        pthread_cond_wait(&play->changed, &play->lock);
    }
    pthread_mutex_unlock(&play->lock);
}

/* Until so many requests were answered. */
static inline void play_wait_requests(struct play_exporter *play, size_t requests)
{
    pthread_mutex_lock(&play->lock);
    while (play->requests < requests || play->inside > 0) {
        pthread_cond_wait(&play->changed, &play->lock);
    }
    pthread_mutex_unlock(&play->lock);
}

/* A provider with one tracer, one logger and an exporter. */
struct pipeline {
    struct play_exporter *play;
    struct otlp_processor *processor;
    struct otlp_provider *provider;
    struct otlp_tracer *tracer;
    struct otlp_logger *logger;
};

static inline void pipeline_add(struct pipeline *pipeline, struct otlp_processor *processor,
                                const struct otlp_provider_options *options)
{
    const struct otlp_scope scope = {.name = "scope"};
    pipeline->processor = processor;
    assert_int_equal(otlp_provider_new(options, &pipeline->provider), 0);
    assert_int_equal(otlp_provider_add_processor(pipeline->provider, processor), 0);
    assert_int_equal(otlp_provider_tracer(pipeline->provider, &scope, &pipeline->tracer), 0);
    assert_int_equal(otlp_provider_logger(pipeline->provider, &scope, &pipeline->logger), 0);
}

static inline struct pipeline pipeline_new(enum otlp_signal signal,
                                           const struct otlp_batch_options *options)
{
    struct pipeline pipeline = {.play = play_new()};
    struct otlp_processor *processor = NULL;
    assert_int_equal(otlp_batch_processor_new(signal, &pipeline.play->base, options, &processor),
                     0);
    pipeline_add(&pipeline, processor, NULL);
    return pipeline;
}

static inline void pipeline_free(struct pipeline *pipeline)
{
    otlp_provider_free(pipeline->provider);
    otlp_exporter_free(&pipeline->play->base);
}

/* Ends `count` spans that are called first, first + 1, ... */
static inline void pipeline_end_spans(const struct pipeline *pipeline, size_t first, size_t count)
{
    char name[24];
    for (size_t i = first; i < first + count; i++) {
        snprintf(name, sizeof name, "%zu", i);
        struct otlp_span *span = otlp_tracer_start(pipeline->tracer, name, NULL);
        if (span == NULL || otlp_span_end(span, 0) != 0) {
            abort();
        }
    }
}

/* The sum that must hold at rest. */
static inline void assert_accounted(struct otlp_processor *processor, uint64_t ended)
{
    struct otlp_processor_counts counts;
    otlp_processor_counts(processor, &counts);
    assert_int_equal(counts.ended, ended);
    assert_int_equal(counts.ended, counts.delivered + counts.rejected +
                                       otlp_processor_counts_dropped(&counts) + counts.queued);
}

static inline struct otlp_processor_counts counts_of(struct otlp_processor *processor)
{
    struct otlp_processor_counts counts;
    otlp_processor_counts(processor, &counts);
    return counts;
}

/* Until nothing is queued or being exported any more: a worker may be late out of send(). */
static inline void wait_idle(struct otlp_processor *processor)
{
    for (int i = 0; i < 20000 && counts_of(processor).queued > 0; i++) {
        const struct timespec pause = {0, 1000000};
        nanosleep(&pause, NULL);
    }
    assert_int_equal(counts_of(processor).queued, 0);
}

#endif
