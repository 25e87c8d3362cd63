#include <otlp/ids.h>

#include "random.h"

void otlp_id_generator_seed(struct otlp_id_generator *generator, uint64_t seed)
{
    otlp__random_seed(generator->state, seed);
}

struct otlp_trace_id otlp_id_generator_trace_id(struct otlp_id_generator *generator)
{
    struct otlp_trace_id id;
    otlp__fill_trace_id(generator != NULL ? generator : otlp__thread_generator(), &id);
    return id;
}

struct otlp_span_id otlp_id_generator_span_id(struct otlp_id_generator *generator)
{
    struct otlp_span_id id;
    otlp__fill_span_id(generator != NULL ? generator : otlp__thread_generator(), &id);
    return id;
}

struct otlp_trace_id otlp_trace_id_new(void)
{
    struct otlp_trace_id id;
    otlp__fill_trace_id(otlp__thread_generator(), &id);
    return id;
}

struct otlp_span_id otlp_span_id_new(void)
{
    struct otlp_span_id id;
    otlp__fill_span_id(otlp__thread_generator(), &id);
    return id;
}

struct otlp_span_context otlp_span_context_root(uint8_t flags)
{
    struct otlp_id_generator *generator = otlp__thread_generator();
    struct otlp_span_context context;
    otlp__fill_trace_id(generator, &context.trace_id);
    otlp__fill_span_id(generator, &context.span_id);
    context.flags = (uint8_t)(flags | OTLP_FLAG_RANDOM);
    context.is_remote = false;
    context.tracestate = NULL;
    return context;
}

struct otlp_span_context otlp_span_context_child(const struct otlp_span_context *parent)
{
    if (!otlp_span_context_is_valid(parent)) {
        return otlp_span_context_root(0);
    }
    struct otlp_span_context context;
    context.trace_id = parent->trace_id;
    otlp__fill_span_id(otlp__thread_generator(), &context.span_id);
    context.flags = parent->flags;
    context.is_remote = false;
    context.tracestate = parent->tracestate;
    return context;
}

/* Four bytes become eight hex characters at once: a nibble to each byte, then '0' or 'a' - 10. */
static void hex_of_4_bytes(const uint8_t *bytes, char *hex)
{
    uint64_t spread = (uint64_t)bytes[0] | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 32 |
                      (uint64_t)bytes[3] << 48;
    uint64_t nibbles =
        ((spread >> 4) & 0x000f000f000f000fu) | ((spread & 0x000f000f000f000fu) << 8);
    uint64_t above_nine = ((nibbles + 0x0606060606060606u) >> 4) & 0x0101010101010101u;
    uint64_t text = nibbles + 0x3030303030303030u + above_nine * ('a' - '0' - 10);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    text = __builtin_bswap64(text);
#endif
    memcpy(hex, &text, sizeof text);
}

void otlp_trace_id_to_hex(struct otlp_trace_id id, char hex[OTLP_TRACE_ID_HEX])
{
    for (size_t i = 0; i < OTLP_TRACE_ID_BYTES; i += 4) {
        hex_of_4_bytes(id.bytes + i, hex + 2 * i);
    }
}

void otlp_span_id_to_hex(struct otlp_span_id id, char hex[OTLP_SPAN_ID_HEX])
{
    for (size_t i = 0; i < OTLP_SPAN_ID_BYTES; i += 4) {
        hex_of_4_bytes(id.bytes + i, hex + 2 * i);
    }
}

static int nibble_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int bytes_from_hex(const char *hex, size_t hex_len, uint8_t *bytes, size_t bytes_len)
{
    if (hex == NULL || hex_len != 2 * bytes_len) {
        return OTLP_EFORMAT;
    }
    unsigned any = 0;
    int invalid = 0;
    for (size_t i = 0; i < bytes_len; i++) {
        int high = nibble_of(hex[2 * i]);
        int low = nibble_of(hex[2 * i + 1]);
        invalid |= high | low;
        bytes[i] = (uint8_t)((unsigned)high << 4 | ((unsigned)low & 0xfu));
        any |= bytes[i];
    }
    return invalid < 0 || any == 0 ? OTLP_EFORMAT : 0;
}

int otlp_trace_id_from_hex(const char *hex, size_t hex_len, struct otlp_trace_id *id)
{
    struct otlp_trace_id parsed;
    int rc = bytes_from_hex(hex, hex_len, parsed.bytes, sizeof parsed.bytes);
    if (rc == 0) {
        *id = parsed;
    }
    return rc;
}

int otlp_span_id_from_hex(const char *hex, size_t hex_len, struct otlp_span_id *id)
{
    struct otlp_span_id parsed;
    int rc = bytes_from_hex(hex, hex_len, parsed.bytes, sizeof parsed.bytes);
    if (rc == 0) {
        *id = parsed;
    }
    return rc;
}
