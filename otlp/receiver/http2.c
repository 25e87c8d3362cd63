#include "http2.h"

#include "grpc_code.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_BYTES      (16 * 1024 * 1024)
#define STREAMS_MAX       128
#define FRAME_BYTES       (1024 * 1024)
#define PUMP_BYTES        ((size_t)64 * 1024)
#define EXCESS_FACTOR     8  /* a header so many times its limit is read no further */
#define FIELD_EXTRA_BYTES 32 /* what RFC 9113, 6.5.2 adds to each */

/* ---- Streams ----------------------------------------------------------------------------------*/

static struct rx_stream *add_stream(struct rx_conn *conn, int32_t id)
{
    struct rx_http2 *http2 = conn->state;
    struct rx_stream *stream = calloc(1, sizeof *stream);
    if (stream != NULL) {
        stream->id = id;
        stream->next = http2->streams;
        if (stream->next != NULL) {
            stream->next->previous = stream;
        }
        http2->streams = stream;
        http2->stream_count++;
    }
    return stream;
}

static void free_stream(struct rx_http2 *http2, struct rx_stream *stream)
{
    if (stream->previous != NULL) {
        stream->previous->next = stream->next;
    } else {
        http2->streams = stream->next;
    }
    if (stream->next != NULL) {
        stream->next->previous = stream->previous;
    }
    http2->stream_count--;
    otlp__rx_exchange_release(&stream->exchange);
    otlp_buffer_release(&stream->sent);
    free(stream);
}

static struct rx_stream *stream_of(nghttp2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session, id);
}

static void http2_answer(struct rx_conn *conn, struct rx_exchange *exchange)
{
    struct rx_stream *stream = (struct rx_stream *)exchange;
    if (otlp__rx_http2_submit(conn->state, stream) != 0) {
        conn->is_reset = true;
    }
}

/* ---- What nghttp2 tells -----------------------------------------------------------------------*/

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct rx_conn *conn = user_data;
    struct rx_http2 *http2 = conn->state;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return 0;
    }
    struct rx_stream *stream = add_stream(conn, frame->hd.stream_id);
    if (stream == NULL) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
    memset(&http2->head, 0, sizeof http2->head);
    http2->head.is_h2 = true;
    http2->head_len = 0;
    http2->head_bytes = 0;
    http2->is_bad = false;
    http2->is_large = false;
    return 0;
}

static struct rx_text keep_text(struct rx_http2 *http2, const uint8_t *data, size_t len)
{
    char *to = http2->head_text + http2->head_len;
    if (len > 0) {
        memcpy(to, data, len);
    }
    http2->head_len += len;
    return (struct rx_text){to, len};
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user_data)
{
    (void)flags;
    struct rx_conn *conn = user_data;
    struct rx_http2 *http2 = conn->state;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return 0;
    }
    http2->head_bytes += name_len + value_len + FIELD_EXTRA_BYTES;
    http2->is_large =
        http2->is_large || http2->head_bytes > conn->scratch->service->options.limits.header_bytes;
    if (http2->head_bytes / EXCESS_FACTOR > conn->scratch->service->options.limits.header_bytes) {
        /* References to the table make long fields of single bytes, which cost what they say. */
        http2->is_excessive = true;
        nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
                              nghttp2_session_get_last_proc_stream_id(session),
                              NGHTTP2_ENHANCE_YOUR_CALM, NULL, 0);
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    struct rx_text field = {(const char *)name, name_len};
    if (http2->is_large && !otlp__rx_is(field, "content-type")) {
        return 0;
    }
    if (http2->head_len + value_len > conn->scratch->service->options.limits.header_bytes) {
        return 0;
    }
    struct rx_text text = keep_text(http2, value, value_len);
    if (otlp__rx_is(field, ":method")) {
        http2->head.method = text;
    } else if (otlp__rx_is(field, ":path")) {
        http2->head.path = text;
    } else if (!otlp__rx_head_field(&http2->head, field, text)) {
        http2->is_bad = true;
    }
    return 0;
}

static void end_stream(struct rx_conn *conn, struct rx_stream *stream)
{
    if (stream->exchange.has_ended) {
        return;
    }
    bool was_answered = stream->exchange.is_answered;
    otlp__rx_exchange_end(&stream->exchange);
    if (!was_answered) {
        otlp__rx_conn_deliver(conn, &stream->exchange);
    }
}

