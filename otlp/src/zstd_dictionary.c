#include "zstd_dictionary.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zdict.h>
#include <zstd_errors.h>

#define CAPACITY_MIN 256

struct otlp_zstd_dictionary {
    ZSTD_CDict *compress;
    ZSTD_DDict *decompress;
    size_t bytes_len;
    uint32_t id;
    uint8_t bytes[];
};

static bool level_is_valid(int level)
{
    return level >= OTLP__ZSTD_LEVEL_MIN && level <= OTLP__ZSTD_LEVEL_MAX;
}

/* Digests the bytes that are in place. */
static int digest(struct otlp_zstd_dictionary *dictionary, size_t bytes_len, int level)
{
    dictionary->bytes_len = bytes_len;
    dictionary->id = ZDICT_getDictID(dictionary->bytes, bytes_len);
    if (dictionary->id == 0 ||
        ZDICT_isError(ZDICT_getDictHeaderSize(dictionary->bytes, bytes_len))) {
        return OTLP_EFORMAT;
    }
    dictionary->compress = ZSTD_createCDict(dictionary->bytes, bytes_len,
                                            level != 0 ? level : OTLP__ZSTD_LEVEL_DEFAULT);
    dictionary->decompress = ZSTD_createDDict(dictionary->bytes, bytes_len);
    return dictionary->compress != NULL && dictionary->decompress != NULL ? 0 : OTLP_ENOMEM;
}

static struct otlp_zstd_dictionary *allocate(size_t capacity)
{
    struct otlp_zstd_dictionary *dictionary = malloc(sizeof *dictionary + capacity);
    if (dictionary != NULL) {
        *dictionary = (struct otlp_zstd_dictionary){.compress = NULL};
    }
    return dictionary;
}

/* Gives out the dictionary, or frees it when it could not be made. */
static int hand_over(struct otlp_zstd_dictionary *made, int rc,
                     struct otlp_zstd_dictionary **dictionary)
{
    if (rc != 0) {
        otlp_zstd_dictionary_free(made);
        return rc;
    }
    *dictionary = made;
    return 0;
}

int otlp_zstd_dictionary_create(const void *bytes, size_t bytes_len, int level,
                                struct otlp_zstd_dictionary **dictionary)
{
    if (!level_is_valid(level)) {
        return OTLP_EINVAL;
    }
    if (bytes_len < CAPACITY_MIN || bytes_len > OTLP_COMPRESS_INPUT_MAX) {
        return OTLP_EFORMAT;
    }
    struct otlp_zstd_dictionary *made = allocate(bytes_len);
    if (made == NULL) {
        return OTLP_ENOMEM;
    }
    memcpy(made->bytes, bytes, bytes_len);
    return hand_over(made, digest(made, bytes_len, level), dictionary);
}

int otlp_zstd_dictionary_train(const void *samples, const size_t *sample_bytes, size_t sample_count,
                               size_t capacity, int level, struct otlp_zstd_dictionary **dictionary)
{
    if (!level_is_valid(level) || capacity < CAPACITY_MIN || capacity > OTLP_COMPRESS_INPUT_MAX ||
        sample_count == 0 || sample_count > UINT_MAX) {
        return OTLP_EINVAL;
    }
    struct otlp_zstd_dictionary *made = allocate(capacity);
    if (made == NULL) {
        return OTLP_ENOMEM;
    }
    size_t trained =
        ZDICT_trainFromBuffer(made->bytes, capacity, samples, sample_bytes, (unsigned)sample_count);
    int rc;
    if (ZDICT_isError(trained)) {
        bool no_memory = ZSTD_getErrorCode(trained) == ZSTD_error_memory_allocation;
        rc = no_memory ? OTLP_ENOMEM : OTLP_ECODEC;
    } else {
        rc = digest(made, trained, level);
    }
    return hand_over(made, rc, dictionary);
}

const void *otlp_zstd_dictionary_bytes(const struct otlp_zstd_dictionary *dictionary,
                                       size_t *bytes_len)
{
    *bytes_len = dictionary->bytes_len;
    return dictionary->bytes;
}

uint32_t otlp_zstd_dictionary_id(const struct otlp_zstd_dictionary *dictionary)
{
    return dictionary->id;
}

void otlp_zstd_dictionary_free(struct otlp_zstd_dictionary *dictionary)
{
    if (dictionary != NULL) {
        ZSTD_freeCDict(dictionary->compress);
        ZSTD_freeDDict(dictionary->decompress);
        free(dictionary);
    }
}

const ZSTD_CDict *otlp__zstd_compress_dictionary(const struct otlp_zstd_dictionary *dictionary)
{
    return dictionary->compress;
}

const ZSTD_DDict *otlp__zstd_decompress_dictionary(const struct otlp_zstd_dictionary *dictionary)
{
    return dictionary->decompress;
}
