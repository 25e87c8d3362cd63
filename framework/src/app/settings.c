#include "app/settings.h"
#include "measure/clock.h"
#include "measure/counting.h"

#include <math.h>

/* A lap this many times as long as a pair of clock reads holds them below a tenth of a percent. */
#define LAP_OVER_CLOCK 1000.0
/* Threads do not start a lap at the same instant; it must be long beside that. */
#define LAP_OF_THREADS_NS 4e6
/* Length that laps are planned to have on average, and how often the samples are taken again while
 * they are not precise enough. */
#define LAP_NS 1e6
#define ROUNDS 4
/* Samples of one iteration are short and noisy: more of them may be taken. */
#define ROUNDS_OF_SINGLES 20
/* Part of a benchmark's share of a time budget that goes to warm-up, and part that is spent on
 * other than measuring. */
#define BUDGET_WARM_UP 0.2
#define BUDGET_MEASURE 0.7
/* Part that goes to counting, and how many of its laps are that long together. */
#define BUDGET_COUNT     0.05
#define COUNTING_LAPS_NS (3.0 * COUNTING_PAIRS + 2)

static bool precise_enough(const struct sample *samples, size_t count, void *context)
{
    const struct options *options = context;
    return analysis_precision(samples, count, options->confidence_level, options->seed) <=
           options->target_precision;
}

static double choose(bool given, double option, double field)
{
    return !given && field > 0 ? field : option;
}

static size_t sample_size(const struct options *options, const struct assay_entry *entry)
{
    bool given = options->given[OPTION_SAMPLE_SIZE] || options->quick;
    size_t size =
        !given && entry->sample_size > 0 ? entry->sample_size : (size_t)options->sample_size;
    size = size < SAMPLES_MIN ? SAMPLES_MIN : size;
    return size > RESAMPLE_COUNT_MAX ? RESAMPLE_COUNT_MAX : size;
}

struct sampler_plan settings_for_sampling(const struct options *options, const struct plan_case *c,
                                          double share_s)
{
    const struct assay_entry *entry = c->entry;
    double warm_up_s = choose(options->given[OPTION_WARM_UP_TIME] || options->quick,
                              options->warm_up_time_s, entry->warm_up_time);
    double measure_s = choose(options->given[OPTION_MEASUREMENT_TIME] || options->quick,
                              options->measurement_time_s, entry->measurement_time);
    int mode = options->given[OPTION_SAMPLING_MODE] || entry->sampling == ASSAY_AUTO
                   ? options->sampling_mode
                   : (int)entry->sampling;
    if (share_s > 0) {
        warm_up_s = fmin(warm_up_s, share_s * BUDGET_WARM_UP);
        measure_s = fmin(measure_s, share_s * BUDGET_MEASURE);
    }
    struct sampler_plan plan = {
        .mode = options->test                         ? SAMPLER_ONCE
                : options->given[OPTION_PROFILE_TIME] ? SAMPLER_PROFILE
                                                      : SAMPLER_MEASURE,
        .warm_up_ns = warm_up_s * 1e9,
        .measure_ns =
            options->given[OPTION_PROFILE_TIME] ? options->profile_time_s * 1e9 : measure_s * 1e9,
        .sample_size = sample_size(options, entry),
        .force_linear = mode == ASSAY_LINEAR,
        .force_flat = mode == ASSAY_FLAT,
        .shortest_lap_ns =
            fmax(clock_init()->cost_ns, clock_init()->resolution_ns) * LAP_OVER_CLOCK,
        .seed = options->seed,
        .stream = c->id,
    };
    if (mode == ASSAY_AUTO && batching_follows_lap(&c->bench_case.batching)) {
        plan.force_flat = true;
    }
    plan.single = c->bench_case.cold;
    double lap_ns = LAP_NS;
    if (c->bench_case.threads > 1) {
        lap_ns = LAP_OF_THREADS_NS;
        plan.shortest_lap_ns = fmax(plan.shortest_lap_ns, LAP_OF_THREADS_NS / 2);
    }
    plan.rounds = 1;
    plan.round_ns = plan.measure_ns;
    if (options->target_precision > 0) {
        size_t rounds = plan.single ? ROUNDS_OF_SINGLES : ROUNDS;
        plan.rounds = RESAMPLE_COUNT_MAX / plan.sample_size < rounds
                          ? RESAMPLE_COUNT_MAX / plan.sample_size
                          : rounds;
        plan.round_ns = fmin(plan.measure_ns, lap_ns * (double)plan.sample_size);
        plan.enough = precise_enough;
        plan.enough_context = (void *)(uintptr_t)options;
    }
    return plan;
}

struct counters_request settings_for_counting(const struct options *options, double share_s)
{
    double share_ns = share_s > 0 ? share_s * 1e9 : INFINITY;
    return (struct counters_request){
        .events = options->events.count > 0 ? &options->events : NULL,
        .lap_ns = fmin(COUNTING_LAP_NS, share_ns * BUDGET_COUNT / COUNTING_LAPS_NS),
    };
}

struct analysis_settings settings_for_analysis(const struct options *options, const char *stream)
{
    return (struct analysis_settings){
        .resamples = (size_t)options->nresamples,
        .compare = {.confidence = options->confidence_level,
                    .significance = options->significance_level,
                    .noise_threshold = options->noise_threshold},
        .seed = options->seed,
        .stream = stream,
        .regress = options->regress_pairs,
        .regress_count = options->regress_count,
    };
}
