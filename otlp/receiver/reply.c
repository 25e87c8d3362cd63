#include "reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RETRY_INFO "type.googleapis.com/google.rpc.RetryInfo"
#define SECOND_NS  1000000000u

/* A message of one kind or the other is far smaller than this. */
struct text {
    uint8_t data[1024];
    size_t len;
};

static void put_varint(struct text *text, uint64_t value)
{
    while (value > 0x7f) {
        text->data[text->len++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    text->data[text->len++] = (uint8_t)value;
}

static void put_integer(struct text *text, unsigned field, uint64_t value)
{
    if (value != 0) {
        put_varint(text, field << 3);
        put_varint(text, value);
    }
}

static void put_bytes(struct text *text, unsigned field, const void *data, size_t len)
{
    put_varint(text, field << 3 | 2);
    put_varint(text, len);
    memcpy(text->data + text->len, data, len);
    text->len += len;
}

static void put_string(struct text *text, unsigned field, const char *string)
{
    if (string[0] != '\0') {
        put_bytes(text, field, string, strlen(string));
    }
}

static void put_json(struct text *text, const char *json)
{
    size_t len = strlen(json);
    memcpy(text->data + text->len, json, len);
    text->len += len;
}

static void put_json_string(struct text *text, const char *string)
{
    text->data[text->len++] = '"';
    for (const char *c = string; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            text->data[text->len++] = '\\';
        }
        text->data[text->len++] = (unsigned char)*c < 0x20 ? ' ' : (uint8_t)*c;
    }
    text->data[text->len++] = '"';
}

static int append(struct otlp_buffer *out, const struct text *text)
{
    int rc = otlp_buffer_reserve(out, text->len);
    if (rc == 0 && text->len > 0) {
        memcpy(out->data + out->len, text->data, text->len);
        out->len += text->len;
    }
    return rc;
}

static const char *rejected_name(enum otlp_signal signal)
{
    switch (signal) {
    case OTLP_TRACES:
        return "rejectedSpans";
    case OTLP_METRICS:
        return "rejectedDataPoints";
    case OTLP_LOGS:
        return "rejectedLogRecords";
    }
    return "";
}

int otlp__rx_reply_response(enum otlp_signal signal, enum otlp_encoding encoding, bool is_partial,
                            int64_t rejected, const char *message, struct otlp_buffer *out)
{
    struct text whole = {.len = 0};
    if (encoding == OTLP_ENCODING_JSON) {
        char number[96];
        snprintf(number, sizeof number, "{\"partialSuccess\":{\"%s\":\"%" PRId64 "\"",
                 rejected_name(signal), rejected);
        put_json(&whole, is_partial ? number : "{");
        if (is_partial && message[0] != '\0') {
            put_json(&whole, ",\"errorMessage\":");
            put_json_string(&whole, message);
        }
        put_json(&whole, is_partial ? "}}" : "}");
    } else if (is_partial) {
        struct text partial = {.len = 0};
        put_integer(&partial, 1, (uint64_t)rejected);
        put_string(&partial, 2, message);
        put_bytes(&whole, 1, partial.data, partial.len);
    }
    return append(out, &whole);
}

static void put_status_json(struct text *text, const struct rx_answer *answer)
{
    char number[160];
    snprintf(number, sizeof number, "{\"code\":%d,\"message\":", answer->grpc_code);
    put_json(text, number);
    put_json_string(text, answer->message);
    if (answer->has_retry_after) {
        snprintf(number, sizeof number,
                 ",\"details\":[{\"@type\":\"" RETRY_INFO "\",\"retryDelay\":\"%" PRIu64
                 ".%09" PRIu64 "s\"}]",
                 answer->retry_after_ns / SECOND_NS, answer->retry_after_ns % SECOND_NS);
        put_json(text, number);
    }
    put_json(text, "}");
}

static void put_status_protobuf(struct text *text, const struct rx_answer *answer)
{
    put_integer(text, 1, (uint64_t)answer->grpc_code);
    put_string(text, 2, answer->message);
    if (answer->has_retry_after) {
        struct text duration = {.len = 0};
        put_integer(&duration, 1, answer->retry_after_ns / SECOND_NS);
        put_integer(&duration, 2, answer->retry_after_ns % SECOND_NS);
        struct text retry_info = {.len = 0};
        put_bytes(&retry_info, 1, duration.data, duration.len);
        struct text any = {.len = 0};
        put_string(&any, 1, RETRY_INFO);
        put_bytes(&any, 2, retry_info.data, retry_info.len);
        put_bytes(text, 3, any.data, any.len);
    }
}

int otlp__rx_reply_status(const struct rx_answer *answer, struct otlp_buffer *out)
{
    struct text text = {.len = 0};
    if (answer->encoding == OTLP_ENCODING_JSON) {
        put_status_json(&text, answer);
    } else {
        put_status_protobuf(&text, answer);
    }
    return append(out, &text);
}
