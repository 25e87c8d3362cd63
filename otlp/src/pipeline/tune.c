#include <otlp/tuner.h>

#define MISSED_BY 1.05

/* What a rule finds, with the changes it would make, the best first. */
enum step {
    NO_STEP,
    SMALLER_BATCHES,
    LARGER_BATCHES,
    FEWER_WORKERS,
    MORE_WORKERS,
    WEAKER_COMPRESSION,
    STRONGER_COMPRESSION,
};

#define STEPS_MAX 3

struct rule {
    bool applies;
    enum step steps[STEPS_MAX];
    const char *reason;
};

struct state {
    bool is_memory_short;
    bool is_dropping;
    bool is_slow; /* throughput */
    bool is_late; /* latency */
    bool is_busy; /* CPU */
    bool has_slack;
};

static size_t within(size_t value, size_t min, size_t max)
{
    value = value > min ? value : min;
    return value < max ? value : max;
}

static struct state judge(const struct otlp_tuner_targets *targets,
                          const struct otlp_tuner_sample *sample)
{
    double wanted = targets->items_per_second;
    wanted = wanted < sample->offered_per_second ? wanted : sample->offered_per_second;
    double latency = (double)sample->latency_ns;
    double latency_max = (double)targets->latency_ns;
    struct state state = {
        .is_memory_short = targets->memory_bytes > 0 &&
                           (double)sample->memory_bytes > MISSED_BY * (double)targets->memory_bytes,
        .is_dropping = sample->dropped_per_second > 0,
        .is_slow =
            targets->items_per_second > 0 &&
            MISSED_BY * sample->delivered_per_second<wanted, .is_late = targets->latency_ns> 0 &&
            latency > MISSED_BY * latency_max,
        .is_busy = targets->cpu_share > 0 && sample->cpu_share > MISSED_BY * targets->cpu_share,
    };
    bool is_quick = targets->latency_ns > 0 && sample->latency_ns > 0 && 2 * latency < latency_max;
    bool is_idle = targets->cpu_share > 0 && 2 * sample->cpu_share < targets->cpu_share;
    state.has_slack = is_quick && (is_idle || targets->cpu_share <= 0);
    return state;
}

/* False: the bounds do not permit it, or there is nothing to do. */
static bool take_step(enum step step, const struct otlp_tuner_bounds *bounds,
                      struct otlp_tuner_decision *decision)
{
    struct otlp_tuner_settings *settings = &decision->settings;
    struct otlp_tuner_settings before = *settings;
    size_t fifth = before.batch_size / 5 > 0 ? before.batch_size / 5 : 1;
    switch (step) {
    case NO_STEP:
        return false;
    case SMALLER_BATCHES:
        settings->batch_size =
            within(before.batch_size - fifth, bounds->min.batch_size, bounds->max.batch_size);
        decision->change = OTLP_TUNE_BATCH_SIZE;
        return settings->batch_size != before.batch_size;
    case LARGER_BATCHES:
        settings->batch_size =
            within(before.batch_size + fifth, bounds->min.batch_size, bounds->max.batch_size);
        decision->change = OTLP_TUNE_BATCH_SIZE;
        return settings->batch_size != before.batch_size;
    case FEWER_WORKERS:
        settings->workers -= before.workers > bounds->min.workers;
        decision->change = OTLP_TUNE_WORKERS;
        return settings->workers != before.workers;
    case MORE_WORKERS:
        settings->workers += before.workers < bounds->max.workers;
        decision->change = OTLP_TUNE_WORKERS;
        return settings->workers != before.workers;
    case WEAKER_COMPRESSION:
        settings->compression -= before.compression > bounds->min.compression;
        decision->change = OTLP_TUNE_COMPRESSION;
        return settings->compression != before.compression;
    case STRONGER_COMPRESSION:
        settings->compression += before.compression < bounds->max.compression;
        decision->change = OTLP_TUNE_COMPRESSION;
        return settings->compression != before.compression;
    }
    return false;
}

struct otlp_tuner_decision otlp_tune(const struct otlp_tuner_targets *targets,
                                     const struct otlp_tuner_bounds *bounds,
                                     const struct otlp_tuner_settings *settings,
                                     const struct otlp_tuner_sample *sample)
{
    struct state state = judge(targets, sample);
    bool is_short = state.is_dropping || state.is_slow;
    const struct rule rules[] = {
        {state.is_memory_short,
         {SMALLER_BATCHES, FEWER_WORKERS, NO_STEP},
         "memory is above its target"},
        {is_short && state.is_busy,
         {WEAKER_COMPRESSION, NO_STEP, NO_STEP},
         "too little is delivered, and the CPU is above its target"},
        {is_short && state.is_late,
         {MORE_WORKERS, STRONGER_COMPRESSION, NO_STEP},
         "too little is delivered, and exports take longer than their target"},
        {is_short && !state.is_late,
         {LARGER_BATCHES, MORE_WORKERS, NO_STEP},
         "too little is delivered"},
        {state.is_late,
         {SMALLER_BATCHES, MORE_WORKERS, STRONGER_COMPRESSION},
         "exports take longer than their target"},
        {state.is_busy,
         {WEAKER_COMPRESSION, LARGER_BATCHES, FEWER_WORKERS},
         "the CPU is above its target"},
        {state.has_slack && !is_short && !state.is_memory_short,
         {LARGER_BATCHES, STRONGER_COMPRESSION, NO_STEP},
         "all targets are met with room to spare"},
    };
    struct otlp_tuner_decision decision = {
        .change = OTLP_TUNE_NOTHING,
        .settings = *settings,
        .reason = "all targets are met",
    };
    decision.settings.batch_size =
        within(settings->batch_size, bounds->min.batch_size, bounds->max.batch_size);
    decision.settings.workers =
        (unsigned)within(settings->workers, bounds->min.workers, bounds->max.workers);
    decision.settings.compression =
        (unsigned)within(settings->compression, bounds->min.compression, bounds->max.compression);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (!rules[i].applies) {
            continue;
        }
        decision.reason = rules[i].reason;
        for (size_t j = 0; j < STEPS_MAX; j++) {
            if (take_step(rules[i].steps[j], bounds, &decision)) {
                return decision;
            }
        }
        decision.change = OTLP_TUNE_NOTHING;
    }
    return decision;
}
