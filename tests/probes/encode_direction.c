/*
 * Which way to write a request: forwards, leaving room for lengths that are filled in afterwards
 * (as the client's encoder does), or backwards from the end of the memory, when every length is
 * known as it comes to be written. Both write the same 512 spans, byte for byte. The backward
 * writer has it easier: its memory is always large enough, nothing is looked at for nesting, and
 * where the bytes end up lying counts for nothing.
 */
#include <assay.h>
#include <otlp.h>

#include "suites/common/telemetry.h"

#include <stdlib.h>
#include <string.h>

ASSAY_SUITE("encode_direction");

#define SPANS 512

static inline void put_byte(uint8_t **at, unsigned byte)
{
    *--*at = (uint8_t)byte;
}

static inline void put_varint(uint8_t **at, uint64_t value)
{
    size_t size = ((size_t)(63 - __builtin_clzll(value | 1)) * 9 + 73) / 64;
    uint8_t *to = *at -= size;
    for (; value >= 0x80; value >>= 7) {
        *to++ = (uint8_t)(value | 0x80);
    }
    *to = (uint8_t)value;
}

static inline void put_bytes(uint8_t **at, const void *bytes, size_t len)
{
    *at -= len;
    if (len > 0) {
        memcpy(*at, bytes, len);
    }
}

static inline void put_text(uint8_t **at, unsigned tag, const char *text, size_t len)
{
    if (len > 0) {
        put_bytes(at, text, len);
        put_varint(at, len);
        put_byte(at, tag);
    }
}

static inline void put_number(uint8_t **at, unsigned tag, uint64_t value)
{
    if (value != 0) {
        put_varint(at, value);
        put_byte(at, tag);
    }
}

static inline void put_fixed64(uint8_t **at, unsigned tag, const void *value)
{
    put_bytes(at, value, 8);
    put_byte(at, tag);
}

/* What has been written since `end`, as a message in its frame. */
static inline void close_message(uint8_t **at, unsigned tag, const uint8_t *end)
{
    put_varint(at, (uint64_t)(end - *at));
    put_byte(at, tag);
}

static void put_value(uint8_t **at, const struct otlp_value *value)
{
    switch (value->type) {
    case OTLP_VALUE_STRING:
        put_bytes(at, value->as.string, value->len);
        put_varint(at, value->len);
        put_byte(at, 0x0a);
        break;
    case OTLP_VALUE_BOOL:
        put_byte(at, value->as.boolean);
        put_byte(at, 0x10);
        break;
    case OTLP_VALUE_INT:
        put_varint(at, (uint64_t)value->as.integer);
        put_byte(at, 0x18);
        break;
    case OTLP_VALUE_DOUBLE:
        put_fixed64(at, 0x21, &value->as.real);
        break;
    case OTLP_VALUE_ARRAY:
        for (uint32_t i = value->len; i-- > 0;) {
            const uint8_t *end = *at;
            put_value(at, &value->as.array[i]);
            close_message(at, 0x0a, end);
        }
        break;
    default:
        break;
    }
}

static void put_attributes(uint8_t **at, unsigned tag, const struct otlp_attribute *attributes,
                           size_t count)
{
    for (size_t i = count; i-- > 0;) {
        const uint8_t *end = *at;
        put_value(at, &attributes[i].value);
        if (attributes[i].value.type == OTLP_VALUE_ARRAY) {
            close_message(at, 0x2a, end);
        }
        close_message(at, 0x12, end);
        put_text(at, 0x0a, attributes[i].key, attributes[i].key_len);
        close_message(at, tag, end);
    }
}

static uint32_t flags_of(uint8_t flags, bool is_remote)
{
    return flags | 0x100u | (is_remote ? 0x200u : 0);
}

static void put_state(uint8_t **at, const struct otlp_tracestate *state)
{
    if (state != NULL) {
        struct otlp_header_value text = otlp_tracestate_text(state);
        put_text(at, 0x1a, text.text, text.len);
    }
}

static void put_link(uint8_t **at, const struct otlp_link *link)
{
    const uint8_t *end = *at;
    uint32_t flags = flags_of(link->context.flags, link->context.is_remote);
    put_bytes(at, &flags, 4);
    put_byte(at, 0x35);
    put_number(at, 0x28, link->dropped_attributes);
    put_attributes(at, 0x22, link->attributes, link->attribute_count);
    put_state(at, link->context.tracestate);
    put_text(at, 0x12, (const char *)link->context.span_id.bytes, 8);
    put_text(at, 0x0a, (const char *)link->context.trace_id.bytes, 16);
    close_message(at, 0x6a, end);
}

