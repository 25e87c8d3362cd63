#include "json_write.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "hex.h"
#include "utf8.h"

/* Text is taken in pieces, so that the room for the worst case stays small. */
#define PIECE_BYTES OTLP__JSON_SHORT
#define ESCAPED_MAX 6u

static const char digits[] = "0123456789abcdef";

static void put_escaped(uint8_t **at, unsigned char byte)
{
    static const char plain[] = "\b\t\n\f\r\"\\";
    static const char letters[] = "btnfr\"\\";
    const char *found = byte != 0 ? strchr(plain, byte) : NULL;
    otlp__put_byte(at, '\\');
    if (found != NULL) {
        otlp__put_byte(at, (uint8_t)letters[found - plain]);
        return;
    }
    otlp__put_raw(at, "u00", 3);
    otlp__put_byte(at, (uint8_t)digits[byte >> 4]);
    otlp__put_byte(at, (uint8_t)digits[byte & 15]);
}

/* Top bits of the bytes that cannot be copied as they are: below 0x20, quote, backslash, above
 * 0x7f. May also mark bytes behind the first of them. */
static uint64_t special_bytes(uint64_t word)
{
    uint64_t quote = word ^ OTLP__EACH_BYTE('"');
    uint64_t backslash = word ^ OTLP__EACH_BYTE('\\');
    return ((word - OTLP__EACH_BYTE(0x20)) | (quote - OTLP__EACH_BYTE(1)) |
            (backslash - OTLP__EACH_BYTE(1)) | word) &
           OTLP__EACH_BYTE(0x80);
}

/* Copies plain characters, eight at a time, and returns how many; may write 7 bytes more. What is
 * left at the end is done with the eight last ones once more. */
static inline size_t copy_plain(uint8_t *to, const char *text, size_t len)
{
    size_t i = 0;
    while (len - i >= 8) {
        uint64_t special = special_bytes(otlp__load_8(text + i));
        memcpy(to + i, text + i, 8);
        if (special != 0) {
            return i + (size_t)__builtin_ctzll(special) / 8;
        }
        i += 8;
    }
    if (len >= 8 && i < len) {
        i = len - 8;
        uint64_t special = special_bytes(otlp__load_8(text + i));
        memcpy(to + i, text + i, 8);
        return special != 0 ? i + (size_t)__builtin_ctzll(special) / 8 : len;
    }
    while (i < len) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') {
            break;
        }
        to[i++] = byte;
    }
    return i;
}

/* len: of all the text that is left, of which at least `wanted` bytes are taken. */
static size_t put_piece(uint8_t **at, const char *text, size_t len, size_t wanted)
{
    size_t i = 0;
    while (i < wanted) {
        size_t plain = copy_plain(*at, text + i, wanted - i);
        *at += plain;
        i += plain;
        if (i >= wanted) {
            break;
        }
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x80) {
            put_escaped(at, byte);
            i++;
            continue;
        }
        size_t character = otlp__utf8_character(text + i, len - i);
        if (character == 0) {
            otlp__put_raw(at, "\xef\xbf\xbd", 3);
            i++;
        } else {
            otlp__put_raw(at, text + i, character);
            i += character;
        }
    }
    return i;
}

void otlp__json_put_short(uint8_t **at, const char *text, size_t len)
{
    otlp__put_byte(at, '"');
    size_t plain = copy_plain(*at, text, len);
    *at += plain;
    if (plain < len) {
        (void)put_piece(at, text + plain, len - plain, len - plain);
    }
    otlp__put_byte(at, '"');
}

int otlp__json_string(struct otlp__writer *writer, const char *text, size_t len)
{
    size_t done = 0;
    int rc = otlp__room(writer, 1);
    if (rc != 0) {
        return rc;
    }
    otlp__put_byte(&writer->at, '"');
    do {
        size_t wanted = len - done < PIECE_BYTES ? len - done : PIECE_BYTES;
        rc = otlp__room(writer, (wanted + 4) * ESCAPED_MAX + 9);
        if (rc != 0) {
            return rc;
        }
        if (wanted > 0) {
            done += put_piece(&writer->at, text + done, len - done, wanted);
        }
    } while (done < len);
    otlp__put_byte(&writer->at, '"');
    return 0;
}

int otlp__json_base64(struct otlp__writer *writer, const uint8_t *bytes, size_t len)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    int rc = otlp__room(writer, len / 3 * 4 + 6);
    if (rc != 0) {
        return rc;
    }
    otlp__put_byte(&writer->at, '"');
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)bytes[i + 2] : 0;
        otlp__put_byte(&writer->at, (uint8_t)alphabet[group >> 18]);
        otlp__put_byte(&writer->at, (uint8_t)alphabet[group >> 12 & 63]);
        otlp__put_byte(&writer->at, (uint8_t)(left > 1 ? alphabet[group >> 6 & 63] : '='));
        otlp__put_byte(&writer->at, (uint8_t)(left > 2 ? alphabet[group & 63] : '='));
    }
    otlp__put_byte(&writer->at, '"');
    return 0;
}

