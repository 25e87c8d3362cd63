/* Errors as the user meets them: an exit status and one sentence. The first error stays; what
 * follows from it is not reported in its place. */
#ifndef ASSAY_BASE_ERROR_H
#define ASSAY_BASE_ERROR_H

#include <stdbool.h>

/* Exit statuses, with the text that --help prints. */
#define EXIT_STATUS_TABLE(X)                                                                       \
    X(STATUS_OK, 0, "fine")                                                                        \
    X(STATUS_REGRESSED, 1, "a regression")                                                         \
    X(STATUS_USAGE, 2, "usage: an option or argument is wrong")                                    \
    X(STATUS_FAILED, 3, "a benchmark failed")                                                      \
    X(STATUS_ENVIRONMENT, 4,                                                                       \
      "environment: missing baseline or dependency, foreign host or build, disk")                  \
    X(STATUS_INCONCLUSIVE, 5, "inconclusive where a verdict was demanded, or a canary misfired")   \
    X(STATUS_INTERRUPTED, 130, "interrupted; what was measured is kept")

enum status {
#define X(name, value, text) name = value,
    EXIT_STATUS_TABLE(X)
#undef X
};

/* Start it as {0}: no error. */
struct error {
    enum status status;
    char text[1024];
};

/* Sets status and sentence unless an error is there already. Always returns -1, so that a function
 * can `return error_set(...)`. */
int error_set(struct error *error, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline bool error_is_set(const struct error *error)
{
    return error->status != STATUS_OK;
}

#endif
