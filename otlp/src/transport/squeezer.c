#include "transport/squeezer.h"

#include "monotonic.h"

/* How long each candidate is measured in each direction, once in the life of an exporter. */
#define MEASURE_NS 1000000u

/* How much one export moves what is known: about the last ten count. */
#define GAIN 0.1

int otlp__squeezer_init(struct otlp__squeezer *squeezer,
                        const struct otlp_compression_candidate *candidates, size_t candidate_count,
                        bool is_adaptive)
{
    *squeezer = (struct otlp__squeezer){
        .candidates = candidates, .candidate_count = candidate_count, .is_adaptive = is_adaptive};
    return pthread_mutex_init(&squeezer->lock, NULL) == 0 ? 0 : OTLP_ENOMEM;
}

void otlp__squeezer_release(struct otlp__squeezer *squeezer)
{
    for (size_t i = 0; i < squeezer->candidate_count; i++) {
        for (size_t k = 0; k < squeezer->spare_count[i]; k++) {
            otlp_compressor_free(squeezer->spare[i][k]);
        }
    }
    pthread_mutex_destroy(&squeezer->lock);
}

static int take_compressor(struct otlp__squeezer *squeezer, size_t index,
                           struct otlp_compressor **compressor)
{
    *compressor = NULL;
    pthread_mutex_lock(&squeezer->lock);
    if (squeezer->spare_count[index] > 0) {
        *compressor = squeezer->spare[index][--squeezer->spare_count[index]];
    }
    pthread_mutex_unlock(&squeezer->lock);
    if (*compressor != NULL) {
        return 0;
    }
    const struct otlp_compression_candidate *candidate = &squeezer->candidates[index];
    struct otlp_compressor_options options = {.algorithm = candidate->algorithm,
                                              .level = candidate->level,
                                              .dictionary = candidate->dictionary};
    return otlp_compressor_create(&options, compressor);
}

static void put_compressor(struct otlp__squeezer *squeezer, size_t index,
                           struct otlp_compressor *compressor)
{
    pthread_mutex_lock(&squeezer->lock);
    if (squeezer->spare_count[index] < OTLP__SPARE_COMPRESSORS_MAX) {
        squeezer->spare[index][squeezer->spare_count[index]++] = compressor;
        compressor = NULL;
    }
    pthread_mutex_unlock(&squeezer->lock);
    otlp_compressor_free(compressor);
}

/* The candidate for a payload; SIZE_MAX: none. */
static size_t choose(struct otlp__squeezer *squeezer, const uint8_t *payload, size_t payload_bytes)
{
    static const struct otlp_compression_policy policy = OTLP_COMPRESSION_POLICY_DEFAULT;
    if (!squeezer->is_adaptive) {
        return squeezer->candidates[0].algorithm == OTLP_COMPRESSION_NONE ? SIZE_MAX : 0;
    }
    if (payload_bytes < policy.payload_bytes_min) {
        return SIZE_MAX;
    }
    struct otlp_compression_choice choice = {.index = SIZE_MAX};
    pthread_mutex_lock(&squeezer->lock);
    if (!squeezer->is_measured) {
        squeezer->is_measured =
            otlp_compression_measure(squeezer->candidates, squeezer->candidate_count, payload,
                                     payload_bytes, MEASURE_NS, squeezer->measures) == 0;
    }
    if (squeezer->is_measured &&
        otlp_compression_choose(squeezer->measures, squeezer->candidate_count, payload_bytes,
                                &policy, &choice) != 0) {
        choice.index = SIZE_MAX;
    }
    pthread_mutex_unlock(&squeezer->lock);
    return choice.index;
}

static void observe(struct otlp__squeezer *squeezer, size_t index, size_t payload_bytes,
                    size_t squeezed_bytes, uint64_t duration_ns)
{
    pthread_mutex_lock(&squeezer->lock);
    otlp_compression_observe(&squeezer->measures[index], payload_bytes, squeezed_bytes, duration_ns,
                             0, GAIN);
    pthread_mutex_unlock(&squeezer->lock);
}

int otlp__squeeze(struct otlp__squeezer *squeezer, const uint8_t *payload, size_t payload_bytes,
                  struct otlp_buffer *out, enum otlp_compression *algorithm)
{
    struct otlp_compressor *compressor;
    *algorithm = OTLP_COMPRESSION_NONE;
    out->len = 0;
    size_t index = choose(squeezer, payload, payload_bytes);
    if (index == SIZE_MAX) {
        return 0;
    }
    int error = take_compressor(squeezer, index, &compressor);
    if (error != 0) {
        return error;
    }
    uint64_t began_ns = otlp__monotonic_ns();
    error = otlp_compress_append(compressor, payload, payload_bytes, out);
    uint64_t duration_ns = otlp__monotonic_ns() - began_ns;
    put_compressor(squeezer, index, compressor);
    if (error == 0) {
        *algorithm = squeezer->candidates[index].algorithm;
        if (squeezer->is_adaptive && payload_bytes > 0) {
            observe(squeezer, index, payload_bytes, out->len, duration_ns);
        }
    }
    return error;
}
