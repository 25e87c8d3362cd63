/*
 * Memory blocks that are kept for the next time. Brotli's contexts cannot be reset: each payload
 * makes a new one, which asks for the same few large blocks as the last. One thread at a time.
 */
#ifndef OTLP_SRC_BLOCK_CACHE_H
#define OTLP_SRC_BLOCK_CACHE_H

#include <stddef.h>

#define OTLP__BLOCK_CACHE_SLOTS 32

struct otlp__block_header;

/* All zero: an empty cache. */
struct otlp__block_cache {
    struct otlp__block_header *blocks[OTLP__BLOCK_CACHE_SLOTS];
    size_t count;
};

/* A block of at least `bytes`, aligned for any type: one from the cache that is not more than twice
 * as large, or a new one. NULL: out of memory. */
void *otlp__block_cache_get(struct otlp__block_cache *cache, size_t bytes);

/* Gives a block back; the cache keeps it, in place of the oldest when it is full. NULL is allowed.
 */
void otlp__block_cache_put(struct otlp__block_cache *cache, void *block);

/* Frees what is kept. */
void otlp__block_cache_release(struct otlp__block_cache *cache);

#endif
