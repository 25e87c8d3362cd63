/* Two processes that run the old and the new version of a benchmark in turns: what they share.
 *
 * Exactly one of them runs at any time. The one whose turn it is ends its lap, writes down what it
 * took, decides by the plan whose lap is next, and hands over: turns are as short as a slice (about
 * 100 us), so that both versions meet the same clock, the same neighbours and the same interrupts.
 *
 * A pair goes through: setup of one side, setup of the other; calibration (the old side finds how
 * many iterations fill a slice, the new one runs the very same laps, so that neither is warmer than
 * the other), unless the iterations are given; some untimed laps each; then quads of slices, each
 * ABBA or BAAB as drawn by whoever made the page. A side that has just been given the turn first
 * runs a tenth of a slice untimed, as the other has cooled its caches.
 *
 * The plan (duel_advance) is a pure function of the page; waiting and handing over are in
 * duel_take_turn. The page lies in a memory file that the driver makes and both workers map. */
#ifndef ASSAY_MEASURE_DUEL_H
#define ASSAY_MEASURE_DUEL_H

#include "base/error.h"
#include "measure/record.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Rises when struct duel or the meaning of its fields does: both executables must speak the same.
 */
#define DUEL_PROTOCOL 1

#define DUEL_ID_BYTES   512
#define DUEL_SLICES_MAX 4096 /* a side */
#define DUEL_QUADS_MAX  (DUEL_SLICES_MAX / 2)
#define DUEL_MIRROR_MAX 96 /* laps of a calibration */

enum duel_name { DUEL_OLD = 0, DUEL_NEW = 1, DUEL_NOBODY = 2 };

enum duel_lap { DUEL_SETUP = 0, DUEL_CALIBRATE, DUEL_WARM_UP, DUEL_TOUCH, DUEL_TIMED, DUEL_END };

enum duel_state {
    DUEL_STARTING = 0,
    DUEL_RUNNING,
    DUEL_DONE,
    DUEL_FAILED,
    DUEL_SKIPPED,
    DUEL_STOPPED /* the other side ended the pair, or the deadline came */
};

struct duel_slice {
    double time_ns; /* of all iterations */
    uint32_t involuntary_switches;
    uint32_t page_faults;
};

/* What one worker writes. */
struct duel_side {
    char id[DUEL_ID_BYTES]; /* asked for by the driver */
    uint32_t protocol;      /* the worker's, as soon as it has mapped the page */
    uint32_t state;         /* enum duel_state */
    char reason[RECORD_REASON_BYTES];
    bool pinned; /* runs on the CPU that was asked for, or none was */
    uint32_t count;
    struct duel_slice slices[DUEL_SLICES_MAX];
};

/* What the driver asks for. */
struct duel_request {
    bool tsc; /* the clock: time-stamp counter, else CLOCK_MONOTONIC */
    double ns_per_tick;
    int32_t cpu;         /* -1: none */
    uint32_t first;      /* enum duel_name of the side that is set up first */
    uint64_t iterations; /* of a slice; 0: calibrate */
    double each_ns;      /* of an iteration, when iterations are given */
    double slice_ns;
    double warm_up_ns; /* of untimed laps, each side */
    double pair_ns;    /* of slices, both sides together */
    uint32_t quads_min;
    uint32_t quads_max;            /* <= DUEL_QUADS_MAX */
    uint64_t luck;                 /* random number that moves stack and heap of both sides alike */
    uint64_t deadline_ns;          /* clock_monotonic_ns at which every wait ends */
    uint8_t quads[DUEL_QUADS_MAX]; /* 0: ABBA (A is the old side), 1: BAAB */
};

struct duel {
    char magic[8]; /* "assaydu" */
    uint32_t protocol;
    uint32_t bytes;
    struct duel_request request;
    _Atomic uint32_t turn; /* enum duel_name: whose; NOBODY: it is over */
    /* The lap that runs, and what is known for the next one. Written by the side that has the turn.
     */
    uint32_t lap;  /* enum duel_lap */
    uint32_t side; /* whose lap it is */
    uint64_t lap_iterations;
    uint64_t iterations;  /* of a slice */
    double each_ns;       /* least that an iteration lasted in the calibration */
    double timed_each_ns; /* and least time that was measured of it */
    uint32_t mirror_count;
    uint32_t mirror_next;
    uint64_t mirror[DUEL_MIRROR_MAX]; /* laps of the old side's calibration */
    uint32_t tries;
    uint32_t warm_laps;
    uint32_t slice; /* of the schedule, both sides together */
    double begun_ns;
    double lap_begun_ns;
    struct duel_side sides[2];
};

/* Makes the page ready for a pair; `turn` is the first side's. */
void duel_begin(struct duel *d, const struct duel_request *request, const char *old_id,
                const char *new_id);

/* The lap that ran is over (for DUEL_SETUP: the side has reached its loop) and took what `ended`
 * says; now_ns: time of any monotonic clock. Chooses the next lap: d->lap, d->side and
 * d->lap_iterations. */
void duel_advance(struct duel *d, const struct sample *ended, double now_ns);

/* As sampler_next, for the worker `self`: hands in the lap, lets the other side run when it is its
 * turn, and returns the iterations of this side's next lap; 0 when it is over or the deadline has
 * come. */
uint64_t duel_take_turn(struct duel *d, enum duel_name self, const struct sample *ended);

/* Waits for the first turn, that of the setup; false when it never came. */
bool duel_await_setup(struct duel *d, enum duel_name self);

/* Ends the pair for both sides; any process may call it at any time. */
void duel_end(struct duel *d);

/* A page in a new memory file: *fd is the file, to be handed to the workers. NULL, and
 * STATUS_ENVIRONMENT, when the system has none. Release with duel_unmap and close. */
struct duel *duel_create(int *fd, struct error *error);
/* The page behind an inherited file. NULL with a sentence when it is no page, or of another
 * protocol. */
struct duel *duel_map(int fd, struct error *error);
void duel_unmap(struct duel *d);

#endif
