#include "answer.h"
#include "conn.h"
#include "grpc_code.h"
#include "http1_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_BYTES ((size_t)256 * 1024) /* of a body, read at once */

enum step {
    STEP_HEAD,
    STEP_LENGTH, /* a body of a known length */
    STEP_CHUNK,  /* the line of a chunk's size */
    STEP_CHUNK_DATA,
    STEP_CHUNK_END, /* the line end after a chunk */
    STEP_TRAILER,
    STEP_ANSWER, /* the answer is being made */
};

struct http1 {
    enum step step;
    uint64_t left; /* of the body or the chunk */
    size_t trailer_bytes;
    size_t line_end_bytes; /* of STEP_CHUNK_END, that have come */
    bool has_begun;        /* part of a header is there */
    bool is_head;          /* HEAD: the answer has no body */
    bool keeps_alive;
    bool is_draining;
    struct rx_exchange exchange;
};

static int http1_open(struct rx_conn *conn)
{
    conn->state = calloc(1, sizeof(struct http1));
    return conn->state != NULL ? 0 : OTLP_ENOMEM;
}

static void http1_close(struct rx_conn *conn)
{
    struct http1 *http1 = conn->state;
    otlp__rx_exchange_release(&http1->exchange);
    free(http1);
}

/* The exchange has an answer; what the client still sends of the request is not read. */
static void finish(struct rx_conn *conn, struct http1 *http1)
{
    http1->step = STEP_ANSWER;
    conn->is_held = true;
    if (!http1->exchange.has_ended) {
        http1->keeps_alive = false;
    }
    otlp__rx_conn_deliver(conn, &http1->exchange);
}

static void end_request(struct rx_conn *conn, struct http1 *http1)
{
    otlp__rx_exchange_end(&http1->exchange);
    finish(conn, http1);
}

/* The bytes are not HTTP/1.1, or not any more. */
static void fail(struct rx_conn *conn, struct http1 *http1, int status, const char *message)
{
    if (http1->step == STEP_HEAD) {
        memset(&http1->exchange, 0, sizeof http1->exchange);
        http1->exchange.scratch = conn->scratch;
        http1->exchange.owner = conn;
        http1->is_head = false;
    }
    if (status == 400) {
        otlp__rx_add(&conn->scratch->service->counters.protocol_errors, 1);
    }
    otlp__rx_exchange_refuse(&http1->exchange, status, (int)otlp__rx_grpc_of_http(status), message);
    http1->keeps_alive = false;
    finish(conn, http1);
}

static void fail_parse(struct rx_conn *conn, struct http1 *http1, long rc)
{
    switch (rc) {
    case RX_PARSE_TARGET:
    case RX_PARSE_LARGE:
        fail(conn, http1, (int)-rc, "the header is larger than the permitted size");
        break;
    case RX_PARSE_CODING:
    case RX_PARSE_EXPECT:
    case RX_PARSE_VERSION:
        fail(conn, http1, (int)-rc, "the header asks for what is not supported");
        break;
    default:
        fail(conn, http1, 400, "this is not HTTP/1.1");
        break;
    }
}

static void begin_body(struct rx_conn *conn, struct http1 *http1,
                       const struct rx_http1_head *parsed)
{
    http1->step = parsed->is_chunked ? STEP_CHUNK : STEP_LENGTH;
    http1->left = parsed->head.content_length;
    bool has_body = parsed->is_chunked || http1->left > 0;
    if (!has_body) {
        end_request(conn, http1);
    } else if (http1->exchange.is_answered) {
        finish(conn, http1);
    } else {
        if (parsed->expects_continue) {
            static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
            otlp__rx_conn_send(conn, go_on, sizeof go_on - 1);
        }
        otlp__rx_conn_watch(conn, &http1->exchange);
    }
}

static size_t take_head(struct rx_conn *conn, struct http1 *http1, const uint8_t *data,
                        size_t data_len)
{
    struct rx_http1_head parsed;
    size_t limit = conn->scratch->service->options.limits.header_bytes;
    long rc = otlp__rx_http1_parse(data, data_len, limit, &parsed);
    http1->has_begun = rc == RX_PARSE_MORE;
    if (rc < 0) {
        fail_parse(conn, http1, rc);
        return data_len;
    }
    if (rc == RX_PARSE_MORE) {
        return 0;
    }
    const struct rx_head *head = &parsed.head;
    http1->keeps_alive =
        (parsed.is_http10 ? head->connection_keep_alive : !head->connection_close) &&
        !http1->is_draining;
    http1->is_head = otlp__rx_is(head->method, "head");
    otlp__rx_exchange_begin(&http1->exchange, conn->scratch, head, conn->grpc_only);
    http1->exchange.owner = conn;
    begin_body(conn, http1, &parsed);
    return (size_t)rc;
}

