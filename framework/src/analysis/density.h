/* Kernel density estimates on an even grid, for plots. */
#ifndef ASSAY_ANALYSIS_DENSITY_H
#define ASSAY_ANALYSIS_DENSITY_H

#include <stddef.h>

#define CURVE_POINTS 200

/* density[i] is at start + i * step; it integrates to about 1 over the grid. */
struct curve {
    double start;
    double step;
    double density[CURVE_POINTS];
};

/* Gaussian kernel; bandwidth 0.9 min(SD, IQR / 1.34) n^-1/5 (Silverman 1986, eq. 3.31), the other
 * of the two when one is zero, 1 % of the value when both are. The grid covers the values that lie
 * within three interquartile ranges of the quartiles, and three bandwidths beyond: one far outlier
 * must not squeeze the rest into a line. sorted, count >= 1. */
void density_of_samples(const double *sorted, size_t count, struct curve *curve);

/* The same of very many values (any order), through bins: the error is below that of drawing. */
void density_of_many(const double *values, size_t count, double min, double max, double sd,
                     struct curve *curve);

#endif
