/* Compressing: names, options, every level, bounded output. */
#include "compression.h"

/* "hello" from gzip 1.12. */
static const uint8_t hello_gzip[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
                                     0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x86,
                                     0xa6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00};

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int rc;
        enum otlp_compression algorithm;
    } cases[] = {
        {"identity", 0, OTLP_COMPRESSION_NONE}, {"gzip", 0, OTLP_COMPRESSION_GZIP},
        {"zstd", 0, OTLP_COMPRESSION_ZSTD},     {"br", 0, OTLP_COMPRESSION_BROTLI},
        {"GZip", 0, OTLP_COMPRESSION_GZIP},     {"x-gzip", 0, OTLP_COMPRESSION_GZIP},
        {"none", 0, OTLP_COMPRESSION_NONE},     {"", 0, OTLP_COMPRESSION_NONE},
        {"deflate", OTLP_EUNSUPPORTED, 0},      {"gzip, zstd", OTLP_EUNSUPPORTED, 0},
        {"gzi", OTLP_EUNSUPPORTED, 0},          {" gzip", OTLP_EUNSUPPORTED, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum otlp_compression algorithm = OTLP_COMPRESSION_BROTLI;
        assert_int_equal(
            otlp_compression_from_name(cases[i].name, strlen(cases[i].name), &algorithm),
            cases[i].rc);
        assert_int_equal(algorithm,
                         cases[i].rc == 0 ? cases[i].algorithm : OTLP_COMPRESSION_BROTLI);
    }
    assert_string_equal(otlp_compression_name(OTLP_COMPRESSION_NONE), "identity");
    assert_string_equal(otlp_compression_name(OTLP_COMPRESSION_GZIP), "gzip");
    assert_string_equal(otlp_compression_name(OTLP_COMPRESSION_ZSTD), "zstd");
    assert_string_equal(otlp_compression_name(OTLP_COMPRESSION_BROTLI), "br");
    assert_null(otlp_compression_name((enum otlp_compression)4));
    assert_null(otlp_compression_name((enum otlp_compression) - 1));
}

