#include "versus/counting.h"
#include "base/memory.h"
#include "measure/callgrind.h"
#include "measure/clock.h"
#include "measure/counters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The sides in the order in which they are counted: the new one chooses n. */
static const enum duel_name sides[2] = {DUEL_NEW, DUEL_OLD};

struct side_count {
    struct metric_list list;
    uint64_t iterations;
    bool records_latency;
};

/* Of instructions, those of the kernel: what the loop costs is the same on both sides. */
static void keep_wanted(enum probe_kind kind, const struct metric_list *all,
                        struct metric_list *kept)
{
    kept->count = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (kind != PROBE_INSTRUCTIONS || strcmp(all->items[i].name, CALLGRIND_METRIC) == 0) {
            kept->items[kept->count++] = all->items[i];
        }
    }
}

/* What a run would have told. */
static void deny_run(const struct counting *counting, const struct bout *bout,
                     struct metric_list *list, const char *reason)
{
    if (counting->events != NULL) {
        counters_deny(counting->events, list, reason);
    }
    if (bout->records_latency) {
        metric_deny(metric_add(list, "latency", "latency_p50", "ns"), "%s", reason);
    }
}

static bool run_once(struct counting *counting, const struct bout *bout, enum duel_name side,
                     uint64_t iterations, struct side_count *count)
{
    const struct probe_job job = {.program = bout->program[side].fd[0],
                                  .id = bout->id[side],
                                  .kind = counting->kind,
                                  .cpu = counting->cpu,
                                  .iterations = iterations,
                                  .events = counting->events_text,
                                  .limit_s = counting->limit_s};
    struct probe_page *page = memory_zeroed(1, sizeof *page);
    enum probe_outcome outcome = probes_count(&counting->probes, &job, page);
    keep_wanted(counting->kind, &page->metrics, &count->list);
    count->iterations = page->lap_iterations;
    count->records_latency = page->records_latency != 0;
    if (outcome == PROBE_DENIED && counting->kind == PROBE_RUN) {
        deny_run(counting, bout, &count->list, page->reason);
    }
    free(page);
    return outcome != PROBE_INTERRUPTED;
}

static bool same_figures(const struct metric *a, const struct metric *b)
{
    return !(a->value < b->value || a->value > b->value) &&
           !(a->lower < b->lower || a->lower > b->lower) &&
           !(a->upper < b->upper || a->upper > b->upper);
}

/* Merges a second count of the same into the first. */
static void repeat(struct metric *first, const struct metric *second)
{
    if (!metric_is_known(first)) {
        return;
    }
    if (!metric_is_known(second)) {
        *first = *second;
    } else if (same_figures(first, second)) {
        first->lower = first->value;
        first->upper = first->value;
    } else {
        first->lower = fmin(first->lower, second->lower);
        first->upper = fmax(first->upper, second->upper);
        first->value = (first->value + second->value) / 2;
    }
}

static bool is_settled(const struct metric_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (metric_is_known(&list->items[i]) && !metric_is_exact(&list->items[i])) {
            return false;
        }
    }
    return true;
}

static bool count_side(struct counting *counting, const struct bout *bout, enum duel_name side,
                       uint64_t iterations, struct side_count *count)
{
    if (!run_once(counting, bout, side, iterations, count)) {
        return false;
    }
    if (is_settled(&count->list)) {
        return true;
    }
    struct side_count *again = memory_zeroed(1, sizeof *again);
    bool went_on = run_once(counting, bout, side, count->iterations, again);
    for (size_t i = 0; i < count->list.count && went_on; i++) {
        struct metric *metric = &count->list.items[i];
        const struct metric *second = metric_find(&again->list, metric->source, metric->name);
        if (second != NULL) {
            repeat(metric, second);
        }
    }
    free(again);
    return went_on;
}

/* Widens the first by another run of the same, and sums up for a mean. */
static void widen(struct metric *first, const struct metric *next)
{
    if (next == NULL || !metric_is_known(next)) {
        const char *why = next == NULL ? "a run did not tell it" : next->reason;
        metric_deny(first, "%s", why);
    } else if (metric_is_known(first)) {
        first->lower = fmin(first->lower, next->value);
        first->upper = fmax(first->upper, next->value);
        first->value += next->value;
        first->scale = fmin(first->scale, next->scale);
        first->state = next->state == METRIC_SCALED ? METRIC_SCALED : first->state;
    }
}

