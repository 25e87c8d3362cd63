#include "work.h"

#include <assay.h>
#include <stdlib.h>
#include <string.h>

static void insertion_sort(int32_t *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        int32_t value = values[i];
        size_t at = i;
        while (at > 0 && values[at - 1] > value) {
            values[at] = values[at - 1];
            at--;
        }
        values[at] = value;
    }
}

int64_t sort_work(const int32_t input[SORT_INTS], size_t units)
{
    int64_t sum = 0;
    for (size_t i = 0; i < units; i++) {
        int32_t *copy = malloc(SORT_INTS * sizeof *copy);
        if (copy == NULL) {
            return -1;
        }
        memcpy(copy, input, SORT_INTS * sizeof *copy);
        assay_touch(copy);
        insertion_sort(copy, SORT_INTS);
        assay_touch(copy);
        sum += copy[SORT_INTS / 2];
        free(copy);
    }
    return sum;
}
