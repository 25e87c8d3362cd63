#include "propagation.h"

static int inject(const struct otlp_propagation *context, const struct otlp_carrier *carrier)
{
    if (otlp_baggage_count(&context->baggage) == 0) {
        return 0;
    }
    char text[OTLP_BAGGAGE_BYTES_MAX];
    size_t text_len;
    int rc = otlp_baggage_serialize(&context->baggage, text, sizeof text, &text_len);
    if (rc != 0) {
        return rc;
    }
    return carrier->set(carrier->data, OTLP__TEXT("baggage"), text, text_len);
}

/* Beside what is there, which must survive an error. */
static int replace(struct otlp_baggage *baggage, const struct otlp_header_value *values,
                   size_t count)
{
    struct otlp_baggage parsed = {0};
    int rc = otlp_baggage_parse_headers(&parsed, values, count, NULL);
    if (rc != 0) {
        otlp_baggage_release(&parsed);
        return rc;
    }
    otlp_baggage_release(baggage);
    *baggage = parsed;
    return 0;
}

static int extract(struct otlp_propagation *context, const struct otlp_carrier *carrier)
{
    struct otlp_header_value values[OTLP_HEADER_REPEAT_MAX];
    size_t count =
        carrier->get(carrier->data, OTLP__TEXT("baggage"), values, OTLP_HEADER_REPEAT_MAX);
    if (count == 0) {
        return OTLP_ENOTFOUND;
    }
    if (count > OTLP_HEADER_REPEAT_MAX) {
        return OTLP_ETOOBIG;
    }
    if (otlp_baggage_count(&context->baggage) > 0) {
        return replace(&context->baggage, values, count);
    }
    return otlp_baggage_parse_headers(&context->baggage, values, count, NULL);
}

static const char *const fields[] = {"baggage", NULL};

const struct otlp_propagator otlp_propagator_baggage = {
    .name = "baggage",
    .fields = fields,
    .inject = inject,
    .extract = extract,
};
