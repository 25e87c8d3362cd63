#include "exchange.h"

#include "accept.h"
#include "check.h"
#include "grpc_code.h"
#include "reply.h"
#include "route.h"

#include <stdio.h>
#include <string.h>

#define GRPC_PREFIX_BYTES 5
#define OVERLOAD_WAIT_NS  1000000000u

/* A tree of JSON may be so many times as large as its text. Most are much smaller, and a large text
 * is first tried with that, so that it does not hold the budget of all. */
#define TREE_FACTOR      24
#define TREE_FACTOR_MOST 4
#define TREE_BYTES       ((size_t)1024 * 1024)

void otlp__rx_exchange_begin(struct rx_exchange *exchange, struct rx_scratch *scratch,
                             const struct rx_head *head, bool grpc_only)
{
    memset(exchange, 0, sizeof *exchange);
    exchange->scratch = scratch;
    otlp__rx_route(exchange, head, grpc_only);
}

static void count_refusal(struct rx_counters *counters, int status)
{
    otlp__rx_add(&counters->refused, 1);
    switch (status) {
    case 400:
        otlp__rx_add(&counters->malformed, 1);
        break;
    case 401:
        otlp__rx_add(&counters->unauthenticated, 1);
        break;
    case 413:
    case 431:
        otlp__rx_add(&counters->too_large, 1);
        break;
    case 503:
        otlp__rx_add(&counters->overloaded, 1);
        break;
    default:
        break;
    }
}

/* The error's message; without memory for it the answer is one without. */
static void answer_error(struct rx_exchange *exchange, int status, int grpc_code,
                         const char *message)
{
    struct rx_answer *answer = &exchange->answer;
    answer->status = status;
    answer->grpc_code = grpc_code;
    snprintf(answer->message, sizeof answer->message, "%s", message);
    if (otlp__rx_reply_status(answer, &answer->body) != 0) {
        answer->body.len = 0;
    }
    exchange->is_answered = true;
}

void otlp__rx_exchange_refuse(struct rx_exchange *exchange, int status, int grpc_code,
                              const char *message)
{
    if (exchange->is_answered) {
        return;
    }
    count_refusal(&exchange->scratch->service->counters, status);
    answer_error(exchange, status, grpc_code, message);
    otlp__rx_body_release(exchange->scratch, &exchange->body);
}

static void refuse_for(struct rx_exchange *exchange, int error)
{
    switch (error) {
    case OTLP_ETOOBIG:
        otlp__rx_exchange_refuse(exchange, 413, OTLP_GRPC_RESOURCE_EXHAUSTED,
                                 "the body is larger than the permitted size");
        break;
    case OTLP_ELIMIT:
    case OTLP_ENOMEM:
        exchange->answer.has_retry_after = true;
        exchange->answer.retry_after_ns = OVERLOAD_WAIT_NS;
        otlp__rx_exchange_refuse(exchange, 503, OTLP_GRPC_UNAVAILABLE,
                                 "the receiver holds as much as it may");
        break;
    case OTLP_EUNSUPPORTED:
        otlp__rx_exchange_refuse(exchange, 415, OTLP_GRPC_UNIMPLEMENTED,
                                 "the encoding of the body is not supported");
        break;
    default:
        otlp__rx_exchange_refuse(exchange, 400, OTLP_GRPC_INVALID_ARGUMENT,
                                 "the body is not what it is said to be");
        break;
    }
}

/* Takes what belongs to the prefix of a gRPC message from the front of the data. A message that
 * announces more than is permitted is not waited for. */
