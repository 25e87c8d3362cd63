#include "base64.h"

#include <stdint.h>

/* The value of a digit, or -1. */
static int digit_of(char c, bool takes_url)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == '+' || (takes_url && c == '-')) {
        return 62;
    }
    return c == '/' || (takes_url && c == '_') ? 63 : -1;
}

size_t otlp__base64_decode(char *text, size_t len, bool takes_url)
{
    if (len % 4 == 1) {
        return SIZE_MAX;
    }
    size_t written = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = digit_of(text[i], takes_url);
        if (digit < 0) {
            return SIZE_MAX;
        }
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 != 0) {
            text[written++] = (char)(uint8_t)(bits >> (6 - i % 4 * 2));
        }
    }
    return written;
}
