/* Dictionaries for zstd: what they gain, and what happens with the wrong one. */
#include "compression.h"

#define SAMPLE_COUNT 800

struct samples {
    char *text;
    size_t sizes[SAMPLE_COUNT];
};

static struct samples samples_make(const char *product, unsigned long seed)
{
    struct samples samples;
    size_t at = 0;
    samples.text = malloc(SAMPLE_COUNT * (size_t)256);
    assert_non_null(samples.text);
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        int len = snprintf(samples.text + at, 256,
                           "{\"service\":\"%s\",\"method\":\"%s\",\"route\":\"/api/%s/%lu\","
                           "\"status\":%lu,\"user\":\"%016lx\",\"duration_us\":%lu}",
                           product, random_next(&seed) % 2 == 0 ? "GET" : "POST", product,
                           random_next(&seed) % 9999, 200 + random_next(&seed) % 5,
                           random_next(&seed), random_next(&seed) % 100000);
        samples.sizes[i] = (size_t)len;
        at += (size_t)len;
    }
    return samples;
}

static struct otlp_zstd_dictionary *train(const char *product, unsigned long seed)
{
    struct samples samples = samples_make(product, seed);
    struct otlp_zstd_dictionary *dictionary = NULL;
    assert_int_equal(
        otlp_zstd_dictionary_train(samples.text, samples.sizes, SAMPLE_COUNT, 4096, 3, &dictionary),
        0);
    free(samples.text);
    return dictionary;
}

static void dictionaries_help_small_payloads(void **state)
{
    (void)state;
    struct otlp_zstd_dictionary *dictionary = train("checkout", 1);
    struct samples fresh = samples_make("checkout", 99);
    const uint8_t *payload = (const uint8_t *)fresh.text;
    size_t payload_len = fresh.sizes[0];
    struct otlp_compressor *plain = compressor_of(OTLP_COMPRESSION_ZSTD, 3, NULL);
    struct otlp_compressor *with = compressor_of(OTLP_COMPRESSION_ZSTD, 0, dictionary);
    struct otlp_decompressor *decompressor = decompressor_of(OTLP_COMPRESSION_ZSTD, dictionary);
    struct otlp_buffer without_it = packed(plain, payload, payload_len);
    struct otlp_buffer with_it = packed(with, payload, payload_len);
    assert_true(with_it.len * 3 < without_it.len * 2);
    size_t bound = otlp_compress_bound(OTLP_COMPRESSION_ZSTD, payload_len);
    round_trip(with, decompressor, payload, payload_len, bound);
    round_trip(with, decompressor, payload, 0, bound);
    round_trip(with, decompressor, payload, payload_len, bound);
    /* A stream without a dictionary is read all the same. */
    round_trip(plain, decompressor, payload, payload_len, bound);
    otlp_buffer_release(&without_it);
    otlp_buffer_release(&with_it);
    otlp_compressor_free(plain);
    otlp_compressor_free(with);
    otlp_decompressor_free(decompressor);
    otlp_zstd_dictionary_free(dictionary);
    free(fresh.text);
}

static void another_dictionary_is_refused(void **state)
{
    (void)state;
    struct otlp_zstd_dictionary *mine = train("checkout", 1);
    struct otlp_zstd_dictionary *other = train("inventory", 2);
    assert_int_not_equal(otlp_zstd_dictionary_id(mine), 0);
    assert_int_not_equal(otlp_zstd_dictionary_id(mine), otlp_zstd_dictionary_id(other));
    struct otlp_compressor *compressor = compressor_of(OTLP_COMPRESSION_ZSTD, 0, mine);
    struct otlp_buffer stream = packed(compressor, (const uint8_t *)"hello hello hello", 17);
    const struct otlp_zstd_dictionary *wrong[] = {other, NULL};
    for (size_t i = 0; i < 2; i++) {
        struct otlp_decompressor *decompressor = decompressor_of(OTLP_COMPRESSION_ZSTD, wrong[i]);
        struct otlp_buffer out = {.len = 0};
        assert_int_equal(unpack(decompressor, stream.data, stream.len, 100, &out),
                         OTLP_EDICTIONARY);
        otlp_buffer_release(&out);
        otlp_decompressor_free(decompressor);
    }
    otlp_buffer_release(&stream);
    otlp_compressor_free(compressor);
    otlp_zstd_dictionary_free(mine);
    otlp_zstd_dictionary_free(other);
}

