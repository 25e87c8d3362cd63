#include "measure/counters.h"
#include "base/memory.h"
#include "measure/counting.h"
#include "measure/event_set.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE "perf"

/* Times that counters are switched on and off with nothing between, to learn what that counts. */
#define EMPTY_SPANS 16

/* What one thread has. */
struct member {
    struct event_set set;
    uint64_t spans;
    uint64_t spans_before; /* at the end of the lap before */
    struct event_reading before[EVENTS_MAX];
    uint64_t empty[EVENTS_MAX]; /* counted by an empty span */
};

struct counters {
    const struct event_list *events;
    struct event_rights rights;
    struct meter meter;
    struct counting counting;
    unsigned generation; /* tells the runs of a process apart */
    unsigned threads;
    atomic_uint joined;
    struct member *members;
};

static _Thread_local struct member *self;
static _Thread_local unsigned self_generation;

/* The least of some: a fault or a switch that comes by chance is no part of it. */
static void count_empty_spans(struct member *m)
{
    struct event_reading before[EVENTS_MAX];
    struct event_reading after[EVENTS_MAX];
    event_set_read(&m->set, before);
    for (int span = 0; span < EMPTY_SPANS; span++) {
        event_set_start(&m->set);
        event_set_stop(&m->set);
        event_set_read(&m->set, after);
        for (size_t i = 0; i < m->set.count; i++) {
            uint64_t count = after[i].count - before[i].count;
            m->empty[i] = span == 0 || count < m->empty[i] ? count : m->empty[i];
        }
        memcpy(before, after, sizeof before);
    }
    memcpy(m->before, before, sizeof before);
}

static void join(struct counters *c)
{
    unsigned index = atomic_fetch_add(&c->joined, 1);
    self_generation = c->generation;
    self = index < c->threads ? &c->members[index] : NULL;
    if (self != NULL) {
        event_set_open(&self->set, c->events, event_open);
        count_empty_spans(self);
    }
}

static void start(void *context)
{
    struct counters *c = context;
    if (self_generation != c->generation) {
        join(c);
    }
    if (self != NULL) {
        self->spans++;
        event_set_start(&self->set);
    }
}

static void stop(void *context)
{
    const struct counters *c = context;
    if (self_generation == c->generation && self != NULL) {
        event_set_stop(&self->set);
    }
}

struct counters *counters_create(const struct counters_request *request, unsigned threads)
{
    static unsigned generations;
    struct counters *c = memory_zeroed(1, sizeof *c);
    c->events = request->events;
    c->meter = (struct meter){.start = start, .stop = stop, .context = c};
    c->generation = ++generations;
    c->threads = threads;
    c->members = memory_zeroed(threads, sizeof *c->members);
    event_rights_read(&c->rights);
    counting_init(&c->counting, threads, request->lap_ns);
    return c;
}

void counters_release(struct counters *c)
{
    for (unsigned i = 0; c != NULL && i < c->threads; i++) {
        event_set_close(&c->members[i].set);
    }
    if (c != NULL) {
        free(c->members);
        free(c);
    }
}

const struct meter *counters_meter(struct counters *c)
{
    return &c->meter;
}

/* Takes what the thread has counted since the lap before. */
static void collect(struct member *m, struct lap_count *lap)
{
    struct event_reading now[EVENTS_MAX];
    event_set_read(&m->set, now);
    for (size_t i = 0; lap != NULL && i < m->set.count; i++) {
        counting_add(&lap[i], &m->before[i], &now[i], (double)(m->spans - m->spans_before),
                     (double)m->empty[i]);
    }
    memcpy(m->before, now, m->set.count * sizeof now[0]);
    m->spans_before = m->spans;
}

/* Whether there is anything to count: some thread has an open event, or none has begun. */
static bool is_useful(const struct counters *c)
{
    bool begun = false;
    for (unsigned t = 0; t < c->threads; t++) {
        const struct event_set *set = &c->members[t].set;
        begun = begun || set->count > 0;
        for (size_t i = 0; i < set->count; i++) {
            if (set->failures[i] == EVENT_OPEN) {
                return true;
            }
        }
    }
    return !begun;
}

uint64_t counters_next_lap(struct counters *c, double now_ns)
{
    for (unsigned i = 0; i < c->threads; i++) {
        collect(&c->members[i], counting_lap(&c->counting));
    }
    return is_useful(c) ? counting_next(&c->counting, now_ns) : 0;
}

/* The thread that could not count the event; NULL: all could. */
static const struct event_set *failing(const struct counters *c, size_t i)
{
    for (unsigned t = 0; t < c->threads; t++) {
        const struct event_set *set = &c->members[t].set;
        if (set->count > 0 && set->failures[i] != EVENT_OPEN) {
            return set;
        }
    }
    return NULL;
}

