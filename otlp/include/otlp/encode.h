/*
 * Encoding without protobuf-c: from the model straight to the bytes of an
 * Export<Signal>ServiceRequest, in one pass and without a tree.
 *
 * The protobuf written here is what pack.h writes, byte for byte, except that text is taken whole
 * where it contains a NUL. JSON follows OTLP/HTTP's JSON encoding (json.h says how).
 *
 * Two forms: one call for everything, and an encoder that is given the items one at a time, under
 * any number of scopes, as they come from a queue.
 */
#ifndef OTLP_ENCODE_H
#define OTLP_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/buffer.h>
#include <otlp/error.h>
#include <otlp/exporter.h>
#include <otlp/log.h>
#include <otlp/metric.h>
#include <otlp/resource.h>
#include <otlp/signal.h>
#include <otlp/span.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Encode one request and append it to `out`; since requests may be concatenated on the wire, the
 * result of several calls is one valid request. resource and scope: NULL leaves them out.
 * count 0 gives an empty request, 0 bytes.
 * OTLP_ENOMEM; OTLP_ENOSPC: a fixed buffer is too small; OTLP_EINVAL: a value is nested deeper than
 * OTLP_VALUE_DEPTH_MAX, or a metric has no valid kind; OTLP_ETOOBIG: above 1 GiB. On failure out
 * holds what it held before. Any thread, each with a buffer of its own.
 */
OTLP_API int otlp_encode_spans(const struct otlp_resource *resource, const struct otlp_scope *scope,
                               const struct otlp_span *const *spans, size_t count,
                               struct otlp_buffer *out);
OTLP_API int otlp_encode_logs(const struct otlp_resource *resource, const struct otlp_scope *scope,
                              const struct otlp_log_record *records, size_t count,
                              struct otlp_buffer *out);
OTLP_API int otlp_encode_metrics(const struct otlp_resource *resource,
                                 const struct otlp_scope *scope, const struct otlp_metric *metrics,
                                 size_t count, struct otlp_buffer *out);

/*
 * Encode the body of one message (Span, LogRecord, Metric) and append it: no tag and no length
 * before it. Made to be handed to otlp_encoder_message() later. Codes as above; a fixed buffer may
 * be called too small when the bytes would just have fitted.
 */
OTLP_API int otlp_encode_span(const struct otlp_span_data *span, struct otlp_buffer *out);
OTLP_API int otlp_encode_log(const struct otlp_log_record *record, struct otlp_buffer *out);
OTLP_API int otlp_encode_metric(const struct otlp_metric *metric, struct otlp_buffer *out);

/*
 * An encoder of one request, filled in by otlp_encoder_begin(). Members are private. It owns no
 * memory: what it writes lies in `out`, to which nothing else may be written from begin to end. A
 * fixed buffer may be called too small when the bytes would just have fitted. Resource and scope
 * are read when they are given, but for their schema_url, which must stay until the request (the
 * scope) is ended. One thread at a time.
 *
 *   struct otlp_encoder encoder;
 *   otlp_encoder_begin(&encoder, OTLP_TRACES, OTLP_ENCODING_PROTOBUF, resource, &out);
 *   otlp_encoder_scope(&encoder, first_scope);
 *   otlp_encoder_span(&encoder, span_data);    ... as many as there are
 *   otlp_encoder_scope(&encoder, second_scope);
 *   otlp_encoder_span(&encoder, span_data);
 *   otlp_encoder_end(&encoder);
 *
 * Each function returns 0, OTLP_ENOMEM, OTLP_ENOSPC, OTLP_ETOOBIG, or OTLP_EINVAL (nesting that is
 * too deep, no valid kind, an item of another signal, no scope opened). An item or a scope that
 * fails leaves the request as it was before it, and the encoder goes on.
 */
struct otlp_encoder {
    struct otlp_buffer *out;
    const char *resource_url;
    const char *scope_url;
    size_t start;       /* out->len at the beginning */
    size_t resource_at; /* where the content of the resource's group begins */
    size_t scope_start; /* where the open scope's group begins, ... */
    size_t scope_at;    /* ... and where its content does; 0: none is open */
    size_t items;       /* in the request, data points counted one by one */
    size_t messages;    /* in the open scope */
    size_t scopes;      /* with something in them */
    enum otlp_signal signal;
    enum otlp_encoding encoding;
};

/* Begins a request for one resource (NULL: none given), appended to out. */
OTLP_API int otlp_encoder_begin(struct otlp_encoder *encoder, enum otlp_signal signal,
                                enum otlp_encoding encoding, const struct otlp_resource *resource,
                                struct otlp_buffer *out);

/* Ends the scope before and opens one (NULL: a scope that is not given). A scope without items is
 * left out of the request. */
OTLP_API int otlp_encoder_scope(struct otlp_encoder *encoder, const struct otlp_scope *scope);

/* Append one item to the open scope. It is read now and not kept. */
OTLP_API int otlp_encoder_span(struct otlp_encoder *encoder, const struct otlp_span_data *span);
OTLP_API int otlp_encoder_log(struct otlp_encoder *encoder, const struct otlp_log_record *record);
OTLP_API int otlp_encoder_metric(struct otlp_encoder *encoder, const struct otlp_metric *metric);

/* Appends an item that otlp_encode_span() or its like made; `items` is what it counts for (data
 * points of a metric; else 1). Protobuf only: OTLP_EINVAL otherwise. */
OTLP_API int otlp_encoder_message(struct otlp_encoder *encoder, const uint8_t *body,
                                  size_t body_len, size_t items);

/* Spans, log records or data points so far. */
static inline size_t otlp_encoder_items(const struct otlp_encoder *encoder)
{
    return encoder->items;
}

/* Bytes so far. The end adds at most 40 more, and the schema URLs of the open scope and of the
 * resource, which come last (in JSON with their escapes). */
static inline size_t otlp_encoder_bytes(const struct otlp_encoder *encoder)
{
    return encoder->out->len - encoder->start;
}

/* Ends the request: out holds it whole. Without items that is 0 bytes, and {} in JSON. On failure
 * (OTLP_ENOMEM, OTLP_ENOSPC, OTLP_ETOOBIG) the encoder is as before and may be ended again or
 * cancelled. */
OTLP_API int otlp_encoder_end(struct otlp_encoder *encoder);

/* Takes everything back: out holds what it held at the beginning. */
OTLP_API void otlp_encoder_cancel(struct otlp_encoder *encoder);

#ifdef __cplusplus
}
#endif

#endif
