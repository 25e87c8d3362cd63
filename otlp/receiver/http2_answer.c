#include "answer.h"
#include "http2.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRPC_PREFIX_BYTES 5
#define FIELDS_MAX        (RX_ANSWER_FIELDS_MAX + 6)

struct fields {
    nghttp2_nv list[FIELDS_MAX];
    size_t count;
};

/* The texts are copied by nghttp2 when the fields are submitted. */
static void add(struct fields *fields, const char *name, const char *value, size_t value_len)
{
    fields->list[fields->count++] = (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
                                                 .namelen = strlen(name),
                                                 .value = (uint8_t *)(uintptr_t)value,
                                                 .valuelen = value_len,
                                                 .flags = NGHTTP2_NV_FLAG_NONE};
}

static void add_text(struct fields *fields, const char *name, const char *value)
{
    add(fields, name, value, strlen(value));
}

static ssize_t read_body(nghttp2_session *session, int32_t stream_id, uint8_t *to, size_t to_bytes,
                         uint32_t *flags, nghttp2_data_source *source, void *user_data)
{
    (void)user_data;
    struct rx_stream *stream = source->ptr;
    size_t left = stream->sent.len - stream->sent_bytes;
    size_t len = left < to_bytes ? left : to_bytes;
    if (len > 0) {
        memcpy(to, stream->sent.data + stream->sent_bytes, len);
        stream->sent_bytes += len;
    }
    if (stream->sent_bytes < stream->sent.len) {
        return (ssize_t)len;
    }
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream->exchange.is_grpc) {
        struct fields trailer = {.count = 0};
        add_text(&trailer, "grpc-status", "0");
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        if (nghttp2_submit_trailer(session, stream_id, trailer.list, trailer.count) != 0) {
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
    }
    return (ssize_t)len;
}

static int submit_http(struct rx_http2 *http2, struct rx_stream *stream)
{
    const struct rx_answer *answer = &stream->exchange.answer;
    struct fields fields = {.count = 0};
    char status[16];
    char length[24];
    snprintf(status, sizeof status, "%d", answer->status);
    snprintf(length, sizeof length, "%zu", answer->body.len);
    add_text(&fields, ":status", status);
    bool has_content = otlp__rx_has_content(answer->status);
    if (has_content) {
        add_text(&fields, "content-type", otlp__rx_media_type(answer->encoding));
        add_text(&fields, "content-length", length);
    }
    struct rx_answer_field others[RX_ANSWER_FIELDS_MAX];
    size_t count = otlp__rx_answer_fields(answer, others);
    for (size_t i = 0; i < count; i++) {
        add_text(&fields, others[i].name, others[i].value);
    }
    if (answer->body.len == 0 || !has_content || stream->is_head) {
        return nghttp2_submit_response(http2->session, stream->id, fields.list, fields.count, NULL);
    }
    stream->sent = answer->body;
    stream->exchange.answer.body = (struct otlp_buffer){0};
    nghttp2_data_provider provider = {.source = {.ptr = stream}, .read_callback = read_body};
    return nghttp2_submit_response(http2->session, stream->id, fields.list, fields.count,
                                   &provider);
}

/* Percent-encodes what is not printable ASCII. */
static size_t encode_message(const char *message, char *encoded)
{
    size_t len = 0;
    for (const unsigned char *c = (const unsigned char *)message; *c != '\0'; c++) {
        if (*c >= 0x20 && *c <= 0x7e && *c != '%') {
            encoded[len++] = (char)*c;
        } else {
            len += (size_t)snprintf(encoded + len, 4, "%%%02X", *c);
        }
    }
    return len;
}

/* An error is one header block that says it all: Trailers-Only. */
static int submit_grpc_error(struct rx_http2 *http2, struct rx_stream *stream)
{
    const struct rx_answer *answer = &stream->exchange.answer;
    struct fields fields = {.count = 0};
    char code[16];
    char message[3 * sizeof answer->message + 1];
    unsigned char details[1536];
    snprintf(code, sizeof code, "%d", answer->grpc_code);
    add_text(&fields, ":status", "200");
    add_text(&fields, "content-type", "application/grpc");
    add_text(&fields, "grpc-status", code);
    add(&fields, "grpc-message", message, encode_message(answer->message, message));
    if (answer->body.len > 0 && answer->body.len <= sizeof details / 4 * 3 - 3) {
        int len = EVP_EncodeBlock(details, answer->body.data, (int)answer->body.len);
        while (len > 0 && details[len - 1] == '=') {
            len--;
        }
        add(&fields, "grpc-status-details-bin", (const char *)details, (size_t)len);
    }
    if (answer->names_codings) {
        add_text(&fields, "grpc-accept-encoding", "identity, " RX_CODINGS);
    }
    return nghttp2_submit_response(http2->session, stream->id, fields.list, fields.count, NULL);
}

static int submit_grpc(struct rx_http2 *http2, struct rx_stream *stream)
{
    const struct rx_answer *answer = &stream->exchange.answer;
    size_t len = answer->body.len;
    if (otlp_buffer_reserve(&stream->sent, GRPC_PREFIX_BYTES + len) != 0) {
        return NGHTTP2_ERR_NOMEM;
    }
    uint8_t *to = stream->sent.data;
    memset(to, 0, GRPC_PREFIX_BYTES);
    for (int i = 0; i < 4; i++) {
        to[1 + i] = (uint8_t)(len >> (24 - 8 * i));
    }
    if (len > 0) {
        memcpy(to + GRPC_PREFIX_BYTES, answer->body.data, len);
    }
    stream->sent.len = GRPC_PREFIX_BYTES + len;
    struct fields fields = {.count = 0};
    add_text(&fields, ":status", "200");
    add_text(&fields, "content-type", "application/grpc");
    add_text(&fields, "grpc-accept-encoding", "identity, " RX_CODINGS);
    nghttp2_data_provider provider = {.source = {.ptr = stream}, .read_callback = read_body};
    return nghttp2_submit_response(http2->session, stream->id, fields.list, fields.count,
                                   &provider);
}

int otlp__rx_http2_submit(struct rx_http2 *http2, struct rx_stream *stream)
{
    if (!stream->exchange.is_grpc) {
        return submit_http(http2, stream);
    }
    return stream->exchange.answer.grpc_code == 0 ? submit_grpc(http2, stream)
                                                  : submit_grpc_error(http2, stream);
}
