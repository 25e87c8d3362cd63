#include "analysis/resample.h"
#include "analysis/stats.h"
#include "base/memory.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef double pair __attribute__((vector_size(16)));

/* The terms of which a resample needs the sums, of two neighbouring samples in each pair. */
struct terms {
    pair off; /* value - mean of all values: sums of squares lose no digits */
    pair off_squared;
    pair xy; /* iterations * time */
    pair xx; /* iterations^2 */
};

/* Samples in the order of their distance from one median. */
struct by_distance {
    uint16_t *order;
    double *distance;
};

__extension__ typedef unsigned __int128 wide;

#define DRAWS_A_WORD 3

struct engine {
    const struct resample_data *data;
    double centre;
    struct terms *terms; /* (count + 1) / 2; the half that is left over is 0 */
    uint16_t *drawn;     /* how often each sample was drawn */
    size_t median_low;   /* ranks that the median averages */
    size_t median_high;
    size_t trim_low; /* ranks [low, high) of lowmean */
    size_t trim_high;
    struct by_distance **known; /* [low sample of the median] -> table by high sample */
};

static void engine_init(struct engine *e, const struct resample_data *data)
{
    size_t n = data->count;
    *e = (struct engine){.data = data,
                         .centre = stats_mean(data->value, n),
                         .terms = memory_zeroed((n + 1) / 2, sizeof(struct terms)),
                         .drawn = memory_zeroed(n + 1, sizeof(uint16_t)),
                         .median_low = (n - 1) / 2,
                         .median_high = n / 2,
                         .known = memory_zeroed(n, sizeof(struct by_distance *))};
    stats_lowmean_ranks(n, &e->trim_low, &e->trim_high);
    for (size_t i = 0; i < n; i++) {
        double off = data->value[i] - e->centre;
        struct terms *terms = &e->terms[i / 2];
        terms->off[i % 2] = off;
        terms->off_squared[i % 2] = off * off;
        if (data->iterations != NULL) {
            terms->xy[i % 2] = data->iterations[i] * data->time[i];
            terms->xx[i % 2] = data->iterations[i] * data->iterations[i];
        }
    }
}

static void engine_release(struct engine *e)
{
    size_t n = e->data->count;
    for (size_t low = 0; low < n; low++) {
        for (size_t high = low; e->known[low] != NULL && high < n; high++) {
            free(e->known[low][high - low].order);
            free(e->known[low][high - low].distance);
        }
        free(e->known[low]);
    }
    free(e->known);
    free(e->drawn);
    free(e->terms);
}

/* One index out of the bits; what is left of them serves the next (Lemire 2019, without rejection:
 * the bias is below n^DRAWS_A_WORD / 2^64). */
static inline size_t take_index(uint64_t *bits, uint64_t n)
{
    wide product = (wide)*bits * n;
    *bits = (uint64_t)product;
    return (size_t)(product >> 64);
}

static void draw(struct engine *e, struct rng *rng)
{
    uint16_t *drawn = e->drawn;
    size_t n = e->data->count;
    memset(drawn, 0, n * sizeof *drawn);
    size_t left = n;
    for (; left >= DRAWS_A_WORD; left -= DRAWS_A_WORD) {
        uint64_t bits = rng_next(rng);
        drawn[take_index(&bits, n)]++;
        drawn[take_index(&bits, n)]++;
        drawn[take_index(&bits, n)]++;
    }
    for (uint64_t bits = rng_next(rng); left > 0; left--) {
        drawn[take_index(&bits, n)]++;
    }
}

static void add_terms(struct terms *sum, const struct terms *terms, const uint16_t drawn[2])
{
    pair times = {drawn[0], drawn[1]};
    sum->off += terms->off * times;
    sum->off_squared += terms->off_squared * times;
    sum->xy += terms->xy * times;
    sum->xx += terms->xx * times;
}

/* Every second pair has sums of its own, as one addition would wait for the one before. */
static struct terms sums(const struct engine *e)
{
    struct terms even = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
    struct terms odd = even;
    size_t pairs = (e->data->count + 1) / 2;
    size_t i = 0;
    for (; i + 1 < pairs; i += 2) {
        add_terms(&even, &e->terms[i], e->drawn + 2 * i);
        add_terms(&odd, &e->terms[i + 1], e->drawn + 2 * i + 2);
    }
    if (i < pairs) {
        add_terms(&even, &e->terms[i], e->drawn + 2 * i);
    }
    return (struct terms){even.off + odd.off, even.off_squared + odd.off_squared, even.xy + odd.xy,
                          even.xx + odd.xx};
}

