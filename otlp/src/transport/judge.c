#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <otlp/response.h>

#include "transport/answer.h"
#include "transport/grpc.h"
#include "transport/retry.h"

static void say(struct otlp__verdict *verdict, const char *text)
{
    if (verdict->message[0] == '\0') {
        otlp__message_copy(verdict->message, text, strlen(text));
    }
}

/* What the receiver said, for whoever reads logs. */
static void take_status_fields(struct otlp__verdict *verdict, enum otlp_encoding encoding,
                               const struct otlp_buffer *bytes)
{
    struct otlp_status status = {0};
    /* An error page is no status: then there is nothing to learn from it. */
    if (otlp_status_decode(encoding, bytes->data, bytes->len, &status) != 0) {
        return;
    }
    say(verdict, status.message);
    if (status.has_retry_info) {
        bool is_longer = !verdict->has_delay || status.retry_delay_ns > verdict->delay_ns;
        verdict->delay_ns = is_longer ? status.retry_delay_ns : verdict->delay_ns;
        verdict->has_delay = true;
    }
}

static void take_partial(struct otlp__verdict *verdict, enum otlp_signal signal,
                         enum otlp_encoding encoding, const uint8_t *data, size_t data_len)
{
    struct otlp_response response = {0};
    if (data_len > 0 && otlp_response_decode(signal, encoding, data, data_len, &response) != 0) {
        say(verdict, "accepted, with an answer that cannot be decoded");
    }
    verdict->rejected = response.rejected > 0 ? (uint64_t)response.rejected : 0;
    verdict->is_partial = verdict->rejected > 0 || response.message[0] != '\0';
    say(verdict, response.message);
}

/* Whether trying again can help. A server whose certificate does not hold will not have a better
 * one within seconds, and who speaks no HTTP will not learn it. */
static bool curl_is_retryable(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_PARTIAL_FILE:
    case CURLE_WRITE_ERROR:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_AGAIN:
    case CURLE_NO_CONNECTION_AVAILABLE:
        return true;
    default:
        return false;
    }
}

/* libcurl tells the error code of RST_STREAM in its text only: "(err 7)". */
static int code_of_stream_error(const char *error)
{
    const char *number = strstr(error, "(err ");
    return number == NULL ? OTLP__GRPC_UNAVAILABLE
                          : otlp__grpc_code_of_reset((uint32_t)strtoul(number + 5, NULL, 10));
}

static void judge_failure(struct otlp__verdict *verdict, enum otlp_protocol protocol, CURLcode code,
                          const char *error)
{
    bool is_retryable = curl_is_retryable(code);
    if (protocol == OTLP_PROTOCOL_GRPC && code == CURLE_HTTP2_STREAM) {
        is_retryable = otlp__grpc_is_retryable(code_of_stream_error(error), false);
    }
    verdict->fate = is_retryable ? OTLP__FATE_RETRY : OTLP__FATE_REFUSED;
    verdict->omen = OTLP__OMEN_BAD;
    say(verdict, error[0] != '\0' ? error : curl_easy_strerror(code));
}

static void judge_http(struct otlp__answer *answer, enum otlp_signal signal,
                       enum otlp_encoding encoding, struct otlp__verdict *verdict)
{
    int status = answer->http_status;
    if (status >= 200 && status <= 299) {
        verdict->fate = OTLP__FATE_DELIVERED;
        verdict->omen = OTLP__OMEN_GOOD;
        take_partial(verdict, signal, encoding, answer->body.data, answer->body.len);
        return;
    }
    bool is_retryable = otlp__http_is_retryable(status);
    verdict->has_delay = answer->has_delay;
    verdict->delay_ns = answer->delay_ns;
    take_status_fields(verdict, encoding, &answer->body);
    verdict->has_delay = verdict->has_delay && is_retryable;
    verdict->fate = is_retryable ? OTLP__FATE_RETRY : OTLP__FATE_REFUSED;
    if (verdict->has_delay || status == 429) {
        verdict->omen = OTLP__OMEN_NONE;
    } else {
        verdict->omen = status >= 500 ? OTLP__OMEN_BAD : OTLP__OMEN_GOOD;
    }
    char text[48];
    snprintf(text, sizeof text, "HTTP status %d", status);
    say(verdict, text);
}

