/*
 * Context propagation: W3C Trace Context (level 2), W3C Baggage and B3 over any set of headers.
 *
 *     struct otlp_propagation context = {0};
 *     struct otlp_composite propagators = otlp_composite_default();
 *
 *     otlp_composite_extract(&propagators, &incoming, &context);
 *     context.span = otlp_span_context_child(&context.span);
 *     otlp_composite_inject(&propagators, &context, &outgoing);
 *     otlp_propagation_release(&context);
 *
 * Headers come from strangers. Every parser takes (pointer, length), reads nothing past the length,
 * needs no terminator, accepts any bytes, and takes time linear in a length that it limits first. A
 * malformed header is reported and leaves the result as it was; it never ends the program.
 *
 * Texts go out as (pointer, length) too, and have no terminator.
 *
 * Threads: functions may run in any thread at once as long as no two of them share an object that
 * one of them changes. A tracestate never changes and may be shared freely.
 */
#ifndef OTLP_PROPAGATE_H
#define OTLP_PROPAGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/error.h>
#include <otlp/ids.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Carrier: where headers are read and written -------------------------------------------- */

/* A header value as it stands in the carrier; it lives as long as the carrier is not changed. */
struct otlp_header_value {
    const char *text;
    size_t len;
};

/*
 * Access to the headers of a request. `data` is passed to both functions. One that is never used
 * (set while extracting, get while injecting) may be NULL.
 *
 * get  finds all headers called `name`, in their order, without regard to ASCII case, writes up to
 *      `capacity` of their values, and returns how many there are in all.
 * set  writes one header, and replaces any of that name. It copies what it keeps. 0 or a negative
 *      code, which ends the injection and is returned by it.
 */
struct otlp_carrier {
    size_t (*get)(const void *data, const char *name, size_t name_len,
                  struct otlp_header_value *values, size_t capacity);
    int (*set)(void *data, const char *name, size_t name_len, const char *value, size_t value_len);
    void *data;
};

/* How many headers of one name are looked at (tracestate and baggage may come in several). */
#define OTLP_HEADER_REPEAT_MAX 32

struct otlp_header {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
};

/*
 * The ready-made carrier: a list of headers in memory of the caller. Read the fields freely; change
 * them through the functions. No allocation.
 */
struct otlp_header_list {
    struct otlp_header *headers;
    size_t count;
    size_t capacity;
    char *text; /* holds the copies that otlp_header_list_set makes */
    size_t text_bytes;
    size_t text_capacity;
};

/* An empty list over `headers` (room for `capacity` of them) and `text` (bytes for the copies that
 * set makes). text may be NULL with text_capacity 0 for a list that is only read. */
OTLP_API void otlp_header_list_init(struct otlp_header_list *list, struct otlp_header *headers,
                                    size_t capacity, char *text, size_t text_capacity);

/* Takes all headers out; the memory stays for reuse. */
OTLP_API void otlp_header_list_clear(struct otlp_header_list *list);

/* Appends a header that was received, also when the name is there already. Borrows name and value:
 * they must outlive the list's use. OTLP_ENOSPC when the list is full. */
OTLP_API int otlp_header_list_add(struct otlp_header_list *list, const char *name, size_t name_len,
                                  const char *value, size_t value_len);

/* Sets a header to a copy of the value, in place of all of that name (ASCII case is ignored). Bytes
 * of a replaced value are used again only when the new one fits in, or after clear. OTLP_ENOSPC
 * when the header or its text does not fit; the list is then unchanged. */
OTLP_API int otlp_header_list_set(struct otlp_header_list *list, const char *name, size_t name_len,
                                  const char *value, size_t value_len);

/* The first header of that name, or NULL. */
OTLP_API const struct otlp_header *otlp_header_list_find(const struct otlp_header_list *list,
                                                         const char *name, size_t name_len);

/* The list as a carrier; valid as long as the list stays where it is. */
OTLP_API struct otlp_carrier otlp_header_list_carrier(struct otlp_header_list *list);

/* ---- traceparent (W3C Trace Context level 2) ------------------------------------------------- */

