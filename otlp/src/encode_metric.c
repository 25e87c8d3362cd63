#include "encode_internal.h"

static int put_number(struct otlp__writer *writer, const struct otlp_point *point, bool is_double)
{
    int rc = otlp__room(writer, 27);
    if (rc != 0) {
        return rc;
    }
    otlp__put_nonzero64(&writer->at, 0x11, point->start_unix_ns);
    otlp__put_nonzero64(&writer->at, 0x19, point->time_unix_ns);
    if (is_double) {
        otlp__put_double(&writer->at, 0x21, point->value.real);
    } else {
        otlp__put_byte(&writer->at, 0x31);
        otlp__put_fixed64(&writer->at, (uint64_t)point->value.integer);
    }
    return otlp__put_attributes(writer, 0x3a, point->attributes, point->attribute_count, 0);
}

static uint64_t *bits_of(const double *reals)
{
    return (uint64_t *)(uintptr_t)reals;
}

static int put_histogram(struct otlp__writer *writer, const struct otlp_point *point)
{
    const struct otlp_histogram_value *value = &point->value.histogram;
    int rc = otlp__room(writer, 54);
    if (rc != 0) {
        return rc;
    }
    otlp__put_nonzero64(&writer->at, 0x11, point->start_unix_ns);
    otlp__put_nonzero64(&writer->at, 0x19, point->time_unix_ns);
    otlp__put_nonzero64(&writer->at, 0x21, value->count);
    otlp__put_double(&writer->at, 0x29, value->sum);
    rc = otlp__put_counts(writer, 0x32, value->bucket_counts, value->bound_count + (size_t)1, true);
    if (rc == 0) {
        rc = otlp__put_counts(writer, 0x3a, bits_of(value->bounds), value->bound_count, true);
    }
    if (rc == 0) {
        rc = otlp__put_attributes(writer, 0x4a, point->attributes, point->attribute_count, 0);
    }
    if (rc == 0 && value->count > 0 && (rc = otlp__room(writer, 18)) == 0) {
        otlp__put_double(&writer->at, 0x59, value->min);
        otlp__put_double(&writer->at, 0x61, value->max);
    }
    return rc;
}

static int put_buckets(struct otlp__writer *writer, uint8_t tag, const struct otlp_buckets *buckets)
{
    uint32_t offset = (uint32_t)buckets->offset;
    size_t start = 0;
    if (buckets->count == 0) {
        return 0;
    }
    size_t length_bytes = buckets->count < 120 ? 1 : 2;
    int rc = otlp__room(writer, 1);
    if (rc == 0) {
        otlp__put_byte(&writer->at, tag);
        rc = otlp__length_open(writer, length_bytes, &start);
    }
    if (rc == 0 && (rc = otlp__room(writer, 11)) == 0) {
        otlp__put_nonzero(&writer->at, 0x08, (uint32_t)((offset << 1) ^ (0u - (offset >> 31))));
        rc = otlp__put_counts(writer, 0x12, buckets->counts, buckets->count, false);
    }
    return rc == 0 ? otlp__length_close(writer, length_bytes, start) : rc;
}

static int put_exponential(struct otlp__writer *writer, const struct otlp_point *point)
{
    const struct otlp_exponential_value *value = &point->value.exponential;
    uint32_t scale = (uint32_t)value->scale;
    int rc = otlp__put_attributes(writer, 0x0a, point->attributes, point->attribute_count, 0);
    if (rc != 0 || (rc = otlp__room(writer, 64)) != 0) {
        return rc;
    }
    otlp__put_nonzero64(&writer->at, 0x11, point->start_unix_ns);
    otlp__put_nonzero64(&writer->at, 0x19, point->time_unix_ns);
    otlp__put_nonzero64(&writer->at, 0x21, value->count);
    otlp__put_double(&writer->at, 0x29, value->sum);
    otlp__put_nonzero(&writer->at, 0x30, (uint32_t)((scale << 1) ^ (0u - (scale >> 31))));
    otlp__put_nonzero64(&writer->at, 0x39, value->zero_count);
    rc = put_buckets(writer, 0x42, &value->positive);
    if (rc == 0) {
        rc = put_buckets(writer, 0x4a, &value->negative);
    }
    if (rc == 0 && (rc = otlp__room(writer, 27)) == 0) {
        if (value->count > 0) {
            otlp__put_double(&writer->at, 0x61, value->min);
            otlp__put_double(&writer->at, 0x69, value->max);
        }
        if (value->zero_threshold > 0) {
            otlp__put_double(&writer->at, 0x71, value->zero_threshold);
        }
    }
    return rc;
}

