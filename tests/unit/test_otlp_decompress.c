/* Decompressing: streams of other programs, limits, and streams that lie. */
#include "compression.h"

/* "hello" from gzip 1.12, zstd 1.5.4, and Node's brotli. */
static const uint8_t hello_gzip[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
                                     0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x86,
                                     0xa6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00};
static const uint8_t hello_zstd[] = {0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x29, 0x00, 0x00,
                                     0x68, 0x65, 0x6c, 0x6c, 0x6f, 0xa3, 0x6d, 0x9f, 0x88};
static const uint8_t hello_brotli[] = {0x0b, 0x02, 0x80, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x03};

static void gives(enum otlp_compression algorithm, const void *bytes, size_t len,
                  const char *expected)
{
    struct otlp_decompressor *decompressor = decompressor_of(algorithm, NULL);
    struct otlp_buffer out = {.len = 0};
    assert_int_equal(unpack(decompressor, bytes, len, OUTPUT_MAX, &out), 0);
    assert_int_equal(out.len, strlen(expected));
    if (out.len > 0) {
        assert_memory_equal(out.data, expected, out.len);
    }
    otlp_buffer_release(&out);
    otlp_decompressor_free(decompressor);
}

static void refuses(enum otlp_compression algorithm, const void *bytes, size_t len, int expected)
{
    struct otlp_decompressor *decompressor = decompressor_of(algorithm, NULL);
    struct otlp_buffer out = {.len = 0};
    assert_int_equal(unpack(decompressor, bytes, len, OUTPUT_MAX, &out), expected);
    assert_int_equal(out.len, 0);
    otlp_buffer_release(&out);
    otlp_decompressor_free(decompressor);
}

static void streams_of_other_programs(void **state)
{
    (void)state;
    gives(OTLP_COMPRESSION_GZIP, hello_gzip, sizeof hello_gzip, "hello");
    gives(OTLP_COMPRESSION_ZSTD, hello_zstd, sizeof hello_zstd, "hello");
    gives(OTLP_COMPRESSION_BROTLI, hello_brotli, sizeof hello_brotli, "hello");
    gives(OTLP_COMPRESSION_BROTLI, ";", 1, ""); /* 0x3b: the empty stream */
    gives(OTLP_COMPRESSION_NONE, "hello", 5, "hello");
    gives(OTLP_COMPRESSION_NONE, "", 0, "");
}

/* A limit of exactly the size passes, one byte less does not; nothing is written behind it. */
static void output_limit(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 100, 4096, 70000, 300000};
    for (size_t i = 0; i < REAL_COUNT; i++) {
        struct otlp_compressor *compressor = compressor_of(real[i], 0, NULL);
        struct otlp_decompressor *decompressor = decompressor_of(real[i], NULL);
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            uint8_t *text = words(sizes[k], 9);
            struct otlp_buffer stream = packed(compressor, text, sizes[k]);
            uint8_t *blank = calloc(1, sizes[k] + 1);
            assert_non_null(blank);
            for (size_t short_by = 0; short_by < 2 && short_by <= sizes[k]; short_by++) {
                struct guarded out = guarded_copy(blank, sizes[k] - short_by);
                struct otlp_buffer grown = {.len = 0};
                size_t out_len = 77;
                int expected = short_by == 0 ? 0 : OTLP_ETOOBIG;
                assert_int_equal(otlp_decompress(decompressor, stream.data, stream.len, out.text,
                                                 out.len, &out_len),
                                 expected);
                assert_int_equal(out_len, short_by == 0 ? sizes[k] : 77);
                assert_int_equal(unpack(decompressor, stream.data, stream.len, out.len, &grown),
                                 expected);
                otlp_buffer_release(&grown);
                guarded_free(&out);
            }
            free(blank);
            free(text);
            otlp_buffer_release(&stream);
        }
        otlp_compressor_free(compressor);
        otlp_decompressor_free(decompressor);
    }
    size_t out_len = 0;
    struct otlp_decompressor *none = decompressor_of(OTLP_COMPRESSION_NONE, NULL);
    uint8_t five[5];
    assert_int_equal(otlp_decompress(none, "hello", 5, five, 5, &out_len), 0);
    assert_int_equal(otlp_decompress(none, "hello!", 6, five, 5, &out_len), OTLP_ETOOBIG);
    otlp_decompressor_free(none);
}

