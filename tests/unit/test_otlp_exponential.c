/*
 * Exponential histograms from outside: which buckets values come into, how the scale adjusts, what
 * a collection takes, and what is on the wire.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <otlp.h>

#include "guarded.h"

struct meter {
    struct otlp_meter *meter;
    struct otlp_instrument *instrument;
    struct otlp_metric_batch *batch;
};

static void meter_make(struct meter *m, enum otlp_temporality temporality)
{
    const struct otlp_instrument_spec spec = {.kind = OTLP_EXPONENTIAL_HISTOGRAM, .name = "h"};
    m->meter = otlp_meter_new(temporality);
    m->batch = otlp_metric_batch_new();
    assert_int_equal(otlp_meter_instrument(m->meter, &spec, &m->instrument), 0);
}

static void meter_free(struct meter *m)
{
    otlp_metric_batch_free(m->batch);
    otlp_meter_free(m->meter);
}

static void record(struct meter *m, double value)
{
    assert_int_equal(otlp_histogram_record(m->instrument, value, NULL, 0), 0);
}

/* The one point; NULL when there is none. */
static const struct otlp_exponential_value *collect(struct meter *m)
{
    size_t count;
    assert_int_equal(otlp_meter_collect(m->meter, 1, m->batch), 0);
    const struct otlp_metric *metrics = otlp_metric_batch_metrics(m->batch, &count);
    if (count == 0) {
        return NULL;
    }
    assert_int_equal(metrics->kind, OTLP_EXPONENTIAL_HISTOGRAM);
    assert_int_equal(metrics->point_count, 1);
    return &metrics->points[0].value.exponential;
}

static uint64_t sum_of(const struct otlp_buckets *buckets)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < buckets->count; i++) {
        sum += buckets->counts[i];
    }
    return sum;
}

/* The bucket with base^i < value <= base^(i + 1), computed with more digits than a double has. */
static long bucket_of(double value, int scale)
{
    return (long)ceill(ldexpl(log2l((long double)value), scale)) - 1;
}

/* Recorded one by one, every value is in the bucket that the definition says. */
static void test_values_are_in_their_buckets(void **state)
{
    static const double spreads[] = {1e-9, 0.001, 0.5, 3, 20, 300};
    unsigned long seed = 77;
    (void)state;
    for (size_t s = 0; s < sizeof spreads / sizeof spreads[0]; s++) {
        struct meter m;
        double values[500];
        meter_make(&m, OTLP_CUMULATIVE);
        for (size_t i = 0; i < 500; i++) {
            values[i] = exp2((double)(random_next(&seed) % 100000) / 1e5 * spreads[s]) * 0.7;
            record(&m, i % 3 == 0 ? -values[i] : values[i]);
        }
        const struct otlp_exponential_value *point = collect(&m);
        assert_true(point->positive.count <= OTLP_EXPONENTIAL_BUCKETS_MAX);
        assert_true(point->negative.count <= OTLP_EXPONENTIAL_BUCKETS_MAX);
        uint64_t expected[2][OTLP_EXPONENTIAL_BUCKETS_MAX] = {{0}};
        for (size_t i = 0; i < 500; i++) {
            const struct otlp_buckets *range = i % 3 == 0 ? &point->negative : &point->positive;
            long at = bucket_of(values[i], point->scale) - range->offset;
            assert_in_range(at, 0, range->count - 1);
            expected[i % 3 == 0][at]++;
        }
        assert_memory_equal(point->positive.counts, expected[0],
                            point->positive.count * sizeof(uint64_t));
        assert_memory_equal(point->negative.counts, expected[1],
                            point->negative.count * sizeof(uint64_t));
        assert_int_equal(point->count, 500);
        meter_free(&m);
    }
}

/* A bound belongs to the bucket below it, at every scale. */
static void test_powers_of_two(void **state)
{
    (void)state;
    for (int octaves = 1; octaves < 900; octaves = 2 * octaves + 1) {
        struct meter m;
        meter_make(&m, OTLP_CUMULATIVE);
        record(&m, 1);
        record(&m, exp2(octaves));
        record(&m, exp2(-octaves));
        const struct otlp_exponential_value *point = collect(&m);
        int scale = point->scale;
        const struct otlp_buckets *range = &point->positive;
        long last = scale >= 0 ? octaves * (1L << scale) - 1 : (octaves - 1) >> -scale;
        long first = scale >= 0 ? -octaves * (1L << scale) - 1 : (-octaves - 1) >> -scale;
        assert_int_equal(range->offset, first);
        assert_int_equal(range->offset + (long)range->count - 1, last);
        assert_int_equal(range->counts[-1 - first], 1);
        meter_free(&m);
    }
}

