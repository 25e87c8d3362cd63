#include "measure/histogram.h"

#include <math.h>

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    if (from->count == 0) {
        return;
    }
    if (into->count == 0 || from->min < into->min) {
        into->min = from->min;
    }
    if (from->max > into->max) {
        into->max = from->max;
    }
    into->count += from->count;
    into->overflow += from->overflow;
    into->sum += from->sum;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        into->buckets[i] += from->buckets[i];
    }
}

static double bucket_middle(size_t index)
{
    if (index < 2048) {
        return (double)index;
    }
    unsigned shift = (unsigned)(index >> HISTOGRAM_SUB_BITS) - 1;
    uint64_t low = (uint64_t)(index - ((size_t)shift << HISTOGRAM_SUB_BITS)) << shift;
    return (double)low + (double)((UINT64_C(1) << shift) - 1) / 2;
}

double histogram_quantile(const struct histogram *h, double q)
{
    if (h->count == 0) {
        return 0;
    }
    double rank = ceil(q * (double)h->count);
    uint64_t seen = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if ((double)seen >= rank) {
            return fmin(fmax(bucket_middle(i), (double)h->min), (double)h->max);
        }
    }
    return (double)h->max;
}

struct latency_summary histogram_summary(const struct histogram *h)
{
    struct latency_summary s = {.count = h->count, .overflow = h->overflow};
    if (h->count > 0) {
        s.min_ns = (double)h->min;
        s.max_ns = (double)h->max;
        s.mean_ns = h->sum / (double)h->count;
        s.p50_ns = histogram_quantile(h, 0.5);
        s.p90_ns = histogram_quantile(h, 0.9);
        s.p99_ns = histogram_quantile(h, 0.99);
        s.p99_9_ns = histogram_quantile(h, 0.999);
    }
    return s;
}