/* 16 MiB of zeros in a few kilobytes: refused, and the memory taken is of the order of the limit.
 */
static void bombs(void **state)
{
    (void)state;
    size_t zeros_len = (size_t)16 << 20;
    uint8_t *zeros = calloc(1, zeros_len);
    assert_non_null(zeros);
    for (size_t i = 0; i < REAL_COUNT; i++) {
        struct otlp_compressor *compressor = compressor_of(real[i], 0, NULL);
        struct otlp_decompressor *decompressor = decompressor_of(real[i], NULL);
        struct otlp_buffer bomb = packed(compressor, zeros, zeros_len);
        struct otlp_buffer out = {.len = 0};
        assert_in_range(bomb.len, 1, 20000);
        assert_int_equal(unpack(decompressor, bomb.data, bomb.len, 65536, &out), OTLP_ETOOBIG);
        assert_in_range(out.capacity, 0, 2 * 65536);
        assert_int_equal(out.len, 0);
        otlp_buffer_release(&out);
        otlp_buffer_release(&bomb);
        otlp_compressor_free(compressor);
        otlp_decompressor_free(decompressor);
    }
    free(zeros);
}

/* The stream holds 5 bytes and claims more: it is corrupt, and no memory is taken for the claim. */
static void is_not_believed(const uint8_t *stream, size_t len)
{
    struct otlp_decompressor *decompressor = decompressor_of(OTLP_COMPRESSION_ZSTD, NULL);
    struct otlp_buffer out = {.len = 0};
    int rc = unpack(decompressor, stream, len, OUTPUT_MAX, &out);
    assert_true(rc == OTLP_EFORMAT || rc == OTLP_ETOOBIG);
    assert_in_range(out.capacity, 0, 65536);
    otlp_buffer_release(&out);
    otlp_decompressor_free(decompressor);
}

static void lying_and_greedy_zstd_headers(void **state)
{
    (void)state;
    static const uint8_t two_mib[] = {0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0,   0,   0x20, 0,
                                      0x29, 0x00, 0x00, 'h',  'e',  'l', 'l', 'o'};
    static const uint8_t exabyte[] = {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0,   0,   0,   0,   0,  0,
                                      0,    0x10, 0x29, 0x00, 0x00, 'h', 'e', 'l', 'l', 'o'};
    /* A window of 128 MiB, from zstd --long=27. */
    static const uint8_t window[] = {0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x88, 0x4c, 0x00, 0x00, 0x08,
                                     0x00, 0x01, 0x00, 0xfc, 0xff, 0x39, 0x10, 0x02, 0x02, 0x00,
                                     0x10, 0x00, 0x03, 0x9f, 0x04, 0x00, 0x2d, 0x28, 0xde, 0x26};
    is_not_believed(two_mib, sizeof two_mib);
    is_not_believed(exabyte, sizeof exabyte);
    refuses(OTLP_COMPRESSION_ZSTD, window, sizeof window, OTLP_ETOOBIG);
}

static void cut_at_every_byte(void **state)
{
    (void)state;
    uint8_t *text = words(700, 11);
    for (size_t i = 0; i < REAL_COUNT; i++) {
        struct otlp_compressor *compressor = compressor_of(real[i], 0, NULL);
        struct otlp_decompressor *decompressor = decompressor_of(real[i], NULL);
        struct otlp_buffer stream = packed(compressor, text, 700);
        struct otlp_buffer out = {.len = 0};
        uint8_t exact[700];
        size_t out_len;
        for (size_t len = 0; len < stream.len; len++) {
            assert_int_equal(unpack(decompressor, stream.data, len, OUTPUT_MAX, &out),
                             OTLP_EFORMAT);
            assert_int_equal(
                otlp_decompress(decompressor, stream.data, len, exact, sizeof exact, &out_len),
                OTLP_EFORMAT);
        }
        assert_int_equal(unpack(decompressor, stream.data, stream.len, OUTPUT_MAX, &out), 0);
        assert_memory_equal(out.data, text, 700);
        otlp_buffer_release(&out);
        otlp_buffer_release(&stream);
        otlp_compressor_free(compressor);
        otlp_decompressor_free(decompressor);
    }
    free(text);
}

