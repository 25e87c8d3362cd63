/* Counts what benchmarks of both sides do (measure/probe.h), for a comparison: a witness beside
 * time that does not depend on how busy the machine is, and so needs no pairs.
 *
 * Counts: both sides run the same laps. A count that differs from lap to lap is made once more:
 * when the second run repeats the first to the last digit it is exact, being what an iteration
 * costs on average over so many; else it varies, and its bounds are the widest of both runs.
 *
 * PROBE_RUN: latencies and events of the kernel do depend on the machine. The sides run in turns,
 * COUNTING_RUNS times each; a metric's bounds are the least and the most of its runs. Where nothing
 * differs, all runs of one side lie above all of the other in 2 of 252 cases. */
#ifndef ASSAY_VERSUS_COUNTING_H
#define ASSAY_VERSUS_COUNTING_H

#include "analysis/gate.h"
#include "app/probes.h"
#include "measure/event_names.h"
#include "versus/bout.h"

#include <stdbool.h>

/* Of each side, for PROBE_RUN. */
#define COUNTING_RUNS 5

struct counting {
    struct probes probes;
    enum probe_kind kind; /* of what is counted next */
    const struct gates *gates;
    const char *events_text; /* of PROBE_RUN: what to count, as it was given; NULL: nothing */
    const struct event_list *events; /* the same, understood */
    bool one_side;                   /* the new one alone: the old one's metric is unavailable */
    int cpu;                         /* -1: any */
    double limit_s;                  /* of one process */
    uint64_t end_ns;     /* clock_monotonic_ns from which no process is started; 0: there is none */
    uint64_t iterations; /* n; 0: the new side chooses */
};

/* Counts the benchmark of the bout and adds the metrics of the kind to it (of instructions those of
 * the kernel alone); unavailable with a reason when it cannot be counted. false when a signal
 * interrupted: nothing is added. */
bool counting_run(struct counting *counting, struct bout *bout);

#endif
