/* The threads of one benchmark and the laps that they run together.
 *
 * Every lap begins at a meeting of all: the last to arrive tells the planner what the lap took and
 * learns the next one's iterations. Behind it is a gate at which the threads gather, so that they
 * start within a fraction of a microsecond. At both they wait awake at first, as a thread that the
 * kernel wakes starts late, and maybe on a CPU where another one runs; they sleep when it takes
 * long, or there are more threads than CPUs. A thread that leaves its body ends the measuring
 * for all, so that nobody waits for it.
 *
 * Unless the team is in lockstep, a lap of several threads has a common stop: the first to do all
 * its iterations raises it, the others see it at the end of a chunk (a part of the lap) and stop
 * there. Otherwise the slowest would run on alone, on a machine that the others have left, and the
 * lap would not be one of so many threads.
 *
 * The sample of such a lap is the time of one thread's iterations: the window lasts from the first
 * start to the first stop; of an iteration count that reaches beyond it the part counts that its
 * thread spent inside. With w_i for the iterations of thread i inside the window, a sample of n
 * iterations (those of the planned lap) takes n * window * threads / sum(w_i). Threads that wait
 * for a CPU meanwhile did nothing in the window, and are counted so.
 *
 * Where parts of the lap do not count (batches, pauses, durations that the body recorded), there is
 * no window: n * sum(timed_i) / sum(n_i). In lockstep a lap takes as long as its slowest thread:
 * from the first start to the last stop, or the longest timed_i. */
#ifndef ASSAY_MEASURE_TEAM_H
#define ASSAY_MEASURE_TEAM_H

#include "measure/histogram.h"
#include "measure/meter.h"
#include "measure/record.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What one thread did in the lap that ends. */
struct team_span {
    uint64_t iterations;
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
    bool waits;                /* for others, who need the CPUs: the threads sleep meanwhile */
};

/* A lap as a thread gets it. */
struct team_lap {
    uint64_t number;         /* from 1 */
    uint64_t iterations;     /* 0: measuring is over */
    uint64_t chunk;          /* iterations between two looks at the stop */
    bool lockstep;           /* there is no stop: it has one chunk */
    enum record_state phase; /* what it is for: RECORD_WARM_UP, RECORD_SAMPLING or RECORD_PROBING */
};

struct team {
    unsigned size;
    bool lockstep;
    struct record *record;
    struct lap_planner planner;
    double ns_per_tick;
    unsigned cpus; /* that the threads may run on */

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t woken;
    unsigned members; /* threads still in their body */
    unsigned arrived;
    struct team_lap lap;
    struct team_span *spans; /* of the lap that ended, by thread */

    atomic_bool ended;
    atomic_uint sleepers;                   /* at the gate */
    _Alignas(64) _Atomic uint64_t meetings; /* that are over; changes under the lock */
    _Alignas(64) _Atomic uint64_t at_gate;  /* arrivals in all laps */
    _Alignas(64) _Atomic uint64_t stopped;  /* number of the last lap whose stop was raised */
};

/* 0, or -1 when the system gives no mutex or condition (never seen on Linux). */
int team_init(struct team *team, unsigned size, bool lockstep, struct record *record,
              const struct lap_planner *planner, double ns_per_tick);
void team_release(struct team *team);

/* Waits for all threads and returns the next lap. `span`, what the thread `index` did in the one
 * that ended, is NULL in the first. */
struct team_lap team_next_lap(struct team *team, unsigned index, const struct team_span *span);

/* The last wait before a lap: returns when all threads are here, or measuring has ended. */
void team_gather(struct team *team, const struct team_lap *lap);

/* The common stop of a lap. It orders no other memory: the next meeting does. */
static inline void team_stop_lap(struct team *team, const struct team_lap *lap)
{
    atomic_store_explicit(&team->stopped, lap->number, memory_order_relaxed);
}

static inline bool team_lap_is_stopped(const struct team *team, const struct team_lap *lap)
{
    return atomic_load_explicit(&team->stopped, memory_order_relaxed) >= lap->number;
}

/* A thread leaves its body, for whatever reason. */
void team_leave(struct team *team);

/* Ends the benchmark as failed or skipped; the first reason stays. Any thread may call it. */
void team_end(struct team *team, enum record_state state, const char *reason);

#endif
