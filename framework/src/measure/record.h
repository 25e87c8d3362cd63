/* What measuring one benchmark leaves: plain data, so that it can live in memory shared with the
 * process that runs the body. Its one pointer leads to memory that is shared in the same way. */
#ifndef ASSAY_MEASURE_RECORD_H
#define ASSAY_MEASURE_RECORD_H

#include "measure/metric.h"
#include "measure/observations.h"

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
    double cpu_ns;       /* that the threads got meanwhile. Not stored */
};

/* What one thread did in such a lap. */
struct thread_sample {
    uint64_t iterations;
    double time_ns; /* from the lap's start, which is the same for all threads, to the end of this
                       one's last iteration; where parts do not count, those that do */
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

struct histogram;

/* Whether iterations found cold caches, and how they came to be cold. SWEPT_PARTLY: by less than
 * one and a half times the last-level cache. */
enum record_cold { RECORD_WARM = 0, RECORD_FLUSHED, RECORD_SWEPT, RECORD_SWEPT_PARTLY };

/* Median of several probes and the interval that holds their middle 95 %. */
struct record_cost {
    double point;
    double lower;
    double upper;
};

/* Clock reads and pauses inside the time: known when there are batches, pauses or cold laps. */
struct record_harness {
    bool known;
    double spans_per_iteration; /* pairs of clock reads: 1 / iterations of a batch */
    double pauses_per_iteration;
    struct record_cost clock; /* ns that one pair adds */
    struct record_cost pause; /* ns that one pause with its resume adds */
};

/* Quantiles of what assay_latency recorded (histogram.h says which); count 0: nothing was. */
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
    bool batched; /* the loop is ASSAY_LOOP_WITH: every batch has clock reads of its own */
    enum record_cold cold;
    uint64_t evicted_bytes; /* before every iteration, when cold */
    struct record_harness harness;
    bool expects_no_alloc;            /* assay_expect_no_alloc was called */
    char reason[RECORD_REASON_BYTES]; /* why it failed or was skipped */
    /* Samples of a fast kernel that were paired with a lap of the empty loop, and those of them
     * that took hardly more: clock states change both alike. */
    uint32_t paired;
    uint32_t paired_near;
    /* When the first lap began and the last one ended, by CLOCK_MONOTONIC; 0: it did not. */
    double begun_ns;
    double ended_ns;
    uint64_t warm_up_iterations;
    double warm_up_ns;
    uint64_t bytes_per_iteration;
    uint64_t elements_per_iteration;
    size_t counter_count;
    struct record_counter counters[RECORD_COUNTERS_MAX];
    bool records_latency; /* assay_latency was called, in whatever lap */
    struct latency_summary latency;
    struct metric_list metrics;
    struct histogram *histogram; /* of the latencies, empty unless some were recorded; NULL: they
                                    are summed up only. Whoever made the record frees it */
    double reference_ns;         /* lowmean of the samples' */
    struct observations observations; /* of the reference work: all, also where the sample was not
                                         kept. Not stored */
    double other_cpus;                /* CPUs that others kept busy meanwhile */
    bool oversubscribed;              /* more threads than CPUs that they may run on */
    unsigned threads; /* whose samples lie behind samples[capacity]; 0: none are kept */
    size_t retaken;   /* samples that were not kept, as the machine was slowed */
    size_t planned;   /* samples that the plan wants */
    size_t capacity;  /* of samples[] */
    size_t sample_count;
    struct sample samples[];
};

/* Of a record without samples of single threads. */
static inline size_t record_bytes(size_t capacity)
{
    return sizeof(struct record) + capacity * sizeof(struct sample);
}

/* Of one that keeps those of `threads` threads. */
static inline size_t record_bytes_of_threads(size_t capacity, unsigned threads)
{
    return record_bytes(capacity) + capacity * threads * sizeof(struct thread_sample);
}

/* What the threads did in samples[index]: an entry a thread; nothing to read when record->threads
 * is 0. */
static inline struct thread_sample *record_of_threads(const struct record *record, size_t index)
{
    const char *behind = (const char *)record + record_bytes(record->capacity);
    return (struct thread_sample *)(uintptr_t)behind + index * record->threads;
}

/* How many threads a benchmark's record keeps samples of: of one alone they would be the same
 * again.
 */
static inline unsigned record_threads(unsigned threads)
{
    return threads > 1 ? threads : 0;
}

/* Sets the state and copies the reason, unless the benchmark has failed or was skipped already. */
void record_end(struct record *record, enum record_state state, const char *reason);

#endif
