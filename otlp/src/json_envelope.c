#include "json_envelope.h"

#include <otlp/propagate.h>

#define LITERAL(text) (text), sizeof(text) - 1

static struct otlp_text text_of(const char *text)
{
    return (struct otlp_text){text, text != NULL ? strlen(text) : 0};
}

static int put_schema_url(struct otlp__writer *writer, const char *schema_url)
{
    struct otlp_text url = text_of(schema_url);
    if (url.len == 0) {
        return 0;
    }
    int rc = otlp__json_raw(writer, LITERAL(",\"schemaUrl\":"));
    return rc == 0 ? otlp__json_string(writer, url.data, url.len) : rc;
}

int otlp__json_open_resource(struct otlp__writer *writer, enum otlp_signal signal,
                             const struct otlp_resource *resource)
{
    static const char *const groups[] = {"{\"resourceSpans\":[{", "{\"resourceMetrics\":[{",
                                         "{\"resourceLogs\":[{"};
    static const char *const scopes[] = {"\"scopeSpans\":[", "\"scopeMetrics\":[",
                                         "\"scopeLogs\":["};
    int rc = otlp__json_raw(writer, groups[signal], strlen(groups[signal]));
    if (rc == 0 && resource != NULL) {
        const struct otlp_resource_view view = {
            .attributes = {resource->attributes, resource->attribute_count}};
        rc = otlp__json_raw(writer, LITERAL("\"resource\":"));
        if (rc == 0) {
            rc = otlp__json_message(writer, &otlp__resource_message, &view);
        }
        if (rc == 0) {
            rc = otlp__json_raw(writer, ",", 1);
        }
    }
    return rc == 0 ? otlp__json_raw(writer, scopes[signal], strlen(scopes[signal])) : rc;
}

int otlp__json_close_resource(struct otlp__writer *writer, const char *schema_url)
{
    int rc = otlp__json_raw(writer, "]", 1);
    if (rc == 0) {
        rc = put_schema_url(writer, schema_url);
    }
    return rc == 0 ? otlp__json_raw(writer, LITERAL("}]}")) : rc;
}

int otlp__json_open_scope(struct otlp__writer *writer, enum otlp_signal signal,
                          const struct otlp_scope *scope, bool is_first)
{
    static const char *const items[] = {"\"spans\":[", "\"metrics\":[", "\"logRecords\":["};
    int rc = is_first ? otlp__json_raw(writer, "{", 1) : otlp__json_raw(writer, ",{", 2);
    if (rc == 0 && scope != NULL) {
        const struct otlp_scope_view view = {
            .name = text_of(scope->name),
            .version = text_of(scope->version),
            .attributes = {scope->attributes, scope->attribute_count},
        };
        rc = otlp__json_raw(writer, LITERAL("\"scope\":"));
        if (rc == 0) {
            rc = otlp__json_message(writer, &otlp__scope_message, &view);
        }
        if (rc == 0) {
            rc = otlp__json_raw(writer, ",", 1);
        }
    }
    return rc == 0 ? otlp__json_raw(writer, items[signal], strlen(items[signal])) : rc;
}

int otlp__json_close_scope(struct otlp__writer *writer, const char *schema_url)
{
    int rc = otlp__json_raw(writer, "]", 1);
    if (rc == 0) {
        rc = put_schema_url(writer, schema_url);
    }
    return rc == 0 ? otlp__json_raw(writer, "}", 1) : rc;
}

static uint32_t flags_of(uint8_t trace_flags, bool is_remote)
{
    return trace_flags | 0x100u | (is_remote ? 0x200u : 0);
}

static struct otlp_text state_of(const struct otlp_tracestate *state)
{
    struct otlp_header_value text = {NULL, 0};
    if (state != NULL) {
        text = otlp_tracestate_text(state);
    }
    return (struct otlp_text){text.text, text.len};
}

