#include "message.h"

#define KEY(key) .json_key = "\"" key "\":", .json_key_len = (uint8_t)(sizeof(key) + 2)

#define FIELD(field_kind, field_wire, type, member, key)                                           \
    {                                                                                              \
        KEY(key), .offset = offsetof(type, member), .kind = (field_kind), .wire = (field_wire)     \
    }
#define TEXT(type, member, key)       FIELD(OTLP__TEXT, OTLP__WIRE_BYTES, type, member, key)
#define TRACE_ID(type, member, key)   FIELD(OTLP__TRACE_ID, OTLP__WIRE_BYTES, type, member, key)
#define SPAN_ID(type, member, key)    FIELD(OTLP__SPAN_ID, OTLP__WIRE_BYTES, type, member, key)
#define FIXED64(type, member, key)    FIELD(OTLP__FIXED64, OTLP__WIRE_FIXED64, type, member, key)
#define DOUBLE(type, member, key)     FIELD(OTLP__DOUBLE, OTLP__WIRE_FIXED64, type, member, key)
#define FIXED32(type, member, key)    FIELD(OTLP__FIXED32, OTLP__WIRE_FIXED32, type, member, key)
#define UINT32(type, member, key)     FIELD(OTLP__UINT32, OTLP__WIRE_VARINT, type, member, key)
#define INT32(type, member, key)      FIELD(OTLP__INT32, OTLP__WIRE_VARINT, type, member, key)
#define SINT32(type, member, key)     FIELD(OTLP__SINT32, OTLP__WIRE_VARINT, type, member, key)
#define BOOL(type, member, key)       FIELD(OTLP__BOOL, OTLP__WIRE_VARINT, type, member, key)
#define VALUE(type, member, key)      FIELD(OTLP__VALUE, OTLP__WIRE_BYTES, type, member, key)
#define TEXTS(type, member, key)      FIELD(OTLP__TEXTS, OTLP__WIRE_BYTES, type, member, key)
#define FIXED64S(type, member, key)   FIELD(OTLP__FIXED64S, OTLP__WIRE_BYTES, type, member, key)
#define DOUBLES(type, member, key)    FIELD(OTLP__DOUBLES, OTLP__WIRE_BYTES, type, member, key)
#define UINT64S(type, member, key)    FIELD(OTLP__UINT64S, OTLP__WIRE_BYTES, type, member, key)
#define ATTRIBUTES(type, member, key) FIELD(OTLP__ATTRIBUTES, OTLP__WIRE_BYTES, type, member, key)

#define ONE(child, type, member, key)                                                              \
    {                                                                                              \
        KEY(key), .message = &(child), .offset = offsetof(type, member), .kind = OTLP__ONE,        \
                  .wire = OTLP__WIRE_BYTES                                                         \
    }
#define INLINE(child, type, member, key)                                                           \
    {                                                                                              \
        KEY(key), .message = &(child), .offset = offsetof(type, member), .kind = OTLP__INLINE,     \
                  .wire = OTLP__WIRE_BYTES                                                         \
    }
#define MANY(child, type, member, count, key)                                                      \
    {                                                                                              \
        KEY(key), .message = &(child), .offset = offsetof(type, member),                           \
                  .other = offsetof(type, count), .kind = OTLP__MANY, .wire = OTLP__WIRE_BYTES     \
    }
/* Sent when `selector` has the value `chosen`, be it zero or not. */
#define CHOSEN(field_kind, field_wire, type, member, selector, chosen, key)                        \
    {                                                                                              \
        KEY(key), .offset = offsetof(type, member), .other = offsetof(type, selector),             \
                  .kind = (field_kind), .wire = (field_wire), .case_value = (chosen)               \
    }
#define CHOSEN_DOUBLE(type, member, selector, chosen, key)                                         \
    CHOSEN(OTLP__DOUBLE, OTLP__WIRE_FIXED64, type, member, selector, chosen, key)
#define CHOSEN_SFIXED64(type, member, selector, chosen, key)                                       \
    CHOSEN(OTLP__SFIXED64, OTLP__WIRE_FIXED64, type, member, selector, chosen, key)
#define CHOSEN_DATA(child, chosen, key)                                                            \
    {                                                                                              \
        KEY(key), .message = &(child), .offset = offsetof(struct otlp_metric_view, data),          \
                  .other = offsetof(struct otlp_metric_view, type), .kind = OTLP__INLINE,          \
                  .wire = OTLP__WIRE_BYTES, .case_value = (chosen)                                 \
    }

