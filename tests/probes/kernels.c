/* Kernels whose cost is known: what the harness reports of them shows whether it can be believed.
 */
#include <assay.h>

ASSAY_SUITE("kernels");

/* Adds that wait for each other: one a cycle, whatever the CPU could do beside them. */
#define ADDS(count, x) __asm__ volatile(".rept " #count "\n\tadd $1, %0\n\t.endr" : "+r"(x))

ASSAY_BENCH(empty)
{
    ASSAY_LOOP(b) {
    }
}

ASSAY_BENCH(chain_200)
{
    uint64_t x = 0;
    ASSAY_LOOP(b) {
        ADDS(200, x);
    }
    assay_keep(x);
}

ASSAY_BENCH(chain_400)
{
    uint64_t x = 0;
    ASSAY_LOOP(b) {
        ADDS(400, x);
    }
    assay_keep(x);
}

/* Chains of 7 adds, and an eighth one in `eighths` of 8 iterations (the pattern is learnt at once):
 * steps of an eighth of a cycle. 7 3/8 and 7 6/8 cycles are about 2.0 and 2.1 ns at 3.7 GHz, and 5
 * % apart at any clock. */
ASSAY_BENCH(cycles_7_3_8)
{
    uint64_t x = 0;
    unsigned turn = 0;
    ASSAY_LOOP(b) {
        ADDS(7, x);
        if ((turn++ & 7) < 3) {
            ADDS(1, x);
        }
    }
    assay_keep(x);
}

ASSAY_BENCH(cycles_7_6_8)
{
    uint64_t x = 0;
    unsigned turn = 0;
    ASSAY_LOOP(b) {
        ADDS(7, x);
        if ((turn++ & 7) < 6) {
            ADDS(1, x);
        }
    }
    assay_keep(x);
}
