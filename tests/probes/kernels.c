/* Kernels whose cost is known: what the harness reports of them shows whether it can be believed.
 */
#include <assay.h>

ASSAY_SUITE("kernels");

/* Adds that wait for each other: one a cycle, whatever the CPU could do beside them. */
#define ADD1(x) __asm__ volatile("add $1, %0" : "+r"(x))
#define ADD10(x)                                                                                   \
    ADD1(x);                                                                                       \
    ADD1(x);                                                                                       \
    ADD1(x);                                                                                       \
    ADD1(x);                                                                                       \
    ADD1(x);                                                                                       \
    ADD1(x);                                                                                       \
    ADD1(x);                                                                                       \
    ADD1(x);                                                                                       \
    ADD1(x);                                                                                       \
    ADD1(x)
#define ADD100(x)                                                                                  \
    ADD10(x);                                                                                      \
    ADD10(x);                                                                                      \
    ADD10(x);                                                                                      \
    ADD10(x);                                                                                      \
    ADD10(x);                                                                                      \
    ADD10(x);                                                                                      \
    ADD10(x);                                                                                      \
    ADD10(x);                                                                                      \
    ADD10(x);                                                                                      \
    ADD10(x)

ASSAY_BENCH(empty)
{
    ASSAY_LOOP(b) {
    }
}

ASSAY_BENCH(chain_200)
{
    uint64_t x = 0;
    ASSAY_LOOP(b) {
        ADD100(x);
        ADD100(x);
    }
    assay_keep(x);
}

ASSAY_BENCH(chain_400)
{
    uint64_t x = 0;
    ASSAY_LOOP(b) {
        ADD100(x);
        ADD100(x);
        ADD100(x);
        ADD100(x);
    }
    assay_keep(x);
}

/* Chains of 7 adds, and an eighth one in `eighths` of 8 iterations (the pattern is learnt at once):
 * steps of an eighth of a cycle. 7 3/8 and 7 6/8 cycles are about 2.0 and 2.1 ns at 3.7 GHz, and 5
 * % apart at any clock. */
#define ADD7(x)                                                                                    \
    ADD1(x);                                                                                       \
    ADD1(x);                                                                                       \
    ADD1(x);                                                                                       \
    ADD1(x);                                                                                       \
    ADD1(x);                                                                                       \
    ADD1(x);                                                                                       \
    ADD1(x)

ASSAY_BENCH(cycles_7_3_8)
{
    uint64_t x = 0;
    unsigned turn = 0;
    ASSAY_LOOP(b) {
        ADD7(x);
        if ((turn++ & 7) < 3) {
            ADD1(x);
        }
    }
    assay_keep(x);
}

ASSAY_BENCH(cycles_7_6_8)
{
    uint64_t x = 0;
    unsigned turn = 0;
    ASSAY_LOOP(b) {
        ADD7(x);
        if ((turn++ & 7) < 6) {
            ADD1(x);
        }
    }
    assay_keep(x);
}