#define MESSAGE(table, type, bytes, item)                                                          \
    {                                                                                              \
        .fields = (table), .size = sizeof(type),                                                   \
        .field_max = sizeof(table) / sizeof((table)[0]) - 1, .length_bytes = (bytes),              \
        .is_item = (item)                                                                          \
    }

/* ---- common and resource ---- */

static const struct otlp__field entity_ref_fields[] = {
    [1] = TEXT(struct otlp_entity_ref, schema_url, "schemaUrl"),
    [2] = TEXT(struct otlp_entity_ref, type, "type"),
    [3] = TEXTS(struct otlp_entity_ref, id_keys, "idKeys"),
    [4] = TEXTS(struct otlp_entity_ref, description_keys, "descriptionKeys"),
};
static const struct otlp__message entity_ref =
    MESSAGE(entity_ref_fields, struct otlp_entity_ref, 1, false);

static const struct otlp__field resource_fields[] = {
    [1] = ATTRIBUTES(struct otlp_resource_view, attributes, "attributes"),
    [2] = UINT32(struct otlp_resource_view, dropped_attributes, "droppedAttributesCount"),
    [3] = MANY(entity_ref, struct otlp_resource_view, entity_refs, entity_ref_count, "entityRefs"),
};
const struct otlp__message otlp__resource_message =
    MESSAGE(resource_fields, struct otlp_resource_view, 2, false);

static const struct otlp__field scope_fields[] = {
    [1] = TEXT(struct otlp_scope_view, name, "name"),
    [2] = TEXT(struct otlp_scope_view, version, "version"),
    [3] = ATTRIBUTES(struct otlp_scope_view, attributes, "attributes"),
    [4] = UINT32(struct otlp_scope_view, dropped_attributes, "droppedAttributesCount"),
};
const struct otlp__message otlp__scope_message =
    MESSAGE(scope_fields, struct otlp_scope_view, 1, false);

/* ---- traces ---- */

static const struct otlp__field event_fields[] = {
    [1] = FIXED64(struct otlp_event_view, time_unix_ns, "timeUnixNano"),
    [2] = TEXT(struct otlp_event_view, name, "name"),
    [3] = ATTRIBUTES(struct otlp_event_view, attributes, "attributes"),
    [4] = UINT32(struct otlp_event_view, dropped_attributes, "droppedAttributesCount"),
};
const struct otlp__message otlp__event_message =
    MESSAGE(event_fields, struct otlp_event_view, 1, false);

static const struct otlp__field link_fields[] = {
    [1] = TRACE_ID(struct otlp_link_view, trace_id, "traceId"),
    [2] = SPAN_ID(struct otlp_link_view, span_id, "spanId"),
    [3] = TEXT(struct otlp_link_view, trace_state, "traceState"),
    [4] = ATTRIBUTES(struct otlp_link_view, attributes, "attributes"),
    [5] = UINT32(struct otlp_link_view, dropped_attributes, "droppedAttributesCount"),
    [6] = FIXED32(struct otlp_link_view, flags, "flags"),
};
const struct otlp__message otlp__link_message =
    MESSAGE(link_fields, struct otlp_link_view, 1, false);

static const struct otlp__field status_fields[] = {
    [2] = TEXT(struct otlp_status_view, message, "message"),
    [3] = INT32(struct otlp_status_view, code, "code"),
};
static const struct otlp__message status =
    MESSAGE(status_fields, struct otlp_status_view, 1, false);

static const struct otlp__field span_fields[] = {
    [1] = TRACE_ID(struct otlp_span_view, trace_id, "traceId"),
    [2] = SPAN_ID(struct otlp_span_view, span_id, "spanId"),
    [3] = TEXT(struct otlp_span_view, trace_state, "traceState"),
    [4] = SPAN_ID(struct otlp_span_view, parent_span_id, "parentSpanId"),
    [5] = TEXT(struct otlp_span_view, name, "name"),
    [6] = INT32(struct otlp_span_view, kind, "kind"),
    [7] = FIXED64(struct otlp_span_view, start_unix_ns, "startTimeUnixNano"),
    [8] = FIXED64(struct otlp_span_view, end_unix_ns, "endTimeUnixNano"),
    [9] = ATTRIBUTES(struct otlp_span_view, attributes, "attributes"),
    [10] = UINT32(struct otlp_span_view, dropped_attributes, "droppedAttributesCount"),
    [11] = MANY(otlp__event_message, struct otlp_span_view, events, event_count, "events"),
    [12] = UINT32(struct otlp_span_view, dropped_events, "droppedEventsCount"),
    [13] = MANY(otlp__link_message, struct otlp_span_view, links, link_count, "links"),
    [14] = UINT32(struct otlp_span_view, dropped_links, "droppedLinksCount"),
    [15] = INLINE(status, struct otlp_span_view, status, "status"),
    [16] = FIXED32(struct otlp_span_view, flags, "flags"),
};
const struct otlp__message otlp__span_message =
    MESSAGE(span_fields, struct otlp_span_view, 2, true);

