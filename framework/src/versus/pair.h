/* Runs one pair of fresh processes, old and new, in turns on one CPU (measure/duel.h). */
#ifndef ASSAY_VERSUS_PAIR_H
#define ASSAY_VERSUS_PAIR_H

#include "base/error.h"
#include "measure/duel.h"

#include <stdbool.h>
#include <stdint.h>

/* What is run: two open executables (file descriptors, close-on-exec) and the benchmark of each. */
struct pair_sides {
    int program[2];
    const char *id[2];
};

enum pair_end { PAIR_DONE = 0, PAIR_FAILED, PAIR_SKIPPED, PAIR_INTERRUPTED };

/* What became of a pair. */
struct pair_outcome {
    enum pair_end end;
    enum duel_name side; /* that failed or skipped */
    char reason[RECORD_REASON_BYTES];
    bool late; /* it failed by not having ended in time */
    bool pinned;
    double seconds; /* from the start of the processes to the end of both */
};

/* The page that pairs share, one after the other, and its file. */
struct pair_page {
    struct duel *duel;
    int fd;
};

/* 0, or -1 with STATUS_ENVIRONMENT. Release with pair_close. children_init must have been called
 * before the first pair. */
int pair_open(struct pair_page *page, struct error *error);
void pair_close(struct pair_page *page);

/* Whether both sides can be given the same addresses: address randomisation can be switched off
 * here (a container may forbid it) and chance put in its place. */
bool pair_can_share_luck(void);

/* Runs a pair for at most limit_s and leaves its slices in page->duel. Both processes, and whatever
 * they started, have ended when it returns. PAIR_INTERRUPTED: SIGINT, SIGTERM or SIGHUP came.
 *
 * shared_luck: where stack, heap, libraries and mappings lie is drawn once for the pair (from
 * request->luck) and is the same on both sides. Addresses decide over aliases in predictors and
 * caches, one draw may be 5 % off another; what both sides share cancels. Drawn anew for each pair,
 * as the kernel does it for each process, the average over pairs is the same. Else the kernel draws
 * for each side alone. */
void pair_run(struct pair_page *page, const struct pair_sides *sides,
              const struct duel_request *request, bool shared_luck, double limit_s,
              struct pair_outcome *outcome);

#endif
