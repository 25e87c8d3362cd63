/*
 * Spans.
 *
 * Life of a span: otlp_span_start() -> setters -> otlp_span_end() -> read, encode, share ->
 * otlp_span_free(). Until it is ended a span belongs to one thread at a time. An ended span never
 * changes again, so that any number of threads may read it, and otlp_span_ref() shares it without
 * a copy.
 *
 * Memory: a span lives in blocks from a per-thread free list, the first of them 256 bytes; text and
 * attributes are put into the same blocks. otlp_span_bytes() tells what a span holds. Blocks that
 * another thread frees flow back to those who need them; lists are bounded and freed with their
 * thread.
 *
 * A span that the sampler turned down is not recording: it has a context to pass on, takes every
 * call, keeps nothing, and otlp_span_end() does not read the clock. It is not to be exported.
 */
#ifndef OTLP_SPAN_H
#define OTLP_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/error.h>
#include <otlp/ids.h>
#include <otlp/sampler.h>
#include <otlp/value.h>

#ifdef __cplusplus
extern "C" {
#endif

enum otlp_span_kind {
    OTLP_SPAN_KIND_UNSPECIFIED, /* as an option: internal */
    OTLP_SPAN_KIND_INTERNAL,
    OTLP_SPAN_KIND_SERVER,
    OTLP_SPAN_KIND_CLIENT,
    OTLP_SPAN_KIND_PRODUCER,
    OTLP_SPAN_KIND_CONSUMER,
};

enum otlp_status_code {
    OTLP_STATUS_UNSET,
    OTLP_STATUS_OK,
    OTLP_STATUS_ERROR,
};

struct otlp_event {
    uint64_t time_unix_ns;
    const char *name; /* ends in NUL */
    uint32_t name_len;
    uint32_t attribute_count;
    const struct otlp_attribute *attributes;
    uint32_t dropped_attributes;
};

struct otlp_link {
    struct otlp_span_context context;
    const struct otlp_attribute *attributes;
    uint32_t attribute_count;
    uint32_t dropped_attributes;
};

/*
 * All data of a span, for encoders and tests. Text ends in NUL. Arrays with count 0 may be NULL.
 * Valid until the span is changed or freed.
 */
struct otlp_span_data {
    struct otlp_span_context context;
    struct otlp_span_id parent_span_id; /* all zero: a root span */
    bool parent_is_remote;
    uint8_t kind;        /* enum otlp_span_kind */
    uint8_t status_code; /* enum otlp_status_code */
    uint32_t name_len;
    const char *name;
    const char *status_message; /* NULL: none */
    uint64_t start_unix_ns;
    uint64_t end_unix_ns; /* 0: not ended */
    const struct otlp_attribute *attributes;
    const struct otlp_event *events;
    const struct otlp_link *links;
    uint32_t attribute_count;
    uint32_t event_count;
    uint32_t link_count;
    uint32_t dropped_attributes;
    uint32_t dropped_events;
    uint32_t dropped_links;
    uint32_t status_message_len;
};

/* How a span starts. A zeroed structure, or NULL instead of it, is an internal root span under the
 * default sampler, started now. */
struct otlp_span_options {
    enum otlp_span_kind kind;
    const struct otlp_span_context *parent; /* NULL or invalid: a root span. Read, not kept; the
                                               span takes a reference to its tracestate */
    const struct otlp_sampler *sampler;     /* NULL: parent-based, always on at the root */
    const struct otlp_limits *limits;       /* NULL: OTLP_LIMITS_DEFAULT; else outlives the span */
    struct otlp_id_generator *ids;          /* NULL: the per-thread generator */
    uint64_t start_unix_ns;                 /* 0: now, from CLOCK_REALTIME */
};

struct otlp_span;

/*
 * Starts a span. name is copied; it ends at its NUL (otlp_span_start_n() takes a length). The trace
 * id, the random flag and the tracestate come from a valid parent; a root span gets a fresh trace
 * id with the random flag set. NULL when memory runs out.
 */
OTLP_API struct otlp_span *otlp_span_start_n(const char *name, size_t name_len,
                                             const struct otlp_span_options *options);

static inline struct otlp_span *otlp_span_start(const char *name,
                                                const struct otlp_span_options *options)
{
    return otlp_span_start_n(name, strlen(name), options);
}

/*
 * Sets one attribute; key and value are copied, nested values included. Setting a key again
 * replaces its value and is not counted as a new attribute; memory of the old one is given back
 * with the span.
 * OTLP_EENDED: the span has ended. OTLP_ELIMIT: the span has limits.attribute_count attributes
 * already; this one is dropped and counted. OTLP_EINVAL: empty key, or nesting that is too deep.
 * OTLP_ENOMEM: the span is unchanged. 0 when the span is not recording.
 */
OTLP_API int otlp_span_set_attribute(struct otlp_span *span,
                                     const struct otlp_attribute *attribute);

/* The same, by reference: key, text, bytes and elements are not copied. They must outlive the span
 * and all its references, never change, and key and text must be followed by a NUL. Text that is
 * cut by limits.value_length is copied after all. */
OTLP_API int otlp_span_set_attribute_ref(struct otlp_span *span,
                                         const struct otlp_attribute *attribute);

/* otlp_span_set_attribute() for text, the fastest way to set it. */
OTLP_API int otlp_span_set_string_n(struct otlp_span *span, const char *key, size_t key_len,
                                    const char *text, size_t text_len);

/* otlp_span_set_attribute() for the common types; key and text end at their NUL. */
static inline int otlp_span_set_string(struct otlp_span *span, const char *key, const char *text)
{
    return otlp_span_set_string_n(span, key, strlen(key), text, strlen(text));
}

static inline int otlp_span_set_bool(struct otlp_span *span, const char *key, bool boolean)
{
    struct otlp_attribute attribute = otlp_attribute_bool(key, boolean);
    return otlp_span_set_attribute(span, &attribute);
}

static inline int otlp_span_set_int(struct otlp_span *span, const char *key, int64_t integer)
{
    struct otlp_attribute attribute = otlp_attribute_int(key, integer);
    return otlp_span_set_attribute(span, &attribute);
}

static inline int otlp_span_set_double(struct otlp_span *span, const char *key, double real)
{
    struct otlp_attribute attribute = otlp_attribute_double(key, real);
    return otlp_span_set_attribute(span, &attribute);
}

/*
 * Adds an event. name ends at its NUL; time_unix_ns 0 is now; attributes (NULL when count is 0)
 * are copied, those beyond limits.event_attribute_count are dropped and counted on the event, and
 * of a repeated key the last value counts. Codes as for otlp_span_set_attribute(); OTLP_ELIMIT when
 * the span has limits.event_count events already.
 */
OTLP_API int otlp_span_add_event(struct otlp_span *span, const char *name, uint64_t time_unix_ns,
                                 const struct otlp_attribute *attributes, size_t count);

/* Adds a link to another span; as for events. An invalid context is OTLP_EINVAL. */
OTLP_API int otlp_span_add_link(struct otlp_span *span, const struct otlp_span_context *context,
                                const struct otlp_attribute *attributes, size_t count);

/*
 * Sets the status. The message (NULL: none; copied; ends at its NUL) is kept for OTLP_STATUS_ERROR
 * only. OK is final: later calls are ignored, and so are calls with UNSET (specification, trace API
 * "Set Status"). OTLP_EENDED, OTLP_ENOMEM, OTLP_EINVAL for a code that is none.
 */
OTLP_API int otlp_span_set_status(struct otlp_span *span, enum otlp_status_code code,
                                  const char *message);

/* Replaces the name (copied; ends at its NUL). OTLP_EENDED, OTLP_ENOMEM. */
OTLP_API int otlp_span_set_name(struct otlp_span *span, const char *name);

/* Ends the span; end_unix_ns 0 is now. A second call does nothing and returns OTLP_EENDED. A span
 * of a tracer is given away by its end (provider.h): there must be no second call. */
OTLP_API int otlp_span_end(struct otlp_span *span, uint64_t end_unix_ns);

/* True from the start to the end of a span that the sampler accepted. */
OTLP_API bool otlp_span_is_recording(const struct otlp_span *span);

/* True once otlp_span_end() was called, and false for a span that the sampler turned down: whether
 * the span belongs into an export. */
OTLP_API bool otlp_span_is_exportable(const struct otlp_span *span);

/* Context to pass on, and all data. Valid until the span is changed or freed. */
OTLP_API const struct otlp_span_context *otlp_span_get_context(const struct otlp_span *span);
OTLP_API const struct otlp_span_data *otlp_span_get_data(const struct otlp_span *span);

/* Bytes of memory that the span holds: its blocks whole, whether full or not. */
OTLP_API size_t otlp_span_bytes(const struct otlp_span *span);

/*
 * A deep copy that shares nothing with the original: text that was set by reference is copied too.
 * The copy has the same ids, is as ended or not as the original, and belongs to the calling thread.
 * It refers to the same limits. NULL when memory runs out.
 */
OTLP_API struct otlp_span *otlp_span_clone(const struct otlp_span *span);

/* One more reference to an ended span, returned for convenience; each reference needs its own
 * otlp_span_free(). Any thread. NULL for a span that has not ended. */
OTLP_API struct otlp_span *otlp_span_ref(struct otlp_span *span);

/* Gives up one reference and frees the span with the last one. Any thread. NULL is allowed. */
OTLP_API void otlp_span_free(struct otlp_span *span);

#ifdef __cplusplus
}
#endif

#endif