/* ---- logs ---- */

static const struct otlp__field log_fields[] = {
    [1] = FIXED64(struct otlp_log_view, time_unix_ns, "timeUnixNano"),
    [2] = INT32(struct otlp_log_view, severity, "severityNumber"),
    [3] = TEXT(struct otlp_log_view, severity_text, "severityText"),
    [5] = VALUE(struct otlp_log_view, body, "body"),
    [6] = ATTRIBUTES(struct otlp_log_view, attributes, "attributes"),
    [7] = UINT32(struct otlp_log_view, dropped_attributes, "droppedAttributesCount"),
    [8] = FIXED32(struct otlp_log_view, flags, "flags"),
    [9] = TRACE_ID(struct otlp_log_view, trace_id, "traceId"),
    [10] = SPAN_ID(struct otlp_log_view, span_id, "spanId"),
    [11] = FIXED64(struct otlp_log_view, observed_unix_ns, "observedTimeUnixNano"),
    [12] = TEXT(struct otlp_log_view, event_name, "eventName"),
};
const struct otlp__message otlp__log_message = MESSAGE(log_fields, struct otlp_log_view, 2, true);

/* ---- metrics ---- */

static const struct otlp__field exemplar_fields[] = {
    [2] = FIXED64(struct otlp_exemplar, time_unix_ns, "timeUnixNano"),
    [3] = CHOSEN_DOUBLE(struct otlp_exemplar, value.as.real, value.type, OTLP_NUMBER_DOUBLE,
                        "asDouble"),
    [4] = SPAN_ID(struct otlp_exemplar, span_id, "spanId"),
    [5] = TRACE_ID(struct otlp_exemplar, trace_id, "traceId"),
    [6] = CHOSEN_SFIXED64(struct otlp_exemplar, value.as.integer, value.type, OTLP_NUMBER_INT,
                          "asInt"),
    [7] = ATTRIBUTES(struct otlp_exemplar, filtered_attributes, "filteredAttributes"),
};
static const struct otlp__message exemplar =
    MESSAGE(exemplar_fields, struct otlp_exemplar, 1, false);

static const struct otlp__field number_point_fields[] = {
    [2] = FIXED64(struct otlp_number_point, start_unix_ns, "startTimeUnixNano"),
    [3] = FIXED64(struct otlp_number_point, time_unix_ns, "timeUnixNano"),
    [4] = CHOSEN_DOUBLE(struct otlp_number_point, value.as.real, value.type, OTLP_NUMBER_DOUBLE,
                        "asDouble"),
    [5] = MANY(exemplar, struct otlp_number_point, exemplars.items, exemplars.count, "exemplars"),
    [6] = CHOSEN_SFIXED64(struct otlp_number_point, value.as.integer, value.type, OTLP_NUMBER_INT,
                          "asInt"),
    [7] = ATTRIBUTES(struct otlp_number_point, attributes, "attributes"),
    [8] = UINT32(struct otlp_number_point, flags, "flags"),
};
const struct otlp__message otlp__number_point_message =
    MESSAGE(number_point_fields, struct otlp_number_point, 1, true);

