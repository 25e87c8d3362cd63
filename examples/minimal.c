/* A first benchmark: cc -O2 minimal.c $(pkg-config --cflags --libs assay) && ./a.out */
#include <assay.h>
#include <string.h>

ASSAY_SUITE("text");

ASSAY_BENCH(length, .arg_name = "bytes", .args = {0, 16, 4096})
{
    char text[4097];
    size_t bytes = (size_t)assay_arg(b);
    memset(text, 'x', bytes);
    text[bytes] = '\0';
    if (strlen(text) != bytes) {
        assay_fail(b, "strlen is wrong");
    }
    assay_bytes(b, bytes);
    ASSAY_LOOP(b) {
        assay_touch(text);
        assay_keep(strlen(text));
    }
}
