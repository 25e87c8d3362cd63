/* The clock of the timed spans: the CPU's time-stamp counter where it is proved to run at one rate
 * (x86-64 CPUID leaf 80000007h bit 8, and the kernel itself keeps time by it), CLOCK_MONOTONIC
 * everywhere else. */
#ifndef ASSAY_MEASURE_CLOCK_H
#define ASSAY_MEASURE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

struct clock_facts {
    bool tsc;            /* else CLOCK_MONOTONIC */
    double frequency_hz; /* ticks a second; 1e9 for CLOCK_MONOTONIC */
    double ns_per_tick;
    double resolution_ns; /* smallest step seen between two reads */
    double cost_ns;       /* median of a start and a stop with nothing between them */
};

/* Chooses and calibrates the clock: about 10 ms, once a process; later calls return the same facts.
 * Call it before threads start. A child process keeps the facts of its parent. */
const struct clock_facts *clock_init(void);

/* Takes over what another process has found on this machine, in place of clock_init. */
void clock_adopt(bool tsc);

/* Monotonic nanoseconds for budgets and deadlines; independent of the clock above. */
uint64_t clock_monotonic_ns(void);

/* Whether spans are read from the counter; set by clock_init. */
extern bool clock_uses_tsc;

/* Ticks at the start of a span: nothing after it begins earlier, nothing before it ends later. */
static inline uint64_t clock_start(void)
{
#if defined(__x86_64__)
    if (__builtin_expect(clock_uses_tsc, 1)) {
        _mm_lfence();
        uint64_t ticks = __rdtsc();
        _mm_lfence();
        return ticks;
    }
#endif
    return clock_monotonic_ns();
}

/* Ticks at the end of a span. */
static inline uint64_t clock_stop(void)
{
#if defined(__x86_64__)
    if (__builtin_expect(clock_uses_tsc, 1)) {
        unsigned cpu;
        uint64_t ticks = __rdtscp(&cpu);
        _mm_lfence();
        return ticks;
    }
#endif
    return clock_monotonic_ns();
}

#endif
