#include "pack_internal.h"

typedef Opentelemetry__Proto__Metrics__V1__ResourceMetrics pb_resource_metrics;
typedef Opentelemetry__Proto__Metrics__V1__ScopeMetrics pb_scope_metrics;
typedef Opentelemetry__Proto__Metrics__V1__Metric pb_metric;
typedef Opentelemetry__Proto__Metrics__V1__Sum pb_sum;
typedef Opentelemetry__Proto__Metrics__V1__Gauge pb_gauge;
typedef Opentelemetry__Proto__Metrics__V1__Histogram pb_histogram;
typedef Opentelemetry__Proto__Metrics__V1__NumberDataPoint pb_number_point;
typedef Opentelemetry__Proto__Metrics__V1__HistogramDataPoint pb_histogram_point;
typedef Opentelemetry__Proto__Metrics__V1__ExponentialHistogram pb_exponential;
typedef Opentelemetry__Proto__Metrics__V1__ExponentialHistogramDataPoint pb_exponential_point;
typedef Opentelemetry__Proto__Metrics__V1__ExponentialHistogramDataPoint__Buckets pb_buckets;
typedef Opentelemetry__Proto__Metrics__V1__AggregationTemporality pb_temporality;

struct metric_message {
    pb_metric metric;
    union {
        pb_sum sum;
        pb_gauge gauge;
        pb_histogram histogram;
        pb_exponential exponential;
    } data;
};

struct request {
    pb_metrics_request request;
    pb_resource_metrics resource_metrics;
    pb_scope_metrics scope_metrics;
    pb_resource_metrics *resource_list[1];
    pb_scope_metrics *scope_list[1];
};

static int build_number(struct otlp__arena *arena, const struct otlp_point *point, bool is_double,
                        pb_number_point *built)
{
    opentelemetry__proto__metrics__v1__number_data_point__init(built);
    built->start_time_unix_nano = point->start_unix_ns;
    built->time_unix_nano = point->time_unix_ns;
    built->n_attributes = point->attribute_count;
    if (is_double) {
        built->value_case = OPENTELEMETRY__PROTO__METRICS__V1__NUMBER_DATA_POINT__VALUE_AS_DOUBLE;
        built->as_double = point->value.real;
    } else {
        built->value_case = OPENTELEMETRY__PROTO__METRICS__V1__NUMBER_DATA_POINT__VALUE_AS_INT;
        built->as_int = point->value.integer;
    }
    return otlp__pb_attributes(arena, point->attributes, point->attribute_count, false,
                               &built->attributes);
}

static int build_numbers(struct otlp__arena *arena, const struct otlp_metric *metric,
                         pb_number_point ***built)
{
    size_t count = metric->point_count;
    pb_number_point **pointers = otlp__arena_alloc(arena, count * sizeof(void *));
    pb_number_point *points = otlp__arena_alloc(arena, count * sizeof *points);
    if (pointers == NULL || points == NULL) {
        return OTLP_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        pointers[i] = &points[i];
        int rc = build_number(arena, &metric->points[i], metric->is_double, &points[i]);
        if (rc != 0) {
            return rc;
        }
    }
    *built = pointers;
    return 0;
}

static int build_distribution(struct otlp__arena *arena, const struct otlp_point *point,
                              pb_histogram_point *built)
{
    const struct otlp_histogram_value *value = &point->value.histogram;
    opentelemetry__proto__metrics__v1__histogram_data_point__init(built);
    built->start_time_unix_nano = point->start_unix_ns;
    built->time_unix_nano = point->time_unix_ns;
    built->count = value->count;
    built->optional_sum_case =
        OPENTELEMETRY__PROTO__METRICS__V1__HISTOGRAM_DATA_POINT__OPTIONAL_SUM_SUM;
    built->sum = value->sum;
    if (value->count > 0) {
        built->optional_min_case =
            OPENTELEMETRY__PROTO__METRICS__V1__HISTOGRAM_DATA_POINT__OPTIONAL_MIN_MIN;
        built->min = value->min;
        built->optional_max_case =
            OPENTELEMETRY__PROTO__METRICS__V1__HISTOGRAM_DATA_POINT__OPTIONAL_MAX_MAX;
        built->max = value->max;
    }
    built->n_explicit_bounds = value->bound_count;
    built->explicit_bounds = (double *)(uintptr_t)value->bounds;
    built->n_bucket_counts = value->bound_count + (size_t)1;
    built->bucket_counts = (uint64_t *)(uintptr_t)value->bucket_counts;
    built->n_attributes = point->attribute_count;
    return otlp__pb_attributes(arena, point->attributes, point->attribute_count, false,
                               &built->attributes);
}

