#include "b3.h"

#include "ascii.h"
#include "hex.h"

bool otlp__b3_is_span_id(const char *text, size_t text_len)
{
    struct otlp_span_id id;
    return text_len == OTLP_SPAN_ID_HEX && otlp__hex_decode(text, id.bytes, sizeof id.bytes) &&
           otlp_span_id_is_valid(id);
}

bool otlp__b3_ids(const struct otlp_header_value *trace_id, const struct otlp_header_value *span_id,
                  struct otlp_span_context *span)
{
    struct otlp_span_context parsed = {.is_remote = true};
    if (trace_id->len != OTLP_TRACE_ID_HEX && trace_id->len != OTLP_TRACE_ID_HEX / 2) {
        return false;
    }
    size_t trace_bytes = trace_id->len / 2;
    if (span_id->len != OTLP_SPAN_ID_HEX ||
        !otlp__hex_decode(trace_id->text, parsed.trace_id.bytes + OTLP_TRACE_ID_BYTES - trace_bytes,
                          trace_bytes) ||
        !otlp__hex_decode(span_id->text, parsed.span_id.bytes, OTLP_SPAN_ID_BYTES) ||
        !otlp_span_context_is_valid(&parsed)) {
        return false;
    }
    *span = parsed;
    return true;
}

/* The part up to the next '-', which is taken too; *more tells whether there was one. */
static struct otlp_header_value next_part(const char **text, size_t *len, bool *more)
{
    const char *dash = *len > 0 ? memchr(*text, '-', *len) : NULL;
    struct otlp_header_value part = {*text, dash != NULL ? (size_t)(dash - *text) : *len};
    size_t taken = part.len + (dash != NULL ? 1 : 0);
    *text += taken;
    *len -= taken;
    *more = dash != NULL;
    return part;
}

static int parse_decision(struct otlp_header_value text, enum otlp_sampling *sampling)
{
    switch (text.len == 1 ? text.text[0] : '\0') {
    case '0':
        *sampling = OTLP_SAMPLING_DENIED;
        return 0;
    case '1':
        *sampling = OTLP_SAMPLING_ACCEPTED;
        return 0;
    case 'd':
        *sampling = OTLP_SAMPLING_DEBUG;
        return 0;
    default:
        return OTLP_EFORMAT;
    }
}

static int parse_parts(const char *text, size_t text_len, struct otlp_span_context *span,
                       enum otlp_sampling *sampling)
{
    bool more;
    struct otlp_header_value trace_id = next_part(&text, &text_len, &more);
    if (!more) {
        return parse_decision(trace_id, sampling);
    }
    struct otlp_header_value span_id = next_part(&text, &text_len, &more);
    if (!otlp__b3_ids(&trace_id, &span_id, span)) {
        return OTLP_EFORMAT;
    }
    if (!more) {
        *sampling = OTLP_SAMPLING_DEFERRED;
        return 0;
    }
    int rc = parse_decision(next_part(&text, &text_len, &more), sampling);
    if (rc != 0 || (more && !otlp__b3_is_span_id(text, text_len))) {
        return OTLP_EFORMAT;
    }
    span->flags = (uint8_t)(*sampling == OTLP_SAMPLING_DENIED ? 0u : OTLP_FLAG_SAMPLED);
    if (*sampling != OTLP_SAMPLING_DEBUG) {
        *sampling = OTLP_SAMPLING_BY_FLAGS;
    }
    return 0;
}

int otlp_b3_parse(const char *text, size_t text_len, struct otlp_span_context *span,
                  enum otlp_sampling *sampling)
{
    struct otlp_span_context parsed = {.is_remote = false};
    enum otlp_sampling decision = OTLP_SAMPLING_BY_FLAGS;
    otlp__trim(&text, &text_len);
    int rc = parse_parts(text, text_len, &parsed, &decision);
    if (rc == 0) {
        *span = parsed;
        *sampling = decision;
    }
    return rc;
}

size_t otlp_b3_format(const struct otlp_span_context *span, enum otlp_sampling sampling,
                      char text[OTLP_B3_SINGLE_MAX])
{
    size_t len = OTLP_TRACE_ID_HEX;
    otlp_trace_id_to_hex(span->trace_id, text);
    text[len++] = '-';
    otlp_span_id_to_hex(span->span_id, text + len);
    len += OTLP_SPAN_ID_HEX;
    if (sampling == OTLP_SAMPLING_DEFERRED) {
        return len;
    }
    text[len++] = '-';
    if (sampling == OTLP_SAMPLING_DEBUG) {
        text[len++] = 'd';
    } else {
        text[len++] = otlp_span_context_is_sampled(span) ? '1' : '0';
    }
    return len;
}
