#include "pack_internal.h"

#include <otlp/propagate.h>

typedef Opentelemetry__Proto__Trace__V1__ResourceSpans pb_resource_spans;
typedef Opentelemetry__Proto__Trace__V1__ScopeSpans pb_scope_spans;
typedef Opentelemetry__Proto__Trace__V1__Span pb_span;
typedef Opentelemetry__Proto__Trace__V1__Span__Event pb_event;
typedef Opentelemetry__Proto__Trace__V1__Span__Link pb_link;
typedef Opentelemetry__Proto__Trace__V1__Status pb_status;

struct span_message {
    pb_span span;
    pb_status status;
};

struct request {
    pb_trace_request request;
    pb_resource_spans resource_spans;
    pb_scope_spans scope_spans;
    pb_resource_spans *resource_list[1];
    pb_scope_spans *scope_list[1];
};

#define REMOTE_IS_KNOWN                                                                            \
    OPENTELEMETRY__PROTO__TRACE__V1__SPAN_FLAGS__SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK
#define IS_REMOTE OPENTELEMETRY__PROTO__TRACE__V1__SPAN_FLAGS__SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK

/* That it is known whether the context is remote is always said. */
static uint32_t flags_of(uint8_t trace_flags, bool is_remote)
{
    return trace_flags | (uint32_t)REMOTE_IS_KNOWN | (is_remote ? (uint32_t)IS_REMOTE : 0);
}

static int build_trace_state(struct otlp__arena *arena, const struct otlp_tracestate *state,
                             char **built)
{
    if (state == NULL) {
        *built = otlp__pb_text(NULL);
        return 0;
    }
    struct otlp_header_value text = otlp_tracestate_text(state);
    *built = otlp__arena_text(arena, text.text, text.len);
    return *built != NULL ? 0 : OTLP_ENOMEM;
}

static int build_events(struct otlp__arena *arena, const struct otlp_span_data *data, pb_span *span)
{
    size_t count = data->event_count;
    if (count == 0) {
        return 0;
    }
    pb_event **pointers = otlp__arena_alloc(arena, count * sizeof(void *));
    pb_event *events = otlp__arena_alloc(arena, count * sizeof *events);
    if (pointers == NULL || events == NULL) {
        return OTLP_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const struct otlp_event *event = &data->events[i];
        pointers[i] = &events[i];
        opentelemetry__proto__trace__v1__span__event__init(&events[i]);
        events[i].time_unix_nano = event->time_unix_ns;
        events[i].name = otlp__pb_text(event->name);
        events[i].n_attributes = event->attribute_count;
        events[i].dropped_attributes_count = event->dropped_attributes;
        int rc = otlp__pb_attributes(arena, event->attributes, event->attribute_count, true,
                                     &events[i].attributes);
        if (rc != 0) {
            return rc;
        }
    }
    span->n_events = count;
    span->events = pointers;
    return 0;
}

static int build_links(struct otlp__arena *arena, const struct otlp_span_data *data, pb_span *span)
{
    size_t count = data->link_count;
    if (count == 0) {
        return 0;
    }
    pb_link **pointers = otlp__arena_alloc(arena, count * sizeof(void *));
    pb_link *links = otlp__arena_alloc(arena, count * sizeof *links);
    if (pointers == NULL || links == NULL) {
        return OTLP_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const struct otlp_link *link = &data->links[i];
        pointers[i] = &links[i];
        opentelemetry__proto__trace__v1__span__link__init(&links[i]);
        links[i].trace_id = otlp__pb_trace_id(&link->context.trace_id);
        links[i].span_id = otlp__pb_span_id(&link->context.span_id);
        links[i].flags = flags_of(link->context.flags, link->context.is_remote);
        links[i].n_attributes = link->attribute_count;
        links[i].dropped_attributes_count = link->dropped_attributes;
        int rc = build_trace_state(arena, link->context.tracestate, &links[i].trace_state);
        if (rc == 0) {
            rc = otlp__pb_attributes(arena, link->attributes, link->attribute_count, true,
                                     &links[i].attributes);
        }
        if (rc != 0) {
            return rc;
        }
    }
    span->n_links = count;
    span->links = pointers;
    return 0;
}