#define OTLP_TRACEPARENT_LEN 55 /* characters of version 00, without a terminator */

/*
 * Reads one traceparent value. Spaces and tabs around it are dropped. Accepted: version 00 with
 * exactly 55 characters; versions 01 to fe with 55, or with '-' and anything after them. Refused:
 * version ff, upper-case or other characters that are not hex, all-zero ids, any other length.
 *
 * *context is remote, holds the known flags (sampled, random) and no tracestate. OTLP_EFORMAT
 * otherwise; *context is then unchanged: begin a new trace.
 */
OTLP_API int otlp_traceparent_parse(const char *text, size_t text_len,
                                    struct otlp_span_context *context);

/* Writes exactly 55 characters of version 00, no terminator. Unknown flag bits go out as 0. The
 * context must be valid (otlp_span_context_is_valid): all-zero ids are written as they are. */
OTLP_API void otlp_traceparent_format(const struct otlp_span_context *context,
                                      char text[OTLP_TRACEPARENT_LEN]);

/* ---- tracestate ------------------------------------------------------------------------------ */

#define OTLP_TRACESTATE_MEMBERS_MAX 32
#define OTLP_TRACESTATE_KEY_MAX     256
#define OTLP_TRACESTATE_VALUE_MAX   256
/* The longest list there can be: 32 members of key, '=' and value, and 31 commas. */
#define OTLP_TRACESTATE_TEXT_MAX 16447
/* What every implementation should be able to pass on (Trace Context, "tracestate Limits"). */
#define OTLP_TRACESTATE_PASS_MIN 512
/* Longer input is refused unread: the longest list and as many bytes of optional space. */
#define OTLP_TRACESTATE_INPUT_MAX 32768

/*
 * A tracestate is immutable and counts its references. NULL is the empty tracestate and is accepted
 * wherever a `const struct otlp_tracestate *` is taken. Each function that gives one out gives a
 * reference: unref it when done. Counting is atomic; any thread may ref and unref.
 */
OTLP_API const struct otlp_tracestate *otlp_tracestate_ref(const struct otlp_tracestate *state);
OTLP_API void otlp_tracestate_unref(const struct otlp_tracestate *state);

/*
 * Reads one header value, or several that are taken as joined with ',' in their order. Space and
 * tabs around members and empty members are dropped. Of several members with one key the first,
 * which is the newest, stays. *state is NULL when there is no member.
 *
 * Key: a-z or a digit, then up to 255 of a-z 0-9 _ - * / @. Value: 1 to 256 of 0x20 to 0x7e without
 * ',' and '=', not ending in a space. One member that breaks the rule, or a 33rd, spoils the whole:
 * OTLP_EFORMAT. OTLP_ETOOBIG above OTLP_TRACESTATE_INPUT_MAX bytes; OTLP_ENOMEM.
 */
OTLP_API int otlp_tracestate_parse(const char *text, size_t text_len,
                                   const struct otlp_tracestate **state);
OTLP_API int otlp_tracestate_parse_headers(const struct otlp_header_value *values, size_t count,
                                           const struct otlp_tracestate **state);

/* Number of members, 0 to 32. */
OTLP_API size_t otlp_tracestate_count(const struct otlp_tracestate *state);

struct otlp_tracestate_member {
    const char *key;
    size_t key_len;
    const char *value;
    size_t value_len;
};

/* Member `index`, 0 being the newest. The texts live as long as the state. OTLP_ENOTFOUND when
 * there are not that many. */
OTLP_API int otlp_tracestate_at(const struct otlp_tracestate *state, size_t index,
                                struct otlp_tracestate_member *member);

/* The value of a key; it lives as long as the state. OTLP_ENOTFOUND. */
OTLP_API int otlp_tracestate_get(const struct otlp_tracestate *state, const char *key,
                                 size_t key_len, struct otlp_header_value *value);

/*
 * A new state in which `key` has `value` and stands first; the rest keep their order. When that
 * would make 33 members, the last is dropped. The old state is unchanged. OTLP_EINVAL when key or
 * value breaks the rule above; OTLP_ENOMEM.
 */
