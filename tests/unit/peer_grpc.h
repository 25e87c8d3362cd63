/* The gRPC side of peer.h: HTTP/2 by nghttp2, with its windows opened. */
#ifndef TESTS_UNIT_PEER_GRPC_H
#define TESTS_UNIT_PEER_GRPC_H

#include <nghttp2/nghttp2.h>

#include "peer.h"

struct peer_call {
    struct peer_call *next;
    int32_t id;
    char head[4096];
    uint8_t *body;
    size_t body_len;
    size_t body_capacity;
    const struct peer_step *step;
    size_t sent;
};

struct peer_session {
    struct peer_stream *stream;
    nghttp2_session *h2;
    struct peer_call *calls;
    bool is_over;
};

static inline ssize_t peer_h2_send(nghttp2_session *h2, const uint8_t *data, size_t len, int flags,
                                   void *context)
{
    struct peer_session *session = context;
    (void)h2;
    (void)flags;
    return peer_write(session->stream, data, len) ? (ssize_t)len : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static inline int peer_h2_begin(nghttp2_session *h2, const nghttp2_frame *frame, void *context)
{
    struct peer_session *session = context;
    struct peer_call *call = calloc(1, sizeof *call);
    call->id = frame->hd.stream_id;
    call->next = session->calls;
    session->calls = call;
    return nghttp2_session_set_stream_user_data(h2, frame->hd.stream_id, call);
}

static inline int peer_h2_header(nghttp2_session *h2, const nghttp2_frame *frame,
                                 const uint8_t *name, size_t name_len, const uint8_t *value,
                                 size_t value_len, uint8_t flags, void *context)
{
    struct peer_call *call = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    (void)flags;
    (void)context;
    if (call != NULL) {
        size_t len = strlen(call->head);
        snprintf(call->head + len, sizeof call->head - len, "%.*s: %.*s\n", (int)name_len,
                 (const char *)name, (int)value_len, (const char *)value);
    }
    return 0;
}

static inline int peer_h2_data(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data,
                               size_t len, void *context)
{
    struct peer_session *session = context;
    struct peer_call *call = nghttp2_session_get_stream_user_data(h2, id);
    (void)flags;
    if (call == NULL || call->step != NULL) {
        return 0;
    }
    if (call->body_len + len > call->body_capacity) {
        call->body_capacity = (call->body_len + len) * 2;
        call->body = realloc(call->body, call->body_capacity);
    }
    memcpy(call->body + call->body_len, data, len);
    call->body_len += len;
    if (peer_look_ahead(session->stream->peer, 0)->act == PEER_RESET_BODY) {
        peer_next_step(session->stream->peer);
        peer_arm_reset(session->stream);
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return 0;
}

/* "name: value\n" lines as a block. The text must live on. */
static inline size_t peer_h2_fields(const char *lines, nghttp2_nv *fields, size_t capacity)
{
    size_t count = 0;
    while (lines != NULL && *lines != '\0' && count < capacity) {
        const char *colon = strchr(lines, ':');
        const char *end = strchr(lines, '\n');
        fields[count++] = (nghttp2_nv){.name = (uint8_t *)(uintptr_t)lines,
                                       .namelen = (size_t)(colon - lines),
                                       .value = (uint8_t *)(uintptr_t)(colon + 2),
                                       .valuelen = (size_t)(end - colon - 2)};
        lines = end + 1;
    }
    return count;
}

static inline ssize_t peer_h2_read(nghttp2_session *h2, int32_t id, uint8_t *to, size_t room,
                                   uint32_t *flags, nghttp2_data_source *source, void *context)
{
    struct peer_call *call = source->ptr;
    nghttp2_nv trailers[8];
    size_t left = call->step->body_len - call->sent;
    (void)context;
    left = left < room ? left : room;
    if (left > 0) {
        memcpy(to, call->step->body + call->sent, left);
        call->sent += left;
    }
    if (call->sent == call->step->body_len) {
        size_t count = peer_h2_fields(call->step->headers, trailers, 8);
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (count > 0) {
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            nghttp2_submit_trailer(h2, id, trailers, count);
        }
    }
    return (ssize_t)left;
}

static inline int peer_h2_answer(nghttp2_session *h2, struct peer_call *call)
{
    char status[12];
    nghttp2_nv fields[10] = {{.name = (uint8_t *)(uintptr_t) ":status",
                              .namelen = 7,
                              .value = (uint8_t *)status,
                              .valuelen = 3},
                             {.name = (uint8_t *)(uintptr_t) "content-type",
                              .namelen = 12,
                              .value = (uint8_t *)(uintptr_t) "application/grpc",
                              .valuelen = 16}};
    size_t count = 2;
    snprintf(status, sizeof status, "%d", call->step->status == 0 ? 200 : call->step->status);
    if (call->step->is_trailers_only) {
        count += peer_h2_fields(call->step->headers, fields + 2, 8);
        return nghttp2_submit_response(h2, call->id, fields, count, NULL);
    }
    nghttp2_data_provider provider = {.source.ptr = call, .read_callback = peer_h2_read};
    return nghttp2_submit_response(h2, call->id, fields, count, &provider);
}

static inline int peer_h2_act(struct peer_session *session, struct peer_call *call)
{
    peer_wait(session->stream->peer, call->step->delay_ms);
    switch (call->step->act) {
    case PEER_ANSWER:
        return peer_h2_answer(session->h2, call);
    case PEER_RST_STREAM:
        return nghttp2_submit_rst_stream(session->h2, 0, call->id, (uint32_t)call->step->status);
    case PEER_GOAWAY:
        session->is_over = true;
        return nghttp2_submit_goaway(session->h2, 0, 0, 0, NULL, 0);
    case PEER_STALL:
        return 0;
    case PEER_RESET:
        peer_arm_reset(session->stream);
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    default:
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
}

static inline int peer_h2_frame(nghttp2_session *h2, const nghttp2_frame *frame, void *context)
{
    struct peer_session *session = context;
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) {
        return 0;
    }
    struct peer_call *call = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    if (call == NULL || call->step != NULL) {
        return 0;
    }
    call->step = peer_next_step(session->stream->peer);
    peer_record(session->stream, call->head, call->body, call->body_len);
    return peer_h2_act(session, call);
}

static inline void peer_h2_start(struct peer_session *session)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 4 << 20},
                                         {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100}};
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_send_callback(callbacks, peer_h2_send);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, peer_h2_begin);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, peer_h2_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, peer_h2_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, peer_h2_frame);
    nghttp2_session_server_new(&session->h2, callbacks, session);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session->h2, 0, settings, 2);
    nghttp2_session_set_local_window_size(session->h2, 0, 0, 16 << 20);
    nghttp2_session_send(session->h2);
}

static inline void peer_serve_grpc(struct peer_stream *stream)
{
    struct peer_session session = {.stream = stream};
    uint8_t *data = malloc(65536);
    size_t got;
    peer_h2_start(&session);
    while (!session.is_over && (got = peer_read(stream, data, 65536)) > 0) {
        if (nghttp2_session_mem_recv(session.h2, data, got) < 0 ||
            nghttp2_session_send(session.h2) != 0) {
            break;
        }
    }
    nghttp2_session_del(session.h2);
    while (session.calls != NULL) {
        struct peer_call *call = session.calls;
        session.calls = call->next;
        free(call->body);
        free(call);
    }
    free(data);
}

static inline struct peer *peer_start_grpc(const struct peer_step *steps, size_t step_count)
{
    return peer_start_at(0, peer_serve_grpc, NULL, steps, step_count);
}

#endif
