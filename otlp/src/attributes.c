#include "attributes.h"

#include "attributes_quick.h"

#define FIRST_LOG2     8u /* half full at 128 attributes, the default limit */
#define SLOTS_PER_ITEM 2u

struct key {
    const char *text;
    uint32_t len;
    uint32_t hash;
};

static struct key hash_key(const char *text, size_t len)
{
    struct key key = {text, (uint32_t)len, otlp__key_hash(text, len)};
    return key;
}

static bool has_key(const struct otlp_attribute *attribute, struct key key)
{
    return attribute->key_hash == key.hash && attribute->key_len == key.len &&
           memcmp(attribute->key, key.text, key.len) == 0;
}

/* The slot of the key, or the free slot where it belongs. */
static uint16_t *find_slot(const struct otlp__key_index *index, const struct otlp_attribute *items,
                           struct key key)
{
    uint32_t mask = (1u << index->log2_slots) - 1;
    uint32_t at = key.hash & mask;
    while (index->keys.slots[at] != 0 && !has_key(&items[index->keys.slots[at] - 1], key)) {
        at = (at + 1) & mask;
    }
    return &index->keys.slots[at];
}

static struct otlp_attribute *find(const struct otlp__attribute_array *array, struct key key)
{
    struct otlp_attribute *items = (struct otlp_attribute *)(uintptr_t)*array->items;
    if (array->index->log2_slots != 0) {
        uint16_t at = *find_slot(array->index, items, key);
        return at != 0 ? &items[at - 1] : NULL;
    }
    if ((array->index->keys.seen & otlp__seen_bit(key.hash)) == 0) {
        return NULL;
    }
    for (uint32_t i = 0; i < *array->count; i++) {
        if (has_key(&items[i], key)) {
            return &items[i];
        }
    }
    return NULL;
}

static bool is_index_full(const struct otlp__key_index *index, uint32_t count)
{
    return index->log2_slots == 0 ? count >= OTLP__SEEN_MAX
                                  : SLOTS_PER_ITEM * (count + 1) > 1u << index->log2_slots;
}

static int enlarge_index(struct otlp__key_index *index, struct otlp__arena *arena,
                         const struct otlp_attribute *items, uint32_t count)
{
    unsigned log2_slots = index->log2_slots == 0 ? FIRST_LOG2 : index->log2_slots + 1u;
    size_t bytes = sizeof(uint16_t) << log2_slots;
    uint16_t *slots = otlp__arena_alloc(arena, bytes);
    if (slots == NULL) {
        return OTLP_ENOMEM;
    }
    memset(slots, 0, bytes);
    index->keys.slots = slots;
    index->log2_slots = (uint16_t)log2_slots;
    for (uint32_t i = 0; i < count; i++) {
        struct key key = {items[i].key, items[i].key_len, items[i].key_hash};
        *find_slot(index, items, key) = (uint16_t)(i + 1);
    }
    return 0;
}

/* Room for one more attribute in the array and its index; commit() makes it count. */
static int reserve(const struct otlp__attribute_array *array, uint32_t count_max,
                   struct otlp_attribute **slot)
{
    uint32_t count = *array->count;
    if (count >= count_max || count >= OTLP__ATTRIBUTES_MAX) {
        return OTLP_ELIMIT;
    }
    struct otlp_attribute *items = otlp__arena_grow(array->arena, *array->items, sizeof *items,
                                                    count, &array->index->capacity);
    if (items == NULL) {
        return OTLP_ENOMEM;
    }
    *array->items = items;
    *slot = &items[count];
    return is_index_full(array->index, count)
               ? enlarge_index(array->index, array->arena, items, count)
               : 0;
}

static int commit(const struct otlp__attribute_array *array, struct key key, bool by_reference)
{
    struct otlp_attribute *items = (struct otlp_attribute *)(uintptr_t)*array->items;
    struct otlp_attribute *slot = &items[*array->count];
    slot->key = by_reference ? key.text : otlp__arena_text(array->arena, key.text, key.len);
    if (slot->key == NULL) {
        return OTLP_ENOMEM;
    }
    slot->key_len = key.len;
    slot->key_hash = key.hash;
    if (array->index->log2_slots == 0) {
        array->index->keys.seen |= otlp__seen_bit(key.hash);
    } else {
        *find_slot(array->index, items, key) = (uint16_t)(*array->count + 1);
    }
    (*array->count)++;
    return 0;
}

int otlp__attribute_put(const struct otlp__attribute_array *array,
                        const struct otlp_attribute *attribute, struct otlp__attribute_rule rule)
{
    if (attribute->key == NULL || attribute->key_len == 0) {
        return OTLP_EINVAL;
    }
    struct key key = hash_key(attribute->key, attribute->key_len);
    struct otlp_attribute *slot = find(array, key);
    bool is_new = slot == NULL;
    int rc = is_new ? reserve(array, rule.count_max, &slot) : 0;
    if (rc != 0) {
        return rc;
    }
    struct otlp_value value;
    rc = otlp__value_copy(array->arena, &attribute->value, rule, &value);
    if (rc != 0) {
        return rc;
    }
    slot->value = value;
    return is_new ? commit(array, key, rule.by_reference) : 0;
}

int otlp__attribute_put_text(const struct otlp__attribute_array *array, const char *key_text,
                             size_t key_len, const char *text, size_t text_len,
                             struct otlp__attribute_rule rule)
{
    if (key_text == NULL || key_len == 0) {
        return OTLP_EINVAL;
    }
    struct key key = hash_key(key_text, key_len);
    struct otlp_attribute *slot = find(array, key);
    bool is_new = slot == NULL;
    int rc = is_new ? reserve(array, rule.count_max, &slot) : 0;
    if (rc != 0) {
        return rc;
    }
    uint32_t kept_len = otlp__text_cut(text, (uint32_t)text_len, rule.value_length);
    char *copy = otlp__arena_text(array->arena, text, kept_len);
    if (copy == NULL) {
        return OTLP_ENOMEM;
    }
    slot->value.type = OTLP_VALUE_STRING;
    slot->value.len = kept_len;
    slot->value.as.string = copy;
    return is_new ? commit(array, key, false) : 0;
}

int otlp__attributes_copy(struct otlp__arena *arena, const struct otlp_attribute *attributes,
                          size_t count, struct otlp__attribute_rule rule,
                          const struct otlp_attribute **items, uint32_t *item_count,
                          uint32_t *dropped)
{
    struct otlp__key_index index = {0};
    const struct otlp_attribute *copies = NULL;
    uint32_t copy_count = 0;
    uint32_t shut_out = 0;
    size_t wanted = count < rule.count_max ? count : rule.count_max;
    wanted = wanted < OTLP__ATTRIBUTES_MAX ? wanted : OTLP__ATTRIBUTES_MAX;
    if (wanted > 0) {
        copies = otlp__arena_alloc(arena, wanted * sizeof *copies);
        if (copies == NULL) {
            return OTLP_ENOMEM;
        }
        index.capacity = (uint16_t)wanted;
    }
    struct otlp__attribute_array array = {&copies, &copy_count, &index, arena};
    for (size_t i = 0; i < count; i++) {
        int rc = otlp__attribute_put(&array, &attributes[i], rule);
        if (rc == OTLP_ELIMIT) {
            shut_out++;
        } else if (rc != 0) {
            return rc;
        }
    }
    *items = copies;
    *item_count = copy_count;
    *dropped += shut_out;
    return 0;
}
