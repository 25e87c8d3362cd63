/* What the zstd codec needs of a dictionary: the digested forms, made once. */
#ifndef OTLP_SRC_ZSTD_DICTIONARY_H
#define OTLP_SRC_ZSTD_DICTIONARY_H

#include <otlp/compress.h>
#include <zstd.h>

#define OTLP__ZSTD_LEVEL_MIN     (-7)
#define OTLP__ZSTD_LEVEL_MAX     22
#define OTLP__ZSTD_LEVEL_DEFAULT 3

const ZSTD_CDict *otlp__zstd_compress_dictionary(const struct otlp_zstd_dictionary *dictionary);
const ZSTD_DDict *otlp__zstd_decompress_dictionary(const struct otlp_zstd_dictionary *dictionary);

#endif
