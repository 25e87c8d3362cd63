/*
 * Which compression pays for OTLP, and at which level?
 *
 * An exporter trades its own CPU, and the receiver's, against bytes on the wire. Answers: time,
 * bytes a second and ratio of gzip, zstd and brotli at a fast, a usual and a thorough level, of
 * zstd with a trained dictionary, and of a plain copy, in both directions, for requests of 1 KiB (a
 * trickle), 64 KiB (a usual batch) and 1 MiB (a large one); which of them the library's adaptive
 * choice takes, and what choosing costs.
 *
 * How it is measured. Payloads are encoded trace requests of the seeded telemetry generator, with
 * as many spans as come closest to the label; payload_bytes tells the real size and bytes a second
 * count uncompressed bytes. One context is made before the loop and used for every payload, as an
 * exporter does, and the output goes to one buffer of the bound's size. The kernel is one whole
 * call: reset, compress, flush. 1 KiB rows rotate over 32 different requests; the larger ones are
 * long enough that nothing learns them by heart. The dictionary is trained on later requests of the
 * same generator, none of which is measured. Ratio is uncompressed over compressed size, over all
 * payloads of the row.
 *
 * What would make the number wrong: repeated or random payloads (the ratio is then of the
 * generator's making, so it is shown); a dictionary trained on what is measured; contexts made in
 * the loop; a level's name without its library's version (zlib, libzstd and libbrotli are those of
 * the machine); output memory that is touched for the first time in the loop. Every row
 * decompresses its payloads before the loop and compares them byte by byte.
 */
#include <assay.h>
#include <otlp.h>

#include "common/telemetry.h"

#include <stdlib.h>
#include <string.h>

ASSAY_SUITE("compression");

#define SEED              20260105
#define SMALL_ROTATION    32  /* a power of two */
#define SPAN_BYTES_MIN    200 /* no span is smaller: bounds how many are made */
#define DICTIONARY_BYTES  16384
#define TRAINING_PAYLOADS 1600
#define MEASURE_BUDGET_NS 20000000

struct codec {
    const char *name;
    enum otlp_compression algorithm;
    int level;
    bool has_dictionary;
};

/* In the order of CODEC_NAMES. */
static const struct codec codecs[] = {
    {"none", OTLP_COMPRESSION_NONE, 0, false},
    {"gzip_1", OTLP_COMPRESSION_GZIP, 1, false},
    {"gzip_6", OTLP_COMPRESSION_GZIP, 6, false},
    {"gzip_9", OTLP_COMPRESSION_GZIP, 9, false},
    {"zstd_1", OTLP_COMPRESSION_ZSTD, 1, false},
    {"zstd_3", OTLP_COMPRESSION_ZSTD, 3, false},
    {"zstd_9", OTLP_COMPRESSION_ZSTD, 9, false},
    {"zstd_dictionary", OTLP_COMPRESSION_ZSTD, 3, true},
    {"brotli_1", OTLP_COMPRESSION_BROTLI, 1, false},
    {"brotli_5", OTLP_COMPRESSION_BROTLI, 5, false},
    {"brotli_9", OTLP_COMPRESSION_BROTLI, 9, false},
};

#define CODEC_NAMES                                                                                \
    {                                                                                              \
        "none", "gzip_1", "gzip_6", "gzip_9", "zstd_1", "zstd_3", "zstd_9", "zstd_dictionary",     \
            "brotli_1", "brotli_5", "brotli_9"                                                     \
    }

/* In the order of PAYLOAD_NAMES. */
static const size_t payload_sizes[] = {1024, 65536, 1048576};
#define PAYLOAD_NAMES                                                                              \
    {                                                                                              \
        "1KiB", "64KiB", "1MiB"                                                                    \
    }

/* The payloads of a row: plain, compressed, and room for what a kernel makes of one. */
struct fixture {
    struct otlp_buffer plain[SMALL_ROTATION];
    struct otlp_buffer packed[SMALL_ROTATION];
    size_t count;       /* a power of two */
    size_t last;        /* count - 1: rotating is one AND */
    size_t plain_bytes; /* of all payloads */
    size_t packed_bytes;
    struct otlp_zstd_dictionary *dictionary;
    struct otlp_compressor *compressor;
    struct otlp_decompressor *decompressor;
    uint8_t *output;
    size_t output_capacity;
};

