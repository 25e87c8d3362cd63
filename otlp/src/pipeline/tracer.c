#include "pipeline/tracer_internal.h"

#include "clock.h"
#include "pipeline/item.h"
#include "span_internal.h"

struct otlp_span *otlp_tracer_start_n(struct otlp_tracer *tracer, const char *name, size_t name_len,
                                      const struct otlp_span_options *options)
{
    struct otlp_span_options resolved = {.sampler = tracer->sampler, .limits = tracer->limits};
    if (options != NULL) {
        resolved = *options;
        resolved.sampler = options->sampler != NULL ? options->sampler : tracer->sampler;
        resolved.limits = options->limits != NULL ? options->limits : tracer->limits;
    }
    if (resolved.parent == NULL && otlp__active_top != NULL) {
        resolved.parent = &otlp__active_top->context;
    }
    struct otlp_span *span = otlp_span_start_n(name, name_len, &resolved);
    if (span != NULL) {
        span->tracer = tracer;
    }
    return span;
}

static void give_away(const struct otlp__sinks *sinks, void *item, size_t bytes)
{
    for (size_t i = 0; i < sinks->count; i++) {
        sinks->items[i]->ops->put(sinks->items[i], item, bytes);
    }
}

int otlp__tracer_span_end(struct otlp_span *span, uint64_t end_unix_ns)
{
    const struct otlp__sinks *sinks = &span->tracer->sinks;
    if (span->attached > 0) {
        otlp__active_forget(span);
        span->attached = 0;
    }
    if (!span->is_sampled || sinks->count == 0) {
        otlp_span_free(span);
        return 0;
    }
    span->is_ended = true;
    span->data.end_unix_ns = end_unix_ns != 0 ? end_unix_ns : otlp__now_unix_ns();
    if (sinks->count > 1) {
        atomic_store_explicit(&span->references, (unsigned)sinks->count, memory_order_relaxed);
    }
    give_away(sinks, span, otlp__item_bytes(OTLP_TRACES, span));
    return 0;
}

int otlp_logger_emit(struct otlp_logger *logger, const struct otlp_log_record *record)
{
    struct otlp_log_record with_context;
    if (otlp__active_top != NULL && !otlp_trace_id_is_valid(record->trace_id)) {
        with_context = *record;
        with_context.trace_id = otlp__active_top->context.trace_id;
        with_context.span_id = otlp__active_top->context.span_id;
        with_context.flags = otlp__active_top->context.flags;
        record = &with_context;
    }
    struct otlp__log_item *item = NULL;
    int rc = otlp__log_item_new(record, &logger->origin, logger->limits, &item);
    if (rc != 0) {
        return rc;
    }
    if (logger->sinks.count == 0) {
        otlp__item_release(OTLP_LOGS, item);
        return 0;
    }
    atomic_store_explicit(&item->references, (unsigned)logger->sinks.count, memory_order_relaxed);
    give_away(&logger->sinks, item, otlp__item_bytes(OTLP_LOGS, item));
    return 0;
}
