/* ASCII text without the locale: characters are judged the same wherever the program runs. */
#ifndef OTLP_SRC_ASCII_H
#define OTLP_SRC_ASCII_H

#include <stdbool.h>
#include <stddef.h>

static inline bool otlp__is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Optional white space of HTTP (RFC 9110, 5.6.3) off both ends. */
static inline void otlp__trim(const char **text, size_t *len)
{
    while (*len > 0 && otlp__is_space((*text)[0])) {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && otlp__is_space((*text)[*len - 1])) {
        (*len)--;
    }
}

static inline unsigned char otlp__fold(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : byte;
}

/* Equal but for the case of ASCII letters. */
static inline bool otlp__equal_fold(const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (a_len != b_len) {
        return false;
    }
    for (size_t i = 0; i < a_len; i++) {
        if (a[i] != b[i] && otlp__fold(a[i]) != otlp__fold(b[i])) {
            return false;
        }
    }
    return true;
}

#endif