static void fixture_release(struct fixture *f)
{
    for (size_t i = 0; i < SMALL_ROTATION; i++) {
        otlp_buffer_release(&f->plain[i]);
        otlp_buffer_release(&f->packed[i]);
    }
    otlp_compressor_free(f->compressor);
    otlp_decompressor_free(f->decompressor);
    otlp_zstd_dictionary_free(f->dictionary);
    free(f->output);
}

/* ---- Payloads ---- */

static size_t distance(size_t a, size_t b)
{
    return a > b ? a - b : b - a;
}

/* Encodes the first spans, as many as bring the request closest to target_bytes. */
static int pack_closest(struct otlp_packer *packer, const struct telemetry *telemetry,
                        struct otlp_span **spans, size_t span_count, size_t target_bytes,
                        struct otlp_buffer *request)
{
    size_t low = 1;
    size_t high = span_count;
    size_t best_count = 1;
    size_t best_bytes = 0;
    while (low <= high) {
        size_t count = low + (high - low) / 2;
        request->len = 0;
        int rc = otlp_pack_spans(packer, telemetry_resource(telemetry), telemetry_scope(telemetry),
                                 (const struct otlp_span *const *)spans, count, request);
        if (rc != 0) {
            return rc;
        }
        if (best_bytes == 0 ||
            distance(request->len, target_bytes) < distance(best_bytes, target_bytes)) {
            best_count = count;
            best_bytes = request->len;
        }
        if (request->len < target_bytes) {
            low = count + 1;
        } else {
            high = count - 1;
        }
    }
    request->len = 0;
    return otlp_pack_spans(packer, telemetry_resource(telemetry), telemetry_scope(telemetry),
                           (const struct otlp_span *const *)spans, best_count, request);
}

/* The next payload of the stream. */
static int make_payload(struct telemetry *telemetry, size_t target_bytes,
                        struct otlp_buffer *request)
{
    size_t span_count = target_bytes / SPAN_BYTES_MIN + 2;
    struct otlp_span **spans = calloc(span_count, sizeof *spans);
    struct otlp_packer *packer = otlp_packer_new();
    int rc = OTLP_ENOMEM;
    if (spans != NULL && packer != NULL) {
        rc = telemetry_spans(telemetry, span_count, TELEMETRY_NATURAL, spans);
    }
    if (rc == 0) {
        rc = pack_closest(packer, telemetry, spans, span_count, target_bytes, request);
        for (size_t i = 0; i < span_count; i++) {
            otlp_span_free(spans[i]);
        }
    }
    otlp_packer_free(packer);
    free(spans);
    return rc;
}

/* Trains on small requests that come after those which are measured. */
static int train(struct telemetry *telemetry, int level, struct otlp_zstd_dictionary **dictionary)
{
    struct otlp_buffer samples = {.len = 0};
    struct otlp_buffer request = {.len = 0};
    size_t *sizes = calloc(TRAINING_PAYLOADS, sizeof *sizes);
    int rc = sizes != NULL ? 0 : OTLP_ENOMEM;
    for (size_t i = 0; i < TRAINING_PAYLOADS && rc == 0; i++) {
        rc = make_payload(telemetry, payload_sizes[0], &request);
        if (rc == 0) {
            rc = otlp_buffer_reserve(&samples, request.len);
        }
        if (rc == 0) {
            memcpy(samples.data + samples.len, request.data, request.len);
            samples.len += request.len;
            sizes[i] = request.len;
        }
    }
    if (rc == 0) {
        rc = otlp_zstd_dictionary_train(samples.data, sizes, TRAINING_PAYLOADS, DICTIONARY_BYTES,
                                        level, dictionary);
    }
    otlp_buffer_release(&samples);
    otlp_buffer_release(&request);
    free(sizes);
    return rc;
}

/* ---- Rows ---- */

static int make_plain(struct fixture *f, struct telemetry *telemetry, size_t target_bytes)
{
    f->count = target_bytes == payload_sizes[0] ? SMALL_ROTATION : 1;
    f->last = f->count - 1;
    for (size_t i = 0; i < f->count; i++) {
        int rc = make_payload(telemetry, target_bytes, &f->plain[i]);
        if (rc != 0) {
            return rc;
        }
        f->plain_bytes += f->plain[i].len;
    }
    return 0;
}

static int make_contexts(struct fixture *f, const struct codec *codec)
{
    struct otlp_compressor_options options = {
        .algorithm = codec->algorithm, .level = codec->level, .dictionary = f->dictionary};
    int rc = otlp_compressor_create(&options, &f->compressor);
    return rc != 0 ? rc
                   : otlp_decompressor_create(codec->algorithm, f->dictionary, &f->decompressor);
}

