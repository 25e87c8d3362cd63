/* The bootstrap (Efron 1979): every statistic of many resamples with replacement, from one pass a
 * resample.
 *
 * A resample is kept as how often each of the sorted values was drawn. Means, variances and the
 * slope are weighted sums over those counts; order statistics are a walk along them; the median
 * deviation walks the values in the order of their distance from the resample's median, which is
 * worked out once for each median that occurs. That costs a few nanoseconds a value where sorting
 * every resample costs hundreds. */
#ifndef ASSAY_ANALYSIS_RESAMPLE_H
#define ASSAY_ANALYSIS_RESAMPLE_H

#include "analysis/density.h"
#include "base/rng.h"

#include <stdbool.h>
#include <stddef.h>

enum statistic {
    STATISTIC_LOWMEAN = 0,
    STATISTIC_MEAN,
    STATISTIC_MEDIAN,
    STATISTIC_MAD,
    STATISTIC_STD_DEV,
    STATISTIC_SLOPE,
    STATISTICS
};

/* Most samples that can be resampled: with more, the draws would not be even enough. */
#define RESAMPLE_COUNT_MAX 10000

/* Data of one set of samples, in ascending order of `value`. */
struct resample_data {
    size_t count;             /* 2 .. RESAMPLE_COUNT_MAX */
    const double *value;      /* time an iteration */
    const double *iterations; /* of the same samples; NULL: no slope */
    const double *time;
};

/* Fills out[s][0 .. resamples) for every statistic s whose out[s] is not NULL. The MAD is scaled
 * (STATS_MAD_SCALE). */
void resample(const struct resample_data *data, struct rng *rng, size_t resamples,
              double *out[STATISTICS]);

struct estimate {
    double point;
    double lower; /* percentile interval */
    double upper;
    double standard_error; /* standard deviation over the resamples */
};

/* Sums a distribution up around its point estimate. `scratch` has room for `count` numbers; `curve`
 * may be NULL. */
struct estimate resample_summary(const double *values, size_t count, double point,
                                 double confidence, double *scratch, struct curve *curve);

#endif
