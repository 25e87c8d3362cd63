/*
 * Waiting for something that others announce, without a lock on the announcing side.
 *
 *     unsigned seen = otlp__event_read(&event);
 *     if (what is waited for is not there) {
 *         otlp__event_wait(&event, seen, deadline_ns);
 *     }
 *
 * An announcement between the two calls ends the wait at once. It enters the kernel only when there
 * is somebody to be woken. A zeroed event is ready for use, and so is one in a child after fork().
 */
#ifndef OTLP_PIPELINE_EVENT_H
#define OTLP_PIPELINE_EVENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "monotonic.h"

#define OTLP__FOREVER UINT64_MAX

struct otlp__event {
    atomic_uint word;
    atomic_int waiters;
};

/* The moment that many nanoseconds from now. */
static inline uint64_t otlp__deadline_ns(uint64_t timeout_ns)
{
    return otlp__monotonic_after(otlp__monotonic_ns(), timeout_ns);
}

/* Nanoseconds that are left; 0 when it is over. */
static inline uint64_t otlp__left_ns(uint64_t deadline_ns)
{
    uint64_t now_ns = otlp__monotonic_ns();
    return deadline_ns > now_ns ? deadline_ns - now_ns : 0;
}

static inline unsigned otlp__event_read(struct otlp__event *event)
{
    return atomic_load(&event->word);
}

/* Waits for an announcement after `seen` was read, at most until the deadline (CLOCK_MONOTONIC;
 * OTLP__FOREVER: no deadline). May return early. False when the deadline has passed. */
bool otlp__event_wait(struct otlp__event *event, unsigned seen, uint64_t deadline_ns);

/* Announces, and wakes up to `count` of those who wait. */
void otlp__event_signal(struct otlp__event *event, int count);

/* A lock for which one may wait until a deadline. Zeroed: free. */
struct otlp__gate {
    atomic_bool is_closed;
    struct otlp__event opened;
};

/* False when the deadline has passed. */
bool otlp__gate_close(struct otlp__gate *gate, uint64_t deadline_ns);
void otlp__gate_open(struct otlp__gate *gate);

#endif
