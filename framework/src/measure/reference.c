#include "measure/reference.h"
#include "measure/clock.h"

#define ROUNDS 1000

static inline void add_four(uint64_t r[4])
{
    __asm__ volatile("" : "+r"(r[0]), "+r"(r[1]), "+r"(r[2]), "+r"(r[3]));
    r[0] += 1;
    r[1] += 1;
    r[2] += 1;
    r[3] += 1;
}

double reference_ns(void)
{
    uint64_t r[4] = {0, 0, 0, 0};
    uint64_t start = clock_start();
    for (int i = 0; i < ROUNDS; i++) {
        add_four(r);
        add_four(r);
        add_four(r);
        add_four(r);
    }
    uint64_t stop = clock_stop();
    __asm__ volatile("" : : "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3]));
    return (double)(stop - start) * clock_init()->ns_per_tick;
}