static int build_distributions(struct otlp__arena *arena, const struct otlp_metric *metric,
                               pb_histogram_point ***built)
{
    size_t count = metric->point_count;
    pb_histogram_point **pointers = otlp__arena_alloc(arena, count * sizeof(void *));
    pb_histogram_point *points = otlp__arena_alloc(arena, count * sizeof *points);
    if (pointers == NULL || points == NULL) {
        return OTLP_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        pointers[i] = &points[i];
        int rc = build_distribution(arena, &metric->points[i], &points[i]);
        if (rc != 0) {
            return rc;
        }
    }
    *built = pointers;
    return 0;
}

static int build_buckets(struct otlp__arena *arena, const struct otlp_buckets *buckets,
                         pb_buckets **built)
{
    if (buckets->count == 0) {
        return 0;
    }
    pb_buckets *message = otlp__arena_alloc(arena, sizeof *message);
    if (message == NULL) {
        return OTLP_ENOMEM;
    }
    opentelemetry__proto__metrics__v1__exponential_histogram_data_point__buckets__init(message);
    message->offset = buckets->offset;
    message->n_bucket_counts = buckets->count;
    message->bucket_counts = (uint64_t *)(uintptr_t)buckets->counts;
    *built = message;
    return 0;
}

static int build_exponential(struct otlp__arena *arena, const struct otlp_point *point,
                             pb_exponential_point *built)
{
    const struct otlp_exponential_value *value = &point->value.exponential;
    opentelemetry__proto__metrics__v1__exponential_histogram_data_point__init(built);
    built->start_time_unix_nano = point->start_unix_ns;
    built->time_unix_nano = point->time_unix_ns;
    built->count = value->count;
    built->optional_sum_case =
        OPENTELEMETRY__PROTO__METRICS__V1__EXPONENTIAL_HISTOGRAM_DATA_POINT__OPTIONAL_SUM_SUM;
    built->sum = value->sum;
    if (value->count > 0) {
        built->optional_min_case =
            OPENTELEMETRY__PROTO__METRICS__V1__EXPONENTIAL_HISTOGRAM_DATA_POINT__OPTIONAL_MIN_MIN;
        built->min = value->min;
        built->optional_max_case =
            OPENTELEMETRY__PROTO__METRICS__V1__EXPONENTIAL_HISTOGRAM_DATA_POINT__OPTIONAL_MAX_MAX;
        built->max = value->max;
    }
    built->scale = value->scale;
    built->zero_count = value->zero_count;
    built->zero_threshold = value->zero_threshold;
    built->n_attributes = point->attribute_count;
    int rc = build_buckets(arena, &value->positive, &built->positive);
    if (rc == 0) {
        rc = build_buckets(arena, &value->negative, &built->negative);
    }
    return rc != 0 ? rc
                   : otlp__pb_attributes(arena, point->attributes, point->attribute_count, false,
                                         &built->attributes);
}

static int build_exponentials(struct otlp__arena *arena, const struct otlp_metric *metric,
                              pb_exponential_point ***built)
{
    size_t count = metric->point_count;
    pb_exponential_point **pointers = otlp__arena_alloc(arena, count * sizeof(void *));
    pb_exponential_point *points = otlp__arena_alloc(arena, count * sizeof *points);
    if (pointers == NULL || points == NULL) {
        return OTLP_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        pointers[i] = &points[i];
        int rc = build_exponential(arena, &metric->points[i], &points[i]);
        if (rc != 0) {
            return rc;
        }
    }
    *built = pointers;
    return 0;
}

