#include "analysis/complexity.h"
#include "analysis/student.h"

#include <math.h>

double complexity_value(enum complexity_curve curve, double n)
{
    switch (curve) {
    case COMPLEXITY_LOG_N:
        return log2(n);
    case COMPLEXITY_N:
        return n;
    case COMPLEXITY_N_LOG_N:
        return n * log2(n);
    case COMPLEXITY_N_SQUARED:
        return n * n;
    case COMPLEXITY_N_CUBED:
        return n * n * n;
    case COMPLEXITY_1:
    case COMPLEXITIES:
        break;
    }
    return 1;
}

static bool counts(int64_t n, double time_ns)
{
    return n > 0 && time_ns > 0;
}

static size_t count_distinct(const int64_t *n, const double *time_ns, size_t count)
{
    size_t distinct = 0;
    for (size_t i = 0; i < count; i++) {
        bool fresh = counts(n[i], time_ns[i]);
        for (size_t j = 0; j < i && fresh; j++) {
            fresh = n[j] != n[i] || !counts(n[j], time_ns[j]);
        }
        distinct += fresh;
    }
    return distinct;
}

static struct complexity_fit fit_curve(enum complexity_curve curve, const int64_t *n,
                                       const double *time_ns, size_t count, double confidence)
{
    double sum = 0;
    double squares = 0;
    size_t points = 0;
    for (size_t i = 0; i < count; i++) {
        if (counts(n[i], time_ns[i])) {
            double g = complexity_value(curve, (double)n[i]) / time_ns[i];
            sum += g;
            squares += g * g;
            points++;
        }
    }
    struct complexity_fit fit = {.coefficient_ns = sum / squares};
    double residuals = 0;
    for (size_t i = 0; i < count; i++) {
        if (counts(n[i], time_ns[i])) {
            double g = complexity_value(curve, (double)n[i]) / time_ns[i];
            double off = 1 - fit.coefficient_ns * g;
            residuals += off * off;
        }
    }
    double df = (double)points - 1;
    fit.rms = sqrt(residuals / (double)points);
    fit.standard_error_ns = sqrt(residuals / df / squares);
    double reach = student_quantile((1 + confidence) / 2, df) * fit.standard_error_ns;
    fit.lower_ns = fit.coefficient_ns - reach;
    fit.upper_ns = fit.coefficient_ns + reach;
    return fit;
}

/* The curve with the least RMS besides `but` (COMPLEXITIES: none); the simpler of two equal ones.
 */
static enum complexity_curve least(const struct complexity_fit *fits, enum complexity_curve but)
{
    enum complexity_curve best = but == COMPLEXITY_1 ? COMPLEXITY_LOG_N : COMPLEXITY_1;
    for (int curve = 0; curve < COMPLEXITIES; curve++) {
        if (curve != (int)but && fits[curve].rms < fits[best].rms) {
            best = (enum complexity_curve)curve;
        }
    }
    return best;
}

struct complexity complexity_fit(const int64_t *n, const double *time_ns, size_t count,
                                 double confidence)
{
    struct complexity c = {.distinct = count_distinct(n, time_ns, count)};
    if (c.distinct < COMPLEXITY_POINTS_MIN) {
        return c;
    }
    size_t points = 0;
    for (size_t i = 0; i < count; i++) {
        points += counts(n[i], time_ns[i]);
    }
    for (int curve = 0; curve < COMPLEXITIES; curve++) {
        c.fits[curve] = fit_curve((enum complexity_curve)curve, n, time_ns, count, confidence);
    }
    c.best = least(c.fits, COMPLEXITIES);
    c.next = least(c.fits, c.best);
    double limit = c.fits[c.best].rms * exp(COMPLEXITY_CLOSE / 2 / (double)points);
    c.close = c.fits[c.next].rms <= limit;
    return c;
}

const char *complexity_name(enum complexity_curve curve)
{
    static const char *const names[COMPLEXITIES] = {"1", "log n", "n", "n log n", "n^2", "n^3"};
    return names[curve];
}

const char *complexity_formula(enum complexity_curve curve)
{
    static const char *const names[COMPLEXITIES] = {"", "log2 n", "n", "n log2 n", "n^2", "n^3"};
    return names[curve];
}

const char *complexity_gbench_name(enum complexity_curve curve)
{
    static const char *const names[COMPLEXITIES] = {"(1)", "lgN", "N", "NlgN", "N^2", "N^3"};
    return names[curve];
}
