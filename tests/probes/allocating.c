/* Benchmarks that allocate so many times and bytes an iteration. */
#include <assay.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

ASSAY_SUITE("allocating");

static void *make(size_t bytes)
{
    void *block = malloc(bytes);
    assay_touch(block);
    return block;
}

/* 3 of 100 bytes, 2 of them freed; what is left is freed after the loop. */
ASSAY_BENCH(three, .threads = {1, 2, 4})
{
    static const size_t capacity = 4000000;
    void **left = malloc(capacity * sizeof *left);
    size_t count = 0;
    ASSAY_LOOP(b) {
        void *first = make(100);
        void *second = make(100);
        void *third = make(100);
        free(first);
        free(second);
        if (left != NULL && count < capacity) {
            left[count++] = third;
        }
    }
    while (count > 0) {
        free(left[--count]);
    }
    free(left);
}

ASSAY_BENCH(none)
{
    void *block = make(1000);
    uint64_t x = 0;
    ASSAY_LOOP(b) {
        x++;
        assay_touch(&x);
    }
    free(block);
}
