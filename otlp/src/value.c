#include <otlp/value.h>

#include "attributes.h"
#include "hash.h"

/* A byte that is no continuation starts a code point. */
uint32_t otlp__text_cut(const char *text, uint32_t len, uint32_t characters)
{
    if (len <= characters) {
        return len;
    }
    uint32_t started = 0;
    for (uint32_t i = 0; i < len; i++) {
        started += ((unsigned char)text[i] & 0xc0u) != 0x80u;
        if (started > characters) {
            return i;
        }
    }
    return len;
}

static int copy_nested(struct otlp__arena *arena, const struct otlp_value *value,
                       struct otlp__attribute_rule rule, unsigned depth, struct otlp_value *copy);

static int copy_text(struct otlp__arena *arena, const struct otlp_value *value,
                     struct otlp__attribute_rule rule, struct otlp_value *copy)
{
    uint32_t len = value->len;
    if (value->type == OTLP_VALUE_STRING) {
        len = otlp__text_cut(value->as.string, len, rule.value_length);
    } else if (len > rule.value_length) {
        len = rule.value_length;
    }
    *copy = *value;
    if (rule.by_reference && len == value->len) {
        return 0;
    }
    copy->len = len;
    copy->as.string = otlp__arena_text(arena, value->as.string, len);
    return copy->as.string != NULL ? 0 : OTLP_ENOMEM;
}

static int copy_array(struct otlp__arena *arena, const struct otlp_value *value,
                      struct otlp__attribute_rule rule, unsigned depth, struct otlp_value *copy)
{
    struct otlp_value *elements = otlp__arena_alloc(arena, value->len * sizeof *elements);
    if (elements == NULL) {
        return OTLP_ENOMEM;
    }
    for (uint32_t i = 0; i < value->len; i++) {
        int rc = copy_nested(arena, &value->as.array[i], rule, depth + 1, &elements[i]);
        if (rc != 0) {
            return rc;
        }
    }
    *copy = otlp_value_array(elements, value->len);
    return 0;
}

static int copy_kvlist(struct otlp__arena *arena, const struct otlp_value *value,
                       struct otlp__attribute_rule rule, unsigned depth, struct otlp_value *copy)
{
    struct otlp_attribute *entries = otlp__arena_alloc(arena, value->len * sizeof *entries);
    if (entries == NULL) {
        return OTLP_ENOMEM;
    }
    for (uint32_t i = 0; i < value->len; i++) {
        const struct otlp_attribute *entry = &value->as.kvlist[i];
        if (entry->key == NULL || entry->key_len == 0) {
            return OTLP_EINVAL;
        }
        entries[i] = *entry;
        if (!rule.by_reference) {
            entries[i].key = otlp__arena_text(arena, entry->key, entry->key_len);
            if (entries[i].key == NULL) {
                return OTLP_ENOMEM;
            }
        }
        int rc = copy_nested(arena, &entry->value, rule, depth + 1, &entries[i].value);
        if (rc != 0) {
            return rc;
        }
    }
    *copy = otlp_value_kvlist(entries, value->len);
    return 0;
}

/* Elements are copied even by reference: it bounds the depth once and lets text inside be cut. */
static int copy_nested(struct otlp__arena *arena, const struct otlp_value *value,
                       struct otlp__attribute_rule rule, unsigned depth, struct otlp_value *copy)
{
    if (depth > OTLP_VALUE_DEPTH_MAX) {
        return OTLP_EINVAL;
    }
    switch (value->type) {
    case OTLP_VALUE_STRING:
    case OTLP_VALUE_BYTES:
        return copy_text(arena, value, rule, copy);
    case OTLP_VALUE_ARRAY:
        return copy_array(arena, value, rule, depth, copy);
    case OTLP_VALUE_KVLIST:
        return copy_kvlist(arena, value, rule, depth, copy);
    case OTLP_VALUE_EMPTY:
    case OTLP_VALUE_BOOL:
    case OTLP_VALUE_INT:
    case OTLP_VALUE_DOUBLE:
        *copy = *value;
        return 0;
    }
    return OTLP_EINVAL;
}

