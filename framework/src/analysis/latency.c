#include "analysis/latency.h"
#include "analysis/stats.h"

#include <math.h>

/* Up to here a binomial is summed: within 12 standard deviations, a few hundred thousand steps. */
#define SUMMED_VARIANCE 1e8
#define SUMMED_REACH    12.0

const struct latency_quantile latency_quantiles[LATENCY_QUANTILES] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99_9", 0.999}};

/* Binomial probabilities from `from` on, relative to that of the mode: each follows from its
 * neighbour, and their sum makes them whole. */
struct binomial {
    double n;
    double q;
    double mode;
    double from;
    double to;
    double whole; /* sum of all */
};

static double step_up(const struct binomial *b, double k)
{
    return (b->n - k) / (k + 1) * (b->q / (1 - b->q));
}

static struct binomial binomial_make(double n, double q)
{
    double mode = floor((n + 1) * q);
    double reach = ceil(SUMMED_REACH * sqrt(n * q * (1 - q))) + SUMMED_REACH;
    struct binomial b = {.n = n, .q = q, .mode = fmin(mode, n)};
    b.from = fmax(b.mode - reach, 0);
    b.to = fmin(b.mode + reach, n);
    double part = 1;
    double k = b.mode;
    while (k < b.to) {
        part *= step_up(&b, k);
        b.whole += part;
        k += 1;
    }
    part = 1;
    k = b.mode;
    while (k > b.from) {
        k -= 1;
        part /= step_up(&b, k);
        b.whole += part;
    }
    b.whole += 1;
    return b;
}

/* The largest k with P(less than k) <= part. */
static double leave_out_below(const struct binomial *b, double part)
{
    double each = 1;
    double k = b->mode;
    while (k > b->from) {
        k -= 1;
        each /= step_up(b, k);
    }
    double sum = 0;
    k = b->from;
    while (k <= b->to && sum + each <= part * b->whole) {
        sum += each;
        each *= step_up(b, k);
        k++;
    }
    return k;
}

bool latency_ranks(uint64_t n, double q, double confidence, double *lower, double *upper)
{
    double part = (1 - confidence) / 2;
    double count = (double)n;
    double variance = count * q * (1 - q);
    if (n == 0) {
        return false;
    }
    if (variance > SUMMED_VARIANCE) {
        double reach = stats_normal_quantile(1 - part) * sqrt(variance);
        *lower = floor(count * q - reach);
        *upper = ceil(count * q + reach) + 1;
    } else {
        struct binomial below = binomial_make(count, q);
        struct binomial above = binomial_make(count, 1 - q);
        *lower = leave_out_below(&below, part);
        *upper = count + 1 - leave_out_below(&above, part);
    }
    return *lower >= 1 && *upper <= count;
}

void latency_intervals(const struct histogram *h, double confidence,
                       struct latency_interval intervals[LATENCY_QUANTILES])
{
    for (size_t i = 0; i < LATENCY_QUANTILES; i++) {
        double lower;
        double upper;
        intervals[i] = (struct latency_interval){.known = false};
        if (!latency_ranks(h->count, latency_quantiles[i].q, confidence, &lower, &upper) ||
            upper > (double)(h->count - h->overflow)) {
            continue;
        }
        size_t low = histogram_bucket_at(h, lower);
        size_t high = histogram_bucket_at(h, upper);
        double top =
            (double)histogram_bucket_low(high) + (double)(histogram_bucket_width(high) - 1);
        intervals[i] = (struct latency_interval){
            .known = true,
            .lower_ns = fmax((double)histogram_bucket_low(low), (double)h->min),
            .upper_ns = fmin(top, (double)h->max)};
    }
}
