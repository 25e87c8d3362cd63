#include "service.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void otlp__rx_counters_read(const struct rx_counters *counters, struct otlp_receiver_counters *out)
{
#define READ(name) out->name = atomic_load_explicit(&counters->name, memory_order_relaxed);
    for (size_t i = 0; i < OTLP_SIGNAL_COUNT; i++) {
        READ(signals[i].requests)
        READ(signals[i].items)
        READ(signals[i].rejected)
        READ(signals[i].bytes)
        READ(signals[i].wire_bytes)
    }
    OTLP_RECEIVER_COUNTERS(READ)
#undef READ
}

/* A counter's name and its 20 digits fit in what is reserved. */
static int append(struct otlp_buffer *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int append(struct otlp_buffer *out, const char *format, ...)
{
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int rc = otlp_buffer_reserve(out, (size_t)len);
    for (int i = 0; rc == 0 && i < len; i++) {
        out->data[out->len++] = (uint8_t)text[i];
    }
    return rc;
}

int otlp_receiver_counters_json(const struct otlp_receiver_counters *counters,
                                struct otlp_buffer *out)
{
    size_t len_before = out->len;
    int rc = append(out, "{");
    for (int i = 0; rc == 0 && i < OTLP_SIGNAL_COUNT; i++) {
        const struct otlp_receiver_signal_counters *signal = &counters->signals[i];
        rc = append(out, "\"%s\":{\"requests\":%" PRIu64 ",\"items\":%" PRIu64,
                    otlp_signal_name((enum otlp_signal)i), signal->requests, signal->items);
        if (rc == 0) {
            rc = append(
                out, ",\"rejected\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"wire_bytes\":%" PRIu64 "},",
                signal->rejected, signal->bytes, signal->wire_bytes);
        }
    }
#define APPEND(name)                                                                               \
    if (rc == 0) {                                                                                 \
        rc = append(out, "\"" #name "\":%" PRIu64 ",", counters->name);                            \
    }
    OTLP_RECEIVER_COUNTERS(APPEND)
#undef APPEND
    if (rc != 0) {
        out->len = len_before;
        return rc;
    }
    out->data[out->len - 1] = '}';
    return 0;
}
