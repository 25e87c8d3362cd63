#include "measure/metric.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct metric *metric_add(struct metric_list *list, const char *source, const char *name,
                          const char *unit)
{
    if (list->count == METRICS_MAX) {
        return NULL;
    }
    struct metric *metric = &list->items[list->count++];
    *metric = (struct metric){.state = METRIC_UNAVAILABLE, .scale = 1};
    snprintf(metric->source, sizeof metric->source, "%s", source);
    snprintf(metric->name, sizeof metric->name, "%s", name);
    snprintf(metric->unit, sizeof metric->unit, "%s", unit);
    return metric;
}

void metric_measure(struct metric *metric, const double *laps, size_t count)
{
    if (metric == NULL) {
        return;
    }
    double sum = 0;
    metric->lower = laps[0];
    metric->upper = laps[0];
    for (size_t i = 0; i < count; i++) {
        sum += laps[i];
        metric->lower = fmin(metric->lower, laps[i]);
        metric->upper = fmax(metric->upper, laps[i]);
    }
    if (!isfinite(sum)) {
        metric_deny(metric, "its counts are beyond all bounds");
        return;
    }
    metric->state = METRIC_MEASURED;
    metric->value = metric->lower < metric->upper ? sum / (double)count : metric->lower;
}

void metric_deny(struct metric *metric, const char *format, ...)
{
    if (metric == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(metric->reason, sizeof metric->reason, format, arguments);
    va_end(arguments);
    metric->state = METRIC_UNAVAILABLE;
    metric->value = 0;
    metric->lower = 0;
    metric->upper = 0;
    metric->scale = 1;
}

void metric_remark(struct metric *metric, const char *format, ...)
{
    if (metric == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(metric->reason, sizeof metric->reason, format, arguments);
    va_end(arguments);
}

const struct metric *metric_find(const struct metric_list *list, const char *source,
                                 const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].source, source) == 0 && strcmp(list->items[i].name, name) == 0) {
            return &list->items[i];
        }
    }
    return NULL;
}

void metric_append(struct metric_list *list, const struct metric_list *from)
{
    for (size_t i = 0; i < from->count && list->count < METRICS_MAX; i++) {
        list->items[list->count++] = from->items[i];
    }
}

const char *metric_state_name(enum metric_state state)
{
    static const char *const names[] = {"unavailable", "measured", "scaled"};
    return names[state];
}
