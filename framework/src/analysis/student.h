/* Student's t distribution. Pure functions. */
#ifndef ASSAY_ANALYSIS_STUDENT_H
#define ASSAY_ANALYSIS_STUDENT_H

/* P(T <= t) with df > 0 degrees of freedom (not necessarily whole; NaN for any other df or t). Of
 * the incomplete beta function that it is (Abramowitz and Stegun 1964, 26.7.1) the middle is a
 * series and the tail a continued fraction (the even part of 26.5.8; Didonato and Morris 1992): the
 * smaller of the two sides has a relative error below 1e-12 also in the far tails, but 1 - p of a p
 * near 1 has not. For P(T > t) ask for student_cdf(-t, df). */
double student_cdf(double t, double df);

/* The t with P(T <= t) = p, for 0 < p < 1 and df > 0: infinite for p = 0 and 1, NaN for anything
 * else. */
double student_quantile(double p, double df);

#endif
