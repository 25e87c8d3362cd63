/* Latencies in log-linear buckets: values below 2,048 have a bucket each, and from there on every
 * power of two has 1,024, so that a bucket is at most 1/1024 of its value wide and its middle at
 * most 0.05 % off. Merging adds the buckets: merged is the same as recorded together.
 *
 * The quantile q of n values is the value at rank ceil(q n), counted from 1 in ascending order
 * (Hyndman and Fan 1996, type 1): a value that occurred, or here the middle of its bucket. */
#ifndef ASSAY_MEASURE_HISTOGRAM_H
#define ASSAY_MEASURE_HISTOGRAM_H

#include "measure/record.h"

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_SUB_BITS  10
#define HISTOGRAM_VALUE_MAX ((UINT64_C(1) << 34) - 1) /* 17.2 s in ns */
#define HISTOGRAM_BUCKETS   ((size_t)((34 - HISTOGRAM_SUB_BITS - 1) << HISTOGRAM_SUB_BITS) + 2048)

struct histogram {
    uint64_t count;
    uint64_t overflow; /* values above HISTOGRAM_VALUE_MAX; counted in the last bucket as well */
    uint64_t min;
    uint64_t max;
    double sum;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

static inline size_t histogram_index(uint64_t value)
{
    if (value < 2048) {
        return (size_t)value;
    }
    unsigned shift = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
    return ((size_t)shift << HISTOGRAM_SUB_BITS) + (size_t)(value >> shift);
}

static inline void histogram_add(struct histogram *h, uint64_t value)
{
    if (value > h->max) {
        h->max = value;
    }
    if (h->count == 0 || value < h->min) {
        h->min = value;
    }
    h->count++;
    h->sum += (double)value;
    if (value > HISTOGRAM_VALUE_MAX) {
        h->overflow++;
        value = HISTOGRAM_VALUE_MAX;
    }
    h->buckets[histogram_index(value)]++;
}

/* Smallest value of a bucket, and how many whole values it holds. */
static inline uint64_t histogram_bucket_low(size_t index)
{
    if (index < 2048) {
        return (uint64_t)index;
    }
    unsigned shift = (unsigned)(index >> HISTOGRAM_SUB_BITS) - 1;
    return (uint64_t)(index - ((size_t)shift << HISTOGRAM_SUB_BITS)) << shift;
}

static inline uint64_t histogram_bucket_width(size_t index)
{
    return index < 2048 ? 1 : UINT64_C(1) << ((index >> HISTOGRAM_SUB_BITS) - 1);
}

/* Adds what `from` holds. Memory of `into` is written only where `from` has something: a large one
 * that was never touched stays nearly free. */
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The bucket of the value at a rank in [1, count]. */
size_t histogram_bucket_at(const struct histogram *h, double rank);

/* The value at rank ceil(q * count), 0 < q <= 1: the middle of its bucket, within [min, max]. 0
 * when empty. A rank among values above HISTOGRAM_VALUE_MAX gives the last bucket's middle, which
 * is less than the value was. */
double histogram_quantile(const struct histogram *h, double q);

struct latency_summary histogram_summary(const struct histogram *h);

#endif
