/* Everything that is computed from the samples of one benchmark. A pure function of samples,
 * settings and seed: the same ones give the same bits. */
#ifndef ASSAY_ANALYSIS_ANALYSIS_H
#define ASSAY_ANALYSIS_ANALYSIS_H

#include "analysis/compare.h"
#include "analysis/density.h"
#include "analysis/latency.h"
#include "analysis/outliers.h"
#include "analysis/regress.h"
#include "analysis/resample.h"
#include "measure/record.h"

struct analysis_settings {
    size_t resamples;                /* >= 100 */
    struct compare_settings compare; /* its confidence is that of every interval */
    uint64_t seed;
    const char *stream; /* the benchmark's id */
    /* Regressions that are asked for besides. */
    const struct regress_pair *regress;
    size_t regress_count;
};

struct analysis {
    struct estimate estimates[STATISTICS];
    struct curve curves[STATISTICS]; /* density of each over the resamples */
    bool has_slope;                  /* sampled linearly: STATISTIC_SLOPE is filled */
    double r_squared;
    struct outliers outliers;
    struct curve density; /* of the time an iteration */
    bool compared;        /* with stored samples, and a ratio exists */
    struct comparison comparison;
    struct curve old_density; /* of the stored samples */
    double old_lowmean;
    /* Of recorded latencies, by whoever has their histogram: analysis_run knows none. */
    struct latency_interval latency[LATENCY_QUANTILES];
};

/* Fills *analysis. count in [2, RESAMPLE_COUNT_MAX]; `old` is NULL, or old_count stored samples to
 * compare with. */
void analysis_run(const struct sample *samples, size_t count, bool linear, const struct sample *old,
                  size_t old_count, const struct analysis_settings *settings,
                  struct analysis *analysis);

/* Relative half-width of the interval of lowmean, from few resamples: whether sampling may stop. */
double analysis_precision(const struct sample *samples, size_t count, double confidence,
                          uint64_t seed);

/* "lowmean", "mean", "median", "mad", "std_dev", "slope". */
const char *analysis_statistic_name(enum statistic statistic);

#endif
