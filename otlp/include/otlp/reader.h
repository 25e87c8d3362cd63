/*
 * Periodic collection and export of metrics (specification, metrics SDK "Periodic exporting
 * MetricReader").
 */
#ifndef OTLP_READER_H
#define OTLP_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/error.h>
#include <otlp/exporter.h>
#include <otlp/metric.h>
#include <otlp/resource.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A zeroed structure has the specification's defaults. */
struct otlp_reader_options {
    const struct otlp_resource *resource; /* outlives the reader; NULL: none is sent */
    const struct otlp_scope *scope;       /* outlives the reader; NULL: none is sent */
    uint64_t interval_ns;                 /* 0: 60 s */
    uint64_t export_timeout_ns;           /* 0: 30 s */
    bool shares_exporter;                 /* shutdown leaves the exporter alone */
};

struct otlp_reader;

/*
 * A reader with a thread that collects the meter and exports the points at every interval. Meter
 * and exporter stay the caller's and outlive the reader; instruments may be added only between
 * otlp_reader_pause() and otlp_reader_resume(), or before the reader is made. OTLP_ENOMEM, also
 * when the thread cannot be started.
 *
 * fork(): the child has no thread. otlp_reader_force_flush() works there when nobody was collecting
 * or recording at the fork (metric.h): pause the reader before, resume it on both sides.
 */
OTLP_API int otlp_reader_new(struct otlp_meter *meter, struct otlp_exporter *exporter,
                             const struct otlp_reader_options *options,
                             struct otlp_reader **reader);

/* Nothing is collected from pause to resume. Not twice in a row. */
OTLP_API void otlp_reader_pause(struct otlp_reader *reader);
OTLP_API void otlp_reader_resume(struct otlp_reader *reader);

struct otlp_reader_counts {
    uint64_t collected; /* data points: the sum of the next three */
    uint64_t delivered;
    uint64_t rejected;
    uint64_t dropped; /* the exporter gave up, or memory ran out; cumulative points come again */
    uint64_t requests;
};

/* Any thread. */
OTLP_API void otlp_reader_counts(struct otlp_reader *reader, struct otlp_reader_counts *counts);

/* Collects and exports now, and makes the exporter flush. OTLP_ETIMEOUT; OTLP_EIO: the exporter
 * gave up. OTLP_ENOMEM. After shutdown: 0. */
OTLP_API int otlp_reader_force_flush(struct otlp_reader *reader, uint64_t timeout_ns);

/* Collects and exports a last time, and shuts the exporter down. Returns at the latest when the
 * time-out has passed, and a little. Codes as for flush; again: 0. */
OTLP_API int otlp_reader_shutdown(struct otlp_reader *reader, uint64_t timeout_ns);

/* Shuts down with a time-out of 0 when that was not done, waits for the thread, and frees the
 * reader. NULL is allowed. */
OTLP_API void otlp_reader_free(struct otlp_reader *reader);

/* OTEL_METRIC_EXPORT_INTERVAL and OTEL_METRIC_EXPORT_TIMEOUT, in milliseconds; as
 * otlp_batch_options_from_environment(). */
OTLP_API int otlp_reader_options_from_environment(struct otlp_reader_options *options);

#ifdef __cplusplus
}
#endif

#endif
