/*
 * The store of a baggage: members in one text, found by a hash of their key.
 *
 * The text of a member is "key=value" or "key=value;properties", the value decoded, so that a
 * member whose value needs no escapes goes into the header in one copy.
 */
#ifndef OTLP_SRC_BAGGAGE_TABLE_H
#define OTLP_SRC_BAGGAGE_TABLE_H

#include <otlp/propagate.h>

struct otlp__baggage_entry {
    uint32_t hash;
    uint32_t at; /* in the text */
    uint16_t key_len;
    uint16_t value_len;
    uint16_t properties_len;
    uint16_t
        encoded_bytes; /* of the member in the header; the text's length when nothing is escaped */
    bool has_properties;
};

struct otlp_baggage_table {
    uint64_t filter[4]; /* a bit for each hash that is or was there: tells most new keys at once */
    struct otlp__baggage_entry entries[OTLP_BAGGAGE_MEMBERS_MAX];
};

static inline size_t otlp__baggage_text_bytes(const struct otlp__baggage_entry *entry)
{
    return (size_t)entry->key_len + 1 + entry->value_len +
           (entry->has_properties ? 1u + entry->properties_len : 0u);
}

/* Makes the table when there is none, and room for `bytes` more of text. OTLP_ENOMEM. Texts move.
 */
int otlp__baggage_reserve(struct otlp_baggage *baggage, size_t bytes);

/* The hash of a key. */
uint32_t otlp__baggage_hash(const char *key, size_t key_len);

/* The index of a key, or count when it is not there. */
size_t otlp__baggage_find(const struct otlp_baggage *baggage, const char *key, size_t key_len,
                          uint32_t hash);

/*
 * Makes a member of the text that was written at the end of the baggage's text, in room that was
 * reserved; entry says what it is, except for hash and at. It takes the place of a member with its
 * key. OTLP_ELIMIT, and nothing changes, when the header would become too long or have too many
 * members.
 */
int otlp__baggage_commit(struct otlp_baggage *baggage, struct otlp__baggage_entry entry);

/* Takes out the member at an index. */
void otlp__baggage_drop(struct otlp_baggage *baggage, size_t index);

#endif
