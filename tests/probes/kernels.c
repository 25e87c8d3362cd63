/* Kernels whose cost is known: what the harness reports of them shows whether it can be believed. */
#include <assay.h>

ASSAY_SUITE("kernels");

/* Adds that wait for each other: one a cycle, whatever the CPU could do beside them. */
#define ADD1(x)   __asm__ volatile("add $1, %0" : "+r"(x))
#define ADD10(x)  ADD1(x); ADD1(x); ADD1(x); ADD1(x); ADD1(x); ADD1(x); ADD1(x); ADD1(x); ADD1(x); ADD1(x)
#define ADD100(x) ADD10(x); ADD10(x); ADD10(x); ADD10(x); ADD10(x); ADD10(x); ADD10(x); ADD10(x); ADD10(x); ADD10(x)

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
