/*
 * Metrics: instruments that aggregate, and the model of what they collected.
 *
 * A meter owns instruments; an instrument owns one stream for each set of attributes that was
 * measured; otlp_meter_collect() turns all streams into points. Measurements may come from any
 * number of threads at once and while another thread collects; creating an instrument and
 * collecting is for one thread at a time.
 *
 * fork(): a child may go on with meter and instruments when no other thread was recording or
 * collecting at the moment of the fork. Otherwise it may wait for ever for a lock of a thread that
 * it does not have, when it records or collects; freeing the meter is always possible.
 *
 * Fast path: otlp_instrument_bind() looks a stream up once, and otlp_stream_*() then record without
 * hashing attributes.
 */
#ifndef OTLP_METRIC_H
#define OTLP_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/error.h>
#include <otlp/value.h>

#ifdef __cplusplus
extern "C" {
#endif

enum otlp_metric_kind {
    OTLP_COUNTER = 1,           /* monotonic sum: additions are not negative */
    OTLP_UP_DOWN_COUNTER,       /* sum */
    OTLP_GAUGE,                 /* last value */
    OTLP_HISTOGRAM,             /* explicit buckets */
    OTLP_EXPONENTIAL_HISTOGRAM, /* buckets whose bounds grow by a factor */
};

/* As in OTLP's AggregationTemporality. */
enum otlp_temporality {
    OTLP_DELTA = 1,      /* since the collection before; up-down counters stay cumulative */
    OTLP_CUMULATIVE = 2, /* since the stream's first measurement */
};

/* Streams of one instrument at most, the overflow stream included (metrics SDK, "Cardinality
 * limits"). Further sets of attributes share the stream {otel.metric.overflow = true}. */
#define OTLP_STREAMS_MAX 2000

/* Buckets of an exponential histogram at most, for positive and for negative values each (metrics
 * SDK, "Base2 Exponential Bucket Histogram Aggregation"). */
#define OTLP_EXPONENTIAL_BUCKETS_MAX 160

/* ---- the model, as the encoders take it ---- */

struct otlp_histogram_value {
    uint64_t count; /* the sum of bucket_counts */
    double sum;
    double min; /* min and max count only when count is not 0 */
    double max;
    const double *bounds;          /* bound_count, strictly rising */
    const uint64_t *bucket_counts; /* bound_count + 1; bucket i holds (bounds[i-1], bounds[i]] */
    uint32_t bound_count;
};

/* A run of buckets: counts of the indexes offset to offset + count - 1. */
struct otlp_buckets {
    const uint64_t *counts;
    uint32_t count;
    int32_t offset;
};

/*
 * Base-2 exponential buckets (metrics data model, "ExponentialHistogram"): with base =
 * 2^(2^-scale), index i of `positive` holds values in (base^i, base^(i+1)], and of `negative` those
 * whose absolute values lie there.
 */
struct otlp_exponential_value {
    uint64_t count; /* the sum of both runs and zero_count */
    double sum;
    double min; /* min and max count only when count is not 0 */
    double max;
    uint64_t zero_count; /* of values within [-zero_threshold, zero_threshold] */
    double zero_threshold;
    struct otlp_buckets positive;
    struct otlp_buckets negative;
    int32_t scale;
};

struct otlp_point {
    const struct otlp_attribute *attributes;
    uint32_t attribute_count;
    uint64_t start_unix_ns;
    uint64_t time_unix_ns;
    union {
        int64_t integer; /* sums and gauges of an integer instrument */
        double real;     /* sums and gauges of a double instrument */
        struct otlp_histogram_value histogram;
        struct otlp_exponential_value exponential;
    } value;
};

struct otlp_metric {
    const char *name; /* text ends in NUL; NULL: not given */
    const char *unit;
    const char *description;
    enum otlp_metric_kind kind;
    enum otlp_temporality temporality; /* sums and histograms */
    bool is_double;                    /* sums and gauges */
    const struct otlp_point *points;
    size_t point_count;
};

/* ---- instruments ---- */

struct otlp_meter;
struct otlp_instrument;
struct otlp_stream;

/*
 * An exponential histogram needs no bounds: it starts at scale 20, and when the values that it saw
 * (since the collection before, under OTLP_DELTA) spread over more than
 * OTLP_EXPONENTIAL_BUCKETS_MAX buckets, it halves its resolution as often as needed:
 * values spread over three decades leave buckets that are 9.1 % wide, or finer.
 */
struct otlp_instrument_spec {
    enum otlp_metric_kind kind;
    const char *name;        /* not empty; copied, as are the other texts */
    const char *unit;        /* NULL: not given */
    const char *description; /* NULL: not given */
    bool is_double;          /* counters and gauges: doubles instead of 64-bit integers */
    /* Histograms: bounds, finite and strictly rising, copied. NULL: the specification's default of
     * 0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000. */
    const double *bounds;
    size_t bound_count; /* 0 with bounds not NULL: a single bucket */
};

/* A meter without instruments. NULL: out of memory. */
OTLP_API struct otlp_meter *otlp_meter_new(enum otlp_temporality temporality);

/* Frees the meter with all its instruments and streams. NULL is allowed. No other thread may use
 * any of them any more. */
OTLP_API void otlp_meter_free(struct otlp_meter *meter);

/* Adds an instrument, which lives as long as its meter. OTLP_EINVAL: an empty name, a kind that is
 * none, or bounds that do not rise. OTLP_ENOMEM. */
OTLP_API int otlp_meter_instrument(struct otlp_meter *meter,
                                   const struct otlp_instrument_spec *spec,
                                   struct otlp_instrument **instrument);

/*
 * One measurement under a set of attributes, in any order, with unique keys; NULL when count is 0.
 * The set is copied when it is seen for the first time. Text is compared by content.
 * _add: counters (integer instruments; a negative value on OTLP_COUNTER is OTLP_EINVAL and is not
 * recorded). _set: gauges. _record: histograms of both kinds; NaN is OTLP_EINVAL, and so is an
 * infinite value for exponential ones. _double: the same for double
 * instruments. OTLP_EINVAL as well for the wrong kind or number type of instrument, an empty or
 * repeated key. OTLP_ENOMEM. Any thread.
 */
OTLP_API int otlp_counter_add(struct otlp_instrument *instrument, int64_t value,
                              const struct otlp_attribute *attributes, size_t count);
OTLP_API int otlp_counter_add_double(struct otlp_instrument *instrument, double value,
                                     const struct otlp_attribute *attributes, size_t count);
OTLP_API int otlp_gauge_set(struct otlp_instrument *instrument, int64_t value,
                            const struct otlp_attribute *attributes, size_t count);
OTLP_API int otlp_gauge_set_double(struct otlp_instrument *instrument, double value,
                                   const struct otlp_attribute *attributes, size_t count);
OTLP_API int otlp_histogram_record(struct otlp_instrument *instrument, double value,
                                   const struct otlp_attribute *attributes, size_t count);

/* The stream for a set of attributes, for repeated use; it lives as long as the instrument.
 * OTLP_EINVAL: an empty or repeated key, or nesting that is too deep. OTLP_ENOMEM. Any thread. */
OTLP_API int otlp_instrument_bind(struct otlp_instrument *instrument,
                                  const struct otlp_attribute *attributes, size_t count,
                                  struct otlp_stream **stream);

/* One measurement into a bound stream; codes as above but for those about attributes. */
OTLP_API int otlp_stream_add(struct otlp_stream *stream, int64_t value);
OTLP_API int otlp_stream_add_double(struct otlp_stream *stream, double value);
OTLP_API int otlp_stream_set(struct otlp_stream *stream, int64_t value);
OTLP_API int otlp_stream_set_double(struct otlp_stream *stream, double value);
OTLP_API int otlp_stream_record(struct otlp_stream *stream, double value);

/* ---- collection ---- */

struct otlp_metric_batch;

/* An empty batch. NULL: out of memory. */
OTLP_API struct otlp_metric_batch *otlp_metric_batch_new(void);

/*
 * Replaces the content of the batch by what the meter's instruments hold now; time_unix_ns 0 is
 * now. Instruments and streams without a measurement (under OTLP_DELTA: since the collection
 * before) are left out. Each point is consistent in itself: a histogram's count is the sum of its
 * buckets and matches its sum. Nothing measured is lost or counted twice between collections.
 * Names and attributes are referred to, not copied: the batch is valid until the meter is freed.
 * OTLP_ENOMEM: the batch is then empty, and delta values that were already taken are lost.
 */
OTLP_API int otlp_meter_collect(struct otlp_meter *meter, uint64_t time_unix_ns,
                                struct otlp_metric_batch *batch);

/* The metrics of the batch, valid until its next collection; NULL when there are none. */
OTLP_API const struct otlp_metric *otlp_metric_batch_metrics(const struct otlp_metric_batch *batch,
                                                             size_t *count);

/* NULL is allowed. */
OTLP_API void otlp_metric_batch_free(struct otlp_metric_batch *batch);

#ifdef __cplusplus
}
#endif

#endif
