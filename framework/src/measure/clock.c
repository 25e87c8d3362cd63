#include "measure/clock.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define CALIBRATION_NS UINT64_C(10000000)
#define PROBES         1001

bool clock_uses_tsc;

uint64_t clock_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void clock_adopt(bool tsc)
{
    clock_uses_tsc = tsc;
}

static bool tsc_is_proved(void)
{
#if defined(__x86_64__)
    unsigned eax;
    unsigned ebx;
    unsigned ecx;
    unsigned edx;
    if (!__get_cpuid(0x80000007u, &eax, &ebx, &ecx, &edx) || (edx & (1u << 8)) == 0) {
        return false;
    }
    char source[32];
    return file_first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource",
                           source, sizeof source) &&
           strcmp(source, "tsc") == 0;
#else
    return false;
#endif
}

struct instant {
    uint64_t ticks;
    uint64_t ns;
};

/* Both clocks at one moment: of several tries the one with the least time around the counter read.
 */
static struct instant read_both(void)
{
    struct instant best = {0, 0};
    uint64_t shortest = UINT64_MAX;
    for (int i = 0; i < 20; i++) {
        uint64_t before = clock_monotonic_ns();
        uint64_t ticks = clock_start();
        uint64_t after = clock_monotonic_ns();
        if (after - before < shortest) {
            shortest = after - before;
            best.ticks = ticks;
            best.ns = before + (after - before) / 2;
        }
    }
    return best;
}

static double calibrate_hz(void)
{
    struct instant first = read_both();
    while (clock_monotonic_ns() - first.ns < CALIBRATION_NS) {
    }
    struct instant last = read_both();
    return (double)(last.ticks - first.ticks) * 1e9 / (double)(last.ns - first.ns);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void measure_reads(struct clock_facts *facts)
{
    static uint64_t spans[PROBES];
    uint64_t smallest_step = UINT64_MAX;
    for (int i = 0; i < PROBES; i++) {
        uint64_t start = clock_start();
        spans[i] = clock_stop() - start;
    }
    for (int i = 0; i < PROBES; i++) {
        uint64_t first = clock_stop();
        uint64_t next = first;
        for (int tries = 0; next == first && tries < 1000; tries++) {
            next = clock_stop();
        }
        if (next != first && next - first < smallest_step) {
            smallest_step = next - first;
        }
    }
    qsort(spans, PROBES, sizeof spans[0], by_value);
    facts->cost_ns = (double)spans[PROBES / 2] * facts->ns_per_tick;
    facts->resolution_ns = (double)smallest_step * facts->ns_per_tick;
}

const struct clock_facts *clock_init(void)
{
    static struct clock_facts facts;
    if (facts.frequency_hz == 0) {
        clock_uses_tsc = tsc_is_proved();
        facts.tsc = clock_uses_tsc;
        facts.frequency_hz = facts.tsc ? calibrate_hz() : 1e9;
        facts.ns_per_tick = 1e9 / facts.frequency_hz;
        measure_reads(&facts);
    }
    return &facts;
}