/* The one message of the answer; a success is a success whatever its message looks like. */
static void take_grpc_message(struct otlp__answer *answer, enum otlp_signal signal,
                              size_t response_bytes_max, struct otlp__verdict *verdict)
{
    const struct otlp_buffer *body = &answer->body;
    if (body->len < OTLP__GRPC_PREFIX_BYTES) {
        return;
    }
    const uint8_t *message = body->data + OTLP__GRPC_PREFIX_BYTES;
    size_t message_bytes = (size_t)body->data[1] << 24 | (size_t)body->data[2] << 16 |
                           (size_t)body->data[3] << 8 | body->data[4];
    struct otlp_buffer plain = {0};
    int error = 0;
    if (message_bytes > body->len - OTLP__GRPC_PREFIX_BYTES) {
        error = OTLP_EFORMAT;
    } else if (body->data[0] == 1) {
        struct otlp_decompressor *decompressor = NULL;
        error = answer->body_is_unreadable || answer->body_compression == OTLP_COMPRESSION_NONE
                    ? OTLP_EUNSUPPORTED
                    : otlp_decompressor_create(answer->body_compression, NULL, &decompressor);
        if (error == 0) {
            error = otlp_decompress_append(decompressor, message, message_bytes, response_bytes_max,
                                           &plain);
        }
        otlp_decompressor_free(decompressor);
        message = plain.data;
        message_bytes = plain.len;
    }
    if (error == OTLP_ETOOBIG) {
        verdict->fate = OTLP__FATE_REFUSED;
        verdict->is_too_large = true;
        say(verdict, "the answer is larger than permitted");
    } else if (error != 0) {
        say(verdict, "accepted, with an answer that cannot be decoded");
    } else {
        take_partial(verdict, signal, OTLP_ENCODING_PROTOBUF, message, message_bytes);
    }
    otlp_buffer_release(&plain);
}

static void judge_grpc(struct otlp__answer *answer, enum otlp_signal signal,
                       size_t response_bytes_max, struct otlp__verdict *verdict)
{
    int code = answer->has_grpc_code        ? answer->grpc_code
               : answer->http_status == 200 ? OTLP__GRPC_UNKNOWN
                                            : otlp__grpc_code_of_http(answer->http_status);
    verdict->status = code;
    if (code == OTLP__GRPC_OK) {
        verdict->fate = OTLP__FATE_DELIVERED;
        verdict->omen = OTLP__OMEN_GOOD;
        take_grpc_message(answer, signal, response_bytes_max, verdict);
        return;
    }
    say(verdict, answer->message);
    take_status_fields(verdict, OTLP_ENCODING_PROTOBUF, &answer->details);
    bool is_retryable = otlp__grpc_is_retryable(code, verdict->has_delay);
    verdict->has_delay = verdict->has_delay && is_retryable;
    verdict->fate = is_retryable ? OTLP__FATE_RETRY : OTLP__FATE_REFUSED;
    if (verdict->has_delay) {
        verdict->omen = OTLP__OMEN_NONE;
    } else {
        verdict->omen = is_retryable || code == OTLP__GRPC_UNKNOWN || code == OTLP__GRPC_INTERNAL
                            ? OTLP__OMEN_BAD
                            : OTLP__OMEN_GOOD;
    }
    char text[64];
    if (answer->has_grpc_code) {
        snprintf(text, sizeof text, "gRPC status %d", code);
    } else {
        snprintf(text, sizeof text, "no gRPC status, HTTP status %d", answer->http_status);
    }
    say(verdict, text);
}

/* Whether the receiver's decision has come, whatever happens to the connection then: a code of
 * gRPC, which is the last thing of an answer, or an HTTP status that is no success. */
static bool is_answered(const struct otlp__answer *answer, bool is_grpc)
{
    return is_grpc ? answer->has_grpc_code : answer->http_status >= 300;
}

void otlp__judge(struct otlp__answer *answer, enum otlp_protocol protocol, enum otlp_signal signal,
                 CURLcode code, const char *error, size_t response_bytes_max,
                 struct otlp__verdict *verdict)
{
    bool is_grpc = protocol == OTLP_PROTOCOL_GRPC;
    *verdict =
        (struct otlp__verdict){.status = answer->http_status == 0 ? -1 : answer->http_status};
    if (is_grpc) {
        verdict->status = answer->has_grpc_code ? answer->grpc_code : -1;
    }
    if (answer->is_out_of_memory || code == CURLE_OUT_OF_MEMORY) {
        verdict->fate = OTLP__FATE_FAILED;
        verdict->omen = OTLP__OMEN_NONE;
        say(verdict, "out of memory");
    } else if (answer->body_is_too_large) {
        verdict->fate = OTLP__FATE_REFUSED;
        verdict->omen = OTLP__OMEN_GOOD;
        verdict->is_too_large = true;
        say(verdict, "the answer is larger than permitted");
    } else if (code != CURLE_OK && !is_answered(answer, is_grpc)) {
        judge_failure(verdict, protocol, code, error);
    } else if (is_grpc) {
        judge_grpc(answer, signal, response_bytes_max, verdict);
    } else {
        judge_http(answer, signal,
                   protocol == OTLP_PROTOCOL_HTTP_JSON ? OTLP_ENCODING_JSON
                                                       : OTLP_ENCODING_PROTOBUF,
                   verdict);
    }
}
