/* What the tests of compression share: contexts that must be made, sample data, round trips. */
#ifndef TESTS_UNIT_COMPRESSION_H
#define TESTS_UNIT_COMPRESSION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <otlp/compress.h>

#include "guarded.h"

#define OUTPUT_MAX ((size_t)4 << 20)

static const enum otlp_compression real[] __attribute__((unused)) = {
    OTLP_COMPRESSION_GZIP, OTLP_COMPRESSION_ZSTD, OTLP_COMPRESSION_BROTLI};
#define REAL_COUNT (sizeof real / sizeof real[0])

static inline struct otlp_compressor *compressor_of(enum otlp_compression algorithm, int level,
                                                    const struct otlp_zstd_dictionary *dictionary)
{
    struct otlp_compressor_options options = {
        .algorithm = algorithm, .level = level, .dictionary = dictionary};
    struct otlp_compressor *compressor = NULL;
    assert_int_equal(otlp_compressor_create(&options, &compressor), 0);
    return compressor;
}

static inline struct otlp_decompressor *
decompressor_of(enum otlp_compression algorithm, const struct otlp_zstd_dictionary *dictionary)
{
    struct otlp_decompressor *decompressor = NULL;
    assert_int_equal(otlp_decompressor_create(algorithm, dictionary, &decompressor), 0);
    return decompressor;
}

/* Text that shrinks: words of a small vocabulary. */
static inline uint8_t *words(size_t len, unsigned long seed)
{
    static const char *const vocabulary[] = {"http.method",   "GET", "service.name", "checkout",
                                             "/api/v1/cart/", "200", "span",         "\"id\":"};
    uint8_t *bytes = malloc(len + 16);
    assert_non_null(bytes);
    for (size_t at = 0; at < len;) {
        const char *word = vocabulary[random_next(&seed) % 8];
        size_t word_len = strlen(word) < len - at ? strlen(word) : len - at;
        memcpy(bytes + at, word, word_len);
        at += word_len;
        if (at < len) {
            bytes[at++] = (uint8_t)('0' + random_next(&seed) % 10);
        }
    }
    return bytes;
}

static inline uint8_t *noise(size_t len, unsigned long seed)
{
    uint8_t *bytes = malloc(len + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(random_next(&seed) >> 11);
    }
    return bytes;
}

static inline struct otlp_buffer packed(struct otlp_compressor *compressor, const uint8_t *bytes,
                                        size_t len)
{
    struct otlp_buffer out = {.len = 0};
    assert_int_equal(otlp_compress_append(compressor, bytes, len, &out), 0);
    return out;
}

static inline int unpack(struct otlp_decompressor *decompressor, const void *bytes, size_t len,
                         size_t output_max, struct otlp_buffer *out)
{
    struct guarded copy = guarded_copy(bytes, len);
    int rc = otlp_decompress_append(decompressor, copy.text, len, output_max, out);
    guarded_free(&copy);
    return rc;
}

static inline void round_trip(struct otlp_compressor *compressor,
                              struct otlp_decompressor *decompressor, const uint8_t *bytes,
                              size_t len, size_t bound)
{
    struct otlp_buffer out = packed(compressor, bytes, len);
    assert_in_range(out.len, 0, bound);
    struct otlp_buffer back = {.len = 0};
    assert_int_equal(unpack(decompressor, out.data, out.len, len, &back), 0);
    assert_int_equal(back.len, len);
    if (len > 0) {
        assert_memory_equal(back.data, bytes, len);
    }
    otlp_buffer_release(&out);
    otlp_buffer_release(&back);
}

#endif
