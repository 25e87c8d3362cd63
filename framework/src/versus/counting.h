/* Counts the instructions of benchmarks of both sides, for a comparison.
 *
 * Both sides run the same laps. A count that differs from lap to lap is made once more: when the
 * second run repeats the first to the last digit it is exact, being what an iteration costs on
 * average over so many; else it varies, and its bounds are the widest of both runs. */
#ifndef ASSAY_VERSUS_COUNTING_H
#define ASSAY_VERSUS_COUNTING_H

#include "analysis/gate.h"
#include "app/probes.h"
#include "versus/bout.h"

#include <stdbool.h>

struct counting {
    struct probes probes;
    const struct gates *gates;
    bool one_side;       /* the new one alone: the old one's metric is unavailable */
    int cpu;             /* -1: any */
    double limit_s;      /* of one process */
    uint64_t end_ns;     /* clock_monotonic_ns from which no process is started; 0: there is none */
    uint64_t iterations; /* n; 0: by the instructions of the first iteration of the new side */
};

/* Counts the benchmark of the bout and adds the metric "instructions" to it; unavailable with a
 * reason when it cannot be counted. false when a signal interrupted: nothing is added. */
bool counting_run(struct counting *counting, struct bout *bout);

/* Adds the metric as unavailable on both sides. */
void counting_deny(const struct counting *counting, struct bout *bout, const char *reason);

#endif
