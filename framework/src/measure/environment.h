/* What in the machine's present state makes figures worse, and what to do about it. */
#ifndef ASSAY_MEASURE_ENVIRONMENT_H
#define ASSAY_MEASURE_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#define ENVIRONMENT_CHECKS_MAX 16

struct environment_check {
    const char *name;  /* "CPU governor" */
    char finding[160]; /* "powersave" */
    char advice[200];  /* empty: nothing to do */
    bool warns;        /* belongs in every result, not only in the doctor's list */
};

/* Fills checks (room for ENVIRONMENT_CHECKS_MAX) and returns how many. `optimised` tells how the
 * suite was compiled, `flags` with what (NULL: not recorded). */
size_t environment_check(struct environment_check *checks, bool optimised, const char *flags);

#endif
