/*
 * Streams and instruments.
 *
 * A sum or gauge is one atomic word (a double by its bits). A histogram is a mutex with plain
 * fields: one lock costs less than three atomic updates, and count, sum and buckets agree at every
 * collection. Streams start on cache lines of their own, so that writers of different streams do
 * not slow each other down.
 */
#ifndef OTLP_METRIC_INTERNAL_H
#define OTLP_METRIC_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include <otlp/metric.h>

#include "arena.h"
#include "metric_exponential.h"

#define OTLP__CACHE_LINE 64

struct otlp__histogram {
    pthread_mutex_t lock;
    uint64_t count;
    double sum;
    double min;
    double max;
    uint64_t *bucket_counts; /* bound_count + 1; NULL: exponential ones */
    struct otlp__exponential *exponential;
};

struct otlp_stream {
    struct otlp_instrument *instrument;
    union {
        _Atomic uint64_t word; /* bits of an int64_t or a double */
        struct otlp__histogram histogram;
    } as;
    atomic_bool is_measured; /* sums and gauges: there is something to report */
    uint64_t hash;
    uint64_t start_unix_ns;
    const struct otlp_attribute *attributes;
    uint32_t attribute_count;
    struct otlp_stream *next; /* in order of creation */
};

/* Open addressing, read without a lock; a larger table replaces a full one. */
struct otlp__stream_table {
    struct otlp__stream_table *older; /* may still be read by another thread: freed at the end */
    uint32_t slot_count;              /* a power of two */
    _Atomic(struct otlp_stream *) slots[];
};

struct otlp_instrument {
    struct otlp_meter *meter;
    struct otlp_instrument *next;
    const char *name;
    const char *unit;
    const char *description;
    enum otlp_metric_kind kind;
    bool is_double;
    const double *bounds;
    uint32_t bound_count;
    _Atomic(struct otlp__stream_table *) table;
    pthread_mutex_t lock; /* creation of streams; guards everything below */
    struct otlp__arena arena;
    struct otlp_stream *first;
    struct otlp_stream *last;
    struct otlp_stream *overflow;
    uint32_t stream_count;
    uint64_t collected_unix_ns; /* start of the next delta */
};

struct otlp_meter {
    enum otlp_temporality temporality;
    struct otlp_instrument *first;
    struct otlp_instrument *last;
};

static inline bool otlp__is_histogram(const struct otlp_instrument *instrument)
{
    return instrument->kind == OTLP_HISTOGRAM || instrument->kind == OTLP_EXPONENTIAL_HISTOGRAM;
}

/* Whether the instrument reports what happened since the collection before. */
static inline bool otlp__is_delta(const struct otlp_instrument *instrument)
{
    return instrument->meter->temporality == OTLP_DELTA && instrument->kind != OTLP_UP_DOWN_COUNTER;
}

/* Frees streams and tables, not the instrument. */
void otlp__streams_release(struct otlp_instrument *instrument);

#endif
