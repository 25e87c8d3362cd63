#include "ids.h"

#include <stdbool.h>
#include <string.h>

/* Field numbers of opentelemetry-proto's trace.proto. */
enum { RESOURCE_SPANS = 1, SCOPE_SPANS = 2, SPANS = 2, SPAN_TRACE_ID = 1, SPAN_SPAN_ID = 2 };

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

struct bytes {
    const uint8_t *at;
    const uint8_t *end;
};

static uint64_t read_varint(struct bytes *bytes)
{
    uint64_t value = 0;
    for (unsigned shift = 0; bytes->at < bytes->end && shift < 64; shift += 7) {
        uint8_t byte = *bytes->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    return value;
}

/* The next field that is a run of bytes; others are passed over. false: there is none. */
static bool next_bytes(struct bytes *message, uint64_t *number, struct bytes *content)
{
    while (message->at < message->end) {
        uint64_t tag = read_varint(message);
        uint64_t len = 0;
        switch (tag & 7) {
        case WIRE_VARINT:
            read_varint(message);
            continue;
        case WIRE_FIXED64:
            len = 8;
            break;
        case WIRE_FIXED32:
            len = 4;
            break;
        default:
            len = read_varint(message);
            break;
        }
        if (len > (uint64_t)(message->end - message->at)) {
            return false;
        }
        content->at = message->at;
        message->at += len;
        content->end = message->at;
        *number = tag >> 3;
        if ((tag & 7) == WIRE_BYTES) {
            return true;
        }
    }
    return false;
}

static bool is_id(struct bytes id)
{
    while (id.at < id.end) {
        if (*id.at++ != 0) {
            return true;
        }
    }
    return false;
}

/* Ids come first in what is written by anyone in practice, and once; if not, the last one counts.
 */
static bool has_ids(struct bytes span)
{
    bool has_trace_id = false;
    bool has_span_id = false;
    uint64_t number;
    struct bytes content;
    while (next_bytes(&span, &number, &content)) {
        if (number == SPAN_TRACE_ID) {
            has_trace_id = is_id(content);
        } else if (number == SPAN_SPAN_ID) {
            has_span_id = is_id(content);
        } else if (has_trace_id && has_span_id) {
            return true;
        }
    }
    return has_trace_id && has_span_id;
}

static size_t count_in_scope(struct bytes scope)
{
    size_t invalid = 0;
    uint64_t number;
    struct bytes span;
    while (next_bytes(&scope, &number, &span)) {
        invalid += number == SPANS && !has_ids(span);
    }
    return invalid;
}

static size_t count_in_resource(struct bytes resource)
{
    size_t invalid = 0;
    uint64_t number;
    struct bytes scope;
    while (next_bytes(&resource, &number, &scope)) {
        invalid += number == SCOPE_SPANS ? count_in_scope(scope) : 0;
    }
    return invalid;
}

size_t otlp__rx_invalid_ids(const uint8_t *data, size_t data_len)
{
    size_t invalid = 0;
    uint64_t number;
    struct bytes request = {data, data_len > 0 ? data + data_len : data};
    struct bytes resource;
    while (next_bytes(&request, &number, &resource)) {
        invalid += number == RESOURCE_SPANS ? count_in_resource(resource) : 0;
    }
    return invalid;
}
