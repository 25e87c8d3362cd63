/* One benchmark that runs everywhere, and one that this machine cannot run. */
#include <assay.h>

ASSAY_SUITE("skipping");

static const char *not_here(void)
{
    return "this machine has no such unit";
}

ASSAY_BENCH(everywhere)
{
    uint64_t x = 0;
    ASSAY_LOOP(b) {
        for (int i = 0; i < 32; i++) {
            x += 3;
            assay_touch(&x);
        }
    }
}

ASSAY_BENCH(elsewhere, .skip_if = not_here)
{
    ASSAY_LOOP(b) {
    }
}
