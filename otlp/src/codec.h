/*
 * What an algorithm gives to the compressor and decompressor: one table a direction. A state is
 * made once and serves one payload after the other, also after an error.
 */
#ifndef OTLP_SRC_CODEC_H
#define OTLP_SRC_CODEC_H

#include <otlp/compress.h>

#include "sink.h"

struct otlp__encoder_ops {
    int level_min;
    int level_max;
    int level_default;
    /* NULL: out of memory. `level` is in range. */
    void *(*create)(int level, const struct otlp_zstd_dictionary *dictionary);
    void (*free)(void *state);
    /* One payload into a bounded buffer: 0, OTLP_ENOSPC, OTLP_ENOMEM or OTLP_ECODEC. */
    int (*run)(void *state, const uint8_t *input, size_t input_bytes, uint8_t *output,
               size_t capacity, size_t *output_bytes);
    size_t (*bound)(size_t input_bytes);
};

struct otlp__decoder_ops {
    void *(*create)(const struct otlp_zstd_dictionary *dictionary);
    void (*free)(void *state);
    /* One payload of at least a byte into a sink: 0 or the codes of otlp_decompress. */
    int (*run)(void *state, const uint8_t *input, size_t input_bytes, struct otlp__sink *sink);
};

extern const struct otlp__encoder_ops otlp__gzip_encoder;
extern const struct otlp__encoder_ops otlp__zstd_encoder;
extern const struct otlp__encoder_ops otlp__brotli_encoder;

extern const struct otlp__decoder_ops otlp__gzip_decoder;
extern const struct otlp__decoder_ops otlp__zstd_decoder;
extern const struct otlp__decoder_ops otlp__brotli_decoder;

#endif
