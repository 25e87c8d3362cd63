#include <otlp/propagate.h>

#include "baggage_grammar.h"
#include "baggage_table.h"
#include "percent.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

void otlp_baggage_release(struct otlp_baggage *baggage)
{
    if (baggage != NULL) {
        free(baggage->table);
        free(baggage->text);
        *baggage = (struct otlp_baggage){0};
    }
}

void otlp_baggage_clear(struct otlp_baggage *baggage)
{
    baggage->count = 0;
    baggage->text_bytes = 0;
    baggage->dead_bytes = 0;
    baggage->encoded_bytes = 0;
    if (baggage->table != NULL) {
        memset(baggage->table->filter, 0, sizeof baggage->table->filter);
    }
}

/* The text is copied whole, dead parts included, so that the entries hold for the copy. */
int otlp_baggage_copy(struct otlp_baggage *to, const struct otlp_baggage *from)
{
    if (to == from) {
        return 0;
    }
    otlp_baggage_clear(to);
    if (from->count == 0) {
        return 0;
    }
    int rc = otlp__baggage_reserve(to, from->text_bytes);
    if (rc != 0) {
        return rc;
    }
    memcpy(to->text, from->text, from->text_bytes);
    *to->table = *from->table;
    to->count = from->count;
    to->text_bytes = from->text_bytes;
    to->dead_bytes = from->dead_bytes;
    to->encoded_bytes = from->encoded_bytes;
    return 0;
}

/* Takes in the member whose "key=value" stands at the end of the text, after writing its properties
 * (NULL: none) behind it. encoded_len is the length of the value in the header. */
static int add_written(struct otlp_baggage *baggage, size_t key_len, size_t value_len,
                       size_t encoded_len, const char *properties, size_t properties_len)
{
    char *at = baggage->text + baggage->text_bytes + key_len + 1 + value_len;
    size_t clean_len = 0;
    size_t encoded_bytes = key_len + 1 + encoded_len;
    if (properties != NULL) {
        *at++ = ';';
        if (!otlp__baggage_properties(properties, properties_len, at, &clean_len)) {
            return OTLP_EFORMAT;
        }
        encoded_bytes += 1 + clean_len;
    }
    if (encoded_bytes > OTLP_BAGGAGE_BYTES_MAX) {
        return OTLP_ELIMIT;
    }
    struct otlp__baggage_entry entry = {
        .key_len = (uint16_t)key_len,
        .value_len = (uint16_t)value_len,
        .properties_len = (uint16_t)clean_len,
        .encoded_bytes = (uint16_t)encoded_bytes,
        .has_properties = properties != NULL,
    };
    return otlp__baggage_commit(baggage, entry);
}

static int add_parsed(struct otlp_baggage *baggage, const struct otlp__baggage_parts *parts)
{
    char *key = baggage->text + baggage->text_bytes;
    char *value = key + parts->key_len + 1;
    memcpy(key, parts->key, parts->key_len);
    key[parts->key_len] = '=';
    size_t value_len = parts->value_len;
    size_t encoded_len = parts->value_len;
    if (parts->is_escaped) {
        value_len = otlp__percent_decode(parts->value, parts->value_len, value);
        encoded_len = otlp__percent_encoded_len(value, value_len);
    } else {
        memcpy(value, parts->value, value_len);
    }
    return add_written(baggage, parts->key_len, value_len, encoded_len, parts->properties,
                       parts->properties_len);
}

struct tally {
    size_t malformed;
    size_t over_limit;
};

static void parse_value(struct otlp_baggage *baggage, const struct otlp_header_value *value,
                        struct tally *tally)
{
    const char *text = value->text;
    const char *end = text + value->len;
    while (text < end) {
        struct otlp__baggage_parts parts;
        int rc = otlp__baggage_next(&text, end, &parts);
        if (rc == 0) {
            rc = add_parsed(baggage, &parts);
        }
        tally->malformed += rc == OTLP_EFORMAT;
        tally->over_limit += rc == OTLP_ELIMIT;
    }
}

int otlp_baggage_parse_headers(struct otlp_baggage *baggage, const struct otlp_header_value *values,
                               size_t count, size_t *dropped)
{
    otlp_baggage_clear(baggage);
    size_t input_bytes = count > 0 ? count - 1 : 0;
    for (size_t i = 0; i < count && input_bytes <= OTLP_BAGGAGE_BYTES_MAX; i++) {
        input_bytes +=
            values[i].len > OTLP_BAGGAGE_BYTES_MAX ? OTLP_BAGGAGE_BYTES_MAX + 1 : values[i].len;
    }
    if (input_bytes > OTLP_BAGGAGE_BYTES_MAX) {
        return OTLP_ETOOBIG;
    }
    /* No member is longer in store than in its header, so this holds them all. */
    int rc = otlp__baggage_reserve(baggage, input_bytes);
    if (rc != 0) {
        return rc;
    }
    struct tally tally = {0, 0};
    for (size_t i = 0; i < count; i++) {
        if (values[i].len > 0) {
            parse_value(baggage, &values[i], &tally);
        }
    }
    if (dropped != NULL) {
        *dropped = tally.malformed + tally.over_limit;
    }
    return baggage->count == 0 && tally.malformed > 0 ? OTLP_EFORMAT : 0;
}

