/* The counters of one thread: opened in groups, switched on and off, read.
 *
 * Events of a group are on the CPU's counters together or not at all, so that their ratio is of the
 * same time. Software events make one group, hardware events that were named next to each other
 * make others, as large as the CPU takes and at most four: a watchdog may hold one of its counters,
 * and a group that does not fit would never count. */
#ifndef ASSAY_MEASURE_EVENT_SET_H
#define ASSAY_MEASURE_EVENT_SET_H

#include "measure/event_names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What this process may count, and whether there is anything to count with. */
struct event_rights {
    int paranoid;    /* /proc/sys/kernel/perf_event_paranoid; -2: not readable */
    bool privileged; /* that does not bind this process */
    bool has_pmu;    /* false: surely none */
};

/* Since the events were opened. */
struct event_reading {
    uint64_t count;
    uint64_t enabled_ns; /* of the event's group */
    uint64_t running_ns; /* of which it was on a counter */
};

/* Why an event is not open, besides the errno of the kernel. */
#define EVENT_OPEN   0
#define EVENT_HIDDEN (-1) /* it happens in the kernel, where this process may not look */

struct event_set {
    size_t count;
    int fds[EVENTS_MAX];        /* -1: not open */
    int failures[EVENTS_MAX];   /* EVENT_OPEN, EVENT_HIDDEN or an errno */
    bool user_only[EVENTS_MAX]; /* the kernel's share is left out as this process may not see it */
    size_t leaders[EVENTS_MAX]; /* of each event that is open: the first of its group */
};

/* Opens one event, switched off unless it joins the group of leader_fd (-1: none): a file, or minus
 * an errno. user_only: without the kernel's share. */
typedef int (*event_opener)(const struct event *event, bool user_only, int leader_fd);

/* That of the kernel, for the calling thread. */
int event_open(const struct event *event, bool user_only, int leader_fd);

void event_rights_read(struct event_rights *rights);

/* Opens what can be opened. Does not allocate. Close with event_set_close, which any thread may do.
 */
void event_set_open(struct event_set *set, const struct event_list *list, event_opener opener);
void event_set_close(struct event_set *set);

/* By the thread itself: last thing before, and first thing after what is to be counted. */
void event_set_start(const struct event_set *set);
void event_set_stop(const struct event_set *set);

/* One for each event; zeros for those that are not open. By any thread, while they are off. */
void event_set_read(const struct event_set *set, struct event_reading *readings);

/* Why event `i` is not open: part of a sentence, for the user. */
void event_set_explain(const struct event_set *set, const struct event_list *list, size_t i,
                       const struct event_rights *rights, char *text, size_t bytes);

#endif
