/*
 * Base-2 exponential buckets (metrics SDK, "Base2 Exponential Bucket Histogram Aggregation"): a
 * histogram starts at the finest scale and halves its resolution whenever the values that came span
 * more buckets than there are. Guarded by the lock of the histogram that it belongs to.
 */
#ifndef OTLP_SRC_METRIC_EXPONENTIAL_H
#define OTLP_SRC_METRIC_EXPONENTIAL_H

#include <stdint.h>

#include <otlp/metric.h>

#define OTLP__SCALE_MAX 20

/* Consecutive indexes; without any, count is 0. */
struct otlp__bucket_range {
    int32_t first; /* index of counts[0] */
    uint32_t count;
    uint64_t counts[OTLP_EXPONENTIAL_BUCKETS_MAX];
};

struct otlp__exponential {
    int32_t scale;
    uint64_t zero_count;
    struct otlp__bucket_range positive;
    struct otlp__bucket_range negative;
};

/* Empty, at the finest scale. */
void otlp__exponential_reset(struct otlp__exponential *exponential);

/* Counts a finite value. */
void otlp__exponential_add(struct otlp__exponential *exponential, double value);

/* Index of the bucket that holds a finite value above 0. */
int32_t otlp__exponential_index(double value, int32_t scale);

#endif