/* Compresses every payload, and makes sure that each comes back. */
static int make_packed(struct fixture *f, enum otlp_compression algorithm)
{
    for (size_t i = 0; i < f->count; i++) {
        size_t bound = otlp_compress_bound(algorithm, f->plain[i].len);
        f->output_capacity = bound > f->output_capacity ? bound : f->output_capacity;
    }
    f->output = malloc(f->output_capacity);
    if (f->output == NULL) {
        return OTLP_ENOMEM;
    }
    memset(f->output, 0, f->output_capacity);
    for (size_t i = 0; i < f->count; i++) {
        struct otlp_buffer *plain = &f->plain[i];
        struct otlp_buffer *packed = &f->packed[i];
        size_t back_bytes = 0;
        int rc = otlp_compress_append(f->compressor, plain->data, plain->len, packed);
        if (rc == 0) {
            rc = otlp_decompress(f->decompressor, packed->data, packed->len, f->output, plain->len,
                                 &back_bytes);
        }
        if (rc != 0) {
            return rc;
        }
        if (back_bytes != plain->len || memcmp(f->output, plain->data, plain->len) != 0) {
            return OTLP_ECODEC;
        }
        f->packed_bytes += packed->len;
    }
    return 0;
}

static void report(assay_bench *b, const struct fixture *f)
{
    assay_bytes(b, f->plain_bytes / f->count);
    assay_counter(b, "ratio", (double)f->plain_bytes / (double)f->packed_bytes, "x");
    assay_counter(b, "payload_bytes", (double)f->plain_bytes / (double)f->count, "bytes");
    assay_counter(b, "packed_bytes", (double)f->packed_bytes / (double)f->count, "bytes");
}

/* Everything of a row. False: the benchmark has failed, and its loop will not run; release the
 * fixture all the same. */
static bool fixture_init(struct fixture *f, assay_bench *b, const struct codec *codec,
                         size_t target_bytes)
{
    *f = (struct fixture){.count = 0};
    struct telemetry *telemetry = telemetry_new(SEED);
    int rc = telemetry != NULL ? make_plain(f, telemetry, target_bytes) : OTLP_ENOMEM;
    if (rc == 0 && codec->has_dictionary) {
        rc = train(telemetry, codec->level, &f->dictionary);
    }
    telemetry_free(telemetry);
    if (rc == 0) {
        rc = make_contexts(f, codec);
    }
    if (rc == 0) {
        rc = make_packed(f, codec->algorithm);
    }
    if (rc != 0) {
        assay_fail(b, rc == OTLP_ECODEC ? "a payload did not come back from the codec unchanged"
                                        : otlp_error_text(rc));
        return false;
    }
    report(b, f);
    return true;
}

/* The codec of the row. The benchmark fails when the two lists above are not in step. */
static const struct codec *codec_of(assay_bench *b)
{
    const struct codec *codec = &codecs[assay_arg(b)];
    if (strcmp(codec->name, assay_arg_name(b)) != 0) {
        assay_fail(b, "the table of codecs and CODEC_NAMES differ");
    }
    return codec;
}

ASSAY_BENCH(compress, .arg_name = "codec", .arg_names = CODEC_NAMES, .arg2_name = "payload",
            .arg2_names = PAYLOAD_NAMES)
{
    struct fixture f;
    size_t i = 0;
    size_t packed_bytes = 0;
    fixture_init(&f, b, codec_of(b), payload_sizes[assay_arg2(b)]);
    ASSAY_LOOP(b) {
        const struct otlp_buffer *plain = &f.plain[i++ & f.last];
        assay_touch(plain->data);
        assay_keep(otlp_compress(f.compressor, plain->data, plain->len, f.output, f.output_capacity,
                                 &packed_bytes));
        assay_touch(f.output);
    }
    fixture_release(&f);
}

ASSAY_BENCH(decompress, .arg_name = "codec", .arg_names = CODEC_NAMES, .arg2_name = "payload",
            .arg2_names = PAYLOAD_NAMES)
{
    struct fixture f;
    size_t i = 0;
    size_t plain_bytes = 0;
    fixture_init(&f, b, codec_of(b), payload_sizes[assay_arg2(b)]);
    ASSAY_LOOP(b) {
        const struct otlp_buffer *packed = &f.packed[i++ & f.last];
        assay_touch(packed->data);
        assay_keep(otlp_decompress(f.decompressor, packed->data, packed->len, f.output,
                                   f.output_capacity, &plain_bytes));
        assay_touch(f.output);
    }
    fixture_release(&f);
}

/* ---- Adaptive choice ---- */

