/*
 * Copies of attributes in an arena: limits, replacement of repeated keys, deep copies of values.
 */
#ifndef OTLP_ATTRIBUTES_H
#define OTLP_ATTRIBUTES_H

#include <stdbool.h>
#include <stdint.h>

#include <otlp/error.h>
#include <otlp/value.h>

#include "arena.h"

#define OTLP__ATTRIBUTES_MAX UINT16_MAX

/*
 * Finds a key among the attributes that are already there. Up to OTLP__SEEN_MAX attributes a mask
 * with one bit a key tells most new keys apart without looking; from then on a hash table does.
 * Zeroed: no attributes.
 */
struct otlp__key_index {
    union {
        uint64_t seen;
        uint16_t *slots; /* position + 1, or 0; slot_count of them */
    } keys;
    uint16_t capacity;   /* of the array of attributes */
    uint16_t log2_slots; /* 0: keys.seen is in use */
};

/* A growing array of attributes, wherever its pointer and count live. */
struct otlp__attribute_array {
    const struct otlp_attribute **items;
    uint32_t *count;
    struct otlp__key_index *index;
    struct otlp__arena *arena;
};

struct otlp__attribute_rule {
    uint32_t count_max;
    uint32_t value_length; /* OTLP_UNLIMITED: do not cut */
    bool by_reference;
};

/* Adds or replaces one attribute. OTLP_EINVAL, OTLP_ELIMIT (the caller counts it), OTLP_ENOMEM. */
int otlp__attribute_put(const struct otlp__attribute_array *array,
                        const struct otlp_attribute *attribute, struct otlp__attribute_rule rule);

/* The same for text that is to be copied; apart because it is what most attributes are. */
int otlp__attribute_put_text(const struct otlp__attribute_array *array, const char *key_text,
                             size_t key_len, const char *text, size_t text_len,
                             struct otlp__attribute_rule rule);

/* Bytes of the first `characters` code points of a text. */
uint32_t otlp__text_cut(const char *text, uint32_t len, uint32_t characters);

/* Copies a whole array. *dropped is increased by what count_max shut out. On failure outputs are
 * unchanged. OTLP_EINVAL, OTLP_ENOMEM. */
int otlp__attributes_copy(struct otlp__arena *arena, const struct otlp_attribute *attributes,
                          size_t count, struct otlp__attribute_rule rule,
                          const struct otlp_attribute **items, uint32_t *item_count,
                          uint32_t *dropped);

/* Copies a value into the arena, or refers to it. Text ends in NUL. OTLP_EINVAL, OTLP_ENOMEM. */
int otlp__value_copy(struct otlp__arena *arena, const struct otlp_value *value,
                     struct otlp__attribute_rule rule, struct otlp_value *copy);

/* Hash of a value's content: equal values (otlp_value_equal) have equal hashes. */
uint64_t otlp__value_hash(const struct otlp_value *value);

#endif
