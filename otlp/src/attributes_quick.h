/*
 * The usual case of setting an attribute, inline: a new key among a few, text that is not cut, and
 * room in the block. Everything else is for otlp__attribute_put() and its like.
 */
#ifndef OTLP_ATTRIBUTES_QUICK_H
#define OTLP_ATTRIBUTES_QUICK_H

#include "attributes.h"
#include "hash.h"

/* So many attributes are told apart by the mask. */
#define OTLP__SEEN_MAX 16u

static inline uint32_t otlp__key_hash(const char *key, size_t key_len)
{
    return (uint32_t)otlp__hash_bytes(key, key_len);
}

static inline uint64_t otlp__seen_bit(uint32_t key_hash)
{
    return 1ull << (key_hash >> 26);
}

/*
 * A place for one more attribute with a new key, and `text_bytes` of room for text; NULL when it is
 * not the usual case. otlp__attribute_commit() makes it count.
 */
static inline struct otlp_attribute *
otlp__attribute_place(const struct otlp_attribute *items, uint32_t count,
                      const struct otlp__key_index *index, const struct otlp__arena *arena,
                      uint32_t key_hash, uint32_t count_max, size_t text_bytes)
{
    struct otlp_attribute *place = (struct otlp_attribute *)(uintptr_t)(items + count);
    bool is_last = items != NULL && (char *)place == arena->low;
    bool is_usual = count < OTLP__SEEN_MAX && count < count_max && index->log2_slots == 0 &&
                    (index->keys.seen & otlp__seen_bit(key_hash)) == 0 &&
                    (is_last ? index->capacity == count : index->capacity > count);
    size_t needed = text_bytes + (is_last ? sizeof *place : 0);
    return is_usual && (size_t)(arena->high - arena->low) >= needed ? place : NULL;
}

static inline void otlp__attribute_commit(struct otlp_attribute *place, uint32_t *count,
                                          struct otlp__key_index *index, struct otlp__arena *arena)
{
    index->keys.seen |= otlp__seen_bit(place->key_hash);
    if ((char *)place == arena->low) {
        arena->low += sizeof *place;
        index->capacity++;
    }
    (*count)++;
}

/* A copy of text for which there is room. */
static inline const char *otlp__attribute_text(struct otlp__arena *arena, const char *text,
                                               size_t len)
{
    arena->high -= len + 1;
    otlp__copy_short(arena->high, text, len);
    arena->high[len] = '\0';
    return arena->high;
}

#endif
