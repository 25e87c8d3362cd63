/* Counts what the loop allocates: the instrument of PROBE_ALLOCATIONS, for a process that was
 * started with the counting library (preload/tally.h) before its allocator. */
#ifndef ASSAY_MEASURE_ALLOCATIONS_H
#define ASSAY_MEASURE_ALLOCATIONS_H

#include "measure/probe.h"

/* Its metrics, all of source "allocator": "allocations", "allocated_bytes", "frees", "freed_bytes"
 * and "peak_live_bytes". Calls of the threads of the body count, while the clock runs; those of
 * threads that the body starts do not.
 *
 * When the body called assay_expect_no_alloc and a lap that counts allocated all the same, the
 * page's promise is broken and its reason says how much an iteration allocates. */
extern const struct instrument allocations_instrument;

/* The same metrics, unavailable with this reason. */
void allocations_deny(struct metric_list *metrics, const char *reason);

#endif