static int build_metric(struct otlp__arena *arena, const struct otlp_metric *metric,
                        struct metric_message *message)
{
    pb_metric *built = &message->metric;
    opentelemetry__proto__metrics__v1__metric__init(built);
    built->name = otlp__pb_text(metric->name);
    built->unit = otlp__pb_text(metric->unit);
    built->description = otlp__pb_text(metric->description);
    switch (metric->kind) {
    case OTLP_COUNTER:
    case OTLP_UP_DOWN_COUNTER:
        opentelemetry__proto__metrics__v1__sum__init(&message->data.sum);
        message->data.sum.aggregation_temporality = (pb_temporality)metric->temporality;
        message->data.sum.is_monotonic = metric->kind == OTLP_COUNTER;
        message->data.sum.n_data_points = metric->point_count;
        built->data_case = OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_SUM;
        built->sum = &message->data.sum;
        return build_numbers(arena, metric, &message->data.sum.data_points);
    case OTLP_GAUGE:
        opentelemetry__proto__metrics__v1__gauge__init(&message->data.gauge);
        message->data.gauge.n_data_points = metric->point_count;
        built->data_case = OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_GAUGE;
        built->gauge = &message->data.gauge;
        return build_numbers(arena, metric, &message->data.gauge.data_points);
    case OTLP_HISTOGRAM:
        opentelemetry__proto__metrics__v1__histogram__init(&message->data.histogram);
        message->data.histogram.aggregation_temporality = (pb_temporality)metric->temporality;
        message->data.histogram.n_data_points = metric->point_count;
        built->data_case = OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_HISTOGRAM;
        built->histogram = &message->data.histogram;
        return build_distributions(arena, metric, &message->data.histogram.data_points);
    case OTLP_EXPONENTIAL_HISTOGRAM:
        opentelemetry__proto__metrics__v1__exponential_histogram__init(&message->data.exponential);
        message->data.exponential.aggregation_temporality = (pb_temporality)metric->temporality;
        message->data.exponential.n_data_points = metric->point_count;
        built->data_case = OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_EXPONENTIAL_HISTOGRAM;
        built->exponential_histogram = &message->data.exponential;
        return build_exponentials(arena, metric, &message->data.exponential.data_points);
    }
    return OTLP_EINVAL;
}

static int build_metrics(struct otlp__arena *arena, const struct otlp_metric *metrics, size_t count,
                         pb_scope_metrics *scope_metrics)
{
    pb_metric **pointers = otlp__arena_alloc(arena, count * sizeof(void *));
    struct metric_message *messages = otlp__arena_alloc(arena, count * sizeof *messages);
    if (pointers == NULL || messages == NULL) {
        return OTLP_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        pointers[i] = &messages[i].metric;
        int rc = build_metric(arena, &metrics[i], &messages[i]);
        if (rc != 0) {
            return rc;
        }
    }
    scope_metrics->n_metrics = count;
    scope_metrics->metrics = pointers;
    return 0;
}

int otlp_pack_metrics(struct otlp_packer *packer, const struct otlp_resource *resource,
                      const struct otlp_scope *scope, const struct otlp_metric *metrics,
                      size_t count, struct otlp_buffer *out)
{
    if (count == 0) {
        return 0;
    }
    struct otlp__arena *arena = &packer->arena;
    otlp__arena_reset(arena);
    struct request tree;
    opentelemetry__proto__collector__metrics__v1__export_metrics_service_request__init(
        &tree.request);
    opentelemetry__proto__metrics__v1__resource_metrics__init(&tree.resource_metrics);
    opentelemetry__proto__metrics__v1__scope_metrics__init(&tree.scope_metrics);
    tree.request.n_resource_metrics = 1;
    tree.request.resource_metrics = tree.resource_list;
    tree.resource_list[0] = &tree.resource_metrics;
    tree.resource_metrics.n_scope_metrics = 1;
    tree.resource_metrics.scope_metrics = tree.scope_list;
    tree.resource_metrics.schema_url =
        otlp__pb_text(resource != NULL ? resource->schema_url : NULL);
    tree.scope_list[0] = &tree.scope_metrics;
    tree.scope_metrics.schema_url = otlp__pb_text(scope != NULL ? scope->schema_url : NULL);
    int rc = otlp__pb_resource(arena, resource, &tree.resource_metrics.resource);
    if (rc == 0) {
        rc = otlp__pb_scope(arena, scope, &tree.scope_metrics.scope);
    }
    if (rc == 0) {
        rc = build_metrics(arena, metrics, count, &tree.scope_metrics);
    }
    return rc == 0 ? otlp__pb_append(&tree.request.base, out) : rc;
}
