/* How many iterations a batch of ASSAY_LOOP_WITH has. Pure functions. */
#ifndef ASSAY_MEASURE_BATCHING_H
#define ASSAY_MEASURE_BATCHING_H

#include "assay.h"

/* Memory of one batch's inputs unless the benchmark says otherwise. Measured with
 * tests/probes/batch_cost.c on a CPU with 2 MiB of second-level cache: up to 1 MiB an iteration
 * costs the same, with 2 MiB 9 % more, with 4 MiB 21 %, with 16 MiB 36 %, however large the shared
 * cache is. A constant, so that the same benchmark has the same batches on every machine. */
#define BATCHING_BYTES_MAX (UINT64_C(1) << 20)
/* Most iterations where the policy would have as many as fit: of unknown size, and of any. With
 * more, the clock reads' share would not get any smaller that matters. */
#define BATCHING_UNKNOWN_MAX 1024
#define BATCHING_MAX         65536

/* What a benchmark asks for. All zero: batches of one. */
struct batching {
    enum assay_batching policy;
    unsigned batch;     /* iterations (FIXED) or batches a lap (COUNT); 0: 1 */
    size_t input_bytes; /* of one iteration's input; 0: not known */
    size_t bytes_max;   /* of all threads' inputs; 0: BATCHING_BYTES_MAX */
};

/* Most iterations of a batch, whatever the lap; >= 1. */
uint64_t batching_max(const struct batching *batching, unsigned threads);

/* Iterations of each batch but the last of a lap of so many: 1 .. batching_max. */
uint64_t batching_of_lap(const struct batching *batching, unsigned threads, uint64_t lap);

/* Whether batches depend on the length of the lap. */
bool batching_follows_lap(const struct batching *batching);

#endif
