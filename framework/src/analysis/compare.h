/* New samples against stored ones of another run.
 *
 * The samples of one run tell nothing of what the machine does between runs: clock states,
 * neighbours and memory layout move a run as a whole, on a shared machine by 20 % and more. Judged
 * by the spread inside the runs alone, a quarter and more of unchanged programs would be called
 * changed. So the interval is widened by a drift between runs: never below COMPARE_DRIFT_FLOOR, nor
 * below the spread of lowmean over blocks of time inside either run; and when the reference work
 * that ran between the samples (measure/reference.h) was not as fast in both, by that difference
 * and more. That makes this the weaker kind of verdict; it names the smallest change that it could
 * have called.
 *
 * The constants come from 18 benchmarks run ten times on a shared virtual machine, all 810 pairs of
 * runs: where the reference agreed to 1 %, ln(lowmean) had a standard deviation of 0.018 a run, and
 * 12 % of the pairs lie beyond the 95 % limit (most of them decoders, which feel memory); where it
 * did not, 0.06 + 0.8 |ln(reference ratio)| covers all but 2 %. */
#ifndef ASSAY_ANALYSIS_COMPARE_H
#define ASSAY_ANALYSIS_COMPARE_H

#include "analysis/resample.h"

/* Standard deviation of ln(lowmean) of a run that is assumed at the least. */
#define COMPARE_DRIFT_FLOOR 0.03
/* The machine counts as another one from this |ln(reference ratio)| on; then this is the drift, and
 * so much more for each unit of the ratio's logarithm. */
#define COMPARE_MOVED_FROM  0.01
#define COMPARE_MOVED       0.06
#define COMPARE_MOVED_SLOPE 0.8

enum verdict { VERDICT_NONE_SEEN = 0, VERDICT_IMPROVED, VERDICT_REGRESSED };

struct compare_settings {
    double confidence;
    double significance;    /* p-value below which a change is called */
    double noise_threshold; /* and its interval must lie beyond this, relative */
    double reference_ratio; /* new / old time of the reference work; 0: not known */
};

/* One side: values in ascending order, and in the order in which they were taken. */
struct compare_side {
    const double *sorted;
    const double *in_order;
    size_t count;
};

struct comparison {
    bool possible;          /* false: a lowmean is 0 and has no ratio; the rest is 0 */
    struct estimate change; /* new / old - 1 of lowmean; the interval contains the drift */
    double p_value;
    double smallest_detectable_change; /* a smaller rise would not be called; a fall: about 1 - 1 /
                                          (1 + this) */
    double drift;
    enum verdict verdict;
};

/* `new_lowmeans` and `old_lowmeans` are the resampled lowmeans of the sides, `resamples` of each.
 */
struct comparison compare_stored(const struct compare_side *old,
                                 const struct compare_side *new_side, const double *old_lowmeans,
                                 const double *new_lowmeans, size_t resamples,
                                 const struct compare_settings *settings);

/* "regressed", "improved", "no change seen". */
const char *compare_verdict_name(enum verdict verdict);

#endif
