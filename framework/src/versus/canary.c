#include "versus/canary.h"

#include <stdlib.h>
#include <string.h>

/* Units of work; 2 % of them is a whole number. */
#define WORK      1000
#define WORK_MORE 1020

#define HASH_BYTES 4096
#define SORT_COUNT 64

const struct canary canaries[CANARY_COUNT] = {
    {"canary/chain/1000", "canary/chain/1000", false},
    {"canary/hash/1000", "canary/hash/1000", false},
    {"canary/copy/1000", "canary/copy/1000", false},
    {"canary/sort/1000", "canary/sort/1000", false},
    {"canary/chain/1000", "canary/chain/1020", true},
    {"canary/hash/1000", "canary/hash/1020", true},
};

static void empty(assay_bench *b)
{
    ASSAY_LOOP(b) {
    }
}

static void chain(assay_bench *b)
{
    uint64_t x = 1;
    ASSAY_LOOP(b) {
        int64_t count = assay_arg(b);
        for (int64_t i = 0; i < count; i++) {
            x = x * 3 + 1;
            assay_touch(&x);
        }
    }
}

static void hash(assay_bench *b)
{
    static unsigned char text[HASH_BYTES];
    memset(text, 'x', sizeof text);
    ASSAY_LOOP(b) {
        uint64_t state = UINT64_C(14695981039346656037);
        int64_t count = assay_arg(b);
        assay_touch(text);
        for (int64_t i = 0; i < count; i++) {
            state = (state ^ text[i]) * UINT64_C(1099511628211);
        }
        assay_keep(state);
    }
}

static void copy(assay_bench *b)
{
    static char from[HASH_BYTES];
    static char to[HASH_BYTES];
    ASSAY_LOOP(b) {
        for (int i = 0; i < 16; i++) {
            assay_touch(from);
            memcpy(to, from, HASH_BYTES);
            assay_touch(to);
        }
    }
}

static int by_value(const void *a, const void *b)
{
    int x = *(const int *)a;
    int y = *(const int *)b;
    return (x > y) - (x < y);
}

static void sort(assay_bench *b)
{
    ASSAY_LOOP(b) {
        int *values = malloc(SORT_COUNT * sizeof *values);
        if (values == NULL) {
            assay_fail(b, "out of memory");
            continue;
        }
        for (int i = 0; i < SORT_COUNT; i++) {
            values[i] = (i * 37) % SORT_COUNT;
        }
        qsort(values, SORT_COUNT, sizeof *values, by_value);
        assay_touch(values);
        free(values);
    }
}

static const struct assay_suite suite = {.abi = ASSAY_ABI,
                                         .name = "canary",
                                         .null_run = empty,
                                         .compiler = ASSAY__COMPILER,
                                         .optimised = ASSAY__OPTIMISED};

#define ENTRY(function, after)                                                                     \
    {                                                                                              \
        .next = (after), .abi = ASSAY_ABI, .suite = &suite, .ident = #function,                    \
        .fields_text = ".args = {1000, 1020}", .run = (function), .file = __FILE__,                \
        .line = __LINE__, .arg_name = "work", .args = {                                            \
            WORK,                                                                                  \
            WORK_MORE                                                                              \
        }                                                                                          \
    }

static struct assay_entry entries[] = {
    ENTRY(chain, &entries[1]),
    ENTRY(hash, &entries[2]),
    ENTRY(copy, &entries[3]),
    ENTRY(sort, NULL),
};

const struct assay_entry *canary_entries(void)
{
    return entries;
}
