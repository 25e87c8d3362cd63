/*
 * Compression of export payloads: none, gzip (RFC 1952), zstd (RFC 8878, dictionaries included) and
 * brotli (RFC 7932), with contexts that are made once and used for every payload.
 *
 *     struct otlp_compressor_options options = {.algorithm = OTLP_COMPRESSION_ZSTD};
 *     struct otlp_compressor *compressor;
 *     otlp_compressor_create(&options, &compressor);
 *     ...
 *     otlp_compress(compressor, payload, payload_len, out, sizeof out, &out_len);
 *     ...
 *     otlp_compressor_free(compressor);
 *
 * Each call compresses one payload whole; nothing is carried over from one to the next.
 *
 * Compressed data comes from strangers. Every decompression has a hard limit on its output, checked
 * before memory is taken: data that would grow past it ends with OTLP_ETOOBIG, however small it
 * came in. Memory for the format's own window is limited too (8 MiB for zstd as in RFC 9659, 16 MiB
 * for brotli). Corrupt or cut-off data ends with OTLP_EFORMAT.
 *
 * Threads: a compressor or decompressor serves one thread at a time. A dictionary never changes and
 * may be shared by any number of them. The other functions here are safe in any thread.
 */
#ifndef OTLP_COMPRESS_H
#define OTLP_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/buffer.h>
#include <otlp/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum otlp_compression {
    OTLP_COMPRESSION_NONE = 0,
    OTLP_COMPRESSION_GZIP,
    OTLP_COMPRESSION_ZSTD,
    OTLP_COMPRESSION_BROTLI,
};

#define OTLP_COMPRESSION_COUNT 4

/* Payloads above this are refused with OTLP_ETOOBIG by both directions (1 GiB; an OTLP request
 * should not be above 64 MiB). */
#define OTLP_COMPRESS_INPUT_MAX ((size_t)1 << 30)

/* The Content-Encoding token: "identity", "gzip", "zstd", "br" (RFC 9110, 8.4.1; RFC 8878; RFC
 * 7932); NULL for a value that is no algorithm. Static text. It is also the word of grpc-encoding.
 */
OTLP_API const char *otlp_compression_name(enum otlp_compression algorithm);

/* The algorithm of a Content-Encoding token, ASCII case ignored. Besides the tokens above "x-gzip"
 * is gzip (RFC 9110, 8.4.1.3), and "none" and the empty text are no compression (the words of
 * OTEL_EXPORTER_OTLP_COMPRESSION). OTLP_EUNSUPPORTED for any other, a list of several included. */
OTLP_API int otlp_compression_from_name(const char *name, size_t name_len,
                                        enum otlp_compression *algorithm);

/* ---- Dictionaries for zstd ------------------------------------------------------------------- */

/*
 * Payloads of a few hundred bytes hold little that repeats within one of them and much that repeats
 * from one to the next. A dictionary holds the latter. Both sides need the same: a frame names the
 * dictionary's id, and is refused with another one.
 */
struct otlp_zstd_dictionary;

/*
 * Trains a dictionary of at most `capacity` bytes (16 KiB to 100 KiB are usual, at least 256) on
 * sample payloads that lie one after the other in `samples`; sample_bytes[i] is the size of the
 * i-th of sample_count. Give it some hundred samples and a hundred times the capacity in bytes.
 * `level` is the compression level that it will serve, as in otlp_compressor_options.
 *
 * OTLP_EINVAL for a bad argument; OTLP_ECODEC when the samples are too few or too alike to learn
 * from; OTLP_ENOMEM. Free the result when no compressor or decompressor uses it.
 */
OTLP_API int otlp_zstd_dictionary_train(const void *samples, const size_t *sample_bytes,
                                        size_t sample_count, size_t capacity, int level,
                                        struct otlp_zstd_dictionary **dictionary);

/* A dictionary from bytes that were trained before (a copy is made). OTLP_EFORMAT when they are not
 * a zstd dictionary; OTLP_EINVAL for a level out of range; OTLP_ENOMEM. */
OTLP_API int otlp_zstd_dictionary_create(const void *bytes, size_t bytes_len, int level,
                                         struct otlp_zstd_dictionary **dictionary);

/* The bytes, to store or to send to the other side; they live as long as the dictionary. */
OTLP_API const void *otlp_zstd_dictionary_bytes(const struct otlp_zstd_dictionary *dictionary,
                                                size_t *bytes_len);

