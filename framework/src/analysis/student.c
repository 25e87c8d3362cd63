#include "analysis/student.h"
#include "analysis/stats.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* Terms of a series or a fraction: a handful up to about a hundred are needed. */
#define TERMS_MAX   500
#define NEWTON_MAX  100
#define LARGE_GAMMA 16
#define ROOT_MAX    1e305

/* A value z > 0 of |T|: with w = z^2 / df, x = 1 / (1 + w) and y = 1 - x are the arguments of the
 * incomplete beta functions of the tail and of the middle. */
struct place {
    double df;
    double x;
    double y;
    double log_density; /* the logarithm of z times the density at z */
};

/* Gamma(a + 1/2) / Gamma(a), without the large logarithms whose difference would lose digits:
 * the recurrence up to where the asymptotic series of its logarithm has full precision. */
static double gamma_ratio(double a)
{
    double below = 1;
    while (a < LARGE_GAMMA) {
        below *= a / (a + 0.5);
        a += 1;
    }
    double r = 1 / (a * a);
    double series =
        -1.0 / 8 + r * (1.0 / 192 + r * (-1.0 / 640 + r * (17.0 / 14336 - r * (31.0 / 18432))));
    return below * sqrt(a) * exp(series / a);
}

static struct place place_of(double z, double df)
{
    static const double root_of_pi = 1.77245385090551602730;
    double root = fmin(z / sqrt(df), ROOT_MAX);
    double w = root * root;
    struct place at = {.df = df, .x = 1 / (1 + w), .y = w <= 1 ? w / (1 + w) : 1 / (1 + 1 / w)};
    /* Past 1e8 the 1 in log(1 + w) is below the last digit, and w may be infinite soon. */
    double log_x = root < 1e8 ? -log1p(w) : -2 * log(root);
    double root_of_y = root <= 1 ? root / sqrt(1 + w) : 1 / sqrt(1 + 1 / w);
    at.log_density = df / 2 * log_x + log(gamma_ratio(df / 2) / root_of_pi * root_of_y);
    return at;
}

/* The series of the middle converges at least as fast as 0.6^n here, the fraction of the tail
 * elsewhere. */
static bool in_middle(const struct place *at)
{
    return at->y < 3 / (at->df + 5);
}

/* 2F1(1, (df + 1) / 2; 3/2; y), whose terms are all positive. */
static double middle_series(const struct place *at)
{
    double term = 1;
    double sum = 1;
    for (int k = 0; k < TERMS_MAX && term > sum * (DBL_EPSILON / 8); k++) {
        term *= ((at->df + 1) / 2 + k) / (1.5 + k) * at->y;
        sum += term;
    }
    return sum;
}

/* Half of the even part of the continued fraction (Didonato and Morris 1992), in which no
 * difference of nearly equal numbers is left; by Lentz's method. */
static double tail_fraction(const struct place *at)
{
    double a = at->df / 2;
    double b = 0.5;
    /* a - (a + b) x, written so that it keeps its digits for x near 1. */
    double lambda = (a + b) * at->y - b;
    double value = a / (a + 1) * (lambda + 1);
    double c = value;
    double d = 0;
    for (int n = 1; n <= TERMS_MAX; n++) {
        double odd = a + 2 * n - 1;
        double alpha = (a + n - 1) / odd * ((a + b + n - 1) / odd) * n * (b - n) * at->x * at->x;
        double beta = n + n * (b - n) * at->x / odd +
                      (a + n) / (a + 2 * n + 1) * (lambda + 1 + n * (1 + at->y));
        d = 1 / (beta + alpha * d);
        c = beta + alpha / c;
        value *= c * d;
        if (fabs(c * d - 1) < DBL_EPSILON) {
            break;
        }
    }
    return 0.5 / value;
}

/* P(0 < T <= z) over z times the density. */
static double middle_over_density(const struct place *at)
{
    return in_middle(at) ? middle_series(at) : 0.5 / exp(at->log_density) - tail_fraction(at);
}

/* P(T > z) over z times the density. */
static double tail_over_density(const struct place *at)
{
    return in_middle(at) ? 0.5 / exp(at->log_density) - middle_series(at) : tail_fraction(at);
}

double student_cdf(double t, double df)
{
    if (!(df > 0) || isinf(df) || isnan(t)) {
        return NAN;
    }
    if (isinf(t)) {
        return t > 0 ? 1 : 0;
    }
    if (t == 0) {
        return 0.5;
    }
    struct place at = place_of(fabs(t), df);
    double tail = in_middle(&at) ? 0.5 - exp(at.log_density) * middle_series(&at)
                                 : exp(at.log_density) * tail_fraction(&at);
    return t > 0 ? 1 - tail : tail;
}

/* The z with P(0 < T <= z) = part. The probability is concave in z, so that Newton's method from
 * below the root stays below it and needs no bracket. */
static double quantile_in_middle(double part, double df)
{
    static const double root_of_pi = 1.77245385090551602730;
    double z = part * root_of_pi * sqrt(df) / gamma_ratio(df / 2);
    for (int i = 0; i < NEWTON_MAX && z > 0; i++) {
        struct place at = place_of(z, df);
        double step = part / exp(at.log_density) - middle_over_density(&at);
        z += z * step;
        if (fabs(step) < 1e-9) { /* the error left is of the order of its square */
            break;
        }
    }
    return z;
}

/* The z with P(T > z) = part. The logarithm of the probability is concave in log z (because the
 * density of log |T| is log-concave): after the first step, every step comes from above the root.
 */
static double quantile_in_tail(double part, double df)
{
    double z = fmax(1, -stats_normal_quantile(part));
    for (int i = 0; i < NEWTON_MAX; i++) {
        struct place at = place_of(z, df);
        double over_density = tail_over_density(&at);
        double step = over_density * (at.log_density + log(over_density) - log(part));
        z = fmin(z * exp(step), DBL_MAX);
        if (fabs(step) < 1e-9) {
            break;
        }
    }
    return z;
}

double student_quantile(double p, double df)
{
    if (!(df > 0) || isinf(df) || !(p >= 0 && p <= 1)) {
        return NAN;
    }
    double tail = p < 0.5 ? p : 1 - p;
    if (tail == 0) {
        return p > 0 ? INFINITY : -INFINITY;
    }
    struct place one = place_of(1, df);
    bool near_zero = 0.5 - tail <= exp(one.log_density) * middle_over_density(&one);
    double z = near_zero ? quantile_in_middle(0.5 - tail, df) : quantile_in_tail(tail, df);
    return p < 0.5 ? -z : z;
}
