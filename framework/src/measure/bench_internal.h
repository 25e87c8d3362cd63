/* What a benchmark's body is given, as the files of this room see it: bench.c runs the bodies,
 * lap.c drives their loops, body.c answers what they ask and takes what they say. */
#ifndef ASSAY_MEASURE_BENCH_INTERNAL_H
#define ASSAY_MEASURE_BENCH_INTERNAL_H

#include "measure/bench.h"
#include "measure/cold.h"
#include "measure/harness.h"
#include "measure/histogram.h"
#include "measure/team.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

struct assay_bench {
    const struct bench_case *bench;
    struct team *team;
    struct record *record;
    unsigned thread_index;

    bool begun; /* its loop was reached */
    bool in_lap;
    bool over;
    bool paused;
    struct team_lap lap;
    uint64_t left;        /* iterations of the lap that no chunk or batch has taken yet */
    uint64_t start_ticks; /* of the span that runs */
    double timed_ns;      /* of the spans that ended in this lap */
    struct team_span span;

    uint64_t probe_iterations; /* > 0: this runs the empty loop for one lap */

    bool recorded; /* the body times itself */
    double recorded_ns;

    uint64_t batch_iterations; /* of the batch that runs */
    uint64_t batch_wanted;     /* of the lap's batches */
    uint64_t lap_spans;        /* batches of the lap that runs, or iterations of a cold one */
    uint64_t lap_pauses;
    struct harness *harness; /* NULL: has neither batches nor pauses nor cold laps */

    size_t region_count;
    struct cold_region regions[COLD_REGIONS_MAX];

    bool metered; /* the lap is one for counting */
    struct rusage usage;
    struct histogram *latency;
};

#endif
