#include "block_cache.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct otlp__block_header {
    alignas(max_align_t) size_t bytes;
};

static struct otlp__block_header *take_out(struct otlp__block_cache *cache, size_t index)
{
    struct otlp__block_header *block = cache->blocks[index];
    cache->count--;
    memmove(cache->blocks + index, cache->blocks + index + 1,
            (cache->count - index) * sizeof cache->blocks[0]);
    return block;
}

void *otlp__block_cache_get(struct otlp__block_cache *cache, size_t bytes)
{
    if (bytes > SIZE_MAX / 2 - sizeof(struct otlp__block_header)) {
        return NULL;
    }
    for (size_t i = cache->count; i-- > 0;) {
        if (cache->blocks[i]->bytes >= bytes && cache->blocks[i]->bytes <= 2 * bytes) {
            return take_out(cache, i) + 1;
        }
    }
    struct otlp__block_header *block = malloc(sizeof *block + bytes);
    if (block == NULL) {
        return NULL;
    }
    block->bytes = bytes;
    return block + 1;
}

void otlp__block_cache_put(struct otlp__block_cache *cache, void *block)
{
    if (block == NULL) {
        return;
    }
    if (cache->count == OTLP__BLOCK_CACHE_SLOTS) {
        free(take_out(cache, 0));
    }
    cache->blocks[cache->count++] = (struct otlp__block_header *)block - 1;
}

void otlp__block_cache_release(struct otlp__block_cache *cache)
{
    for (size_t i = 0; i < cache->count; i++) {
        free(cache->blocks[i]);
    }
    cache->count = 0;
}