/* gzip carries a checksum: a changed byte is found, or was one of the header that says nothing. The
 * others have none: they must give an error or some output within the limit. */
static void mutations(void **state)
{
    (void)state;
    uint8_t *text = words(2000, 13);
    unsigned long seed = 65537;
    for (size_t i = 0; i < REAL_COUNT; i++) {
        struct otlp_compressor *compressor = compressor_of(real[i], 0, NULL);
        struct otlp_decompressor *decompressor = decompressor_of(real[i], NULL);
        struct otlp_buffer stream = packed(compressor, text, 2000);
        struct otlp_buffer out = {.len = 0};
        size_t refused = 0;
        for (int round = 0; round < 3000; round++) {
            size_t at = random_next(&seed) % stream.len;
            uint8_t before = stream.data[at];
            stream.data[at] ^= (uint8_t)(1 + random_next(&seed) % 255);
            out.len = 0;
            int rc = unpack(decompressor, stream.data, stream.len, 3000, &out);
            stream.data[at] = before;
            assert_true(rc == 0 || rc == OTLP_EFORMAT || rc == OTLP_ETOOBIG ||
                        rc == OTLP_EDICTIONARY);
            assert_in_range(out.len, 0, 3000);
            refused += rc != 0;
            if (rc == 0 && real[i] == OTLP_COMPRESSION_GZIP) {
                assert_int_equal(out.len, 2000);
                assert_memory_equal(out.data, text, 2000);
            }
        }
        assert_in_range(refused, 300, 3000);
        out.len = 0;
        assert_int_equal(unpack(decompressor, stream.data, stream.len, 3000, &out), 0);
        assert_memory_equal(out.data, text, 2000);
        otlp_buffer_release(&out);
        otlp_buffer_release(&stream);
        otlp_compressor_free(compressor);
        otlp_decompressor_free(decompressor);
    }
    free(text);
}

static void data_of_another_format(void **state)
{
    (void)state;
    static const struct {
        const void *bytes;
        size_t len;
        enum otlp_compression algorithm; /* whose it is */
    } streams[] = {
        {hello_gzip, sizeof hello_gzip, OTLP_COMPRESSION_GZIP},
        {hello_zstd, sizeof hello_zstd, OTLP_COMPRESSION_ZSTD},
        {hello_brotli, sizeof hello_brotli, OTLP_COMPRESSION_BROTLI},
        {"\x0a\x14\x0a\x12\x0a\x10service.name", 18, OTLP_COMPRESSION_NONE},
        {"{\"resourceSpans\":[]}", 20, OTLP_COMPRESSION_NONE},
        {"\0\0\0\0\0\0\0\0\0\0\0\0", 12, OTLP_COMPRESSION_NONE},
        {"", 0, OTLP_COMPRESSION_NONE},
    };
    for (size_t i = 0; i < REAL_COUNT; i++) {
        for (size_t k = 0; k < sizeof streams / sizeof streams[0]; k++) {
            if (streams[k].algorithm != real[i]) {
                refuses(real[i], streams[k].bytes, streams[k].len, OTLP_EFORMAT);
            }
        }
    }
    /* zlib's own wrapper is not gzip ("deflate" is another content coding). */
    refuses(OTLP_COMPRESSION_GZIP, "\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15", 13,
            OTLP_EFORMAT);
}

static void random_bytes(void **state)
{
    (void)state;
    unsigned long seed = 271828;
    for (size_t i = 0; i < REAL_COUNT; i++) {
        struct otlp_decompressor *decompressor = decompressor_of(real[i], NULL);
        struct otlp_buffer out = {.len = 0};
        for (int round = 0; round < 2000; round++) {
            uint8_t bytes[64];
            size_t len = random_next(&seed) % sizeof bytes;
            for (size_t k = 0; k < len; k++) {
                bytes[k] = (uint8_t)(random_next(&seed) >> 9);
            }
            if (round % 2 == 0 && len > 12) { /* past the magic number */
                memcpy(bytes, real[i] == OTLP_COMPRESSION_GZIP ? hello_gzip : hello_zstd,
                       real[i] == OTLP_COMPRESSION_GZIP ? 10 : 4);
            }
            out.len = 0;
            (void)unpack(decompressor, bytes, len, 5000, &out);
            assert_in_range(out.len, 0, 5000);
        }
        otlp_buffer_release(&out);
        otlp_decompressor_free(decompressor);
    }
}

