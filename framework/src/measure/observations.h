/* How long a fixed piece of work (measure/reference.h) took, again and again while something ran:
 * plain data that fits into a record. */
#ifndef ASSAY_MEASURE_OBSERVATIONS_H
#define ASSAY_MEASURE_OBSERVATIONS_H

#include <stdint.h>

/* Kept at most. When they are full, every second one is dropped, and from then on every second
 * (fourth, eighth ...) of those that come is kept: they stay spread over the whole time. */
#define OBSERVATIONS_MAX 2048

struct observation {
    double at_ns; /* of any monotonic clock */
    double work_ns;
};

/* Zeroed: empty. */
struct observations {
    uint32_t count;
    uint32_t halvings; /* one of 2^halvings that came is kept */
    uint64_t came;     /* in all */
    uint64_t switches; /* times that the CPU was taken away meanwhile */
    double cpu_ns;     /* that was got while `switches` were counted */
    struct observation at[OBSERVATIONS_MAX];
};

void observations_add(struct observations *o, double at_ns, double work_ns);

#endif
