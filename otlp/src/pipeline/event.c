#include "event.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

bool otlp__event_wait(struct otlp__event *event, unsigned seen, uint64_t deadline_ns)
{
    struct timespec deadline = {
        .tv_sec = (time_t)(deadline_ns / 1000000000u),
        .tv_nsec = (long)(deadline_ns % 1000000000u),
    };
    atomic_fetch_add(&event->waiters, 1);
    long rc =
        syscall(SYS_futex, &event->word, FUTEX_WAIT_BITSET_PRIVATE, seen,
                deadline_ns == OTLP__FOREVER ? NULL : &deadline, NULL, FUTEX_BITSET_MATCH_ANY);
    bool is_over = rc != 0 && errno == ETIMEDOUT;
    atomic_fetch_sub(&event->waiters, 1);
    return !is_over;
}

void otlp__event_signal(struct otlp__event *event, int count)
{
    atomic_fetch_add(&event->word, 1);
    if (atomic_load(&event->waiters) > 0) {
        (void)syscall(SYS_futex, &event->word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
    }
}

bool otlp__gate_close(struct otlp__gate *gate, uint64_t deadline_ns)
{
    for (bool has_time = true;;) {
        unsigned seen = otlp__event_read(&gate->opened);
        if (!atomic_exchange(&gate->is_closed, true)) {
            return true;
        }
        if (!has_time) {
            return false;
        }
        has_time = otlp__event_wait(&gate->opened, seen, deadline_ns);
    }
}

void otlp__gate_open(struct otlp__gate *gate)
{
    atomic_store(&gate->is_closed, false);
    otlp__event_signal(&gate->opened, 1);
}
