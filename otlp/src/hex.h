/*
 * Lower-case hex to bytes, eight characters at a time in one 64-bit word: no table, no branch per
 * character. Reads exactly 2 * bytes_len characters.
 */
#ifndef OTLP_SRC_HEX_H
#define OTLP_SRC_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define OTLP__EACH_BYTE(value) (0x0101010101010101u * (uint64_t)(value))

/* The first character is the lowest byte, whatever the byte order of the machine. */
static inline uint64_t otlp__load_8(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Decodes 8 characters to 4 bytes, and clears the top bit of some byte of *valid when one of them
 * is not 0-9 or a-f. Adding 0x80 - c to a byte below 0x80 sets its top bit when it is c or more. */
static inline uint32_t otlp__hex_word(uint64_t text, uint64_t *valid)
{
    uint64_t ascii = text & OTLP__EACH_BYTE(0x7f);
    uint64_t digit =
        (ascii + OTLP__EACH_BYTE(0x80 - '0')) & ~(ascii + OTLP__EACH_BYTE(0x80 - '9' - 1));
    uint64_t letter =
        (ascii + OTLP__EACH_BYTE(0x80 - 'a')) & ~(ascii + OTLP__EACH_BYTE(0x80 - 'f' - 1));
    *valid &= (digit | letter) & ~text;

    uint64_t is_letter = (letter >> 7) & OTLP__EACH_BYTE(1);
    uint64_t nibbles = (text & OTLP__EACH_BYTE(0x0f)) + 9 * is_letter;
    uint64_t pairs = ((nibbles << 4) | (nibbles >> 8)) & 0x00ff00ff00ff00ffu;
    pairs = (pairs | (pairs >> 8)) & 0x0000ffff0000ffffu;
    return (uint32_t)(pairs | (pairs >> 16));
}

/* Decodes to bytes_len bytes, a multiple of 4. False when a character is not lower-case hex; what
 * is in bytes is then undefined. */
static inline bool otlp__hex_decode(const char *hex, uint8_t *bytes, size_t bytes_len)
{
    uint64_t valid = OTLP__EACH_BYTE(0x80);
    for (size_t i = 0; i < bytes_len; i += 4) {
        uint32_t word = otlp__hex_word(otlp__load_8(hex + 2 * i), &valid);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap32(word);
#endif
        memcpy(bytes + i, &word, sizeof word);
    }
    return valid == OTLP__EACH_BYTE(0x80);
}

/* The value of one lower-case hex digit, or -1. */
static inline int otlp__hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The same in either case. */
static inline int otlp__hex_digit_any(char c)
{
    return otlp__hex_digit(c >= 'A' && c <= 'F' ? (char)(c | 0x20) : c);
}

/* The value of two hex digits in either case, or -1. */
static inline int otlp__hex_pair_any(const char *text)
{
    int high = otlp__hex_digit_any(text[0]);
    int low = otlp__hex_digit_any(text[1]);
    return (high | low) < 0 ? -1 : high * 16 + low;
}

/* The value of two lower-case hex digits, or -1. */
static inline int otlp__hex_pair(const char *text)
{
    int high = otlp__hex_digit(text[0]);
    int low = otlp__hex_digit(text[1]);
    return (high | low) < 0 ? -1 : high * 16 + low;
}

#endif
