#include <otlp/exporter.h>

const char *otlp_signal_name(enum otlp_signal signal)
{
    static const char *const names[OTLP_SIGNAL_COUNT] = {
        [OTLP_TRACES] = "traces", [OTLP_METRICS] = "metrics", [OTLP_LOGS] = "logs"};
    return names[signal];
}

const char *otlp_export_outcome_name(enum otlp_export_outcome outcome)
{
    static const char *const names[OTLP_EXPORT_OUTCOMES] = {
        [OTLP_EXPORT_DELIVERED] = "delivered", [OTLP_EXPORT_REFUSED] = "refused",
        [OTLP_EXPORT_TIMED_OUT] = "timed out", [OTLP_EXPORT_UNAVAILABLE] = "unavailable",
        [OTLP_EXPORT_SHUT_DOWN] = "shut down", [OTLP_EXPORT_FAILED] = "failed"};
    return names[outcome];
}
