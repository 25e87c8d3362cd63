/* New samples against stored ones of another run.
 *
 * The samples of one run tell nothing of what the machine does between runs: clock states,
 * neighbours and memory layout move a run as a whole by 2 to 9 %. Judged by the spread inside the
 * runs alone, a quarter and more of unchanged programs would be called changed. So the interval is
 * widened by a drift between runs: the spread of lowmean over blocks of time inside either run,
 * never below COMPARE_DRIFT_FLOOR, nor below COMPARE_DRIFT_BUSY for each CPU that others kept busy
 * (at most one is counted): the neighbour on a shared core slows a whole run alike. That makes this
 * the weaker kind of verdict; it names the smallest change that it could have called. */
#ifndef ASSAY_ANALYSIS_COMPARE_H
#define ASSAY_ANALYSIS_COMPARE_H

#include "analysis/resample.h"

/* Standard deviation of ln(lowmean) between runs of the same program that is assumed at the least.
 */
#define COMPARE_DRIFT_FLOOR 0.02
/* The same beside one busy CPU: 52 benchmarks, eight runs on two virtual CPUs, median 0.17. */
#define COMPARE_DRIFT_BUSY 0.20

enum verdict { VERDICT_NONE_SEEN = 0, VERDICT_IMPROVED, VERDICT_REGRESSED };

struct compare_settings {
    double confidence;
    double significance;    /* p-value below which a change is called */
    double noise_threshold; /* and its interval must lie beyond this, relative */
    double other_cpus;      /* that others kept busy in the busier of the two runs */
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
    double smallest_detectable_change;
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
