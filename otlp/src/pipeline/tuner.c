#include <otlp/tuner.h>

#include <stdlib.h>
#include <sys/resource.h>

#include "clock.h"
#include "pipeline/event.h"

struct otlp_tuner {
    struct otlp_processor *processor;
    struct otlp_tuner_targets targets;
    struct otlp_tuner_bounds bounds;
    struct otlp_tuner_settings settings;
    otlp_tuner_hook *hook;
    void *user;
    bool has_looked;
    struct otlp_processor_counts seen;
    uint64_t seen_ns;
    double seen_cpu_s;
    struct otlp_tuner_entry entries[OTLP_TUNER_LOG];
    size_t entry_count; /* ever */
};

static bool is_valid(const struct otlp_tuner_bounds *bounds)
{
    return bounds->min.batch_size > 0 && bounds->min.batch_size <= bounds->max.batch_size &&
           bounds->min.workers > 0 && bounds->min.workers <= bounds->max.workers &&
           bounds->min.compression <= bounds->max.compression;
}

int otlp_tuner_new(struct otlp_processor *processor, const struct otlp_tuner_targets *targets,
                   const struct otlp_tuner_bounds *bounds, otlp_tuner_hook *hook, void *user,
                   struct otlp_tuner **tuner)
{
    if (!is_valid(bounds)) {
        return OTLP_EINVAL;
    }
    struct otlp_tuner *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return OTLP_ENOMEM;
    }
    struct otlp_processor_counts counts;
    otlp_processor_counts(processor, &counts);
    made->processor = processor;
    made->targets = *targets;
    made->bounds = *bounds;
    made->settings = (struct otlp_tuner_settings){
        .batch_size = counts.batch_size,
        .workers = bounds->max.workers,
        .compression = bounds->min.compression,
    };
    made->hook = hook;
    made->user = user;
    *tuner = made;
    return 0;
}

static double cpu_seconds(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) {
        return 0;
    }
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* False: there is nothing to compare with yet. */
static bool look(struct otlp_tuner *tuner, struct otlp_tuner_sample *sample)
{
    struct otlp_processor_counts now;
    otlp_processor_counts(tuner->processor, &now);
    uint64_t now_ns = otlp__monotonic_ns();
    double cpu_s = cpu_seconds();
    const struct otlp_processor_counts *before = &tuner->seen;
    double seconds = (double)(now_ns - tuner->seen_ns) / 1e9;
    bool is_comparable = tuner->has_looked && seconds > 0;
    if (is_comparable) {
        uint64_t requests = now.requests - before->requests;
        uint64_t dropped =
            otlp_processor_counts_dropped(&now) - otlp_processor_counts_dropped(before);
        *sample = (struct otlp_tuner_sample){
            .offered_per_second = (double)(now.ended - before->ended) / seconds,
            .delivered_per_second = (double)(now.delivered - before->delivered) / seconds,
            .dropped_per_second = (double)dropped / seconds,
            .latency_ns = requests > 0 ? (now.sending_ns - before->sending_ns) / requests : 0,
            .memory_bytes = now.memory_bytes,
            .cpu_share = (cpu_s - tuner->seen_cpu_s) / seconds,
        };
    }
    tuner->has_looked = true;
    tuner->seen = now;
    tuner->seen_ns = now_ns;
    tuner->seen_cpu_s = cpu_s;
    return is_comparable;
}

void otlp_tuner_step(struct otlp_tuner *tuner)
{
    struct otlp_tuner_sample sample;
    if (!look(tuner, &sample)) {
        otlp_processor_set_workers(tuner->processor, tuner->settings.workers);
        return;
    }
    struct otlp_tuner_entry *entry = &tuner->entries[tuner->entry_count++ % OTLP_TUNER_LOG];
    *entry = (struct otlp_tuner_entry){
        .time_unix_ns = otlp__now_unix_ns(),
        .sample = sample,
        .before = tuner->settings,
        .decision = otlp_tune(&tuner->targets, &tuner->bounds, &tuner->settings, &sample),
    };
    tuner->settings = entry->decision.settings;
    otlp_processor_set_batch_size(tuner->processor, tuner->settings.batch_size);
    otlp_processor_set_workers(tuner->processor, tuner->settings.workers);
    if (tuner->hook != NULL) {
        tuner->hook(tuner->user, entry);
    }
}

size_t otlp_tuner_log(const struct otlp_tuner *tuner, struct otlp_tuner_entry *entries, size_t max)
{
    size_t held = tuner->entry_count < OTLP_TUNER_LOG ? tuner->entry_count : OTLP_TUNER_LOG;
    size_t count = held < max ? held : max;
    for (size_t i = 0; i < count; i++) {
        entries[i] = tuner->entries[(tuner->entry_count - held + i) % OTLP_TUNER_LOG];
    }
    return count;
}

void otlp_tuner_free(struct otlp_tuner *tuner)
{
    free(tuner);
}
