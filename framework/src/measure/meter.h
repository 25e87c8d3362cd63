/* What counts while the clock runs, in laps that are for counting and not for time. */
#ifndef ASSAY_MEASURE_METER_H
#define ASSAY_MEASURE_METER_H

/* Both are called by each thread of the body itself, as the last thing before a timed span begins
 * and the first thing after it ends: what setup of a batch or a paused stretch does is not counted.
 * They must not allocate. */
struct meter {
    void (*start)(void *context);
    void (*stop)(void *context);
    void *context;
};

#endif
