#include "base/memory.h"
#include "base/error.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(size_t count, size_t size)
{
    fprintf(stderr, "assay: out of memory: could not allocate %zu x %zu bytes\n", count, size);
    exit(STATUS_ENVIRONMENT);
}

void *memory_zeroed(size_t count, size_t size)
{
    void *block = calloc(count == 0 ? 1 : count, size);
    if (block == NULL) {
        out_of_memory(count, size);
    }
    return block;
}

void *memory_resize(void *old, size_t count, size_t size)
{
    void *block = reallocarray(old, count == 0 ? 1 : count, size);
    if (block == NULL) {
        out_of_memory(count, size);
    }
    return block;
}

char *memory_text_part(const char *text, size_t length)
{
    char *copy = memory_zeroed(length + 1, 1);
    memcpy(copy, text, length);
    return copy;
}

char *memory_text(const char *text)
{
    return memory_text_part(text, strlen(text));
}