static void put_data(struct rx_conn *conn, struct http1 *http1, const uint8_t *data,
                     size_t data_len)
{
    otlp__rx_exchange_data(&http1->exchange, data, data_len);
    otlp__rx_conn_uploaded(conn, &http1->exchange);
    http1->left -= data_len;
}

static size_t take_data(struct rx_conn *conn, struct http1 *http1, const uint8_t *data,
                        size_t data_len)
{
    size_t len = data_len < http1->left ? data_len : (size_t)http1->left;
    put_data(conn, http1, data, len);
    if (http1->exchange.is_answered) {
        finish(conn, http1);
    } else if (http1->left == 0 && http1->step == STEP_LENGTH) {
        end_request(conn, http1);
    } else if (http1->left == 0) {
        http1->step = STEP_CHUNK_END;
        http1->line_end_bytes = 0;
    }
    return len;
}

static size_t take_chunk(struct rx_conn *conn, struct http1 *http1, const uint8_t *data,
                         size_t data_len)
{
    long rc = otlp__rx_http1_chunk(data, data_len, &http1->left);
    if (rc < 0) {
        fail_parse(conn, http1, rc);
        return data_len;
    }
    if (rc > 0) {
        http1->step = http1->left > 0 ? STEP_CHUNK_DATA : STEP_TRAILER;
        http1->trailer_bytes = 0;
    }
    return (size_t)rc;
}

static size_t take_chunk_end(struct rx_conn *conn, struct http1 *http1, const uint8_t *data)
{
    if (data[0] != (http1->line_end_bytes == 0 ? '\r' : '\n')) {
        fail(conn, http1, 400, "a chunk does not end where it should");
    } else if (++http1->line_end_bytes == 2) {
        http1->step = STEP_CHUNK;
    }
    return 1;
}

static size_t take_trailer(struct rx_conn *conn, struct http1 *http1, const uint8_t *data,
                           size_t data_len)
{
    bool is_last = false;
    size_t limit = conn->scratch->service->options.limits.header_bytes;
    long rc = otlp__rx_http1_trailer(data, data_len, limit - http1->trailer_bytes, &is_last);
    if (rc < 0) {
        fail_parse(conn, http1, rc);
        return data_len;
    }
    http1->trailer_bytes += (size_t)rc;
    if (is_last) {
        end_request(conn, http1);
    } else if (http1->trailer_bytes >= limit) {
        fail_parse(conn, http1, RX_PARSE_LARGE);
    }
    return (size_t)rc;
}

static size_t take(struct rx_conn *conn, struct http1 *http1, const uint8_t *data, size_t data_len)
{
    switch (http1->step) {
    case STEP_HEAD:
        return take_head(conn, http1, data, data_len);
    case STEP_LENGTH:
    case STEP_CHUNK_DATA:
        return take_data(conn, http1, data, data_len);
    case STEP_CHUNK:
        return take_chunk(conn, http1, data, data_len);
    case STEP_CHUNK_END:
        return take_chunk_end(conn, http1, data);
    case STEP_TRAILER:
        return take_trailer(conn, http1, data, data_len);
    case STEP_ANSWER:
        break;
    }
    return 0;
}

static size_t http1_feed(struct rx_conn *conn, const uint8_t *data, size_t data_len)
{
    struct http1 *http1 = conn->state;
    size_t used = 0;
    while (used < data_len && !conn->is_held && !conn->is_ending && !conn->is_reset) {
        if (otlp__rx_conn_backlog(conn) >= RX_BACKLOG_BYTES_MAX) {
            conn->is_choked = true;
            break;
        }
        size_t taken = take(conn, http1, data + used, data_len - used);
        if (taken == 0) {
            break;
        }
        used += taken;
    }
    return used;
}

static uint8_t *http1_room(struct rx_conn *conn, size_t *room_bytes)
{
    struct http1 *http1 = conn->state;
    if (http1->step != STEP_LENGTH || http1->left < RX_READ_BYTES / 4) {
        return NULL;
    }
    *room_bytes = http1->left < ROOM_BYTES ? (size_t)http1->left : ROOM_BYTES;
    return otlp__rx_exchange_room(&http1->exchange, *room_bytes);
}

