/* Sends a trace of one span to a receiver, http://localhost:4318 unless OTEL_EXPORTER_OTLP_* says
 * otherwise: cc send_trace.c $(pkg-config --cflags --libs otlp) && ./a.out */
#include <otlp.h>
#include <stdio.h>

int main(void)
{
    struct otlp_exporter *exporter;
    struct otlp_export_result result = {.outcome = OTLP_EXPORT_FAILED};
    if (otlp_exporter_from_env(OTLP_TRACES, NULL, &exporter) != 0) {
        return 1;
    }
    struct otlp_span *span = otlp_span_start("GET /orders", NULL);
    otlp_span_set_string(span, "http.request.method", "GET");
    otlp_span_end(span, 0);

    bool is_json = exporter->encoding == OTLP_ENCODING_JSON;
    struct otlp_buffer bytes = {0};
    const struct otlp_span *spans[] = {span};
    if ((is_json ? otlp_json_encode_spans : otlp_encode_spans)(NULL, NULL, spans, 1, &bytes) == 0) {
        struct otlp_export request = {OTLP_TRACES, bytes.data, bytes.len, 1, 0};
        otlp_exporter_send(exporter, &request, &result);
    }
    printf("%s %s\n", otlp_export_outcome_name(result.outcome), result.message);
    otlp_buffer_release(&bytes);
    otlp_span_free(span);
    otlp_exporter_free(exporter);
    return result.outcome != OTLP_EXPORT_DELIVERED;
}
