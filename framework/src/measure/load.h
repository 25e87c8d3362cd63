/* How busy others kept the CPUs while something ran. Neighbours on the same machine slow a
 * benchmark through shared cores, caches and clocks, without taking the CPU away from it; this is
 * how they are seen. */
#ifndef ASSAY_MEASURE_LOAD_H
#define ASSAY_MEASURE_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

/* Ticks since boot of all CPUs together, from /proc/stat. */
struct load_ticks {
    uint64_t busy;   /* stolen time included */
    uint64_t stolen; /* went to other guests of the host */
};

/* false when they cannot be read. `root`: measure/sysfile.h. */
bool load_read_ticks(const char *root, struct load_ticks *ticks);

/* Part of the busy time since `before` that went to other guests; 0 when nothing was busy. */
double load_stolen_share(const struct load_ticks *before, const struct load_ticks *now);

/* CPU time in nanoseconds, user and system. */
double load_cpu_ns(const struct rusage *usage);

/* A moment to count from. */
struct load_mark {
    bool known;
    double busy_s; /* of all CPUs */
    double own_s;  /* of this process and the children that it has waited for */
    double wall_s;
};

struct load_mark load_mark(void);

/* CPUs' worth of work by others since the mark: 0.5 is half a CPU. 0 when it cannot be known. The
 * kernel counts in ticks of 10 ms: over half a second the error is a few hundredths. */
double load_other_cpus(const struct load_mark *since);

#endif
