/*
 * An arena: memory that is taken piece by piece and given back as a whole.
 *
 * In each block, structures (aligned to 8) grow from the low end and text from the high end, so
 * that an array which was allocated last can still grow in place while text is added. A zeroed
 * arena is empty.
 */
#ifndef OTLP_ARENA_H
#define OTLP_ARENA_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "block.h"

struct otlp__arena {
    struct otlp__block *block; /* the newest; the chain leads to the oldest */
    char *low;
    char *high;
};

/* Makes room for `size` bytes: a new block, larger than the one before. 0 or OTLP_ENOMEM. */
int otlp__arena_more(struct otlp__arena *arena, size_t size);

/* Gives all memory back. */
void otlp__arena_release(struct otlp__arena *arena);

/* Forgets the content. What took several blocks is replaced by one of their total size, so that the
 * next filling of the same kind finds everything in one piece. */
void otlp__arena_reset(struct otlp__arena *arena);

/* Bytes held, used or not. */
size_t otlp__arena_bytes(const struct otlp__arena *arena);

/* `size` bytes (0 is served as 1) aligned to 8, not initialised; NULL when memory runs out. */
static inline void *otlp__arena_alloc(struct otlp__arena *arena, size_t size)
{
    size = (size + (size == 0) + 7) & ~(size_t)7;
    if (__builtin_expect((size_t)(arena->high - arena->low) < size, 0) &&
        otlp__arena_more(arena, size) != 0) {
        return NULL;
    }
    void *memory = arena->low;
    arena->low += size;
    return memory;
}

/* memcpy() of the lengths that keys and values mostly have, without the call. */
static inline void otlp__copy_short(char *to, const char *from, size_t len)
{
    if (len > 32) {
        memcpy(to, from, len);
    } else if (len >= 16) {
        char head[16];
        char tail[16];
        memcpy(head, from, 16);
        /* cppcheck-suppress pointerOutOfBoundsCond; of a constant the length is known */
        memcpy(tail, from + len - 16, 16);
        memcpy(to, head, 16);
        memcpy(to + len - 16, tail, 16);
    } else if (len >= 8) {
        uint64_t head;
        uint64_t tail;
        memcpy(&head, from, 8);
        /* cppcheck-suppress pointerOutOfBoundsCond */
        memcpy(&tail, from + len - 8, 8);
        memcpy(to, &head, 8);
        memcpy(to + len - 8, &tail, 8);
    } else if (len >= 4) {
        uint32_t head;
        uint32_t tail;
        memcpy(&head, from, 4);
        memcpy(&tail, from + len - 4, 4);
        memcpy(to, &head, 4);
        memcpy(to + len - 4, &tail, 4);
    } else {
        for (size_t i = 0; i < len; i++) {
            to[i] = from[i];
        }
    }
}

/* A copy of text that ends in NUL; NULL when memory runs out. text may be NULL when len is 0. */
static inline char *otlp__arena_text(struct otlp__arena *arena, const char *text, size_t len)
{
    if (__builtin_expect((size_t)(arena->high - arena->low) < len + 1, 0) &&
        otlp__arena_more(arena, len + 1) != 0) {
        return NULL;
    }
    arena->high -= len + 1;
    otlp__copy_short(arena->high, text, len);
    arena->high[len] = '\0';
    return arena->high;
}

/*
 * Room for one more item in a growing array of `count` items, which is full when *capacity equals
 * count: in place when the array ends where the free memory starts, else as a larger copy. Returns
 * the array, which may have moved, or NULL when memory runs out (nothing changed).
 */
void *otlp__arena_grow(struct otlp__arena *arena, const void *items, size_t item_size, size_t count,
                       uint16_t *capacity);

#endif