static void put_event(uint8_t **at, const struct otlp_event *event)
{
    const uint8_t *end = *at;
    put_number(at, 0x20, event->dropped_attributes);
    put_attributes(at, 0x1a, event->attributes, event->attribute_count);
    put_text(at, 0x12, event->name, event->name_len);
    put_fixed64(at, 0x09, &event->time_unix_ns);
    close_message(at, 0x5a, end);
}

static void put_span(uint8_t **at, const struct otlp_span_data *span)
{
    const uint8_t *end = *at;
    uint32_t flags = flags_of(span->context.flags, span->parent_is_remote);
    put_bytes(at, &flags, 4);
    put_byte(at, 0x01);
    put_byte(at, 0x85);
    if (span->status_code != OTLP_STATUS_UNSET) {
        const uint8_t *status_end = *at;
        put_number(at, 0x18, span->status_code);
        put_text(at, 0x12, span->status_message, span->status_message_len);
        close_message(at, 0x7a, status_end);
    }
    put_number(at, 0x70, span->dropped_links);
    for (uint32_t i = span->link_count; i-- > 0;) {
        put_link(at, &span->links[i]);
    }
    put_number(at, 0x60, span->dropped_events);
    for (uint32_t i = span->event_count; i-- > 0;) {
        put_event(at, &span->events[i]);
    }
    put_number(at, 0x50, span->dropped_attributes);
    put_attributes(at, 0x4a, span->attributes, span->attribute_count);
    put_fixed64(at, 0x41, &span->end_unix_ns);
    put_fixed64(at, 0x39, &span->start_unix_ns);
    put_number(at, 0x30, span->kind);
    put_text(at, 0x2a, span->name, span->name_len);
    if (otlp_span_id_is_valid(span->parent_span_id)) {
        put_text(at, 0x22, (const char *)span->parent_span_id.bytes, 8);
    }
    put_state(at, span->context.tracestate);
    put_text(at, 0x12, (const char *)span->context.span_id.bytes, 8);
    put_text(at, 0x0a, (const char *)span->context.trace_id.bytes, 16);
    close_message(at, 0x12, end);
}

/* Without resource and scope. Returns where the request begins. */
static uint8_t *write_backward(struct otlp_span *const *spans, uint8_t *end)
{
    uint8_t *at = end;
    for (size_t i = SPANS; i-- > 0;) {
        put_span(&at, otlp_span_get_data(spans[i]));
    }
    close_message(&at, 0x12, end);
    close_message(&at, 0x0a, end);
    return at;
}

ASSAY_BENCH(encode, .arg_name = "way", .arg_names = {"forward", "backward"},
            .arg2_name = "attributes", .args2 = {0, 1, 5, 10, 100})
{
    struct otlp_span *spans[SPANS] = {NULL};
    struct telemetry *telemetry = telemetry_new(20260105);
    struct otlp_buffer bytes = {0};
    if (telemetry == NULL || telemetry_spans(telemetry, SPANS, (int)assay_arg2(b), spans) != 0 ||
        otlp_encode_spans(NULL, NULL, (const struct otlp_span *const *)spans, SPANS, &bytes) != 0) {
        assay_fail(b, "the request could not be made");
    }
    uint8_t *memory = malloc(bytes.len + 64);
    if (memory == NULL) {
        abort();
    }
    uint8_t *end = memory + bytes.len + 64;
    const uint8_t *start = write_backward(spans, end);
    if ((size_t)(end - start) != bytes.len || memcmp(start, bytes.data, bytes.len) != 0) {
        assay_fail(b, "the two ways do not write the same");
    }
    assay_elements(b, SPANS);
    assay_bytes(b, bytes.len);
    ASSAY_LOOP(b) {
        if (assay_arg(b) == 0) {
            bytes.len = 0;
            otlp_encode_spans(NULL, NULL, (const struct otlp_span *const *)spans, SPANS, &bytes);
            assay_touch(bytes.data);
        } else {
            assay_touch(write_backward(spans, end));
        }
    }
    for (size_t i = 0; i < SPANS; i++) {
        otlp_span_free(spans[i]);
    }
    free(memory);
    otlp_buffer_release(&bytes);
    telemetry_free(telemetry);
}
