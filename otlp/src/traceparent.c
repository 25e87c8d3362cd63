#include <otlp/propagate.h>

#include "ascii.h"
#include "hex.h"

/* 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 */
enum {
    TRACE_ID_AT = 3,
    PARENT_ID_AT = 36,
    FLAGS_AT = 53,
};

#define KNOWN_FLAGS (OTLP_FLAG_SAMPLED | OTLP_FLAG_RANDOM)

/* Later versions may only add fields after a '-', so that this version can read their beginning. */
static bool length_fits(int version, const char *text, size_t text_len)
{
    if (text_len < OTLP_TRACEPARENT_LEN || version < 0 || version == 0xff) {
        return false;
    }
    return text_len == OTLP_TRACEPARENT_LEN || (version > 0 && text[OTLP_TRACEPARENT_LEN] == '-');
}

int otlp_traceparent_parse(const char *text, size_t text_len, struct otlp_span_context *context)
{
    otlp__trim(&text, &text_len);
    if (text_len < OTLP_TRACEPARENT_LEN || !length_fits(otlp__hex_pair(text), text, text_len)) {
        return OTLP_EFORMAT;
    }
    if (text[TRACE_ID_AT - 1] != '-' || text[PARENT_ID_AT - 1] != '-' ||
        text[FLAGS_AT - 1] != '-') {
        return OTLP_EFORMAT;
    }
    struct otlp_span_context parsed = {.is_remote = true};
    int flags = otlp__hex_pair(text + FLAGS_AT);
    if (!otlp__hex_decode(text + TRACE_ID_AT, parsed.trace_id.bytes, OTLP_TRACE_ID_BYTES) ||
        !otlp__hex_decode(text + PARENT_ID_AT, parsed.span_id.bytes, OTLP_SPAN_ID_BYTES) ||
        flags < 0 || !otlp_span_context_is_valid(&parsed)) {
        return OTLP_EFORMAT;
    }
    parsed.flags = (uint8_t)((unsigned)flags & KNOWN_FLAGS);
    *context = parsed;
    return 0;
}

void otlp_traceparent_format(const struct otlp_span_context *context,
                             char text[OTLP_TRACEPARENT_LEN])
{
    memcpy(text, "00-", TRACE_ID_AT);
    otlp_trace_id_to_hex(context->trace_id, text + TRACE_ID_AT);
    text[PARENT_ID_AT - 1] = '-';
    otlp_span_id_to_hex(context->span_id, text + PARENT_ID_AT);
    text[FLAGS_AT - 1] = '-';
    text[FLAGS_AT] = '0';
    text[FLAGS_AT + 1] = (char)('0' + (context->flags & KNOWN_FLAGS));
}
