/* Seeded random numbers: xoshiro256++ (Blackman and Vigna 2019) started through SplitMix64. The
 * same seed gives the same numbers on every machine and compiler. Not for secrets. */
#ifndef ASSAY_BASE_RNG_H
#define ASSAY_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state[4];
};

/* Seeds stay below 2^53, so that a result's JSON holds them exactly. */
#define RNG_SEED_MAX ((UINT64_C(1) << 53) - 1)

void rng_seed(struct rng *rng, uint64_t seed);
/* As rng_seed, for a named stream of a run: each benchmark draws its own numbers whatever else
 * runs. */
void rng_seed_stream(struct rng *rng, uint64_t seed, const char *stream);
/* Uniform in [0, bound), bound > 0, without bias (Lemire 2019). */
uint64_t rng_below(struct rng *rng, uint64_t bound);
/* A seed from the operating system. */
uint64_t rng_fresh_seed(void);

static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t sum = s[0] + s[3];
    uint64_t result = ((sum << 23) | (sum >> 41)) + s[0];
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = (s[3] << 45) | (s[3] >> 19);
    return result;
}

#endif