static void options_are_checked(void **state)
{
    (void)state;
    static const struct {
        enum otlp_compression algorithm;
        int level;
        int rc;
    } cases[] = {
        {OTLP_COMPRESSION_NONE, 99, 0},
        {OTLP_COMPRESSION_GZIP, 1, 0},
        {OTLP_COMPRESSION_GZIP, 9, 0},
        {OTLP_COMPRESSION_GZIP, 10, OTLP_EINVAL},
        {OTLP_COMPRESSION_GZIP, -1, OTLP_EINVAL},
        {OTLP_COMPRESSION_ZSTD, -7, 0},
        {OTLP_COMPRESSION_ZSTD, 22, 0},
        {OTLP_COMPRESSION_ZSTD, 23, OTLP_EINVAL},
        {OTLP_COMPRESSION_ZSTD, -8, OTLP_EINVAL},
        {OTLP_COMPRESSION_BROTLI, 11, 0},
        {OTLP_COMPRESSION_BROTLI, 12, OTLP_EINVAL},
        {OTLP_COMPRESSION_BROTLI, -1, OTLP_EINVAL},
        {(enum otlp_compression)4, 0, OTLP_EINVAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct otlp_compressor_options options = {.algorithm = cases[i].algorithm,
                                                  .level = cases[i].level};
        struct otlp_compressor *compressor = NULL;
        assert_int_equal(otlp_compressor_create(&options, &compressor), cases[i].rc);
        otlp_compressor_free(compressor);
    }
    struct otlp_decompressor *decompressor = NULL;
    assert_int_equal(otlp_decompressor_create((enum otlp_compression)4, NULL, &decompressor),
                     OTLP_EINVAL);
    assert_null(decompressor);
    otlp_compressor_free(NULL);
    otlp_decompressor_free(NULL);
}

static void gzip_output_is_what_gzip_reads(void **state)
{
    (void)state;
    struct otlp_compressor *compressor = compressor_of(OTLP_COMPRESSION_GZIP, 9, NULL);
    struct otlp_buffer out = packed(compressor, (const uint8_t *)"hello", 5);
    assert_int_equal(out.len, sizeof hello_gzip);
    assert_memory_equal(out.data, hello_gzip, sizeof hello_gzip);
    otlp_buffer_release(&out);
    otlp_compressor_free(compressor);
}

static void every_level_and_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 100, 1024, 4095, 65536, 200001};
    static const struct {
        enum otlp_compression algorithm;
        int level;
    } levels[] = {
        {OTLP_COMPRESSION_NONE, 0},   {OTLP_COMPRESSION_GZIP, 0},   {OTLP_COMPRESSION_GZIP, 1},
        {OTLP_COMPRESSION_GZIP, 9},   {OTLP_COMPRESSION_ZSTD, -7},  {OTLP_COMPRESSION_ZSTD, 0},
        {OTLP_COMPRESSION_ZSTD, 1},   {OTLP_COMPRESSION_ZSTD, 9},   {OTLP_COMPRESSION_ZSTD, 20},
        {OTLP_COMPRESSION_BROTLI, 0}, {OTLP_COMPRESSION_BROTLI, 1}, {OTLP_COMPRESSION_BROTLI, 2},
        {OTLP_COMPRESSION_BROTLI, 4}, {OTLP_COMPRESSION_BROTLI, 9},
    };
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        enum otlp_compression algorithm = levels[i].algorithm;
        struct otlp_compressor *compressor = compressor_of(algorithm, levels[i].level, NULL);
        struct otlp_decompressor *decompressor = decompressor_of(algorithm, NULL);
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            size_t bound = otlp_compress_bound(algorithm, sizes[k]);
            uint8_t *text = words(sizes[k], 1 + k);
            uint8_t *random = noise(sizes[k], 1 + k);
            round_trip(compressor, decompressor, text, sizes[k], bound);
            round_trip(compressor, decompressor, random, sizes[k], bound);
            free(text);
            free(random);
        }
        otlp_compressor_free(compressor);
        otlp_decompressor_free(decompressor);
    }
}

static void text_shrinks(void **state)
{
    (void)state;
    uint8_t *text = words(65536, 3);
    for (size_t i = 0; i < REAL_COUNT; i++) {
        struct otlp_compressor *compressor = compressor_of(real[i], 0, NULL);
        struct otlp_buffer out = packed(compressor, text, 65536);
        assert_in_range(out.len, 1, 65536 / 4);
        otlp_buffer_release(&out);
        otlp_compressor_free(compressor);
    }
    free(text);
}

/* Output that is one byte too small is reported, and the next payload is compressed as ever. */
static void bounded_output(void **state)
{
    (void)state;
    uint8_t *text = words(5000, 5);
    for (size_t i = 0; i < REAL_COUNT; i++) {
        struct otlp_compressor *compressor = compressor_of(real[i], 0, NULL);
        struct otlp_buffer whole = packed(compressor, text, 5000);
        for (size_t missing = 1; missing <= whole.len; missing += missing < 20 ? 1 : 97) {
            struct guarded room = guarded_copy(whole.data, whole.len - missing);
            size_t out_len = 77;
            assert_int_equal(otlp_compress(compressor, text, 5000, room.text, room.len, &out_len),
                             OTLP_ENOSPC);
            assert_int_equal(out_len, 77);
            guarded_free(&room);
        }
        uint8_t nothing;
        size_t out_len = 77;
        assert_int_equal(otlp_compress(compressor, text, 5000, &nothing, 0, &out_len), OTLP_ENOSPC);
        uint8_t *again = malloc(otlp_compress_bound(real[i], 5000));
        assert_non_null(again);
        assert_int_equal(otlp_compress(compressor, text, 5000, again,
                                       otlp_compress_bound(real[i], 5000), &out_len),
                         0);
        assert_int_equal(out_len, whole.len);
        assert_memory_equal(again, whole.data, out_len);
        free(again);
        otlp_buffer_release(&whole);
        otlp_compressor_free(compressor);
    }
    free(text);
}

