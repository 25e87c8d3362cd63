#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <otlp/processor.h>
#include <otlp/reader.h>

#include "pipeline/processor_internal.h"

/* 1: there is a number above 0; 0: nothing; -1: something else. */
static int read_number(const char *prefix, const char *name, uint64_t *number)
{
    char variable[64];
    (void)snprintf(variable, sizeof variable, "%s%s", prefix, name);
    const char *text = getenv(variable);
    if (text == NULL || *text == '\0') {
        return 0;
    }
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || value <= 0) {
        return -1;
    }
    *number = (uint64_t)value;
    return 1;
}

/* Returns 1 when what is there had to be ignored. */
static int set_size(const char *prefix, const char *name, size_t *size)
{
    uint64_t number = 0;
    int found = read_number(prefix, name, &number);
    if (found > 0) {
        *size = number < SIZE_MAX ? (size_t)number : SIZE_MAX;
    }
    return found < 0;
}

static int set_ms(const char *prefix, const char *name, uint64_t *duration_ns)
{
    uint64_t number = 0;
    int found = read_number(prefix, name, &number);
    if (found > 0) {
        *duration_ns =
            number < UINT64_MAX / OTLP__NS_PER_MS ? number * OTLP__NS_PER_MS : UINT64_MAX;
    }
    return found < 0;
}

/* What the program has said by itself is not touched, right or wrong. */
static int set_sizes(const char *prefix, struct otlp_batch_options *options)
{
    const struct otlp_batch_options before = *options;
    int ignored = set_size(prefix, "MAX_QUEUE_SIZE", &options->queue_max) +
                  set_size(prefix, "MAX_EXPORT_BATCH_SIZE", &options->batch_max);
    size_t queue_max = options->queue_max != 0 ? options->queue_max : OTLP__QUEUE_MAX;
    bool is_changed =
        options->queue_max != before.queue_max || options->batch_max != before.batch_max;
    if (is_changed && options->batch_max > queue_max) {
        options->batch_max = queue_max;
        ignored++;
    }
    return ignored;
}

int otlp_batch_options_from_environment(enum otlp_signal signal, struct otlp_batch_options *options)
{
    const char *prefix = signal == OTLP_TRACES ? "OTEL_BSP_" : "OTEL_BLRP_";
    return set_ms(prefix, "SCHEDULE_DELAY", &options->delay_ns) +
           set_ms(prefix, "EXPORT_TIMEOUT", &options->export_timeout_ns) +
           set_sizes(prefix, options);
}

int otlp_reader_options_from_environment(struct otlp_reader_options *options)
{
    return set_ms("OTEL_METRIC_EXPORT_", "INTERVAL", &options->interval_ns) +
           set_ms("OTEL_METRIC_EXPORT_", "TIMEOUT", &options->export_timeout_ns);
}
