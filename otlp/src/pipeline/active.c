#include "pipeline/tracer_internal.h"

#include "span_internal.h"

_Thread_local struct otlp_active *otlp__active_top __attribute__((tls_model("initial-exec")));

/* A span may be given away and freed while its context is still current: the entry has a reference
 * of its own to the tracestate. */
static void push(struct otlp_active *active, struct otlp_span *span,
                 const struct otlp_span_context *context, const struct otlp_baggage *baggage)
{
    active->outer = otlp__active_top;
    active->span = span;
    active->context = *context;
    active->baggage = baggage;
    (void)otlp_tracestate_ref(context->tracestate);
    if (span != NULL) {
        span->attached++;
    }
    otlp__active_top = active;
}

void otlp_attach(struct otlp_active *active, struct otlp_span *span)
{
    push(active, span, &span->data.context, otlp_current_baggage());
}

void otlp_attach_context(struct otlp_active *active, const struct otlp_span_context *context)
{
    push(active, NULL, context, otlp_current_baggage());
}

void otlp_attach_baggage(struct otlp_active *active, const struct otlp_baggage *baggage)
{
    push(active, otlp_current_span(), otlp_current_context(), baggage);
}

static void pop(void)
{
    struct otlp_active *active = otlp__active_top;
    if (active->span != NULL) {
        active->span->attached--;
    }
    otlp_tracestate_unref(active->context.tracestate);
    otlp__active_top = active->outer;
}

int otlp_detach(struct otlp_active *active)
{
    const struct otlp_active *entry = otlp__active_top;
    while (entry != NULL && entry != active) {
        entry = entry->outer;
    }
    if (entry == NULL) {
        return OTLP_ENOTFOUND;
    }
    const struct otlp_active *outer = active->outer;
    while (otlp__active_top != outer) {
        pop();
    }
    return 0;
}

void otlp__active_forget(const struct otlp_span *span)
{
    for (struct otlp_active *active = otlp__active_top; active != NULL; active = active->outer) {
        if (active->span == span) {
            active->span = NULL;
        }
    }
}

struct otlp_span *otlp_current_span(void)
{
    return otlp__active_top != NULL ? otlp__active_top->span : NULL;
}

const struct otlp_span_context *otlp_current_context(void)
{
    static const struct otlp_span_context invalid;
    return otlp__active_top != NULL ? &otlp__active_top->context : &invalid;
}

const struct otlp_baggage *otlp_current_baggage(void)
{
    return otlp__active_top != NULL ? otlp__active_top->baggage : NULL;
}