static void joined_gives(enum otlp_compression algorithm, const void *first, size_t first_len,
                         const void *second, size_t second_len, int expected_rc,
                         const char *expected)
{
    uint8_t bytes[256];
    memcpy(bytes, first, first_len);
    memcpy(bytes + first_len, second, second_len);
    if (expected_rc == 0) {
        gives(algorithm, bytes, first_len + second_len, expected);
    } else {
        refuses(algorithm, bytes, first_len + second_len, expected_rc);
    }
}

#define JOINED(algorithm, a, b, rc, expected)                                                      \
    joined_gives(algorithm, a, sizeof(a), b, sizeof(b), rc, expected)

static void streams_one_after_the_other(void **state)
{
    (void)state;
    static const uint8_t zero[] = {0};
    static const uint8_t garbage[] = {'x'};
    static const uint8_t empty_gzip[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3,
                                         3,    0,    0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t skippable[] = {0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'};
    JOINED(OTLP_COMPRESSION_GZIP, hello_gzip, hello_gzip, 0, "hellohello");
    JOINED(OTLP_COMPRESSION_GZIP, hello_gzip, empty_gzip, 0, "hello");
    JOINED(OTLP_COMPRESSION_GZIP, empty_gzip, hello_gzip, 0, "hello");
    JOINED(OTLP_COMPRESSION_GZIP, hello_gzip, zero, OTLP_EFORMAT, "");
    JOINED(OTLP_COMPRESSION_GZIP, hello_gzip, garbage, OTLP_EFORMAT, "");
    JOINED(OTLP_COMPRESSION_ZSTD, hello_zstd, hello_zstd, 0, "hellohello");
    JOINED(OTLP_COMPRESSION_ZSTD, skippable, hello_zstd, 0, "hello");
    JOINED(OTLP_COMPRESSION_ZSTD, hello_zstd, skippable, 0, "hello");
    JOINED(OTLP_COMPRESSION_ZSTD, hello_zstd, garbage, OTLP_EFORMAT, "");
    JOINED(OTLP_COMPRESSION_BROTLI, hello_brotli, hello_brotli, OTLP_EFORMAT, "");
    JOINED(OTLP_COMPRESSION_BROTLI, hello_brotli, garbage, OTLP_EFORMAT, "");
    /* The limit holds for all members together. */
    uint8_t two[2 * sizeof hello_gzip];
    memcpy(two, hello_gzip, sizeof hello_gzip);
    memcpy(two + sizeof hello_gzip, hello_gzip, sizeof hello_gzip);
    struct otlp_decompressor *decompressor = decompressor_of(OTLP_COMPRESSION_GZIP, NULL);
    uint8_t out[10];
    size_t out_len = 0;
    assert_int_equal(otlp_decompress(decompressor, two, sizeof two, out, 9, &out_len),
                     OTLP_ETOOBIG);
    assert_int_equal(otlp_decompress(decompressor, two, sizeof two, out, 10, &out_len), 0);
    assert_memory_equal(out, "hellohello", 10);
    otlp_decompressor_free(decompressor);
}

static void a_gzip_checksum_is_checked(void **state)
{
    (void)state;
    for (size_t at = sizeof hello_gzip - 8; at < sizeof hello_gzip; at++) {
        uint8_t bytes[sizeof hello_gzip];
        memcpy(bytes, hello_gzip, sizeof bytes);
        bytes[at] ^= 1;
        refuses(OTLP_COMPRESSION_GZIP, bytes, sizeof bytes, OTLP_EFORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_of_other_programs),
        cmocka_unit_test(output_limit),
        cmocka_unit_test(bombs),
        cmocka_unit_test(lying_and_greedy_zstd_headers),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(mutations),
        cmocka_unit_test(data_of_another_format),
        cmocka_unit_test(random_bytes),
        cmocka_unit_test(streams_one_after_the_other),
        cmocka_unit_test(a_gzip_checksum_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
