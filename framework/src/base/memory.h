/* Allocation for the harness. Running out of memory ends the program with a sentence and status 4:
 * no caller could do better, and nothing that was saved is touched. */
#ifndef ASSAY_BASE_MEMORY_H
#define ASSAY_BASE_MEMORY_H

#include <stddef.h>

/* Zeroed memory for count objects of size bytes; never NULL, also when count is 0. Free with
 * free(). */
void *memory_zeroed(size_t count, size_t size) __attribute__((returns_nonnull));
/* As realloc for count objects of size bytes; never NULL. */
void *memory_resize(void *old, size_t count, size_t size) __attribute__((returns_nonnull));
/* A copy of the text, or of its first length bytes; never NULL. */
char *memory_text(const char *text) __attribute__((returns_nonnull));
char *memory_text_part(const char *text, size_t length) __attribute__((returns_nonnull));

#endif
