#include <otlp/reader.h>

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/batch_internal.h"
#include "thread.h"

#define INTERVAL_NS (60000ull * OTLP__NS_PER_MS)

struct otlp_reader {
    struct otlp_meter *meter;
    struct otlp_exporter *exporter;
    struct otlp_reader_options options;
    pthread_t thread;
    bool has_thread;
    struct otlp__forked forked;
    atomic_bool is_stopping;
    atomic_bool is_shut_down;
    atomic_bool has_ended;
    struct otlp__event wake;
    struct otlp__event ended;
    struct otlp__gate collecting; /* one collection and export at a time */
    struct otlp_metric_batch *batch;
    struct otlp__batch_encoder encoder;
    pthread_mutex_t counting;
    struct otlp_reader_counts counts;
};

/* In a child after fork(): another thread of the parent may have been collecting. What it used is
 * left alone. */
static void lose_thread(struct otlp__forked *forked)
{
    struct otlp_reader *reader =
        (struct otlp_reader *)(void *)((char *)forked - offsetof(struct otlp_reader, forked));
    memset(&reader->collecting, 0, sizeof reader->collecting);
    pthread_mutex_init(&reader->counting, NULL);
    memset(&reader->encoder, 0, sizeof reader->encoder);
    memset(&reader->counts, 0, sizeof reader->counts);
    memset(&reader->wake, 0, sizeof reader->wake);
    memset(&reader->ended, 0, sizeof reader->ended);
    reader->batch = NULL;
    reader->has_thread = false;
    atomic_store(&reader->has_ended, true);
}

static size_t count_points(const struct otlp_metric *metrics, size_t count)
{
    size_t points = 0;
    for (size_t i = 0; i < count; i++) {
        points += metrics[i].point_count;
    }
    return points;
}

static int prepare(struct otlp_reader *reader)
{
    if (reader->batch == NULL) {
        reader->batch = otlp_metric_batch_new();
    }
    return reader->batch != NULL ? 0 : OTLP_ENOMEM;
}

static void count(struct otlp_reader *reader, size_t points, int sent,
                  enum otlp_export_outcome outcome, size_t rejected)
{
    bool is_delivered = sent == 0 && outcome == OTLP_EXPORT_DELIVERED;
    rejected = rejected < points ? rejected : points;
    pthread_mutex_lock(&reader->counting);
    reader->counts.collected += points;
    reader->counts.requests += sent == 0;
    if (is_delivered) {
        reader->counts.delivered += points - rejected;
        reader->counts.rejected += rejected;
    } else {
        reader->counts.dropped += points;
    }
    pthread_mutex_unlock(&reader->counting);
}

/* Under the collecting lock. */
static int collect_and_send(struct otlp_reader *reader, uint64_t timeout_ns)
{
    int rc = prepare(reader);
    if (rc == 0) {
        rc = otlp_meter_collect(reader->meter, 0, reader->batch);
    }
    if (rc != 0) {
        return rc;
    }
    size_t metric_count = 0;
    const struct otlp_metric *metrics = otlp_metric_batch_metrics(reader->batch, &metric_count);
    size_t points = count_points(metrics, metric_count);
    if (points == 0) {
        return 0;
    }
    struct otlp_export_result result = {.outcome = OTLP_EXPORT_FAILED};
    enum otlp_export_outcome outcome = OTLP_EXPORT_FAILED;
    rc = otlp__batch_encode_metrics(&reader->encoder, reader->exporter->encoding,
                                    reader->options.resource, reader->options.scope, metrics,
                                    metric_count);
    if (rc == 0) {
        const struct otlp_export request = {
            .signal = OTLP_METRICS,
            .data = reader->encoder.request.data,
            .data_len = reader->encoder.request.len,
            .items = points,
            .timeout_ns = timeout_ns > 0 ? timeout_ns : 1,
        };
        outcome = otlp_exporter_send(reader->exporter, &request, &result);
    }
    count(reader, points, rc, outcome, result.rejected);
    if (rc != 0) {
        return rc;
    }
    return outcome == OTLP_EXPORT_DELIVERED   ? 0
           : outcome == OTLP_EXPORT_TIMED_OUT ? OTLP_ETIMEOUT
                                              : OTLP_EIO;
}

static void *run(void *arg)
{
    struct otlp_reader *reader = arg;
    uint64_t due_ns = otlp__deadline_ns(reader->options.interval_ns);
    for (;;) {
        unsigned seen = otlp__event_read(&reader->wake);
        if (atomic_load(&reader->is_stopping)) {
            break;
        }
        if (otlp__left_ns(due_ns) > 0) {
            (void)otlp__event_wait(&reader->wake, seen, due_ns);
            continue;
        }
        (void)otlp__gate_close(&reader->collecting, OTLP__FOREVER);
        (void)collect_and_send(reader, reader->options.export_timeout_ns);
        otlp__gate_open(&reader->collecting);
        /* A slow export does not make the next ones bunch up. */
        due_ns = otlp__monotonic_after(due_ns, reader->options.interval_ns);
        due_ns = otlp__left_ns(due_ns) > 0 ? due_ns : otlp__deadline_ns(0);
    }
    atomic_store(&reader->has_ended, true);
    otlp__event_signal(&reader->ended, INT_MAX);
    return NULL;
}

