#include "arena.h"

#include <otlp/error.h>

#define FIRST_CAPACITY     4u
#define SECOND_BLOCK_BYTES 1024u

static void use_block(struct otlp__arena *arena, struct otlp__block *block)
{
    block->next = arena->block;
    arena->block = block;
    arena->low = (char *)(block + 1);
    arena->high = (char *)block + block->size;
}

int otlp__arena_more(struct otlp__arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        return OTLP_ENOMEM;
    }
    size_t wanted = SECOND_BLOCK_BYTES;
    if (arena->block != NULL && 2 * arena->block->size > wanted) {
        wanted = 2 * arena->block->size;
    }
    wanted = wanted < OTLP__BLOCK_LARGEST ? wanted : OTLP__BLOCK_LARGEST;
    size += sizeof(struct otlp__block);
    struct otlp__block *block = otlp__block_take(size > wanted ? size : wanted);
    if (block == NULL) {
        return OTLP_ENOMEM;
    }
    use_block(arena, block);
    return 0;
}

void otlp__arena_release(struct otlp__arena *arena)
{
    otlp__block_give_chain(arena->block);
    *arena = (struct otlp__arena){NULL, NULL, NULL};
}

void otlp__arena_reset(struct otlp__arena *arena)
{
    if (arena->block == NULL) {
        return;
    }
    struct otlp__block *block = arena->block;
    if (block->next != NULL) {
        size_t total = otlp__arena_bytes(arena);
        struct otlp__block *whole = otlp__block_take(total);
        if (whole != NULL) {
            otlp__block_give_chain(block);
            block = whole;
        } else {
            otlp__block_give_chain(block->next);
        }
    }
    arena->block = NULL;
    use_block(arena, block);
}

size_t otlp__arena_bytes(const struct otlp__arena *arena)
{
    size_t bytes = 0;
    for (const struct otlp__block *block = arena->block; block != NULL; block = block->next) {
        bytes += block->size;
    }
    return bytes;
}

void *otlp__arena_grow(struct otlp__arena *arena, const void *items, size_t item_size, size_t count,
                       uint16_t *capacity)
{
    if (count < *capacity) {
        return (void *)(uintptr_t)items;
    }
    size_t used = count * item_size;
    if (items != NULL && (const char *)items + used == arena->low &&
        (size_t)(arena->high - arena->low) >= item_size) {
        arena->low += item_size;
        (*capacity)++;
        return (void *)(uintptr_t)items;
    }
    size_t wanted = count < FIRST_CAPACITY / 2 ? FIRST_CAPACITY : 2 * count;
    if (wanted > UINT16_MAX) {
        wanted = UINT16_MAX;
    }
    if (wanted <= count) {
        return NULL;
    }
    /* A small array starts with what the block has room for, rather than with a new block. */
    if (count == 0 && (size_t)(arena->high - arena->low) >= item_size) {
        wanted = 1;
    }
    void *grown = otlp__arena_alloc(arena, wanted * item_size);
    if (grown == NULL) {
        return NULL;
    }
    if (used > 0 && items != NULL) {
        memcpy(grown, items, used);
    }
    *capacity = (uint16_t)wanted;
    return grown;
}
