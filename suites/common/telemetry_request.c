#include "telemetry_internal.h"

#include <stdlib.h>

static int pack_spans(struct telemetry *telemetry, struct otlp_packer *packer, size_t count,
                      int attributes, struct otlp_buffer *out)
{
    struct otlp_span **spans = calloc(count + 1, sizeof *spans);
    if (spans == NULL) {
        return OTLP_ENOMEM;
    }
    int rc = telemetry_spans(telemetry, count, attributes, spans);
    if (rc == 0) {
        rc = otlp_pack_spans(packer, &telemetry->resource, &telemetry->scope,
                             (const struct otlp_span *const *)spans, count, out);
        for (size_t i = 0; i < count; i++) {
            otlp_span_free(spans[i]);
        }
    }
    free(spans);
    return rc;
}

static int pack_logs(struct telemetry *telemetry, struct otlp_packer *packer, size_t count,
                     int attributes, struct otlp_buffer *out)
{
    struct otlp_log_batch *batch = otlp_log_batch_new(NULL);
    if (batch == NULL) {
        return OTLP_ENOMEM;
    }
    int rc = telemetry_logs(telemetry, count, attributes, batch);
    if (rc == 0) {
        size_t record_count;
        const struct otlp_log_record *records = otlp_log_batch_records(batch, &record_count);
        rc = otlp_pack_logs(packer, &telemetry->resource, &telemetry->scope, records, record_count,
                            out);
    }
    otlp_log_batch_free(batch);
    return rc;
}

static int pack_metrics(struct telemetry *telemetry, struct otlp_packer *packer, size_t count,
                        int attributes, struct otlp_buffer *out)
{
    const struct otlp_metric *metrics;
    size_t metric_count;
    int rc = telemetry_metrics(telemetry, count, attributes, &metrics, &metric_count);
    if (rc != 0) {
        return rc;
    }
    return otlp_pack_metrics(packer, &telemetry->resource, &telemetry->scope, metrics, metric_count,
                             out);
}

int telemetry_request(struct telemetry *telemetry, enum otlp_signal signal, size_t count,
                      int attributes, struct otlp_buffer *out)
{
    struct otlp_packer *packer = otlp_packer_new();
    if (packer == NULL) {
        return OTLP_ENOMEM;
    }
    int rc = OTLP_EINVAL;
    switch (signal) {
    case OTLP_TRACES:
        rc = pack_spans(telemetry, packer, count, attributes, out);
        break;
    case OTLP_METRICS:
        rc = pack_metrics(telemetry, packer, count, attributes, out);
        break;
    case OTLP_LOGS:
        rc = pack_logs(telemetry, packer, count, attributes, out);
        break;
    }
    otlp_packer_free(packer);
    return rc;
}
