#ifndef OTLP_CLOCK_H
#define OTLP_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t otlp__now_unix_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
