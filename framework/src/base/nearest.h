/* What the user may have meant. */
#ifndef ASSAY_BASE_NEAREST_H
#define ASSAY_BASE_NEAREST_H

#include <stddef.h>

/* The candidate with the fewest edits to the word (insert, delete, replace, swap of neighbours), or
 * NULL when none is near: more than two edits, or more than a third of the word's length if that is
 * larger. */
const char *nearest_word(const char *word, const char *const *candidates, size_t count);

#endif
