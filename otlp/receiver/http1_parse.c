#include "http1_parse.h"

#include <string.h>

#define CHUNK_LINE_BYTES 256
#define EMPTY_LINES_MAX  4 /* before a request: some clients end a body with one */

static bool is_token_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct rx_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_char((unsigned char)text.data[i])) {
            return false;
        }
    }
    return text.len > 0;
}

static bool is_value(struct rx_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

/* Cuts the next line off, without its CR LF. The end of every line is known to be there. */
static bool next_line(struct rx_text *rest, struct rx_text *line)
{
    const char *end = memchr(rest->data, '\n', rest->len);
    size_t len = end != NULL ? (size_t)(end - rest->data) : 0;
    if (end == NULL || len == 0 || end[-1] != '\r') {
        return false;
    }
    *line = (struct rx_text){rest->data, len - 1};
    rest->data += len + 1;
    rest->len -= len + 1;
    return true;
}

/* Absolute form is cut down to the path; what is no target stays empty. */
static struct rx_text path_of(struct rx_text target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);
        if (target.len > len && otlp__rx_is((struct rx_text){target.data, len}, schemes[i])) {
            while (len < target.len && memchr("/?#", target.data[len], 3) == NULL) {
                len++;
            }
            if (len == target.len || target.data[len] != '/') {
                return (struct rx_text){"/", 1};
            }
            return (struct rx_text){target.data + len, target.len - len};
        }
    }
    return target;
}

static bool is_target(struct rx_text target)
{
    for (size_t i = 0; i < target.len; i++) {
        if ((unsigned char)target.data[i] <= 0x20 || target.data[i] == 0x7f) {
            return false;
        }
    }
    return target.len > 0 && (target.data[0] == '/' || otlp__rx_is(target, "*"));
}

static int parse_request_line(struct rx_text line, struct rx_http1_head *parsed)
{
    const char *first = memchr(line.data, ' ', line.len);
    if (first == NULL) {
        return RX_PARSE_BAD;
    }
    struct rx_text method = {line.data, (size_t)(first - line.data)};
    struct rx_text rest = {first + 1, line.len - method.len - 1};
    const char *second = memchr(rest.data, ' ', rest.len);
    if (second == NULL || !is_token(method)) {
        return RX_PARSE_BAD;
    }
    struct rx_text target = {rest.data, (size_t)(second - rest.data)};
    struct rx_text version = {second + 1, rest.len - target.len - 1};
    parsed->head.method = method;
    parsed->head.path = path_of(target);
    if (!is_target(parsed->head.path) || version.len != 8 ||
        memcmp(version.data, "HTTP/", 5) != 0 || version.data[6] != '.') {
        return RX_PARSE_BAD;
    }
    parsed->is_http10 = memcmp(version.data, "HTTP/1.0", 8) == 0;
    return parsed->is_http10 || memcmp(version.data, "HTTP/1.1", 8) == 0 ? 0 : RX_PARSE_VERSION;
}

static int judge(struct rx_http1_head *parsed)
{
    struct rx_head *head = &parsed->head;
    if (!parsed->is_http10 && head->host.data == NULL) {
        return RX_PARSE_BAD;
    }
    if (!otlp__rx_head_length(head)) {
        return RX_PARSE_BAD;
    }
    if (head->transfer_encoding.data != NULL) {
        /* Both lengths at once are how requests are smuggled. */
        if (head->has_length || parsed->is_http10) {
            return RX_PARSE_BAD;
        }
        if (!otlp__rx_is(head->transfer_encoding, "chunked")) {
            return RX_PARSE_CODING;
        }
        parsed->is_chunked = true;
    }
    if (head->expect.data != NULL && !parsed->is_http10) {
        if (!otlp__rx_is(head->expect, "100-continue")) {
            return RX_PARSE_EXPECT;
        }
        parsed->expects_continue = true;
    }
    return 0;
}

static int parse_fields(struct rx_text rest, struct rx_http1_head *parsed)
{
    struct rx_text line;
    while (next_line(&rest, &line)) {
        if (line.len == 0) {
            return judge(parsed);
        }
        const char *colon = memchr(line.data, ':', line.len);
        if (colon == NULL) {
            return RX_PARSE_BAD;
        }
        struct rx_text name = {line.data, (size_t)(colon - line.data)};
        struct rx_text value = otlp__rx_trim((struct rx_text){colon + 1, line.len - name.len - 1});
        if (!is_token(name) || !is_value(value) ||
            !otlp__rx_head_field(&parsed->head, name, value)) {
            return RX_PARSE_BAD;
        }
    }
    return RX_PARSE_BAD;
}

