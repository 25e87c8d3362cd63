#include <stdlib.h>

#include "clock.h"
#include "metric_internal.h"

struct otlp_metric_batch {
    struct otlp_metric *metrics;
    size_t count;
    struct otlp__arena arena;
};

struct otlp_metric_batch *otlp_metric_batch_new(void)
{
    return calloc(1, sizeof(struct otlp_metric_batch));
}

void otlp_metric_batch_free(struct otlp_metric_batch *batch)
{
    if (batch != NULL) {
        otlp__arena_release(&batch->arena);
        free(batch);
    }
}

const struct otlp_metric *otlp_metric_batch_metrics(const struct otlp_metric_batch *batch,
                                                    size_t *count)
{
    *count = batch->count;
    return batch->count > 0 ? batch->metrics : NULL;
}

static bool take_number(struct otlp_stream *stream, struct otlp_point *point)
{
    const struct otlp_instrument *instrument = stream->instrument;
    bool is_delta = otlp__is_delta(instrument);
    bool is_measured =
        is_delta ? atomic_exchange_explicit(&stream->is_measured, false, memory_order_acq_rel)
                 : atomic_load_explicit(&stream->is_measured, memory_order_acquire);
    if (!is_measured) {
        return false;
    }
    uint64_t word;
    if (is_delta && instrument->kind == OTLP_COUNTER) {
        word = atomic_exchange_explicit(&stream->as.word, 0, memory_order_acq_rel);
    } else if (is_delta) {
        /* A write, so that a measurement that this misses sees the flag that was cleared. */
        word = atomic_fetch_or_explicit(&stream->as.word, 0, memory_order_acq_rel);
    } else {
        word = atomic_load_explicit(&stream->as.word, memory_order_acquire);
    }
    if (instrument->is_double) {
        memcpy(&point->value.real, &word, sizeof word);
    } else {
        point->value.integer = (int64_t)word;
    }
    return true;
}

/* bucket_counts has room for all buckets. */
static bool take_histogram(struct otlp_stream *stream, uint64_t *bucket_counts,
                           struct otlp_point *point)
{
    const struct otlp_instrument *instrument = stream->instrument;
    struct otlp__histogram *histogram = &stream->as.histogram;
    size_t bucket_bytes = (instrument->bound_count + (size_t)1) * sizeof *bucket_counts;
    pthread_mutex_lock(&histogram->lock);
    uint64_t count = histogram->count;
    if (count > 0) {
        point->value.histogram = (struct otlp_histogram_value){
            .count = count,
            .sum = histogram->sum,
            .min = histogram->min,
            .max = histogram->max,
            .bounds = instrument->bounds,
            .bucket_counts = bucket_counts,
            .bound_count = instrument->bound_count,
        };
        memcpy(bucket_counts, histogram->bucket_counts, bucket_bytes);
    }
    if (count > 0 && otlp__is_delta(instrument)) {
        histogram->count = 0;
        histogram->sum = 0;
        memset(histogram->bucket_counts, 0, bucket_bytes);
    }
    pthread_mutex_unlock(&histogram->lock);
    return count > 0;
}

static struct otlp_buckets copy_range(const struct otlp__bucket_range *range, uint64_t *counts)
{
    if (range->count > 0) {
        memcpy(counts, range->counts, range->count * sizeof *counts);
    }
    return (struct otlp_buckets){counts, range->count, range->count > 0 ? range->first : 0};
}

/* bucket_counts has room for the buckets of both signs. */
static bool take_exponential(struct otlp_stream *stream, uint64_t *bucket_counts,
                             struct otlp_point *point)
{
    struct otlp__histogram *histogram = &stream->as.histogram;
    struct otlp__exponential *exponential = histogram->exponential;
    pthread_mutex_lock(&histogram->lock);
    uint64_t count = histogram->count;
    if (count > 0) {
        point->value.exponential = (struct otlp_exponential_value){
            .count = count,
            .sum = histogram->sum,
            .min = histogram->min,
            .max = histogram->max,
            .zero_count = exponential->zero_count,
            .positive = copy_range(&exponential->positive, bucket_counts),
            .negative =
                copy_range(&exponential->negative, bucket_counts + OTLP_EXPONENTIAL_BUCKETS_MAX),
            .scale = exponential->scale,
        };
    }
    if (count > 0 && otlp__is_delta(stream->instrument)) {
        histogram->count = 0;
        histogram->sum = 0;
        otlp__exponential_reset(exponential);
    }
    pthread_mutex_unlock(&histogram->lock);
    return count > 0;
}

