#include "measure/allocations.h"
#include "preload/tally.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#define SOURCE      "allocator"
#define COUNTED     (PROBE_LAPS - PROBE_FIRST_COUNTED)
#define SELF_TEST_B 61
#define UNSEEN                                                                                     \
    "blocks were freed whose allocation the counting library had not seen: the program has a way " \
    "to its allocator around malloc"

static const struct {
    const char *name;
    const char *unit;
} kinds[] = {{"allocations", ""},
             {"allocated_bytes", "B"},
             {"frees", ""},
             {"freed_bytes", "B"},
             {"peak_live_bytes", "B"}};

static struct {
    void (*start)(void);
    void (*stop)(void);
    void (*clear)(void);
    void (*read)(struct tally *out);
    struct tally laps[COUNTED];
} library;

/* ISO C has no conversion from a pointer to an object; POSIX says that the bytes are the same. */
static bool find(const char *name, void *function)
{
    void *found = dlsym(RTLD_DEFAULT, name);
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

/* One block and back, in a way that no compiler may leave out. */
static bool sees_calls(void)
{
    struct tally seen;
    void *volatile block;
    library.clear();
    library.start();
    block = malloc(SELF_TEST_B);
    free(block);
    library.stop();
    library.read(&seen);
    return seen.allocations == 1 && seen.allocated_bytes == SELF_TEST_B && seen.frees == 1 &&
           seen.freed_bytes == SELF_TEST_B;
}

static const char *open_library(void)
{
    bool found = find(TALLY_START, &library.start) && find(TALLY_STOP, &library.stop) &&
                 find(TALLY_CLEAR, &library.clear) && find(TALLY_READ, &library.read);
    if (!found) {
        return getauxval(AT_SECURE) != 0
                   ? "the program runs with other rights than its user's (setuid, setgid or "
                     "capabilities), and the system ignores LD_PRELOAD then"
                   : "the dynamic linker did not load the counting library that LD_PRELOAD names";
    }
    return sees_calls() ? NULL
                        : "the allocator is linked into the executable, and its calls do not pass "
                          "the counting library";
}

static void start(void *context)
{
    (void)context;
    library.start();
}

static void stop(void *context)
{
    (void)context;
    library.stop();
}

static void begin_lap(uint32_t lap)
{
    (void)lap;
    library.clear();
}

static void end_lap(uint32_t lap)
{
    library.read(&library.laps[lap - PROBE_FIRST_COUNTED]);
}

static uint64_t figure(const struct tally *lap, size_t kind)
{
    const uint64_t figures[] = {lap->allocations, lap->allocated_bytes, lap->frees,
                                lap->freed_bytes, lap->peak_bytes};
    return figures[kind];
}

/* The most of any lap; the bounds tell whether it grows with the iterations. */
static void add_peak(struct metric *metric, const double laps[COUNTED])
{
    metric_measure(metric, laps, COUNTED);
    if (metric != NULL && metric->state == METRIC_MEASURED) {
        metric->value = metric->upper;
    }
}

/* Nothing but the body is counted: a lap has no cost of its own that a slope would remove, and an
 * array that doubles once in each lap must not seem to be for nothing. */
static void add_rate(struct metric *metric, const double laps[COUNTED],
                     const struct probe_page *page)
{
    double iterations = (double)page->lap_iterations * page->threads;
    const double rates[COUNTED] = {laps[0] / iterations, laps[1] / iterations,
                                   laps[2] / (2 * iterations)};
    metric_measure(metric, rates, COUNTED);
    if (metric != NULL && metric->lower < metric->upper) {
        metric->value = (laps[0] + laps[1] + laps[2]) / (4 * iterations);
    }
}

static void add_metrics(struct probe_page *page)
{
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        double laps[COUNTED];
        for (size_t i = 0; i < COUNTED; i++) {
            laps[i] = (double)figure(&library.laps[i], kind);
        }
        struct metric *metric =
            metric_add(&page->metrics, SOURCE, kinds[kind].name, kinds[kind].unit);
        if (strncmp(kinds[kind].name, "peak_", 5) == 0) {
            add_peak(metric, laps);
        } else {
            add_rate(metric, laps, page);
        }
    }
}

/* All kinds but frees, which are seen, when there is a way round the library. */
static void deny_unseen(struct probe_page *page, const struct tally *all)
{
    for (size_t i = 0; i < page->metrics.count; i++) {
        struct metric *metric = &page->metrics.items[i];
        bool is_peak = strcmp(metric->name, "peak_live_bytes") == 0;
        if (all->unknown_frees > 0 && strcmp(metric->name, "frees") != 0) {
            metric_deny(metric, "%s", UNSEEN);
        } else if (all->lost_blocks > 0 && is_peak) {
            metric_deny(metric, "the counting library had no memory to remember all blocks");
        }
    }
}

static void judge_promise(struct probe_page *page, const struct tally *all)
{
    double iterations = 4 * (double)page->lap_iterations * page->threads;
    double each = (double)all->allocations / iterations;
    if (page->promised == PROBE_PROMISE_NONE) {
        return;
    }
    if (all->allocations == 0) {
        page->promised = all->unknown_frees == 0 ? PROBE_PROMISE_KEPT : PROBE_PROMISE_MADE;
        snprintf(page->reason, sizeof page->reason, "%s", all->unknown_frees == 0 ? "" : UNSEEN);
    } else {
        page->promised = PROBE_PROMISE_BROKEN;
        snprintf(page->reason, sizeof page->reason,
                 "allocated %.4g time%s (%.4g B) in an iteration, and assay_expect_no_alloc was "
                 "called",
                 each, all->allocations == (uint64_t)iterations ? "" : "s",
                 (double)all->allocated_bytes / iterations);
    }
}

static void conclude(struct probe_page *page)
{
    struct tally all = {0};
    for (size_t i = 0; i < COUNTED; i++) {
        all.allocations += library.laps[i].allocations;
        all.allocated_bytes += library.laps[i].allocated_bytes;
        all.unknown_frees += library.laps[i].unknown_frees;
        all.lost_blocks += library.laps[i].lost_blocks;
    }
    add_metrics(page);
    deny_unseen(page, &all);
    judge_promise(page, &all);
}

const struct instrument allocations_instrument = {.open = open_library,
                                                  .meter = {start, stop, NULL},
                                                  .begin_lap = begin_lap,
                                                  .end_lap = end_lap,
                                                  .conclude = conclude};

void allocations_deny(struct metric_list *metrics, const char *reason)
{
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        metric_deny(metric_add(metrics, SOURCE, kinds[kind].name, kinds[kind].unit), "%s", reason);
    }
}
