#include <otlp/span.h>

#include <otlp/propagate.h>

#include "clock.h"
#include "random.h"
#include "sampler_internal.h"
#include "span_internal.h"

static const struct otlp_limits default_limits = OTLP_LIMITS_DEFAULT;
static const struct otlp_span_options default_options;

struct otlp_span *otlp__span_allocate(size_t block_bytes)
{
    struct otlp__block *block = otlp__block_take(block_bytes);
    if (block == NULL) {
        return NULL;
    }
    struct otlp_span *span = (struct otlp_span *)(block + 1);
    memset(span, 0, sizeof *span);
    block->next = NULL;
    span->arena.block = block;
    span->arena.low = (char *)(span + 1);
    span->arena.high = (char *)block + block->size;
    span->data.name = "";
    span->limits = &default_limits;
    atomic_init(&span->references, 1);
    return span;
}

static void set_context(struct otlp_span *span, const struct otlp_span_options *options)
{
    const struct otlp_span_context *parent = options->parent;
    struct otlp_id_generator *ids = options->ids != NULL ? options->ids : otlp__thread_generator();
    struct otlp_span_context *context = &span->data.context;
    if (otlp_span_context_is_valid(parent)) {
        context->trace_id = parent->trace_id;
        context->flags = parent->flags & OTLP_FLAG_RANDOM;
        context->tracestate = otlp_tracestate_ref(parent->tracestate);
        span->data.parent_span_id = parent->span_id;
        span->data.parent_is_remote = parent->is_remote;
    } else {
        otlp__fill_trace_id(ids, &context->trace_id);
        context->flags = OTLP_FLAG_RANDOM;
    }
    otlp__fill_span_id(ids, &context->span_id);
}

int otlp__span_set_threshold(struct otlp_span *span, const struct otlp_sampler *sampler,
                             const struct otlp_span_context *parent)
{
    if (otlp__sampler_leaf(sampler, parent)->kind != OTLP_SAMPLER_PROBABILITY) {
        return 0;
    }
    const struct otlp_tracestate *state = NULL;
    int rc = otlp_sampler_tracestate(sampler, parent, &state);
    if (rc == 0) {
        otlp_tracestate_unref(span->data.context.tracestate);
        span->data.context.tracestate = state;
    }
    return rc;
}

int otlp__span_record(struct otlp_span *span, const char *name, size_t name_len,
                      const struct otlp_span_options *options, const struct otlp_limits *limits)
{
    span->is_sampled = true;
    span->limits = limits;
    span->data.context.flags |= OTLP_FLAG_SAMPLED;
    span->data.kind =
        (uint8_t)(options->kind != OTLP_SPAN_KIND_UNSPECIFIED ? options->kind
                                                              : OTLP_SPAN_KIND_INTERNAL);
    span->data.name = otlp__arena_text(&span->arena, name, name_len);
    if (span->data.name == NULL) {
        return OTLP_ENOMEM;
    }
    span->data.name_len = (uint32_t)name_len;
    span->data.start_unix_ns =
        options->start_unix_ns != 0 ? options->start_unix_ns : otlp__now_unix_ns();
    return 0;
}

struct otlp_span *otlp_span_start_n(const char *name, size_t name_len,
                                    const struct otlp_span_options *options)
{
    options = options != NULL ? options : &default_options;
    struct otlp_span *span = otlp__span_allocate(OTLP__BLOCK_SMALLEST);
    if (span == NULL) {
        return NULL;
    }
    set_context(span, options);
    if (!otlp_sampler_decide(options->sampler, options->parent, span->data.context.trace_id)) {
        return span;
    }
    const struct otlp_limits *limits = options->limits != NULL ? options->limits : &default_limits;
    if (otlp__span_set_threshold(span, options->sampler, options->parent) != 0 ||
        otlp__span_record(span, name, name_len, options, limits) != 0) {
        otlp_span_free(span);
        return NULL;
    }
    return span;
}

int otlp_span_end(struct otlp_span *span, uint64_t end_unix_ns)
{
    if (span->tracer != NULL) {
        return otlp__tracer_span_end(span, end_unix_ns);
    }
    if (span->is_ended) {
        return OTLP_EENDED;
    }
    span->is_ended = true;
    if (span->is_sampled) {
        span->data.end_unix_ns = end_unix_ns != 0 ? end_unix_ns : otlp__now_unix_ns();
    }
    return 0;
}

bool otlp_span_is_recording(const struct otlp_span *span)
{
    return span->is_sampled && !span->is_ended;
}

bool otlp_span_is_exportable(const struct otlp_span *span)
{
    return span->is_sampled && span->is_ended;
}

const struct otlp_span_context *otlp_span_get_context(const struct otlp_span *span)
{
    return &span->data.context;
}

const struct otlp_span_data *otlp_span_get_data(const struct otlp_span *span)
{
    return &span->data;
}

size_t otlp_span_bytes(const struct otlp_span *span)
{
    return otlp__arena_bytes(&span->arena);
}

struct otlp_span *otlp_span_ref(struct otlp_span *span)
{
    if (!span->is_ended) {
        return NULL;
    }
    atomic_fetch_add_explicit(&span->references, 1, memory_order_relaxed);
    return span;
}

/* The only holder needs no atomic decrement: nobody else is left who could take a reference. */
static bool is_last_reference(struct otlp_span *span)
{
    return atomic_load_explicit(&span->references, memory_order_acquire) == 1 ||
           atomic_fetch_sub_explicit(&span->references, 1, memory_order_acq_rel) == 1;
}

void otlp_span_free(struct otlp_span *span)
{
    if (span == NULL || !is_last_reference(span)) {
        return;
    }
    if (span->attached > 0) {
        otlp__active_forget(span);
    }
    otlp_tracestate_unref(span->data.context.tracestate);
    for (uint32_t i = 0; i < span->data.link_count; i++) {
        otlp_tracestate_unref(span->data.links[i].context.tracestate);
    }
    otlp__block_give_chain(span->arena.block);
}
