#include "encode_internal.h"

int otlp__put_resource(struct otlp__writer *writer, const struct otlp_resource *resource)
{
    return otlp__put_attributes(writer, 0x0a, resource->attributes, resource->attribute_count, 0);
}

int otlp__put_scope(struct otlp__writer *writer, const struct otlp_scope *scope)
{
    size_t name_len = otlp__text_len(scope->name);
    size_t version_len = otlp__text_len(scope->version);
    int rc = otlp__room(writer, name_len + version_len + 22);
    if (rc != 0) {
        return rc;
    }
    otlp__put_text(&writer->at, 0x0a, scope->name, name_len);
    otlp__put_text(&writer->at, 0x12, scope->version, version_len);
    return otlp__put_attributes(writer, 0x1a, scope->attributes, scope->attribute_count, 0);
}

static int put_body(struct otlp__writer *writer, const struct otlp_value *body)
{
    size_t start = 0;
    size_t length_bytes = body->type == OTLP_VALUE_STRING ? otlp__varint_size(body->len + 3ull) : 1;
    int rc = otlp__room(writer, 1);
    if (rc == 0) {
        otlp__put_byte(&writer->at, 0x2a);
        rc = otlp__length_open(writer, length_bytes, &start);
    }
    if (rc == 0) {
        rc = otlp__put_value(writer, body, 0);
    }
    return rc == 0 ? otlp__length_close(writer, length_bytes, start) : rc;
}

int otlp__put_log(struct otlp__writer *writer, const struct otlp_log_record *record)
{
    size_t severity_len = otlp__text_len(record->severity_text);
    size_t event_len = otlp__text_len(record->event_name);
    int rc = otlp__room(writer, severity_len + 40);
    if (rc != 0) {
        return rc;
    }
    otlp__put_nonzero64(&writer->at, 0x09, record->time_unix_ns);
    otlp__put_nonzero(&writer->at, 0x10, (uint64_t)(int64_t)record->severity);
    otlp__put_text(&writer->at, 0x1a, record->severity_text, severity_len);
    if (record->body.type != OTLP_VALUE_EMPTY) {
        rc = put_body(writer, &record->body);
    }
    if (rc == 0) {
        rc = otlp__put_attributes(writer, 0x32, record->attributes, record->attribute_count, 0);
    }
    if (rc == 0 && (rc = otlp__room(writer, event_len + 96)) == 0) {
        otlp__put_nonzero(&writer->at, 0x38, record->dropped_attributes);
        if (record->flags != 0) {
            otlp__put_byte(&writer->at, 0x45);
            otlp__put_fixed32(&writer->at, record->flags);
        }
        otlp__put_trace_id(&writer->at, 0x4a, &record->trace_id);
        otlp__put_span_id(&writer->at, 0x52, &record->span_id);
        otlp__put_nonzero64(&writer->at, 0x59, record->observed_unix_ns);
        otlp__put_text(&writer->at, 0x62, record->event_name, event_len);
    }
    return rc;
}