int otlp_baggage_parse(struct otlp_baggage *baggage, const char *text, size_t text_len,
                       size_t *dropped)
{
    struct otlp_header_value value = {text, text_len};
    return otlp_baggage_parse_headers(baggage, &value, 1, dropped);
}

int otlp_baggage_set(struct otlp_baggage *baggage, const char *key, size_t key_len,
                     const char *value, size_t value_len, const char *properties,
                     size_t properties_len)
{
    if (key_len > OTLP_BAGGAGE_BYTES_MAX || value_len > OTLP_BAGGAGE_BYTES_MAX ||
        properties_len > OTLP_BAGGAGE_BYTES_MAX) {
        return OTLP_ELIMIT;
    }
    if (!otlp__baggage_key_is_valid(key, key_len) || !otlp__utf8_is_valid(value, value_len)) {
        return OTLP_EINVAL;
    }
    int rc = otlp__baggage_reserve(baggage, key_len + value_len + properties_len + 2);
    if (rc != 0) {
        return rc;
    }
    char *at = baggage->text + baggage->text_bytes;
    memcpy(at, key, key_len);
    at[key_len] = '=';
    if (value_len > 0) {
        memcpy(at + key_len + 1, value, value_len);
    }
    rc = add_written(baggage, key_len, value_len, otlp__percent_encoded_len(value, value_len),
                     properties, properties_len);
    return rc == OTLP_EFORMAT ? OTLP_EINVAL : rc;
}

int otlp_baggage_remove(struct otlp_baggage *baggage, const char *key, size_t key_len)
{
    size_t index = otlp__baggage_find(baggage, key, key_len, otlp__baggage_hash(key, key_len));
    if (index == baggage->count) {
        return OTLP_ENOTFOUND;
    }
    otlp__baggage_drop(baggage, index);
    return 0;
}

size_t otlp_baggage_count(const struct otlp_baggage *baggage)
{
    return baggage->count;
}

int otlp_baggage_at(const struct otlp_baggage *baggage, size_t index,
                    struct otlp_baggage_member *member)
{
    if (index >= baggage->count) {
        return OTLP_ENOTFOUND;
    }
    const struct otlp__baggage_entry *entry = &baggage->table->entries[index];
    const char *key = baggage->text + entry->at;
    const char *value = key + entry->key_len + 1;
    *member = (struct otlp_baggage_member){
        .key = key,
        .key_len = entry->key_len,
        .value = value,
        .value_len = entry->value_len,
        .properties = entry->has_properties ? value + entry->value_len + 1 : "",
        .properties_len = entry->properties_len,
    };
    return 0;
}

int otlp_baggage_get(const struct otlp_baggage *baggage, const char *key, size_t key_len,
                     struct otlp_baggage_member *member)
{
    size_t index = otlp__baggage_find(baggage, key, key_len, otlp__baggage_hash(key, key_len));
    return otlp_baggage_at(baggage, index, member);
}

size_t otlp_baggage_encoded_bytes(const struct otlp_baggage *baggage)
{
    return baggage->encoded_bytes;
}

int otlp_baggage_serialize(const struct otlp_baggage *baggage, char *text, size_t capacity,
                           size_t *text_len)
{
    if (baggage->encoded_bytes > capacity) {
        return OTLP_ENOSPC;
    }
    char *out = text;
    for (size_t i = 0; i < baggage->count; i++) {
        const struct otlp__baggage_entry *entry = &baggage->table->entries[i];
        const char *member = baggage->text + entry->at;
        size_t member_bytes = otlp__baggage_text_bytes(entry);
        if (i > 0) {
            *out++ = ',';
        }
        if (entry->encoded_bytes == member_bytes) {
            memcpy(out, member, member_bytes);
            out += member_bytes;
            continue;
        }
        size_t head = (size_t)entry->key_len + 1;
        size_t tail = member_bytes - head - entry->value_len;
        memcpy(out, member, head);
        out = otlp__percent_encode(member + head, entry->value_len, out + head);
        memcpy(out, member + head + entry->value_len, tail);
        out += tail;
    }
    *text_len = (size_t)(out - text);
    return 0;
}
