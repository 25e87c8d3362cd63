#include "ascii.h"
#include "b3.h"
#include "propagation.h"

static int inject_single(const struct otlp_propagation *context, const struct otlp_carrier *carrier)
{
    if (!otlp_span_context_is_valid(&context->span)) {
        return 0;
    }
    char text[OTLP_B3_SINGLE_MAX];
    size_t text_len = otlp_b3_format(&context->span, context->sampling, text);
    return carrier->set(carrier->data, OTLP__TEXT("b3"), text, text_len);
}

static int inject_decision(const struct otlp_propagation *context,
                           const struct otlp_carrier *carrier)
{
    switch (context->sampling) {
    case OTLP_SAMPLING_DEFERRED:
        return 0;
    case OTLP_SAMPLING_DEBUG:
        return carrier->set(carrier->data, OTLP__TEXT("X-B3-Flags"), "1", 1);
    default:
        return carrier->set(carrier->data, OTLP__TEXT("X-B3-Sampled"),
                            otlp_span_context_is_sampled(&context->span) ? "1" : "0", 1);
    }
}

static int inject_multi(const struct otlp_propagation *context, const struct otlp_carrier *carrier)
{
    if (!otlp_span_context_is_valid(&context->span)) {
        return 0;
    }
    char trace_id[OTLP_TRACE_ID_HEX];
    char span_id[OTLP_SPAN_ID_HEX];
    otlp_trace_id_to_hex(context->span.trace_id, trace_id);
    otlp_span_id_to_hex(context->span.span_id, span_id);
    int rc = carrier->set(carrier->data, OTLP__TEXT("X-B3-TraceId"), trace_id, sizeof trace_id);
    if (rc == 0) {
        rc = carrier->set(carrier->data, OTLP__TEXT("X-B3-SpanId"), span_id, sizeof span_id);
    }
    return rc != 0 ? rc : inject_decision(context, carrier);
}

/* Gets a header that may be there once, space around it dropped; absent is an empty value. */
static int get_trimmed(const struct otlp_carrier *carrier, const char *name, size_t name_len,
                       struct otlp_header_value *value)
{
    int rc = otlp__header_once(carrier, name, name_len, value);
    if (rc == OTLP_ENOTFOUND) {
        *value = (struct otlp_header_value){"", 0};
        return 0;
    }
    otlp__trim(&value->text, &value->len);
    return rc;
}

static bool is_word(const struct otlp_header_value *value, const char *word, size_t word_len)
{
    return otlp__equal_fold(value->text, value->len, word, word_len);
}

/* Debug wins over the sampled header: it implies an accept decision. */
static int multi_decision(const struct otlp_header_value *sampled,
                          const struct otlp_header_value *flags, enum otlp_sampling *sampling)
{
    if (is_word(flags, OTLP__TEXT("1"))) {
        *sampling = OTLP_SAMPLING_DEBUG;
    } else if (sampled->len == 0) {
        *sampling = OTLP_SAMPLING_DEFERRED;
    } else if (is_word(sampled, OTLP__TEXT("1")) || is_word(sampled, OTLP__TEXT("true"))) {
        *sampling = OTLP_SAMPLING_ACCEPTED;
    } else if (is_word(sampled, OTLP__TEXT("0")) || is_word(sampled, OTLP__TEXT("false"))) {
        *sampling = OTLP_SAMPLING_DENIED;
    } else {
        return OTLP_EFORMAT;
    }
    return 0;
}

static int extract_multi(struct otlp_propagation *context, const struct otlp_carrier *carrier)
{
    struct otlp_header_value trace_id;
    struct otlp_header_value span_id;
    struct otlp_header_value sampled;
    struct otlp_header_value flags;
    struct otlp_span_context span = {.is_remote = false};
    enum otlp_sampling sampling;
    if (get_trimmed(carrier, OTLP__TEXT("X-B3-TraceId"), &trace_id) != 0 ||
        get_trimmed(carrier, OTLP__TEXT("X-B3-SpanId"), &span_id) != 0 ||
        get_trimmed(carrier, OTLP__TEXT("X-B3-Sampled"), &sampled) != 0 ||
        get_trimmed(carrier, OTLP__TEXT("X-B3-Flags"), &flags) != 0 ||
        multi_decision(&sampled, &flags, &sampling) != 0) {
        return OTLP_EFORMAT;
    }
    if (trace_id.len == 0 && span_id.len == 0) {
        if (sampling == OTLP_SAMPLING_DEFERRED) {
            return OTLP_ENOTFOUND;
        }
        otlp__propagation_take_span(context, &span, sampling);
        return 0;
    }
    if (!otlp__b3_ids(&trace_id, &span_id, &span)) {
        return OTLP_EFORMAT;
    }
    if (sampling == OTLP_SAMPLING_ACCEPTED || sampling == OTLP_SAMPLING_DEBUG) {
        span.flags = OTLP_FLAG_SAMPLED;
    }
    bool is_plain = sampling == OTLP_SAMPLING_ACCEPTED || sampling == OTLP_SAMPLING_DENIED;
    otlp__propagation_take_span(context, &span, is_plain ? OTLP_SAMPLING_BY_FLAGS : sampling);
    return 0;
}

static int extract(struct otlp_propagation *context, const struct otlp_carrier *carrier)
{
    struct otlp_header_value value;
    struct otlp_span_context span;
    enum otlp_sampling sampling;
    int rc = otlp__header_once(carrier, OTLP__TEXT("b3"), &value);
    if (rc == OTLP_ENOTFOUND) {
        return extract_multi(context, carrier);
    }
    if (rc == 0) {
        rc = otlp_b3_parse(value.text, value.len, &span, &sampling);
    }
    if (rc == 0) {
        otlp__propagation_take_span(context, &span, sampling);
    }
    return rc;
}

static const char *const single_fields[] = {"b3", NULL};
static const char *const multi_fields[] = {"X-B3-TraceId", "X-B3-SpanId", "X-B3-Sampled",
                                           "X-B3-Flags", NULL};

const struct otlp_propagator otlp_propagator_b3 = {
    .name = "b3",
    .fields = single_fields,
    .inject = inject_single,
    .extract = extract,
};

const struct otlp_propagator otlp_propagator_b3multi = {
    .name = "b3multi",
    .fields = multi_fields,
    .inject = inject_multi,
    .extract = extract,
};