/* Figures to decide by: ratio, bytes a second to compress and to decompress. Given, so that the
 * choice is the same on every machine and in every run. */
static const struct otlp_compression_measure given_measures[] = {
    {{OTLP_COMPRESSION_GZIP, 1, NULL}, 5.0, 250e6, 800e6},
    {{OTLP_COMPRESSION_GZIP, 6, NULL}, 5.6, 110e6, 850e6},
    {{OTLP_COMPRESSION_GZIP, 9, NULL}, 5.7, 80e6, 850e6},
    {{OTLP_COMPRESSION_ZSTD, 1, NULL}, 5.4, 900e6, 2800e6},
    {{OTLP_COMPRESSION_ZSTD, 3, NULL}, 5.5, 700e6, 2900e6},
    {{OTLP_COMPRESSION_ZSTD, 9, NULL}, 6.1, 140e6, 3100e6},
    {{OTLP_COMPRESSION_BROTLI, 1, NULL}, 5.2, 500e6, 500e6},
    {{OTLP_COMPRESSION_BROTLI, 5, NULL}, 6.4, 90e6, 600e6},
    {{OTLP_COMPRESSION_BROTLI, 9, NULL}, 6.8, 30e6, 650e6},
};

#define CANDIDATE_COUNT (sizeof given_measures / sizeof given_measures[0])

static size_t winner(size_t payload_bytes, double ratio, double compress_speed,
                     double decompress_speed)
{
    struct otlp_compression_policy policy = OTLP_COMPRESSION_POLICY_DEFAULT;
    struct otlp_compression_choice choice = {.index = CANDIDATE_COUNT};
    policy.weights = (struct otlp_compression_weights){ratio, compress_speed, decompress_speed};
    (void)otlp_compression_choose(given_measures, CANDIDATE_COUNT, payload_bytes, &policy, &choice);
    return choice.index;
}

/* The decision by itself: what an exporter pays on every batch for choosing among nine. */
ASSAY_BENCH(adaptive_choice)
{
    size_t payload_bytes = payload_sizes[1];
    if (winner(payload_bytes, 1, 0, 0) != 8 || winner(payload_bytes, 0, 1, 0) != 3 ||
        winner(payload_bytes, 0, 0, 1) != 5 || winner(100, 1, 1, 1) != SIZE_MAX) {
        assay_fail(b, "a weight of one alone does not choose the best in it");
    }
    struct otlp_compression_choice choice;
    assay_elements(b, 1);
    ASSAY_LOOP(b) {
        assay_touch(&payload_bytes);
        assay_keep(
            otlp_compression_choose(given_measures, CANDIDATE_COUNT, payload_bytes, NULL, &choice));
        assay_touch(&choice);
    }
}

struct exporter {
    struct otlp_compressor *compressors[CANDIDATE_COUNT];
    struct otlp_compressor *none;
};

static void exporter_release(struct exporter *exporter)
{
    for (size_t i = 0; i < CANDIDATE_COUNT; i++) {
        otlp_compressor_free(exporter->compressors[i]);
    }
    otlp_compressor_free(exporter->none);
}

/* Makes a compressor for each of the nine candidates. */
static int exporter_init(struct exporter *exporter)
{
    struct otlp_compressor_options options = {.algorithm = OTLP_COMPRESSION_NONE};
    *exporter = (struct exporter){.none = NULL};
    int rc = otlp_compressor_create(&options, &exporter->none);
    for (size_t i = 0; i < CANDIDATE_COUNT && rc == 0; i++) {
        options.algorithm = given_measures[i].candidate.algorithm;
        options.level = given_measures[i].candidate.level;
        rc = otlp_compressor_create(&options, &exporter->compressors[i]);
    }
    return rc;
}

/* What would be chosen by figures that are measured here and now. */
static int choose_by_measuring(const struct otlp_buffer *sample,
                               struct otlp_compression_choice *choice)
{
    struct otlp_compression_candidate candidates[CANDIDATE_COUNT];
    struct otlp_compression_measure measures[CANDIDATE_COUNT];
    for (size_t i = 0; i < CANDIDATE_COUNT; i++) {
        candidates[i] = given_measures[i].candidate;
    }
    int rc = otlp_compression_measure(candidates, CANDIDATE_COUNT, sample->data, sample->len,
                                      MEASURE_BUDGET_NS, measures);
    return rc != 0 ? rc
                   : otlp_compression_choose(measures, CANDIDATE_COUNT, SIZE_MAX, NULL, choice);
}

