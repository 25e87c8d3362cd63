#include "pipeline/tracer_internal.h"

#include "clock.h"
#include "pipeline/item.h"
#include "random.h"
#include "span_internal.h"

/*
 * How large the first block of this thread's next span should be, so that spans with attributes do
 * not need a second one: as large as the last one that did not suffice. After a run of spans that
 * would fit into half of it, it is half as large.
 */
#define FIRST_BLOCK_MAX 4096u
#define SHRINKS_AFTER   32u

struct first_block {
    size_t bytes; /* 0: the smallest */
    unsigned half_empty;
};

static _Thread_local struct first_block first_block __attribute__((tls_model("initial-exec")));

static void learn_size(const struct otlp__arena *arena)
{
    struct first_block *first = &first_block;
    size_t unused = (size_t)(arena->high - arena->low);
    if (arena->block->next != NULL) {
        size_t used = otlp__arena_bytes(arena) - unused;
        size_t bytes = 2 * (size_t)OTLP__BLOCK_SMALLEST;
        while (bytes < used && bytes < FIRST_BLOCK_MAX) {
            bytes *= 2;
        }
        *first = (struct first_block){bytes, 0};
    } else if (2 * unused < arena->block->size) {
        first->half_empty = 0;
    } else if (first->bytes > OTLP__BLOCK_SMALLEST && ++first->half_empty == SHRINKS_AFTER) {
        *first = (struct first_block){first->bytes / 2, 0};
    }
}

enum decision { UNDECIDED, SAMPLED, NOT_SAMPLED };

static enum decision by(bool is_sampled)
{
    return is_sampled ? SAMPLED : NOT_SAMPLED;
}

/* What can be said without a trace id and without asking delegates. parent: valid, or NULL. */
static enum decision decide_early(const struct otlp_sampler *sampler,
                                  const struct otlp_span_context *parent)
{
    if (sampler == NULL) {
        return by(parent == NULL || otlp_span_context_is_sampled(parent));
    }
    if (sampler->kind == OTLP_SAMPLER_ALWAYS_ON || sampler->kind == OTLP_SAMPLER_ALWAYS_OFF) {
        return by(sampler->kind == OTLP_SAMPLER_ALWAYS_ON);
    }
    return UNDECIDED;
}

/* A span that records nothing keeps its memory zeroed but for what begin() sets. */
static struct otlp_span *take_idle(void)
{
    struct otlp__block *block = otlp__block_take_kept();
    return block != NULL ? (struct otlp_span *)(block + 1)
                         : otlp__span_allocate(OTLP__BLOCK_SMALLEST);
}

static void begin(struct otlp_span *span, const struct otlp_span_context *parent,
                  const struct otlp_trace_id *trace_id, struct otlp_id_generator *ids)
{
    static const struct otlp_span_id none;
    struct otlp_span_context *context = &span->data.context;
    if (parent != NULL) {
        context->trace_id = parent->trace_id;
        context->flags = parent->flags & OTLP_FLAG_RANDOM;
        context->tracestate = otlp_tracestate_ref(parent->tracestate);
        span->data.parent_span_id = parent->span_id;
        span->data.parent_is_remote = parent->is_remote;
    } else {
        if (trace_id != NULL) {
            context->trace_id = *trace_id;
        } else {
            otlp__fill_trace_id(ids, &context->trace_id);
        }
        context->flags = OTLP_FLAG_RANDOM;
        context->tracestate = NULL;
        span->data.parent_span_id = none;
        span->data.parent_is_remote = false;
    }
    otlp__fill_span_id(ids, &context->span_id);
}

struct otlp_span *otlp_tracer_start_n(struct otlp_tracer *tracer, const char *name, size_t name_len,
                                      const struct otlp_span_options *options)
{
    static const struct otlp_span_options defaults;
    options = options != NULL ? options : &defaults;
    const struct otlp_sampler *sampler =
        options->sampler != NULL ? options->sampler : tracer->sampler;
    const struct otlp_span_context *parent = options->parent;
    if (parent == NULL && otlp__active_top != NULL) {
        parent = &otlp__active_top->context;
    }
    parent = otlp_span_context_is_valid(parent) ? parent : NULL;
    struct otlp_id_generator *ids = options->ids != NULL ? options->ids : otlp__thread_generator();
    const struct otlp_trace_id *trace_id = NULL;
    struct otlp_trace_id drawn;
    enum decision decision = decide_early(sampler, parent);
    bool is_early = decision != UNDECIDED;
    if (!is_early) {
        if (parent == NULL) {
            otlp__fill_trace_id(ids, &drawn);
            trace_id = &drawn;
        }
        decision =
            by(otlp_sampler_decide(sampler, parent, parent != NULL ? parent->trace_id : drawn));
    }
    struct otlp_span *span =
        decision == SAMPLED ? otlp__span_allocate(first_block.bytes) : take_idle();
    if (span == NULL) {
        return NULL;
    }
    begin(span, parent, trace_id, ids);
    span->tracer = tracer;
    if (decision != SAMPLED) {
        return span;
    }
    if ((!is_early && otlp__span_set_threshold(span, sampler, parent) != 0) ||
        otlp__span_record(span, name, name_len, options,
                          options->limits != NULL ? options->limits : tracer->limits) != 0) {
        otlp_span_free(span);
        return NULL;
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
    if (!span->is_sampled) {
        otlp_tracestate_unref(span->data.context.tracestate);
        otlp__block_keep(span->arena.block);
        return 0;
    }
    if (sinks->count == 0) {
        otlp_span_free(span);
        return 0;
    }
    span->is_ended = true;
    span->data.end_unix_ns = end_unix_ns != 0 ? end_unix_ns : otlp__now_unix_ns();
    learn_size(&span->arena);
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
