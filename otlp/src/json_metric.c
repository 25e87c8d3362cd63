#include "json_envelope.h"

#define LITERAL(text) (text), sizeof(text) - 1

static struct otlp_text text_of(const char *text)
{
    return (struct otlp_text){text, text != NULL ? strlen(text) : 0};
}

static struct otlp_bucket_run run_of(const struct otlp_buckets *buckets)
{
    return buckets->count == 0
               ? (struct otlp_bucket_run){{NULL, 0}, 0}
               : (struct otlp_bucket_run){{buckets->counts, buckets->count}, buckets->offset};
}

static int put_number(struct otlp__writer *writer, const struct otlp_point *point, bool is_double)
{
    struct otlp_number_point view = {
        .attributes = {point->attributes, point->attribute_count},
        .start_unix_ns = point->start_unix_ns,
        .time_unix_ns = point->time_unix_ns,
        .value = {.type = is_double ? OTLP_NUMBER_DOUBLE : OTLP_NUMBER_INT},
    };
    if (is_double) {
        view.value.as.real = point->value.real;
    } else {
        view.value.as.integer = point->value.integer;
    }
    return otlp__json_message(writer, &otlp__number_point_message, &view);
}

static int put_histogram(struct otlp__writer *writer, const struct otlp_point *point)
{
    const struct otlp_histogram_value *value = &point->value.histogram;
    const struct otlp_histogram_point view = {
        .attributes = {point->attributes, point->attribute_count},
        .start_unix_ns = point->start_unix_ns,
        .time_unix_ns = point->time_unix_ns,
        .count = value->count,
        .sum = value->sum,
        .min = value->min,
        .max = value->max,
        .bucket_counts = {value->bucket_counts, value->bound_count + (size_t)1},
        .bounds = {value->bounds, value->bound_count},
        .has_sum = 1,
        .has_min = value->count > 0,
        .has_max = value->count > 0,
    };
    return otlp__json_message(writer, &otlp__histogram_point_message, &view);
}

static int put_exponential(struct otlp__writer *writer, const struct otlp_point *point)
{
    const struct otlp_exponential_value *value = &point->value.exponential;
    const struct otlp_exponential_point view = {
        .attributes = {point->attributes, point->attribute_count},
        .start_unix_ns = point->start_unix_ns,
        .time_unix_ns = point->time_unix_ns,
        .count = value->count,
        .sum = value->sum,
        .min = value->min,
        .max = value->max,
        .zero_count = value->zero_count,
        .zero_threshold = value->zero_threshold,
        .positive = run_of(&value->positive),
        .negative = run_of(&value->negative),
        .scale = value->scale,
        .has_sum = 1,
        .has_min = value->count > 0,
        .has_max = value->count > 0,
    };
    return otlp__json_message(writer, &otlp__exponential_point_message, &view);
}

static int put_point(struct otlp__writer *writer, const struct otlp_metric *metric, size_t i)
{
    switch (metric->kind) {
    case OTLP_HISTOGRAM:
        return put_histogram(writer, &metric->points[i]);
    case OTLP_EXPONENTIAL_HISTOGRAM:
        return put_exponential(writer, &metric->points[i]);
    default:
        return put_number(writer, &metric->points[i], metric->is_double);
    }
}

static int put_points(struct otlp__writer *writer, const struct otlp_metric *metric)
{
    if (metric->point_count == 0) {
        return 0;
    }
    int rc = otlp__json_raw(writer, LITERAL("\"dataPoints\":["));
    for (size_t i = 0; i < metric->point_count && rc == 0; i++) {
        rc = put_point(writer, metric, i);
        if (rc == 0) {
            rc = otlp__json_raw(writer, ",", 1);
        }
    }
    if (rc == 0) {
        rc = otlp__json_close(writer, ']');
    }
    return rc == 0 ? otlp__json_raw(writer, ",", 1) : rc;
}

/* Behind the points: what Gauge, Sum and the histograms do not have in common. */
static int put_temporality(struct otlp__writer *writer, const struct otlp_metric *metric)
{
    int rc = 0;
    if (metric->kind != OTLP_GAUGE && metric->temporality != 0) {
        rc = otlp__json_raw(writer, LITERAL("\"aggregationTemporality\":"));
        if (rc == 0 && (rc = otlp__room(writer, 24)) == 0) {
            otlp__json_integer(&writer->at, (int64_t)metric->temporality);
            otlp__put_byte(&writer->at, ',');
        }
    }
    if (rc == 0 && metric->kind == OTLP_COUNTER) {
        rc = otlp__json_raw(writer, LITERAL("\"isMonotonic\":true,"));
    }
    return rc;
}

int otlp__json_metric(struct otlp__writer *writer, const struct otlp_metric *metric)
{
    static const char *const keys[] = {
        [OTLP_COUNTER] = "\"sum\":{",
        [OTLP_UP_DOWN_COUNTER] = "\"sum\":{",
        [OTLP_GAUGE] = "\"gauge\":{",
        [OTLP_HISTOGRAM] = "\"histogram\":{",
        [OTLP_EXPONENTIAL_HISTOGRAM] = "\"exponentialHistogram\":{",
    };
    if (metric->kind < OTLP_COUNTER || metric->kind > OTLP_EXPONENTIAL_HISTOGRAM) {
        return OTLP_EINVAL;
    }
    const struct otlp_metric_view view = {
        .name = text_of(metric->name),
        .description = text_of(metric->description),
        .unit = text_of(metric->unit),
    };
    int rc = otlp__json_raw(writer, "{", 1);
    if (rc == 0) {
        rc = otlp__json_members(writer, &otlp__metric_message, &view);
    }
    if (rc == 0) {
        rc = otlp__json_raw(writer, keys[metric->kind], strlen(keys[metric->kind]));
    }
    if (rc == 0) {
        rc = put_points(writer, metric);
    }
    if (rc == 0) {
        rc = put_temporality(writer, metric);
    }
    if (rc == 0) {
        rc = otlp__json_close(writer, '}');
    }
    return rc == 0 ? otlp__json_raw(writer, "}", 1) : rc;
}
