/* Counts events of the kernel while a benchmark's body runs: puts the names, the counters of each
 * thread and the laps together. */
#ifndef ASSAY_MEASURE_COUNTERS_H
#define ASSAY_MEASURE_COUNTERS_H

#include "base/str.h"
#include "measure/event_names.h"
#include "measure/meter.h"
#include "measure/metric.h"

#include <stdint.h>

/* What a benchmark is asked to count. */
struct counters_request {
    const struct event_list *events; /* NULL: nothing */
    double lap_ns;                   /* measure/counting.h */
};

struct counters;

/* For one run of a body on so many threads. Never NULL; the request's events must outlive it.
 * Release with counters_release when its threads have ended. */
struct counters *counters_create(const struct counters_request *request, unsigned threads);
void counters_release(struct counters *c);

/* What each thread calls around its spans; opens its counters at its first. Valid until
 * counters_release. */
const struct meter *counters_meter(struct counters *c);

/* The next lap's iterations, 0: all is counted. Called while no thread is in a span; now_ns: wall
 * time. */
uint64_t counters_next_lap(struct counters *c, double now_ns);

/* Adds a metric for each event as it was named, then the ratios of those that have one:
 * instructions_per_cycle and branch_miss_rate. What could not be counted says why. */
void counters_conclude(struct counters *c, struct metric_list *metrics);

/* Adds the metrics of the events, unavailable for this reason. */
void counters_deny(const struct event_list *events, struct metric_list *metrics,
                   const char *reason);

/* A line a reason for which some of the events cannot be counted by this process, with their names;
 * nothing when all can. */
void counters_explain(const struct event_list *events, struct str *out);

#endif
