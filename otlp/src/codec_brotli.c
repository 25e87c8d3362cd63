#include "block_cache.h"
#include "codec.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <stdlib.h>

/* Room beside BrotliEncoderMaxCompressedSize, which speaks of qualities from 2 on: quality 1 writes
 * a few bytes more for each of its blocks of up to 16 MiB. */
#define BOUND_SLACK_BYTES 64

struct encoder {
    struct otlp__block_cache cache;
    uint32_t quality;
};

static void *cache_get(void *cache, size_t bytes)
{
    return otlp__block_cache_get(cache, bytes);
}

static void cache_put(void *cache, void *block)
{
    otlp__block_cache_put(cache, block);
}

static void *encoder_create(int level, const struct otlp_zstd_dictionary *dictionary)
{
    (void)dictionary;
    struct encoder *encoder = calloc(1, sizeof *encoder);
    if (encoder != NULL) {
        encoder->quality = (uint32_t)level;
    }
    return encoder;
}

static void encoder_free(void *state)
{
    struct encoder *encoder = state;
    otlp__block_cache_release(&encoder->cache);
    free(encoder);
}

/* The smallest window that holds the payload: a larger one costs memory and finds nothing more. */
static uint32_t window_bits(size_t input_bytes)
{
    uint32_t bits = BROTLI_MIN_WINDOW_BITS;
    while (bits < BROTLI_DEFAULT_WINDOW && ((size_t)1 << bits) - 16 < input_bytes) {
        bits++;
    }
    return bits;
}

static int encode_with(BrotliEncoderState *brotli, const uint8_t *input, size_t input_bytes,
                       uint8_t *output, size_t capacity, size_t *output_bytes)
{
    size_t input_left = input_bytes;
    size_t room = capacity;
    if (!BrotliEncoderCompressStream(brotli, BROTLI_OPERATION_FINISH, &input_left, &input, &room,
                                     &output, NULL)) {
        return OTLP_ENOMEM; /* the only failure with valid parameters */
    }
    if (!BrotliEncoderIsFinished(brotli)) {
        return OTLP_ENOSPC;
    }
    *output_bytes = capacity - room;
    return 0;
}

static int encode(void *state, const uint8_t *input, size_t input_bytes, uint8_t *output,
                  size_t capacity, size_t *output_bytes)
{
    struct encoder *encoder = state;
    BrotliEncoderState *brotli = BrotliEncoderCreateInstance(cache_get, cache_put, &encoder->cache);
    if (brotli == NULL) {
        return OTLP_ENOMEM;
    }
    bool is_set = BrotliEncoderSetParameter(brotli, BROTLI_PARAM_QUALITY, encoder->quality) &&
                  BrotliEncoderSetParameter(brotli, BROTLI_PARAM_LGWIN, window_bits(input_bytes)) &&
                  BrotliEncoderSetParameter(brotli, BROTLI_PARAM_SIZE_HINT, (uint32_t)input_bytes);
    int rc = is_set ? encode_with(brotli, input, input_bytes, output, capacity, output_bytes)
                    : OTLP_ECODEC;
    BrotliEncoderDestroyInstance(brotli);
    return rc;
}

static size_t bound(size_t input_bytes)
{
    return BrotliEncoderMaxCompressedSize(input_bytes) + BOUND_SLACK_BYTES;
}

static void *decoder_create(const struct otlp_zstd_dictionary *dictionary)
{
    (void)dictionary;
    return calloc(1, sizeof(struct otlp__block_cache));
}

static void decoder_free(void *state)
{
    otlp__block_cache_release(state);
    free(state);
}

static int error_of(const BrotliDecoderState *brotli)
{
    switch (BrotliDecoderGetErrorCode(brotli)) {
    case BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES:
    case BROTLI_DECODER_ERROR_ALLOC_TREE_GROUPS:
    case BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MAP:
    case BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_1:
    case BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_2:
    case BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES:
        return OTLP_ENOMEM;
    default:
        return OTLP_EFORMAT;
    }
}

static int decode_with(BrotliDecoderState *brotli, const uint8_t *input, size_t input_bytes,
                       struct otlp__sink *sink)
{
    BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
        uint8_t *room;
        size_t room_bytes;
        int rc = otlp__sink_room(sink, &room, &room_bytes);
        if (rc != 0) {
            return rc;
        }
        uint8_t *end = room;
        result =
            BrotliDecoderDecompressStream(brotli, &input_bytes, &input, &room_bytes, &end, NULL);
        if (result == BROTLI_DECODER_RESULT_ERROR) {
            return error_of(brotli);
        }
        rc = otlp__sink_wrote(sink, (size_t)(end - room));
        if (rc != 0) {
            return rc;
        }
    }
    bool is_whole = result == BROTLI_DECODER_RESULT_SUCCESS && input_bytes == 0;
    return is_whole ? 0 : OTLP_EFORMAT;
}

static int decode(void *state, const uint8_t *input, size_t input_bytes, struct otlp__sink *sink)
{
    BrotliDecoderState *brotli = BrotliDecoderCreateInstance(cache_get, cache_put, state);
    if (brotli == NULL) {
        return OTLP_ENOMEM;
    }
    int rc = decode_with(brotli, input, input_bytes, sink);
    BrotliDecoderDestroyInstance(brotli);
    return rc;
}

const struct otlp__encoder_ops otlp__brotli_encoder = {
    .level_min = 1,
    .level_max = BROTLI_MAX_QUALITY,
    .level_default = 5,
    .create = encoder_create,
    .free = encoder_free,
    .run = encode,
    .bound = bound,
};

const struct otlp__decoder_ops otlp__brotli_decoder = {
    .create = decoder_create,
    .free = decoder_free,
    .run = decode,
};
