/* From the pairs of a benchmark to its verdict. Pure functions.
 *
 * Screen: a benchmark is suspected when its screening pairs lie on one side of no change at the 5 %
 * level, one-sided. Confirmation: fresh pairs of the suspected alone, held against the guard, with
 * Holm's correction over all that are suspected of the same. Fresh data make this valid whatever
 * the screen did. What is neither confirmed nor shown to be equivalent is inconclusive. */
#ifndef ASSAY_VERSUS_JUDGE_H
#define ASSAY_VERSUS_JUDGE_H

#include "present/versus.h"

#include <stdbool.h>
#include <stddef.h>

#define JUDGE_SUSPECT_LEVEL 0.05

/* Looks at the confirming pairs: after a third, two thirds and all of them. Each may spend this
 * part of the chance of a false alarm; together 1. */
#define JUDGE_LOOKS 3
extern const double judge_spending[JUDGE_LOOKS];

/* +1: suspected of being slower, -1: of being faster, 0: neither, or too few pairs. */
int judge_suspect(const struct versus_benchmark *b);

/* One-sided p-value of the confirming pairs for "beyond the guard in this direction" (+1 slower, -1
 * faster); 1 with too few pairs. */
double judge_p(const struct versus_benchmark *b, int direction, const struct versus_settings *s);

/* Whether the confirming pairs so far speak against what was suspected: the estimate is within the
 * guard. */
bool judge_is_futile(const struct versus_benchmark *b, int direction,
                     const struct versus_settings *s);

/* Whether the screen has shown neither a suspicion nor equivalence, has fewer pairs than `most`,
 * and so many would tell changes of a few times the margin. */
bool judge_wants_more(const struct versus_benchmark *b, size_t most,
                      const struct versus_settings *s);

/* Confirming pairs after which the change that the screen saw, taken at 0.7 of its size as what is
 * picked out looks larger than it is, would be found with power 0.8 among `suspects`. */
size_t judge_pairs_to_confirm(const struct versus_benchmark *b, size_t suspects,
                              const struct versus_settings *s);

/* Whether Wilcoxon's test agrees with a rejection at this level. */
bool judge_ranks_agree(const struct versus_benchmark *b, int direction, double level,
                       const struct versus_settings *s);

/* What was decided about a suspected benchmark. */
struct judge_ruling {
    int direction;    /* 0: it was not suspected */
    bool rejected;    /* "no change beyond the guard" was rejected */
    double level;     /* at which */
    bool out_of_time; /* its confirmation was due and had no pairs, or not all */
};

/* Sets verdict, effect and all that follows from them. `compared` benchmarks share the chance of a
 * false tail note. */
void judge_conclude(struct versus_benchmark *b, const struct judge_ruling *ruling, size_t compared,
                    const struct versus_settings *s);

/* For a benchmark that was called regressed or improved although what it reaches is the same on
 * both sides: the verdict becomes "unchanged", with a note; effect and interval stay. */
void judge_as_layout(struct versus_benchmark *b);

#endif
