/* Events that the kernel can count for a thread, by the names that perf and libpfm4 give them. */
#ifndef ASSAY_MEASURE_EVENT_NAMES_H
#define ASSAY_MEASURE_EVENT_NAMES_H

#include "base/error.h"
#include "measure/metric.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENTS_MAX 16

/* Plain data: it goes to the process that counts. */
struct event {
    char name[METRIC_NAME_BYTES]; /* as it was asked for */
    uint32_t type;                /* these four as in struct perf_event_attr */
    uint64_t config;
    uint64_t config1;
    uint64_t config2;
    bool user;       /* counted while the program's own code runs */
    bool kernel;     /* counted while the kernel works for it */
    bool has_levels; /* the name says which of the two: it means that and nothing else */
};

struct event_list {
    size_t count;
    struct event events[EVENTS_MAX];
};

/* Reads "NAME,NAME,...": perf's general names (cycles, page-faults, L1-dcache-load-misses; ":u" at
 * the end counts the program's own code only, ":k" the kernel only), any other as libpfm4
 * understands it. 0; or -1 with STATUS_USAGE and a sentence that names what is unknown, and the
 * nearest name. May load libpfm4; not for several threads at once. */
int events_parse(const char *text, struct event_list *list, struct error *error);

/* Counted by the kernel itself: there on every machine. */
bool event_is_software(const struct event *event);
/* It happens inside the kernel only: where that may not be looked at, there is no count. */
bool event_is_of_kernel(const struct event *event);
/* It is a time: "ns"; else "". */
const char *event_unit(const struct event *event);

/* Events that ratios are made of, whatever they were called. */
bool event_is_instructions(const struct event *event);
bool event_is_cycles(const struct event *event);
bool event_is_branches(const struct event *event);
bool event_is_branch_misses(const struct event *event);

#endif
