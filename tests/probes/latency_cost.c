/*
 * Question: what does a call of assay_latency cost?
 *
 * Method: Assay measures itself. `record` hands 4,096 latencies of a skewed distribution (three
 * powers of ten) to assay_latency, in turn; `loop` reads the same numbers and does nothing with
 * them. What `record` takes longer is the cost of a call.
 *
 * What would make the numbers wrong: a few values only (their buckets would stay in the first
 * cache, and the branches would be learnt), and values that a compiler knows (they are drawn).
 */
#include <assay.h>

#include "base/rng.h"

#include <math.h>

ASSAY_SUITE("latency_cost");

#define LATENCIES 4096

/* Log-uniform over 100 ns to 100 us, with a tail. */
static void draw(uint64_t latencies_ns[LATENCIES])
{
    struct rng rng;
    rng_seed(&rng, 17);
    for (size_t i = 0; i < LATENCIES; i++) {
        double u = (double)(rng_next(&rng) >> 11) * 0x1p-53;
        double tail = rng_below(&rng, 100) == 0 ? 10 : 1;
        latencies_ns[i] = (uint64_t)(100 * pow(10, 3 * u) * tail);
    }
}

ASSAY_BENCH(loop)
{
    uint64_t latencies_ns[LATENCIES];
    draw(latencies_ns);
    size_t i = 0;
    ASSAY_LOOP(b) {
        assay_keep(latencies_ns[i % LATENCIES]);
        i++;
    }
}

ASSAY_BENCH(record)
{
    uint64_t latencies_ns[LATENCIES];
    draw(latencies_ns);
    size_t i = 0;
    ASSAY_LOOP(b) {
        assay_latency(b, latencies_ns[i++ % LATENCIES]);
    }
}
