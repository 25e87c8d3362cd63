/* Metrics in documents and on the terminal. */
#ifndef ASSAY_PRESENT_METRICS_H
#define ASSAY_PRESENT_METRICS_H

#include "analysis/gate.h"
#include "base/json_writer.h"
#include "base/str.h"
#include "measure/metric.h"

#include <jansson.h>

/* The array of all, a line each: {"source", "name", "unit", "state", "value", "lower", "upper",
 * "scale", "reason"}. */
void metrics_add_list(struct json_writer *w, const char *key, const struct metric_list *list);
/* The array of pairs: {"source", "name", "unit", "old", "new", "change", "tolerance", "failed"}. */
void metrics_add_pairs(struct json_writer *w, const char *key, const struct metric_pair *pairs,
                       size_t count);

/* Reads what metrics_add_list wrote. What is not of that form is left out; NULL or no array: the
 * list is empty. */
void metrics_read_list(const json_t *array, struct metric_list *list);

/* Reads what metrics_add_pairs wrote into `pairs`, which has room for 2 * METRICS_MAX; returns how
 * many. */
size_t metrics_read_pairs(const json_t *array, struct metric_pair *pairs);

/* "3 allocations, 300 B, 1204 instructions": what an iteration allocates, when that is known and
 * more than none, and executes, when that is known. */
void metrics_add_brief(struct str *out, const struct metric_list *list);
/* A line a metric of this source (NULL: of any), indented: its figures, or why there are none. */
void metrics_add_lines(struct str *out, const struct metric_list *list, const char *source);
/* "allocations 3 -> 4 (+33.33 %)". */
void metrics_add_change(struct str *out, const struct metric_pair *pair);

/* Whether a change of this metric is worth a word where there is little room: it fails its gate, or
 * is an exact count that changed, or a latency that did in every run. */
bool metrics_is_notable(const struct metric_pair *pair);

#endif
