/* The blocks that live: address -> size and era. In memory of its own from mmap, never from an
 * allocator. All functions may be called by any thread. */
#ifndef ASSAY_PRELOAD_BLOCKS_H
#define ASSAY_PRELOAD_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block {
    uint64_t bytes; /* below 2^48 */
    uint16_t era;   /* free for the caller to use */
};

/* Enters a block. When there was one at this address, *old gets it and true is returned. *lost is
 * set when the system has no memory for the entry; the block is not entered then. address != 0. */
bool blocks_add(uintptr_t address, struct block block, struct block *old, bool *lost);

/* Takes it out; false when there is none. */
bool blocks_take(uintptr_t address, struct block *block);

/* How many there are; for tests, and exact only while nobody else calls. */
size_t blocks_count(void);

#endif
