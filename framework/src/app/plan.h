/* From registered entries to the list of benchmarks to run: every entry times the values of its
 * axes, sorted, filtered. */
#ifndef ASSAY_APP_PLAN_H
#define ASSAY_APP_PLAN_H

#include "app/options.h"
#include "measure/bench.h"

struct plan_case {
    const struct assay_entry *entry;
    char *id;
    char *bench; /* the id without suite and arguments */
    struct bench_case bench_case;
    char *arg_text; /* what bench_case.arg.text and arg2.text point to when they are integers */
    char *arg2_text;
};

struct plan {
    const struct assay_suite *suite;
    size_t count;
    struct plan_case *cases;
};

/* The entries that constructors linked. */
const struct assay_entry *plan_entries(void);

/* Expands, checks and filters. 0; or -1 with STATUS_USAGE and a sentence: no benchmark, a duplicate
 * id, an entry of another ABI, a filter that is no expression or matches nothing. Release it in
 * either case. */
int plan_make(const struct assay_entry *entries, const struct options *options, struct plan *plan,
              struct error *error);
void plan_release(struct plan *plan);

#endif
