/* Worker mode: a suite's executable as one side of `assay compare`.
 *
 *     suite --worker hello        describes itself on standard output, in JSON
 *     suite --worker FD:SIDE      runs the benchmark that the page in the inherited file FD asks
 * for, as its SIDE ("old" or "new"), a lap at a time (measure/duel.h)
 *     suite --worker FD:probe     counts what a benchmark does (measure/probe.h)
 *
 * The description: {"worker": DUEL_PROTOCOL, "version", "probes": PROBE_PROTOCOL, "suite", "build":
 * {"compiler", "flags", "variant", "optimised"}, "benchmarks": [{"id", "threads", "symbol"}]};
 * "symbol" is the function of the benchmark's body. The id "" means the empty loop. */
#ifndef ASSAY_APP_WORKER_H
#define ASSAY_APP_WORKER_H

#include "app/plan.h"
#include "base/error.h"
#include "base/str.h"

/* Adds the description of the plan's benchmarks. */
void worker_describe(const struct plan *plan, struct str *out);

/* Runs one side of a pair. `text` is "FD:SIDE" or "FD:probe". Returns an exit status: what became
 * of the benchmark is in the page; an error is set when there is no page to write to. */
int worker_run(const char *text, const struct assay_entry *entries, struct error *error);

#endif
