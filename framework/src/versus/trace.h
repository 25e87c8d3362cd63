/* A file of raw slices, for those who want to judge them in another way.
 *
 * Little-endian, without padding. It begins with the 8 bytes "assaytr1"; then records, each a
 * 32-bit tag and its fields: 1: uint32 number of the benchmark, uint32 length, the id 2: uint32
 * number, int32 order (+1: the old side was set up first), uint32 confirming, uint32 slices a side,
 * uint64 iterations of a slice, float old_ns[slices], float new_ns[slices]: nanoseconds an
 *      iteration, in the order in which they ran; two of each side are a quad. */
#ifndef ASSAY_VERSUS_TRACE_H
#define ASSAY_VERSUS_TRACE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* NULL, and STATUS_ENVIRONMENT, when the file cannot be made. */
FILE *trace_open(const char *path, struct error *error);
void trace_add_benchmark(FILE *trace, uint32_t number, const char *id);

struct trace_pair {
    uint32_t number;
    int32_t order;
    uint32_t confirming;
    uint32_t slices;
    uint64_t iterations;
    const double *old_ns; /* of an iteration */
    const double *new_ns;
};
void trace_add_pair(FILE *trace, const struct trace_pair *pair);

/* -1, with STATUS_ENVIRONMENT, when not all could be written. */
int trace_close(FILE *trace, const char *path, struct error *error);

#endif
