#include "propagation.h"

int otlp__header_once(const struct otlp_carrier *carrier, const char *name, size_t name_len,
                      struct otlp_header_value *value)
{
    size_t found = carrier->get(carrier->data, name, name_len, value, 1);
    if (found == 0) {
        return OTLP_ENOTFOUND;
    }
    return found == 1 ? 0 : OTLP_EFORMAT;
}

void otlp__propagation_take_span(struct otlp_propagation *context,
                                 const struct otlp_span_context *span, enum otlp_sampling sampling)
{
    otlp_tracestate_unref(context->held);
    context->span = *span;
    context->sampling = sampling;
    context->held = span->tracestate;
}

void otlp_propagation_clear(struct otlp_propagation *context)
{
    static const struct otlp_span_context none = {.is_remote = false};
    otlp__propagation_take_span(context, &none, OTLP_SAMPLING_BY_FLAGS);
    otlp_baggage_clear(&context->baggage);
}

void otlp_propagation_release(struct otlp_propagation *context)
{
    if (context != NULL) {
        otlp_propagation_clear(context);
        otlp_baggage_release(&context->baggage);
    }
}