int otlp__value_copy(struct otlp__arena *arena, const struct otlp_value *value,
                     struct otlp__attribute_rule rule, struct otlp_value *copy)
{
    return copy_nested(arena, value, rule, 0, copy);
}

static bool equal_nested(const struct otlp_value *a, const struct otlp_value *b, unsigned depth);

static bool arrays_equal(const struct otlp_value *a, const struct otlp_value *b, unsigned depth)
{
    for (uint32_t i = 0; i < a->len; i++) {
        if (!equal_nested(&a->as.array[i], &b->as.array[i], depth + 1)) {
            return false;
        }
    }
    return true;
}

static bool maps_equal(const struct otlp_value *a, const struct otlp_value *b, unsigned depth)
{
    for (uint32_t i = 0; i < a->len; i++) {
        const struct otlp_attribute *entry = &a->as.kvlist[i];
        bool is_found = false;
        for (uint32_t j = 0; j < b->len && !is_found; j++) {
            const struct otlp_attribute *other = &b->as.kvlist[j];
            is_found = entry->key_len == other->key_len &&
                       memcmp(entry->key, other->key, entry->key_len) == 0 &&
                       equal_nested(&entry->value, &other->value, depth + 1);
        }
        if (!is_found) {
            return false;
        }
    }
    return true;
}

static bool equal_nested(const struct otlp_value *a, const struct otlp_value *b, unsigned depth)
{
    if (a->type != b->type || a->len != b->len || depth > OTLP_VALUE_DEPTH_MAX) {
        return false;
    }
    switch (a->type) {
    case OTLP_VALUE_EMPTY:
        return true;
    case OTLP_VALUE_BOOL:
        return a->as.boolean == b->as.boolean;
    case OTLP_VALUE_INT:
    case OTLP_VALUE_DOUBLE:
        return memcmp(&a->as.integer, &b->as.integer, sizeof a->as.integer) == 0;
    case OTLP_VALUE_STRING:
    case OTLP_VALUE_BYTES:
        return a->len == 0 || memcmp(a->as.bytes, b->as.bytes, a->len) == 0;
    case OTLP_VALUE_ARRAY:
        return arrays_equal(a, b, depth);
    case OTLP_VALUE_KVLIST:
        return maps_equal(a, b, depth);
    }
    return false;
}

bool otlp_value_equal(const struct otlp_value *a, const struct otlp_value *b)
{
    return equal_nested(a, b, 0);
}

uint64_t otlp__value_hash(const struct otlp_value *value)
{
    uint64_t hash = otlp__hash_mix((uint64_t)value->type, value->len);
    switch (value->type) {
    case OTLP_VALUE_BOOL:
        return otlp__hash_mix(hash, value->as.boolean);
    case OTLP_VALUE_INT:
    case OTLP_VALUE_DOUBLE:
        return otlp__hash_mix(hash, (uint64_t)value->as.integer);
    case OTLP_VALUE_STRING:
    case OTLP_VALUE_BYTES:
        return otlp__hash_mix(hash, otlp__hash_bytes(value->as.string, value->len));
    case OTLP_VALUE_EMPTY:
    case OTLP_VALUE_ARRAY:
    case OTLP_VALUE_KVLIST:
        break; /* type and length are enough: such values are rare, and equality decides */
    }
    return hash;
}

const struct otlp_value *otlp_attributes_find(const struct otlp_attribute *attributes, size_t count,
                                              const char *key)
{
    size_t key_len = strlen(key);
    for (size_t i = count; i-- > 0;) {
        if (attributes[i].key_len == key_len && memcmp(attributes[i].key, key, key_len) == 0) {
            return &attributes[i].value;
        }
    }
    return NULL;
}
