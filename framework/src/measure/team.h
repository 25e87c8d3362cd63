/* The threads of one benchmark and the laps that they run together. Every lap begins at a meeting
 * of all: the last to arrive tells the planner what the lap took and learns the next one's
 * iterations. A thread that leaves its body ends the measuring for all, so that nobody waits for
 * it. */
#ifndef ASSAY_MEASURE_TEAM_H
#define ASSAY_MEASURE_TEAM_H

#include "measure/histogram.h"
#include "measure/meter.h"
#include "measure/record.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* What one thread did in the lap that ends. */
struct team_span {
    uint64_t start_ticks;
    uint64_t stop_ticks;
    double timed_ns; /* counts when partial */
    bool partial; /* paused, batched or recorded by the body: wall time from start to stop does not
                     count */
    double reference_ns;
    double cpu_ns; /* that the thread got */
    uint32_t involuntary_switches;
    uint32_t page_faults;
};

/* Who decides on the laps: told what the one that ended took (in the first call there is none yet),
 * it returns the iterations of the next; 0: measuring is over. */
struct lap_planner {
    uint64_t (*next)(void *context, const struct sample *lap, double now_ns);
    void *context;
    const struct meter *meter; /* for laps in state RECORD_PROBING; NULL: there is none */
};

struct team {
    unsigned size;
    struct record *record;
    struct lap_planner planner;
    double ns_per_tick;

    pthread_mutex_t lock;
    pthread_cond_t all_here;
    unsigned members; /* threads still in their body */
    unsigned arrived;
    uint64_t meeting;
    bool ended;
    uint64_t lap_iterations;
    struct team_span lap; /* of all: first start, last stop, largest timed */
};

/* 0, or -1 when the system gives no mutex or condition (never seen on Linux). */
int team_init(struct team *team, unsigned size, struct record *record,
              const struct lap_planner *planner, double ns_per_tick);
void team_release(struct team *team);

/* Waits for all threads and returns the iterations of the next lap; 0: measuring is over. `span` is
 * NULL in the first lap. *phase tells what the next lap is for: RECORD_WARM_UP, RECORD_SAMPLING or
 * RECORD_PROBING. */
uint64_t team_next_lap(struct team *team, const struct team_span *span, enum record_state *phase);

/* A thread leaves its body, for whatever reason. */
void team_leave(struct team *team);

/* Ends the benchmark as failed or skipped; the first reason stays. Any thread may call it. */
void team_end(struct team *team, enum record_state state, const char *reason);

#endif
