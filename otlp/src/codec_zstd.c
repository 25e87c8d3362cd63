#include "codec.h"
#include "zstd_dictionary.h"

#include <zstd.h>
#include <zstd_errors.h>

/* 8 MiB: what every decoder of the content coding supports and no encoder may exceed (RFC 9659). */
#define WINDOW_LOG_MAX 23

static void *encoder_create(int level, const struct otlp_zstd_dictionary *dictionary)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    if (context == NULL) {
        return NULL;
    }
    size_t rc = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    if (!ZSTD_isError(rc) && level > 19) {
        rc = ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, WINDOW_LOG_MAX);
    }
    if (!ZSTD_isError(rc) && dictionary != NULL) {
        rc = ZSTD_CCtx_refCDict(context, otlp__zstd_compress_dictionary(dictionary));
    }
    if (ZSTD_isError(rc)) {
        ZSTD_freeCCtx(context);
        return NULL;
    }
    return context;
}

static void encoder_free(void *state)
{
    ZSTD_freeCCtx(state);
}

static int encode(void *state, const uint8_t *input, size_t input_bytes, uint8_t *output,
                  size_t capacity, size_t *output_bytes)
{
    size_t written = ZSTD_compress2(state, output, capacity, input, input_bytes);
    if (!ZSTD_isError(written)) {
        *output_bytes = written;
        return 0;
    }
    (void)ZSTD_CCtx_reset(state, ZSTD_reset_session_only); /* cannot fail for a session */
    switch (ZSTD_getErrorCode(written)) {
    case ZSTD_error_dstSize_tooSmall:
        return OTLP_ENOSPC;
    case ZSTD_error_memory_allocation:
        return OTLP_ENOMEM;
    default:
        return OTLP_ECODEC;
    }
}

static size_t bound(size_t input_bytes)
{
    return ZSTD_compressBound(input_bytes);
}

static void *decoder_create(const struct otlp_zstd_dictionary *dictionary)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (context == NULL) {
        return NULL;
    }
    size_t rc = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    if (!ZSTD_isError(rc) && dictionary != NULL) {
        rc = ZSTD_DCtx_refDDict(context, otlp__zstd_decompress_dictionary(dictionary));
    }
    if (ZSTD_isError(rc)) {
        ZSTD_freeDCtx(context);
        return NULL;
    }
    return context;
}

static void decoder_free(void *state)
{
    ZSTD_freeDCtx(state);
}

static int error_of(size_t rc)
{
    switch (ZSTD_getErrorCode(rc)) {
    case ZSTD_error_memory_allocation:
        return OTLP_ENOMEM;
    case ZSTD_error_dictionary_wrong:
        return OTLP_EDICTIONARY;
    case ZSTD_error_frameParameter_windowTooLarge:
        return OTLP_ETOOBIG;
    default:
        return OTLP_EFORMAT;
    }
}

/* Frames follow one another until the input ends (RFC 8878, 3). */
static int decode(void *state, const uint8_t *input, size_t input_bytes, struct otlp__sink *sink)
{
    (void)ZSTD_DCtx_reset(state, ZSTD_reset_session_only); /* cannot fail for a session */
    unsigned long long claimed = ZSTD_getFrameContentSize(input, input_bytes);
    if (claimed != ZSTD_CONTENTSIZE_UNKNOWN && claimed != ZSTD_CONTENTSIZE_ERROR) {
        otlp__sink_expect(sink, claimed, input_bytes);
    }
    ZSTD_inBuffer in = {.src = input, .size = input_bytes, .pos = 0};
    size_t wanted = 1;
    while (in.pos < in.size || wanted != 0) {
        ZSTD_outBuffer out = {.pos = 0};
        uint8_t *room;
        int rc = otlp__sink_room(sink, &room, &out.size);
        if (rc != 0) {
            return rc;
        }
        out.dst = room;
        wanted = ZSTD_decompressStream(state, &out, &in);
        if (ZSTD_isError(wanted)) {
            return error_of(wanted);
        }
        rc = otlp__sink_wrote(sink, out.pos);
        if (rc != 0) {
            return rc;
        }
        if (wanted != 0 && in.pos == in.size && out.pos < out.size) {
            return OTLP_EFORMAT; /* cut off: there is room, and nothing more to come */
        }
    }
    return 0;
}

const struct otlp__encoder_ops otlp__zstd_encoder = {
    .level_min = OTLP__ZSTD_LEVEL_MIN,
    .level_max = OTLP__ZSTD_LEVEL_MAX,
    .level_default = OTLP__ZSTD_LEVEL_DEFAULT,
    .create = encoder_create,
    .free = encoder_free,
    .run = encode,
    .bound = bound,
};

const struct otlp__decoder_ops otlp__zstd_decoder = {
    .create = decoder_create,
    .free = decoder_free,
    .run = decode,
};
