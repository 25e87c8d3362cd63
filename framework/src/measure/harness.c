#include "measure/harness.h"
#include "assay.h"
#include "measure/bench_internal.h"
#include "measure/clock.h"

#include <math.h>
#include <stdlib.h>

#define PAIRS 100

/* What a start and a stop show with nothing between them. */
static double probe_clock_ns(double ns_per_tick)
{
    uint64_t ticks = 0;
    for (int i = 0; i < PAIRS; i++) {
        uint64_t start = clock_start();
        ticks += clock_stop() - start;
    }
    return (double)ticks * ns_per_tick / PAIRS;
}

/* What a pause and its resume leave in the time: the same calls on a benchmark of no work. */
static double probe_pause_ns(const struct assay_bench *b)
{
    struct assay_bench probe = {.team = b->team, .in_lap = true, .start_ticks = clock_start()};
    for (int i = 0; i < PAIRS; i++) {
        assay_pause(&probe);
        assay_resume(&probe);
    }
    uint64_t stop_ticks = clock_stop();
    double last_ns = (double)(stop_ticks - probe.start_ticks) * b->team->ns_per_tick;
    return (probe.timed_ns + last_ns) / PAIRS;
}

void harness_add_lap(struct harness *h, const struct assay_bench *b, uint64_t iterations,
                     uint64_t spans, uint64_t pauses)
{
    h->iterations += iterations;
    h->spans += spans;
    h->pauses += pauses;
    if (h->count < HARNESS_PROBES) {
        h->clock_ns[h->count] = probe_clock_ns(b->team->ns_per_tick);
        h->pause_ns[h->count] = pauses > 0 ? probe_pause_ns(b) : 0;
        h->count++;
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double rounded(double ns)
{
    return round(ns * 100) / 100;
}

static struct record_cost summary(double *ns, size_t count)
{
    qsort(ns, count, sizeof *ns, by_value);
    size_t cut = count / 40;
    return (struct record_cost){.point = rounded(ns[count / 2]),
                                .lower = rounded(ns[cut]),
                                .upper = rounded(ns[count - 1 - cut])};
}

void harness_summarise(struct harness *h, struct record *record)
{
    struct record_harness *kept = &record->harness;
    if (h->count == 0 || h->iterations == 0) {
        return;
    }
    kept->known = true;
    kept->spans_per_iteration = (double)h->spans / (double)h->iterations;
    kept->pauses_per_iteration = (double)h->pauses / (double)h->iterations;
    kept->clock = summary(h->clock_ns, h->count);
    kept->pause = h->pauses > 0 ? summary(h->pause_ns, h->count) : (struct record_cost){0, 0, 0};
}
