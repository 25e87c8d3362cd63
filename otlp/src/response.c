#include "response_internal.h"

#include <stdlib.h>

#include "json_write.h"
#include "utf8.h"
#include "wire_read.h"

void otlp__message_set(char message[OTLP_RESPONSE_MESSAGE_BYTES], const char *text, size_t len)
{
    if (len >= OTLP_RESPONSE_MESSAGE_BYTES) {
        len = OTLP_RESPONSE_MESSAGE_BYTES - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xc0u) == 0x80u) {
            len--;
        }
    }
    if (len > 0) {
        memcpy(message, text, len);
    }
    message[len] = '\0';
}

bool otlp__response_next(struct otlp__json *json, bool is_first, char key[64], size_t *key_len)
{
    if (!otlp__json_next(json, '}', is_first)) {
        return false;
    }
    struct otlp__json_token token = otlp__json_take_key(json);
    *key_len = 0;
    if (!json->failed && token.len <= 64) {
        *key_len = otlp__json_unescape(json, token, key);
    }
    return !json->failed;
}

/* A piece of text that is longer than fits can be cut before its escapes are undone: what is
 * written is never longer than what was read, but may be shorter. */
void otlp__response_message(struct otlp__json *json, char message[OTLP_RESPONSE_MESSAGE_BYTES])
{
    struct otlp__json_token token = otlp__json_take_string(json);
    if (json->failed) {
        return;
    }
    if (!token.has_escapes) {
        otlp__message_set(message, token.text, token.len);
        return;
    }
    char *text = malloc(token.len);
    if (text == NULL) {
        otlp__message_set(message, token.text, token.len);
        return;
    }
    size_t len = otlp__json_unescape(json, token, text);
    otlp__message_set(message, text, len);
    free(text);
}

bool otlp__response_is_over(struct otlp__json *json)
{
    return otlp__json_peek(json) == '\0' && !json->failed && json->at == json->end;
}

static const char *rejected_key(enum otlp_signal signal)
{
    static const char *const keys[] = {"rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"};
    return keys[signal];
}

static int put_partial(struct otlp__writer *writer, const struct otlp_response *response)
{
    size_t message_len = strlen(response->message);
    size_t start = 0;
    int rc = otlp__room(writer, message_len + 32);
    if (rc != 0) {
        return rc;
    }
    otlp__put_byte(&writer->at, 0x0a);
    rc = otlp__length_open(writer, 1, &start);
    if (rc == 0) {
        otlp__put_nonzero(&writer->at, 0x08, (uint64_t)response->rejected);
        otlp__put_text(&writer->at, 0x12, response->message, message_len);
        rc = otlp__length_close(writer, 1, start);
    }
    return rc;
}

static int put_partial_json(struct otlp__writer *writer, enum otlp_signal signal,
                            const struct otlp_response *response)
{
    static const char head[] = "{\"partialSuccess\":{\"";
    const char *key = rejected_key(signal);
    int rc = otlp__room(writer, 128);
    if (rc != 0) {
        return rc;
    }
    otlp__put_raw(&writer->at, head, sizeof head - 1);
    if (response->rejected != 0) {
        otlp__put_raw(&writer->at, key, strlen(key));
        otlp__put_raw(&writer->at, "\":\"", 3);
        otlp__json_integer(&writer->at, response->rejected);
        otlp__put_raw(&writer->at, "\",\"", 3);
    }
    rc = otlp__json_raw(writer, "errorMessage\":", 14);
    if (rc == 0) {
        rc = otlp__json_string(writer, response->message, strlen(response->message));
    }
    return rc == 0 ? otlp__json_raw(writer, "}}", 2) : rc;
}

