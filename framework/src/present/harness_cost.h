/* The part of a benchmark's time that is the harness's: clock reads of its batches or cold
 * iterations, and pauses. It is shown, never subtracted. */
#ifndef ASSAY_PRESENT_HARNESS_COST_H
#define ASSAY_PRESENT_HARNESS_COST_H

#include "base/json_writer.h"
#include "present/result.h"

/* Above this part of the time a warning advises what to do. */
#define HARNESS_COST_WARN 0.10

/* In the time of one iteration. */
struct harness_cost {
    double clock_ns; /* 0 without batches or cold iterations */
    double pause_ns; /* 0 without pauses */
    /* Of both together in the headline, 0 .. 1. The interval is that of the costs. */
    double share;
    double share_lower;
    double share_upper;
};

/* false when there is none, or when b was not measured or not analysed. */
bool harness_cost_of(const struct result_benchmark *b, struct harness_cost *cost);

/* "  pauses cost ~24.0 of 310.0 ns"; nothing when there is no cost or it is below a hundredth of
 * the time. `b` as in harness_cost_of. */
void harness_cost_add_note(struct str *out, const struct result_benchmark *b);

/* A warning for the result, when the cost is more than HARNESS_COST_WARN of the time; false when it
 * is not. */
bool harness_cost_add_warning(struct str *out, const struct result_benchmark *b);

/* The members "harness", and "cold" with "eviction", of a benchmark's object; those that apply. */
void harness_cost_write(struct json_writer *w, const struct result_benchmark *b);

#endif