static void begin_stream(struct rx_conn *conn, struct rx_stream *stream, bool has_ended)
{
    struct rx_http2 *http2 = conn->state;
    struct rx_exchange *exchange = &stream->exchange;
    bool is_bad = http2->is_bad || !otlp__rx_head_length(&http2->head);
    if (http2->is_large || is_bad) {
        struct rx_text type = otlp__rx_before_parameters(http2->head.content_type);
        exchange->scratch = conn->scratch;
        exchange->is_grpc = otlp__rx_is(type, "application/grpc");
        otlp__rx_exchange_refuse(exchange, is_bad ? 400 : 431,
                                 is_bad ? OTLP_GRPC_INTERNAL : OTLP_GRPC_RESOURCE_EXHAUSTED,
                                 is_bad ? "the header is malformed"
                                        : "the header is larger than the permitted size");
    } else {
        otlp__rx_exchange_begin(exchange, conn->scratch, &http2->head, conn->grpc_only);
    }
    stream->is_head = otlp__rx_is(http2->head.method, "head");
    exchange->owner = conn;
    if (has_ended && exchange->is_answered) {
        exchange->has_ended = true;
        otlp__rx_conn_deliver(conn, exchange);
    } else if (has_ended) {
        end_stream(conn, stream);
    } else if (exchange->is_answered) {
        otlp__rx_conn_deliver(conn, exchange);
    } else {
        otlp__rx_conn_watch(conn, exchange);
    }
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct rx_conn *conn = user_data;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) {
        return 0;
    }
    struct rx_stream *stream = stream_of(session, frame->hd.stream_id);
    bool has_ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (stream == NULL) {
        return 0;
    }
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        begin_stream(conn, stream, has_ended);
    } else if (has_ended) {
        end_stream(conn, stream);
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data,
                   size_t data_len, void *user_data)
{
    (void)flags;
    struct rx_conn *conn = user_data;
    struct rx_stream *stream = stream_of(session, stream_id);
    if (stream == NULL || stream->exchange.is_answered) {
        return 0;
    }
    otlp__rx_exchange_data(&stream->exchange, data, data_len);
    otlp__rx_conn_uploaded(conn, &stream->exchange);
    if (stream->exchange.is_answered) {
        otlp__rx_conn_deliver(conn, &stream->exchange);
    }
    return 0;
}

static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct rx_conn *conn = user_data;
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
        otlp__rx_add(&conn->scratch->service->counters.protocol_errors, 1);
    }
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) {
        return 0;
    }
    struct rx_stream *stream = stream_of(session, frame->hd.stream_id);
    if (stream != NULL && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
        !stream->exchange.has_ended) {
        /* The rest of the request is not wanted (RFC 9113, 8.1). */
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_NO_ERROR);
    }
    return 0;
}

static int on_close(nghttp2_session *session, int32_t stream_id, uint32_t error_code,
                    void *user_data)
{
    (void)error_code;
    struct rx_conn *conn = user_data;
    struct rx_stream *stream = stream_of(session, stream_id);
    if (stream != NULL) {
        nghttp2_session_set_stream_user_data(session, stream_id, NULL);
        free_stream(conn->state, stream);
    }
    return 0;
}

/* ---- The protocol -----------------------------------------------------------------------------*/

static int make_session(struct rx_conn *conn, struct rx_http2 *http2)
{
    nghttp2_session_callbacks *callbacks;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        return OTLP_ENOMEM;
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    int rc = nghttp2_session_server_new(&http2->session, callbacks, conn);
    nghttp2_session_callbacks_del(callbacks);
    if (rc != 0) {
        return OTLP_ENOMEM;
    }
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS_MAX},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES},
        {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, FRAME_BYTES},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
         (uint32_t)conn->scratch->service->options.limits.header_bytes}};
    if (nghttp2_submit_settings(http2->session, NGHTTP2_FLAG_NONE, settings,
                                sizeof settings / sizeof *settings) != 0 ||
        nghttp2_session_set_local_window_size(http2->session, NGHTTP2_FLAG_NONE, 0, WINDOW_BYTES) !=
            0) {
        return OTLP_ENOMEM;
    }
    return 0;
}

