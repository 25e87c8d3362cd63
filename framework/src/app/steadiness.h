/* Gathers what tells how steady the machine was while something ran, and says it. */
#ifndef ASSAY_APP_STEADINESS_H
#define ASSAY_APP_STEADINESS_H

#include "analysis/stability.h"
#include "base/str.h"
#include "measure/load.h"

#include <stdbool.h>
#include <stddef.h>

struct steadiness {
    size_t count;
    struct observation *at;
    double switches;
    double cpu_ns;
    bool has_ticks;
    struct load_ticks before;
};

/* From now on. Release it at the end. */
void steadiness_begin(struct steadiness *s);
/* Observations of one benchmark, later than those before. */
void steadiness_add(struct steadiness *s, const struct observations *more);
/* What was observed from the beginning until now. */
struct stability steadiness_grade(const struct steadiness *s);
void steadiness_release(struct steadiness *s);

/* "grade B (nearly steady: ...); 1.2 % of 2310 observations slowed by more than 3 %, ..." without a
 * line break. */
void steadiness_add_sentence(const struct stability *s, struct str *out);

/* Observes a fixed piece of work for this long in this process: about a thousand times a second,
 * the CPU never idle between, as when benchmarks run. `watch` is called some times a second with
 * the part that is done; it returns false to end early. Returns false when it did. */
bool steadiness_observe(struct steadiness *s, double seconds,
                        bool (*watch)(void *context, double part), void *context);

#endif
