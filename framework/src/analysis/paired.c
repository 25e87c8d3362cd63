#include "analysis/paired.h"
#include "analysis/stats.h"
#include "analysis/student.h"
#include "base/memory.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define RANKED_MAX 1000
#define PAIRS_MAX  1000000
#define TAIL_CUT   20 /* one in so many is left out at either end */

double paired_log_ratio(const double *old_ns, const double *new_ns, size_t count)
{
    double *logs = memory_zeroed(count / 2 + 1, sizeof *logs);
    size_t quads = 0;
    for (size_t i = 0; i + 1 < count; i += 2) {
        double old = fmin(old_ns[i], old_ns[i + 1]);
        double now = fmin(new_ns[i], new_ns[i + 1]);
        if (old > 0 && now > 0) {
            logs[quads++] = log(now) - log(old);
        }
    }
    stats_sort(logs, quads);
    double median = quads > 0 ? stats_quantile(logs, quads, 0.5) : NAN;
    free(logs);
    return median;
}

static size_t trimmed_off(size_t count, double trim)
{
    return (size_t)(trim * (double)count);
}

static double trimmed_mean(const double *sorted, size_t count, double trim)
{
    size_t off = trimmed_off(count, trim);
    return stats_mean(sorted + off, count - 2 * off);
}

/* Trimmed mean of the values whose order has this sign; false when there is none. */
static bool group_mean(const double *logs, const int *orders, size_t count, bool old_first,
                       double trim, double *scratch, double *mean)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if ((orders[i] > 0) == old_first) {
            scratch[found++] = logs[i];
        }
    }
    if (found == 0) {
        return false;
    }
    stats_sort(scratch, found);
    *mean = trimmed_mean(scratch, found, trim);
    return true;
}

/* Sum of squares about their mean, of the values with `off` at each end replaced by the next. */
static double winsorised_squares(double *sorted, size_t count, size_t off)
{
    for (size_t i = 0; i < off; i++) {
        sorted[i] = sorted[off];
        sorted[count - 1 - i] = sorted[count - 1 - off];
    }
    double mean = stats_mean(sorted, count);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (sorted[i] - mean) * (sorted[i] - mean);
    }
    return sum;
}

static bool fit_finite(const double *logs, const int *orders, size_t count, double trim,
                       double *scratch, struct paired_fit *fit)
{
    double plus = 0;
    double minus = 0;
    bool both = group_mean(logs, orders, count, true, trim, scratch, &plus);
    both = group_mean(logs, orders, count, false, trim, scratch, &minus) && both;
    double order_effect = both ? (plus - minus) / 2 : 0;
    double sum_of_orders = 0;
    for (size_t i = 0; i < count; i++) {
        double order = orders[i] > 0 ? 1 : -1;
        scratch[i] = logs[i] - order * order_effect;
        sum_of_orders += order;
    }
    stats_sort(scratch, count);
    double n = (double)count;
    double estimated = both ? 1 : 0;
    double imbalance = both ? sum_of_orders / n : 0;
    size_t off = trimmed_off(count, trim);
    double kept = (double)(count - 2 * off);
    double df = kept - 1 - estimated;
    double effect = trimmed_mean(scratch, count, trim);
    double squares = winsorised_squares(scratch, count, off);
    if (df < 1) {
        return false;
    }
    double error = sqrt(squares / (kept * df) / (1 - imbalance * imbalance));
    *fit = (struct paired_fit){.pairs = count,
                               .effect = effect,
                               .error = fmax(error, PAIRED_SE_FLOOR),
                               .deviation = error * sqrt(n),
                               .order_effect = order_effect,
                               .df = df};
    return isfinite(effect) && isfinite(order_effect) && isfinite(fit->deviation);
}

bool paired_fit(const double *logs, const int *orders, size_t count, double trim,
                struct paired_fit *fit)
{
    *fit = (struct paired_fit){0};
    if (count < PAIRED_MIN || !(trim >= 0 && trim < 0.5)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(logs[i])) {
            return false;
        }
    }
    double *scratch = memory_zeroed(count, sizeof *scratch);
    bool possible = fit_finite(logs, orders, count, trim, scratch, fit);
    free(scratch);
    if (!possible) {
        *fit = (struct paired_fit){0};
    }
    return possible;
}

double paired_p_above(const struct paired_fit *fit, double limit)
{
    return fit->pairs > 0 ? student_cdf((limit - fit->effect) / fit->error, fit->df) : 1;
}

double paired_p_below(const struct paired_fit *fit, double limit)
{
    return fit->pairs > 0 ? student_cdf((fit->effect - limit) / fit->error, fit->df) : 1;
}