/* The id that frames carry; never 0. */
OTLP_API uint32_t otlp_zstd_dictionary_id(const struct otlp_zstd_dictionary *dictionary);

/* NULL is allowed. */
OTLP_API void otlp_zstd_dictionary_free(struct otlp_zstd_dictionary *dictionary);

/* ---- Compressing ----------------------------------------------------------------------------- */

/* All zero: no compression. */
struct otlp_compressor_options {
    enum otlp_compression algorithm;
    /* 0: the default of the algorithm. gzip 1 to 9 (default 6), zstd -7 to 22 (3), brotli 1 to 11
     * (5: the library's own default of 11 is a hundred times slower). Ignored for none, and for
     * zstd with a dictionary, which brings its level. */
    int level;
    /* zstd only; NULL: none. Borrowed: it must outlive the compressor. */
    const struct otlp_zstd_dictionary *dictionary;
};

struct otlp_compressor;

/* Makes a compressor; free it when done. OTLP_EINVAL for an algorithm or level out of range or a
 * dictionary with anything but zstd; OTLP_ENOMEM. */
OTLP_API int otlp_compressor_create(const struct otlp_compressor_options *options,
                                    struct otlp_compressor **compressor);

/* NULL is allowed. */
OTLP_API void otlp_compressor_free(struct otlp_compressor *compressor);

/* The size that compressed data of `input_bytes` never exceeds, at any level; 0 when the algorithm
 * is unknown or the input above OTLP_COMPRESS_INPUT_MAX. */
OTLP_API size_t otlp_compress_bound(enum otlp_compression algorithm, size_t input_bytes);

/*
 * Compresses one payload into a buffer of `capacity` bytes. An empty payload gives a valid empty
 * stream (for none: no bytes). Input and output must not overlap. OTLP_ENOSPC when it does not fit
 * (it always does in otlp_compress_bound bytes), and then the buffer's content is undefined;
 * OTLP_ETOOBIG; OTLP_ENOMEM; OTLP_ECODEC. The compressor can be used again after any error.
 */
OTLP_API int otlp_compress(struct otlp_compressor *compressor, const void *input,
                           size_t input_bytes, void *output, size_t capacity, size_t *output_bytes);

/* The same, appended to a buffer, whose content is as before after an error. */
OTLP_API int otlp_compress_append(struct otlp_compressor *compressor, const void *input,
                                  size_t input_bytes, struct otlp_buffer *output);

/* ---- Decompressing --------------------------------------------------------------------------- */

struct otlp_decompressor;

/* Makes a decompressor; free it when done. The dictionary is for zstd only, borrowed, and must
 * outlive the decompressor; NULL: none. OTLP_EINVAL; OTLP_ENOMEM. */
OTLP_API int otlp_decompressor_create(enum otlp_compression algorithm,
                                      const struct otlp_zstd_dictionary *dictionary,
                                      struct otlp_decompressor **decompressor);

/* NULL is allowed. */
OTLP_API void otlp_decompressor_free(struct otlp_decompressor *decompressor);

/*
 * Decompresses one payload into a buffer; `capacity` is the hard limit of the output.
 *
 * The whole input must be one complete stream. gzip: any number of members one after the other,
 * whose contents are joined (RFC 1952, 2.2); zstd: likewise frames, skippable ones give nothing
 * (RFC 8878, 3). Anything after them, and an empty input (except for none), is OTLP_EFORMAT.
 *
 * OTLP_ETOOBIG when there is more output than `capacity`, the input is above
 * OTLP_COMPRESS_INPUT_MAX, or the stream wants too large a window; OTLP_EFORMAT when it is corrupt,
 * cut off or of another format; OTLP_EDICTIONARY when it was compressed with another dictionary, or
 * with one and there is none; OTLP_ENOMEM. After an error the buffer's content is undefined. The
 * decompressor can be used again.
 */
OTLP_API int otlp_decompress(struct otlp_decompressor *decompressor, const void *input,
                             size_t input_bytes, void *output, size_t capacity,
                             size_t *output_bytes);

/* The same, appended to a growable buffer, with at most `output_max` bytes of output. Memory is
 * taken as output comes, not as the stream promises it. The buffer's content is as before after an
 * error. */
