#include "versus/counting.h"
#include "base/memory.h"
#include "measure/callgrind.h"
#include "measure/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The sides in the order in which they are counted: the new one chooses n. */
static const enum duel_name sides[2] = {DUEL_NEW, DUEL_OLD};

struct side_count {
    struct metric_list list; /* the one metric */
    uint64_t iterations;
};

static void keep_one(const struct metric_list *all, struct metric_list *kept)
{
    const struct metric *found = metric_find(all, "valgrind", CALLGRIND_METRIC);
    kept->count = 0;
    if (found != NULL) {
        kept->items[kept->count++] = *found;
    }
}

static bool run_once(struct counting *counting, const struct bout *bout, enum duel_name side,
                     uint64_t iterations, struct side_count *count)
{
    const struct probe_job job = {.program = bout->program[side].fd[0],
                                  .id = bout->id[side],
                                  .kind = PROBE_INSTRUCTIONS,
                                  .cpu = counting->cpu,
                                  .iterations = iterations,
                                  .limit_s = counting->limit_s};
    struct probe_page *page = memory_zeroed(1, sizeof *page);
    enum probe_outcome outcome = probes_count(&counting->probes, &job, page);
    keep_one(&page->metrics, &count->list);
    count->iterations = page->lap_iterations;
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

static bool count_side(struct counting *counting, const struct bout *bout, enum duel_name side,
                       uint64_t iterations, struct side_count *count)
{
    struct side_count again;
    if (!run_once(counting, bout, side, iterations, count)) {
        return false;
    }
    struct metric *metric = &count->list.items[0];
    if (count->list.count == 0 || !metric_is_known(metric) || metric_is_exact(metric)) {
        return true;
    }
    if (!run_once(counting, bout, side, count->iterations, &again)) {
        return false;
    }
    if (again.list.count > 0) {
        repeat(metric, &again.list.items[0]);
    }
    return true;
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

void counting_deny(const struct counting *counting, struct bout *bout, const char *reason)
{
    struct metric_list list = {.count = 0};
    callgrind_deny(&list, reason);
    attach(counting, bout->benchmark, &list, &list);
}

bool counting_run(struct counting *counting, struct bout *bout)
{
    struct side_count counts[2] = {{.iterations = 0}};
    uint64_t iterations = counting->iterations;
    if (counting->end_ns > 0 && clock_monotonic_ns() >= counting->end_ns) {
        counting_deny(counting, bout, "the time was up before it was counted");
        return true;
    }
    for (size_t i = 0; i < 2; i++) {
        struct side_count *count = &counts[sides[i]];
        if (counting->one_side && sides[i] == DUEL_OLD) {
            callgrind_deny(&count->list, "only one side was counted");
        } else if (bout->probes[sides[i]] != PROBE_PROTOCOL) {
            callgrind_deny(&count->list, bout->probes[sides[i]] == 0
                                             ? "the executable has no probes: it was built with an "
                                               "older Assay"
                                             : "the executable's probes are of another version of "
                                               "Assay");
        } else if (!count_side(counting, bout, sides[i], iterations, count)) {
            return false;
        }
        iterations = iterations == 0 ? count->iterations : iterations;
    }
    bout->counted_iterations = iterations;
    attach(counting, bout->benchmark, &counts[DUEL_OLD].list, &counts[DUEL_NEW].list);
    return true;
}
