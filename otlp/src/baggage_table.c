#include "baggage_table.h"

#include "hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_FIRST 512

uint32_t otlp__baggage_hash(const char *key, size_t key_len)
{
    return (uint32_t)otlp__hash_bytes(key, key_len);
}

static uint64_t filter_bit(uint32_t hash, size_t *word)
{
    *word = hash >> 6 & 3;
    return (uint64_t)1 << (hash & 63);
}

size_t otlp__baggage_find(const struct otlp_baggage *baggage, const char *key, size_t key_len,
                          uint32_t hash)
{
    if (baggage->count == 0) {
        return 0;
    }
    size_t word;
    uint64_t bit = filter_bit(hash, &word);
    if ((baggage->table->filter[word] & bit) == 0) {
        return baggage->count;
    }
    for (size_t i = 0; i < baggage->count; i++) {
        const struct otlp__baggage_entry *entry = &baggage->table->entries[i];
        if (entry->hash == hash && entry->key_len == key_len &&
            memcmp(baggage->text + entry->at, key, key_len) == 0) {
            return i;
        }
    }
    return baggage->count;
}

/* Moves what is alive to a new text: growing and compacting are one thing. */
static int move_text(struct otlp_baggage *baggage, size_t bytes)
{
    size_t alive = baggage->text_bytes - baggage->dead_bytes;
    size_t capacity = 2 * (alive + bytes);
    if (capacity < TEXT_BYTES_FIRST) {
        capacity = TEXT_BYTES_FIRST;
    }
    char *text = malloc(capacity);
    if (text == NULL) {
        return OTLP_ENOMEM;
    }
    uint32_t at = 0;
    for (size_t i = 0; i < baggage->count; i++) {
        struct otlp__baggage_entry *entry = &baggage->table->entries[i];
        size_t entry_bytes = otlp__baggage_text_bytes(entry);
        memcpy(text + at, baggage->text + entry->at, entry_bytes);
        entry->at = at;
        at += (uint32_t)entry_bytes;
    }
    assert(at == alive);
    free(baggage->text);
    baggage->text = text;
    baggage->text_bytes = at;
    baggage->text_capacity = (uint32_t)capacity;
    baggage->dead_bytes = 0;
    return 0;
}

int otlp__baggage_reserve(struct otlp_baggage *baggage, size_t bytes)
{
    if (baggage->table == NULL) {
        baggage->table = calloc(1, sizeof *baggage->table);
        if (baggage->table == NULL) {
            return OTLP_ENOMEM;
        }
    }
    if (bytes <= baggage->text_capacity - baggage->text_bytes) {
        return 0;
    }
    return move_text(baggage, bytes);
}

int otlp__baggage_commit(struct otlp_baggage *baggage, struct otlp__baggage_entry entry)
{
    const char *key = baggage->text + baggage->text_bytes;
    size_t text_bytes = otlp__baggage_text_bytes(&entry);
    assert(text_bytes <= baggage->text_capacity - baggage->text_bytes);
    entry.hash = otlp__baggage_hash(key, entry.key_len);
    entry.at = baggage->text_bytes;

    size_t index = otlp__baggage_find(baggage, key, entry.key_len, entry.hash);
    struct otlp__baggage_entry *home = &baggage->table->entries[index];
    bool is_new = index == baggage->count;
    size_t encoded = baggage->encoded_bytes + entry.encoded_bytes;
    encoded += is_new ? (baggage->count > 0 ? 1u : 0u) : 0u;
    encoded -= is_new ? 0u : home->encoded_bytes;
    if (encoded > OTLP_BAGGAGE_BYTES_MAX || index == OTLP_BAGGAGE_MEMBERS_MAX) {
        return OTLP_ELIMIT;
    }
    if (is_new) {
        size_t word;
        uint64_t bit = filter_bit(entry.hash, &word);
        baggage->table->filter[word] |= bit;
        baggage->count++;
    } else {
        baggage->dead_bytes += (uint32_t)otlp__baggage_text_bytes(home);
    }
    *home = entry;
    baggage->text_bytes += (uint32_t)text_bytes;
    baggage->encoded_bytes = (uint32_t)encoded;
    return 0;
}

void otlp__baggage_drop(struct otlp_baggage *baggage, size_t index)
{
    assert(index < baggage->count);
    struct otlp__baggage_entry *entry = &baggage->table->entries[index];
    baggage->encoded_bytes -= entry->encoded_bytes + (baggage->count > 1 ? 1u : 0u);
    baggage->dead_bytes += (uint32_t)otlp__baggage_text_bytes(entry);
    baggage->count--;
    memmove(entry, entry + 1, (baggage->count - index) * sizeof *entry);
}
