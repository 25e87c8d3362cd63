/*
 * Copies of bytes that end where a page ends, with an unreadable page behind them: a parser that
 * reads one byte past the length it was given dies on the spot, in every build.
 */
#ifndef TESTS_UNIT_GUARDED_H
#define TESTS_UNIT_GUARDED_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guarded {
    char *text; /* the copy */
    size_t len;
    char *pages;
    size_t pages_bytes;
};

static inline struct guarded guarded_copy(const void *bytes, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t body = (len + page - 1) / page * page;
    struct guarded copy = {.len = len, .pages_bytes = body + page};
    copy.pages =
        mmap(NULL, copy.pages_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy.pages == MAP_FAILED || mprotect(copy.pages + body, page, PROT_NONE) != 0) {
        abort();
    }
    copy.text = copy.pages + body - len;
    if (len > 0) {
        memcpy(copy.text, bytes, len);
    }
    return copy;
}

static inline void guarded_free(struct guarded *copy)
{
    munmap(copy->pages, copy->pages_bytes);
}

/* A small generator for mutations; any seed but 0. */
static inline unsigned long random_next(unsigned long *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
