/*
 * Documents: a request as a tree, whole, as it was received.
 *
 * A document is decoded from protobuf (decode.h) or JSON (json.h) and encoded as either again. Its
 * structures mirror OTLP's messages field by field (opentelemetry-proto, trace.proto,
 * metrics.proto, logs.proto), and unlike the model that a program records with (span.h, log.h,
 * metric.h) their text need not end in NUL.
 *
 * Presence. A field that was not sent has the value of a zeroed structure: 0, empty text, no
 * elements. Fields for which "not sent" and "zero" differ have a has_ or type member beside them.
 * A status, a body or a run of buckets without content is the same as none. Ids are all zero when
 * they were not sent; those of any other length than 0 and 16 (8) are malformed.
 *
 * Not kept: fields that are unknown to opentelemetry-proto 1.11, and key_strindex and
 * string_value_strindex, which only profiles may use.
 *
 * A document decoded from protobuf points into its input, which must stay as it is for as long as
 * the document is read; one decoded from JSON owns all of its text. Everything a document gives out
 * is valid until it is decoded into again, cleared or freed. One thread at a time changes a
 * document; any number may read it.
 */
#ifndef OTLP_DOCUMENT_H
#define OTLP_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/buffer.h>
#include <otlp/error.h>
#include <otlp/exporter.h>
#include <otlp/ids.h>
#include <otlp/signal.h>
#include <otlp/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* UTF-8 that need not end in NUL. data may be NULL when len is 0. */
struct otlp_text {
    const char *data;
    size_t len;
};

/* A list of attributes. items may be NULL when count is 0. */
struct otlp_attributes {
    const struct otlp_attribute *items;
    size_t count;
};

struct otlp_text_list {
    const struct otlp_text *items;
    size_t count;
};

/* ---- resource and scope ---- */

struct otlp_entity_ref {
    struct otlp_text schema_url;
    struct otlp_text type;
    struct otlp_text_list id_keys;
    struct otlp_text_list description_keys;
};

struct otlp_resource_view {
    struct otlp_attributes attributes;
    const struct otlp_entity_ref *entity_refs;
    size_t entity_ref_count;
    uint32_t dropped_attributes;
};

struct otlp_scope_view {
    struct otlp_text name;
    struct otlp_text version;
    struct otlp_attributes attributes;
    uint32_t dropped_attributes;
};

/* ---- traces ---- */

struct otlp_event_view {
    uint64_t time_unix_ns;
    struct otlp_text name;
    struct otlp_attributes attributes;
    uint32_t dropped_attributes;
};

struct otlp_link_view {
    struct otlp_trace_id trace_id;
    struct otlp_span_id span_id;
    struct otlp_text trace_state;
    struct otlp_attributes attributes;
    uint32_t dropped_attributes;
    uint32_t flags; /* as for a span */
};

struct otlp_status_view {
    struct otlp_text message;
    int32_t code; /* enum otlp_status_code, or a value that is not known yet */
};

struct otlp_span_view {
    struct otlp_trace_id trace_id;
    struct otlp_span_id span_id;
    struct otlp_span_id parent_span_id;
    struct otlp_text trace_state;
    struct otlp_text name;
    uint64_t start_unix_ns;
    uint64_t end_unix_ns;
    struct otlp_attributes attributes;
    const struct otlp_event_view *events;
    size_t event_count;
    const struct otlp_link_view *links;
    size_t link_count;
    struct otlp_status_view status;
    uint32_t dropped_attributes;
    uint32_t dropped_events;
    uint32_t dropped_links;
    uint32_t flags; /* bits 0-7 W3C flags, 8 whether bit 9 is known, 9 the parent is remote */
    int32_t kind;   /* enum otlp_span_kind, or a value that is not known yet */
};

/* ---- logs ---- */

struct otlp_log_view {
    uint64_t time_unix_ns;
    uint64_t observed_unix_ns;
    struct otlp_text severity_text;
    struct otlp_value body;
    struct otlp_attributes attributes;
    struct otlp_trace_id trace_id;
    struct otlp_span_id span_id;
    struct otlp_text event_name;
    uint32_t dropped_attributes;
    uint32_t flags; /* bits 0-7 W3C flags */
    int32_t severity;
};

/* ---- metrics ---- */

enum otlp_number_type {
    OTLP_NUMBER_NONE,
    OTLP_NUMBER_INT,
    OTLP_NUMBER_DOUBLE,
};

struct otlp_number {
    union {
        int64_t integer;
        double real;
    } as;
    uint8_t type; /* enum otlp_number_type */
};

struct otlp_exemplar {
    uint64_t time_unix_ns;
    struct otlp_number value;
    struct otlp_attributes filtered_attributes;
    struct otlp_trace_id trace_id;
    struct otlp_span_id span_id;
};

struct otlp_exemplars {
    const struct otlp_exemplar *items;
    size_t count;
};

/* Bit of a point's flags: nothing was recorded, the value is to be ignored. */
#define OTLP_POINT_NO_RECORDED_VALUE 1u

struct otlp_number_point {
    struct otlp_attributes attributes;
    uint64_t start_unix_ns;
    uint64_t time_unix_ns;
    struct otlp_number value;
    struct otlp_exemplars exemplars;
    uint32_t flags;
};

