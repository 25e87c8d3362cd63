/* What measuring one benchmark leaves: plain data without pointers, so that it can live in memory
 * shared with the process that runs the body. */
#ifndef ASSAY_MEASURE_RECORD_H
#define ASSAY_MEASURE_RECORD_H

#include "measure/metric.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_COUNTERS_MAX 16
#define RECORD_NAME_BYTES   32
#define RECORD_REASON_BYTES 512
#define RECORD_TIME_NS_MAX                                                                         \
    1e18 /* of all samples; its square and sums of squares are still finite */

/* One lap that counts. */
struct sample {
    uint64_t iterations;
    double time_ns;                /* of all iterations together, to 0.01 ns */
    uint32_t involuntary_switches; /* times the CPU was taken away */
    uint32_t page_faults;
    double reference_ns; /* reference.h, right after it; 0: not measured. Not stored */
};

enum record_state {
    RECORD_SETUP = 0, /* the body has not reached its loop */
    RECORD_WARM_UP,
    RECORD_SAMPLING,
    RECORD_PROBING, /* laps for counting, whose time does not matter */
    RECORD_DONE,    /* the loop ended and the body returned */
    RECORD_FAILED,
    RECORD_SKIPPED
};

enum record_stop { STOP_COMPLETE = 0, STOP_PRECISION, STOP_TIME };

struct record_counter {
    char name[RECORD_NAME_BYTES];
    char unit[RECORD_NAME_BYTES];
    double value;
};

/* Quantiles of what assay_latency recorded; count 0: nothing was. */
struct latency_summary {
    uint64_t count;
    uint64_t overflow;
    double min_ns;
    double mean_ns;
    double p50_ns;
    double p90_ns;
    double p99_ns;
    double p99_9_ns;
    double max_ns;
};

struct record {
    enum record_state state;
    enum record_stop stop;
    bool linear;
    bool loop_reached;
    bool batched;          /* the loop is ASSAY_LOOP_WITH: every batch has clock reads of its own */
    bool expects_no_alloc; /* assay_expect_no_alloc was called */
    char reason[RECORD_REASON_BYTES]; /* why it failed or was skipped */
    /* Samples of a fast kernel that were paired with a lap of the empty loop, and those of them
     * that took hardly more: clock states change both alike. */
    uint32_t paired;
    uint32_t paired_near;
    uint64_t warm_up_iterations;
    double warm_up_ns;
    uint64_t bytes_per_iteration;
    uint64_t elements_per_iteration;
    size_t counter_count;
    struct record_counter counters[RECORD_COUNTERS_MAX];
    struct latency_summary latency;
    struct metric_list metrics;
    double reference_ns; /* lowmean of the samples' */
    double other_cpus;   /* CPUs that others kept busy meanwhile */
    size_t retaken;      /* samples that were not kept, as the machine was slowed */
    size_t planned;      /* samples that the plan wants */
    size_t capacity;     /* of samples[] */
    size_t sample_count;
    struct sample samples[];
};

static inline size_t record_bytes(size_t capacity)
{
    return sizeof(struct record) + capacity * sizeof(struct sample);
}

/* Sets the state and copies the reason, unless the benchmark has failed or was skipped already. */
void record_end(struct record *record, enum record_state state, const char *reason);

#endif
