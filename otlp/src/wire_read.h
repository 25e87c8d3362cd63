/*
 * Reading of protobuf's wire format within [at, end). Each function moves *at past what it read, or
 * returns false at a malformed or cut-off input.
 */
#ifndef OTLP_SRC_WIRE_READ_H
#define OTLP_SRC_WIRE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "message.h"

/* Ten bytes at most, the last of them 0 or 1. */
static inline bool otlp__read_long_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    const uint8_t *p = *at;
    uint64_t sum = 0;
    for (unsigned shift = 0; shift < 64 && p < end; shift += 7) {
        uint8_t byte = *p++;
        sum |= (uint64_t)(byte & 0x7fu) << shift;
        if (byte < 0x80) {
            *at = p;
            *value = sum;
            return shift < 63 || byte <= 1;
        }
    }
    return false;
}

static inline bool otlp__read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    if (__builtin_expect(*at < end && **at < 0x80, 1)) {
        *value = *(*at)++;
        return true;
    }
    return otlp__read_long_varint(at, end, value);
}

/* Field number and wire type. */
static inline bool otlp__read_tag(const uint8_t **at, const uint8_t *end, uint32_t *number,
                                  unsigned *wire)
{
    uint64_t tag;
    if (!otlp__read_varint(at, end, &tag) || tag > UINT32_MAX || tag < 8) {
        return false;
    }
    *number = (uint32_t)tag >> 3;
    *wire = (unsigned)tag & 7u;
    return true;
}

/* Length-delimited content; *at moves behind it. */
static inline bool otlp__read_bytes(const uint8_t **at, const uint8_t *end, const uint8_t **bytes,
                                    size_t *len)
{
    uint64_t value;
    if (!otlp__read_varint(at, end, &value) || value > (uint64_t)(end - *at)) {
        return false;
    }
    *bytes = *at;
    *len = (size_t)value;
    *at += value;
    return true;
}

static inline uint32_t otlp__load_le32(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap32(value);
#endif
    return value;
}

static inline uint64_t otlp__load_le64(const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

static inline bool otlp__read_fixed64(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    if (end - *at < 8) {
        return false;
    }
    *value = otlp__load_le64(*at);
    *at += 8;
    return true;
}

static inline bool otlp__read_fixed32(const uint8_t **at, const uint8_t *end, uint32_t *value)
{
    if (end - *at < 4) {
        return false;
    }
    *value = otlp__load_le32(*at);
    *at += 4;
    return true;
}

/* Moves past the value of a field of this wire type; false for groups as well. */
static inline bool otlp__skip_value(const uint8_t **at, const uint8_t *end, unsigned wire)
{
    uint64_t value;
    uint32_t word;
    const uint8_t *bytes;
    size_t len;
    switch (wire) {
    case OTLP__WIRE_VARINT:
        return otlp__read_varint(at, end, &value);
    case OTLP__WIRE_FIXED64:
        return otlp__read_fixed64(at, end, &value);
    case OTLP__WIRE_BYTES:
        return otlp__read_bytes(at, end, &bytes, &len);
    case OTLP__WIRE_FIXED32:
        return otlp__read_fixed32(at, end, &word);
    default:
        return false;
    }
}

/*
 * The next field `wanted`, whose content is length-delimited; others are skipped. *bytes is NULL at
 * the end of the message. False when the input is malformed or the field has another wire type.
 */
static inline bool otlp__find_bytes(const uint8_t **at, const uint8_t *end, uint32_t wanted,
                                    const uint8_t **bytes, size_t *len)
{
    uint32_t number;
    unsigned wire;
    *bytes = NULL;
    while (*at < end) {
        if (!otlp__read_tag(at, end, &number, &wire)) {
            return false;
        }
        if (number == wanted) {
            return wire == OTLP__WIRE_BYTES && otlp__read_bytes(at, end, bytes, len);
        }
        if (!otlp__skip_value(at, end, wire)) {
            return false;
        }
    }
    return true;
}

/* The wire type of one element of a list of numbers that is not packed. */
static inline unsigned otlp__element_wire(enum otlp__kind kind)
{
    return kind == OTLP__UINT64S ? OTLP__WIRE_VARINT : OTLP__WIRE_FIXED64;
}

static inline bool otlp__is_number_list(enum otlp__kind kind)
{
    return kind == OTLP__FIXED64S || kind == OTLP__DOUBLES || kind == OTLP__UINT64S;
}

/* How many varints end in these bytes. */
static inline size_t otlp__count_varints(const uint8_t *bytes, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        count += bytes[i] < 0x80;
    }
    return count;
}

#endif
