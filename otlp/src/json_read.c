#include "json_read.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <otlp/json.h>

#include "utf8.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_space(struct otlp__json *json)
{
    while (json->at < json->end &&
           (*json->at == ' ' || *json->at == '\n' || *json->at == '\r' || *json->at == '\t')) {
        json->at++;
    }
}

static void fail(struct otlp__json *json)
{
    json->failed = true;
    json->at = json->end;
}

char otlp__json_peek(struct otlp__json *json)
{
    skip_space(json);
    return json->at < json->end ? *json->at : '\0';
}

void otlp__json_expect(struct otlp__json *json, char character)
{
    if (otlp__json_peek(json) != character) {
        fail(json);
    } else {
        json->at++;
    }
}

bool otlp__json_next(struct otlp__json *json, char closing, bool is_first)
{
    if (json->failed) {
        return false;
    }
    char next = otlp__json_peek(json);
    if (next == closing) {
        json->at++;
        return false;
    }
    if (!is_first) {
        otlp__json_expect(json, ',');
        /* No comma before the bracket. */
        if (!json->failed && otlp__json_peek(json) == closing) {
            fail(json);
        }
    } else if (next == '\0') {
        fail(json);
    }
    return !json->failed;
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* at: behind the backslash. Moves it past the escape, or returns false. */
static bool skip_escape(const char **at, const char *end)
{
    if (*at >= end || **at == '\0' || strchr("\"\\/bfnrtu", **at) == NULL) {
        return false;
    }
    bool is_unicode = **at == 'u';
    ++*at;
    if (is_unicode) {
        if (end - *at < 4) {
            return false;
        }
        for (size_t i = 0; i < 4; i++) {
            if (!is_hex((*at)[i])) {
                return false;
            }
        }
        *at += 4;
    }
    return true;
}

struct otlp__json_token otlp__json_take_string(struct otlp__json *json)
{
    struct otlp__json_token token = {.is_string = true};
    otlp__json_expect(json, '"');
    if (json->failed) {
        return token;
    }
    const char *at = json->at;
    const char *end = json->end;
    token.text = at;
    while (at < end && *at != '"') {
        if (*at == '\\') {
            token.has_escapes = true;
            at++;
            if (!skip_escape(&at, end)) {
                fail(json);
                return token;
            }
        } else if ((unsigned char)*at < 0x20) {
            fail(json);
            return token;
        } else {
            at++;
        }
    }
    token.len = (size_t)(at - token.text);
    if (at == end || (json->wants_utf8 && !otlp__utf8_is_valid(token.text, token.len))) {
        fail(json);
        return token;
    }
    json->at = at + 1;
    return token;
}

struct otlp__json_token otlp__json_take_key(struct otlp__json *json)
{
    struct otlp__json_token token = otlp__json_take_string(json);
    otlp__json_expect(json, ':');
    return token;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && is_digit(*at)) {
        at++;
    }
    return at;
}

/* The end of the number at `at`; NULL when there is none. */
static const char *number_end(const char *at, const char *end)
{
    if (at < end && *at == '-') {
        at++;
    }
    const char *whole = at;
    at = skip_digits(at, end);
    if (at == whole || (*whole == '0' && at - whole > 1)) {
        return NULL;
    }
    if (at < end && *at == '.') {
        const char *fraction = at + 1;
        at = skip_digits(fraction, end);
        if (at == fraction) {
            return NULL;
        }
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-')) {
            at++;
        }
        const char *exponent = at;
        at = skip_digits(exponent, end);
        if (at == exponent) {
            return NULL;
        }
    }
    return at;
}

static struct otlp__json_token take_number(struct otlp__json *json)
{
    struct otlp__json_token token = {.text = json->at};
    const char *end = number_end(json->at, json->end);
    if (end == NULL) {
        fail(json);
        return token;
    }
    token.len = (size_t)(end - json->at);
    json->at = end;
    return token;
}

