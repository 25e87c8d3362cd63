#ifndef OTLP_SRC_UTF8_H
#define OTLP_SRC_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Length of the well-formed character that starts at text[0] (Unicode, table 3-7): 1 to 4; 0 when
 * there is none. len is at least 1. */
size_t otlp__utf8_character(const char *text, size_t len);

/* True when no byte is above 0x7f. */
static inline bool otlp__is_ascii(const char *text, size_t len)
{
    uint64_t any = 0;
    uint64_t word = 0;
    if (len >= sizeof word) {
        for (size_t i = 0; i + sizeof word <= len; i += sizeof word) {
            memcpy(&word, text + i, sizeof word);
            any |= word;
        }
        memcpy(&word, text + len - sizeof word, sizeof word);
        return ((any | word) & UINT64_C(0x8080808080808080)) == 0;
    }
    for (size_t i = 0; i < len; i++) {
        any |= (unsigned char)text[i];
    }
    return any < 0x80;
}

bool otlp__utf8_is_well_formed(const char *text, size_t len);

/* True for well-formed UTF-8 (RFC 3629): no surrogates, nothing overlong, at most U+10FFFF. */
static inline bool otlp__utf8_is_valid(const char *text, size_t len)
{
    return otlp__is_ascii(text, len) || otlp__utf8_is_well_formed(text, len);
}

#endif
