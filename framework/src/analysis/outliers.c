#include "analysis/outliers.h"
#include "analysis/stats.h"

#include <math.h>

static enum outlier_effect effect_of(double mean_shift)
{
    double size = fabs(mean_shift);
    if (size < 0.01) {
        return OUTLIERS_NONE;
    }
    if (size < 0.05) {
        return OUTLIERS_SLIGHT;
    }
    return size < 0.20 ? OUTLIERS_MODERATE : OUTLIERS_SEVERE;
}

struct outliers outliers_classify(const double *sorted, size_t count)
{
    double q1 = stats_quantile(sorted, count, 0.25);
    double q3 = stats_quantile(sorted, count, 0.75);
    double iqr = q3 - q1;
    struct outliers o = {.fences = {q1 - 3 * iqr, q1 - 1.5 * iqr, q3 + 1.5 * iqr, q3 + 3 * iqr}};
    for (size_t i = 0; i < count; i++) {
        o.low_severe += sorted[i] < o.fences[0];
        o.low_mild += sorted[i] >= o.fences[0] && sorted[i] < o.fences[1];
        o.high_mild += sorted[i] > o.fences[2] && sorted[i] <= o.fences[3];
        o.high_severe += sorted[i] > o.fences[3];
    }
    size_t first = o.low_severe + o.low_mild;
    size_t inside = count - outliers_count(&o);
    double mean = stats_mean(sorted, count);
    double mean_inside = stats_mean(sorted + first, inside);
    double variance = stats_variance(sorted, count, mean);
    double variance_inside = stats_variance(sorted + first, inside, mean_inside);
    if (inside < count && variance > variance_inside) {
        o.variance_share = 1 - variance_inside / variance;
    }
    o.mean_shift = inside < count && mean_inside > 0 ? mean / mean_inside - 1 : 0;
    o.effect = effect_of(o.mean_shift);
    return o;
}

const char *outliers_effect_name(enum outlier_effect effect)
{
    static const char *const names[] = {"none", "slight", "moderate", "severe"};
    return names[effect];
}
