#include "versus/cpu.h"
#include "measure/clock.h"
#include "measure/reference.h"

#include <sched.h>
#include <stdint.h>

#define PROBE_NS UINT64_C(50000000)
#define CPUS_MAX 16

static cpu_set_t before_avoiding;
static bool avoiding;

/* Mean time of the reference work over the probe: interruptions count. */
static double probe_ns(void)
{
    uint64_t begun = clock_monotonic_ns();
    uint64_t now = begun;
    size_t count = 0;
    while (now - begun < PROBE_NS) {
        reference_ns();
        count++;
        now = clock_monotonic_ns();
    }
    return (double)(now - begun) / (double)count;
}

int cpu_find_quiet(void)
{
    cpu_set_t allowed;
    int best = -1;
    double best_ns = 0;
    int tried = 0;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return -1;
    }
    /* From the last one down: interrupts are mostly served by the first. */
    for (int cpu = CPU_SETSIZE - 1; cpu >= 0 && tried < CPUS_MAX; cpu--) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET((size_t)cpu, &one);
        if (!CPU_ISSET((size_t)cpu, &allowed) || sched_setaffinity(0, sizeof one, &one) != 0) {
            continue;
        }
        double ns = probe_ns();
        tried++;
        if (best < 0 || ns < best_ns) {
            best = cpu;
            best_ns = ns;
        }
    }
    sched_setaffinity(0, sizeof allowed, &allowed);
    return best;
}

void cpu_avoid(int cpu)
{
    cpu_set_t allowed;
    if (cpu >= 0 && sched_getaffinity(0, sizeof allowed, &allowed) == 0 &&
        CPU_COUNT(&allowed) > 1) {
        before_avoiding = allowed;
        CPU_CLR((size_t)cpu, &allowed);
        avoiding = sched_setaffinity(0, sizeof allowed, &allowed) == 0;
    }
}

void cpu_allowed_before(cpu_set_t *cpus)
{
    CPU_ZERO(cpus);
    if (avoiding) {
        *cpus = before_avoiding;
    } else {
        sched_getaffinity(0, sizeof *cpus, cpus);
    }
}

bool cpu_is_allowed(int cpu)
{
    cpu_set_t allowed;
    return cpu >= 0 && cpu < CPU_SETSIZE && sched_getaffinity(0, sizeof allowed, &allowed) == 0 &&
           CPU_ISSET((size_t)cpu, &allowed);
}
