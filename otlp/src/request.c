#include <stdlib.h>

#include "pack_internal.h"

#define REQUEST_BYTES_MAX (64u * 1024u * 1024u)

struct otlp_request {
    enum otlp_signal signal;
    ProtobufCMessage *message;
};

#define COLLECTOR(symbol) opentelemetry__proto__collector__##symbol##_service_request__descriptor

static const ProtobufCMessageDescriptor *descriptor_of(enum otlp_signal signal)
{
    switch (signal) {
    case OTLP_TRACES:
        return &COLLECTOR(trace__v1__export_trace);
    case OTLP_METRICS:
        return &COLLECTOR(metrics__v1__export_metrics);
    case OTLP_LOGS:
        return &COLLECTOR(logs__v1__export_logs);
    }
    return NULL;
}

int otlp_request_unpack(enum otlp_signal signal, const uint8_t *data, size_t data_len,
                        struct otlp_request **request)
{
    if (data_len > REQUEST_BYTES_MAX) {
        return OTLP_ETOOBIG;
    }
    struct otlp_request *unpacked = malloc(sizeof *unpacked);
    if (unpacked == NULL) {
        return OTLP_ENOMEM;
    }
    /* An empty request may come without memory, which protobuf-c would take for an error. */
    static const uint8_t nothing[1];
    unpacked->signal = signal;
    unpacked->message = protobuf_c_message_unpack(descriptor_of(signal), NULL, data_len,
                                                  data != NULL ? data : nothing);
    if (unpacked->message == NULL) {
        free(unpacked);
        return OTLP_EFORMAT;
    }
    *request = unpacked;
    return 0;
}

static size_t count_spans(const pb_trace_request *request)
{
    size_t count = 0;
    for (size_t i = 0; i < request->n_resource_spans; i++) {
        for (size_t j = 0; j < request->resource_spans[i]->n_scope_spans; j++) {
            count += request->resource_spans[i]->scope_spans[j]->n_spans;
        }
    }
    return count;
}

static size_t count_records(const pb_logs_request *request)
{
    size_t count = 0;
    for (size_t i = 0; i < request->n_resource_logs; i++) {
        for (size_t j = 0; j < request->resource_logs[i]->n_scope_logs; j++) {
            count += request->resource_logs[i]->scope_logs[j]->n_log_records;
        }
    }
    return count;
}

static size_t count_points_of(const Opentelemetry__Proto__Metrics__V1__Metric *metric)
{
    switch (metric->data_case) {
    case OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_GAUGE:
        return metric->gauge->n_data_points;
    case OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_SUM:
        return metric->sum->n_data_points;
    case OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_HISTOGRAM:
        return metric->histogram->n_data_points;
    case OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_EXPONENTIAL_HISTOGRAM:
        return metric->exponential_histogram->n_data_points;
    case OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_SUMMARY:
        return metric->summary->n_data_points;
    default:
        return 0;
    }
}

static size_t count_points(const pb_metrics_request *request)
{
    size_t count = 0;
    for (size_t i = 0; i < request->n_resource_metrics; i++) {
        for (size_t j = 0; j < request->resource_metrics[i]->n_scope_metrics; j++) {
            const Opentelemetry__Proto__Metrics__V1__ScopeMetrics *scope =
                request->resource_metrics[i]->scope_metrics[j];
            for (size_t k = 0; k < scope->n_metrics; k++) {
                count += count_points_of(scope->metrics[k]);
            }
        }
    }
    return count;
}

size_t otlp_request_items(const struct otlp_request *request)
{
    const void *message = request->message;
    switch (request->signal) {
    case OTLP_TRACES:
        return count_spans(message);
    case OTLP_METRICS:
        return count_points(message);
    case OTLP_LOGS:
        return count_records(message);
    }
    return 0;
}

int otlp_request_pack(const struct otlp_request *request, struct otlp_buffer *out)
{
    return otlp__pb_append(request->message, out);
}

const void *otlp_request_message(const struct otlp_request *request)
{
    return request->message;
}

void otlp_request_free(struct otlp_request *request)
{
    if (request != NULL) {
        protobuf_c_message_free_unpacked(request->message, NULL);
        free(request);
    }
}
