/*
 * Question: how much memory may the inputs of a batch take before the kernel pays for the batch
 * rather than for its work? The default of .batch_bytes_max follows from it.
 *
 * Method: the same kernel, which reads 4 KiB that setup has just written, in batches of 16 KiB to
 * 64 MiB of inputs. Setup writes all inputs of the batch, then the kernel reads one an iteration.
 *
 * What would make the numbers wrong: laps shorter than a batch (all are flat, of one batch or
 * more).
 */
#include <assay.h>

#include <stdlib.h>
#include <string.h>

ASSAY_SUITE("batch_cost");

#define INPUT_BYTES 4096
#define WORDS       (INPUT_BYTES / sizeof(uint64_t))

static void prepare(uint64_t *inputs, uint64_t count)
{
    memset(inputs, 1, count * INPUT_BYTES);
}

static void consume(assay_bench *b)
{
    uint64_t *inputs = calloc(assay_batch_max(b), INPUT_BYTES);
    uint64_t next = 0;
    if (inputs == NULL) {
        assay_fail(b, "out of memory");
        return;
    }
    assay_bytes(b, INPUT_BYTES);
    ASSAY_LOOP_WITH(b, (prepare(inputs, assay_batch(b)), next = 0)) {
        const uint64_t *input = inputs + next * WORDS;
        uint64_t sum = 0;
        for (size_t i = 0; i < WORDS; i++) {
            sum += input[i];
        }
        assay_keep(sum);
        next++;
    }
    free(inputs);
}

#define BATCH_OF(name_, bytes_)                                                                    \
    ASSAY_BENCH(name_, .batch = (bytes_) / INPUT_BYTES, .sampling = ASSAY_FLAT,                    \
                .input_bytes = INPUT_BYTES, .batch_bytes_max = (bytes_))                           \
    {                                                                                              \
        consume(b);                                                                                \
    }

BATCH_OF(b01_4KiB, 4 << 10)
BATCH_OF(b02_16KiB, 16 << 10)
BATCH_OF(b03_64KiB, 64 << 10)
BATCH_OF(b04_256KiB, 256 << 10)
BATCH_OF(b05_1MiB, 1 << 20)
BATCH_OF(b06_2MiB, 2 << 20)
BATCH_OF(b07_4MiB, 4 << 20)
BATCH_OF(b08_16MiB, 16 << 20)
BATCH_OF(b09_64MiB, 64 << 20)
