/* The HTTP/1.1 side of peer.h. */
#ifndef TESTS_UNIT_PEER_HTTP_H
#define TESTS_UNIT_PEER_HTTP_H

#include "peer.h"

struct peer_input {
    uint8_t *data;
    size_t len;
    size_t capacity;
};

static inline bool peer_fill(struct peer_stream *stream, struct peer_input *input)
{
    if (input->capacity - input->len < 65536) {
        input->capacity = input->capacity * 2 + 65536;
        input->data = realloc(input->data, input->capacity);
    }
    size_t got = peer_read(stream, input->data + input->len, input->capacity - input->len);
    input->len += got;
    return got > 0;
}

/* The bytes of the head with its empty line; 0: not all there. */
static inline size_t peer_head_bytes(const struct peer_input *input)
{
    const uint8_t *end = input->len < 4 ? NULL : memmem(input->data, input->len, "\r\n\r\n", 4);
    return end == NULL ? 0 : (size_t)(end - input->data) + 4;
}

static inline void peer_copy_head(const struct peer_input *input, size_t head_bytes, char *head,
                                  size_t capacity)
{
    size_t len = 0;
    for (size_t i = 0; i + 2 < head_bytes && len + 1 < capacity; i++) {
        if (input->data[i] != '\r') {
            head[len++] = (char)input->data[i];
        }
    }
    head[len] = '\0';
}

static inline size_t peer_content_length(const char *head)
{
    const char *line = strcasestr(head, "\ncontent-length:");
    return line == NULL ? 0 : (size_t)strtoull(line + 16, NULL, 10);
}

static inline bool peer_write_answer(struct peer_stream *stream, const struct peer_step *step)
{
    char head[1024];
    int len = snprintf(head, sizeof head, "HTTP/1.1 %d Whatever\r\ncontent-length: %zu\r\n%s\r\n",
                       step->status == 0 ? 200 : step->status, step->body_len,
                       step->headers == NULL ? "" : step->headers);
    if (!peer_write(stream, head, (size_t)len)) {
        return false;
    }
    size_t body_len = step->act == PEER_CUT_ANSWER ? step->body_len / 2 : step->body_len;
    return body_len == 0 || peer_write(stream, step->body, body_len);
}

/* False: the connection ends. */
static inline bool peer_act(struct peer_stream *stream, const struct peer_step *step)
{
    peer_wait(stream->peer, step->delay_ms);
    switch (step->act) {
    case PEER_ANSWER:
        return peer_write_answer(stream, step);
    case PEER_CUT_ANSWER:
        peer_write_answer(stream, step);
        peer_wait(stream->peer, 20);
        peer_arm_reset(stream);
        return false;
    case PEER_STALL:
        while (!atomic_load(&stream->peer->is_stopping)) {
            peer_sleep_ms(2);
        }
        return false;
    case PEER_RESET:
    case PEER_RESET_BODY:
        peer_arm_reset(stream);
        return false;
    default:
        return false;
    }
}

static inline void peer_serve_http(struct peer_stream *stream)
{
    struct peer_input input = {0};
    bool goes_on = true;
    while (goes_on) {
        char head[4096];
        size_t head_bytes;
        while ((head_bytes = peer_head_bytes(&input)) == 0 &&
               (goes_on = peer_fill(stream, &input))) {
        }
        if (!goes_on) {
            break;
        }
        peer_copy_head(&input, head_bytes, head, sizeof head);
        size_t total = head_bytes + peer_content_length(head);
        const struct peer_step *step = peer_next_step(stream->peer);
        if (step->act == PEER_RESET_BODY) {
            peer_act(stream, step);
            break;
        }
        while (input.len < total && (goes_on = peer_fill(stream, &input))) {
        }
        if (!goes_on) {
            break;
        }
        peer_record(stream, head, input.data + head_bytes, total - head_bytes);
        goes_on = peer_act(stream, step);
        memmove(input.data, input.data + total, input.len - total);
        input.len -= total;
    }
    free(input.data);
}

static inline struct peer *peer_start_http(const struct peer_step *steps, size_t step_count)
{
    return peer_start_at(0, peer_serve_http, NULL, steps, step_count);
}

#endif
