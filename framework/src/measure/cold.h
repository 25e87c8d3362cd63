/* Takes a fixture out of the caches. */
#ifndef ASSAY_MEASURE_COLD_H
#define ASSAY_MEASURE_COLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COLD_REGIONS_MAX 32
/* A sweep longer than this would take too long before every sample. */
#define COLD_SWEEP_BYTES_MAX (INT64_C(64) << 20)

struct cold_region {
    const void *memory;
    size_t bytes;
};

/* Whether this CPU can drop lines by their address. */
bool cold_can_flush(void);

/* Writes back and drops every cache line of the region; it must be readable. Where the CPU cannot:
 * nothing. */
void cold_flush(const struct cold_region *region);

/* Bytes that a sweep reads, and *whole: whether that is one and a half times the last-level cache,
 * or less. */
int64_t cold_sweep_bytes(bool *whole);

/* Reads a buffer of that size, which is allocated at the first call and kept. false when there is
 * no memory for it. Not for several threads at once. */
bool cold_sweep(void);

#endif