OTLP_API int otlp_tracestate_set(const struct otlp_tracestate *state, const char *key,
                                 size_t key_len, const char *value, size_t value_len,
                                 const struct otlp_tracestate **updated);

/* A new state without `key`; the same content when it was not there. *updated is NULL when nothing
 * is left. OTLP_ENOMEM. */
OTLP_API int otlp_tracestate_remove(const struct otlp_tracestate *state, const char *key,
                                    size_t key_len, const struct otlp_tracestate **updated);

/* The header value, ready to send; it lives as long as the state. {"", 0} for the empty state. */
OTLP_API struct otlp_header_value otlp_tracestate_text(const struct otlp_tracestate *state);

/*
 * Writes the header value cut to at most `max_bytes`: whole members only, first those of more than
 * 128 characters from the right, then from the right (Trace Context, "tracestate Limits"). Limits
 * below OTLP_TRACESTATE_PASS_MIN are permitted but lose what others count on. *text_len may be 0.
 * OTLP_ENOSPC when what remains after cutting does not fit in `capacity`.
 */
OTLP_API int otlp_tracestate_cut(const struct otlp_tracestate *state, size_t max_bytes, char *text,
                                 size_t capacity, size_t *text_len);

/* ---- baggage (W3C Baggage) ------------------------------------------------------------------- */

#define OTLP_BAGGAGE_MEMBERS_MAX 64
#define OTLP_BAGGAGE_BYTES_MAX   8192 /* of the header value, percent-encoded */

/*
 * Name-value pairs that travel with a request. `(struct otlp_baggage){0}` is an empty one; release
 * it when done. The object keeps its memory over clear and parse, so that one that is used again
 * and again soon allocates nothing. Fields are private.
 */
struct otlp_baggage {
    struct otlp_baggage_table *table;
    char *text;
    uint32_t count;
    uint32_t text_bytes;
    uint32_t text_capacity;
    uint32_t dead_bytes;    /* of text, left by replaced and removed members */
    uint32_t encoded_bytes; /* of the header value, commas included */
};

/* Frees the memory and leaves an empty baggage. NULL is allowed. */
OTLP_API void otlp_baggage_release(struct otlp_baggage *baggage);

/* Takes all members out and keeps the memory. */
OTLP_API void otlp_baggage_clear(struct otlp_baggage *baggage);

/* Replaces the content of `to` by that of `from`. OTLP_ENOMEM; `to` is then empty. */
OTLP_API int otlp_baggage_copy(struct otlp_baggage *to, const struct otlp_baggage *from);

/*
 * Replaces the content by that of a header value, or of several that are taken as joined with ','.
 * Values are percent-decoded; what is not UTF-8 then becomes U+FFFD. A '%' without two hex digits
 * stands for itself. Properties are kept as they are, space around them removed. Keys are
 * case-sensitive; of several members with one key the last wins, in the place of the first.
 *
 * A malformed member, and one with which the header to be sent would break a limit (64 members,
 * 8192 bytes), is dropped whole; the others stay. *dropped (NULL: not wanted) counts them.
 * OTLP_ETOOBIG, and nothing is parsed, when the input is longer than OTLP_BAGGAGE_BYTES_MAX in all.
 * OTLP_EFORMAT when members were malformed and none is left. OTLP_ENOMEM. After an error the
 * baggage is empty.
 */
OTLP_API int otlp_baggage_parse(struct otlp_baggage *baggage, const char *text, size_t text_len,
                                size_t *dropped);
OTLP_API int otlp_baggage_parse_headers(struct otlp_baggage *baggage,
                                        const struct otlp_header_value *values, size_t count,
                                        size_t *dropped);

/*
 * Sets a key. The key must be an HTTP token (RFC 9110, 5.6.2), the value UTF-8 of any content (it
 * may be empty), `properties` NULL or a list as in the header ("p1;p2=v", percent-encoded by the
 * caller). OTLP_EINVAL otherwise. OTLP_ELIMIT when the header would break a limit; OTLP_ENOMEM. The
 * baggage is unchanged after an error.
 */
