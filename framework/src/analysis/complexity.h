/* How the time of an iteration grows with n: the curve c f(n) that fits best, f being one of
 * google/benchmark's set. Pure functions.
 *
 * c minimises the sum of squares of the *relative* residuals 1 - c f(n) / time, so that a small n
 * counts as much as a large one; google/benchmark minimises the absolute ones, which the largest n
 * alone decides. With g = f(n) / time that is the straight line through the origin of 1 over g:
 * c = sum g / sum g^2. RMS is the root of the mean of the squared relative residuals: the share by
 * which the curve is off. The standard error of c is s / sqrt(sum g^2), s^2 being the sum of
 * squares over m - 1 for m points, and its interval c +- t(m - 1) standard errors.
 *
 * Two curves cannot be told apart when Akaike's criterion, which for curves of one coefficient
 * differs by m ln(RMS^2 / RMS^2), puts less than 4 between them: the runner-up then still has
 * support (Burnham and Anderson 2002, Model Selection, 2.6). Points of one run scatter together, so
 * that is a guide and not a test. */
#ifndef ASSAY_ANALYSIS_COMPLEXITY_H
#define ASSAY_ANALYSIS_COMPLEXITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fewest different n > 0 that a curve is fitted to. */
#define COMPLEXITY_POINTS_MIN 3
#define COMPLEXITY_CLOSE      4.0

enum complexity_curve {
    COMPLEXITY_1 = 0,
    COMPLEXITY_LOG_N, /* log2(n) */
    COMPLEXITY_N,
    COMPLEXITY_N_LOG_N,
    COMPLEXITY_N_SQUARED,
    COMPLEXITY_N_CUBED,
    COMPLEXITIES
};

struct complexity_fit {
    double coefficient_ns;
    double lower_ns; /* may be below 0 for a curve that does not fit */
    double upper_ns;
    double standard_error_ns;
    double rms; /* relative: 0.03 is 3 % */
};

struct complexity {
    size_t distinct; /* different n > 0 among the points; fewer than COMPLEXITY_POINTS_MIN: the rest
                        is 0 */
    struct complexity_fit fits[COMPLEXITIES];
    enum complexity_curve best;
    enum complexity_curve next;
    bool close; /* best and next cannot be told apart */
};

/* f(n), n > 0. */
double complexity_value(enum complexity_curve curve, double n);

/* Points with n <= 0 or a time that is not positive are left out. Times below about 1e-300 ns or
 * n above 2^53 are not expected. */
struct complexity complexity_fit(const int64_t *n, const double *time_ns, size_t count,
                                 double confidence);

/* "1", "log n", "n", "n log n", "n^2", "n^3": O(...) is put around it. */
const char *complexity_name(enum complexity_curve curve);
/* What the coefficient is multiplied by: "", "log2 n", "n", "n log2 n", "n^2", "n^3". */
const char *complexity_formula(enum complexity_curve curve);
/* google/benchmark's: "(1)", "lgN", "N", "NlgN", "N^2", "N^3". */
const char *complexity_gbench_name(enum complexity_curve curve);

#endif
