/* One quantity of the samples as a straight line of another, as criterion's --regress: ordinary
 * least squares with an intercept. Pure functions. */
#ifndef ASSAY_ANALYSIS_REGRESS_H
#define ASSAY_ANALYSIS_REGRESS_H

#include "analysis/resample.h"
#include "base/error.h"
#include "measure/record.h"

/* What is known of every sample. A new one is a row of the table in regress.c. */
enum quantity {
    QUANTITY_TIME = 0, /* of all iterations of the sample together, ns */
    QUANTITY_ITERATIONS,
    QUANTITY_PAGE_FAULTS,
    QUANTITY_INVOLUNTARY_SWITCHES,
    QUANTITIES
};

struct regress_pair {
    enum quantity responder;
    enum quantity predictor;
};

/* "time", "iterations", "page-faults", "involuntary-switches". */
const char *quantity_name(enum quantity quantity);
/* Whether it is a time, in nanoseconds, and not a number of things. */
bool quantity_is_time(enum quantity quantity);

/* Reads "RESPONDER:PREDICTOR". 0; or -1 with STATUS_USAGE and a sentence that names the unknown
 * quantity and the nearest, or says that the two are the same. */
int regress_parse(const char *text, struct regress_pair *pair, struct error *error);

struct regression {
    struct regress_pair pair;
    const char *why; /* why there is no figure (static text), or NULL */
    struct estimate slope;
    struct estimate intercept;
    double r_squared; /* in [0, 1] */
};

/* Fits the line, and draws whole samples again (Efron 1979) `resamples` times for the intervals.
 * There is no figure where the predictor or the responder does not vary, or the predictor varies so
 * little that in more than a twentieth of the resamples it does not. The same samples and seed give
 * the same bits. count in [2, RESAMPLE_COUNT_MAX], resamples >= 100; `stream` is the benchmark's
 * id. */
struct regression regress_run(const struct sample *samples, size_t count, struct regress_pair pair,
                              size_t resamples, double confidence, uint64_t seed,
                              const char *stream);

#endif
