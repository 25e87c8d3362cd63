#include "analysis/density.h"
#include "analysis/stats.h"

#include <math.h>
#include <string.h>

/* More values than this do not change a curve visibly. */
#define DRAWN_MAX   20000
#define BINS        800
#define KERNEL_SPAN 6.0 /* bandwidths; beyond, the kernel is below 1e-8 of its middle */

static const double root_two_pi = 2.50662827463100050242;

static double fallback_bandwidth(double value)
{
    return value == 0 ? 1e-10 : fabs(value) * 0.01;
}

static double silverman(double sd, double iqr, double count, double value)
{
    double spread = sd;
    if (iqr > 0 && (sd == 0 || iqr / 1.34 < sd)) {
        spread = iqr / 1.34;
    }
    return spread > 0 ? 0.9 * spread * pow(count, -0.2) : fallback_bandwidth(value);
}

static void lay_grid(struct curve *curve, double from, double to)
{
    curve->start = from;
    curve->step = (to - from) / (CURVE_POINTS - 1);
}

/* First index in [from, count) whose value is not below the limit. */
static size_t skip_below(const double *sorted, size_t from, size_t count, double limit)
{
    while (from < count && sorted[from] < limit) {
        from++;
    }
    return from;
}

void density_of_samples(const double *sorted, size_t count, struct curve *curve)
{
    double q1 = stats_quantile(sorted, count, 0.25);
    double q3 = stats_quantile(sorted, count, 0.75);
    double mean = stats_mean(sorted, count);
    double sd = sqrt(stats_variance(sorted, count, mean));
    double h = silverman(sd, q3 - q1, (double)count, q1);
    double reach = q3 > q1 ? 3 * (q3 - q1) : 3 * sd;
    double low = fmax(sorted[0], q1 - reach) - 3 * h;
    double high = fmin(sorted[count - 1], q3 + reach) + 3 * h;
    lay_grid(curve, low, high);
    double scale = 1 / ((double)count * h * root_two_pi);
    size_t first = 0;
    for (size_t i = 0; i < CURVE_POINTS; i++) {
        double at = curve->start + (double)i * curve->step;
        first = skip_below(sorted, first, count, at - KERNEL_SPAN * h);
        double sum = 0;
        for (size_t j = first; j < count && sorted[j] <= at + KERNEL_SPAN * h; j++) {
            double u = (at - sorted[j]) / h;
            sum += exp(-u * u / 2);
        }
        curve->density[i] = sum * scale;
    }
}

/* Each value is shared between the two bins beside it. Of very many, every stride-th. */
static size_t fill_bins(const double *values, size_t count, double from, double width, double *bins)
{
    memset(bins, 0, BINS * sizeof *bins);
    double inverse = 1 / width;
    size_t stride = count / DRAWN_MAX > 1 ? count / DRAWN_MAX : 1;
    size_t used = 0;
    for (size_t i = 0; i < count; i += stride, used++) {
        double place = (values[i] - from) * inverse;
        size_t bin = place > 0 ? (size_t)place : 0;
        bin = bin > BINS - 2 ? BINS - 2 : bin;
        double part = place - (double)bin;
        part = part < 0 ? 0 : part > 1 ? 1 : part; /* rounding may leave the last bin */
        bins[bin] += 1 - part;
        bins[bin + 1] += part;
    }
    return used;
}

void density_of_many(const double *values, size_t count, double min, double max, double sd,
                     struct curve *curve)
{
    double h = silverman(sd, 0, (double)count, min);
    double width = (max - min) / (BINS - 1);
    if (!(width > 0)) {
        density_of_samples(&min, 1, curve);
        return;
    }
    /* A kernel narrower than a bin or a grid step would show the grid, not the values. */
    lay_grid(curve, min - 3 * h, max + 3 * h);
    h = fmax(h, curve->step);
    double bins[BINS];
    size_t used = fill_bins(values, count, min, width, bins);
    double scale = 1 / ((double)used * h * root_two_pi);
    for (size_t i = 0; i < CURVE_POINTS; i++) {
        double at = curve->start + (double)i * curve->step;
        double from = floor((at - KERNEL_SPAN * h - min) / width);
        double to = ceil((at + KERNEL_SPAN * h - min) / width);
        size_t last = to < 0 ? 0 : to > BINS - 1 ? BINS - 1 : (size_t)to;
        double sum = 0;
        for (size_t j = from > 0 ? (size_t)from : 0; to >= 0 && j <= last; j++) {
            double u = (at - (min + (double)j * width)) / h;
            sum += bins[j] == 0 ? 0 : bins[j] * exp(-u * u / 2);
        }
        curve->density[i] = sum * scale;
    }
}
