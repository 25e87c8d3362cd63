/* The counting library: put before the allocator of a process by LD_PRELOAD, it passes every call
 * on to the next allocator and counts those of threads that asked for it. libassay carries its file
 * (library.h); nothing is linked against it: a program looks the functions up by name.
 *
 * It takes part in malloc, calloc, realloc, reallocarray, free, aligned_alloc, posix_memalign,
 * memalign, valloc, pvalloc, free_sized, free_aligned_sized, in jemalloc's mallocx, rallocx,
 * xallocx, dallocx and sdallocx, and in C++'s operators new and delete. Sizes are those that were
 * asked for, from the start of the process, whatever the allocator rounds them to.
 *
 * A call that fails counts as nothing, as does free(NULL). realloc is one allocation of the new
 * size and, when there was a block, one free of it.
 *
 * The peak follows a sum: an allocation adds its bytes, a free takes off those of its block,
 * whichever thread made it and when, but never below 0. So what setup made and the loop frees does
 * not make room for what the loop makes; what the loop made and another frees is off as well. */
#ifndef ASSAY_PRELOAD_TALLY_H
#define ASSAY_PRELOAD_TALLY_H

#include <stdint.h>

struct tally {
    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t frees;
    uint64_t freed_bytes;
    uint64_t unknown_frees; /* of the frees: of blocks whose allocation was not seen; no bytes */
    uint64_t peak_bytes;    /* most by which they were ahead of the frees at any time */
    uint64_t lost_blocks;   /* that the library had no memory to remember */
};

/* The names of the functions. All threads may call the first two, for themselves; the others are
 * for while no thread counts.
 *
 *     void start(void)                 this thread's calls count from now on
 *     void stop(void)                  ... no longer
 *     void clear(void)                 everything is 0 again; what is allocated now is no part of
 *                                      the peak
 *     void read(struct tally *out)     since the last clear */
#define TALLY_START "assay__tally_start"
#define TALLY_STOP  "assay__tally_stop"
#define TALLY_CLEAR "assay__tally_clear"
#define TALLY_READ  "assay__tally_read"

#endif
