#include "analysis/work.h"

#include <math.h>

enum work work_judge(const struct metric_pair *pair, double least)
{
    double before = pair->old_metric.value;
    double difference = pair->new_metric.value - before;
    if (pair->change == METRIC_UNKNOWN) {
        return WORK_UNKNOWN;
    }
    if (pair->change == METRIC_SAME) {
        bool exact = metric_is_exact(&pair->old_metric) && metric_is_exact(&pair->new_metric);
        return exact ? WORK_SAME : WORK_VARIES;
    }
    if (fabs(difference) < least * fabs(before)) {
        return WORK_SAME;
    }
    return pair->change == METRIC_MORE ? WORK_MORE : WORK_LESS;
}

const char *work_name(enum work work)
{
    static const char *const names[] = {"unknown", "same", "more", "less", "varies"};
    return names[work];
}
