/* Two benchmarks of one id. */
#include <assay.h>

ASSAY_SUITE("duplicate");

ASSAY_BENCH(first, .name = "same")
{
    ASSAY_LOOP(b) {
    }
}

ASSAY_BENCH(second, .name = "same")
{
    ASSAY_LOOP(b) {
    }
}
