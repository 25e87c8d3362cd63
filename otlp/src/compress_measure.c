#include <otlp/compress.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A candidate at work: contexts and the buffers of both directions. */
struct rig {
    struct otlp_compressor *compressor;
    struct otlp_decompressor *decompressor;
    const uint8_t *sample;
    size_t sample_bytes;
    uint8_t *packed;
    size_t packed_capacity;
    size_t packed_bytes;
    uint8_t *unpacked;
};

static void rig_release(struct rig *rig)
{
    otlp_compressor_free(rig->compressor);
    otlp_decompressor_free(rig->decompressor);
    free(rig->packed);
    free(rig->unpacked);
}

static int rig_init(struct rig *rig, const struct otlp_compression_candidate *candidate,
                    const void *sample, size_t sample_bytes)
{
    struct otlp_compressor_options options = {
        .algorithm = candidate->algorithm,
        .level = candidate->level,
        .dictionary = candidate->dictionary,
    };
    *rig = (struct rig){.sample = sample, .sample_bytes = sample_bytes};
    int rc = otlp_compressor_create(&options, &rig->compressor);
    if (rc == 0) {
        rc = otlp_decompressor_create(candidate->algorithm, candidate->dictionary,
                                      &rig->decompressor);
    }
    if (rc == 0) {
        rig->packed_capacity = otlp_compress_bound(candidate->algorithm, sample_bytes);
        rig->packed = malloc(rig->packed_capacity);
        rig->unpacked = malloc(sample_bytes);
        rc = rig->packed != NULL && rig->unpacked != NULL ? 0 : OTLP_ENOMEM;
    }
    if (rc != 0) {
        rig_release(rig);
    }
    return rc;
}

static int pack(struct rig *rig)
{
    return otlp_compress(rig->compressor, rig->sample, rig->sample_bytes, rig->packed,
                         rig->packed_capacity, &rig->packed_bytes);
}

static int unpack(struct rig *rig)
{
    size_t unpacked_bytes = 0;
    int rc = otlp_decompress(rig->decompressor, rig->packed, rig->packed_bytes, rig->unpacked,
                             rig->sample_bytes, &unpacked_bytes);
    return rc == 0 && unpacked_bytes != rig->sample_bytes ? OTLP_ECODEC : rc;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The shortest run of a step within the budget. */
static int time_step(struct rig *rig, int (*step)(struct rig *), uint64_t budget_ns,
                     uint64_t *shortest_ns)
{
    uint64_t begin_ns = now_ns();
    uint64_t before_ns = begin_ns;
    uint64_t shortest = UINT64_MAX;
    do {
        int rc = step(rig);
        if (rc != 0) {
            return rc;
        }
        uint64_t after_ns = now_ns();
        uint64_t run_ns = after_ns - before_ns;
        shortest = run_ns < shortest ? run_ns : shortest;
        before_ns = after_ns;
    } while (before_ns - begin_ns < budget_ns);
    *shortest_ns = shortest > 0 ? shortest : 1;
    return 0;
}

static int check_round_trip(struct rig *rig)
{
    int rc = pack(rig);
    if (rc == 0) {
        rc = unpack(rig);
    }
    if (rc == 0 && memcmp(rig->sample, rig->unpacked, rig->sample_bytes) != 0) {
        rc = OTLP_ECODEC;
    }
    return rc;
}

static int measure_one(const struct otlp_compression_candidate *candidate, const void *sample,
                       size_t sample_bytes, uint64_t budget_ns,
                       struct otlp_compression_measure *measure)
{
    struct rig rig;
    uint64_t compress_ns = 0;
    uint64_t decompress_ns = 0;
    int rc = rig_init(&rig, candidate, sample, sample_bytes);
    if (rc != 0) {
        return rc;
    }
    rc = check_round_trip(&rig);
    if (rc == 0) {
        rc = time_step(&rig, pack, budget_ns, &compress_ns);
    }
    if (rc == 0) {
        rc = time_step(&rig, unpack, budget_ns, &decompress_ns);
    }
    if (rc == 0) {
        *measure = (struct otlp_compression_measure){
            .candidate = *candidate,
            .ratio = (double)sample_bytes / (double)rig.packed_bytes,
            .compress_bytes_per_s = (double)sample_bytes * 1e9 / (double)compress_ns,
            .decompress_bytes_per_s = (double)sample_bytes * 1e9 / (double)decompress_ns,
        };
    }
    rig_release(&rig);
    return rc;
}

int otlp_compression_measure(const struct otlp_compression_candidate *candidates,
                             size_t candidate_count, const void *sample, size_t sample_bytes,
                             uint64_t budget_ns, struct otlp_compression_measure *measures)
{
    if (sample_bytes == 0 || sample_bytes > OTLP_COMPRESS_INPUT_MAX) {
        return OTLP_EINVAL;
    }
    for (size_t i = 0; i < candidate_count; i++) {
        int rc = measure_one(&candidates[i], sample, sample_bytes, budget_ns, &measures[i]);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}