/* Four bytes as eight characters: nibbles to bytes, high one first, then to digits. */
static uint64_t hex_of(const uint8_t bytes[4])
{
    uint32_t four;
    memcpy(&four, bytes, sizeof four);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    four = __builtin_bswap32(four);
#endif
    uint64_t word = (four | (uint64_t)four << 16) & UINT64_C(0x0000ffff0000ffff);
    word = (word | word << 8) & UINT64_C(0x00ff00ff00ff00ff);
    uint64_t nibbles =
        (word >> 4 & UINT64_C(0x000f000f000f000f)) | (word & UINT64_C(0x000f000f000f000f)) << 8;
    uint64_t is_letter = (nibbles + OTLP__EACH_BYTE(6)) >> 4 & OTLP__EACH_BYTE(1);
    return nibbles + OTLP__EACH_BYTE('0') + is_letter * ('a' - '0' - 10);
}

int otlp__json_hex(struct otlp__writer *writer, const uint8_t *bytes, size_t len)
{
    int rc = otlp__room(writer, 2 * len + 2);
    if (rc != 0) {
        return rc;
    }
    otlp__put_byte(&writer->at, '"');
    for (size_t i = 0; i < len; i += 4) {
        otlp__put_fixed64(&writer->at, hex_of(bytes + i));
    }
    otlp__put_byte(&writer->at, '"');
    return 0;
}

/* Eight digits as text, the first one lowest: halves, quarters and eighths of the number side by
 * side in one word, divided by multiplication. */
static uint64_t eight_digits(uint32_t value)
{
    uint64_t halves = (uint64_t)(value / 10000) | (uint64_t)(value % 10000) << 32;
    uint64_t hundreds = halves * 5243 >> 19 & UINT64_C(0x0000007f0000007f);
    uint64_t quarters = hundreds | (halves - hundreds * 100) << 16;
    uint64_t tens = quarters * 103 >> 10 & UINT64_C(0x000f000f000f000f);
    return tens | (quarters - tens * 10) << 8;
}

static void put_eight(uint8_t **at, uint32_t value)
{
    otlp__put_fixed64(at, eight_digits(value) | OTLP__EACH_BYTE('0'));
}

/* Up to eight digits; writes eight bytes. */
static void put_few(uint8_t **at, uint32_t value)
{
    uint64_t text = eight_digits(value);
    unsigned zeros = text != 0 ? (unsigned)__builtin_ctzll(text) / 8 : 7;
    uint8_t *end = *at + 8 - zeros;
    otlp__put_fixed64(at, (text | OTLP__EACH_BYTE('0')) >> 8 * zeros);
    *at = end;
}

void otlp__json_digits(uint8_t **at, uint64_t value)
{
    const uint64_t eight = 100000000;
    if (value < eight) {
        put_few(at, (uint32_t)value);
        return;
    }
    if (value < eight * eight) {
        put_few(at, (uint32_t)(value / eight));
    } else {
        put_few(at, (uint32_t)(value / eight / eight));
        put_eight(at, (uint32_t)(value / eight % eight));
    }
    put_eight(at, (uint32_t)(value % eight));
}

#define EXACT_MAX 9007199254740992.0 /* 2^53 */

/*
 * Most numbers in telemetry have few decimals: then value * 10^k is near an integer whose quotient
 * by 10^k, both of them exact, is the value again. False when there is no such k.
 */
static bool put_short(uint8_t **at, double real)
{
    static const double powers[] = {1e0, 1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7, 1e8,
                                    1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16};
    double magnitude = fabs(real);
    for (size_t k = 0; k < sizeof powers / sizeof powers[0]; k++) {
        double scaled = magnitude * powers[k];
        if (scaled >= EXACT_MAX) {
            return false;
        }
        double whole = (double)(uint64_t)(scaled + 0.5);
        if (whole / powers[k] != magnitude) {
            continue;
        }
        if (signbit(real)) {
            otlp__put_byte(at, '-');
        }
        uint64_t power = (uint64_t)powers[k];
        uint64_t integer = (uint64_t)whole;
        otlp__json_digits(at, integer / power);
        if (k > 0) {
            uint8_t *point = *at;
            otlp__json_digits(at, power + integer % power);
            *point = '.';
        }
        return true;
    }
    return false;
}

/* What stands between the digits in the locale of the program is a point in JSON. */
static void put_in_c_locale(uint8_t **at, const char *text, size_t len)
{
    static const char plain[] = "0123456789+-e";
    for (size_t i = 0; i < len; i++) {
        bool is_plain = memchr(plain, text[i], sizeof plain - 1) != NULL;
        if (is_plain) {
            otlp__put_byte(at, (uint8_t)text[i]);
        } else if ((*at)[-1] != '.') {
            otlp__put_byte(at, '.');
        }
    }
}

int otlp__json_double(struct otlp__writer *writer, double real)
{
    int rc = otlp__room(writer, 48);
    if (rc != 0) {
        return rc;
    }
    if (!isfinite(real)) {
        const char *word = isnan(real) ? "\"NaN\"" : real > 0 ? "\"Infinity\"" : "\"-Infinity\"";
        otlp__put_raw(&writer->at, word, strlen(word));
        return 0;
    }
    if (put_short(&writer->at, real)) {
        return 0;
    }
    char text[48];
    int len = snprintf(text, sizeof text, "%.17g", real);
    if (len < 0) {
        return OTLP_EINVAL;
    }
    put_in_c_locale(&writer->at, text, (size_t)len);
    return 0;
}
