/* Asks how it grows with a word, which no run can tell. */
#include <assay.h>

ASSAY_SUITE("words");

ASSAY_BENCH(codec, .arg_names = {"gzip", "zstd"}, .complexity = true)
{
    ASSAY_LOOP(b) {
    }
}
