#include "analysis/compare.h"
#include "analysis/stats.h"

#include <math.h>
#include <string.h>

#define BLOCKS    5
#define BLOCK_MIN 10
#define BLOCK_MAX 2048

/* Standard deviation of ln(lowmean) over blocks of time; 0 when there are too few samples to tell.
 */
static double drift_within(const struct compare_side *side)
{
    size_t size = side->count / BLOCKS;
    if (size < BLOCK_MIN) {
        return 0;
    }
    size = size > BLOCK_MAX ? BLOCK_MAX : size;
    double logs[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        double block[BLOCK_MAX];
        memcpy(block, side->in_order + i * (side->count / BLOCKS), size * sizeof *block);
        stats_sort(block, size);
        double lowmean = stats_lowmean(block, size);
        if (!(lowmean > 0)) {
            return 0;
        }
        logs[i] = log(lowmean);
    }
    return sqrt(stats_variance(logs, BLOCKS, stats_mean(logs, BLOCKS)));
}

/* Variance of ln(new) - ln(old) over independent resamples of both; negative when one in a hundred
 * has no ratio. */
static double variance_of_log_ratio(const double *old, const double *new_values, size_t count)
{
    double sum = 0;
    double squares = 0;
    double first = 0;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(old[i] > 0) || !(new_values[i] > 0)) {
            continue;
        }
        double ratio = log(new_values[i] / old[i]);
        first = used++ == 0 ? ratio : first;
        sum += ratio - first;
        squares += (ratio - first) * (ratio - first);
    }
    if (used < 2 || used < count - count / 100) {
        return -1;
    }
    double variance = (squares - sum * sum / (double)used) / (double)(used - 1);
    return variance > 0 ? variance : 0;
}

/* What the state of the machine in the two runs says of the drift. */
static double drift_between(double reference_ratio)
{
    if (!(reference_ratio > 0)) {
        return COMPARE_DRIFT_FLOOR;
    }
    double moved = fabs(log(reference_ratio));
    return moved < COMPARE_MOVED_FROM ? COMPARE_DRIFT_FLOOR
                                      : COMPARE_MOVED + COMPARE_MOVED_SLOPE * moved;
}

static enum verdict judge(const struct comparison *c, const struct compare_settings *settings)
{
    if (c->p_value >= settings->significance) {
        return VERDICT_NONE_SEEN;
    }
    if (c->change.lower > settings->noise_threshold) {
        return VERDICT_REGRESSED;
    }
    return c->change.upper < -settings->noise_threshold ? VERDICT_IMPROVED : VERDICT_NONE_SEEN;
}

struct comparison compare_stored(const struct compare_side *old,
                                 const struct compare_side *new_side, const double *old_lowmeans,
                                 const double *new_lowmeans, size_t resamples,
                                 const struct compare_settings *settings)
{
    struct comparison c = {.possible = false};
    double new_lowmean = stats_lowmean(new_side->sorted, new_side->count);
    double old_lowmean = stats_lowmean(old->sorted, old->count);
    double variance = variance_of_log_ratio(old_lowmeans, new_lowmeans, resamples);
    if (!(new_lowmean > 0) || !(old_lowmean > 0) || variance < 0) {
        return c;
    }
    double effect = log(new_lowmean / old_lowmean);
    c.possible = true;
    double within = fmax(drift_within(old), drift_within(new_side));
    c.drift = fmax(drift_between(settings->reference_ratio), within);
    double error = sqrt(variance + 2 * c.drift * c.drift);
    double reach = stats_normal_quantile((1 + settings->confidence) / 2) * error;
    c.change = (struct estimate){.point = expm1(effect),
                                 .lower = expm1(effect - reach),
                                 .upper = expm1(effect + reach),
                                 .standard_error = error};
    c.p_value = 2 * stats_normal_cdf(-fabs(effect) / error);
    double z = stats_normal_quantile(1 - settings->significance / 2) * error;
    c.smallest_detectable_change = fmax((1 + settings->noise_threshold) * exp(reach), exp(z)) - 1;
    c.verdict = judge(&c, settings);
    return c;
}

const char *compare_verdict_name(enum verdict verdict)
{
    static const char *const names[] = {"no change seen", "improved", "regressed"};
    return names[verdict];
}
