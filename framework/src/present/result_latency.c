#include "present/result_latency.h"
#include "base/memory.h"

#include <stdlib.h>

static void add_intervals(struct json_writer *w, const struct latency_interval *intervals)
{
    json_begin_object_line(w, "intervals");
    for (size_t i = 0; i < LATENCY_QUANTILES; i++) {
        if (intervals[i].known) {
            json_begin_object_line(w, latency_quantiles[i].key);
            json_add_double(w, "lower", intervals[i].lower_ns);
            json_add_double(w, "upper", intervals[i].upper_ns);
            json_end(w);
        }
    }
    json_end(w);
}

static void add_histogram(struct json_writer *w, const struct histogram *h)
{
    json_begin_object_line(w, "histogram");
    json_add_int(w, "sub_bits", HISTOGRAM_SUB_BITS);
    json_begin_array_line(w, "index");
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (h->buckets[i] > 0) {
            json_add_int(w, NULL, (int64_t)i);
        }
    }
    json_end(w);
    json_begin_array_line(w, "count");
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (h->buckets[i] > 0) {
            json_add_int(w, NULL, (int64_t)h->buckets[i]);
        }
    }
    json_end(w);
    json_end(w);
}

void latency_write(struct json_writer *w, const struct latency_summary *s,
                   const struct histogram *h, const struct latency_interval *intervals)
{
    if (s->count == 0) {
        json_add_null(w, "latency_ns");
        return;
    }
    json_begin_object(w, "latency_ns");
    json_add_int(w, "count", (int64_t)s->count);
    json_add_double(w, "min", s->min_ns);
    json_add_double(w, "mean", s->mean_ns);
    json_add_double(w, "p50", s->p50_ns);
    json_add_double(w, "p90", s->p90_ns);
    json_add_double(w, "p99", s->p99_ns);
    json_add_double(w, "p99_9", s->p99_9_ns);
    json_add_double(w, "max", s->max_ns);
    json_add_int(w, "overflow", (int64_t)s->overflow);
    if (h != NULL && h->count > 0) {
        if (intervals != NULL) {
            add_intervals(w, intervals);
        }
        add_histogram(w, h);
    }
    json_end(w);
}

static const char *read_buckets(const json_t *object, struct histogram *h)
{
    const json_t *index = json_object_get(object, "index");
    const json_t *count = json_object_get(object, "count");
    if (json_integer_value(json_object_get(object, "sub_bits")) != HISTOGRAM_SUB_BITS) {
        return "one with 10 sub_bits";
    }
    if (json_array_size(index) != json_array_size(count) || json_array_size(index) == 0) {
        return "made of as many indices as counts";
    }
    json_int_t before = -1;
    uint64_t sum = 0;
    for (size_t i = 0; i < json_array_size(index); i++) {
        json_int_t at = json_integer_value(json_array_get(index, i));
        json_int_t many = json_integer_value(json_array_get(count, i));
        if (!json_is_integer(json_array_get(index, i)) || at <= before ||
            at >= (json_int_t)HISTOGRAM_BUCKETS || many < 1) {
            return "made of rising indices and positive counts";
        }
        h->buckets[at] = (uint64_t)many;
        sum += (uint64_t)many;
        before = at;
    }
    if (sum != h->count || h->overflow > h->buckets[HISTOGRAM_BUCKETS - 1]) {
        return "of as many values as \"count\" and \"overflow\" say";
    }
    return NULL;
}

/* A number of nanoseconds as it was recorded; 2^64 is what UINT64_MAX was rounded to. */
static uint64_t whole_ns(double ns)
{
    return ns >= 0x1p64 ? UINT64_MAX : ns > 0 ? (uint64_t)ns : 0;
}

struct histogram *latency_read_histogram(const json_t *latency, const struct latency_summary *s,
                                         const char **why)
{
    const json_t *object = json_object_get(latency, "histogram");
    *why = NULL;
    if (object == NULL) {
        return NULL;
    }
    struct histogram *h = memory_zeroed(1, sizeof *h);
    h->count = s->count;
    h->overflow = s->overflow;
    h->min = whole_ns(s->min_ns);
    h->max = whole_ns(s->max_ns);
    h->sum = s->mean_ns * (double)s->count;
    *why = read_buckets(object, h);
    if (*why != NULL) {
        free(h);
        return NULL;
    }
    return h;
}

struct histogram *latency_copy(const struct histogram *h)
{
    if (h == NULL || h->count == 0) {
        return NULL;
    }
    struct histogram *copy = memory_zeroed(1, sizeof *copy);
    histogram_merge(copy, h);
    return copy;
}