double paired_reach(const struct paired_fit *fit, double confidence)
{
    if (fit->pairs == 0) {
        return INFINITY;
    }
    return -student_quantile((1 - confidence) / 2, fit->df) * fit->error;
}

bool paired_equivalent(const struct paired_fit *fit, double margin, double alpha)
{
    return paired_p_above(fit, -margin) < alpha && paired_p_below(fit, margin) < alpha;
}

struct ranked {
    double distance; /* from the limit */
    bool above;
    uint32_t twice_rank; /* whole also when it is a mid-rank */
};

static int nearer(const void *a, const void *b)
{
    double x = ((const struct ranked *)a)->distance;
    double y = ((const struct ranked *)b)->distance;
    return (x > y) - (x < y);
}

static void rank(struct ranked *values, size_t count)
{
    qsort(values, count, sizeof *values, nearer);
    size_t end;
    for (size_t i = 0; i < count; i = end) {
        end = i + 1;
        while (end < count && values[end].distance == values[i].distance) {
            end++;
        }
        for (size_t tied = i; tied < end; tied++) {
            values[tied].twice_rank = (uint32_t)(i + 1 + end);
        }
    }
}

/* P(sum >= observed) of the doubled ranks above, each of them above or below by a fair coin. */
static double rank_sum_tail(const struct ranked *values, size_t count)
{
    size_t largest = count * (count + 1);
    double *part = memory_zeroed(largest + 1, sizeof *part);
    part[0] = 1;
    size_t reached = 0;
    size_t observed = 0;
    for (size_t i = 0; i < count; i++) {
        size_t step = values[i].twice_rank;
        observed += values[i].above ? step : 0;
        reached += step;
        for (size_t sum = reached; sum >= step; sum--) {
            part[sum] = (part[sum] + part[sum - step]) / 2;
        }
        for (size_t sum = 0; sum < step; sum++) {
            part[sum] /= 2;
        }
    }
    double tail = 0;
    for (size_t sum = largest + 1; sum > observed; sum--) {
        tail += part[sum - 1];
    }
    free(part);
    return fmin(tail, 1);
}

double paired_signed_rank(const double *logs, size_t count, double limit)
{
    struct ranked values[RANKED_MAX];
    size_t used = 0;
    for (size_t i = 0; i < count && i < RANKED_MAX; i++) {
        double off = logs[i] - limit;
        if (!isfinite(off)) {
            return 1;
        }
        if (off != 0) {
            values[used++] = (struct ranked){.distance = fabs(off), .above = off > 0};
        }
    }
    if (used == 0) {
        return 1;
    }
    rank(values, used);
    return rank_sum_tail(values, used);
}

double paired_detectable(const struct paired_fit *fit, double limit, double alpha, double power)
{
    if (fit->pairs == 0) {
        return INFINITY;
    }
    double reach = student_quantile(power, fit->df) - student_quantile(alpha, fit->df);
    return limit + reach * fit->error;
}

static double reach_of_pairs(const struct paired_fit *fit, size_t pairs, double alpha, double power)
{
    double n = (double)pairs;
    double df = fmax(1, (fit->df + 2) / (double)fit->pairs * n - 2);
    double error = fmax(fit->deviation / sqrt(n), PAIRED_SE_FLOOR);
    return (student_quantile(power, df) - student_quantile(alpha, df)) * error;
}

size_t paired_pairs_needed(const struct paired_fit *fit, double margin, double alpha, double power)
{
    if (fit->pairs == 0) {
        return PAIRS_MAX;
    }
    size_t low = PAIRED_MIN;
    size_t high = PAIRS_MAX;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (reach_of_pairs(fit, middle, alpha, power) <= margin) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

void paired_holm(const double *p_values, size_t count, double level, bool *rejected)
{
    for (size_t i = 0; i < count; i++) {
        rejected[i] = false;
    }
    for (size_t left = count; left > 0; left--) {
        size_t best = count;
        for (size_t i = 0; i < count; i++) {
            bool open = !rejected[i] && !isnan(p_values[i]);
            if (open && (best == count || p_values[i] < p_values[best])) {
                best = i;
            }
        }
        if (best == count || !(p_values[best] <= level / (double)left)) {
            return;
        }
        rejected[best] = true;
    }
}

struct paired_side paired_side_of(double *times_ns, size_t count, double *undisturbed_ns,
                                  size_t undisturbed)
{
    struct paired_side side = {0};
    if (count > 0) {
        stats_sort(times_ns, count);
        side.lowmean_ns = stats_lowmean(times_ns, count);
    }
    if (undisturbed > 0) {
        stats_sort(undisturbed_ns, undisturbed);
        size_t off = undisturbed / TAIL_CUT;
        side.tail_ns = stats_mean(undisturbed_ns + off, undisturbed - 2 * off);
    }
    return side;
}
