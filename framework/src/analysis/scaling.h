/* What more threads bring: the same benchmark on different numbers of threads, and how evenly the
 * threads of one share the work. Pure functions. */
#ifndef ASSAY_ANALYSIS_SCALING_H
#define ASSAY_ANALYSIS_SCALING_H

#include "analysis/analysis.h"
#include "analysis/resample.h"
#include "measure/record.h"

#include <stdbool.h>

/* A benchmark on so many threads, and the time of an iteration of one of them. */
struct scaling_point {
    unsigned threads;
    struct estimate time_ns;
};

/* Of no other number of threads to hold it against: all zero. */
struct scaling {
    unsigned base_threads;            /* the fewest measured */
    struct estimate iterations_per_s; /* of all threads together */
    struct estimate speed_up;         /* over the base */
    struct estimate efficiency;       /* 1: every thread brings as much as one of the base's */
};

/* a / b of two estimates that were made independently, both of intervals above zero. The interval
 * comes from theirs (the method of variance estimates recovery, Zou and Donner 2008, of the
 * difference of the logarithms): with the points A, B and bounds l, u
 *     ln lower = ln(A / B) - sqrt(ln(A / la)^2 + ln(ub / B)^2)
 *     ln upper = ln(A / B) + sqrt(ln(ua / A)^2 + ln(B / lb)^2)
 * It has their confidence, keeps their asymmetry, and knows of nothing that they do not: what the
 * machine did between the two measurements is not in it. The standard error is that of the delta
 * method: A / B sqrt((sa / A)^2 + (sb / B)^2). A bound on the wrong side of its point counts as the
 * point. */
struct estimate scaling_ratio(const struct estimate *a, const struct estimate *b);

/* With t the time of an iteration and n the threads: iterations_per_s = n 1e9 / t,
 * efficiency = t(base) / t, speed_up = efficiency n / n(base); the base itself has exactly 1 of
 * both. false, and *scaling all zero, when a time's interval does not lie above zero. */
bool scaling_of(const struct scaling_point *base, const struct scaling_point *point,
                struct scaling *scaling);

/* The rate of the slowest thread over that of the fastest in each sample (iterations / time of
 * struct thread_sample), median over the samples with its bootstrap percentile interval; 1: all
 * were as fast. In lockstep, where all do the same, it is how long the first to end lasted over the
 * last. Samples in which a thread took no time are left out; false, and *fairness zero, when fewer
 * than two are left or the record keeps none of threads. */
bool scaling_fairness(const struct record *record, const struct analysis_settings *settings,
                      struct estimate *fairness);

#endif
