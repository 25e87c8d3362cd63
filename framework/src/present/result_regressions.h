/* Regressions of one quantity of the samples on another, as they are stored and printed. */
#ifndef ASSAY_PRESENT_RESULT_REGRESSIONS_H
#define ASSAY_PRESENT_RESULT_REGRESSIONS_H

#include "base/json_writer.h"
#include "base/str.h"
#include "present/result.h"

/* Fits a line for each pair of settings->regress, or of those that the benchmark has already when
 * the settings have none. The benchmark has a record. */
void regressions_find(struct result_benchmark *b, const struct analysis_settings *settings);

/* Adds "regressions"; nothing when there are none. */
void regressions_write(struct json_writer *w, const struct result_benchmark *b);

/* Which there are in a "regressions" list of a document, without figures: they are computed anew.
 * NULL: none. */
void regressions_read(const json_t *list, struct result_benchmark *b);

/* A line for each. */
void regressions_add_lines(struct str *out, const struct result_benchmark *b);

#endif