/* A place in the walk along the drawn values: `seen` are at or before `index`. */
struct place {
    size_t index;
    size_t seen;
};

static void walk_past(const struct engine *e, size_t rank, struct place *at)
{
    while (at->seen <= rank) {
        at->seen += e->drawn[++at->index];
    }
}

/* Mean of the ranks [trim_low, trim_high) of the resample; the walk ends at rank trim_high - 1. */
static double walk_lowmean(const struct engine *e, struct place *at)
{
    const double *value = e->data->value;
    const uint16_t *drawn = e->drawn;
    walk_past(e, e->trim_low, at);
    size_t i = at->index;
    size_t seen = at->seen;
    double sum = (double)(seen - e->trim_low) * value[i];
    while (seen < e->trim_high) {
        i++;
        seen += drawn[i];
        sum += drawn[i] * value[i];
    }
    sum -= (double)(seen - e->trim_high) * value[i];
    *at = (struct place){i, seen};
    return sum / (double)(e->trim_high - e->trim_low);
}

static void order_by_distance(const double *value, size_t n, double centre, struct by_distance *out)
{
    out->order = memory_zeroed(n, sizeof *out->order);
    out->distance = memory_zeroed(n, sizeof *out->distance);
    size_t right = 0;
    while (right < n && value[right] < centre) {
        right++;
    }
    size_t left = right;
    for (size_t i = 0; i < n; i++) {
        double to_left = left > 0 ? centre - value[left - 1] : INFINITY;
        double to_right = right < n ? value[right] - centre : INFINITY;
        size_t taken = to_left < to_right ? --left : right++;
        out->order[i] = (uint16_t)taken;
        out->distance[i] = fmin(to_left, to_right);
    }
}

static const struct by_distance *distances_from(struct engine *e, size_t low, size_t high)
{
    size_t n = e->data->count;
    if (e->known[low] == NULL) {
        e->known[low] = memory_zeroed(n - low, sizeof(struct by_distance));
    }
    struct by_distance *table = &e->known[low][high - low];
    if (table->order == NULL) {
        double centre = (e->data->value[low] + e->data->value[high]) / 2;
        order_by_distance(e->data->value, n, centre, table);
    }
    return table;
}

static double median_deviation_of_draw(struct engine *e, size_t low, size_t high)
{
    const struct by_distance *table = distances_from(e, low, high);
    size_t i = 0;
    size_t seen = e->drawn[table->order[0]];
    while (seen <= e->median_low) {
        seen += e->drawn[table->order[++i]];
    }
    double first = table->distance[i];
    while (seen <= e->median_high) {
        seen += e->drawn[table->order[++i]];
    }
    return (first + table->distance[i]) / 2;
}

static void sum_statistics(const struct engine *e, size_t at, double *out[STATISTICS])
{
    double n = (double)e->data->count;
    struct terms total = sums(e);
    double off = total.off[0] + total.off[1];
    double off_squared = total.off_squared[0] + total.off_squared[1];
    if (out[STATISTIC_MEAN] != NULL) {
        out[STATISTIC_MEAN][at] = e->centre + off / n;
    }
    if (out[STATISTIC_STD_DEV] != NULL) {
        double variance = (off_squared - off * off / n) / (n - 1);
        out[STATISTIC_STD_DEV][at] = variance > 0 ? sqrt(variance) : 0;
    }
    if (out[STATISTIC_SLOPE] != NULL) {
        double xx = total.xx[0] + total.xx[1];
        out[STATISTIC_SLOPE][at] = xx > 0 ? (total.xy[0] + total.xy[1]) / xx : 0;
    }
}

