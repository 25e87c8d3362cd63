/* Counting what a benchmark does, in a process of its own: what it shares with who asked for it.
 *
 * The process is the suite's executable, started with what counts around it (a library before the
 * allocator, valgrind). It runs few laps: one iteration; then n; these may still set things up.
 * Then n, n and 2n, which count. Where a lap costs something by itself, as under valgrind, an
 * iteration costs the difference of two laps; else what each lap says. Laps that do not agree tell
 * that the count varies. */
#ifndef ASSAY_MEASURE_PROBE_H
#define ASSAY_MEASURE_PROBE_H

#include "base/error.h"
#include "measure/meter.h"
#include "measure/metric.h"
#include "measure/record.h"

#include <stdint.h>

/* Rises when struct probe_page or the meaning of its fields does: the executable and who starts it
 * must speak the same. */
#define PROBE_PROTOCOL 4

#define PROBE_ID_BYTES 512
/* Of the names of events, as --counters takes them. */
#define PROBE_EVENTS_BYTES 1024
#define PROBE_LAPS         5

/* The first lap that counts. */
#define PROBE_FIRST_COUNTED 2

enum probe_kind {
    PROBE_ALLOCATIONS = 0,
    PROBE_INSTRUCTIONS,
    /* Not the laps above but a short ordinary run, as the suite itself would do it: quantiles of
     * the latencies that the body records, and events of the kernel. */
    PROBE_RUN
};

#define PROBE_KINDS 3

/* What became of assay_expect_no_alloc. */
enum probe_promise {
    PROBE_PROMISE_NONE = 0, /* it was not called */
    PROBE_PROMISE_MADE,     /* it could not be checked; the page's reason says why */
    PROBE_PROMISE_KEPT,
    PROBE_PROMISE_BROKEN /* the page's reason says how */
};

struct probe_page {
    char magic[8];
    uint32_t protocol;
    uint32_t bytes;
    /* Asked for. */
    uint32_t kind;           /* enum probe_kind */
    int32_t cpu;             /* -1: any */
    uint64_t iterations;     /* n; 0: the probe chooses, by what the first iteration costs */
    uint32_t asked_threads;  /* a number that the source need not list (--threads); 0: as it says */
    char id[PROBE_ID_BYTES]; /* "": the suite's empty loop */
    char events[PROBE_EVENTS_BYTES]; /* of PROBE_RUN; "": none */
    /* Answered. */
    uint32_t answered; /* the executable's protocol, as soon as it has the page */
    uint32_t state;    /* enum record_state */
    char reason[RECORD_REASON_BYTES];
    uint32_t threads;
    uint32_t laps;            /* that ended */
    uint64_t lap_iterations;  /* n, as chosen */
    uint32_t promised;        /* enum probe_promise */
    uint32_t records_latency; /* 1: the body called assay_latency */
    struct metric_list metrics;
};

struct bench_case;

/* What counts. One of them is one row of the worker's table. */
struct instrument {
    /* NULL, or a sentence (static text) why it cannot count in this process. Called before the body
     * runs. */
    const char *(*open)(void);
    struct meter meter;
    /* Around each lap that counts, while no thread of the body runs; lap: 0 .. PROBE_LAPS - 1. */
    void (*begin_lap)(uint32_t lap);
    void (*end_lap)(uint32_t lap);
    /* n, asked after the first lap, which then counts as well; NULL: by the time of that lap. */
    uint64_t (*choose_iterations)(void);
    /* Counts what it needs besides, after the body has returned. batched: its loop is
     * ASSAY_LOOP_WITH. NULL: nothing. */
    void (*calibrate)(const struct bench_case *bench, bool batched);
    /* After the last lap: adds the metrics, an iteration of a thread. */
    void (*conclude)(struct probe_page *page);
};

/* Iterations of lap `lap`; 0 after the last. first_ns: wall time of lap 0, 0 before it has ended.
 * Sets page->lap_iterations when it is chosen. */
uint64_t probe_plan_lap(struct probe_page *page, uint32_t lap, double first_ns);

/* A page for a process that is to be started, and its file; NULL with an error. Release with
 * probe_page_unmap and close. */
struct probe_page *probe_page_create(int *fd, struct error *error);
/* The page behind an inherited file; NULL with a sentence when it is none, or of another protocol.
 */
struct probe_page *probe_page_map(int fd, struct error *error);
void probe_page_unmap(struct probe_page *page);

#endif
