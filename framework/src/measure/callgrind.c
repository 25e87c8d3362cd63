#include "measure/callgrind.h"
#include "assay.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/str.h"
#include "measure/bench.h"
#include "measure/callgrind_dump.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__has_include) && !defined(ASSAY_NO_VALGRIND)
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define HAS_CALLGRIND 1
#endif
#endif
#ifndef HAS_CALLGRIND
#define HAS_CALLGRIND                   0
#define RUNNING_ON_VALGRIND             0
#define CALLGRIND_START_INSTRUMENTATION (void)0
#define CALLGRIND_ZERO_STATS            (void)0
#define CALLGRIND_TOGGLE_COLLECT        (void)0
#define CALLGRIND_DUMP_STATS_AT(label)  (void)(label)
#endif

/* Instructions of the first iteration up to which n is 1000, 100 and 10: the laps together are then
 * done within a second, as callgrind executes some 1e8 instructions a second. */
#define TINY_COUNT  1e4
#define SHORT_COUNT 1e5
#define LONG_COUNT  1e6

/* Iterations of the loops that are empty. */
#define EMPTY_ITERATIONS 64

/* Loops whose laps are counted. */
enum loop {
    LOOP_BODY = 0, /* the benchmark's */
    LOOP_EMPTY,    /* the suite's empty one */
    LOOP_OWN,      /* these are empty and of this file: plain, with batches of one, with a pause */
    LOOP_BATCH,
    LOOP_PAUSE,
    LOOPS
};

/* What one lap left. */
struct tally {
    unsigned dump;   /* number of its dump; 0: none was made */
    uint64_t starts; /* times that collecting was switched on, in all threads */
    double count;
};

static struct {
    enum loop loop;
    bool instrumented;
    unsigned dumps;
    uint64_t starts; /* since the lap began; threads add to it */
    struct tally tallies[LOOPS][PROBE_LAPS];
    const struct bench_case *bench;
    bool batched;
} state;

static const char *open_counting(void)
{
    if (!HAS_CALLGRIND) {
        return "the executable was built where valgrind's headers were not installed (apt install "
               "valgrind, and build again)";
    }
    if (getenv(CALLGRIND_FILE_VARIABLE) == NULL || RUNNING_ON_VALGRIND == 0) {
        return "the process was not started by valgrind";
    }
    return NULL;
}

static void start(void *context)
{
    (void)context;
    __atomic_fetch_add(&state.starts, 1, __ATOMIC_RELAXED);
    CALLGRIND_TOGGLE_COLLECT;
}

static void stop(void *context)
{
    (void)context;
    CALLGRIND_TOGGLE_COLLECT;
}

static void make_label(enum loop loop, uint32_t lap, char label[32])
{
    snprintf(label, 32, "assay loop %d lap %u", (int)loop, lap);
}

static void begin_lap(uint32_t lap)
{
    (void)lap;
    if (!state.instrumented) {
        CALLGRIND_START_INSTRUMENTATION;
        state.instrumented = true;
    }
    CALLGRIND_ZERO_STATS;
    __atomic_store_n(&state.starts, 0, __ATOMIC_RELAXED);
}

static void end_lap(uint32_t lap)
{
    char label[32];
    make_label(state.loop, lap, label);
    CALLGRIND_DUMP_STATS_AT(label);
    state.tallies[state.loop][lap] = (struct tally){
        .dump = ++state.dumps, .starts = __atomic_load_n(&state.starts, __ATOMIC_RELAXED)};
}

/* Reads a lap's count from its dump. */
static bool read_tally(enum loop loop, uint32_t lap)
{
    struct tally *tally = &state.tallies[loop][lap];
    struct str path = STR_EMPTY;
    struct str text = STR_EMPTY;
    struct error error = {0};
    char label[32];
    uint64_t count = 0;
    make_label(loop, lap, label);
    str_format(&path, "%s.%u", getenv(CALLGRIND_FILE_VARIABLE), tally->dump);
    bool read = tally->dump > 0 && file_load(str_text(&path), &text, &error) == 0 &&
                callgrind_dump_read(str_text(&text), text.length, label, &count);
    tally->count = (double)count;
    str_release(&path);
    str_release(&text);
    return read;
}

static uint64_t choose_iterations(void)
{
    /* What cannot be read now is told when all is read. */
    bool read = read_tally(LOOP_BODY, 0);
    double count = state.tallies[LOOP_BODY][0].count;
    return !read || count < TINY_COUNT ? 1000
           : count < SHORT_COUNT       ? 100
           : count < LONG_COUNT        ? 10
                                       : 1;
}

/* ---- Loops without a kernel ------------------------------------------------------------------ */

static void run_own(assay_bench *b)
{
    ASSAY_LOOP(b) {
    }
}

static void run_batch(assay_bench *b)
{
    ASSAY_LOOP_WITH(b, (void)0) {
    }
}

static void run_pause(assay_bench *b)
{
    ASSAY_LOOP(b) {
        assay_pause(b);
        assay_resume(b);
    }
}

struct empty_laps {
    struct record *record;
    uint32_t lap;
};