static const struct otlp__field histogram_point_fields[] = {
    [2] = FIXED64(struct otlp_histogram_point, start_unix_ns, "startTimeUnixNano"),
    [3] = FIXED64(struct otlp_histogram_point, time_unix_ns, "timeUnixNano"),
    [4] = FIXED64(struct otlp_histogram_point, count, "count"),
    [5] = CHOSEN_DOUBLE(struct otlp_histogram_point, sum, has_sum, 1, "sum"),
    [6] = FIXED64S(struct otlp_histogram_point, bucket_counts, "bucketCounts"),
    [7] = DOUBLES(struct otlp_histogram_point, bounds, "explicitBounds"),
    [8] =
        MANY(exemplar, struct otlp_histogram_point, exemplars.items, exemplars.count, "exemplars"),
    [9] = ATTRIBUTES(struct otlp_histogram_point, attributes, "attributes"),
    [10] = UINT32(struct otlp_histogram_point, flags, "flags"),
    [11] = CHOSEN_DOUBLE(struct otlp_histogram_point, min, has_min, 1, "min"),
    [12] = CHOSEN_DOUBLE(struct otlp_histogram_point, max, has_max, 1, "max"),
};
const struct otlp__message otlp__histogram_point_message =
    MESSAGE(histogram_point_fields, struct otlp_histogram_point, 2, true);

static const struct otlp__field bucket_run_fields[] = {
    [1] = SINT32(struct otlp_bucket_run, offset, "offset"),
    [2] = UINT64S(struct otlp_bucket_run, counts, "bucketCounts"),
};
static const struct otlp__message bucket_run =
    MESSAGE(bucket_run_fields, struct otlp_bucket_run, 1, false);

static const struct otlp__field exponential_point_fields[] = {
    [1] = ATTRIBUTES(struct otlp_exponential_point, attributes, "attributes"),
    [2] = FIXED64(struct otlp_exponential_point, start_unix_ns, "startTimeUnixNano"),
    [3] = FIXED64(struct otlp_exponential_point, time_unix_ns, "timeUnixNano"),
    [4] = FIXED64(struct otlp_exponential_point, count, "count"),
    [5] = CHOSEN_DOUBLE(struct otlp_exponential_point, sum, has_sum, 1, "sum"),
    [6] = SINT32(struct otlp_exponential_point, scale, "scale"),
    [7] = FIXED64(struct otlp_exponential_point, zero_count, "zeroCount"),
    [8] = INLINE(bucket_run, struct otlp_exponential_point, positive, "positive"),
    [9] = INLINE(bucket_run, struct otlp_exponential_point, negative, "negative"),
    [10] = UINT32(struct otlp_exponential_point, flags, "flags"),
    [11] = MANY(exemplar, struct otlp_exponential_point, exemplars.items, exemplars.count,
                "exemplars"),
    [12] = CHOSEN_DOUBLE(struct otlp_exponential_point, min, has_min, 1, "min"),
    [13] = CHOSEN_DOUBLE(struct otlp_exponential_point, max, has_max, 1, "max"),
    [14] = DOUBLE(struct otlp_exponential_point, zero_threshold, "zeroThreshold"),
};
const struct otlp__message otlp__exponential_point_message =
    MESSAGE(exponential_point_fields, struct otlp_exponential_point, 2, true);

static const struct otlp__field quantile_fields[] = {
    [1] = DOUBLE(struct otlp_quantile, quantile, "quantile"),
    [2] = DOUBLE(struct otlp_quantile, value, "value"),
};
static const struct otlp__message quantile =
    MESSAGE(quantile_fields, struct otlp_quantile, 1, false);

static const struct otlp__field summary_point_fields[] = {
    [2] = FIXED64(struct otlp_summary_point, start_unix_ns, "startTimeUnixNano"),
    [3] = FIXED64(struct otlp_summary_point, time_unix_ns, "timeUnixNano"),
    [4] = FIXED64(struct otlp_summary_point, count, "count"),
    [5] = DOUBLE(struct otlp_summary_point, sum, "sum"),
    [6] = MANY(quantile, struct otlp_summary_point, quantiles, quantile_count, "quantileValues"),
    [7] = ATTRIBUTES(struct otlp_summary_point, attributes, "attributes"),
    [8] = UINT32(struct otlp_summary_point, flags, "flags"),
};
static const struct otlp__message summary_point =
    MESSAGE(summary_point_fields, struct otlp_summary_point, 1, true);

#define POINTS(child, member)                                                                      \
    MANY(child, struct otlp_metric_data, points.member, point_count, "dataPoints")
#define TEMPORALITY INT32(struct otlp_metric_data, temporality, "aggregationTemporality")

static const struct otlp__field gauge_fields[] = {[1] =
                                                      POINTS(otlp__number_point_message, numbers)};
