/* What the harness itself costs inside a benchmark's time: measured beside its laps, in the same
 * process and in the same state of the machine, and shown; never subtracted. */
#ifndef ASSAY_MEASURE_HARNESS_H
#define ASSAY_MEASURE_HARNESS_H

#include "measure/record.h"

#include <stdbool.h>
#include <stddef.h>

/* Laps that are followed by a probe; the later ones are not. */
#define HARNESS_PROBES 64

struct assay_bench;

/* Zeroed: nothing measured yet. */
struct harness {
    uint64_t iterations; /* of the laps that count */
    uint64_t spans;      /* between two clock reads, those that a pause ends not counted */
    uint64_t pauses;
    size_t count; /* of the probes */
    double clock_ns[HARNESS_PROBES];
    double pause_ns[HARNESS_PROBES];
};

/* What a lap that counts was made of; after it, outside of any timed span. `pauses` of it > 0 adds
 * a probe of pause and resume (10 us). */
void harness_add_lap(struct harness *h, const struct assay_bench *b, uint64_t iterations,
                     uint64_t spans, uint64_t pauses);

/* Median of the probes and the interval of their middle 95 %. */
void harness_summarise(struct harness *h, struct record *record);

#endif
