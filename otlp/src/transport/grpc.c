#include "transport/grpc.h"
#include "base64.h"
#include "hex.h"

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

void otlp__grpc_parse_message(const char *text, size_t len, char *message, size_t capacity)
{
    size_t written = 0;
    for (size_t i = 0; i < len && written + 1 < capacity; i++) {
        char c = text[i];
        int byte = c == '%' && i + 2 < len ? otlp__hex_pair_any(text + i + 1) : -1;
        if (byte >= 0) {
            c = (char)byte;
            i += 2;
        }
        message[written++] = c;
    }
    message[written] = '\0';
}

size_t otlp__grpc_parse_binary(char *text, size_t len)
{
    while (len > 0 && text[len - 1] == '=') {
        len--;
    }
    return otlp__base64_decode(text, len, false);
}