static const struct otlp__field sum_fields[] = {
    [1] = POINTS(otlp__number_point_message, numbers),
    [2] = TEMPORALITY,
    [3] = BOOL(struct otlp_metric_data, is_monotonic, "isMonotonic"),
};
static const struct otlp__field histogram_fields[] = {
    [1] = POINTS(otlp__histogram_point_message, histograms),
    [2] = TEMPORALITY,
};
static const struct otlp__field exponential_fields[] = {
    [1] = POINTS(otlp__exponential_point_message, exponentials),
    [2] = TEMPORALITY,
};
static const struct otlp__field summary_fields[] = {[1] = POINTS(summary_point, summaries)};

static const struct otlp__message gauge = MESSAGE(gauge_fields, struct otlp_metric_data, 2, false);
static const struct otlp__message sum = MESSAGE(sum_fields, struct otlp_metric_data, 2, false);
static const struct otlp__message histogram =
    MESSAGE(histogram_fields, struct otlp_metric_data, 2, false);
static const struct otlp__message exponential =
    MESSAGE(exponential_fields, struct otlp_metric_data, 2, false);
static const struct otlp__message summary =
    MESSAGE(summary_fields, struct otlp_metric_data, 2, false);

static const struct otlp__field metric_fields[] = {
    [1] = TEXT(struct otlp_metric_view, name, "name"),
    [2] = TEXT(struct otlp_metric_view, description, "description"),
    [3] = TEXT(struct otlp_metric_view, unit, "unit"),
    [5] = CHOSEN_DATA(gauge, OTLP_METRIC_GAUGE, "gauge"),
    [7] = CHOSEN_DATA(sum, OTLP_METRIC_SUM, "sum"),
    [9] = CHOSEN_DATA(histogram, OTLP_METRIC_HISTOGRAM, "histogram"),
    [10] = CHOSEN_DATA(exponential, OTLP_METRIC_EXPONENTIAL_HISTOGRAM, "exponentialHistogram"),
    [11] = CHOSEN_DATA(summary, OTLP_METRIC_SUMMARY, "summary"),
    [12] = ATTRIBUTES(struct otlp_metric_view, metadata, "metadata"),
};
const struct otlp__message otlp__metric_message =
    MESSAGE(metric_fields, struct otlp_metric_view, 2, false);

/* ---- envelopes ---- */

#define ENVELOPE(signal, item, member, item_key, scope_key, resource_key)                          \
    static const struct otlp__field signal##_scope_fields[] = {                                    \
        [1] = ONE(otlp__scope_message, struct otlp_scope_group, scope, "scope"),                   \
        [2] = MANY(item, struct otlp_scope_group, items.member, item_count, item_key),             \
        [3] = TEXT(struct otlp_scope_group, schema_url, "schemaUrl"),                              \
    };                                                                                             \
    static const struct otlp__message signal##_scope =                                             \
        MESSAGE(signal##_scope_fields, struct otlp_scope_group, 3, false);                         \
    static const struct otlp__field signal##_resource_fields[] = {                                 \
        [1] = ONE(otlp__resource_message, struct otlp_resource_group, resource, "resource"),       \
        [2] = MANY(signal##_scope, struct otlp_resource_group, scopes, scope_count, scope_key),    \
        [3] = TEXT(struct otlp_resource_group, schema_url, "schemaUrl"),                           \
    };                                                                                             \
    static const struct otlp__message signal##_resource =                                          \
        MESSAGE(signal##_resource_fields, struct otlp_resource_group, 3, false);                   \
    static const struct otlp__field signal##_request_fields[] = {                                  \
        [1] =                                                                                      \
            MANY(signal##_resource, struct otlp__request_view, groups, group_count, resource_key), \
    };                                                                                             \
    static const struct otlp__message signal##_request =                                           \
        MESSAGE(signal##_request_fields, struct otlp__request_view, 3, false)

ENVELOPE(traces, otlp__span_message, spans, "spans", "scopeSpans", "resourceSpans");
ENVELOPE(metrics, otlp__metric_message, metrics, "metrics", "scopeMetrics", "resourceMetrics");
ENVELOPE(logs, otlp__log_message, logs, "logRecords", "scopeLogs", "resourceLogs");

const struct otlp__message *otlp__request_message(enum otlp_signal signal)
{
    switch (signal) {
    case OTLP_TRACES:
        return &traces_request;
    case OTLP_METRICS:
        return &metrics_request;
    case OTLP_LOGS:
        return &logs_request;
    }
    return NULL;
}
