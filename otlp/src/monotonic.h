#ifndef OTLP_SRC_MONOTONIC_H
#define OTLP_SRC_MONOTONIC_H

#include <stdint.h>
#include <time.h>

/* Time that only goes forward; never 0. */
static inline uint64_t otlp__monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec + 1;
}

/* `duration_ns` from now, or the end of time. */
static inline uint64_t otlp__monotonic_after(uint64_t now_ns, uint64_t duration_ns)
{
    return duration_ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + duration_ns;
}

static inline struct timespec otlp__timespec(uint64_t time_ns)
{
    /* Far enough, and within time_t. */
    uint64_t seconds = time_ns / 1000000000u;
    seconds = seconds < (uint64_t)1 << 40 ? seconds : (uint64_t)1 << 40;
    return (struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = (long)(time_ns % 1000000000u)};
}

#endif
