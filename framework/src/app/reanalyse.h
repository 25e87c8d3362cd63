/* Computes every figure of a stored document again. */
#ifndef ASSAY_APP_REANALYSE_H
#define ASSAY_APP_REANALYSE_H

#include "base/error.h"
#include "base/str.h"

/* Reads the document, analyses its samples with the settings and the seed that it names, and adds
 * the document to `out`. With the version of the program that wrote it, the bytes are the same. 0,
 * or -1 with STATUS_ENVIRONMENT. */
int reanalyse(const char *path, struct str *out, struct error *error);

#endif
