/* Which ids the user wants: lists of POSIX extended regular expressions, or of whole ids. */
#ifndef ASSAY_BASE_FILTER_H
#define ASSAY_BASE_FILTER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct filter_request {
    const char *const *wanted; /* an id is kept when one of these matches it; none: all are kept */
    size_t wanted_count;
    const char *const *unwanted; /* expressions, always; an id that one of these matches is left
                                    out */
    size_t unwanted_count;
    bool exact; /* `wanted` are whole ids, not expressions */
};

/* Sets keep[i] for each of the `count` ids. 0; or -1 with STATUS_USAGE and a sentence, keep left
 * alone: one of the texts is no expression, or one of `wanted` matches no id at all, which is a
 * typing error even when another one matches (the sentence names the nearest id). That nothing is
 * kept in the end is no error here. */
int filter_ids(const char *const *ids, size_t count, const struct filter_request *request,
               bool *keep, struct error *error);

#endif
