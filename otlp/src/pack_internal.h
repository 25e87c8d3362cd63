/*
 * From the model to the message tree of protobuf-c. The tree lives in an arena and points into the
 * model; protobuf-c only reads it. All functions return 0, OTLP_ENOMEM, or OTLP_EINVAL for values
 * that are nested too deep.
 */
#ifndef OTLP_PACK_INTERNAL_H
#define OTLP_PACK_INTERNAL_H

#include <stdbool.h>

#include <opentelemetry/proto/collector/logs/v1/logs_service.pb-c.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pb-c.h>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h>

#include <otlp/pack.h>

#include "arena.h"

typedef Opentelemetry__Proto__Common__V1__AnyValue pb_any_value;
typedef Opentelemetry__Proto__Common__V1__ArrayValue pb_array_value;
typedef Opentelemetry__Proto__Common__V1__KeyValueList pb_key_value_list;
typedef Opentelemetry__Proto__Common__V1__KeyValue pb_key_value;
typedef Opentelemetry__Proto__Common__V1__InstrumentationScope pb_scope;
typedef Opentelemetry__Proto__Resource__V1__Resource pb_resource;
typedef Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceRequest pb_trace_request;
typedef Opentelemetry__Proto__Collector__Metrics__V1__ExportMetricsServiceRequest
    pb_metrics_request;
typedef Opentelemetry__Proto__Collector__Logs__V1__ExportLogsServiceRequest pb_logs_request;

struct otlp_packer {
    struct otlp__arena arena;
};

/* protobuf-c has no const, needs a NUL at the end of text, and takes "" for "not given". */
static inline char *otlp__pb_text(const char *text)
{
    return (char *)(uintptr_t)(text != NULL ? text : "");
}

static inline ProtobufCBinaryData otlp__pb_bytes(const uint8_t *bytes, size_t bytes_len)
{
    ProtobufCBinaryData data = {bytes_len, (uint8_t *)(uintptr_t)bytes};
    return data;
}

/* Ids that are not valid are sent as "not given". */
static inline ProtobufCBinaryData otlp__pb_trace_id(const struct otlp_trace_id *id)
{
    return otlp__pb_bytes(id->bytes, otlp_trace_id_is_valid(*id) ? sizeof id->bytes : 0);
}

static inline ProtobufCBinaryData otlp__pb_span_id(const struct otlp_span_id *id)
{
    return otlp__pb_bytes(id->bytes, otlp_span_id_is_valid(*id) ? sizeof id->bytes : 0);
}

/*
 * owns_text: the model is the library's own and its text ends in NUL; otherwise text is copied.
 * *built is NULL for count 0.
 */
int otlp__pb_attributes(struct otlp__arena *arena, const struct otlp_attribute *attributes,
                        size_t count, bool owns_text, pb_key_value ***built);
int otlp__pb_value(struct otlp__arena *arena, const struct otlp_value *value, bool owns_text,
                   pb_any_value *built);

/* *built is NULL for NULL. */
int otlp__pb_resource(struct otlp__arena *arena, const struct otlp_resource *resource,
                      pb_resource **built);
int otlp__pb_scope(struct otlp__arena *arena, const struct otlp_scope *scope, pb_scope **built);

/* Encodes a message and appends it. OTLP_ENOMEM, OTLP_ENOSPC. */
int otlp__pb_append(const ProtobufCMessage *message, struct otlp_buffer *out);

#endif