static void appending_keeps_what_is_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < REAL_COUNT; i++) {
        struct otlp_compressor *compressor = compressor_of(real[i], 0, NULL);
        struct otlp_decompressor *decompressor = decompressor_of(real[i], NULL);
        struct otlp_buffer out = {.len = 0};
        assert_int_equal(otlp_buffer_reserve(&out, 6), 0);
        memcpy(out.data, "before", 6);
        out.len = 6;
        assert_int_equal(otlp_compress_append(compressor, "hello", 5, &out), 0);
        assert_memory_equal(out.data, "before", 6);
        struct otlp_buffer back = {.len = 0};
        assert_int_equal(otlp_buffer_reserve(&back, 2), 0);
        memcpy(back.data, "x:", 2);
        back.len = 2;
        assert_int_equal(otlp_decompress_append(decompressor, out.data + 6, out.len - 6, 5, &back),
                         0);
        assert_int_equal(back.len, 7);
        assert_memory_equal(back.data, "x:hello", 7);
        /* After an error the length is as before. */
        assert_int_equal(otlp_decompress_append(decompressor, "bad", 3, 100, &back), OTLP_EFORMAT);
        assert_int_equal(otlp_decompress_append(decompressor, out.data + 6, out.len - 6, 4, &back),
                         OTLP_ETOOBIG);
        assert_int_equal(back.len, 7);
        assert_memory_equal(back.data, "x:hello", 7);

        uint8_t memory[4];
        struct otlp_buffer fixed = otlp_buffer_fixed(memory, sizeof memory);
        assert_int_equal(otlp_compress_append(compressor, "hello", 5, &fixed), OTLP_ENOSPC);
        assert_int_equal(
            otlp_decompress_append(decompressor, out.data + 6, out.len - 6, 100, &fixed),
            OTLP_ENOSPC);
        assert_int_equal(otlp_decompress_append(decompressor, out.data + 6, out.len - 6, 4, &fixed),
                         OTLP_ETOOBIG);
        assert_int_equal(fixed.len, 0);
        otlp_buffer_release(&out);
        otlp_buffer_release(&back);
        otlp_compressor_free(compressor);
        otlp_decompressor_free(decompressor);
    }
}

static void inputs_above_the_limit(void **state)
{
    (void)state;
    size_t out_len;
    uint8_t out[1];
    for (unsigned i = 0; i < OTLP_COMPRESSION_COUNT; i++) {
        enum otlp_compression algorithm = (enum otlp_compression)i;
        struct otlp_compressor *compressor = compressor_of(algorithm, 0, NULL);
        struct otlp_decompressor *decompressor = decompressor_of(algorithm, NULL);
        /* Nothing is read: there is no such input. */
        assert_int_equal(
            otlp_compress(compressor, "x", OTLP_COMPRESS_INPUT_MAX + 1, out, 1, &out_len),
            OTLP_ETOOBIG);
        assert_int_equal(
            otlp_decompress(decompressor, "x", OTLP_COMPRESS_INPUT_MAX + 1, out, 1, &out_len),
            OTLP_ETOOBIG);
        assert_int_equal(otlp_compress_bound(algorithm, OTLP_COMPRESS_INPUT_MAX + 1), 0);
        assert_true(otlp_compress_bound(algorithm, OTLP_COMPRESS_INPUT_MAX) >=
                    OTLP_COMPRESS_INPUT_MAX);
        otlp_compressor_free(compressor);
        otlp_decompressor_free(decompressor);
    }
    assert_int_equal(otlp_compress_bound((enum otlp_compression)4, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(gzip_output_is_what_gzip_reads),
        cmocka_unit_test(every_level_and_size),
        cmocka_unit_test(text_shrinks),
        cmocka_unit_test(bounded_output),
        cmocka_unit_test(appending_keeps_what_is_there),
        cmocka_unit_test(inputs_above_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
