/*
 * Makes the nth allocation of the program fail, by standing before glibc's allocator. Include it in
 * one file of a test. Under a sanitizer, which brings its own allocator, nothing ever fails:
 * FAILING_MALLOC is 0.
 */
#ifndef TESTS_UNIT_FAILING_MALLOC_H
#define TESTS_UNIT_FAILING_MALLOC_H

#include <stddef.h>
#include <stdlib.h>

#if defined(__has_feature)
#define FAILING_MALLOC_SANITIZED                                                                   \
    (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FAILING_MALLOC_SANITIZED 1
#else
#define FAILING_MALLOC_SANITIZED 0
#endif

/* Allocations until one fails; negative: none will. */
static long allocations_left = -1;

#if FAILING_MALLOC_SANITIZED
#define FAILING_MALLOC 0
#else
#define FAILING_MALLOC 1

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nmemb, size_t size);
void *__libc_realloc(void *ptr, size_t size);

static int allocation_fails(void)
{
    if (allocations_left < 0) {
        return 0;
    }
    return allocations_left-- == 0;
}

void *malloc(size_t size)
{
    return allocation_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t nmemb, size_t size)
{
    return allocation_fails() ? NULL : __libc_calloc(nmemb, size);
}

void *realloc(void *ptr, size_t size)
{
    return allocation_fails() ? NULL : __libc_realloc(ptr, size);
}
#endif

#endif
