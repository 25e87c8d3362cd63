#include <otlp/compress.h>

#include "codec.h"

#include <stdlib.h>
#include <string.h>

static const struct otlp__decoder_ops *const decoders[OTLP_COMPRESSION_COUNT] = {
    [OTLP_COMPRESSION_GZIP] = &otlp__gzip_decoder,
    [OTLP_COMPRESSION_ZSTD] = &otlp__zstd_decoder,
    [OTLP_COMPRESSION_BROTLI] = &otlp__brotli_decoder,
};

struct otlp_decompressor {
    const struct otlp__decoder_ops *ops; /* NULL: no compression */
    void *state;
};

int otlp_decompressor_create(enum otlp_compression algorithm,
                             const struct otlp_zstd_dictionary *dictionary,
                             struct otlp_decompressor **decompressor)
{
    if ((unsigned)algorithm >= OTLP_COMPRESSION_COUNT ||
        (dictionary != NULL && algorithm != OTLP_COMPRESSION_ZSTD)) {
        return OTLP_EINVAL;
    }
    struct otlp_decompressor *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return OTLP_ENOMEM;
    }
    made->ops = decoders[algorithm];
    if (made->ops != NULL) {
        made->state = made->ops->create(dictionary);
        if (made->state == NULL) {
            free(made);
            return OTLP_ENOMEM;
        }
    }
    *decompressor = made;
    return 0;
}

void otlp_decompressor_free(struct otlp_decompressor *decompressor)
{
    if (decompressor != NULL) {
        if (decompressor->ops != NULL) {
            decompressor->ops->free(decompressor->state);
        }
        free(decompressor);
    }
}

static int append_copy(const uint8_t *input, size_t input_bytes, size_t output_max,
                       struct otlp_buffer *output)
{
    if (input_bytes > output_max) {
        return OTLP_ETOOBIG;
    }
    int rc = otlp_buffer_reserve(output, input_bytes);
    if (rc == 0 && input_bytes > 0) {
        memcpy(output->data + output->len, input, input_bytes);
        output->len += input_bytes;
    }
    return rc;
}

int otlp_decompress_append(struct otlp_decompressor *decompressor, const void *input,
                           size_t input_bytes, size_t output_max, struct otlp_buffer *output)
{
    if (input_bytes > OTLP_COMPRESS_INPUT_MAX) {
        return OTLP_ETOOBIG;
    }
    if (decompressor->ops == NULL) {
        return append_copy(input, input_bytes, output_max, output);
    }
    if (input_bytes == 0) {
        return OTLP_EFORMAT;
    }
    struct otlp__sink sink;
    size_t len_before = output->len;
    otlp__sink_init(&sink, output, output_max, input_bytes);
    int rc = decompressor->ops->run(decompressor->state, input, input_bytes, &sink);
    if (rc != 0) {
        output->len = len_before;
    }
    return rc;
}

int otlp_decompress(struct otlp_decompressor *decompressor, const void *input, size_t input_bytes,
                    void *output, size_t capacity, size_t *output_bytes)
{
    struct otlp_buffer buffer = otlp_buffer_fixed(output, capacity);
    int rc = otlp_decompress_append(decompressor, input, input_bytes, capacity, &buffer);
    if (rc == 0) {
        *output_bytes = buffer.len;
    }
    return rc;
}
