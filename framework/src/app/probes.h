/* The probes of a run: which there are, how each is started, and what becomes of its answer.
 *
 * A kind of probe is one row of the table in probes.c: whether it was asked for, how to start it,
 * and its metrics for when it cannot count. */
#ifndef ASSAY_APP_PROBES_H
#define ASSAY_APP_PROBES_H

#include "app/options.h"
#include "app/plan.h"
#include "app/probe_process.h"
#include "measure/record.h"

#include <stdbool.h>
#include <stddef.h>

struct probes {
    bool initialised;
    const struct options *options; /* NULL: for probes_count alone */
    int program;                   /* this very executable; -1: not opened yet, or it cannot be */
    int library;                   /* the counting library's file; -1: not made yet */
    char *preload;                 /* the environment variable that names it */
    struct probe_page *page;
    /* What they have taken so far. */
    double spent_s;
    size_t benchmarks;
    /* Benchmarks that called assay_expect_no_alloc and were not checked, and why the first was not.
     */
    size_t unchecked;
    char unchecked_reason[METRIC_REASON_BYTES];
    /* Benchmarks whose instructions were to be counted and were not, and why the first was not. */
    size_t uncounted;
    char uncounted_reason[METRIC_REASON_BYTES];
};

/* children_init must have been called before the first probe runs. Release it; one that is all
 * zeros may be released as well. */
void probes_init(struct probes *probes, const struct options *options);
void probes_release(struct probes *probes);

/* Runs one probe as the job says, of whatever executable. `page` gets the answer; with
 * PROBE_DENIED, page->reason, and page->metrics are those of the job's kind, unavailable for this
 * reason. */
enum probe_outcome probes_count(struct probes *probes, const struct probe_job *job,
                                struct probe_page *page);

/* Adds the metrics of a kind of probe, unavailable for this reason. */
void probes_deny(enum probe_kind kind, struct metric_list *metrics, const char *reason);

/* Runs every probe that the options ask for of a benchmark whose timed run is DONE, and adds the
 * metrics to its record; those that were not run are added with the reason. The benchmark fails
 * when it was not to allocate and does. iteration_ns: what an iteration takes, 0: not known.
 * share_s: part of a time budget for this benchmark, 0: none. limit_s: no probe may take longer.
 * false when SIGINT or SIGTERM came. */
bool probes_run(struct probes *probes, const struct plan_case *c, double iteration_ns,
                double share_s, double limit_s, struct record *record);

/* For --test: whether a body that called assay_expect_no_alloc allocates. The same otherwise; the
 * record gets no metric. */
bool probes_check_promise(struct probes *probes, const struct plan_case *c, double limit_s,
                          struct record *record);

/* A sentence about the unchecked or the uncounted, in `text`; false when there are none. */
bool probes_describe_unchecked(const struct probes *probes, char *text, size_t size);
bool probes_describe_uncounted(const struct probes *probes, char *text, size_t size);

#endif