int otlp_response_encode(enum otlp_signal signal, enum otlp_encoding encoding,
                         const struct otlp_response *response, struct otlp_buffer *out)
{
    struct otlp__writer writer = otlp__writer_on(out);
    if (signal > OTLP_LOGS) {
        return OTLP_EINVAL;
    }
    int rc = 0;
    if (encoding != OTLP_ENCODING_JSON) {
        rc = response->is_partial ? put_partial(&writer, response) : 0;
    } else if (response->is_partial) {
        rc = put_partial_json(&writer, signal, response);
    } else {
        rc = otlp__json_raw(&writer, "{}", 2);
    }
    return otlp__writer_finish(&writer, rc);
}

static bool read_partial(const uint8_t *at, const uint8_t *end, struct otlp_response *response)
{
    uint32_t number;
    unsigned wire;
    uint64_t value;
    const uint8_t *bytes;
    size_t len;
    response->is_partial = true;
    while (at < end) {
        if (!otlp__read_tag(&at, end, &number, &wire)) {
            return false;
        }
        if (number == 1) {
            if (wire != OTLP__WIRE_VARINT || !otlp__read_varint(&at, end, &value)) {
                return false;
            }
            response->rejected = (int64_t)value;
        } else if (number == 2) {
            if (wire != OTLP__WIRE_BYTES || !otlp__read_bytes(&at, end, &bytes, &len)) {
                return false;
            }
            otlp__message_set(response->message, (const char *)bytes, len);
        } else if (!otlp__skip_value(&at, end, wire)) {
            return false;
        }
    }
    return true;
}

static bool read_response(const uint8_t *at, const uint8_t *end, struct otlp_response *response)
{
    const uint8_t *bytes;
    size_t len;
    while (otlp__find_bytes(&at, end, 1, &bytes, &len)) {
        if (bytes == NULL) {
            return true;
        }
        if (!read_partial(bytes, bytes + len, response)) {
            return false;
        }
    }
    return false;
}

static bool read_partial_json(struct otlp__json *json, enum otlp_signal signal,
                              struct otlp_response *response)
{
    char key[64];
    size_t key_len;
    response->is_partial = true;
    otlp__json_expect(json, '{');
    for (bool first = true; otlp__response_next(json, first, key, &key_len); first = false) {
        bool is_count = otlp__response_is_key(key, key_len, rejected_key(signal));
        if (!is_count && !otlp__response_is_key(key, key_len, "errorMessage")) {
            otlp__json_skip(json);
        } else if (otlp__json_take_null(json)) {
            continue;
        } else if (!is_count) {
            otlp__response_message(json, response->message);
        } else if (!otlp__json_to_int64(otlp__json_take_scalar(json), &response->rejected)) {
            return false;
        }
    }
    return !json->failed;
}

static bool read_response_json(struct otlp__json *json, enum otlp_signal signal,
                               struct otlp_response *response)
{
    char key[64];
    size_t key_len;
    otlp__json_expect(json, '{');
    for (bool first = true; otlp__response_next(json, first, key, &key_len); first = false) {
        if (!otlp__response_is_key(key, key_len, "partialSuccess")) {
            otlp__json_skip(json);
        } else if (!otlp__json_take_null(json) && !read_partial_json(json, signal, response)) {
            return false;
        }
    }
    return otlp__response_is_over(json);
}

int otlp_response_decode(enum otlp_signal signal, enum otlp_encoding encoding, const uint8_t *data,
                         size_t data_len, struct otlp_response *response)
{
    struct otlp_response decoded = {0};
    bool is_read;
    if (signal > OTLP_LOGS) {
        return OTLP_EINVAL;
    }
    if (data_len == 0) {
        is_read = encoding != OTLP_ENCODING_JSON;
    } else if (encoding == OTLP_ENCODING_JSON) {
        const char *text = (const char *)data;
        struct otlp__json json = {text, text + data_len, false, false};
        is_read = read_response_json(&json, signal, &decoded);
    } else {
        is_read = read_response(data, data + data_len, &decoded);
    }
    if (!is_read) {
        return OTLP_EFORMAT;
    }
    *response = decoded;
    return 0;
}
