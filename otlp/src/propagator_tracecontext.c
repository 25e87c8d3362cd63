#include "propagation.h"

static int inject(const struct otlp_propagation *context, const struct otlp_carrier *carrier)
{
    if (!otlp_span_context_is_valid(&context->span)) {
        return 0;
    }
    char text[OTLP_TRACEPARENT_LEN];
    otlp_traceparent_format(&context->span, text);
    int rc = carrier->set(carrier->data, OTLP__TEXT("traceparent"), text, sizeof text);
    if (rc != 0 || context->span.tracestate == NULL) {
        return rc;
    }
    struct otlp_header_value state = otlp_tracestate_text(context->span.tracestate);
    return carrier->set(carrier->data, OTLP__TEXT("tracestate"), state.text, state.len);
}

static int extract_state(const struct otlp_carrier *carrier, const struct otlp_tracestate **state)
{
    struct otlp_header_value values[OTLP_HEADER_REPEAT_MAX];
    size_t count =
        carrier->get(carrier->data, OTLP__TEXT("tracestate"), values, OTLP_HEADER_REPEAT_MAX);
    if (count == 0) {
        return OTLP_ENOTFOUND;
    }
    return count > OTLP_HEADER_REPEAT_MAX ? OTLP_ETOOBIG
                                          : otlp_tracestate_parse_headers(values, count, state);
}

static int extract(struct otlp_propagation *context, const struct otlp_carrier *carrier)
{
    struct otlp_header_value parent;
    struct otlp_span_context span;
    int rc = otlp__header_once(carrier, OTLP__TEXT("traceparent"), &parent);
    if (rc == 0) {
        rc = otlp_traceparent_parse(parent.text, parent.len, &span);
    }
    if (rc != 0) {
        return rc;
    }
    rc = extract_state(carrier, &span.tracestate);
    otlp__propagation_take_span(context, &span, OTLP_SAMPLING_BY_FLAGS);
    return rc == OTLP_ENOMEM ? rc : 0;
}

static const char *const fields[] = {"traceparent", "tracestate", NULL};

const struct otlp_propagator otlp_propagator_tracecontext = {
    .name = "tracecontext",
    .fields = fields,
    .inject = inject,
    .extract = extract,
};