static void take_prefix(struct rx_exchange *exchange, const uint8_t **data, size_t *data_len)
{
    size_t missing = GRPC_PREFIX_BYTES - exchange->prefix_len;
    size_t len = *data_len < missing ? *data_len : missing;
    if (len == 0) {
        return;
    }
    memcpy(exchange->prefix + exchange->prefix_len, *data, len);
    exchange->prefix_len += len;
    *data += len;
    *data_len -= len;
    if (exchange->prefix_len == GRPC_PREFIX_BYTES) {
        const uint8_t *prefix = exchange->prefix;
        exchange->expected_bytes =
            (size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 8 | prefix[4];
        if (exchange->expected_bytes > exchange->scratch->service->options.limits.body_bytes) {
            refuse_for(exchange, OTLP_ETOOBIG);
        }
    }
}

void otlp__rx_exchange_data(struct rx_exchange *exchange, const uint8_t *data, size_t data_len)
{
    if (exchange->is_grpc && !exchange->is_answered) {
        take_prefix(exchange, &data, &data_len);
    }
    if (exchange->is_answered || data_len == 0) {
        return;
    }
    struct otlp_buffer *bytes = &exchange->body.bytes;
    if (bytes->len + data_len > exchange->scratch->service->options.limits.body_bytes) {
        refuse_for(exchange, OTLP_ETOOBIG);
        return;
    }
    if (exchange->is_grpc && bytes->len + data_len > exchange->expected_bytes) {
        otlp__rx_exchange_refuse(exchange, 400, OTLP_GRPC_UNIMPLEMENTED,
                                 "the call has more than one message");
        return;
    }
    int rc = otlp__rx_body_reserve(exchange->scratch, &exchange->body, data_len,
                                   exchange->expected_bytes);
    if (rc != 0) {
        refuse_for(exchange, rc);
        return;
    }
    memcpy(bytes->data + bytes->len, data, data_len);
    bytes->len += data_len;
}

uint8_t *otlp__rx_exchange_room(struct rx_exchange *exchange, size_t wanted)
{
    struct otlp_buffer *bytes = &exchange->body.bytes;
    size_t limit = exchange->scratch->service->options.limits.body_bytes;
    if (exchange->is_answered || exchange->is_grpc || bytes->len + wanted > limit ||
        otlp__rx_body_reserve(exchange->scratch, &exchange->body, wanted,
                              exchange->expected_bytes) != 0) {
        return NULL;
    }
    return bytes->data + bytes->len;
}

void otlp__rx_exchange_filled(struct rx_exchange *exchange, size_t bytes)
{
    exchange->body.bytes.len += bytes;
}

/* Whether there is the one message of a unary call. */
static bool has_message(struct rx_exchange *exchange)
{
    const char *wrong = NULL;
    int code = OTLP_GRPC_INTERNAL;
    if (!exchange->is_grpc) {
        return true;
    }
    if (exchange->prefix_len == 0) {
        code = OTLP_GRPC_UNIMPLEMENTED;
        wrong = "the call has no message";
    } else if (exchange->prefix_len < GRPC_PREFIX_BYTES ||
               exchange->body.bytes.len < exchange->expected_bytes) {
        wrong = "the message is cut off";
    } else if (exchange->prefix[0] > 1) {
        wrong = "the message's compressed flag is neither 0 nor 1";
    } else if (exchange->prefix[0] == 1 && !exchange->has_grpc_encoding) {
        wrong = "the message is compressed, but there is no grpc-encoding";
    }
    if (wrong != NULL) {
        otlp__rx_exchange_refuse(exchange, 400, code, wrong);
        return false;
    }
    if (exchange->prefix[0] == 0) {
        exchange->compression = OTLP_COMPRESSION_NONE;
    }
    return true;
}

static void accept_request(struct rx_exchange *exchange, const uint8_t *data, size_t data_len,
                           const struct rx_findings *findings)
{
    const struct otlp_receiver_fault *fault = exchange->has_fault ? &exchange->fault : NULL;
    struct rx_answer *answer = &exchange->answer;
    struct otlp_receiver_request request = {.signal = exchange->signal,
                                            .encoding = exchange->encoding,
                                            .data = data,
                                            .data_len = data_len,
                                            .items = findings->items,
                                            .rejected = findings->invalid,
                                            .wire_bytes = exchange->body.bytes.len,
                                            .is_grpc = exchange->is_grpc};
    const char *message = findings->invalid > 0 ? "items with ids that are not valid" : "";
    bool is_partial = findings->invalid > 0;
    int64_t rejected = (int64_t)findings->invalid;
    otlp__rx_add(&exchange->scratch->service->counters.invalid_items, findings->invalid);
    if (fault != NULL && fault->is_partial) {
        is_partial = true;
        rejected = fault->rejected;
        message = fault->message;
        request.rejected = (uint64_t)rejected < request.items ? (size_t)rejected : request.items;
    }
    int rc = otlp__rx_reply_response(exchange->signal, exchange->encoding, is_partial, rejected,
                                     message, &answer->body);
    bool has_tree = exchange->encoding == OTLP_ENCODING_JSON;
    if (rc == 0) {
        rc = otlp__rx_accept(exchange->scratch, &request,
                             has_tree ? exchange->scratch->document : NULL);
    }
    if (rc != 0) {
        answer->body.len = 0;
        refuse_for(exchange, rc);
        return;
    }
    answer->status = fault != NULL && fault->http_status != 0 ? fault->http_status : 200;
    answer->grpc_code = OTLP_GRPC_OK;
    exchange->is_answered = true;
}

/* An error that a fault orders. false: it orders none. */
static bool answer_fault(struct rx_exchange *exchange)
{
    struct otlp_receiver_fault *fault = &exchange->fault;
    if (!exchange->has_fault) {
        return false;
    }
    if (fault->stall_ns != 0 || fault->reset == OTLP_RESET_UPLOAD ||
        fault->reset == OTLP_RESET_BEFORE) {
        exchange->is_answered = true; /* which no one will see */
        return true;
    }
    if (exchange->grpc_timeout_ns != 0 && fault->delay_ns >= exchange->grpc_timeout_ns) {
        fault->delay_ns = exchange->grpc_timeout_ns;
        answer_error(exchange, 504, OTLP_GRPC_DEADLINE_EXCEEDED, "the call took too long");
        return true;
    }
    int status = fault->http_status;
    int code = fault->grpc_code;
    if (status < 300 && code == 0) {
        return false;
    }
    status = status >= 300 ? status : otlp__rx_http_of_grpc(code);
    code = code != 0 ? code : (int)otlp__rx_grpc_of_http(status);
    exchange->answer.has_retry_after = fault->has_retry_after;
    exchange->answer.retry_after_ns = fault->retry_after_ns;
    answer_error(exchange, status, code,
                 fault->message[0] != '\0' ? fault->message : "a fault that was ordered");
    return true;
}

static void answer_stats(struct rx_exchange *exchange)
{
    struct otlp_receiver_counters counters;
    otlp__rx_counters_read(&exchange->scratch->service->counters, &counters);
    int rc = otlp_receiver_counters_json(&counters, &exchange->answer.body);
    if (rc != 0) {
        refuse_for(exchange, rc);
        return;
    }
    exchange->answer.status = 200;
    exchange->is_answered = true;
}

static int check_with_tree(struct rx_exchange *exchange, const uint8_t *data, size_t data_len,
                           size_t tree_bytes, struct rx_findings *findings)
{
    struct rx_scratch *scratch = exchange->scratch;
    *findings = (struct rx_findings){0};
    int rc = otlp__rx_document_open(scratch, tree_bytes);
    if (rc != 0) {
        return rc;
    }
    rc = otlp__rx_check(exchange->signal, exchange->encoding, data, data_len, scratch->document,
                        findings);
    if (rc != 0) {
        otlp__rx_document_close(scratch);
    }
    return rc;
}

/* On success the document is open and holds the request. */
static int check_json(struct rx_exchange *exchange, const uint8_t *data, size_t data_len,
                      struct rx_findings *findings)
{
    size_t tree_bytes = TREE_FACTOR * data_len + TREE_BYTES;
    if (tree_bytes > otlp__rx_budget_left(exchange->scratch->service) / 4) {
        int rc = check_with_tree(exchange, data, data_len, TREE_FACTOR_MOST * data_len + TREE_BYTES,
                                 findings);
        if (rc != OTLP_ETOOBIG) {
            return rc;
        }
    }
    return check_with_tree(exchange, data, data_len, tree_bytes, findings);
}

/* Checks what came, decompressed, and takes or refuses it. */
static void take_message(struct rx_exchange *exchange, const uint8_t *data, size_t data_len)
{
    struct rx_scratch *scratch = exchange->scratch;
    struct rx_findings findings = {0};
    bool is_json = exchange->encoding == OTLP_ENCODING_JSON;
    int rc = is_json ? check_json(exchange, data, data_len, &findings)
                     : otlp__rx_check(exchange->signal, exchange->encoding, data, data_len, NULL,
                                      &findings);
    if (rc != 0) {
        refuse_for(exchange, rc);
        return;
    }
    accept_request(exchange, data, data_len, &findings);
    if (is_json) {
        otlp__rx_document_close(scratch);
    }
}

void otlp__rx_exchange_end(struct rx_exchange *exchange)
{
    exchange->has_ended = true;
    if (exchange->is_answered || answer_fault(exchange)) {
        return;
    }
    if (exchange->is_stats) {
        answer_stats(exchange);
        return;
    }
    if (!has_message(exchange)) {
        return;
    }
    const uint8_t *data = exchange->body.bytes.data;
    size_t data_len = exchange->body.bytes.len;
    struct rx_scratch *scratch = exchange->scratch;
    bool is_compressed = exchange->compression != OTLP_COMPRESSION_NONE;
    int rc = data_len > scratch->service->options.limits.decompressed_bytes ? OTLP_ETOOBIG : 0;
    if (rc == 0 && is_compressed) {
        rc = otlp__rx_decompress(scratch, exchange->compression, data, data_len);
        data = scratch->plain.data;
        data_len = scratch->plain.len;
    }
    if (rc != 0) {
        refuse_for(exchange, rc);
        return;
    }
    take_message(exchange, data, data_len);
    if (is_compressed) {
        otlp__rx_plain_release(scratch);
    }
    otlp__rx_body_release(scratch, &exchange->body);
}

void otlp__rx_exchange_release(struct rx_exchange *exchange)
{
    if (exchange->scratch != NULL) {
        otlp__rx_body_release(exchange->scratch, &exchange->body);
    }
    if (exchange->timer != NULL) {
        event_free(exchange->timer);
    }
    otlp_buffer_release(&exchange->answer.body);
    memset(exchange, 0, sizeof *exchange);
}
