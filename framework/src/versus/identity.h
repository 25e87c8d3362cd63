/* Whether a benchmark is the same on both sides (versus/closure.h), asked for one after the other:
 * files stay open, and answers are kept, from one question to the next of the same executables. */
#ifndef ASSAY_VERSUS_IDENTITY_H
#define ASSAY_VERSUS_IDENTITY_H

#include "versus/contestants.h"

#include <stdbool.h>

struct identity;

struct identity *identity_open(void);
void identity_close(struct identity *known);

/* Whether all that benchmark `id` reaches in the plain executables of `pair` is the same. What
 * cannot be told is not. Fastest when benchmarks of one pair, and of one function, are asked for in
 * a row. `pair` must stay where it is until identity_close(). */
bool identity_holds(struct identity *known, const struct contestant_pair *pair, const char *id);

#endif
