#include "pipeline/processor_internal.h"

static enum otlp_drop_reason reason_of(enum otlp_export_outcome outcome)
{
    switch (outcome) {
    case OTLP_EXPORT_REFUSED:
        return OTLP_DROPPED_REFUSED;
    case OTLP_EXPORT_TIMED_OUT:
        return OTLP_DROPPED_TIMED_OUT;
    case OTLP_EXPORT_UNAVAILABLE:
        return OTLP_DROPPED_UNAVAILABLE;
    case OTLP_EXPORT_SHUT_DOWN:
        return OTLP_DROPPED_SHUT_DOWN;
    case OTLP_EXPORT_DELIVERED:
    case OTLP_EXPORT_FAILED:
        break;
    }
    return OTLP_DROPPED_FAILED;
}

void otlp__count_export(struct otlp_processor_counts *counts, size_t items, int encoded,
                        enum otlp_export_outcome outcome, size_t rejected)
{
    if (encoded != 0) {
        counts->dropped[encoded == OTLP_ENOMEM ? OTLP_DROPPED_NO_MEMORY : OTLP_DROPPED_UNENCODED] +=
            items;
        return;
    }
    counts->requests++;
    if (outcome != OTLP_EXPORT_DELIVERED) {
        counts->dropped[reason_of(outcome)] += items;
        return;
    }
    rejected = rejected < items ? rejected : items;
    counts->rejected += rejected;
    counts->delivered += items - rejected;
}

void otlp_processor_counts(struct otlp_processor *processor, struct otlp_processor_counts *counts)
{
    processor->ops->counts(processor, counts);
}

uint64_t otlp_processor_counts_dropped(const struct otlp_processor_counts *counts)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < OTLP_DROP_REASONS; i++) {
        sum += counts->dropped[i];
    }
    return sum;
}

const char *otlp_drop_reason_name(enum otlp_drop_reason reason)
{
    static const char *const names[OTLP_DROP_REASONS] = {
        [OTLP_DROPPED_NEWEST] = "newest",       [OTLP_DROPPED_OLDEST] = "oldest",
        [OTLP_DROPPED_BLOCKED] = "blocked",     [OTLP_DROPPED_MEMORY] = "memory",
        [OTLP_DROPPED_NO_MEMORY] = "no memory", [OTLP_DROPPED_SHUT_DOWN] = "shut down",
        [OTLP_DROPPED_UNENCODED] = "unencoded", [OTLP_DROPPED_REFUSED] = "refused",
        [OTLP_DROPPED_TIMED_OUT] = "timed out", [OTLP_DROPPED_UNAVAILABLE] = "unavailable",
        [OTLP_DROPPED_FAILED] = "failed",
    };
    return names[reason];
}

int otlp_processor_force_flush(struct otlp_processor *processor, uint64_t timeout_ns)
{
    return processor->ops->force_flush(processor, timeout_ns);
}

int otlp_processor_shutdown(struct otlp_processor *processor, uint64_t timeout_ns)
{
    return processor->ops->shutdown(processor, timeout_ns);
}

void otlp_processor_free(struct otlp_processor *processor)
{
    if (processor != NULL) {
        processor->ops->free(processor);
    }
}

void otlp_processor_set_batch_size(struct otlp_processor *processor, size_t items)
{
    if (processor->ops->set_batch_size != NULL) {
        processor->ops->set_batch_size(processor, items);
    }
}

void otlp_processor_set_workers(struct otlp_processor *processor, unsigned workers)
{
    if (processor->ops->set_workers != NULL) {
        processor->ops->set_workers(processor, workers);
    }
}
