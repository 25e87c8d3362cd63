/*
 * Encoding through protobuf-c: the model becomes an Export<Signal>ServiceRequest.
 *
 * A packer builds the message tree in an arena that it keeps from call to call, then encodes it.
 * One thread at a time uses a packer. What is encoded is only read.
 *
 * On the wire: parent_span_id is empty for a root span; Span.flags holds the W3C flags, bit 8
 * always (whether the parent is remote is known) and bit 9 for a remote parent; Link.flags
 * likewise for the linked context. Everything goes under one resource and one scope.
 *
 * protobuf-c takes text up to its first NUL.
 */
#ifndef OTLP_PACK_H
#define OTLP_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/buffer.h>
#include <otlp/error.h>
#include <otlp/log.h>
#include <otlp/metric.h>
#include <otlp/resource.h>
#include <otlp/signal.h>
#include <otlp/span.h>

#ifdef __cplusplus
extern "C" {
#endif

struct otlp_packer;

/* NULL: out of memory. */
OTLP_API struct otlp_packer *otlp_packer_new(void);

/* Bytes of memory that the packer's arena holds. */
OTLP_API size_t otlp_packer_bytes(const struct otlp_packer *packer);

/* NULL is allowed. */
OTLP_API void otlp_packer_free(struct otlp_packer *packer);

/*
 * Encode one request and append it to `out`; since requests may be concatenated on the wire, the
 * result of several calls is one valid request. resource and scope: NULL leaves them out.
 * count 0 gives an empty request, 0 bytes.
 * OTLP_ENOMEM; OTLP_ENOSPC: a fixed buffer is too small; OTLP_EINVAL: a value is nested deeper than
 * OTLP_VALUE_DEPTH_MAX, or a metric has no valid kind. On failure out holds what it held before.
 */
OTLP_API int otlp_pack_spans(struct otlp_packer *packer, const struct otlp_resource *resource,
                             const struct otlp_scope *scope, const struct otlp_span *const *spans,
                             size_t count, struct otlp_buffer *out);
OTLP_API int otlp_pack_logs(struct otlp_packer *packer, const struct otlp_resource *resource,
                            const struct otlp_scope *scope, const struct otlp_log_record *records,
                            size_t count, struct otlp_buffer *out);
OTLP_API int otlp_pack_metrics(struct otlp_packer *packer, const struct otlp_resource *resource,
                               const struct otlp_scope *scope, const struct otlp_metric *metrics,
                               size_t count, struct otlp_buffer *out);

/* A request that protobuf-c decoded. */
struct otlp_request;

/*
 * Decodes a request. Meant for bytes from a trusted source, such as one's own: protobuf-c recurses
 * as deep as the bytes tell it to. OTLP_EFORMAT: not a request of this signal. OTLP_ETOOBIG: above
 * 64 MiB. OTLP_ENOMEM.
 */
OTLP_API int otlp_request_unpack(enum otlp_signal signal, const uint8_t *data, size_t data_len,
                                 struct otlp_request **request);

/* Spans, metric data points, or log records in the request. */
OTLP_API size_t otlp_request_items(const struct otlp_request *request);

/* Encodes the decoded request again and appends it. OTLP_ENOMEM, OTLP_ENOSPC. */
OTLP_API int otlp_request_pack(const struct otlp_request *request, struct otlp_buffer *out);

/* The message itself, for code that includes the generated headers: an
 * Opentelemetry__Proto__Collector__<Signal>__V1__Export<Signal>ServiceRequest. */
OTLP_API const void *otlp_request_message(const struct otlp_request *request);

/* NULL is allowed. */
OTLP_API void otlp_request_free(struct otlp_request *request);

#ifdef __cplusplus
}
#endif

#endif
