#include "encode_internal.h"

#include <otlp/propagate.h>

#define REMOTE_IS_KNOWN 0x100u
#define IS_REMOTE       0x200u

/* Room for all members of fixed size, with their tags. */
#define SPAN_ROOM  192
#define EVENT_ROOM 48
#define LINK_ROOM  64

/* That it is known whether the context is remote is always said. */
static uint32_t flags_of(uint8_t trace_flags, bool is_remote)
{
    return trace_flags | REMOTE_IS_KNOWN | (is_remote ? IS_REMOTE : 0);
}

static struct otlp_header_value state_of(const struct otlp_tracestate *state)
{
    if (state == NULL) {
        return (struct otlp_header_value){NULL, 0};
    }
    return otlp_tracestate_text(state);
}

static int put_event(struct otlp__writer *writer, const struct otlp_event *event)
{
    int rc = otlp__room(writer, EVENT_ROOM + (size_t)event->name_len);
    if (rc != 0) {
        return rc;
    }
    otlp__put_nonzero64(&writer->at, 0x09, event->time_unix_ns);
    otlp__put_text(&writer->at, 0x12, event->name, event->name_len);
    rc = otlp__put_attributes(writer, 0x1a, event->attributes, event->attribute_count, 0);
    if (rc == 0 && event->dropped_attributes != 0 && (rc = otlp__room(writer, 11)) == 0) {
        otlp__put_nonzero(&writer->at, 0x20, event->dropped_attributes);
    }
    return rc;
}

static int put_link(struct otlp__writer *writer, const struct otlp_link *link)
{
    struct otlp_header_value state = state_of(link->context.tracestate);
    int rc = otlp__room(writer, LINK_ROOM + state.len);
    if (rc != 0) {
        return rc;
    }
    otlp__put_trace_id(&writer->at, 0x0a, &link->context.trace_id);
    otlp__put_span_id(&writer->at, 0x12, &link->context.span_id);
    otlp__put_text(&writer->at, 0x1a, state.text, state.len);
    rc = otlp__put_attributes(writer, 0x22, link->attributes, link->attribute_count, 0);
    if (rc == 0 && (rc = otlp__room(writer, 16)) == 0) {
        otlp__put_nonzero(&writer->at, 0x28, link->dropped_attributes);
        otlp__put_byte(&writer->at, 0x35);
        otlp__put_fixed32(&writer->at, flags_of(link->context.flags, link->context.is_remote));
    }
    return rc;
}

static int put_events(struct otlp__writer *writer, const struct otlp_span_data *span)
{
    int rc = 0;
    for (uint32_t i = 0; i < span->event_count && rc == 0; i++) {
        size_t start = 0;
        rc = otlp__room(writer, 1);
        if (rc == 0) {
            otlp__put_byte(&writer->at, 0x5a);
            rc = otlp__length_open(writer, 1, &start);
        }
        if (rc == 0) {
            rc = put_event(writer, &span->events[i]);
        }
        if (rc == 0) {
            rc = otlp__length_close(writer, 1, start);
        }
    }
    return rc;
}

static int put_links(struct otlp__writer *writer, const struct otlp_span_data *span)
{
    int rc = 0;
    for (uint32_t i = 0; i < span->link_count && rc == 0; i++) {
        size_t start = 0;
        rc = otlp__room(writer, 1);
        if (rc == 0) {
            otlp__put_byte(&writer->at, 0x6a);
            rc = otlp__length_open(writer, 1, &start);
        }
        if (rc == 0) {
            rc = put_link(writer, &span->links[i]);
        }
        if (rc == 0) {
            rc = otlp__length_close(writer, 1, start);
        }
    }
    return rc;
}

static void put_status(uint8_t **at, const struct otlp_span_data *span, size_t message_len)
{
    if (span->status_code == OTLP_STATUS_UNSET) {
        return;
    }
    size_t text_size = message_len > 0 ? 1 + otlp__varint_size(message_len) + message_len : 0;
    otlp__put_byte(at, 0x7a);
    otlp__put_varint(at, text_size + 1 + otlp__varint_size(span->status_code));
    otlp__put_text(at, 0x12, span->status_message, message_len);
    otlp__put_byte(at, 0x18);
    otlp__put_varint(at, span->status_code);
}

static void put_head(uint8_t **at, const struct otlp_span_data *span,
                     struct otlp_header_value state)
{
    otlp__put_trace_id(at, 0x0a, &span->context.trace_id);
    otlp__put_span_id(at, 0x12, &span->context.span_id);
    otlp__put_text(at, 0x1a, state.text, state.len);
    otlp__put_span_id(at, 0x22, &span->parent_span_id);
    otlp__put_text(at, 0x2a, span->name, span->name_len);
    otlp__put_nonzero(at, 0x30, span->kind);
    otlp__put_nonzero64(at, 0x39, span->start_unix_ns);
    otlp__put_nonzero64(at, 0x41, span->end_unix_ns);
}

int otlp__put_span(struct otlp__writer *writer, const struct otlp_span_data *span)
{
    struct otlp_header_value state = state_of(span->context.tracestate);
    size_t message_len = span->status_message != NULL ? span->status_message_len : 0;
    int rc = otlp__room(writer, SPAN_ROOM + state.len + span->name_len);
    if (rc != 0) {
        return rc;
    }
    put_head(&writer->at, span, state);
    rc = otlp__put_attributes(writer, 0x4a, span->attributes, span->attribute_count, 0);
    if (rc == 0 && (rc = otlp__room(writer, 11)) == 0) {
        otlp__put_nonzero(&writer->at, 0x50, span->dropped_attributes);
        rc = put_events(writer, span);
    }
    if (rc == 0 && (rc = otlp__room(writer, 11)) == 0) {
        otlp__put_nonzero(&writer->at, 0x60, span->dropped_events);
        rc = put_links(writer, span);
    }
    if (rc == 0 && (rc = otlp__room(writer, 64 + message_len)) == 0) {
        otlp__put_nonzero(&writer->at, 0x70, span->dropped_links);
        put_status(&writer->at, span, message_len);
        otlp__put_byte(&writer->at, 0x85);
        otlp__put_byte(&writer->at, 0x01);
        otlp__put_fixed32(&writer->at, flags_of(span->context.flags, span->parent_is_remote));
    }
    return rc;
}
