/* One axis of an entry. Integers are counted in the source text of the fields, as {1, 0} and {1}
 * are the same array. */
#ifndef ASSAY_APP_AXIS_H
#define ASSAY_APP_AXIS_H

#include "assay.h"
#include "base/error.h"

struct axis {
    const char *name;
    const int64_t *integers; /* at most one of the two is not NULL */
    const char *const *words;
    size_t count;
};

/* 0; or -1 with STATUS_USAGE when the entry gives both integers and words, or its text cannot be
 * counted. */
int axis_first(const struct assay_entry *entry, struct axis *axis, struct error *error);
int axis_second(const struct assay_entry *entry, struct axis *axis, struct error *error);

static inline bool axis_is_given(const struct axis *axis)
{
    return axis->count > 0;
}

/* How often the axis makes the benchmark run: once when it is not given. */
static inline size_t axis_length(const struct axis *axis)
{
    return axis->count > 0 ? axis->count : 1;
}

/* How many initialisers the braces after ".field =" hold in the text of ASSAY_BENCH's fields; 0
 * without the field. Commas inside parentheses, braces and quotes do not count. */
size_t axis_count_initialisers(const char *fields_text, const char *field);

#endif
