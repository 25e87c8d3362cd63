#include "utf8.h"

static bool is_between(unsigned char byte, unsigned low, unsigned high)
{
    return byte >= low && byte <= high;
}

/* The second byte's range rules out overlong forms, surrogates and what is above U+10FFFF. */
size_t otlp__utf8_character(const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    unsigned char lead = bytes[0];
    if (lead < 0x80) {
        return 1;
    }
    if (is_between(lead, 0xc2, 0xdf)) {
        return len >= 2 && is_between(bytes[1], 0x80, 0xbf) ? 2 : 0;
    }
    if (is_between(lead, 0xe0, 0xef)) {
        unsigned low = lead == 0xe0 ? 0xa0 : 0x80;
        unsigned high = lead == 0xed ? 0x9f : 0xbf;
        return len >= 3 && is_between(bytes[1], low, high) && is_between(bytes[2], 0x80, 0xbf) ? 3
                                                                                               : 0;
    }
    if (is_between(lead, 0xf0, 0xf4)) {
        unsigned low = lead == 0xf0 ? 0x90 : 0x80;
        unsigned high = lead == 0xf4 ? 0x8f : 0xbf;
        return len >= 4 && is_between(bytes[1], low, high) && is_between(bytes[2], 0x80, 0xbf) &&
                       is_between(bytes[3], 0x80, 0xbf)
                   ? 4
                   : 0;
    }
    return 0;
}

bool otlp__utf8_is_well_formed(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len) {
        uint64_t word;
        while (len - i >= sizeof word) {
            memcpy(&word, text + i, sizeof word);
            if ((word & 0x8080808080808080u) != 0) {
                break;
            }
            i += sizeof word;
        }
        if (i < len) {
            size_t character = otlp__utf8_character(text + i, len - i);
            if (character == 0) {
                return false;
            }
            i += character;
        }
    }
    return true;
}
