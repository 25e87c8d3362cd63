/* A quantity besides time, as a probe found it: allocations, instructions, page faults.
 *
 * Plain data without pointers, so that it can live in memory shared with the process that runs the
 * body. A metric that could not be measured is there all the same and says why: never a zero. */
#ifndef ASSAY_MEASURE_METRIC_H
#define ASSAY_MEASURE_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#define METRICS_MAX         40
#define METRIC_NAME_BYTES   48
#define METRIC_REASON_BYTES 200

enum metric_state {
    METRIC_UNAVAILABLE = 0, /* `reason` says why; the figures mean nothing */
    METRIC_MEASURED,
    METRIC_SCALED /* counted during a part of the time only, and scaled up to all of it */
};

/* What an iteration of one thread costs, unless the name begins with "peak_": then the most there
 * was at any time; or is a ratio's: instructions_per_cycle, branch_miss_rate. */
struct metric {
    char source[16]; /* who counted: "allocator", "process", "valgrind", "perf" */
    char name[METRIC_NAME_BYTES];
    char unit[8]; /* "B" for bytes, "ns" for a time; "" for a count */
    enum metric_state state;
    double value;
    double lower; /* least and most over the laps that were counted */
    double upper;
    double scale; /* part of the time in which it was counted; 1 unless scaled */
    char reason[METRIC_REASON_BYTES]; /* else "", or what the figures leave out */
};

struct metric_list {
    size_t count;
    struct metric items[METRICS_MAX];
};

/* Adds a metric that is unavailable and gives no reason yet. Texts are copied, and cut off where
 * they are too long. NULL when the list is full. */
struct metric *metric_add(struct metric_list *list, const char *source, const char *name,
                          const char *unit);

/* Sets the figures from those of `count` >= 1 laps: value is their mean, or their one value when
 * all are the same. A figure that is not finite makes the metric unavailable. NULL metric: nothing.
 */
void metric_measure(struct metric *metric, const double *laps, size_t count);

/* Makes it unavailable with this reason (printf format). NULL metric: nothing. */
void metric_deny(struct metric *metric, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says what the figures leave out (printf format). NULL metric: nothing. */
void metric_remark(struct metric *metric, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* NULL when it is not in the list. */
const struct metric *metric_find(const struct metric_list *list, const char *source,
                                 const char *name);

/* Adds all of `from`, as far as there is room. */
void metric_append(struct metric_list *list, const struct metric_list *from);

/* Whether it has figures. false for NULL. */
static inline bool metric_is_known(const struct metric *metric)
{
    return metric != NULL && metric->state != METRIC_UNAVAILABLE;
}

/* Whether every lap gave the same figure. */
static inline bool metric_is_exact(const struct metric *metric)
{
    return metric->state == METRIC_MEASURED && !(metric->lower < metric->upper);
}

/* "measured", "scaled", "unavailable". */
const char *metric_state_name(enum metric_state state);

#endif