static int build_span(struct otlp__arena *arena, const struct otlp_span_data *data,
                      struct span_message *message)
{
    pb_span *span = &message->span;
    opentelemetry__proto__trace__v1__span__init(span);
    span->trace_id = otlp__pb_trace_id(&data->context.trace_id);
    span->span_id = otlp__pb_span_id(&data->context.span_id);
    span->parent_span_id = otlp__pb_span_id(&data->parent_span_id);
    span->flags = flags_of(data->context.flags, data->parent_is_remote);
    span->name = otlp__pb_text(data->name);
    span->kind = (Opentelemetry__Proto__Trace__V1__Span__SpanKind)data->kind;
    span->start_time_unix_nano = data->start_unix_ns;
    span->end_time_unix_nano = data->end_unix_ns;
    span->n_attributes = data->attribute_count;
    span->dropped_attributes_count = data->dropped_attributes;
    span->dropped_events_count = data->dropped_events;
    span->dropped_links_count = data->dropped_links;
    if (data->status_code != OTLP_STATUS_UNSET) {
        opentelemetry__proto__trace__v1__status__init(&message->status);
        message->status.code =
            (Opentelemetry__Proto__Trace__V1__Status__StatusCode)data->status_code;
        message->status.message = otlp__pb_text(data->status_message);
        span->status = &message->status;
    }
    int rc = build_trace_state(arena, data->context.tracestate, &span->trace_state);
    if (rc == 0) {
        rc = otlp__pb_attributes(arena, data->attributes, data->attribute_count, true,
                                 &span->attributes);
    }
    if (rc == 0) {
        rc = build_events(arena, data, span);
    }
    if (rc == 0) {
        rc = build_links(arena, data, span);
    }
    return rc;
}

static int build_spans(struct otlp__arena *arena, const struct otlp_span *const *spans,
                       size_t count, pb_scope_spans *scope_spans)
{
    pb_span **pointers = otlp__arena_alloc(arena, count * sizeof(void *));
    struct span_message *messages = otlp__arena_alloc(arena, count * sizeof *messages);
    if (pointers == NULL || messages == NULL) {
        return OTLP_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        pointers[i] = &messages[i].span;
        int rc = build_span(arena, otlp_span_get_data(spans[i]), &messages[i]);
        if (rc != 0) {
            return rc;
        }
    }
    scope_spans->n_spans = count;
    scope_spans->spans = pointers;
    return 0;
}

int otlp_pack_spans(struct otlp_packer *packer, const struct otlp_resource *resource,
                    const struct otlp_scope *scope, const struct otlp_span *const *spans,
                    size_t count, struct otlp_buffer *out)
{
    if (count == 0) {
        return 0;
    }
    struct otlp__arena *arena = &packer->arena;
    otlp__arena_reset(arena);
    struct request tree;
    opentelemetry__proto__collector__trace__v1__export_trace_service_request__init(&tree.request);
    opentelemetry__proto__trace__v1__resource_spans__init(&tree.resource_spans);
    opentelemetry__proto__trace__v1__scope_spans__init(&tree.scope_spans);
    tree.request.n_resource_spans = 1;
    tree.request.resource_spans = tree.resource_list;
    tree.resource_list[0] = &tree.resource_spans;
    tree.resource_spans.n_scope_spans = 1;
    tree.resource_spans.scope_spans = tree.scope_list;
    tree.resource_spans.schema_url = otlp__pb_text(resource != NULL ? resource->schema_url : NULL);
    tree.scope_list[0] = &tree.scope_spans;
    tree.scope_spans.schema_url = otlp__pb_text(scope != NULL ? scope->schema_url : NULL);
    int rc = otlp__pb_resource(arena, resource, &tree.resource_spans.resource);
    if (rc == 0) {
        rc = otlp__pb_scope(arena, scope, &tree.scope_spans.scope);
    }
    if (rc == 0) {
        rc = build_spans(arena, spans, count, &tree.scope_spans);
    }
    return rc == 0 ? otlp__pb_append(&tree.request.base, out) : rc;
}
