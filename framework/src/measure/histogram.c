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
        if (from->buckets[i] != 0) {
            into->buckets[i] += from->buckets[i];
        }
    }
}

size_t histogram_bucket_at(const struct histogram *h, double rank)
{
    uint64_t seen = 0;
    size_t last = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        last = h->buckets[i] > 0 ? i : last;
        if (seen > 0 && (double)seen >= rank) {
            return i;
        }
    }
    return last;
}

double histogram_quantile(const struct histogram *h, double q)
{
    if (h->count == 0) {
        return 0;
    }
    size_t index = histogram_bucket_at(h, ceil(q * (double)h->count));
    double middle =
        (double)histogram_bucket_low(index) + (double)(histogram_bucket_width(index) - 1) / 2;
    return fmin(fmax(middle, (double)h->min), (double)h->max);
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
