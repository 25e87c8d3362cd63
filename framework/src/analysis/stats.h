/* Point statistics of plain numbers. Pure functions; every array is in ascending order unless said
 * otherwise. Sums run in a fixed order, so that every compiler gives the same bits. */
#ifndef ASSAY_ANALYSIS_STATS_H
#define ASSAY_ANALYSIS_STATS_H

#include <stddef.h>

/* Consistency factor that makes the MAD of normal data its standard deviation: 1 / Phi^-1(3/4). */
#define STATS_MAD_SCALE 1.4826022185056018

/* Sorts in place; no NaN may be among them. */
void stats_sort(double *values, size_t count);

/* Any order. 0 for count 0. */
double stats_mean(const double *values, size_t count);
/* Any order; divides by count - 1; 0 for count < 2. Two passes. */
double stats_variance(const double *values, size_t count, double mean);

/* Quantile p in [0, 1] at rank p * (count - 1) with linear interpolation (Hyndman and Fan 1996,
 * type 7). count >= 1. */
double stats_quantile(const double *sorted, size_t count, double p);

/* Ranks [lo, hi) that lowmean averages: from floor(0.05 n) to floor(0.50 n), at least one. */
void stats_lowmean_ranks(size_t count, size_t *lo, size_t *hi);
/* Mean of the values between the 5 % and the 50 % quantile: blind to the slow half, where
 * interference is, and to the few fastest, which a clock boost of a moment may have made. count
 * >= 2. */
double stats_lowmean(const double *sorted, size_t count);

/* Median of |x - centre|, unscaled. count >= 1. Linear time: two pointers walk out from the centre.
 */
double stats_median_deviation(const double *sorted, size_t count, double centre);

struct fit {
    double slope;
    double r_squared;
};

/* Least squares through the origin of y over x, any order. R squared is 1 - SS_res / SS_tot with
 * SS_tot about the mean of y, so a line that fits worse than a constant gives a negative one; 1
 * when all y are equal and fit. */
struct fit stats_fit_through_origin(const double *x, const double *y, size_t count);

/* Standard normal: cumulative probability, and its inverse for 0 < p < 1 (Wichura 1988, AS 241,
 * about 1e-16). */
double stats_normal_cdf(double z);
double stats_normal_quantile(double p);

#endif
