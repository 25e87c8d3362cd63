/* How sure the quantiles of recorded latencies are. Pure functions. */
#ifndef ASSAY_ANALYSIS_LATENCY_H
#define ASSAY_ANALYSIS_LATENCY_H

#include "measure/histogram.h"

#include <stdbool.h>

/* The quantiles that results show: p50, p90, p99, p99.9. */
#define LATENCY_QUANTILES 4

/* What a quantile is called in files ("p50", "p99_9"), and which it is. */
struct latency_quantile {
    const char *key;
    double q;
};
extern const struct latency_quantile latency_quantiles[LATENCY_QUANTILES];

/* Ranks, from 1, of two of n values in ascending order that enclose the quantile q of where the
 * values came from with at least this probability, whatever their distribution (David and Nagaraja
 * 2003, Order Statistics, 7.1): the values that lie below the quantile are binomial(n, q), and each
 * side is left out with at most half of what is missing. The values must not depend on each other.
 * false, and ranks of no meaning, when n values are too few: one of the two would lie outside.
 * 0 < q < 1. Above a variance of 10^8 the binomial is taken as normal. */
bool latency_ranks(uint64_t n, double q, double confidence, double *lower, double *upper);

struct latency_interval {
    bool known; /* enough values for both bounds */
    double lower_ns;
    double upper_ns;
};

/* The bounds of each quantile at those ranks: the lower end of the one's bucket and the upper end
 * of the other's, within [min, max], so that the width of a bucket is inside. A bound among values
 * that the histogram could not hold is not known. */
void latency_intervals(const struct histogram *h, double confidence,
                       struct latency_interval intervals[LATENCY_QUANTILES]);

#endif
