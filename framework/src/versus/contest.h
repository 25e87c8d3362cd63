/* A whole comparison: which pair runs when, until every benchmark has its verdict or the time is
 * up.
 *
 * Rounds: in each, every benchmark that is still due runs one pair, in random order, so that one
 * bad minute touches one pair of many and not all of one. Screening rounds for all; then confirming
 * rounds for the suspected alone; then, while there is time, further rounds for those of which
 * nothing could be said. */
#ifndef ASSAY_VERSUS_CONTEST_H
#define ASSAY_VERSUS_CONTEST_H

#include "versus/bout.h"

struct contest {
    struct bout_ring ring;
    size_t count;
    struct bout *bouts;
    /* Called before each pair; NULL: not at all. `left_s`: seconds that the rest may take. */
    void (*watch)(void *context, const char *id, double done, double left_s);
    void *watch_context;

    uint64_t begun_ns;
    bool interrupted;
    bool out_of_time;
};

/* Runs it. Verdicts are in the bouts' benchmarks; contest->interrupted tells of a signal. */
void contest_run(struct contest *contest);

/* Seconds that the screening of so many benchmarks takes, as planned. */
double contest_estimate_s(const struct versus_settings *settings, size_t count);

#endif
