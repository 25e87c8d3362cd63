#include "pack_internal.h"

typedef Opentelemetry__Proto__Logs__V1__ResourceLogs pb_resource_logs;
typedef Opentelemetry__Proto__Logs__V1__ScopeLogs pb_scope_logs;
typedef Opentelemetry__Proto__Logs__V1__LogRecord pb_log_record;

struct record_message {
    pb_log_record record;
    pb_any_value body;
};

struct request {
    pb_logs_request request;
    pb_resource_logs resource_logs;
    pb_scope_logs scope_logs;
    pb_resource_logs *resource_list[1];
    pb_scope_logs *scope_list[1];
};

static int build_record(struct otlp__arena *arena, const struct otlp_log_record *record,
                        struct record_message *message)
{
    pb_log_record *built = &message->record;
    opentelemetry__proto__logs__v1__log_record__init(built);
    built->time_unix_nano = record->time_unix_ns;
    built->observed_time_unix_nano = record->observed_unix_ns;
    built->severity_number = (Opentelemetry__Proto__Logs__V1__SeverityNumber)record->severity;
    built->severity_text = otlp__pb_text(record->severity_text);
    built->n_attributes = record->attribute_count;
    built->dropped_attributes_count = record->dropped_attributes;
    built->flags = record->flags;
    built->trace_id = otlp__pb_trace_id(&record->trace_id);
    built->span_id = otlp__pb_span_id(&record->span_id);
    built->event_name = otlp__pb_text(record->event_name);
    if (record->body.type != OTLP_VALUE_EMPTY) {
        built->body = &message->body;
        int rc = otlp__pb_value(arena, &record->body, false, built->body);
        if (rc != 0) {
            return rc;
        }
    }
    return otlp__pb_attributes(arena, record->attributes, record->attribute_count, false,
                               &built->attributes);
}

static int build_records(struct otlp__arena *arena, const struct otlp_log_record *records,
                         size_t count, pb_scope_logs *scope_logs)
{
    pb_log_record **pointers = otlp__arena_alloc(arena, count * sizeof(void *));
    struct record_message *messages = otlp__arena_alloc(arena, count * sizeof *messages);
    if (pointers == NULL || messages == NULL) {
        return OTLP_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        pointers[i] = &messages[i].record;
        int rc = build_record(arena, &records[i], &messages[i]);
        if (rc != 0) {
            return rc;
        }
    }
    scope_logs->n_log_records = count;
    scope_logs->log_records = pointers;
    return 0;
}

int otlp_pack_logs(struct otlp_packer *packer, const struct otlp_resource *resource,
                   const struct otlp_scope *scope, const struct otlp_log_record *records,
                   size_t count, struct otlp_buffer *out)
{
    if (count == 0) {
        return 0;
    }
    struct otlp__arena *arena = &packer->arena;
    otlp__arena_reset(arena);
    struct request tree;
    opentelemetry__proto__collector__logs__v1__export_logs_service_request__init(&tree.request);
    opentelemetry__proto__logs__v1__resource_logs__init(&tree.resource_logs);
    opentelemetry__proto__logs__v1__scope_logs__init(&tree.scope_logs);
    tree.request.n_resource_logs = 1;
    tree.request.resource_logs = tree.resource_list;
    tree.resource_list[0] = &tree.resource_logs;
    tree.resource_logs.n_scope_logs = 1;
    tree.resource_logs.scope_logs = tree.scope_list;
    tree.resource_logs.schema_url = otlp__pb_text(resource != NULL ? resource->schema_url : NULL);
    tree.scope_list[0] = &tree.scope_logs;
    tree.scope_logs.schema_url = otlp__pb_text(scope != NULL ? scope->schema_url : NULL);
    int rc = otlp__pb_resource(arena, resource, &tree.resource_logs.resource);
    if (rc == 0) {
        rc = otlp__pb_scope(arena, scope, &tree.scope_logs.scope);
    }
    if (rc == 0) {
        rc = build_records(arena, records, count, &tree.scope_logs);
    }
    return rc == 0 ? otlp__pb_append(&tree.request.base, out) : rc;
}
