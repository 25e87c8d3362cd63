/* From the options of `assay compare` to the list of bouts: opens both sides, matches their
 * benchmarks, filters them, adds the canaries. */
#ifndef ASSAY_VERSUS_SETUP_H
#define ASSAY_VERSUS_SETUP_H

#include "base/error.h"
#include "present/versus.h"
#include "versus/bout.h"
#include "versus/contestants.h"
#include "versus/options.h"

#include <stdbool.h>
#include <stddef.h>

struct compare_setup {
    struct versus versus; /* benchmarks and canaries are there, nothing is measured */
    struct contestants contestants;
    size_t bout_count; /* of benchmarks to run, then of canaries */
    struct bout *bouts;
    size_t identical; /* benchmarks that are not run, being the same on both sides */
    int own_program;  /* this executable, which runs the canaries; -1: none */
};

/* 0, or -1 with an error. Release in either case. children_init must have been called. */
int compare_setup_make(const struct compare_options *o, struct compare_setup *setup,
                       struct error *error);
void compare_setup_release(struct compare_setup *setup);

/* Measures the empty loop of each suite on both sides, for which benchmarks cannot be told from it.
 * false when a signal interrupted. */
bool compare_setup_measure_loops(struct compare_setup *setup, struct bout_ring *ring);

/* To be called after the contest: where a change was called although everything that the benchmark
 * reaches is the same on both sides, its place in memory alone made it (judge_as_layout). */
void compare_setup_tell_layout(struct compare_setup *setup);

#endif