static void free_state(struct rx_http2 *http2)
{
    for (struct rx_stream *stream = http2->streams, *next; stream != NULL; stream = next) {
        next = stream->next;
        free_stream(http2, stream);
    }
    nghttp2_session_del(http2->session);
    free(http2->head_text);
    free(http2);
}

static int http2_open(struct rx_conn *conn)
{
    struct rx_http2 *http2 = calloc(1, sizeof *http2);
    if (http2 == NULL) {
        return OTLP_ENOMEM;
    }
    http2->head_text = malloc(conn->scratch->service->options.limits.header_bytes);
    if (http2->head_text == NULL || make_session(conn, http2) != 0) {
        free_state(http2);
        return OTLP_ENOMEM;
    }
    conn->state = http2;
    return 0;
}

static void http2_close(struct rx_conn *conn)
{
    free_state(conn->state);
}

static size_t http2_feed(struct rx_conn *conn, const uint8_t *data, size_t data_len)
{
    struct rx_http2 *http2 = conn->state;
    ssize_t used = nghttp2_session_mem_recv(http2->session, data, data_len);
    if (used < 0) {
        if (!http2->is_excessive) { /* then GOAWAY is counted */
            otlp__rx_add(&conn->scratch->service->counters.protocol_errors, 1);
        }
        otlp__rx_conn_end(conn);
    }
    return data_len;
}

static void http2_pump(struct rx_conn *conn)
{
    struct rx_http2 *http2 = conn->state;
    while (otlp__rx_conn_backlog(conn) < PUMP_BYTES) {
        const uint8_t *data;
        ssize_t len = nghttp2_session_mem_send(http2->session, &data);
        if (len < 0) {
            conn->is_dead = true;
            return;
        }
        if (len == 0) {
            break;
        }
        otlp__rx_conn_send(conn, data, (size_t)len);
    }
    bool is_done =
        !nghttp2_session_want_read(http2->session) && !nghttp2_session_want_write(http2->session);
    if (is_done || (http2->is_draining && http2->stream_count == 0)) {
        otlp__rx_conn_end(conn);
    }
}

static enum rx_wait http2_waiting(const struct rx_conn *conn)
{
    const struct rx_http2 *http2 = conn->state;
    /* Answers that are there wait for the windows of the client, which need not ever open. */
    enum rx_wait wait = http2->streams != NULL ? RX_WAIT_PEER : RX_WAIT_IDLE;
    for (const struct rx_stream *stream = http2->streams; stream != NULL; stream = stream->next) {
        const struct event *timer = stream->exchange.timer;
        if (timer != NULL && event_pending(timer, EV_TIMEOUT, NULL) != 0) {
            wait = RX_WAIT_SELF;
        }
        if (!stream->exchange.has_ended && !stream->exchange.is_answered) {
            return stream->exchange.owner != NULL ? RX_WAIT_BODY : RX_WAIT_HEAD;
        }
    }
    return wait;
}

static void say_goodbye(struct rx_http2 *http2)
{
    http2->is_draining = true;
    nghttp2_submit_goaway(http2->session, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(http2->session), NGHTTP2_NO_ERROR,
                          NULL, 0);
}

static void http2_drain(struct rx_conn *conn)
{
    say_goodbye(conn->state);
}

static void http2_timed_out(struct rx_conn *conn)
{
    struct rx_http2 *http2 = conn->state;
    if (http2_waiting(conn) != RX_WAIT_IDLE) {
        for (const struct rx_stream *stream = http2->streams; stream != NULL;
             stream = stream->next) {
            nghttp2_submit_rst_stream(http2->session, NGHTTP2_FLAG_NONE, stream->id,
                                      NGHTTP2_CANCEL);
        }
    }
    say_goodbye(http2);
}

const struct rx_protocol otlp__rx_http2 = {
    .open = http2_open,
    .close = http2_close,
    .feed = http2_feed,
    .answer = http2_answer,
    .pump = http2_pump,
    .waiting = http2_waiting,
    .drain = http2_drain,
    .timed_out = http2_timed_out,
};