OTLP_API int otlp_baggage_set(struct otlp_baggage *baggage, const char *key, size_t key_len,
                              const char *value, size_t value_len, const char *properties,
                              size_t properties_len);

/* Takes a key out. OTLP_ENOTFOUND when it is not there. */
OTLP_API int otlp_baggage_remove(struct otlp_baggage *baggage, const char *key, size_t key_len);

/* Texts live until the baggage is changed. */
struct otlp_baggage_member {
    const char *key;
    size_t key_len;
    const char *value; /* decoded, valid UTF-8; may hold zero bytes */
    size_t value_len;
    const char *properties; /* as in the header, without the first ';' */
    size_t properties_len;
};

/* Number of members, 0 to 64. */
OTLP_API size_t otlp_baggage_count(const struct otlp_baggage *baggage);

/* Member `index`; OTLP_ENOTFOUND when there are not that many. */
OTLP_API int otlp_baggage_at(const struct otlp_baggage *baggage, size_t index,
                             struct otlp_baggage_member *member);

/* The member with a key; OTLP_ENOTFOUND. */
OTLP_API int otlp_baggage_get(const struct otlp_baggage *baggage, const char *key, size_t key_len,
                              struct otlp_baggage_member *member);

/* Length of the header value that serialize writes; 0 for an empty baggage. */
OTLP_API size_t otlp_baggage_encoded_bytes(const struct otlp_baggage *baggage);

/* Writes the header value. OTLP_ENOSPC when it does not fit; OTLP_BAGGAGE_BYTES_MAX always does. */
OTLP_API int otlp_baggage_serialize(const struct otlp_baggage *baggage, char *text, size_t capacity,
                                    size_t *text_len);

/* ---- The context that travels ---------------------------------------------------------------- */

/* How far the sampling of a trace is decided. */
enum otlp_sampling {
    OTLP_SAMPLING_BY_FLAGS = 0, /* the span's sampled flag says it */
    OTLP_SAMPLING_DEFERRED,     /* B3 without a decision: the receiver decides */
    OTLP_SAMPLING_DENIED,       /* B3 "0" without ids */
    OTLP_SAMPLING_ACCEPTED,     /* B3 "1" without ids */
    OTLP_SAMPLING_DEBUG,        /* B3 debug: sampled, and passed on as debug */
};

/*
 * What propagators carry from one process to the next. `{0}` is the empty one; release it when
 * done, or reuse it with clear.
 *
 * Extract fills it in. To call on, give it the span that makes the call
 * (`context.span = otlp_span_context_child(&context.span)`) and inject. A tracestate that came from
 * extract belongs to this object and lives until the next extract of a span, clear or release;
 * spans that outlive that need a reference of their own. A caller that sets span.tracestate keeps
 * it alive. Set sampling to OTLP_SAMPLING_BY_FLAGS after a sampler has decided on a deferred one.
 */
struct otlp_propagation {
    struct otlp_span_context span;
    enum otlp_sampling sampling;
    struct otlp_baggage baggage;
    const struct otlp_tracestate *held; /* private */
};

/* Empties the context; the baggage keeps its memory. */
OTLP_API void otlp_propagation_clear(struct otlp_propagation *context);

/* Frees what it holds and leaves an empty context. NULL is allowed. */
OTLP_API void otlp_propagation_release(struct otlp_propagation *context);

/* ---- Propagators ----------------------------------------------------------------------------- */

/*
 * A propagator: a format of headers. Define your own in the same way.
 *
 * inject   writes its headers; a context with nothing to write (an invalid span, an empty baggage)
 *          writes none and is no error. 0, or the code of the carrier's set.
 * extract  reads its headers into the context, and leaves the rest of the context alone. 0 when it
 *          took something; OTLP_ENOTFOUND when its headers are not there; OTLP_EFORMAT when they
 * are malformed (a header that may be there once and is there twice included), OTLP_ETOOBIG when
 *          too long: the context is then as before. OTLP_ENOMEM.
 */