static void http1_filled(struct rx_conn *conn, size_t bytes)
{
    struct http1 *http1 = conn->state;
    otlp__rx_exchange_filled(&http1->exchange, bytes);
    otlp__rx_conn_uploaded(conn, &http1->exchange);
    http1->left -= bytes;
    if (http1->left == 0) {
        end_request(conn, http1);
    }
}

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {{200, "OK"},
                   {201, "Created"},
                   {202, "Accepted"},
                   {204, "No Content"},
                   {400, "Bad Request"},
                   {401, "Unauthorized"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {408, "Request Timeout"},
                   {413, "Content Too Large"},
                   {414, "URI Too Long"},
                   {415, "Unsupported Media Type"},
                   {417, "Expectation Failed"},
                   {429, "Too Many Requests"},
                   {431, "Request Header Fields Too Large"},
                   {500, "Internal Server Error"},
                   {501, "Not Implemented"},
                   {502, "Bad Gateway"},
                   {503, "Service Unavailable"},
                   {504, "Gateway Timeout"},
                   {505, "HTTP Version Not Supported"}};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Status";
}

static void send_field(struct rx_conn *conn, const char *name, const char *value)
{
    otlp__rx_conn_send(conn, name, strlen(name));
    otlp__rx_conn_send(conn, ": ", 2);
    otlp__rx_conn_send(conn, value, strlen(value));
    otlp__rx_conn_send(conn, "\r\n", 2);
}

static void send_header(struct rx_conn *conn, const struct http1 *http1,
                        const struct rx_answer *answer)
{
    char text[96];
    int len = snprintf(text, sizeof text, "HTTP/1.1 %d %s\r\n", answer->status,
                       reason_of(answer->status));
    otlp__rx_conn_send(conn, text, (size_t)len);
    if (otlp__rx_has_content(answer->status)) {
        send_field(conn, "content-type", otlp__rx_media_type(answer->encoding));
        snprintf(text, sizeof text, "%zu", answer->body.len);
        send_field(conn, "content-length", text);
    } else if (answer->status == 205) {
        send_field(conn, "content-length", "0"); /* unlike the others it needs to be told */
    }
    struct rx_answer_field fields[RX_ANSWER_FIELDS_MAX];
    size_t count = otlp__rx_answer_fields(answer, fields);
    for (size_t i = 0; i < count; i++) {
        send_field(conn, fields[i].name, fields[i].value);
    }
    if (!http1->keeps_alive) {
        send_field(conn, "connection", "close");
    }
    otlp__rx_conn_send(conn, "\r\n", 2);
}

static void http1_answer(struct rx_conn *conn, struct rx_exchange *exchange)
{
    struct http1 *http1 = conn->state;
    const struct rx_answer *answer = &exchange->answer;
    http1->keeps_alive = http1->keeps_alive && !http1->is_draining;
    send_header(conn, http1, answer);
    if (!http1->is_head && otlp__rx_has_content(answer->status) && answer->body.len > 0) {
        otlp__rx_conn_send(conn, answer->body.data, answer->body.len);
    }
    otlp__rx_exchange_release(exchange);
    conn->is_held = false;
    if (http1->keeps_alive) {
        http1->step = STEP_HEAD;
        http1->has_begun = false;
        conn->waited_since_ns = conn->progress_ns; /* the next has its own time */
        conn->received = 0;
        conn->is_released = true;
    } else {
        otlp__rx_conn_end(conn);
    }
}

static enum rx_wait http1_waiting(const struct rx_conn *conn)
{
    const struct http1 *http1 = conn->state;
    switch (http1->step) {
    case STEP_HEAD:
        return http1->has_begun ? RX_WAIT_HEAD : RX_WAIT_IDLE;
    case STEP_ANSWER:
        return RX_WAIT_SELF;
    default:
        return RX_WAIT_BODY;
    }
}

static void http1_drain(struct rx_conn *conn)
{
    struct http1 *http1 = conn->state;
    http1->is_draining = true;
    if (http1->step == STEP_HEAD && !http1->has_begun && conn->in.len == 0) {
        otlp__rx_conn_end(conn);
    }
}

static void http1_timed_out(struct rx_conn *conn)
{
    struct http1 *http1 = conn->state;
    if (http1_waiting(conn) == RX_WAIT_IDLE) {
        otlp__rx_conn_end(conn);
    } else {
        fail(conn, http1, 408, "the request came too slowly");
    }
}

const struct rx_protocol otlp__rx_http1 = {
    .open = http1_open,
    .close = http1_close,
    .feed = http1_feed,
    .room = http1_room,
    .filled = http1_filled,
    .answer = http1_answer,
    .waiting = http1_waiting,
    .drain = http1_drain,
    .timed_out = http1_timed_out,
};
