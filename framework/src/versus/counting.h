/* Counts what benchmarks of both sides do (measure/probe.h), for a comparison: a witness beside
 * time that does not depend on how busy the machine is, and so needs no pairs.
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
    enum probe_kind kind; /* of what is counted next */
    const struct gates *gates;
    bool one_side;       /* the new one alone: the old one's metric is unavailable */
    int cpu;             /* -1: any */
    double limit_s;      /* of one process */
    uint64_t end_ns;     /* clock_monotonic_ns from which no process is started; 0: there is none */
    uint64_t iterations; /* n; 0: the new side chooses */
};

/* Counts the benchmark of the bout and adds the metrics of the kind to it (of instructions those of
 * the kernel alone); unavailable with a reason when it cannot be counted. false when a signal
 * interrupted: nothing is added. */
bool counting_run(struct counting *counting, struct bout *bout);

#endif
