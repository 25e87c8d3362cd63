#include "analysis/scaling.h"
#include "analysis/stats.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

static double log_ratio(double a, double b)
{
    return fmax(log(a / b), 0);
}

struct estimate scaling_ratio(const struct estimate *a, const struct estimate *b)
{
    double ratio = a->point / b->point;
    double down = hypot(log_ratio(a->point, a->lower), log_ratio(b->upper, b->point));
    double up = hypot(log_ratio(a->upper, a->point), log_ratio(b->point, b->lower));
    double error = hypot(a->standard_error / a->point, b->standard_error / b->point);
    return (struct estimate){.point = ratio,
                             .lower = ratio * exp(-down),
                             .upper = ratio * exp(up),
                             .standard_error = ratio * error};
}

static struct estimate times(const struct estimate *e, double factor)
{
    return (struct estimate){.point = e->point * factor,
                             .lower = e->lower * factor,
                             .upper = e->upper * factor,
                             .standard_error = e->standard_error * factor};
}

bool scaling_of(const struct scaling_point *base, const struct scaling_point *point,
                struct scaling *scaling)
{
    static const struct estimate one = {.point = 1, .lower = 1, .upper = 1};
    *scaling = (struct scaling){0};
    const struct estimate *t = &point->time_ns;
    if (!(base->time_ns.lower > 0) || !(t->lower > 0)) {
        return false;
    }
    double all_ns = point->threads * 1e9;
    struct estimate exact = {.point = all_ns, .lower = all_ns, .upper = all_ns};
    scaling->base_threads = base->threads;
    scaling->iterations_per_s = scaling_ratio(&exact, t);
    scaling->efficiency = point == base ? one : scaling_ratio(&base->time_ns, t);
    scaling->speed_up = times(&scaling->efficiency, (double)point->threads / (double)base->threads);
    return true;
}

/* Slowest over fastest; 0 when a thread took no time. */
static double evenness(const struct thread_sample *of, unsigned threads)
{
    double slowest = INFINITY;
    double fastest = 0;
    for (unsigned i = 0; i < threads; i++) {
        double rate = of[i].time_ns > 0 ? (double)of[i].iterations / of[i].time_ns : 0;
        slowest = fmin(slowest, rate);
        fastest = fmax(fastest, rate);
    }
    return slowest > 0 ? slowest / fastest : 0;
}

bool scaling_fairness(const struct record *record, const struct analysis_settings *settings,
                      struct estimate *fairness)
{
    *fairness = (struct estimate){0};
    if (record->threads == 0) {
        return false;
    }
    size_t count = 0;
    double *values = memory_zeroed(record->sample_count, sizeof *values);
    for (size_t i = 0; i < record->sample_count; i++) {
        double value = evenness(record_of_threads(record, i), record->threads);
        if (value > 0) {
            values[count++] = value;
        }
    }
    if (count > 1) {
        double *medians = memory_zeroed(2 * settings->resamples, sizeof *medians);
        double *out[STATISTICS] = {[STATISTIC_MEDIAN] = medians};
        struct resample_data data = {.count = count, .value = values};
        struct rng rng;
        stats_sort(values, count);
        rng_seed_stream(&rng, settings->seed, settings->stream);
        resample(&data, &rng, settings->resamples, out);
        *fairness =
            resample_summary(medians, settings->resamples, stats_quantile(values, count, 0.5),
                             settings->compare.confidence, medians + settings->resamples, NULL);
        free(medians);
    }
    free(values);
    return count > 1;
}
