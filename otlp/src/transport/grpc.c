#include "transport/grpc.h"

#include <inttypes.h>
#include <stdio.h>

void otlp__grpc_prefix(bool is_compressed, uint32_t message_bytes,
                       uint8_t prefix[OTLP__GRPC_PREFIX_BYTES])
{
    prefix[0] = is_compressed;
    for (int i = 0; i < 4; i++) {
        prefix[1 + i] = (uint8_t)(message_bytes >> (24 - 8 * i));
    }
}

void otlp__grpc_timeout(uint64_t timeout_ns, char text[16])
{
    static const struct {
        uint64_t ns;
        char unit;
    } units[] = {{1000u, 'u'}, {1000000u, 'm'}, {1000000000u, 'S'}, {60000000000u, 'M'}};
    size_t i = 0;
    while (i + 1 < sizeof units / sizeof units[0] && timeout_ns / units[i].ns > 99999999u) {
        i++;
    }
    uint64_t count = timeout_ns / units[i].ns;
    count = count > 99999999u ? 99999999u : count;
    snprintf(text, 16, "%" PRIu64 "%c", count > 0 ? count : 1, units[i].unit);
}

int otlp__grpc_code_of_http(int status)
{
    switch (status) {
    case 400:
    case 431:
        return OTLP__GRPC_INTERNAL;
    case 401:
        return OTLP__GRPC_UNAUTHENTICATED;
    case 403:
        return OTLP__GRPC_PERMISSION_DENIED;
    case 404:
        return OTLP__GRPC_UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
        return OTLP__GRPC_UNAVAILABLE;
    default:
        return OTLP__GRPC_UNKNOWN;
    }
}

int otlp__grpc_code_of_reset(uint32_t http2_error)
{
    switch (http2_error) {
    case 7: /* REFUSED_STREAM */
        return OTLP__GRPC_UNAVAILABLE;
    case 8: /* CANCEL */
        return OTLP__GRPC_CANCELLED;
    case 11: /* ENHANCE_YOUR_CALM */
        return OTLP__GRPC_RESOURCE_EXHAUSTED;
    case 12: /* INADEQUATE_SECURITY */
        return OTLP__GRPC_PERMISSION_DENIED;
    default:
        return OTLP__GRPC_INTERNAL;
    }
}

int otlp__grpc_parse_code(const char *text, size_t len)
{
    int code = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || code > 9999) {
            return OTLP__GRPC_UNKNOWN;
        }
        code = code * 10 + (text[i] - '0');
    }
    return len > 0 ? code : OTLP__GRPC_UNKNOWN;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char folded = (char)(c | 0x20);
    return folded >= 'a' && folded <= 'f' ? folded - 'a' + 10 : -1;
}

void otlp__grpc_parse_message(const char *text, size_t len, char *message, size_t capacity)
{
    size_t written = 0;
    for (size_t i = 0; i < len && written + 1 < capacity; i++) {
        char c = text[i];
        if (c == '%' && i + 2 < len && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            c = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        }
        message[written++] = c;
    }
    message[written] = '\0';
}

static int base64_digit(char c)
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
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

size_t otlp__grpc_parse_binary(char *text, size_t len)
{
    size_t written = 0;
    uint32_t bits = 0;
    unsigned bit_count = 0;
    while (len > 0 && text[len - 1] == '=') {
        len--;
    }
    if (len % 4 == 1) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < len; i++) {
        int digit = base64_digit(text[i]);
        if (digit < 0) {
            return SIZE_MAX;
        }
        bits = bits << 6 | (uint32_t)digit;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            text[written++] = (char)(bits >> bit_count & 0xff);
        }
    }
    return written;
}
