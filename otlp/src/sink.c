#include "sink.h"

#include <assert.h>

/* OTLP shrinks 4 to 8 times, so that one reservation mostly holds it all. */
#define GUESS_FACTOR    8
#define GUESS_BYTES_MIN 4096
#define CLAIM_FACTOR    64

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

void otlp__sink_init(struct otlp__sink *sink, struct otlp_buffer *buffer, size_t output_max,
                     size_t input_bytes)
{
    *sink = (struct otlp__sink){
        .buffer = buffer,
        .room_left = output_max,
        .guess_bytes = GUESS_BYTES_MIN + smaller(input_bytes, SIZE_MAX / 16) * GUESS_FACTOR,
    };
}

void otlp__sink_expect(struct otlp__sink *sink, uint64_t output_bytes, size_t input_bytes)
{
    if (output_bytes <= GUESS_BYTES_MIN + (uint64_t)input_bytes * CLAIM_FACTOR) {
        sink->guess_bytes = output_bytes > 0 ? (size_t)output_bytes : 1;
    }
}

int otlp__sink_room(struct otlp__sink *sink, uint8_t **room, size_t *room_bytes)
{
    struct otlp_buffer *buffer = sink->buffer;
    size_t free_bytes = buffer->capacity - buffer->len;
    if (sink->room_left > 0 && !buffer->is_fixed && free_bytes < sink->guess_bytes) {
        int rc = otlp_buffer_reserve(buffer, smaller(sink->guess_bytes, sink->room_left));
        if (rc != 0) {
            return rc;
        }
        free_bytes = buffer->capacity - buffer->len;
        sink->guess_bytes = 1; /* from here on the buffer doubles */
    }
    free_bytes = smaller(free_bytes, sink->room_left);
    sink->is_spilling = free_bytes == 0;
    *room = sink->is_spilling ? &sink->spill : buffer->data + buffer->len;
    *room_bytes = sink->is_spilling ? 1 : free_bytes;
    return 0;
}

int otlp__sink_wrote(struct otlp__sink *sink, size_t written)
{
    if (sink->is_spilling && written > 0) {
        return sink->room_left == 0 ? OTLP_ETOOBIG : OTLP_ENOSPC;
    }
    assert(written <= sink->room_left);
    sink->buffer->len += written;
    sink->room_left -= written;
    return 0;
}
