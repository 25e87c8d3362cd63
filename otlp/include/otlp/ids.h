/*
 * Trace ids, span ids and the span context.
 *
 * An id is raw bytes in the order of its hex form. A valid trace id is 16 bytes and a valid span id
 * 8 bytes, each with at least one byte that is not zero (OpenTelemetry trace API, "SpanContext";
 * W3C Trace Context, "trace-id" and "parent-id").
 *
 * Every function here may be called from any thread. The per-thread generator is seeded from the
 * kernel at its first use in a thread and again in a child after fork(), so that two threads or two
 * processes never share a sequence. It is not a cryptographic generator: ids are identifiers, not
 * secrets.
 */
#ifndef OTLP_IDS_H
#define OTLP_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <otlp/api.h>
#include <otlp/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OTLP_TRACE_ID_BYTES 16
#define OTLP_SPAN_ID_BYTES  8
#define OTLP_TRACE_ID_HEX   32 /* characters of the hex form, without a terminator */
#define OTLP_SPAN_ID_HEX    16

/* W3C trace flags (Trace Context level 2). Other bits are sent as 0 and not interpreted. */
#define OTLP_FLAG_SAMPLED 0x01u
#define OTLP_FLAG_RANDOM  0x02u /* the last 7 bytes of the trace id are random */

struct otlp_trace_id {
    uint8_t bytes[OTLP_TRACE_ID_BYTES];
};

struct otlp_span_id {
    uint8_t bytes[OTLP_SPAN_ID_BYTES];
};

/* W3C tracestate, immutable; see propagate.h. */
struct otlp_tracestate;

/*
 * What identifies a span across processes. Copied freely by value. A context with all-zero ids is
 * invalid and stands for "no span"; `(struct otlp_span_context){0}` is such a context.
 *
 * tracestate is NULL when there is none. The context only borrows it: it must stay alive for as
 * long as the context is in use. A span and a link take a reference of their own.
 */
struct otlp_span_context {
    struct otlp_trace_id trace_id;
    struct otlp_span_id span_id;
    uint8_t flags;  /* OTLP_FLAG_* */
    bool is_remote; /* it came from another process */
    const struct otlp_tracestate *tracestate;
};

/*
 * A generator of ids: xoshiro256** state. Give one to a span (struct otlp_span_options) for
 * reproducible ids; without one the library uses the per-thread generator. One thread at a time.
 */
struct otlp_id_generator {
    uint64_t state[4];
};

/* Seeds a generator: the same seed always yields the same sequence of ids. Any seed is good. */
OTLP_API void otlp_id_generator_seed(struct otlp_id_generator *generator, uint64_t seed);

/* The next id of a seeded generator; never all zero. NULL means the per-thread generator. */
OTLP_API struct otlp_trace_id otlp_id_generator_trace_id(struct otlp_id_generator *generator);
OTLP_API struct otlp_span_id otlp_id_generator_span_id(struct otlp_id_generator *generator);

/* A fresh random id of the per-thread generator; never all zero. */
OTLP_API struct otlp_trace_id otlp_trace_id_new(void);
OTLP_API struct otlp_span_id otlp_span_id_new(void);

/* True when at least one byte is not zero. */
static inline bool otlp_trace_id_is_valid(struct otlp_trace_id id)
{
    uint64_t words[2];
    memcpy(words, id.bytes, sizeof words);
    return (words[0] | words[1]) != 0;
}

static inline bool otlp_span_id_is_valid(struct otlp_span_id id)
{
    uint64_t word;
    memcpy(&word, id.bytes, sizeof word);
    return word != 0;
}

static inline bool otlp_trace_id_equal(struct otlp_trace_id a, struct otlp_trace_id b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

static inline bool otlp_span_id_equal(struct otlp_span_id a, struct otlp_span_id b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

/* Writes the lower-case hex form: exactly 32 or 16 characters and no terminator. */
OTLP_API void otlp_trace_id_to_hex(struct otlp_trace_id id, char hex[OTLP_TRACE_ID_HEX]);
OTLP_API void otlp_span_id_to_hex(struct otlp_span_id id, char hex[OTLP_SPAN_ID_HEX]);

/*
 * Reads a hex form strictly: exactly 32 or 16 characters of 0-9 and a-f, not all zero.
 * OTLP_EFORMAT for anything else (upper case included); *id is then unchanged.
 */
OTLP_API int otlp_trace_id_from_hex(const char *hex, size_t hex_len, struct otlp_trace_id *id);
OTLP_API int otlp_span_id_from_hex(const char *hex, size_t hex_len, struct otlp_span_id *id);

/*
 * A context for a new span. Root: fresh trace id and span id, the random flag set, `flags` added
 * (OTLP_FLAG_SAMPLED or 0). Child: the parent's trace id, flags and tracestate with a fresh span
 * id. Both are local (is_remote false). A NULL or invalid parent gives an unsampled root.
 */
OTLP_API struct otlp_span_context otlp_span_context_root(uint8_t flags);
OTLP_API struct otlp_span_context otlp_span_context_child(const struct otlp_span_context *parent);

/* True when both ids are valid; false for NULL. */
static inline bool otlp_span_context_is_valid(const struct otlp_span_context *context)
{
    return context != NULL && otlp_trace_id_is_valid(context->trace_id) &&
           otlp_span_id_is_valid(context->span_id);
}

/* True when the sampled flag is set; false for NULL. */
static inline bool otlp_span_context_is_sampled(const struct otlp_span_context *context)
{
    return context != NULL && (context->flags & OTLP_FLAG_SAMPLED) != 0;
}

#ifdef __cplusplus
}
#endif

#endif
