/* Saved results under a name: baselines/<name>/<suite>.json, each a result document. */
#ifndef ASSAY_APP_BASELINE_H
#define ASSAY_APP_BASELINE_H

#include "base/error.h"
#include "base/str.h"
#include "present/result.h"

#include <stdbool.h>

/* 0 when the name is one: up to 64 letters, digits, '_', '-', '.', not beginning with '.' or '-'.
 * Else -1 with STATUS_USAGE. */
int baseline_check_name(const char *name, struct error *error);

/* Reads a suite's document of a baseline. 0; -1 with STATUS_ENVIRONMENT when there is none, or it
 * is broken. */
int baseline_load(const char *folder, const char *name, const char *suite, struct result *baseline,
                  struct error *error);

/* Whether figures of `now` may be held against the baseline: same host key, same method. 0, or -1
 * with STATUS_ENVIRONMENT. */
int baseline_check_origin(const struct result *baseline, const char *name,
                          const struct host_facts *host, struct error *error);

/* Saves the result under the name, in one step. Benchmarks of the old document that this run did
 * not measure are kept when it is of the same host and method; when it is not, `partial` (a filter
 * was given) makes that an error: an old and a new machine do not mix in one baseline. 0, or -1
 * with STATUS_ENVIRONMENT and the old document untouched. */
int baseline_save(const char *folder, const char *name, struct result *result, bool partial,
                  struct error *error);

/* Adds the name of each baseline, a line each with its suites and their age, to `out`. 0, or -1. */
int baseline_list(const char *folder, struct str *out, struct error *error);

/* Removes a baseline: its documents and saved executables. 0; -1 with STATUS_ENVIRONMENT when there
 * is none. */
int baseline_remove(const char *folder, const char *name, struct error *error);

#endif
