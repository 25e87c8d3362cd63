/* Laps for counting, after the samples were taken: how long they are, and what their counts say.
 * Knows no clock and no counter: it is told what each lap took and counted, so that a test can play
 * any machine to it.
 *
 * Warm laps grow until one lasts long enough. Then come pairs of laps of n and 2n iterations: what
 * an iteration costs is their difference over n, and what a lap costs by itself falls out. Each
 * pair gives a figure; the metric is their mean, least and most. Few pairs when an iteration is
 * slow. */
#ifndef ASSAY_MEASURE_COUNTING_H
#define ASSAY_MEASURE_COUNTING_H

#include "measure/event_set.h"
#include "measure/metric.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNTING_PAIRS 5
#define COUNTING_LAPS  (2 * COUNTING_PAIRS)
/* What a lap of n iterations is to last, and what all pairs together take at most unless fewer than
 * two remain. */
#define COUNTING_LAP_NS 2e6
#define COUNTING_ALL_NS (COUNTING_LAP_NS * 40)

/* One event in one lap, over all threads. */
struct lap_count {
    double count; /* scaled up where it was counted during a part of the time */
    double enabled_ns;
    double running_ns;
    bool lost; /* a thread's counter never ran */
};

struct counting {
    double lap_ns; /* a lap of n iterations is to last as long */
    unsigned threads;
    uint64_t iterations; /* n */
    size_t pairs;        /* 0: still warm laps */
    size_t laps;         /* of the pairs, that ended */
    double began_ns;     /* wall time at the start of the lap that runs */
    bool running;
    struct lap_count counts[COUNTING_LAPS][EVENTS_MAX];
};

/* lap_ns: COUNTING_LAP_NS, or less where time is short. */
void counting_init(struct counting *c, unsigned threads, double lap_ns);

/* Iterations of the next lap, 0 after the last; now_ns: wall time, at the end of the lap before. */
uint64_t counting_next(struct counting *c, double now_ns);

/* Where the counts of the lap that runs belong; NULL: it is a warm lap. */
struct lap_count *counting_lap(struct counting *c);

/* Adds what one thread counted in the lap: between two readings, less `spans` times what switching
 * the counter on and off counts by itself. */
void counting_add(struct lap_count *lap, const struct event_reading *before,
                  const struct event_reading *after, double spans, double span_count);

/* Sets the metric of event `i`. Denies it when no pair was counted. */
void counting_measure(const struct counting *c, size_t i, struct metric *metric);
/* That of event `i` over that of event `j`, which share a group. */
void counting_measure_ratio(const struct counting *c, size_t i, size_t j, struct metric *metric);

#endif
