/* Tukey's classes, and whether the outliers mattered. Outliers are labelled, never removed from an
 * estimate. */
#ifndef ASSAY_ANALYSIS_OUTLIERS_H
#define ASSAY_ANALYSIS_OUTLIERS_H

#include <stddef.h>

enum outlier_effect { OUTLIERS_NONE = 0, OUTLIERS_SLIGHT, OUTLIERS_MODERATE, OUTLIERS_SEVERE };

struct outliers {
    size_t low_severe;
    size_t low_mild;
    size_t high_mild;
    size_t high_severe;
    double fences[4];      /* q1 - 3 IQR, q1 - 1.5 IQR, q3 + 1.5 IQR, q3 + 3 IQR (Tukey 1977) */
    double variance_share; /* share of the variance that goes when the outliers are left out */
    double mean_shift;     /* by how much they move the mean, relative */
    enum outlier_effect effect; /* the mean moves by less than 1 %, 5 %, 20 %, or more */
};

/* sorted, count >= 2. */
struct outliers outliers_classify(const double *sorted, size_t count);

/* "none", "slight", "moderate", "severe". */
const char *outliers_effect_name(enum outlier_effect effect);

static inline size_t outliers_count(const struct outliers *o)
{
    return o->low_severe + o->low_mild + o->high_mild + o->high_severe;
}

#endif
