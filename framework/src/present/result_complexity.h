/* How the families of a result that asked for it grow: the benchmarks of one body that differ in
 * their first parameter only. */
#ifndef ASSAY_PRESENT_RESULT_COMPLEXITY_H
#define ASSAY_PRESENT_RESULT_COMPLEXITY_H

#include "base/json_writer.h"
#include "base/str.h"
#include "present/result.h"

/* Fits a curve to the low means of each family whose benchmarks have `complexity` set, in the order
 * of their first members, and puts them in result->families. Benchmarks that were not measured or
 * are below resolution give no point. Call it when all are measured; a second call does it anew. */
void complexity_find(struct result *result, double confidence);

/* Adds "complexity"; nothing when there is no family. */
void complexity_write(struct json_writer *w, const struct result *result);

/* Sets `complexity` of the benchmarks that a "complexity" list of a document names; NULL: none. */
void complexity_read(const json_t *list, struct result *result);

/* "sort: O(n log n), 12.30 ns * n log2 n, RMS 3.1 %; next O(n), RMS 14 %" with a line break, or why
 * there is no curve. */
void complexity_add_line(struct str *out, const struct result_family *family);

/* The name without a first parameter: "suite/sort/threads:2" of "suite/sort/1000/threads:2". */
void complexity_add_name(struct str *out, const struct result_benchmark *b, const char *suite);

#endif
