#ifndef OTLP_RECEIVER_CLOCK_H
#define OTLP_RECEIVER_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Time that only goes forward. */
static inline uint64_t otlp__rx_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
