/*
 * The shape that nearly all attributes have on the wire: a key, then a value of one member, all
 * lengths of one byte. Recognised at once, without a step for every tag. What does not have this
 * shape is not wrong; it takes the long way.
 */
#ifndef OTLP_SRC_PLAIN_ATTRIBUTE_H
#define OTLP_SRC_PLAIN_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct otlp__plain_attribute {
    const uint8_t *key;
    const uint8_t *value; /* behind tag and, for text and bytes, length */
    uint8_t key_len;
    uint8_t value_len;
    uint8_t tag; /* of AnyValue: 0x0a text, 0x10 bool, 0x18 integer, 0x21 double, 0x3a bytes */
};

static inline bool otlp__is_plain_attribute(const uint8_t *at, const uint8_t *end,
                                            struct otlp__plain_attribute *plain)
{
    size_t size = (size_t)(end - at);
    if (size < 6 || at[0] != 0x0a || at[1] >= 0x80 || (size_t)at[1] + 6 > size) {
        return false;
    }
    const uint8_t *member = at + 2 + at[1];
    if (member[0] != 0x12 || member[1] >= 0x80 || member + 2 + member[1] != end || member[1] < 2) {
        return false;
    }
    const uint8_t *value = member + 2;
    bool has_length = value[0] == 0x0a || value[0] == 0x3a;
    plain->key = at + 2;
    plain->key_len = at[1];
    plain->tag = value[0];
    plain->value = value + (has_length ? 2 : 1);
    plain->value_len = (uint8_t)(member[1] - (has_length ? 2 : 1));
    if (has_length) {
        return value[1] == plain->value_len;
    }
    if (value[0] == 0x10 || value[0] == 0x18) {
        return plain->value_len == 1 && value[1] < 0x80;
    }
    return value[0] == 0x21 && plain->value_len == 8;
}

#endif
