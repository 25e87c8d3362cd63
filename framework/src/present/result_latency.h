/* Latencies in the result document: quantiles, their intervals, and the histogram itself, so that
 * documents can be merged to the bucket. */
#ifndef ASSAY_PRESENT_RESULT_LATENCY_H
#define ASSAY_PRESENT_RESULT_LATENCY_H

#include "analysis/latency.h"
#include "base/json_writer.h"
#include "measure/histogram.h"

#include <jansson.h>

/* Adds "latency_ns". `h` and `intervals` may be NULL and are left out then, as is an interval that
 * is not known. null when the summary has no count. */
void latency_write(struct json_writer *w, const struct latency_summary *s,
                   const struct histogram *h, const struct latency_interval *intervals);

/* A new histogram out of "histogram" in a "latency_ns" object whose other members are `s`; free it
 * with free(). NULL and *why NULL when there is none (an older document); NULL and *why what it
 * should have been when it is not whole. */
struct histogram *latency_read_histogram(const json_t *latency, const struct latency_summary *s,
                                         const char **why);

/* A copy; NULL of NULL and of an empty one. Free it with free(). */
struct histogram *latency_copy(const struct histogram *h);

#endif
