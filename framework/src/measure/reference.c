#include "measure/reference.h"
#include "measure/clock.h"

#define ROUNDS      1000
#define WARM_ROUNDS 100

static inline void add_four(uint64_t r[4])
{
    __asm__ volatile("" : "+r"(r[0]), "+r"(r[1]), "+r"(r[2]), "+r"(r[3]));
    r[0] += 1;
    r[1] += 1;
    r[2] += 1;
    r[3] += 1;
}

/* Never inlined: the rounds that are timed run the very code that was just warmed up. */
__attribute__((noinline)) static void work(int rounds)
{
    uint64_t r[4] = {0, 0, 0, 0};
    for (int i = 0; i < rounds; i++) {
        add_four(r);
        add_four(r);
        add_four(r);
        add_four(r);
    }
    __asm__ volatile("" : : "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3]));
}

double reference_ns(void)
{
    /* What ran before may have driven this code out of the caches and out of the predictors. */
    work(WARM_ROUNDS);
    uint64_t start = clock_start();
    work(ROUNDS);
    uint64_t stop = clock_stop();
    return (double)(stop - start) * clock_init()->ns_per_tick;
}
