/*
 * Where decompressed bytes go: a buffer with a limit. When the limit is reached, the decoder is
 * given one byte of room elsewhere: a stream that ends there writes nothing into it, and one that
 * goes on is found out without a byte past the limit.
 */
#ifndef OTLP_SRC_SINK_H
#define OTLP_SRC_SINK_H

#include <otlp/buffer.h>

struct otlp__sink {
    struct otlp_buffer *buffer;
    size_t room_left;   /* until the limit */
    size_t guess_bytes; /* how much room to make next */
    bool is_spilling;
    uint8_t spill;
};

/* A sink that appends at most `output_max` bytes. input_bytes is what they come from: a first
 * guess. */
void otlp__sink_init(struct otlp__sink *sink, struct otlp_buffer *buffer, size_t output_max,
                     size_t input_bytes);

/* Says how many bytes the stream claims to hold. Believed up to a factor: a lie costs little. */
void otlp__sink_expect(struct otlp__sink *sink, uint64_t output_bytes, size_t input_bytes);

/* Gives room for at least one byte. OTLP_ENOMEM. */
int otlp__sink_room(struct otlp__sink *sink, uint8_t **room, size_t *room_bytes);

/* Takes in what was written to the room. OTLP_ETOOBIG when that is past the limit, OTLP_ENOSPC when
 * it is past the end of a fixed buffer that is smaller than the limit. */
int otlp__sink_wrote(struct otlp__sink *sink, size_t written);

#endif
