#include "analysis/stats.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

void stats_sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, ascending);
}

double stats_mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return count == 0 ? 0 : sum / (double)count;
}

double stats_variance(const double *values, size_t count, double mean)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (values[i] - mean) * (values[i] - mean);
    }
    return count < 2 ? 0 : sum / (double)(count - 1);
}

double stats_quantile(const double *sorted, size_t count, double p)
{
    double rank = p * (double)(count - 1);
    size_t below = (size_t)rank;
    if (below + 1 >= count) {
        return sorted[count - 1];
    }
    double part = rank - (double)below;
    return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

void stats_lowmean_ranks(size_t count, size_t *lo, size_t *hi)
{
    *lo = count / 20;
    *hi = count / 2 > *lo ? count / 2 : *lo + 1;
}

double stats_lowmean(const double *sorted, size_t count)
{
    size_t lo;
    size_t hi;
    stats_lowmean_ranks(count, &lo, &hi);
    return stats_mean(sorted + lo, hi - lo);
}

double stats_median_deviation(const double *sorted, size_t count, double centre)
{
    size_t right = 0;
    while (right < count && sorted[right] < centre) {
        right++;
    }
    size_t left = right; /* the next to take on the left is left - 1 */
    double before = 0;
    double now = 0;
    for (size_t taken = 0; taken <= count / 2; taken++) {
        before = now;
        double to_left = left > 0 ? centre - sorted[left - 1] : INFINITY;
        double to_right = right < count ? sorted[right] - centre : INFINITY;
        if (to_left < to_right) {
            now = to_left;
            left--;
        } else {
            now = to_right;
            right++;
        }
    }
    return count % 2 == 1 ? now : (before + now) / 2;
}

struct fit stats_fit_through_origin(const double *x, const double *y, size_t count)
{
    double xy = 0;
    double xx = 0;
    for (size_t i = 0; i < count; i++) {
        xy += x[i] * y[i];
        xx += x[i] * x[i];
    }
    struct fit fit = {.slope = xx > 0 ? xy / xx : 0};
    double mean = stats_mean(y, count);
    double residual = 0;
    double total = 0;
    for (size_t i = 0; i < count; i++) {
        double off = y[i] - fit.slope * x[i];
        residual += off * off;
        total += (y[i] - mean) * (y[i] - mean);
    }
    fit.r_squared = total > 0 ? 1 - residual / total : residual > 0 ? 0 : 1;
    return fit;
}

double stats_normal_cdf(double z)
{
    static const double root_half = 0.70710678118654752440;
    return erfc(-z * root_half) / 2;
}

static double ratio_of_polynomials(const double top[8], const double bottom[8], double x)
{
    double above = top[7];
    double below = bottom[7];
    for (int i = 6; i >= 0; i--) {
        above = above * x + top[i];
        below = below * x + bottom[i];
    }
    return above / below;
}

double stats_normal_quantile(double p)
{
    static const double a[8] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                                1.9715909503065514427e3, 1.3731693765509461125e4,
                                4.5921953931549871457e4, 6.7265770927008700853e4,
                                3.3430575583588128105e4, 2.5090809287301226727e3};
    static const double b[8] = {1.0,
                                4.2313330701600911252e1,
                                6.8718700749205790830e2,
                                5.3941960214247511077e3,
                                2.1213794301586595867e4,
                                3.9307895800092710610e4,
                                2.8729085735721942674e4,
                                5.2264952788528545610e3};
    static const double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                5.76949722146069140550e0,  3.64784832476320460504e0,
                                1.27045825245236838258e0,  2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0,
                                2.05319162663775882187e0,
                                1.67638483018380384940e0,
                                6.89767334985100004550e-1,
                                1.48103976427480074590e-1,
                                1.51986665636164571966e-2,
                                5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
    static const double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                1.78482653991729133580e0,  2.96560571828504891230e-1,
                                2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
    double q = p - 0.5;
    if (fabs(q) <= 0.425) {
        return q * ratio_of_polynomials(a, b, 0.180625 - q * q);
    }
    double r = sqrt(-log(q < 0 ? p : 1 - p));
    double z = r <= 5 ? ratio_of_polynomials(c, d, r - 1.6) : ratio_of_polynomials(e, f, r - 5);
    return q < 0 ? -z : z;
}
