/*
 * Question: what does the analysis of one benchmark cost, 100 samples and 100,000 resamples, and
 * how does that compare with sorting every resample?
 *
 * Method: Assay measures itself. `full` is what every benchmark pays, `compared` adds a stored
 * baseline. `sorted` takes 1,000 resamples the plain way, copying, sorting and averaging each: a
 * hundred of its iterations are what `full` does in one.
 *
 * What would make the numbers wrong: easy data (samples here are skewed and differ), and results
 * that nobody uses (they are kept).
 */
#include <assay.h>

#include "analysis/analysis.h"
#include "analysis/stats.h"
#include "base/memory.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

ASSAY_SUITE("analysis_cost");

#define SAMPLES   100
#define RESAMPLES 100000

/* Times of a linear run: a floor, a skewed tail and a few interruptions. */
static void make_samples(struct sample samples[SAMPLES], uint64_t seed)
{
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t i = 0; i < SAMPLES; i++) {
        double u = (double)(rng_next(&rng) >> 11) / 9007199254740992.0;
        double per_iteration = 100 + 2 * -log(1 - u) + (rng_below(&rng, 25) == 0 ? 40 : 0);
        samples[i].iterations = 1000 * (i + 1);
        samples[i].time_ns = per_iteration * (double)samples[i].iterations;
    }
}

static struct analysis_settings make_settings(void)
{
    return (struct analysis_settings){
        .resamples = RESAMPLES,
        .compare = {.confidence = 0.95, .significance = 0.05, .noise_threshold = 0.01},
        .seed = 1,
        .stream = "analysis_cost"};
}

static void run(assay_bench *b, bool compared)
{
    struct sample samples[SAMPLES] = {0};
    struct sample old[SAMPLES] = {0};
    struct analysis *analysis = memory_zeroed(1, sizeof *analysis);
    struct analysis_settings settings = make_settings();
    make_samples(samples, 1);
    make_samples(old, 2);
    analysis_run(samples, SAMPLES, true, compared ? old : NULL, SAMPLES, &settings, analysis);
    const struct estimate *e = &analysis->estimates[STATISTIC_LOWMEAN];
    if (!(e->lower < e->point && e->point < e->upper) || analysis->compared != compared) {
        assay_fail(b, "the analysis gives no interval around its estimate");
    }
    ASSAY_LOOP(b) {
        analysis_run(samples, SAMPLES, true, compared ? old : NULL, SAMPLES, &settings, analysis);
        assay_touch(analysis);
    }
    free(analysis);
}

ASSAY_BENCH(full, .sampling = ASSAY_FLAT, .sample_size = 20, .measurement_time = 3)
{
    run(b, false);
}

ASSAY_BENCH(compared, .sampling = ASSAY_FLAT, .sample_size = 20, .measurement_time = 3)
{
    run(b, true);
}

static double estimate_by_sorting(const double values[SAMPLES], struct rng *rng)
{
    double drawn[SAMPLES];
    for (size_t i = 0; i < SAMPLES; i++) {
        drawn[i] = values[rng_below(rng, SAMPLES)];
    }
    stats_sort(drawn, SAMPLES);
    double mean = stats_mean(drawn, SAMPLES);
    double median = stats_quantile(drawn, SAMPLES, 0.5);
    return stats_lowmean(drawn, SAMPLES) + stats_variance(drawn, SAMPLES, mean) +
           stats_median_deviation(drawn, SAMPLES, median);
}

static double sum_by_sorting(const double values[SAMPLES], struct rng *rng, size_t resamples)
{
    double sum = 0;
    for (size_t i = 0; i < resamples; i++) {
        sum += estimate_by_sorting(values, rng);
    }
    return sum;
}

ASSAY_BENCH(sorted, .name = "sorted_1000_resamples", .sampling = ASSAY_FLAT, .sample_size = 20,
            .measurement_time = 3)
{
    struct sample samples[SAMPLES] = {0};
    double values[SAMPLES];
    struct rng rng;
    rng_seed(&rng, 3);
    make_samples(samples, 1);
    for (size_t i = 0; i < SAMPLES; i++) {
        values[i] = samples[i].time_ns / (double)samples[i].iterations;
    }
    double last = 0;
    ASSAY_LOOP(b) {
        last = sum_by_sorting(values, &rng, 1000);
        assay_keep(last);
    }
    if (!(last > 0)) {
        assay_fail(b, "the plain way gives nothing");
    }
}
