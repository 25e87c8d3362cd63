#include "base/rng.h"

#include <sys/random.h>
#include <time.h>

__extension__ typedef unsigned __int128 wide;

void rng_seed(struct rng *rng, uint64_t seed)
{
    for (size_t i = 0; i < 4; i++) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        rng->state[i] = z ^ (z >> 31);
    }
}

void rng_seed_stream(struct rng *rng, uint64_t seed, const char *stream)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *c = stream; *c != '\0'; c++) {
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    }
    rng_seed(rng, seed ^ hash);
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    wide product = (wide)rng_next(rng) * bound;
    if ((uint64_t)product < bound) {
        uint64_t reject_below = (UINT64_C(0) - bound) % bound;
        while ((uint64_t)product < reject_below) {
            product = (wide)rng_next(rng) * bound;
        }
    }
    return (uint64_t)(product >> 64);
}

uint64_t rng_fresh_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        seed = (uint64_t)now.tv_nsec * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)now.tv_sec;
    }
    return seed & RNG_SEED_MAX;
}