static bool share_group(const struct counters *c, size_t i, size_t j)
{
    for (unsigned t = 0; t < c->threads; t++) {
        const struct event_set *set = &c->members[t].set;
        if (set->count > 0 && set->leaders[i] != set->leaders[j]) {
            return false;
        }
    }
    return true;
}

/* The kernel's share may be missing, which the name does not tell. */
static void note_user_only(const struct counters *c, size_t i, struct metric *metric)
{
    bool is_time = event_unit(&c->events->events[i])[0] != '\0';
    for (unsigned t = 0; t < c->threads && !is_time; t++) {
        if (c->members[t].set.user_only[i]) {
            metric_remark(metric,
                          "the program's own code only: perf_event_paranoid %d hides the kernel's",
                          c->rights.paranoid);
        }
    }
}

static void add_event(const struct counters *c, size_t i, struct metric_list *metrics)
{
    const struct event *event = &c->events->events[i];
    struct metric *metric = metric_add(metrics, SOURCE, event->name, event_unit(event));
    const struct event_set *set = failing(c, i);
    if (set == NULL) {
        counting_measure(&c->counting, i, metric);
        if (metric_is_known(metric)) {
            note_user_only(c, i, metric);
        }
        return;
    }
    char why[METRIC_REASON_BYTES];
    event_set_explain(set, c->events, i, &c->rights, why, sizeof why);
    metric_deny(metric, "%s", why);
}

typedef bool (*event_test)(const struct event *event);

/* The first that passes the test, counted at the same levels as `like` unless that is NULL;
 * EVENTS_MAX: none. */
static size_t find_event(const struct event_list *list, event_test test, const struct event *like)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct event *e = &list->events[i];
        if (test(e) && (like == NULL || (e->user == like->user && e->kernel == like->kernel))) {
            return i;
        }
    }
    return EVENTS_MAX;
}

static void add_ratio(const struct counters *c, const char *name, event_test upper_test,
                      event_test lower_test, struct metric_list *metrics)
{
    const struct event_list *list = c->events;
    size_t upper = find_event(list, upper_test, NULL);
    size_t lower =
        upper == EVENTS_MAX ? EVENTS_MAX : find_event(list, lower_test, &list->events[upper]);
    if (lower == EVENTS_MAX) {
        return;
    }
    struct metric *metric = metric_add(metrics, SOURCE, name, "");
    const char *names[] = {list->events[upper].name, list->events[lower].name};
    for (int k = 0; k < 2; k++) {
        const struct metric *part = metric_find(metrics, SOURCE, names[k]);
        if (!metric_is_known(part)) {
            metric_deny(metric, "%.*s", METRIC_REASON_BYTES - 1,
                        part == NULL ? "there is no room for it" : part->reason);
            return;
        }
    }
    if (share_group(c, upper, lower)) {
        counting_measure_ratio(&c->counting, upper, lower, metric);
    } else {
        metric_deny(metric, "%s and %s were not counted together: name them one after the other",
                    names[0], names[1]);
    }
}

void counters_conclude(struct counters *c, struct metric_list *metrics)
{
    for (size_t i = 0; i < c->events->count; i++) {
        add_event(c, i, metrics);
    }
    add_ratio(c, "instructions_per_cycle", event_is_instructions, event_is_cycles, metrics);
    add_ratio(c, "branch_miss_rate", event_is_branch_misses, event_is_branches, metrics);
}

void counters_deny(const struct event_list *events, struct metric_list *metrics, const char *reason)
{
    for (size_t i = 0; i < events->count; i++) {
        const struct event *event = &events->events[i];
        metric_deny(metric_add(metrics, SOURCE, event->name, event_unit(event)), "%s", reason);
    }
}

void counters_explain(const struct event_list *events, struct str *out)
{
    struct event_rights rights;
    struct event_set set;
    char reasons[EVENTS_MAX][METRIC_REASON_BYTES];
    if (events->count == 0) {
        return;
    }
    event_rights_read(&rights);
    event_set_open(&set, events, event_open);
    event_set_close(&set);
    for (size_t i = 0; i < events->count; i++) {
        reasons[i][0] = '\0';
        if (set.failures[i] != EVENT_OPEN) {
            event_set_explain(&set, events, i, &rights, reasons[i], sizeof reasons[i]);
        }
    }
    for (size_t i = 0; i < events->count; i++) {
        if (reasons[i][0] == '\0') {
            continue;
        }
        str_add(out, events->events[i].name);
        for (size_t j = i + 1; j < events->count; j++) {
            if (strcmp(reasons[i], reasons[j]) == 0) {
                str_format(out, ", %s", events->events[j].name);
                reasons[j][0] = '\0';
            }
        }
        str_format(out, ": %s\n", reasons[i]);
    }
}
