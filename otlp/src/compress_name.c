#include <otlp/compress.h>

#include "ascii.h"

#include <string.h>

static const char *const names[OTLP_COMPRESSION_COUNT] = {
    [OTLP_COMPRESSION_NONE] = "identity",
    [OTLP_COMPRESSION_GZIP] = "gzip",
    [OTLP_COMPRESSION_ZSTD] = "zstd",
    [OTLP_COMPRESSION_BROTLI] = "br",
};

static const struct {
    const char *name;
    enum otlp_compression algorithm;
} aliases[] = {
    {"", OTLP_COMPRESSION_NONE},
    {"none", OTLP_COMPRESSION_NONE},
    {"x-gzip", OTLP_COMPRESSION_GZIP},
};

const char *otlp_compression_name(enum otlp_compression algorithm)
{
    return (unsigned)algorithm < OTLP_COMPRESSION_COUNT ? names[algorithm] : NULL;
}

int otlp_compression_from_name(const char *name, size_t name_len, enum otlp_compression *algorithm)
{
    for (unsigned i = 0; i < OTLP_COMPRESSION_COUNT; i++) {
        if (otlp__equal_fold(name, name_len, names[i], strlen(names[i]))) {
            *algorithm = (enum otlp_compression)i;
            return 0;
        }
    }
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        if (otlp__equal_fold(name, name_len, aliases[i].name, strlen(aliases[i].name))) {
            *algorithm = aliases[i].algorithm;
            return 0;
        }
    }
    return OTLP_EUNSUPPORTED;
}