static int start(struct otlp_reader *reader)
{
    reader->has_thread = otlp__thread_start(&reader->thread, run, reader);
    return reader->has_thread ? 0 : OTLP_ENOMEM;
}

static void release(struct otlp_reader *reader)
{
    otlp_metric_batch_free(reader->batch);
    otlp__batch_encoder_release(&reader->encoder);
    pthread_mutex_destroy(&reader->counting);
    free(reader);
}

int otlp_reader_new(struct otlp_meter *meter, struct otlp_exporter *exporter,
                    const struct otlp_reader_options *options, struct otlp_reader **reader)
{
    struct otlp_reader *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return OTLP_ENOMEM;
    }
    made->meter = meter;
    made->exporter = exporter;
    made->options = options != NULL ? *options : (struct otlp_reader_options){0};
    if (made->options.interval_ns == 0) {
        made->options.interval_ns = INTERVAL_NS;
    }
    if (made->options.export_timeout_ns == 0) {
        made->options.export_timeout_ns = OTLP__EXPORT_TIMEOUT_NS;
    }
    made->forked.in_child = lose_thread;
    pthread_mutex_init(&made->counting, NULL);
    if (prepare(made) != 0 || otlp__forked_add(&made->forked) != 0) {
        release(made);
        return OTLP_ENOMEM;
    }
    if (start(made) != 0) {
        otlp__forked_remove(&made->forked);
        release(made);
        return OTLP_ENOMEM;
    }
    *reader = made;
    return 0;
}

void otlp_reader_pause(struct otlp_reader *reader)
{
    (void)otlp__gate_close(&reader->collecting, OTLP__FOREVER);
}

void otlp_reader_resume(struct otlp_reader *reader)
{
    otlp__gate_open(&reader->collecting);
}

void otlp_reader_counts(struct otlp_reader *reader, struct otlp_reader_counts *counts)
{
    pthread_mutex_lock(&reader->counting);
    *counts = reader->counts;
    pthread_mutex_unlock(&reader->counting);
}

static int collect_until(struct otlp_reader *reader, uint64_t deadline_ns)
{
    if (!otlp__gate_close(&reader->collecting, deadline_ns)) {
        return OTLP_ETIMEOUT;
    }
    uint64_t left_ns = otlp__left_ns(deadline_ns);
    uint64_t timeout_ns =
        left_ns < reader->options.export_timeout_ns ? left_ns : reader->options.export_timeout_ns;
    int rc = collect_and_send(reader, timeout_ns);
    otlp__gate_open(&reader->collecting);
    return rc;
}

int otlp_reader_force_flush(struct otlp_reader *reader, uint64_t timeout_ns)
{
    if (atomic_load(&reader->is_shut_down)) {
        return 0;
    }
    uint64_t deadline_ns = otlp__deadline_ns(timeout_ns);
    int rc = collect_until(reader, deadline_ns);
    return rc != 0 ? rc : otlp_exporter_flush(reader->exporter, otlp__left_ns(deadline_ns));
}

int otlp_reader_shutdown(struct otlp_reader *reader, uint64_t timeout_ns)
{
    if (atomic_exchange(&reader->is_shut_down, true)) {
        return 0;
    }
    uint64_t deadline_ns = otlp__deadline_ns(timeout_ns);
    atomic_store(&reader->is_stopping, true);
    otlp__event_signal(&reader->wake, INT_MAX);
    int collected = collect_until(reader, deadline_ns - timeout_ns / OTLP__EXPORTER_SHARE_OF_NS);
    int stopped = reader->options.shares_exporter
                      ? 0
                      : otlp_exporter_shutdown(reader->exporter, otlp__left_ns(deadline_ns));
    bool has_time = true;
    while (!atomic_load(&reader->has_ended) && has_time) {
        unsigned seen = otlp__event_read(&reader->ended);
        has_time =
            atomic_load(&reader->has_ended) || otlp__event_wait(&reader->ended, seen, deadline_ns);
    }
    if (!atomic_load(&reader->has_ended)) {
        return OTLP_ETIMEOUT;
    }
    return collected != 0 ? collected : stopped;
}

void otlp_reader_free(struct otlp_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    (void)otlp_reader_shutdown(reader, 0);
    otlp__forked_remove(&reader->forked);
    if (reader->has_thread) {
        pthread_join(reader->thread, NULL);
    }
    release(reader);
}
