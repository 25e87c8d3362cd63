/* A run of the command line: what it was asked for, what it holds, and where its results come from
 * and go to. */
#ifndef ASSAY_APP_SESSION_H
#define ASSAY_APP_SESSION_H

#include "app/options.h"
#include "app/plan.h"
#include "app/runner.h"
#include "base/error.h"
#include "present/result.h"

#include <stdbool.h>

struct session {
    struct options options;
    struct plan plan;
    struct result baseline; /* to compare with */
    struct result loaded;   /* to analyse in place of measuring */
    struct result result;
    struct runner runner;
    char *results_dir; /* NULL: none is written */
    bool colour;
    struct error error;
};

/* Prints the error's sentence on standard error and returns its status. */
int session_complain(const struct error *error);
/* Prints a sentence on standard error unless --quiet. */
void session_note(const struct session *s, const char *text);

/* The name of --baseline or --baseline-lenient, or NULL. */
const char *session_baseline_name(const struct options *options);

/* Each returns 0, or -1 with the session's error set.
 * load_samples: what --load-baseline names. find_context: where, when and with what the figures are
 * measured; for loaded samples, were. load_baseline: what to compare with, checked against the
 * context's host. prepare: the folders can be written. */
int session_load_samples(struct session *s);
void session_find_context(struct session *s);
int session_load_baseline(struct session *s);
int session_prepare(struct session *s);

/* Write the result, and the baseline that was asked for. Complain themselves; 0, or -1. What cannot
 * be stored where it belongs goes to the temporary folder. */
int session_save_results(struct session *s);
int session_save_baseline(struct session *s);

void session_release(struct session *s);

#endif