OTLP_API int otlp_decompress_append(struct otlp_decompressor *decompressor, const void *input,
                                    size_t input_bytes, size_t output_max,
                                    struct otlp_buffer *output);

/* ---- Choosing an algorithm by measurement ---------------------------------------------------- */

struct otlp_compression_candidate {
    enum otlp_compression algorithm;
    int level; /* 0: default */
    const struct otlp_zstd_dictionary *dictionary;
};

/* What is known about a candidate. Speeds count bytes of the uncompressed payload. */
struct otlp_compression_measure {
    struct otlp_compression_candidate candidate;
    double ratio; /* uncompressed / compressed size: 4 means a quarter of the bytes */
    double compress_bytes_per_s;
    double decompress_bytes_per_s;
};

/* What counts for how much. Any numbers >= 0 of which one is above 0; they are divided by their
 * sum. */
struct otlp_compression_weights {
    double ratio;
    double compress_speed;
    double decompress_speed;
};

struct otlp_compression_policy {
    struct otlp_compression_weights weights;
    /* Payloads below this many bytes are sent as they are. */
    size_t payload_bytes_min;
    /* Candidates that shrink less are not used: 1.1 asks for 10 %. */
    double ratio_min;
};

/* Weights 0.4 ratio, 0.3 compress speed, 0.3 decompress speed; payloads from 1024 bytes; ratio
 * from 1.1. A payload under 1 KiB mostly fits in the packet that carries it, compressed or not. */
#define OTLP_COMPRESSION_POLICY_DEFAULT                                                            \
    {                                                                                              \
        .weights = {.ratio = 0.4, .compress_speed = 0.3, .decompress_speed = 0.3},                 \
        .payload_bytes_min = 1024, .ratio_min = 1.1                                                \
    }

struct otlp_compression_choice {
    struct otlp_compression_candidate candidate; /* OTLP_COMPRESSION_NONE: do not compress */
    size_t index;                                /* of the measure that won; SIZE_MAX for none */
    double score;                                /* 0 to 1; 0 for none */
};

/*
 * Chooses for one payload: none when it is smaller than the policy's minimum or no candidate
 * reaches ratio_min; otherwise the candidate with the highest score
 *
 *     weight.ratio * ratio / best ratio + weight.compress_speed * speed / best speed + ...
 *
 * where "best" is the highest among the candidates that reach ratio_min. Of equal scores the first
 * wins. Measures of OTLP_COMPRESSION_NONE are ignored: copying is so fast that beside it no speed
 * would count. A pure function: the same input always gives the same choice.
 *
 * policy NULL: the default. OTLP_EINVAL for measures that are not finite and above 0, or weights
 * that break their rule. measure_count may be 0.
 */
OTLP_API int otlp_compression_choose(const struct otlp_compression_measure *measures,
                                     size_t measure_count, size_t payload_bytes,
                                     const struct otlp_compression_policy *policy,
                                     struct otlp_compression_choice *choice);

/*
 * Folds what an export has shown into a measure, so that the choice follows the traffic:
 * new = old + gain * (observed - old), with gain above 0 and at most 1 (0.1: about the last ten
 * count). A duration of 0 means not known (the receiver decompresses) and leaves its speed.
 * OTLP_EINVAL for sizes of 0 or a gain out of range.
 */
OTLP_API int otlp_compression_observe(struct otlp_compression_measure *measure,
                                      size_t payload_bytes, size_t compressed_bytes,
                                      uint64_t compress_ns, uint64_t decompress_ns, double gain);

/*
 * Measures candidates on a sample payload: each compresses and decompresses it, once to warm up and
 * to check that it comes back unchanged, then again and again for about `budget_ns` in each
 * direction (at least once). Speeds are those of the fastest run: noise only ever adds time.
 * measures has room for candidate_count.
 *
 * OTLP_EINVAL for an empty sample or a candidate that cannot be; OTLP_ECODEC when one does not give
 * the payload back; OTLP_ENOMEM; measures is then undefined. Blocks for
 * 2 * candidate_count * budget_ns and more.
 */
OTLP_API int otlp_compression_measure(const struct otlp_compression_candidate *candidates,
                                      size_t candidate_count, const void *sample,
                                      size_t sample_bytes, uint64_t budget_ns,
                                      struct otlp_compression_measure *measures);

#ifdef __cplusplus
}
#endif

#endif
