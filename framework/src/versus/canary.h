/* Benchmarks whose comparison has a known answer; they ride along in every comparison. When one of
 * them comes out wrong, the machine was no place to compare anything. */
#ifndef ASSAY_VERSUS_CANARY_H
#define ASSAY_VERSUS_CANARY_H

#include "assay.h"

#include <stdbool.h>
#include <stddef.h>

struct canary {
    const char *old_id;
    const char *new_id; /* the same as old_id; or the same kernel with 2 % more work */
    bool slower;
};

#define CANARY_COUNT 6
extern const struct canary canaries[CANARY_COUNT];

/* What they run, for worker mode. Not registered: a suite's list does not show them. */
const struct assay_entry *canary_entries(void);

#endif
