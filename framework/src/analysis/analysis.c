#include "analysis/analysis.h"
#include "analysis/stats.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

#define PRECISION_RESAMPLES 400

/* Samples as columns: in the order of time taken, and sorted by the time of an iteration. */
struct columns {
    size_t count;
    double *in_order;
    double *value;
    double *iterations;
    double *time;
};

static int by_value(const void *a, const void *b)
{
    const struct sample *const *x = a;
    const struct sample *const *y = b;
    double left = (*x)->time_ns / (double)(*x)->iterations;
    double right = (*y)->time_ns / (double)(*y)->iterations;
    if (left != right) {
        return left > right ? 1 : -1;
    }
    return (*x > *y) - (*x < *y); /* equal values in the order taken, on every C library */
}

static void columns_init(struct columns *c, const struct sample *samples, size_t count)
{
    const struct sample **order = memory_zeroed(count, sizeof(struct sample *));
    *c = (struct columns){.count = count,
                          .in_order = memory_zeroed(count, sizeof(double)),
                          .value = memory_zeroed(count, sizeof(double)),
                          .iterations = memory_zeroed(count, sizeof(double)),
                          .time = memory_zeroed(count, sizeof(double))};
    for (size_t i = 0; i < count; i++) {
        order[i] = &samples[i];
        c->in_order[i] = samples[i].time_ns / (double)samples[i].iterations;
    }
    qsort(order, count, sizeof(struct sample *), by_value);
    for (size_t i = 0; i < count; i++) {
        c->value[i] = order[i]->time_ns / (double)order[i]->iterations;
        c->iterations[i] = (double)order[i]->iterations;
        c->time[i] = order[i]->time_ns;
    }
    free(order);
}

static void columns_release(struct columns *c)
{
    free(c->in_order);
    free(c->value);
    free(c->iterations);
    free(c->time);
}

static void point_estimates(const struct columns *c, struct analysis *a, double point[STATISTICS])
{
    double mean = stats_mean(c->value, c->count);
    double median = stats_quantile(c->value, c->count, 0.5);
    point[STATISTIC_LOWMEAN] = stats_lowmean(c->value, c->count);
    point[STATISTIC_MEAN] = mean;
    point[STATISTIC_MEDIAN] = median;
    point[STATISTIC_MAD] = STATS_MAD_SCALE * stats_median_deviation(c->value, c->count, median);
    point[STATISTIC_STD_DEV] = sqrt(stats_variance(c->value, c->count, mean));
    point[STATISTIC_SLOPE] = 0;
    if (a->has_slope) {
        struct fit fit = stats_fit_through_origin(c->iterations, c->time, c->count);
        point[STATISTIC_SLOPE] = fit.slope;
        a->r_squared = fit.r_squared;
    }
}

static void compare_with_old(const struct columns *c, const struct sample *old, size_t old_count,
                             const struct analysis_settings *settings, struct rng *rng,
                             const double *lowmeans, double *old_lowmeans,
                             struct analysis *analysis)
{
    struct columns before;
    columns_init(&before, old, old_count);
    struct resample_data data = {.count = old_count, .value = before.value};
    double *out[STATISTICS] = {[STATISTIC_LOWMEAN] = old_lowmeans};
    resample(&data, rng, settings->resamples, out);
    struct compare_side old_side = {before.value, before.in_order, old_count};
    struct compare_side new_side = {c->value, c->in_order, c->count};
    analysis->comparison = compare_stored(&old_side, &new_side, old_lowmeans, lowmeans,
                                          settings->resamples, &settings->compare);
    analysis->compared = analysis->comparison.possible;
    analysis->old_lowmean = stats_lowmean(before.value, old_count);
    density_of_samples(before.value, old_count, &analysis->old_density);
    columns_release(&before);
}

void analysis_run(const struct sample *samples, size_t count, bool linear, const struct sample *old,
                  size_t old_count, const struct analysis_settings *settings,
                  struct analysis *analysis)
{
    *analysis = (struct analysis){.has_slope = linear};
    struct columns c;
    columns_init(&c, samples, count);
    double point[STATISTICS];
    point_estimates(&c, analysis, point);
    analysis->outliers = outliers_classify(c.value, count);
    density_of_samples(c.value, count, &analysis->density);

    struct rng rng;
    rng_seed_stream(&rng, settings->seed, settings->stream);
    double *block = memory_zeroed((STATISTICS + 1) * settings->resamples, sizeof *block);
    double *scratch = block + STATISTICS * settings->resamples;
    double *out[STATISTICS];
    for (size_t s = 0; s < STATISTICS; s++) {
        out[s] = s == STATISTIC_SLOPE && !linear ? NULL : block + s * settings->resamples;
    }
    struct resample_data data = {count, c.value, linear ? c.iterations : NULL, c.time};
    resample(&data, &rng, settings->resamples, out);
    for (size_t s = 0; s < STATISTICS; s++) {
        if (out[s] != NULL) {
            analysis->estimates[s] =
                resample_summary(out[s], settings->resamples, point[s],
                                 settings->compare.confidence, scratch, &analysis->curves[s]);
        }
    }
    if (old != NULL) {
        compare_with_old(&c, old, old_count, settings, &rng, out[STATISTIC_LOWMEAN], scratch,
                         analysis);
    }
    free(block);
    columns_release(&c);
}

double analysis_precision(const struct sample *samples, size_t count, double confidence,
                          uint64_t seed)
{
    struct columns c;
    columns_init(&c, samples, count);
    struct rng rng;
    rng_seed(&rng, seed);
    double values[PRECISION_RESAMPLES];
    double scratch[PRECISION_RESAMPLES];
    double *out[STATISTICS] = {[STATISTIC_LOWMEAN] = values};
    struct resample_data data = {.count = count, .value = c.value};
    resample(&data, &rng, PRECISION_RESAMPLES, out);
    double point = stats_lowmean(c.value, count);
    struct estimate e =
        resample_summary(values, PRECISION_RESAMPLES, point, confidence, scratch, NULL);
    columns_release(&c);
    return point > 0 ? (e.upper - e.lower) / 2 / point : INFINITY;
}

const char *analysis_statistic_name(enum statistic statistic)
{
    static const char *const names[STATISTICS] = {"lowmean", "mean",    "median",
                                                  "mad",     "std_dev", "slope"};
    return names[statistic];
}
