/* Which characters the header grammars permit where: one table, a bit for each set. Bytes from 0x80
 * are in none of them. */
#ifndef OTLP_SRC_CHARSET_H
#define OTLP_SRC_CHARSET_H

#include <stddef.h>
#include <stdint.h>

enum {
    OTLP__SET_STATE_KEY_FIRST = 1, /* tracestate keys: a-z 0-9 */
    OTLP__SET_STATE_KEY = 2,       /* those and _ - * / @ */
    OTLP__SET_STATE_VALUE = 4,     /* tracestate values: 0x20 to 0x7e without , and = */
    OTLP__SET_TOKEN = 8,           /* token of RFC 9110, 5.6.2: baggage keys */
    OTLP__SET_BAGGAGE = 16,        /* baggage-octet: 0x21 to 0x7e without " , ; and \ */
};

extern const uint8_t otlp__charset[256];

/* The length of the longest beginning of text that is in the set. */
static inline size_t otlp__charset_span(const char *text, size_t len, unsigned set)
{
    size_t i = 0;
    while (i < len && (otlp__charset[(unsigned char)text[i]] & set) != 0) {
        i++;
    }
    return i;
}

#endif
