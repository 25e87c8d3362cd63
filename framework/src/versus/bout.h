/* One benchmark in the ring: what is run against what, and what its pairs have shown so far. */
#ifndef ASSAY_VERSUS_BOUT_H
#define ASSAY_VERSUS_BOUT_H

#include "base/rng.h"
#include "present/versus.h"
#include "versus/pair.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The executables of a suite: the plain one, or link layouts of it to draw from. Open files. */
struct bout_program {
    size_t count; /* >= 1 */
    const int *fd;
    uint32_t
        first_layout; /* number of fd[0]: 0 the plain one, 1 when only layouts are drawn from */
};

struct bout {
    struct versus_benchmark *benchmark; /* gets the pairs; id and suite are set */
    const char *id[2];                  /* of the old and the new side */
    struct bout_program program[2];
    uint32_t number; /* in the trace */
    unsigned threads;
    bool canary;
    uint32_t probes[2]; /* protocols of the executables' probes (measure/probe.h); 0: they have none
                         */
    bool records_latency;        /* its body does, as counting allocations found */
    uint64_t counted_iterations; /* of a lap in which instructions were counted; 0: none was */
    double loop_ns[2];           /* an iteration of the suite's empty loop; 0: not known */

    uint64_t iterations; /* of a slice; 0: not calibrated yet */
    double each_ns;
    double seconds;  /* of all pairs */
    double setup_ns; /* of the last pair: what was not spent in slices */
    int next_order;
    bool pilot_forgotten;
    double pilot_seconds;
    double growth;      /* of the slices of a pair, chosen after the pilot; 0: none */
    bool own_addresses; /* chosen after the pilot: the kernel places each side */
    double *times[2];   /* a sample of all slices, ns an iteration */
    size_t time_count[2];
    size_t times_seen[2];
    uint64_t disturbed;
    uint64_t slices;

    /* Confirmation. */
    int direction;  /* suspected of: +1 slower, -1 faster, 0 nothing */
    bool open;      /* takes more confirming pairs */
    size_t planned; /* confirming pairs, in all */
    bool rejected;
    double level;
    bool out_of_time;
};

/* What all bouts of a comparison share. */
struct bout_ring {
    struct pair_page page;
    const struct versus_settings *settings;
    const struct clock_facts *clock;
    double max_time_s; /* of a pair */
    uint64_t end_ns;  /* clock_monotonic_ns at which the time budget is used up; 0: there is none */
    bool shared_luck; /* both sides may be given the same addresses */
    bool fresh;       /* each pair executes fresh copies (versus/fresh.h); false from the first
                         failure on */
    bool unpinned;    /* a worker could not be pinned */
    struct rng rng;
    FILE *trace; /* NULL: none */
};

void bout_release(struct bout *bout);

/* Runs one pair and adds it. false when a signal interrupted it. A pair in which a side failed or
 * skipped settles the benchmark: status and reason are set, and no more pairs are due. */
bool bout_run_pair(struct bout_ring *ring, struct bout *bout, bool confirming);

/* Whether pairs of it can still be run. */
bool bout_is_alive(const struct bout *bout);

/* Seconds that the next pair will take, by those so far; `guess` before the first. */
double bout_pair_seconds(const struct bout *bout, double guess);

/* Of so many pairs as usual, those of this bout: fewer where each is longer, but `least`. */
static inline size_t bout_scale_pairs(const struct bout *bout, size_t usual, size_t least)
{
    double scaled = bout->growth > 1 ? (double)usual / bout->growth : (double)usual;
    return scaled > (double)least ? (size_t)scaled : usual < least ? usual : least;
}

size_t bout_count_pairs(const struct bout *bout, bool confirming);

/* Fills what the benchmark shows of all slices: times, densities, resolution. */
void bout_summarise(struct bout *bout);

#endif
