/* Runs one benchmark in a process of its own and watches over it: a crash, an exit, a loop without
 * an end or Ctrl-C reach no further than that process. */
#ifndef ASSAY_APP_ISOLATE_H
#define ASSAY_APP_ISOLATE_H

#include "base/error.h"
#include "measure/bench.h"

#include <stdbool.h>
#include <stdint.h>

struct isolate_job {
    const struct bench_case *bench;
    const char *(*skip_if)(void);
    struct sampler_plan plan;
    struct counters_request counters; /* .events NULL: nothing is counted */
    int64_t pin_cpu;                  /* -1: none */
    double limit_s;  /* the process is stopped after this long and the benchmark fails */
    bool in_process; /* run it here, unprotected */
    /* Called a few times a second while the benchmark runs; NULL: not at all. */
    void (*watch)(const struct record *record, void *context);
    void *watch_context;
};

/* children_init(): isolate_run waits for signals. Call it once before. */
void isolate_init(void);

/* 0 when this process may run on the CPU (or it is -1), else -1 with STATUS_ENVIRONMENT. */
int isolate_check_cpu(int64_t cpu, struct error *error);

/* Runs this process on the CPU from now on; -1: anywhere. A failure is ignored: isolate_check_cpu
 * comes before. */
void isolate_pin_self(int64_t cpu);

/* A record with room for `samples`, and of each what `threads` threads did (record_threads), shared
 * with child processes. Never NULL; release with isolate_release. */
struct record *isolate_record(size_t samples, unsigned threads);
void isolate_release(struct record *record);

/* Runs the job and fills its record: DONE, FAILED or SKIPPED. Its metric "peak_rss_bytes" (source
 * "process") is the most memory that the process had at a time, with what it began with: the
 * program, its libraries, and what the run had in memory by then. false when SIGINT or SIGTERM
 * came: the benchmark was stopped and its record means nothing. */
bool isolate_run(const struct isolate_job *job, struct record *record);

#endif