struct otlp__json_token otlp__json_take_scalar(struct otlp__json *json)
{
    return otlp__json_peek(json) == '"' ? otlp__json_take_string(json) : take_number(json);
}

static bool take_word(struct otlp__json *json, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(json->end - json->at) < len || memcmp(json->at, word, len) != 0) {
        return false;
    }
    json->at += len;
    return true;
}

bool otlp__json_take_bool(struct otlp__json *json)
{
    skip_space(json);
    if (take_word(json, "true")) {
        return true;
    }
    if (!take_word(json, "false")) {
        fail(json);
    }
    return false;
}

bool otlp__json_take_null(struct otlp__json *json)
{
    skip_space(json);
    return take_word(json, "null");
}

static void skip_scalar(struct otlp__json *json, char first)
{
    if (first == '"') {
        (void)otlp__json_take_string(json);
    } else if (first == 't' || first == 'f') {
        (void)otlp__json_take_bool(json);
    } else if (first == 'n') {
        if (!otlp__json_take_null(json)) {
            fail(json);
        }
    } else {
        (void)take_number(json);
    }
}

void otlp__json_skip(struct otlp__json *json)
{
    char closing[OTLP_JSON_DEPTH_MAX];
    size_t depth = 0;
    bool is_first = true;
    do {
        if (depth > 0 && !otlp__json_next(json, closing[depth - 1], is_first)) {
            depth--;
            is_first = false;
            continue;
        }
        if (depth > 0 && closing[depth - 1] == '}') {
            (void)otlp__json_take_key(json);
        }
        char first = otlp__json_peek(json);
        is_first = first == '{' || first == '[';
        if (!is_first) {
            skip_scalar(json, first);
        } else if (depth == OTLP_JSON_DEPTH_MAX) {
            fail(json);
        } else {
            json->at++;
            closing[depth++] = first == '{' ? '}' : ']';
        }
    } while (depth > 0 && !json->failed);
}

static unsigned hex_unit(const char *text)
{
    unsigned unit = 0;
    for (size_t i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)text[i];
        unsigned digit = c <= '9' ? c - (unsigned)'0' : (c | 0x20u) - (unsigned)'a' + 10u;
        unit = unit << 4 | digit;
    }
    return unit;
}

static size_t put_code_point(unsigned code, char *to)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xc0u | code >> 6);
        to[1] = (char)(0x80u | (code & 0x3fu));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xe0u | code >> 12);
        to[1] = (char)(0x80u | (code >> 6 & 0x3fu));
        to[2] = (char)(0x80u | (code & 0x3fu));
        return 3;
    }
    to[0] = (char)(0xf0u | code >> 18);
    to[1] = (char)(0x80u | (code >> 12 & 0x3fu));
    to[2] = (char)(0x80u | (code >> 6 & 0x3fu));
    to[3] = (char)(0x80u | (code & 0x3fu));
    return 4;
}

/* text: behind \u. Half a surrogate pair becomes U+FFFD. */
static size_t unescape_unicode(const char *text, const char *end, char *to, const char **next)
{
    unsigned unit = hex_unit(text);
    *next = text + 4;
    if (unit < 0xd800 || unit > 0xdfff) {
        return put_code_point(unit, to);
    }
    if (unit < 0xdc00 && end - *next >= 6 && (*next)[0] == '\\' && (*next)[1] == 'u') {
        unsigned low = hex_unit(*next + 2);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *next += 6;
            return put_code_point(0x10000u + ((unit - 0xd800u) << 10) + (low - 0xdc00u), to);
        }
    }
    return put_code_point(0xfffd, to);
}

