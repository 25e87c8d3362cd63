#include "base/utf8.h"

#include <stdbool.h>

size_t utf8_length(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t length = s[0] < 0x80                   ? 1
                    : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
                    : s[0] < 0xc2                 ? 0
                    : s[0] < 0xf0                 ? 3
                    : s[0] < 0xf5                 ? 4
                                                  : 0;
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool outside = (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf4 && s[1] >= 0x90);
    return length > 1 && (overlong || outside) ? 0 : length;
}

uint32_t utf8_next(const char **at)
{
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    const unsigned char *s = (const unsigned char *)*at;
    size_t length = utf8_length(*at);
    if (*s == '\0') {
        return 0;
    }
    if (length == 0) {
        (*at)++;
        return UTF8_REPLACEMENT;
    }
    uint32_t code = s[0] & first_bits[length];
    for (size_t i = 1; i < length; i++) {
        code = code << 6 | (s[i] & 0x3f);
    }
    *at += length;
    return code;
}