/* Whether what is there of a header cannot become one: a line without CR, or a first byte that no
 * method has. */
static bool is_hopeless(const uint8_t *data, size_t data_len)
{
    if (data_len > 0 && !is_token_char(data[0])) {
        return true;
    }
    const uint8_t *at = data;
    while ((at = memchr(at, '\n', data_len - (size_t)(at - data))) != NULL) {
        if (at == data || at[-1] != '\r') {
            return true;
        }
        at++;
    }
    return false;
}

long otlp__rx_http1_parse(const uint8_t *data, size_t data_len, size_t limit_bytes,
                          struct rx_http1_head *parsed)
{
    size_t skipped = 0;
    while (skipped < 2 * EMPTY_LINES_MAX && data_len - skipped >= 2 && data[skipped] == '\r' &&
           data[skipped + 1] == '\n') {
        skipped += 2;
    }
    if (data_len - skipped == 1 && data[skipped] == '\r' && skipped < 2 * EMPTY_LINES_MAX) {
        return RX_PARSE_MORE;
    }
    const uint8_t *begin = data + skipped;
    size_t len = data_len - skipped;
    size_t looked_at = len < limit_bytes ? len : limit_bytes;
    const uint8_t *end = looked_at > 0 ? memmem(begin, looked_at, "\r\n\r\n", 4) : NULL;
    if (is_hopeless(begin, end != NULL ? (size_t)(end - begin) : looked_at)) {
        return RX_PARSE_BAD;
    }
    if (end == NULL && len < limit_bytes) {
        return RX_PARSE_MORE;
    }
    if (end == NULL) {
        return memchr(begin, '\n', looked_at) == NULL ? RX_PARSE_TARGET : RX_PARSE_LARGE;
    }
    memset(parsed, 0, sizeof *parsed);
    struct rx_text rest = {(const char *)begin, (size_t)(end - begin) + 4};
    struct rx_text line;
    if (!next_line(&rest, &line)) {
        return RX_PARSE_BAD;
    }
    int rc = parse_request_line(line, parsed);
    rc = rc == 0 ? parse_fields(rest, parsed) : rc;
    return rc == 0 ? (long)(skipped + (size_t)(end - begin) + 4) : rc;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

long otlp__rx_http1_chunk(const uint8_t *data, size_t data_len, uint64_t *chunk_bytes)
{
    size_t looked_at = data_len < CHUNK_LINE_BYTES ? data_len : CHUNK_LINE_BYTES;
    const uint8_t *end = memchr(data, '\n', looked_at);
    size_t line_len = end != NULL ? (size_t)(end - data) : looked_at;
    uint64_t value = 0;
    size_t digits = 0;
    while (digits < line_len && hex_digit(data[digits]) >= 0) {
        value = value << 4 | (uint64_t)hex_digit(data[digits]);
        digits++;
    }
    /* 15 digits are no overflow, and more than any limit. */
    if (digits > 15 || (digits == 0 && line_len > 0)) {
        return RX_PARSE_BAD;
    }
    size_t after = digits;
    while (after < line_len && (data[after] == ' ' || data[after] == '\t')) {
        after++;
    }
    if (after < line_len && data[after] != ';' && data[after] != '\r') {
        return RX_PARSE_BAD;
    }
    if (end == NULL) {
        return data_len >= CHUNK_LINE_BYTES ? RX_PARSE_BAD : RX_PARSE_MORE;
    }
    struct rx_text extension = {(const char *)data + digits, line_len - digits};
    if (line_len == 0 || data[line_len - 1] != '\r') {
        return RX_PARSE_BAD;
    }
    extension.len--;
    if (!is_value(extension)) {
        return RX_PARSE_BAD;
    }
    *chunk_bytes = value;
    return (long)(line_len + 1);
}

long otlp__rx_http1_trailer(const uint8_t *data, size_t data_len, size_t limit_bytes, bool *is_last)
{
    size_t looked_at = data_len < limit_bytes ? data_len : limit_bytes;
    const uint8_t *end = memchr(data, '\n', looked_at);
    if (end == NULL) {
        return data_len >= limit_bytes ? RX_PARSE_LARGE : RX_PARSE_MORE;
    }
    size_t line_len = (size_t)(end - data);
    if (line_len == 0 || data[line_len - 1] != '\r') {
        return RX_PARSE_BAD;
    }
    struct rx_text line = {(const char *)data, line_len - 1};
    *is_last = line.len == 0;
    return is_value(line) ? (long)(line_len + 1) : RX_PARSE_BAD;
}
