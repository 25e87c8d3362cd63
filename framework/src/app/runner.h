/* Measures the benchmarks of a plan, one after the other, and analyses each. */
#ifndef ASSAY_APP_RUNNER_H
#define ASSAY_APP_RUNNER_H

#include "app/options.h"
#include "app/plan.h"
#include "app/probes.h"
#include "app/steadiness.h"
#include "present/format.h"
#include "present/progress.h"
#include "present/result.h"

#include <stdbool.h>

struct runner {
    const struct options *options;
    const struct plan *plan;
    const struct result *baseline; /* NULL: no comparison */
    const char *baseline_name;
    struct result *result; /* grows by a benchmark at a time */
    const struct format *format;
    struct printer printer;
    struct progress progress;
    struct probes probes;
    double loop_reference_ns;     /* of the reference work beside the empty loop; 0: not known */
    struct steadiness steadiness; /* of the single-threaded benchmarks' time */
    bool interrupted;
};

/* The empty loop, compiled as the suite is: the resolution of its figures. Sets result->loop_ns. */
void runner_measure_loop(struct runner *runner);

/* Runs all. Returns early, with runner->interrupted set, after SIGINT or SIGTERM; what was measured
 * is in the result. */
void runner_run(struct runner *runner);

/* Grades the machine's steadiness from the reference work between the samples, and adds a warning
 * to the result when the machine was slower during some benchmarks than during
 * others, which only the reference work between the samples shows. */
void runner_judge_machine(struct runner *runner);

/* Adds a warning when benchmarks ran on more threads than the CPUs that they may run on. */
void runner_judge_threads(struct runner *runner);
/* Adds warnings to the result when expectations of benchmarks could not be checked, or instructions
 * not be counted. */
void runner_judge_probes(struct runner *runner);

/* Adds a warning for every gate of --gate that no benchmark has a count for. */
void runner_judge_gates(struct runner *runner);

/* Runs nothing: the samples stored in `loaded` stand for those that would have been taken. */
void runner_replay(struct runner *runner, const struct result *loaded);

/* --test: every benchmark once. Returns how many failed. */
size_t runner_test(struct runner *runner);

/* --profile-time: every benchmark for so long; with --verbose a line says when its laps were run.
 * Returns how many failed. */
size_t runner_profile(struct runner *runner);

/* --dry-run. */
void runner_describe(const struct runner *runner);

#endif
