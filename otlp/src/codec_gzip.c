#include "codec.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/* Largest window, and 16 for the gzip wrapper in place of zlib's. */
#define GZIP_WINDOW_BITS  (MAX_WBITS + 16)
#define GZIP_MEMORY_LEVEL 8
/* The gzip header and trailer that deflateBound does not count without a stream. */
#define GZIP_WRAPPER_BYTES 18

_Static_assert(OTLP_COMPRESS_INPUT_MAX <= UINT_MAX, "zlib counts input in unsigned int");

static uInt clamp(size_t bytes)
{
    return bytes < UINT_MAX ? (uInt)bytes : UINT_MAX;
}

/* zlib reads through a pointer to non-const; it does not write there. */
static Bytef *readable(const uint8_t *input)
{
    return (Bytef *)(uintptr_t)input;
}

static void *encoder_create(int level, const struct otlp_zstd_dictionary *dictionary)
{
    (void)dictionary;
    z_stream *stream = calloc(1, sizeof *stream);
    if (stream != NULL && deflateInit2(stream, level, Z_DEFLATED, GZIP_WINDOW_BITS,
                                       GZIP_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

static void encoder_free(void *state)
{
    (void)deflateEnd(state); /* tells only that a stream was cut short */
    free(state);
}

static int encode(void *state, const uint8_t *input, size_t input_bytes, uint8_t *output,
                  size_t capacity, size_t *output_bytes)
{
    z_stream *stream = state;
    uint8_t nothing = 0;
    if (deflateReset(stream) != Z_OK) {
        return OTLP_ECODEC;
    }
    stream->next_in = readable(input_bytes > 0 ? input : &nothing);
    stream->avail_in = (uInt)input_bytes;
    stream->next_out = capacity > 0 ? output : &nothing;
    stream->avail_out = clamp(capacity);
    int rc = deflate(stream, Z_FINISH);
    if (rc == Z_OK || rc == Z_BUF_ERROR) {
        return OTLP_ENOSPC;
    }
    if (rc != Z_STREAM_END) {
        return OTLP_ECODEC;
    }
    *output_bytes = (size_t)(stream->next_out - output);
    return 0;
}

static size_t bound(size_t input_bytes)
{
    return deflateBound(NULL, (uLong)input_bytes) + GZIP_WRAPPER_BYTES;
}

static void *decoder_create(const struct otlp_zstd_dictionary *dictionary)
{
    (void)dictionary;
    z_stream *stream = calloc(1, sizeof *stream);
    if (stream != NULL && inflateInit2(stream, GZIP_WINDOW_BITS) != Z_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

static void decoder_free(void *state)
{
    (void)inflateEnd(state);
    free(state);
}

static int error_of(int rc)
{
    return rc == Z_MEM_ERROR ? OTLP_ENOMEM : OTLP_EFORMAT;
}

/* One call: fills the room that there is. */
static int inflate_some(z_stream *stream, struct otlp__sink *sink, bool *ended)
{
    uint8_t *room;
    size_t room_bytes;
    int rc = otlp__sink_room(sink, &room, &room_bytes);
    if (rc != 0) {
        return rc;
    }
    stream->next_out = room;
    stream->avail_out = clamp(room_bytes);
    int zlib_rc = inflate(stream, Z_NO_FLUSH);
    if (zlib_rc != Z_OK && zlib_rc != Z_STREAM_END && zlib_rc != Z_BUF_ERROR) {
        return error_of(zlib_rc);
    }
    *ended = zlib_rc == Z_STREAM_END;
    rc = otlp__sink_wrote(sink, (size_t)(stream->next_out - room));
    if (rc != 0) {
        return rc;
    }
    bool is_starved = !*ended && stream->avail_out > 0;
    return is_starved ? OTLP_EFORMAT : 0;
}

/* Members follow one another until the input ends (RFC 1952, 2.2). */
static int decode(void *state, const uint8_t *input, size_t input_bytes, struct otlp__sink *sink)
{
    z_stream *stream = state;
    stream->next_in = readable(input);
    stream->avail_in = (uInt)input_bytes;
    do {
        bool ended = false;
        if (inflateReset(stream) != Z_OK) {
            return OTLP_ECODEC;
        }
        while (!ended) {
            int rc = inflate_some(stream, sink, &ended);
            if (rc != 0) {
                return rc;
            }
        }
    } while (stream->avail_in > 0);
    return 0;
}

const struct otlp__encoder_ops otlp__gzip_encoder = {
    .level_min = 1,
    .level_max = 9,
    .level_default = 6,
    .create = encoder_create,
    .free = encoder_free,
    .run = encode,
    .bound = bound,
};

const struct otlp__decoder_ops otlp__gzip_decoder = {
    .create = decoder_create,
    .free = decoder_free,
    .run = decode,
};
