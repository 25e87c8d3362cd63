#include "percent.h"

#include <stdbool.h>

#include "charset.h"
#include "hex.h"

#include <stdint.h>
#include <string.h>

/* U+FFFD. As long as the shortest piece of header that can bring it about: "%ff". */
static const char replacement[3] = {'\xef', '\xbf', '\xbd'};

static bool is_plain(char c)
{
    return c != '%' && (otlp__charset[(unsigned char)c] & OTLP__SET_BAGGAGE) != 0;
}

/* The byte that an escape at text stands for, or -1 when it is none. */
static int escaped_byte(const char *text, size_t len)
{
    if (len < 3 || text[0] != '%') {
        return -1;
    }
    return otlp__hex_pair_any(text + 1);
}

/* Bounds of the second byte after a lead byte (RFC 3629, 4); *length is 0 for a byte that leads
 * none. */
static void lead_byte(uint8_t lead, size_t *length, uint8_t *low, uint8_t *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
        *length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        *length = 3;
        *low = lead == 0xe0 ? 0xa0 : 0x80;
        *high = lead == 0xed ? 0x9f : 0xbf;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        *length = 4;
        *low = lead == 0xf0 ? 0x90 : 0x80;
        *high = lead == 0xf4 ? 0x8f : 0xbf;
    } else {
        *length = 0;
    }
}

/* Length of the character at text when it is well-formed; *broken is false then. Otherwise the
 * length of the part that one U+FFFD replaces. */
static size_t utf8_step(const uint8_t *text, size_t len, bool *broken)
{
    size_t length;
    uint8_t low;
    uint8_t high;
    *broken = false;
    if (text[0] < 0x80) {
        return 1;
    }
    lead_byte(text[0], &length, &low, &high);
    size_t taken = 1;
    while (taken < length && taken < len && text[taken] >= low && text[taken] <= high) {
        taken++;
        low = 0x80;
        high = 0xbf;
    }
    *broken = taken != length;
    return taken;
}

/* Decodes the escapes at text as far as they make one character; *taken is how much text that was.
 * 0 when there is no escape. Escapes are the only source of bytes from 0x80, so the repair can look
 * at them alone. */
static size_t decode_character(const char *text, size_t len, char *decoded, size_t *taken)
{
    uint8_t bytes[4];
    size_t count = 0;
    for (int byte; count < sizeof bytes; count++) {
        byte = escaped_byte(text + 3 * count, len - 3 * count);
        if (byte < 0) {
            break;
        }
        bytes[count] = (uint8_t)byte;
    }
    if (count == 0) {
        return 0;
    }
    bool broken;
    size_t step = utf8_step(bytes, count, &broken);
    *taken = 3 * step;
    if (broken) {
        memcpy(decoded, replacement, sizeof replacement);
        return sizeof replacement;
    }
    memcpy(decoded, bytes, step);
    return step;
}

size_t otlp__percent_decode(const char *text, size_t len, char *decoded)
{
    size_t written = 0;
    for (size_t at = 0; at < len;) {
        size_t taken = 0;
        if (text[at] == '%') {
            written += decode_character(text + at, len - at, decoded + written, &taken);
        }
        if (taken == 0) {
            decoded[written++] = text[at];
            taken = 1;
        }
        at += taken;
    }
    return written;
}

size_t otlp__percent_encoded_len(const char *text, size_t len)
{
    size_t encoded = len;
    for (size_t i = 0; i < len; i++) {
        encoded += is_plain(text[i]) ? 0 : 2;
    }
    return encoded;
}

char *otlp__percent_encode(const char *text, size_t len, char *encoded)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < len; i++) {
        if (is_plain(text[i])) {
            *encoded++ = text[i];
        } else {
            *encoded++ = '%';
            *encoded++ = digits[(unsigned char)text[i] >> 4];
            *encoded++ = digits[(unsigned char)text[i] & 0x0f];
        }
    }
    return encoded;
}
