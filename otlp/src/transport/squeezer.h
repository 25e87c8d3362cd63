/* Compression of requests: contexts that are made once and used again, and the choice between
 * candidates. Any thread. */
#ifndef OTLP_SRC_SQUEEZER_H
#define OTLP_SRC_SQUEEZER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/compress.h>
#include <otlp/transport.h>

#define OTLP__SPARE_COMPRESSORS_MAX 16

struct otlp__squeezer {
    pthread_mutex_t lock;
    const struct otlp_compression_candidate *candidates; /* the settings' */
    size_t candidate_count;
    bool is_adaptive;
    bool is_measured;
    struct otlp_compression_measure measures[OTLP_CANDIDATES_MAX];
    struct otlp_compressor *spare[OTLP_CANDIDATES_MAX][OTLP__SPARE_COMPRESSORS_MAX];
    size_t spare_count[OTLP_CANDIDATES_MAX];
};

/* OTLP_ENOMEM. */
int otlp__squeezer_init(struct otlp__squeezer *squeezer,
                        const struct otlp_compression_candidate *candidates, size_t candidate_count,
                        bool is_adaptive);

void otlp__squeezer_release(struct otlp__squeezer *squeezer);

/* Compresses a payload into `out`, whose content goes, or leaves it be: then *algorithm is
 * OTLP_COMPRESSION_NONE and `out` is empty. OTLP_ENOMEM, OTLP_ECODEC. */
int otlp__squeeze(struct otlp__squeezer *squeezer, const uint8_t *payload, size_t payload_bytes,
                  struct otlp_buffer *out, enum otlp_compression *algorithm);

#endif
