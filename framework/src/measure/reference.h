/* A short piece of work that is always the same: how fast the machine is at this moment.
 *
 * Adds on four registers fill a core's arithmetic units. They slow down with the clock, and when a
 * neighbour works on the same physical core: what a guest cannot see otherwise. It tells runs apart
 * in which the machine was another one; it does not correct their figures, as every kernel suffers
 * in its own way. */
#ifndef ASSAY_MEASURE_REFERENCE_H
#define ASSAY_MEASURE_REFERENCE_H

/* Nanoseconds of 1,000 rounds of 16 adds (1 to 3 us in all), now. */
double reference_ns(void);

#endif