static int put_point(struct otlp__writer *writer, const struct otlp_metric *metric,
                     const struct otlp_point *point)
{
    switch (metric->kind) {
    case OTLP_HISTOGRAM:
        return put_histogram(writer, point);
    case OTLP_EXPONENTIAL_HISTOGRAM:
        return put_exponential(writer, point);
    default:
        return put_number(writer, point, metric->is_double);
    }
}

static int put_points(struct otlp__writer *writer, const struct otlp_metric *metric)
{
    bool is_number = metric->kind < OTLP_HISTOGRAM;
    int rc = 0;
    for (size_t i = 0; i < metric->point_count && rc == 0; i++) {
        size_t length_bytes = is_number && metric->points[i].attribute_count < 3 ? 1 : 2;
        size_t start = 0;
        rc = otlp__room(writer, 1);
        if (rc == 0) {
            otlp__put_byte(&writer->at, 0x0a);
            rc = otlp__length_open(writer, length_bytes, &start);
        }
        if (rc == 0) {
            rc = put_point(writer, metric, &metric->points[i]);
        }
        if (rc == 0) {
            rc = otlp__length_close(writer, length_bytes, start);
        }
    }
    return rc;
}

/* Gauge, Sum, Histogram or ExponentialHistogram, by its tag. */
static int put_data(struct otlp__writer *writer, uint8_t tag, const struct otlp_metric *metric)
{
    size_t length_bytes = metric->point_count > 2 ? 2 : 1;
    size_t start = 0;
    int rc = otlp__room(writer, 1);
    if (rc == 0) {
        otlp__put_byte(&writer->at, tag);
        rc = otlp__length_open(writer, length_bytes, &start);
    }
    if (rc == 0) {
        rc = put_points(writer, metric);
    }
    if (rc == 0 && metric->kind != OTLP_GAUGE && (rc = otlp__room(writer, 13)) == 0) {
        otlp__put_nonzero(&writer->at, 0x10, (uint64_t)metric->temporality);
        otlp__put_nonzero(&writer->at, 0x18, metric->kind == OTLP_COUNTER);
    }
    return rc == 0 ? otlp__length_close(writer, length_bytes, start) : rc;
}

int otlp__put_metric(struct otlp__writer *writer, const struct otlp_metric *metric)
{
    static const uint8_t tags[] = {
        [OTLP_COUNTER] = 0x3a,   [OTLP_UP_DOWN_COUNTER] = 0x3a,       [OTLP_GAUGE] = 0x2a,
        [OTLP_HISTOGRAM] = 0x4a, [OTLP_EXPONENTIAL_HISTOGRAM] = 0x52,
    };
    if (metric->kind < OTLP_COUNTER || metric->kind > OTLP_EXPONENTIAL_HISTOGRAM) {
        return OTLP_EINVAL;
    }
    size_t name_len = otlp__text_len(metric->name);
    size_t description_len = otlp__text_len(metric->description);
    size_t unit_len = otlp__text_len(metric->unit);
    int rc = otlp__room(writer, name_len + description_len + unit_len + 33);
    if (rc != 0) {
        return rc;
    }
    otlp__put_text(&writer->at, 0x0a, metric->name, name_len);
    otlp__put_text(&writer->at, 0x12, metric->description, description_len);
    otlp__put_text(&writer->at, 0x1a, metric->unit, unit_len);
    return put_data(writer, tags[metric->kind], metric);
}