/* Buckets that a point may have. */
static size_t buckets_of(const struct otlp_instrument *instrument)
{
    switch (instrument->kind) {
    case OTLP_HISTOGRAM:
        return instrument->bound_count + (size_t)1;
    case OTLP_EXPONENTIAL_HISTOGRAM:
        return (size_t)2 * OTLP_EXPONENTIAL_BUCKETS_MAX;
    default:
        return 0;
    }
}

static bool take(struct otlp_stream *stream, uint64_t *bucket_counts, struct otlp_point *point)
{
    switch (stream->instrument->kind) {
    case OTLP_HISTOGRAM:
        return take_histogram(stream, bucket_counts, point);
    case OTLP_EXPONENTIAL_HISTOGRAM:
        return take_exponential(stream, bucket_counts, point);
    default:
        return take_number(stream, point);
    }
}

static int collect_streams(struct otlp_instrument *instrument, uint64_t now_unix_ns,
                           struct otlp__arena *arena, struct otlp_metric *metric)
{
    size_t bucket_count = buckets_of(instrument);
    struct otlp_point *points = otlp__arena_alloc(arena, instrument->stream_count * sizeof *points);
    uint64_t *buckets =
        otlp__arena_alloc(arena, instrument->stream_count * bucket_count * sizeof *buckets);
    if (points == NULL || buckets == NULL) {
        return OTLP_ENOMEM;
    }
    size_t count = 0;
    for (struct otlp_stream *stream = instrument->first; stream != NULL; stream = stream->next) {
        struct otlp_point *point = &points[count];
        if (!take(stream, buckets + count * bucket_count, point)) {
            continue;
        }
        point->attributes = stream->attributes;
        point->attribute_count = stream->attribute_count;
        point->start_unix_ns =
            otlp__is_delta(instrument) ? instrument->collected_unix_ns : stream->start_unix_ns;
        point->time_unix_ns = now_unix_ns;
        count++;
    }
    instrument->collected_unix_ns = now_unix_ns;
    metric->points = points;
    metric->point_count = count;
    return 0;
}

static int collect_instrument(struct otlp_instrument *instrument, uint64_t now_unix_ns,
                              struct otlp__arena *arena, struct otlp_metric *metric)
{
    *metric = (struct otlp_metric){
        .name = instrument->name,
        .unit = instrument->unit,
        .description = instrument->description,
        .kind = instrument->kind,
        .temporality = otlp__is_delta(instrument) ? OTLP_DELTA : OTLP_CUMULATIVE,
        .is_double = instrument->is_double,
    };
    pthread_mutex_lock(&instrument->lock);
    int rc = collect_streams(instrument, now_unix_ns, arena, metric);
    pthread_mutex_unlock(&instrument->lock);
    return rc;
}

int otlp_meter_collect(struct otlp_meter *meter, uint64_t time_unix_ns,
                       struct otlp_metric_batch *batch)
{
    uint64_t now_unix_ns = time_unix_ns != 0 ? time_unix_ns : otlp__now_unix_ns();
    size_t instrument_count = 0;
    for (const struct otlp_instrument *i = meter->first; i != NULL; i = i->next) {
        instrument_count++;
    }
    otlp__arena_reset(&batch->arena);
    batch->count = 0;
    batch->metrics = otlp__arena_alloc(&batch->arena, instrument_count * sizeof *batch->metrics);
    if (batch->metrics == NULL) {
        return OTLP_ENOMEM;
    }
    size_t count = 0;
    for (struct otlp_instrument *i = meter->first; i != NULL; i = i->next) {
        int rc = collect_instrument(i, now_unix_ns, &batch->arena, &batch->metrics[count]);
        if (rc != 0) {
            return rc;
        }
        count += batch->metrics[count].point_count > 0;
    }
    batch->count = count;
    return 0;
}
