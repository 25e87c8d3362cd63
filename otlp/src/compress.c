#include <otlp/compress.h>

#include "codec.h"

#include <stdlib.h>
#include <string.h>

static const struct otlp__encoder_ops *const encoders[OTLP_COMPRESSION_COUNT] = {
    [OTLP_COMPRESSION_GZIP] = &otlp__gzip_encoder,
    [OTLP_COMPRESSION_ZSTD] = &otlp__zstd_encoder,
    [OTLP_COMPRESSION_BROTLI] = &otlp__brotli_encoder,
};

struct otlp_compressor {
    const struct otlp__encoder_ops *ops; /* NULL: no compression */
    void *state;
};

static bool options_are_valid(const struct otlp_compressor_options *options)
{
    if ((unsigned)options->algorithm >= OTLP_COMPRESSION_COUNT) {
        return false;
    }
    if (options->dictionary != NULL && options->algorithm != OTLP_COMPRESSION_ZSTD) {
        return false;
    }
    const struct otlp__encoder_ops *ops = encoders[options->algorithm];
    return ops == NULL || options->level == 0 ||
           (options->level >= ops->level_min && options->level <= ops->level_max);
}

int otlp_compressor_create(const struct otlp_compressor_options *options,
                           struct otlp_compressor **compressor)
{
    if (!options_are_valid(options)) {
        return OTLP_EINVAL;
    }
    struct otlp_compressor *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return OTLP_ENOMEM;
    }
    made->ops = encoders[options->algorithm];
    if (made->ops != NULL) {
        int level = options->level != 0 ? options->level : made->ops->level_default;
        made->state = made->ops->create(level, options->dictionary);
        if (made->state == NULL) {
            free(made);
            return OTLP_ENOMEM;
        }
    }
    *compressor = made;
    return 0;
}

void otlp_compressor_free(struct otlp_compressor *compressor)
{
    if (compressor != NULL) {
        if (compressor->ops != NULL) {
            compressor->ops->free(compressor->state);
        }
        free(compressor);
    }
}

static size_t bound_of(const struct otlp__encoder_ops *ops, size_t input_bytes)
{
    return ops != NULL ? ops->bound(input_bytes) : input_bytes;
}

size_t otlp_compress_bound(enum otlp_compression algorithm, size_t input_bytes)
{
    if ((unsigned)algorithm >= OTLP_COMPRESSION_COUNT || input_bytes > OTLP_COMPRESS_INPUT_MAX) {
        return 0;
    }
    return bound_of(encoders[algorithm], input_bytes);
}

static int copy(const void *input, size_t input_bytes, void *output, size_t capacity,
                size_t *output_bytes)
{
    if (input_bytes > capacity) {
        return OTLP_ENOSPC;
    }
    if (input_bytes > 0) {
        memcpy(output, input, input_bytes);
    }
    *output_bytes = input_bytes;
    return 0;
}

int otlp_compress(struct otlp_compressor *compressor, const void *input, size_t input_bytes,
                  void *output, size_t capacity, size_t *output_bytes)
{
    if (input_bytes > OTLP_COMPRESS_INPUT_MAX) {
        return OTLP_ETOOBIG;
    }
    if (compressor->ops == NULL) {
        return copy(input, input_bytes, output, capacity, output_bytes);
    }
    return compressor->ops->run(compressor->state, input, input_bytes, output, capacity,
                                output_bytes);
}

int otlp_compress_append(struct otlp_compressor *compressor, const void *input, size_t input_bytes,
                         struct otlp_buffer *output)
{
    if (input_bytes > OTLP_COMPRESS_INPUT_MAX) {
        return OTLP_ETOOBIG;
    }
    if (!output->is_fixed) {
        int rc = otlp_buffer_reserve(output, bound_of(compressor->ops, input_bytes));
        if (rc != 0) {
            return rc;
        }
    }
    size_t written = 0;
    uint8_t *at = output->len < output->capacity ? output->data + output->len : output->data;
    int rc =
        otlp_compress(compressor, input, input_bytes, at, output->capacity - output->len, &written);
    if (rc == 0) {
        output->len += written;
    }
    return rc;
}