void resample(const struct resample_data *data, struct rng *rng, size_t resamples,
              double *out[STATISTICS])
{
    struct engine e;
    engine_init(&e, data);
    bool wants_sums = out[STATISTIC_MEAN] != NULL || out[STATISTIC_STD_DEV] != NULL ||
                      out[STATISTIC_SLOPE] != NULL;
    bool wants_middle = out[STATISTIC_MEDIAN] != NULL || out[STATISTIC_MAD] != NULL;
    for (size_t at = 0; at < resamples; at++) {
        draw(&e, rng);
        if (wants_sums) {
            sum_statistics(&e, at, out);
        }
        struct place at_rank = {0, e.drawn[0]};
        double lowmean = walk_lowmean(&e, &at_rank);
        if (out[STATISTIC_LOWMEAN] != NULL) {
            out[STATISTIC_LOWMEAN][at] = lowmean;
        }
        if (!wants_middle) {
            continue;
        }
        /* The ranks of the median follow those of lowmean. */
        walk_past(&e, e.median_low, &at_rank);
        size_t low = at_rank.index;
        walk_past(&e, e.median_high, &at_rank);
        size_t high = at_rank.index;
        if (out[STATISTIC_MEDIAN] != NULL) {
            out[STATISTIC_MEDIAN][at] = (data->value[low] + data->value[high]) / 2;
        }
        if (out[STATISTIC_MAD] != NULL) {
            out[STATISTIC_MAD][at] = STATS_MAD_SCALE * median_deviation_of_draw(&e, low, high);
        }
    }
    engine_release(&e);
}

#define BUCKETS    1024
#define SORT_BELOW 256

/* Moves to `scratch` the values, in any order, among which the k-th smallest (from 0) of all is the
 * *k-th; all lie in
 * [*min, *max]. Values are dealt into buckets, and only the bucket with the wanted one is kept. */
static size_t keep_bucket(const double *values, size_t count, size_t *k, double *min, double *max,
                          double *scratch)
{
    uint32_t filled[BUCKETS] = {0};
    double from = *min;
    double scale = (BUCKETS - 1) / (*max - *min);
    for (size_t i = 0; i < count; i++) {
        filled[(size_t)((values[i] - from) * scale)]++;
    }
    size_t bucket = 0;
    while (*k >= filled[bucket]) {
        *k -= filled[bucket++];
    }
    size_t kept = 0;
    double low = *max;
    double high = *min;
    for (size_t i = 0; i < count; i++) {
        double value = values[i];
        if ((size_t)((value - from) * scale) == bucket) {
            scratch[kept++] = value;
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
    }
    *min = low;
    *max = high;
    return kept;
}

static double kth_smallest(const double *values, size_t count, size_t k, double min, double max,
                           double *scratch)
{
    const double *from = values;
    while (count > SORT_BELOW && max > min) {
        count = keep_bucket(from, count, &k, &min, &max, scratch);
        from = scratch;
    }
    if (!(max > min)) {
        return min;
    }
    memmove(scratch, from, count * sizeof *scratch);
    stats_sort(scratch, count);
    return scratch[k];
}

static double smallest_above(const double *values, size_t count, double limit)
{
    double best = INFINITY;
    for (size_t i = 0; i < count; i++) {
        best = values[i] > limit && values[i] < best ? values[i] : best;
    }
    return best;
}

static size_t count_up_to(const double *values, size_t count, double limit)
{
    size_t up_to = 0;
    for (size_t i = 0; i < count; i++) {
        up_to += values[i] <= limit;
    }
    return up_to;
}

static double quantile_of_many(const double *values, size_t count, double p, double min, double max,
                               double *scratch)
{
    double rank = p * (double)(count - 1);
    size_t below = (size_t)rank;
    double part = rank - (double)below;
    double lower = kth_smallest(values, count, below, min, max, scratch);
    if (part == 0 || below + 1 >= count || count_up_to(values, count, lower) > below + 1) {
        return lower;
    }
    return lower + part * (smallest_above(values, count, lower) - lower);
}

struct estimate resample_summary(const double *values, size_t count, double point,
                                 double confidence, double *scratch, struct curve *curve)
{
    double min = values[0];
    double max = values[0];
    for (size_t i = 1; i < count; i++) {
        min = values[i] < min ? values[i] : min;
        max = values[i] > max ? values[i] : max;
    }
    double mean = stats_mean(values, count);
    double sd = sqrt(stats_variance(values, count, mean));
    struct estimate estimate = {
        .point = point,
        .lower = quantile_of_many(values, count, (1 - confidence) / 2, min, max, scratch),
        .upper = quantile_of_many(values, count, (1 + confidence) / 2, min, max, scratch),
        .standard_error = sd};
    if (curve != NULL) {
        density_of_many(values, count, min, max, sd, curve);
    }
    return estimate;
}