static int export_one(struct exporter *exporter, const struct otlp_buffer *plain, uint8_t *output,
                      size_t capacity, size_t *packed_bytes, struct otlp_compression_choice *choice)
{
    int rc = otlp_compression_choose(given_measures, CANDIDATE_COUNT, plain->len, NULL, choice);
    if (rc != 0) {
        return rc;
    }
    struct otlp_compressor *compressor =
        choice->index < CANDIDATE_COUNT ? exporter->compressors[choice->index] : exporter->none;
    return otlp_compress(compressor, plain->data, plain->len, output, capacity, packed_bytes);
}

/* Exports every payload once: how many were compressed, and to how many bytes in all. */
static int export_all(struct exporter *exporter, struct fixture *f, size_t *compressed_count,
                      size_t *packed_bytes)
{
    struct otlp_compression_choice choice;
    *compressed_count = 0;
    *packed_bytes = 0;
    for (size_t i = 0; i < f->count; i++) {
        size_t bytes = 0;
        int rc = export_one(exporter, &f->plain[i], f->output, f->output_capacity, &bytes, &choice);
        if (rc != 0) {
            return rc;
        }
        bool is_compressed = choice.candidate.algorithm != OTLP_COMPRESSION_NONE;
        if (is_compressed != (f->plain[i].len >= 1024) ||
            (!is_compressed && bytes != f->plain[i].len)) {
            return OTLP_ECODEC;
        }
        *compressed_count += is_compressed;
        *packed_bytes += bytes;
    }
    return 0;
}

/* Room for the largest output of any candidate. */
static int widen_output(struct fixture *f)
{
    size_t capacity = 0;
    for (size_t i = 0; i < f->count; i++) {
        for (size_t k = 0; k < CANDIDATE_COUNT; k++) {
            size_t bound =
                otlp_compress_bound(given_measures[k].candidate.algorithm, f->plain[i].len);
            capacity = bound > capacity ? bound : capacity;
        }
    }
    free(f->output);
    f->output_capacity = capacity;
    f->output = calloc(1, capacity);
    return f->output != NULL ? 0 : OTLP_ENOMEM;
}

/* Makes the exporter ready, checks that it follows the rule, and reports what it chose. */
static void adaptive_init(assay_bench *b, struct fixture *f, struct exporter *exporter)
{
    struct otlp_compression_choice choice = {.index = SIZE_MAX};
    size_t compressed_count = 0;
    size_t packed_bytes = 0;
    int rc = widen_output(f);
    if (rc == 0) {
        rc = exporter_init(exporter);
    }
    if (rc == 0) {
        rc = export_all(exporter, f, &compressed_count, &packed_bytes);
    }
    if (rc == 0) {
        rc = choose_by_measuring(&f->plain[0], &choice);
    }
    if (rc != 0) {
        assay_fail(b, rc == OTLP_ECODEC ? "the choice does not follow the size of the payload"
                                        : otlp_error_text(rc));
        return;
    }
    assay_counter(b, "ratio", (double)f->plain_bytes / (double)packed_bytes, "x");
    assay_counter(b, "packed_bytes", (double)packed_bytes / (double)f->count, "bytes");
    assay_counter(b, "compressed", 100.0 * (double)compressed_count / (double)f->count, "%");
    assay_counter(b, "chosen_here", (double)choice.index, NULL);
    assay_counter(b, "score_here", choice.score, NULL);
}

/*
 * Choosing and compressing: payloads under 1024 bytes are sent as they are, the others go through
 * the candidate that given_measures favours, zstd 1. chosen_here is the candidate, counted from 0
 * in that list, that figures measured on this machine favour, and score_here its score; between two
 * that are nearly equal it may change from run to run, which is why the kernel does not follow it.
 */
ASSAY_BENCH(adaptive_compress, .arg_name = "payload", .arg_names = PAYLOAD_NAMES)
{
    struct fixture f;
    struct exporter exporter = {.none = NULL};
    struct otlp_compression_choice choice;
    size_t packed_bytes = 0;
    size_t i = 0;
    if (fixture_init(&f, b, &codecs[0], payload_sizes[assay_arg(b)])) {
        adaptive_init(b, &f, &exporter);
    }
    ASSAY_LOOP(b) {
        const struct otlp_buffer *plain = &f.plain[i++ & f.last];
        assay_touch(plain->data);
        assay_keep(
            export_one(&exporter, plain, f.output, f.output_capacity, &packed_bytes, &choice));
        assay_touch(f.output);
    }
    exporter_release(&exporter);
    fixture_release(&f);
}