static void dictionaries_are_stored_and_loaded(void **state)
{
    (void)state;
    struct otlp_zstd_dictionary *trained = train("checkout", 1);
    struct otlp_zstd_dictionary *loaded = NULL;
    size_t bytes_len = 0;
    const void *bytes = otlp_zstd_dictionary_bytes(trained, &bytes_len);
    assert_in_range(bytes_len, 256, 4096);
    assert_int_equal(otlp_zstd_dictionary_create(bytes, bytes_len, 9, &loaded), 0);
    assert_int_equal(otlp_zstd_dictionary_id(loaded), otlp_zstd_dictionary_id(trained));
    struct otlp_compressor *compressor = compressor_of(OTLP_COMPRESSION_ZSTD, 0, trained);
    struct otlp_decompressor *decompressor = decompressor_of(OTLP_COMPRESSION_ZSTD, loaded);
    round_trip(compressor, decompressor, (const uint8_t *)"\"service\":\"checkout\"", 20, 100);
    otlp_compressor_free(compressor);
    otlp_decompressor_free(decompressor);
    otlp_zstd_dictionary_free(trained);
    otlp_zstd_dictionary_free(loaded);
    otlp_zstd_dictionary_free(NULL);
}

static void bad_dictionaries(void **state)
{
    (void)state;
    struct otlp_zstd_dictionary *good = train("checkout", 1);
    struct otlp_zstd_dictionary *dictionary = NULL;
    size_t bytes_len = 0;
    const uint8_t *bytes = otlp_zstd_dictionary_bytes(good, &bytes_len);
    uint8_t blank[512] = {0};
    assert_int_equal(otlp_zstd_dictionary_create(blank, sizeof blank, 3, &dictionary),
                     OTLP_EFORMAT);
    assert_int_equal(otlp_zstd_dictionary_create(bytes, 7, 3, &dictionary), OTLP_EFORMAT);
    assert_int_equal(otlp_zstd_dictionary_create(bytes, bytes_len, 23, &dictionary), OTLP_EINVAL);
    memcpy(blank, bytes, 8); /* the magic number and an id, and no tables */
    assert_int_equal(otlp_zstd_dictionary_create(blank, sizeof blank, 3, &dictionary),
                     OTLP_EFORMAT);
    size_t sizes[2] = {4, 4};
    assert_int_equal(otlp_zstd_dictionary_train("aaaabbbb", sizes, 2, 4096, 3, &dictionary),
                     OTLP_ECODEC);
    assert_int_equal(otlp_zstd_dictionary_train("aaaabbbb", sizes, 2, 255, 3, &dictionary),
                     OTLP_EINVAL);
    assert_int_equal(otlp_zstd_dictionary_train("aaaabbbb", sizes, 0, 4096, 3, &dictionary),
                     OTLP_EINVAL);
    assert_null(dictionary);
    struct otlp_compressor *compressor = NULL;
    struct otlp_decompressor *decompressor = NULL;
    struct otlp_compressor_options options = {.algorithm = OTLP_COMPRESSION_GZIP,
                                              .dictionary = good};
    assert_int_equal(otlp_compressor_create(&options, &compressor), OTLP_EINVAL);
    assert_int_equal(otlp_decompressor_create(OTLP_COMPRESSION_BROTLI, good, &decompressor),
                     OTLP_EINVAL);
    otlp_zstd_dictionary_free(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dictionaries_help_small_payloads),
        cmocka_unit_test(another_dictionary_is_refused),
        cmocka_unit_test(dictionaries_are_stored_and_loaded),
        cmocka_unit_test(bad_dictionaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