static int put_events(struct otlp__writer *writer, const struct otlp_span_data *span)
{
    int rc = otlp__json_raw(writer, LITERAL("\"events\":["));
    for (uint32_t i = 0; i < span->event_count && rc == 0; i++) {
        const struct otlp_event *event = &span->events[i];
        const struct otlp_event_view view = {
            .time_unix_ns = event->time_unix_ns,
            .name = {event->name, event->name_len},
            .attributes = {event->attributes, event->attribute_count},
            .dropped_attributes = event->dropped_attributes,
        };
        rc = otlp__json_message(writer, &otlp__event_message, &view);
        if (rc == 0) {
            rc = otlp__json_raw(writer, ",", 1);
        }
    }
    if (rc == 0) {
        rc = otlp__json_close(writer, ']');
    }
    return rc == 0 ? otlp__json_raw(writer, ",", 1) : rc;
}

static int put_links(struct otlp__writer *writer, const struct otlp_span_data *span)
{
    int rc = otlp__json_raw(writer, LITERAL("\"links\":["));
    for (uint32_t i = 0; i < span->link_count && rc == 0; i++) {
        const struct otlp_link *link = &span->links[i];
        const struct otlp_link_view view = {
            .trace_id = link->context.trace_id,
            .span_id = link->context.span_id,
            .trace_state = state_of(link->context.tracestate),
            .attributes = {link->attributes, link->attribute_count},
            .dropped_attributes = link->dropped_attributes,
            .flags = flags_of(link->context.flags, link->context.is_remote),
        };
        rc = otlp__json_message(writer, &otlp__link_message, &view);
        if (rc == 0) {
            rc = otlp__json_raw(writer, ",", 1);
        }
    }
    if (rc == 0) {
        rc = otlp__json_close(writer, ']');
    }
    return rc == 0 ? otlp__json_raw(writer, ",", 1) : rc;
}

int otlp__json_span(struct otlp__writer *writer, const struct otlp_span_data *span)
{
    bool has_status = span->status_code != OTLP_STATUS_UNSET;
    const struct otlp_span_view view = {
        .trace_id = span->context.trace_id,
        .span_id = span->context.span_id,
        .parent_span_id = span->parent_span_id,
        .trace_state = state_of(span->context.tracestate),
        .name = {span->name, span->name_len},
        .start_unix_ns = span->start_unix_ns,
        .end_unix_ns = span->end_unix_ns,
        .attributes = {span->attributes, span->attribute_count},
        .status = {.message = has_status ? text_of(span->status_message) : text_of(NULL),
                   .code = span->status_code},
        .dropped_attributes = span->dropped_attributes,
        .dropped_events = span->dropped_events,
        .dropped_links = span->dropped_links,
        .flags = flags_of(span->context.flags, span->parent_is_remote),
        .kind = span->kind,
    };
    int rc = otlp__json_raw(writer, "{", 1);
    if (rc == 0) {
        rc = otlp__json_members(writer, &otlp__span_message, &view);
    }
    if (rc == 0 && span->event_count > 0) {
        rc = put_events(writer, span);
    }
    if (rc == 0 && span->link_count > 0) {
        rc = put_links(writer, span);
    }
    return rc == 0 ? otlp__json_close(writer, '}') : rc;
}

int otlp__json_log(struct otlp__writer *writer, const struct otlp_log_record *record)
{
    const struct otlp_log_view view = {
        .time_unix_ns = record->time_unix_ns,
        .observed_unix_ns = record->observed_unix_ns,
        .severity_text = text_of(record->severity_text),
        .body = record->body,
        .attributes = {record->attributes, record->attribute_count},
        .trace_id = record->trace_id,
        .span_id = record->span_id,
        .event_name = text_of(record->event_name),
        .dropped_attributes = record->dropped_attributes,
        .flags = record->flags,
        .severity = record->severity,
    };
    return otlp__json_message(writer, &otlp__log_message, &view);
}