struct otlp_doubles {
    const double *items;
    size_t count;
};

struct otlp_counts {
    const uint64_t *items;
    size_t count;
};

struct otlp_histogram_point {
    struct otlp_attributes attributes;
    uint64_t start_unix_ns;
    uint64_t time_unix_ns;
    uint64_t count;
    double sum;
    double min;
    double max;
    struct otlp_counts bucket_counts;
    struct otlp_doubles bounds;
    struct otlp_exemplars exemplars;
    uint32_t flags;
    uint8_t has_sum;
    uint8_t has_min;
    uint8_t has_max;
};

/* Counts of the buckets offset, offset + 1, ... */
struct otlp_bucket_run {
    struct otlp_counts counts;
    int32_t offset;
};

struct otlp_exponential_point {
    struct otlp_attributes attributes;
    uint64_t start_unix_ns;
    uint64_t time_unix_ns;
    uint64_t count;
    double sum;
    double min;
    double max;
    uint64_t zero_count;
    double zero_threshold;
    struct otlp_bucket_run positive;
    struct otlp_bucket_run negative;
    struct otlp_exemplars exemplars;
    uint32_t flags;
    int32_t scale;
    uint8_t has_sum;
    uint8_t has_min;
    uint8_t has_max;
};

struct otlp_quantile {
    double quantile; /* 0 to 1 */
    double value;
};

struct otlp_summary_point {
    struct otlp_attributes attributes;
    uint64_t start_unix_ns;
    uint64_t time_unix_ns;
    uint64_t count;
    double sum;
    const struct otlp_quantile *quantiles;
    size_t quantile_count;
    uint32_t flags;
};

enum otlp_metric_type {
    OTLP_METRIC_NONE, /* no data at all */
    OTLP_METRIC_GAUGE,
    OTLP_METRIC_SUM,
    OTLP_METRIC_HISTOGRAM,
    OTLP_METRIC_EXPONENTIAL_HISTOGRAM,
    OTLP_METRIC_SUMMARY,
};

/* The points of a metric; which member counts is what the metric's type says. */
struct otlp_metric_data {
    union {
        const struct otlp_number_point *numbers; /* gauges and sums */
        const struct otlp_histogram_point *histograms;
        const struct otlp_exponential_point *exponentials;
        const struct otlp_summary_point *summaries;
    } points;
    size_t point_count;
    int32_t temporality;  /* enum otlp_temporality, 0: not given; sums and histograms */
    uint8_t is_monotonic; /* sums: 0 or 1 */
};

struct otlp_metric_view {
    struct otlp_text name;
    struct otlp_text description;
    struct otlp_text unit;
    struct otlp_metric_data data;
    struct otlp_attributes metadata;
    uint8_t type; /* enum otlp_metric_type */
};

/* ---- the tree ---- */

/* What one scope sent: spans, metrics or logs, by the document's signal. */
struct otlp_scope_group {
    const struct otlp_scope_view *scope; /* NULL: not given */
    union {
        const struct otlp_span_view *spans;
        const struct otlp_metric_view *metrics;
        const struct otlp_log_view *logs;
    } items;
    size_t item_count;
    struct otlp_text schema_url;
};

struct otlp_resource_group {
    const struct otlp_resource_view *resource; /* NULL: not given */
    const struct otlp_scope_group *scopes;
    size_t scope_count;
    struct otlp_text schema_url;
};

struct otlp_document;

/* An empty document. NULL: out of memory. */
OTLP_API struct otlp_document *otlp_document_new(void);

/* NULL is allowed. */
OTLP_API void otlp_document_free(struct otlp_document *document);

/* Forgets the content and keeps the memory for the next one. */
OTLP_API void otlp_document_clear(struct otlp_document *document);

/*
 * Bounds the memory that decoding may take, since a short hostile input can stand for a large tree:
 * decoding then gives OTLP_ETOOBIG. 0, as at the beginning: 1 MiB and 24 times the input.
 */
OTLP_API void otlp_document_limit(struct otlp_document *document, size_t max_bytes);

/* Bytes of memory that the document holds. */
OTLP_API size_t otlp_document_bytes(const struct otlp_document *document);

/* What the document was decoded as; OTLP_TRACES when it never was. */
OTLP_API enum otlp_signal otlp_document_signal(const struct otlp_document *document);

/* The groups in the order of the input; NULL and count 0 when there are none. */
OTLP_API const struct otlp_resource_group *
otlp_document_groups(const struct otlp_document *document, size_t *count);

/* Spans, data points or log records in the document. */
OTLP_API size_t otlp_document_items(const struct otlp_document *document);

/*
 * Encodes the document and appends it to `out`. An empty document is 0 bytes of protobuf, and {} in
 * JSON. OTLP_ENOMEM; OTLP_ENOSPC: a fixed buffer is too small; out then holds what it held before.
 */
OTLP_API int otlp_document_encode(const struct otlp_document *document, enum otlp_encoding encoding,
                                  struct otlp_buffer *out);

#ifdef __cplusplus
}
#endif

#endif