static void add_run(struct side_count *sum, const struct side_count *run, size_t number)
{
    if (number == 0) {
        *sum = *run;
        for (size_t i = 0; i < sum->list.count; i++) {
            sum->list.items[i].lower = sum->list.items[i].value;
            sum->list.items[i].upper = sum->list.items[i].value;
        }
        return;
    }
    for (size_t i = 0; i < sum->list.count; i++) {
        struct metric *metric = &sum->list.items[i];
        widen(metric, metric_find(&run->list, metric->source, metric->name));
    }
}

static void take_means(struct side_count *sum)
{
    for (size_t i = 0; i < sum->list.count; i++) {
        if (metric_is_known(&sum->list.items[i])) {
            sum->list.items[i].value /= COUNTING_RUNS;
        }
    }
}

/* Both sides in turns; the one that begins changes. */
static bool run_in_turns(struct counting *counting, const struct bout *bout,
                         struct side_count counts[2])
{
    struct side_count *run = memory_zeroed(1, sizeof *run);
    bool went_on = true;
    for (size_t turn = 0; turn < 2 * COUNTING_RUNS && went_on; turn++) {
        size_t number = turn / 2;
        enum duel_name side = (turn + number) % 2 == 0 ? DUEL_NEW : DUEL_OLD;
        went_on = run_once(counting, bout, side, 0, run);
        add_run(&counts[side], run, number);
    }
    take_means(&counts[DUEL_OLD]);
    take_means(&counts[DUEL_NEW]);
    free(run);
    return went_on;
}

static void attach(const struct counting *counting, struct versus_benchmark *b,
                   const struct metric_list *old_list, const struct metric_list *new_list)
{
    struct metric_pair *pairs = memory_zeroed(2 * METRICS_MAX, sizeof *pairs);
    size_t count = gate_pairs(old_list, new_list, counting->gates, pairs);
    b->metrics = memory_resize(b->metrics, b->metric_count + count, sizeof *b->metrics);
    memcpy(b->metrics + b->metric_count, pairs, count * sizeof *pairs);
    b->metric_count += count;
    free(pairs);
}

static void deny(const struct counting *counting, struct bout *bout, const char *reason)
{
    struct metric_list list = {.count = 0};
    if (counting->kind == PROBE_RUN) {
        deny_run(counting, bout, &list, reason);
    } else {
        probes_deny(counting->kind, &list, reason);
    }
    attach(counting, bout->benchmark, &list, &list);
}

static const char *why_not(const struct counting *counting, const struct bout *bout,
                           enum duel_name side)
{
    if (counting->one_side && side == DUEL_OLD) {
        return "only one side was counted";
    }
    if (bout->probes[side] == 0) {
        return "the executable has no probes: it was built with an older Assay";
    }
    return bout->probes[side] == PROBE_PROTOCOL
               ? NULL
               : "the executable's probes are of another version of Assay";
}

/* Laps of both sides, the new one's first. */
static bool count_both(struct counting *counting, struct bout *bout, struct side_count counts[2])
{
    uint64_t iterations = counting->iterations;
    bool went_on = true;
    for (size_t i = 0; i < 2 && went_on; i++) {
        struct side_count *count = &counts[sides[i]];
        const char *why = why_not(counting, bout, sides[i]);
        if (why != NULL) {
            probes_deny(counting->kind, &count->list, why);
        } else {
            went_on = count_side(counting, bout, sides[i], iterations, count);
        }
        iterations = iterations == 0 ? count->iterations : iterations;
    }
    bout->counted_iterations = iterations;
    bout->records_latency = bout->records_latency || counts[DUEL_OLD].records_latency ||
                            counts[DUEL_NEW].records_latency;
    return went_on;
}

bool counting_run(struct counting *counting, struct bout *bout)
{
    const char *why = counting->end_ns > 0 && clock_monotonic_ns() >= counting->end_ns
                          ? "the time was up before it was counted"
                          : NULL;
    if (why == NULL && counting->kind == PROBE_RUN) {
        why = why_not(counting, bout, DUEL_NEW);
        why = why == NULL ? why_not(counting, bout, DUEL_OLD) : why;
    }
    if (why != NULL) {
        deny(counting, bout, why);
        return true;
    }
    struct side_count *counts = memory_zeroed(2, sizeof *counts);
    bool went_on = counting->kind == PROBE_RUN ? run_in_turns(counting, bout, counts)
                                               : count_both(counting, bout, counts);
    if (went_on) {
        attach(counting, bout->benchmark, &counts[DUEL_OLD].list, &counts[DUEL_NEW].list);
    }
    free(counts);
    return went_on;
}