static void test_scale_adjusts(void **state)
{
    struct meter m;
    (void)state;
    meter_make(&m, OTLP_CUMULATIVE);
    record(&m, 3.7);
    assert_int_equal(collect(&m)->scale, 20);
    record(&m, -3.7);
    assert_int_equal(collect(&m)->scale, 20); /* one value on either side */
    for (int i = 2; i <= 1000; i++) {
        record(&m, i);
    }
    const struct otlp_exponential_value *point = collect(&m);
    assert_int_equal(point->scale, 4);
    assert_int_equal(point->count, 1001);
    assert_int_equal(sum_of(&point->positive), 1000);
    assert_int_equal(sum_of(&point->negative), 1);
    assert_true(point->min == -3.7 && point->max == 1000);
    meter_free(&m);
}

static void test_the_widest_spread(void **state)
{
    struct meter m;
    (void)state;
    meter_make(&m, OTLP_CUMULATIVE);
    record(&m, DBL_TRUE_MIN);
    record(&m, DBL_MAX);
    record(&m, DBL_MIN);
    record(&m, 0);
    record(&m, -0.0);
    const struct otlp_exponential_value *point = collect(&m);
    assert_int_equal(point->scale, -4);
    assert_int_equal(sum_of(&point->positive), 3);
    assert_int_equal(point->zero_count, 2);
    assert_int_equal(point->count, 5);
    assert_int_equal(otlp_histogram_record(m.instrument, (double)NAN, NULL, 0), OTLP_EINVAL);
    assert_int_equal(otlp_histogram_record(m.instrument, (double)INFINITY, NULL, 0), OTLP_EINVAL);
    assert_int_equal(otlp_histogram_record(m.instrument, -(double)INFINITY, NULL, 0), OTLP_EINVAL);
    assert_int_equal(otlp_counter_add(m.instrument, 1, NULL, 0), OTLP_EINVAL);
    assert_int_equal(collect(&m)->count, 5);
    meter_free(&m);
}

static void test_delta_begins_anew(void **state)
{
    struct meter m;
    (void)state;
    meter_make(&m, OTLP_DELTA);
    record(&m, 1);
    record(&m, 1000000);
    record(&m, 0);
    assert_true(collect(&m)->scale < 20);
    assert_null(collect(&m));
    record(&m, 5);
    const struct otlp_exponential_value *point = collect(&m);
    assert_int_equal(point->scale, 20);
    assert_int_equal(point->count, 1);
    assert_int_equal(point->zero_count, 0);
    assert_int_equal(point->positive.count, 1);
    assert_true(point->sum == 5 && point->min == 5 && point->max == 5);
    meter_free(&m);
}

static void test_on_the_wire(void **state)
{
    struct meter m;
    struct otlp_buffer bytes = {0};
    size_t count;
    (void)state;
    meter_make(&m, OTLP_DELTA);
    for (int i = -20; i < 50; i++) {
        record(&m, i);
    }
    const struct otlp_exponential_value *value = collect(&m);
    const struct otlp_metric *metrics = otlp_metric_batch_metrics(m.batch, &count);
    assert_int_equal(otlp_encode_metrics(NULL, NULL, metrics, count, &bytes), 0);
    struct otlp_document *document = otlp_document_new();
    assert_int_equal(otlp_document_decode(document, OTLP_METRICS, bytes.data, bytes.len, 0), 0);
    const struct otlp_metric_view *metric =
        otlp_document_groups(document, &count)[0].scopes[0].items.metrics;
    assert_int_equal(metric->type, OTLP_METRIC_EXPONENTIAL_HISTOGRAM);
    assert_int_equal(metric->data.temporality, OTLP_DELTA);
    const struct otlp_exponential_point *point = metric->data.points.exponentials;
    assert_int_equal(point->count, 70);
    assert_int_equal(point->zero_count, 1);
    assert_int_equal(point->scale, value->scale);
    assert_int_equal(point->positive.offset, value->positive.offset);
    assert_int_equal(point->positive.counts.count, value->positive.count);
    assert_memory_equal(point->positive.counts.items, value->positive.counts,
                        value->positive.count * sizeof(uint64_t));
    assert_int_equal(point->negative.counts.count, value->negative.count);
    assert_true(point->has_sum && point->has_min && point->has_max && point->min == -20);
    otlp_document_free(document);
    otlp_buffer_release(&bytes);
    meter_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_in_their_buckets),
        cmocka_unit_test(test_powers_of_two),
        cmocka_unit_test(test_scale_adjusts),
        cmocka_unit_test(test_the_widest_spread),
        cmocka_unit_test(test_delta_begins_anew),
        cmocka_unit_test(test_on_the_wire),
    };
    return cmocka_run_group_tests_name("otlp_exponential", tests, NULL, NULL);
}
