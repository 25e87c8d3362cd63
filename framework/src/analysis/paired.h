/* Two executables that were run side by side: statistics over pairs of fresh processes. Pure
 * functions; the scale is the natural logarithm of new / old, so that +x and -x undo each other.
 *
 * The unit is the process pair, never a slice inside it: addresses, page colours and start order
 * are drawn once a process, and intervals from within one process ignore them (a third of unchanged
 * programs would be called changed).
 *
 * Model: value_r = theta + order_r * h + e_r, where order_r is +1 when the old process of the pair
 * was set up first and -1 when the new one was. A few processes in a hundred are unlucky for their
 * whole life (where their memory lies) and 5 to 20 % slower, on either side: theta is a trimmed
 * mean and its error that of Yuen (1974). */
#ifndef ASSAY_ANALYSIS_PAIRED_H
#define ASSAY_ANALYSIS_PAIRED_H

#include <stdbool.h>
#include <stddef.h>

/* Fewest pairs that give an interval. */
#define PAIRED_MIN 4

/* Part of the pairs that is trimmed at each end. */
#define PAIRED_TRIM 0.2

/* No standard error is believed below this (log scale): a benchmark that repeats to the cycle would
 * otherwise be called changed by a difference of three parts in ten thousand. */
#define PAIRED_SE_FLOOR 2e-4

/* Of a fit of no pairs (all zero) every p-value is 1, every reach infinite, and nothing is shown.
 */
struct paired_fit {
    size_t pairs;
    double effect;       /* theta, ln(new / old) */
    double error;        /* its standard error, at least PAIRED_SE_FLOOR */
    double deviation;    /* of one pair: standard error (before the floor) times sqrt(pairs) */
    double order_effect; /* h */
    double df;
};

/* The quads of slices of one process pair: its value of ln(new / old). `old_ns` and `new_ns` hold
 * the slices of each side in the order in which they ran; two of each are a quad (ABBA or BAAB,
 * taken within half a millisecond). The value of a quad is ln(min(new) / min(old)), so that one
 * disturbed slice of the two does no harm and what slows all four cancels; that of the pair is the
 * median over its quads. An odd last slice is left out. count >= 2 a side; all times > 0: a
 * quad with another is left out, NaN when none is left. */
double paired_log_ratio(const double *old_ns, const double *new_ns, size_t count);

/* `logs` and `orders` (each +1 or -1) have `count` values; 0 <= trim < 0.5.
 * h is half the difference between the trimmed means of the values with order +1 and with order -1
 * (g = floor(trim * group size) are trimmed at each end of each group); 0, and no degree of freedom
 * lost, when one group is empty. Then, over y_r = value_r - order_r h, with g = floor(trim * count)
 * and k = count - 2 g: theta is the mean of the k middle values; SSD is the sum of squares of the
 * winsorised values about their mean; with q = 1 when h was estimated, else 0, and o the mean of
 * the orders: error^2 = SSD / (k (k - 1 - q)) / (1 - q o^2), df = k - 1 - q. With trim = 0 this is
 * least squares. false, with *fit zero, when count < PAIRED_MIN, df < 1, trim is
 * out of range or a value (or what follows from them) is not finite. Balance the orders: with as
 * many of each the intervals hold; with orders drawn by coin, few pairs and unlucky processes among
 * them, a trimmed interval of 99 % misses up to 3 % of the time. */
bool paired_fit(const double *logs, const int *orders, size_t count, double trim,
                struct paired_fit *fit);

/* One-sided p-values: of "theta <= limit" (small: slower than the limit), and of "theta >= limit".
 */
double paired_p_above(const struct paired_fit *fit, double limit);
double paired_p_below(const struct paired_fit *fit, double limit);

/* Half the width of the two-sided interval of this confidence (0.95, ...). */
double paired_reach(const struct paired_fit *fit, double confidence);

/* Two one-sided tests (Schuirmann 1987) at level alpha: the 1 - 2 alpha interval lies inside
 * (-margin, margin). */
bool paired_equivalent(const struct paired_fit *fit, double margin, double alpha);

/* Wilcoxon's signed-rank test, exact and one-sided, of "the values lie symmetrically about `limit`"
 * against "above it": which executable is called new is a coin toss when nothing changed, so that
 * every pattern of signs is as likely, whatever the distribution. Mid-ranks for ties; values equal
 * to the limit are left out. The null distribution is counted (up to 1,000 values; of more, the
 * first 1,000). Returns P(W+ >= observed); 1 when no value is left or one is not finite. To test
 * "below" hand in the negated values and the negated limit. */
double paired_signed_rank(const double *logs, size_t count, double limit);

/* The smallest true effect above `limit` that a one-sided test at `alpha` against the limit finds
 * with this power, with a fit of this precision: limit + (t(1 - alpha) + t(power)) error. An
 * approximation of the noncentral t distribution: within 2 % of the exact reach at alpha 0.05, but
 * too small by up to 15 % at alpha 5e-5 with 6 degrees of freedom (2.5 % with 28). */
double paired_detectable(const struct paired_fit *fit, double limit, double alpha, double power);

/* Fewest pairs with which a benchmark of this deviation passes a one-sided test at `alpha` against
 * a limit that is `margin` away from its true effect, with this power: (t(1 - alpha) + t(power))
 * error <= margin, where error = deviation / sqrt(pairs), at least PAIRED_SE_FLOOR. Degrees of
 * freedom are taken to be as large a part of the pairs as in the fit: (df + 2) / pairs of them,
 * less 2, at least 1. For paired_equivalent with a true effect of zero both sides must pass: ask
 * with (1 + power) / 2. At least PAIRED_MIN; a million when no smaller number is enough, as with a
 * margin below two or three floors. */
size_t paired_pairs_needed(const struct paired_fit *fit, double margin, double alpha, double power);

/* Holm's step-down procedure (1979): sets rejected[i] for every hypothesis that is rejected, and
 * clears the others, with the chance of any false rejection among the `count` held to `level`. A
 * NaN is never rejected but counts among them. */
void paired_holm(const double *p_values, size_t count, double level, bool *rejected);

/* What the slices of one process say. lowmean_ns is the estimate (stats_lowmean); tail_ns is the
 * mean between the 5 % and the 95 % quantile of the undisturbed slices (floor(0.05 n) are left out
 * at either end), which sees the slow half too. */
struct paired_side {
    double lowmean_ns;
    double tail_ns; /* 0 when no slice was undisturbed */
};

/* `times_ns` (of an iteration) is put in order; `undisturbed_ns` likewise. No NaN may be
 * among them. count >= 1; undisturbed >= 0, and NULL will do for 0. */
struct paired_side paired_side_of(double *times_ns, size_t count, double *undisturbed_ns,
                                  size_t undisturbed);

#endif
