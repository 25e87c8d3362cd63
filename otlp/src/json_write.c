#include "json_write.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "hex.h"
#include "utf8.h"

/* Text is taken in pieces, so that the room for the worst case stays small. */
#define PIECE_BYTES 1024u
#define ESCAPED_MAX 6u

static const char digits[] = "0123456789abcdef";

int otlp__json_raw(struct otlp__writer *writer, const char *text, size_t len)
{
    int rc = otlp__room(writer, len);
    if (rc == 0) {
        otlp__put_raw(&writer->at, text, len);
    }
    return rc;
}

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

/* Copies up to 8 plain characters at a time; may write 7 bytes more than it says. */
static size_t copy_plain(uint8_t *to, const char *text, size_t len)
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

int otlp__json_hex(struct otlp__writer *writer, const uint8_t *bytes, size_t len)
{
    int rc = otlp__room(writer, 2 * len + 2);
    if (rc != 0) {
        return rc;
    }
    otlp__put_byte(&writer->at, '"');
    for (size_t i = 0; i < len; i++) {
        otlp__put_byte(&writer->at, (uint8_t)digits[bytes[i] >> 4]);
        otlp__put_byte(&writer->at, (uint8_t)digits[bytes[i] & 15]);
    }
    otlp__put_byte(&writer->at, '"');
    return 0;
}

void otlp__json_digits(uint8_t **at, uint64_t value)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233"
        "34353637383940414243444546474849505152535455565758596061626364656667"
        "6869707172737475767778798081828384858687888990919293949596979899";
    char text[20];
    size_t first = sizeof text;
    while (value >= 100) {
        first -= 2;
        memcpy(text + first, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        first -= 2;
        memcpy(text + first, pairs + value * 2, 2);
    } else {
        text[--first] = (char)('0' + value);
    }
    memcpy(*at, text + first, sizeof text - first);
    *at += sizeof text - first;
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
    char text[40];
    int len = snprintf(text, sizeof text, "%.17g", real);
    if (len < 0) {
        return OTLP_EINVAL;
    }
    char *comma = strchr(text, ','); /* the decimal point of some locales */
    if (comma != NULL) {
        *comma = '.';
    }
    otlp__put_raw(&writer->at, text, (size_t)len);
    return 0;
}