/* A lap of one iteration, then two that count. */
static uint64_t next_empty_lap(void *context, const struct sample *ended, double now_ns)
{
    static const uint64_t iterations[] = {1, EMPTY_ITERATIONS, 2 * EMPTY_ITERATIONS, 0};
    struct empty_laps *laps = context;
    (void)ended;
    (void)now_ns;
    if (laps->record->state == RECORD_PROBING) {
        end_lap(laps->lap - 1);
    }
    laps->record->state = laps->lap == 0 ? RECORD_WARM_UP : RECORD_PROBING;
    if (laps->lap == 1 || laps->lap == 2) {
        begin_lap(laps->lap);
    }
    return iterations[laps->lap++];
}

static void count_empty(enum loop loop, void (*run)(assay_bench *b))
{
    const struct bench_case bench = {
        .run = run, .arg = {.text = ""}, .arg2 = {.text = ""}, .threads = 1};
    struct record *record = memory_zeroed(1, record_bytes(0));
    struct empty_laps laps = {.record = record};
    struct lap_planner planner = {
        .next = next_empty_lap, .context = &laps, .meter = &callgrind_instrument.meter};
    state.loop = loop;
    bench_run_planned(&bench, &planner, 1, record);
    free(record);
}

static void calibrate(const struct bench_case *bench, bool batched)
{
    state.bench = bench;
    state.batched = batched;
    if (bench->null_run != NULL) {
        count_empty(LOOP_EMPTY, bench->null_run);
    }
    count_empty(LOOP_OWN, run_own);
    count_empty(LOOP_BATCH, run_batch);
    count_empty(LOOP_PAUSE, run_pause);
}

/* ---- The figures ----------------------------------------------------------------------------- */

/* Instructions of an iteration of an empty loop. */
static double slope(enum loop loop)
{
    return (state.tallies[loop][2].count - state.tallies[loop][1].count) / EMPTY_ITERATIONS;
}

/* Instructions of the harness in a lap of so many iterations, but for a constant. */
static double harness_count(const struct tally *tally, double iterations, double threads)
{
    double batch =
        (double)batching_of_lap(&state.bench->batching, state.bench->threads, (uint64_t)iterations);
    double batches =
        state.batched ? threads * (double)(uint64_t)((iterations + batch - 1) / batch) : 0;
    double pauses = (double)tally->starts - (state.batched ? batches : threads);
    double loop = state.bench->null_run == NULL ? 0 : slope(LOOP_EMPTY);
    double own = slope(LOOP_OWN);
    return iterations * threads * loop + batches * (slope(LOOP_BATCH) - own) +
           pauses * (slope(LOOP_PAUSE) - own);
}

/* Reads what has not been read; false with a dump that says nothing. */
static bool read_all(void)
{
    bool read = true;
    for (uint32_t lap = PROBE_FIRST_COUNTED; lap < PROBE_LAPS; lap++) {
        read = read && read_tally(LOOP_BODY, lap);
    }
    for (enum loop loop = LOOP_EMPTY; loop < LOOPS; loop++) {
        if (loop != LOOP_EMPTY || state.bench->null_run != NULL) {
            read = read && read_tally(loop, 1) && read_tally(loop, 2);
        }
    }
    return read;
}

void callgrind_deny(struct metric_list *metrics, const char *reason)
{
    metric_deny(metric_add(metrics, "valgrind", CALLGRIND_METRIC, ""), "%.*s",
                METRIC_REASON_BYTES - 1, reason);
}

static void add_metric(struct probe_page *page, const char *name, const double counts[3])
{
    double n = (double)page->lap_iterations * page->threads;
    /* The second lap of n and the one of 2n; the first of n and the one of 2n. */
    const double slopes[2] = {(counts[2] - counts[1]) / n, (counts[2] - counts[0]) / n};
    metric_measure(metric_add(&page->metrics, "valgrind", name, ""), slopes, 2);
}

static void conclude(struct probe_page *page)
{
    double kernel[3];
    double harness[3];
    if (!read_all()) {
        char reason[METRIC_REASON_BYTES];
        snprintf(reason, sizeof reason,
                 "callgrind's counts in %.80s.* are missing or cut off: is the disk full?",
                 getenv(CALLGRIND_FILE_VARIABLE));
        callgrind_deny(&page->metrics, reason);
        return;
    }
    for (uint32_t i = 0; i < 3; i++) {
        const struct tally *tally = &state.tallies[LOOP_BODY][PROBE_FIRST_COUNTED + i];
        double iterations = (double)page->lap_iterations * (i == 2 ? 2 : 1);
        harness[i] = harness_count(tally, iterations, page->threads);
        kernel[i] = tally->count - harness[i];
    }
    add_metric(page, CALLGRIND_METRIC, kernel);
    add_metric(page, CALLGRIND_LOOP_METRIC, harness);
}

const struct instrument callgrind_instrument = {
    .open = open_counting,
    .meter = {start, stop, NULL},
    .begin_lap = begin_lap,
    .end_lap = end_lap,
    .choose_iterations = choose_iterations,
    .calibrate = calibrate,
    .conclude = conclude,
};