size_t otlp__json_unescape(struct otlp__json *json, struct otlp__json_token token, char *to)
{
    static const char letters[] = "bfnrt";
    static const char meanings[] = "\b\f\n\r\t";
    size_t written = 0;
    const char *at = token.text;
    const char *end = at + token.len;
    if (json->failed) {
        return 0;
    }
    while (at < end) {
        if (*at != '\\') {
            to[written++] = *at++;
            continue;
        }
        at++;
        if (*at == 'u') {
            written += unescape_unicode(at + 1, end, to + written, &at);
            continue;
        }
        const char *letter = strchr(letters, *at);
        to[written++] = letter != NULL ? meanings[letter - letters] : *at;
        at++;
    }
    return written;
}

/* Plain digits, the usual case: without a detour by doubles, which hold 53 bits only. */
static bool to_magnitude(const char *text, size_t len, uint64_t *value)
{
    uint64_t sum = 0;
    if (len == 0) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i]) || sum > UINT64_MAX / 10) {
            return false;
        }
        uint64_t next = sum * 10 + (uint64_t)(text[i] - '0');
        if (next < sum * 10) {
            return false;
        }
        sum = next;
    }
    *value = sum;
    return true;
}

static bool to_whole_double(struct otlp__json_token token, double *value)
{
    return otlp__json_to_double(token, value) && *value == trunc(*value) &&
           fabs(*value) <= 9007199254740992.0;
}

bool otlp__json_to_uint64(struct otlp__json_token token, uint64_t *value)
{
    double real;
    if (to_magnitude(token.text, token.len, value)) {
        return true;
    }
    if (!to_whole_double(token, &real) || real < 0) {
        return false;
    }
    *value = (uint64_t)real;
    return true;
}

bool otlp__json_to_int64(struct otlp__json_token token, int64_t *value)
{
    bool is_negative = token.len > 0 && token.text[0] == '-';
    uint64_t magnitude;
    double real;
    if (to_magnitude(token.text + is_negative, token.len - is_negative, &magnitude)) {
        if (magnitude > (uint64_t)INT64_MAX + is_negative) {
            return false;
        }
        *value = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
        return true;
    }
    if (!to_whole_double(token, &real)) {
        return false;
    }
    *value = (int64_t)real;
    return true;
}

/* Few digits and a small exponent, the usual case: one rounding of two exact numbers. */
static bool to_short_real(const char *text, size_t len, double *value)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    size_t i = text[0] == '-';
    size_t decimals = 0;
    bool has_point = false;
    uint64_t digits = 0;
    if (len - i > 16) {
        return false;
    }
    for (; i < len; i++) {
        if (text[i] == '.') {
            has_point = true;
        } else if (is_digit(text[i])) {
            digits = digits * 10 + (uint64_t)(text[i] - '0');
            decimals += has_point;
        } else {
            return false;
        }
    }
    if (digits > UINT64_C(9007199254740992) || decimals > 15) {
        return false;
    }
    double real = (double)digits / powers[decimals];
    *value = text[0] == '-' ? -real : real;
    return true;
}

/* text is a number as JSON has it. */
static bool to_real(const char *text, size_t len, double *value)
{
    char copy[512]; /* more digits than any double needs */
    if (to_short_real(text, len, value)) {
        return true;
    }
    if (len >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0) {
        return false;
    }
    double real = strtod_l(copy, NULL, c_locale);
    freelocale(c_locale);
    if (!isfinite(real)) {
        return false;
    }
    *value = real;
    return true;
}

static bool is_word(struct otlp__json_token token, const char *word)
{
    return token.is_string && token.len == strlen(word) && memcmp(token.text, word, token.len) == 0;
}

bool otlp__json_to_double(struct otlp__json_token token, double *value)
{
    if (is_word(token, "NaN")) {
        *value = (double)NAN;
        return true;
    }
    if (is_word(token, "Infinity") || is_word(token, "-Infinity")) {
        *value = token.text[0] == '-' ? -(double)INFINITY : (double)INFINITY;
        return true;
    }
    if (token.len == 0 ||
        number_end(token.text, token.text + token.len) != token.text + token.len) {
        return false;
    }
    return to_real(token.text, token.len, value);
}