struct otlp_propagator {
    const char *name;          /* its word in OTEL_PROPAGATORS */
    const char *const *fields; /* names of the headers it writes, NULL at the end */
    int (*inject)(const struct otlp_propagation *context, const struct otlp_carrier *carrier);
    int (*extract)(struct otlp_propagation *context, const struct otlp_carrier *carrier);
};

/*
 * "tracecontext": traceparent and tracestate. Allocates nothing unless there is a tracestate. A
 * tracestate that is malformed or too long is dropped and does not spoil the traceparent; when
 * there is no memory for it, the span is taken without and extract returns OTLP_ENOMEM.
 */
OTLP_API extern const struct otlp_propagator otlp_propagator_tracecontext;

/* "baggage": a malformed or oversized header leaves the baggage as it was. */
OTLP_API extern const struct otlp_propagator otlp_propagator_baggage;

/* "b3": writes the single header `b3`. Reads it, or the X-B3-* headers when there is none. */
OTLP_API extern const struct otlp_propagator otlp_propagator_b3;

/* "b3multi": writes the X-B3-* headers; reads as "b3" does. */
OTLP_API extern const struct otlp_propagator otlp_propagator_b3multi;

/* ---- B3 -------------------------------------------------------------------------------------- */

#define OTLP_B3_SINGLE_MAX 51 /* 32 + 1 + 16 + 1 + 1: the longest value that is written */

/*
 * Reads one `b3` value: {trace id}-{span id}[-{0|1|d}[-{parent id}]] or only 0, 1 or d. Ids are
 * lower hex and not zero; a trace id of 16 digits is padded on the left. The parent id is checked
 * and not kept. With ids *span is remote and sampled on 1 and d; without, *span is the invalid
 * context and *sampling says the rest. OTLP_EFORMAT; both are then unchanged.
 */
OTLP_API int otlp_b3_parse(const char *text, size_t text_len, struct otlp_span_context *span,
                           enum otlp_sampling *sampling);

/* Writes the `b3` value of a valid span and returns its length, 49 or 51: there is no sampling part
 * for OTLP_SAMPLING_DEFERRED. No terminator. */
OTLP_API size_t otlp_b3_format(const struct otlp_span_context *span, enum otlp_sampling sampling,
                               char text[OTLP_B3_SINGLE_MAX]);

/* ---- Composite ------------------------------------------------------------------------------- */

#define OTLP_COMPOSITE_MAX 8

/* Propagators that run in order. Where two read a span, the later one that succeeds wins. Fill it
 * in by hand, or with the functions below. */
struct otlp_composite {
    const struct otlp_propagator *items[OTLP_COMPOSITE_MAX];
    size_t count;
};

/* tracecontext, then baggage: the default of OTEL_PROPAGATORS. */
OTLP_API struct otlp_composite otlp_composite_default(void);

/*
 * Reads the value of OTEL_PROPAGATORS: "tracecontext", "baggage", "b3", "b3multi" and "none",
 * separated by commas, ASCII case and space around them ignored. A name that is repeated counts
 * once. "none" anywhere makes an empty list; an empty text makes the default one. Unknown names are
 * left out; *unknown (NULL: not wanted) counts them, for a warning. NULL text is an empty one.
 */
OTLP_API struct otlp_composite otlp_composite_from_names(const char *names, size_t names_len,
                                                         size_t *unknown);

/* Runs inject of each. The first error ends it and is returned. */
OTLP_API int otlp_composite_inject(const struct otlp_composite *composite,
                                   const struct otlp_propagation *context,
                                   const struct otlp_carrier *carrier);

/* Runs extract of every one. 0 when at least one took something and none ran out of memory;
 * otherwise OTLP_ENOMEM, or the first code other than OTLP_ENOTFOUND, or OTLP_ENOTFOUND. */
OTLP_API int otlp_composite_extract(const struct otlp_composite *composite,
                                    struct otlp_propagation *context,
                                    const struct otlp_carrier *carrier);

#ifdef __cplusplus
}
#endif

#endif
