/* Runs the body of one benchmark, in this process, and fills its record. */
#ifndef ASSAY_MEASURE_BENCH_H
#define ASSAY_MEASURE_BENCH_H

#include "assay.h"
#include "measure/batching.h"
#include "measure/counters.h"
#include "measure/sampler.h"
#include "measure/team.h"

/* One value of an axis. */
struct bench_arg {
    const char *axis; /* name of the axis, or NULL */
    int64_t value;    /* the integer, or the index of the word */
    bool is_word;
    const char *text; /* the word, or the integer as text; never NULL */
};

struct bench_case {
    void (*run)(assay_bench *b);
    struct bench_arg arg;
    struct bench_arg arg2;
    unsigned threads; /* >= 1 */
    bool lockstep;    /* every thread runs all iterations of each lap */
    struct batching batching;
    bool cold; /* every iteration finds cold caches; one thread only */
    void (*null_run)(
        assay_bench *b); /* the empty loop, to hold fast kernels against; NULL: do not */
};

/* A kernel whose iteration takes less than this times the empty loop's (and the clock reads', where
 * every batch has its own) is not told from it: the loop is one cycle, and where it lies in memory
 * can make it nearly two. */
#define BENCH_RESOLUTION_FACTOR 1.9

/* Runs the body on bench->threads threads and fills `record`, whose capacity is at least
 * sampler_capacity(plan), and which keeps samples of that many threads or of none. Every way a body
 * can go wrong short of a crash ends as RECORD_FAILED with a reason. */
void bench_run(const struct bench_case *bench, const struct sampler_plan *plan,
               struct record *record);

/* The same, and counts events in laps of their own when the samples are taken: record->metrics.
 * Without effect on runs that take no samples. */
void bench_run_counting(const struct bench_case *bench, const struct sampler_plan *plan,
                        const struct counters_request *request, struct record *record);

/* As bench_run with laps that somebody else plans; the record gets no sample. ns_per_tick: of the
 * clock. */
void bench_run_planned(const struct bench_case *bench, const struct lap_planner *planner,
                       double ns_per_tick, struct record *record);

#endif
