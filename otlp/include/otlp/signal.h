/* The kinds of telemetry. */
#ifndef OTLP_SIGNAL_H
#define OTLP_SIGNAL_H

#include <otlp/api.h>

#ifdef __cplusplus
extern "C" {
#endif

enum otlp_signal {
    OTLP_TRACES,
    OTLP_METRICS,
    OTLP_LOGS,
};

#define OTLP_SIGNAL_COUNT 3

/* "traces", "metrics", "logs", as in the path of OTLP/HTTP. Static text. */
OTLP_API const char *otlp_signal_name(enum otlp_signal signal);

#ifdef __cplusplus
}
#endif

#endif
