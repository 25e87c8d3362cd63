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

/* Variance of ln(new) - ln(old) over independent resamples of both. */
static double variance_of_log_ratio(const double *old, const double *new_values, size_t count)
{
    double sum = 0;
    double squares = 0;
    double first = log(new_values[0] / old[0]);
    for (size_t i = 0; i < count; i++) {
        double off = log(new_values[i] / old[i]) - first;
        sum += off;
        squares += off * off;
    }
    double variance = (squares - sum * sum / (double)count) / (double)(count - 1);
    return variance > 0 ? variance : 0;
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
    struct comparison c;
    c.drift = fmax(COMPARE_DRIFT_FLOOR, fmax(drift_within(old), drift_within(new_side)));
    double effect = log(stats_lowmean(new_side->sorted, new_side->count) /
                        stats_lowmean(old->sorted, old->count));
    double variance = variance_of_log_ratio(old_lowmeans, new_lowmeans, resamples);
    double error = sqrt(variance + 2 * c.drift * c.drift);
    double reach = stats_normal_quantile((1 + settings->confidence) / 2) * error;
    c.change = (struct estimate){.point = expm1(effect),
                                 .lower = expm1(effect - reach),
                                 .upper = expm1(effect + reach),
                                 .standard_error = error};
    c.p_value = 2 * stats_normal_cdf(-fabs(effect) / error);
    double z = stats_normal_quantile(1 - settings->significance / 2) * error;
    c.smallest_detectable_change = (1 + settings->noise_threshold) * exp(fmax(reach, z)) - 1;
    c.verdict = judge(&c, settings);
    return c;
}

const char *compare_verdict_name(enum verdict verdict)
{
    static const char *const names[] = {"no change seen", "improved", "regressed"};
    return names[verdict];
}
