/* Runs a suite's executable as a probe (measure/probe.h) and tells how that went. */
#ifndef ASSAY_APP_PROBE_PROCESS_H
#define ASSAY_APP_PROBE_PROCESS_H

#include "measure/probe.h"

#include <stddef.h>
#include <stdint.h>

/* What is to be counted of what. */
struct probe_job {
    int program;    /* the suite's executable, an open file */
    const char *id; /* "": its empty loop */
    enum probe_kind kind;
    int64_t cpu;            /* -1: any */
    uint64_t iterations;    /* of a lap; 0: the probe chooses */
    unsigned asked_threads; /* 0: as the source says */
    const char *events;     /* of PROBE_RUN: names as --counters takes them; NULL: none */
    double limit_s;         /* the process is killed after this long */
};

/* How the process is started. Files that it needs are kept open for it. */
struct probe_launch {
    const char *const *prefix;    /* words before the executable's path, NULL at the end; or NULL */
    const char *const *variables; /* "NAME=value" for its environment, NULL at the end; or NULL */
    int library;                  /* a file that the variables refer to; -1: none */
};

enum probe_outcome {
    PROBE_COUNTED, /* it ran to its end: page->metrics are there */
    PROBE_DENIED,  /* it did not, or could not count: page->reason says why, in one sentence */
    PROBE_INTERRUPTED
};

/* Runs it to its end, for at most limit_s. `page` gets all that it answered: a copy in this
 * process's memory. children_init must have been called. */
enum probe_outcome probe_process_run(const struct probe_job *job, const struct probe_launch *launch,
                                     struct probe_page *page);

#endif
