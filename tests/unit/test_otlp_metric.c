#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include <otlp/metric.h>

#define WRITERS 4
#define ADDS    20000

struct fixture {
    struct otlp_meter *meter;
    struct otlp_metric_batch *batch;
    struct otlp_instrument *instrument;
};

static struct fixture make_fixture(enum otlp_temporality temporality,
                                   struct otlp_instrument_spec spec)
{
    struct fixture fixture = {otlp_meter_new(temporality), otlp_metric_batch_new(), NULL};
    assert_non_null(fixture.meter);
    assert_non_null(fixture.batch);
    assert_int_equal(otlp_meter_instrument(fixture.meter, &spec, &fixture.instrument), 0);
    return fixture;
}

static void free_fixture(struct fixture *fixture)
{
    otlp_metric_batch_free(fixture->batch);
    otlp_meter_free(fixture->meter);
}

/* The only metric after a collection, or NULL when there is none. */
static const struct otlp_metric *collect(struct fixture *fixture, uint64_t time_unix_ns)
{
    size_t count = 0;
    assert_int_equal(otlp_meter_collect(fixture->meter, time_unix_ns, fixture->batch), 0);
    const struct otlp_metric *metrics = otlp_metric_batch_metrics(fixture->batch, &count);
    assert_true(count <= 1);
    return metrics;
}

static void test_counter(void **state)
{
    (void)state;
    struct otlp_instrument_spec spec = {
        .kind = OTLP_COUNTER, .name = "requests", .unit = "{request}", .description = "Requests."};
    struct fixture f = make_fixture(OTLP_CUMULATIVE, spec);
    assert_null(collect(&f, 0)); /* nothing measured, nothing reported */
    const struct otlp_attribute get[] = {otlp_attribute_string("method", "GET"),
                                         otlp_attribute_int("status", 200)};
    const struct otlp_attribute reversed[] = {get[1], get[0]};
    const struct otlp_attribute post[] = {otlp_attribute_string("method", "POST"), get[1]};
    assert_int_equal(otlp_counter_add(f.instrument, 2, get, 2), 0);
    assert_int_equal(otlp_counter_add(f.instrument, 3, reversed, 2), 0); /* the same set */
    assert_int_equal(otlp_counter_add(f.instrument, 7, post, 2), 0);
    assert_int_equal(otlp_counter_add(f.instrument, 0, NULL, 0), 0);
    assert_int_equal(otlp_counter_add(f.instrument, -1, get, 2), OTLP_EINVAL);
    const struct otlp_metric *metric = collect(&f, 1000);
    assert_string_equal(metric->name, "requests");
    assert_string_equal(metric->unit, "{request}");
    assert_string_equal(metric->description, "Requests.");
    assert_int_equal(metric->kind, OTLP_COUNTER);
    assert_int_equal(metric->temporality, OTLP_CUMULATIVE);
    assert_int_equal(metric->point_count, 3);
    assert_int_equal(metric->points[0].value.integer, 5);
    assert_int_equal(metric->points[0].attribute_count, 2);
    assert_string_equal(metric->points[0].attributes[0].value.as.string, "GET");
    assert_int_equal(metric->points[0].time_unix_ns, 1000);
    assert_int_equal(metric->points[1].value.integer, 7);
    assert_int_equal(metric->points[2].attribute_count, 0);
    metric = collect(&f, 2000);
    assert_int_equal(metric->points[0].value.integer, 5); /* cumulative: it stays */
    free_fixture(&f);
    otlp_meter_free(NULL);
    otlp_metric_batch_free(NULL);
}

static void test_delta_counter(void **state)
{
    (void)state;
    struct otlp_instrument_spec spec = {.kind = OTLP_COUNTER, .name = "seconds", .is_double = true};
    struct fixture f = make_fixture(OTLP_DELTA, spec);
    const struct otlp_attribute a = otlp_attribute_string("cpu", "a");
    const struct otlp_attribute b = otlp_attribute_string("cpu", "b");
    assert_int_equal(otlp_counter_add_double(f.instrument, 0.5, &a, 1), 0);
    assert_int_equal(otlp_counter_add_double(f.instrument, 0.25, &a, 1), 0);
    assert_int_equal(otlp_counter_add_double(f.instrument, 4, &b, 1), 0);
    const struct otlp_metric *metric = collect(&f, 1000);
    assert_int_equal(metric->temporality, OTLP_DELTA);
    assert_true(metric->is_double);
    assert_int_equal(metric->point_count, 2);
    assert_true(metric->points[0].value.real == 0.75);
    assert_int_equal(otlp_counter_add_double(f.instrument, 8, &b, 1), 0);
    metric = collect(&f, 2000);
    assert_int_equal(metric->point_count, 1); /* only what was measured since */
    assert_true(metric->points[0].value.real == 8);
    assert_int_equal(metric->points[0].start_unix_ns, 1000);
    assert_int_equal(metric->points[0].time_unix_ns, 2000);
    assert_null(collect(&f, 3000));
    free_fixture(&f);
}

static void test_up_down_counter_stays_cumulative(void **state)
{
    (void)state;
    struct otlp_instrument_spec spec = {.kind = OTLP_UP_DOWN_COUNTER, .name = "active"};
    struct fixture f = make_fixture(OTLP_DELTA, spec);
    assert_int_equal(otlp_counter_add(f.instrument, 5, NULL, 0), 0);
    assert_int_equal(collect(&f, 1)->points[0].value.integer, 5);
    assert_int_equal(otlp_counter_add(f.instrument, -7, NULL, 0), 0);
    const struct otlp_metric *metric = collect(&f, 2);
    assert_int_equal(metric->points[0].value.integer, -2);
    assert_int_equal(metric->temporality, OTLP_CUMULATIVE);
    free_fixture(&f);
}

static void test_gauge(void **state)
{
    (void)state;
    struct otlp_instrument_spec spec = {.kind = OTLP_GAUGE, .name = "queue"};
    struct fixture f = make_fixture(OTLP_CUMULATIVE, spec);
    assert_int_equal(otlp_gauge_set(f.instrument, 5, NULL, 0), 0);
    assert_int_equal(otlp_gauge_set(f.instrument, -3, NULL, 0), 0);
    assert_int_equal(collect(&f, 1)->points[0].value.integer, -3);
    assert_int_equal(collect(&f, 2)->points[0].value.integer, -3);
    free_fixture(&f);
    spec.is_double = true;
    f = make_fixture(OTLP_DELTA, spec);
    assert_int_equal(otlp_gauge_set_double(f.instrument, 0.5, NULL, 0), 0);
    assert_true(collect(&f, 1)->points[0].value.real == 0.5);
    assert_null(collect(&f, 2));
    free_fixture(&f);
}

/* Bounds are upper-inclusive; the default ones are the specification's. */
static void test_histogram_buckets(void **state)
{
    (void)state;
    static const double bounds[] = {0,   5,   10,   25,   50,   75,   100,  250,
                                    500, 750, 1000, 2500, 5000, 7500, 10000};
    struct otlp_instrument_spec spec = {.kind = OTLP_HISTOGRAM, .name = "latency", .unit = "ms"};
    struct fixture f = make_fixture(OTLP_CUMULATIVE, spec);
    double sum = 0;
    for (size_t i = 0; i < 15; i++) {
        double above = nextafter(bounds[i], INFINITY);
        assert_int_equal(otlp_histogram_record(f.instrument, bounds[i], NULL, 0), 0);
        assert_int_equal(otlp_histogram_record(f.instrument, above, NULL, 0), 0);
        sum += bounds[i];
        sum += above;
    }
    assert_int_equal(otlp_histogram_record(f.instrument, -8, NULL, 0), 0);
    sum += -8;
    assert_int_equal(otlp_histogram_record(f.instrument, NAN, NULL, 0), OTLP_EINVAL);
    const struct otlp_metric *metric = collect(&f, 0);
    const struct otlp_histogram_value *value = &metric->points[0].value.histogram;
    assert_int_equal(value->bound_count, 15);
    assert_memory_equal(value->bounds, bounds, sizeof bounds);
    assert_int_equal(value->count, 31);
    assert_true(value->sum == sum);
    assert_true(value->min == -8);
    assert_true(value->max == nextafter(10000, INFINITY));
    for (size_t i = 0; i < 16; i++) {
        assert_int_equal(value->bucket_counts[i], i == 15 ? 1 : 2);
    }
    free_fixture(&f);
}

static void test_delta_histogram_starts_again(void **state)
{
    (void)state;
    static const double bounds[] = {1};
    struct otlp_instrument_spec spec = {
        .kind = OTLP_HISTOGRAM, .name = "h", .bounds = bounds, .bound_count = 1};
    struct fixture f = make_fixture(OTLP_DELTA, spec);
    assert_int_equal(otlp_histogram_record(f.instrument, 0.5, NULL, 0), 0);
    assert_int_equal(otlp_histogram_record(f.instrument, 3, NULL, 0), 0);
    assert_int_equal(collect(&f, 1)->points[0].value.histogram.count, 2);
    assert_null(collect(&f, 2));
    assert_int_equal(otlp_histogram_record(f.instrument, 2, NULL, 0), 0);
    const struct otlp_histogram_value *value = &collect(&f, 3)->points[0].value.histogram;
    assert_int_equal(value->count, 1);
    assert_true(value->sum == 2 && value->min == 2 && value->max == 2);
    assert_int_equal(value->bucket_counts[0], 0);
    assert_int_equal(value->bucket_counts[1], 1);
    free_fixture(&f);
}

static void test_histogram_without_bounds(void **state)
{
    (void)state;
    static const double none[] = {0};
    struct otlp_instrument_spec spec = {
        .kind = OTLP_HISTOGRAM, .name = "h", .bounds = none, .bound_count = 0};
    struct fixture f = make_fixture(OTLP_CUMULATIVE, spec);
    assert_int_equal(otlp_histogram_record(f.instrument, 9, NULL, 0), 0);
    const struct otlp_histogram_value *value = &collect(&f, 1)->points[0].value.histogram;
    assert_int_equal(value->bound_count, 0);
    assert_int_equal(value->bucket_counts[0], 1);
    free_fixture(&f);
}

static void test_invalid_instruments(void **state)
{
    (void)state;
    static const double falling[] = {2, 1};
    static const double equal[] = {1, 1};
    static const double infinite[] = {1, INFINITY};
    const struct otlp_instrument_spec specs[] = {
        {.kind = OTLP_COUNTER, .name = NULL},
        {.kind = OTLP_COUNTER, .name = ""},
        {.kind = (enum otlp_metric_kind)0, .name = "x"},
        {.kind = (enum otlp_metric_kind)6, .name = "x"},
        {.kind = OTLP_HISTOGRAM, .name = "x", .bounds = falling, .bound_count = 2},
        {.kind = OTLP_HISTOGRAM, .name = "x", .bounds = equal, .bound_count = 2},
        {.kind = OTLP_HISTOGRAM, .name = "x", .bounds = infinite, .bound_count = 2},
    };
    struct otlp_meter *meter = otlp_meter_new(OTLP_CUMULATIVE);
    struct otlp_instrument *instrument = NULL;
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        assert_int_equal(otlp_meter_instrument(meter, &specs[i], &instrument), OTLP_EINVAL);
        assert_null(instrument);
    }
    otlp_meter_free(meter);
}

static void test_wrong_kind_of_measurement(void **state)
{
    (void)state;
    struct otlp_instrument_spec spec = {.kind = OTLP_COUNTER, .name = "c"};
    struct fixture f = make_fixture(OTLP_CUMULATIVE, spec);
    const struct otlp_attribute no_key = otlp_attribute_int("", 1);
    const struct otlp_attribute twice[] = {otlp_attribute_int("a", 1), otlp_attribute_int("a", 2)};
    assert_int_equal(otlp_counter_add_double(f.instrument, 1, NULL, 0), OTLP_EINVAL);
    assert_int_equal(otlp_gauge_set(f.instrument, 1, NULL, 0), OTLP_EINVAL);
    assert_int_equal(otlp_gauge_set_double(f.instrument, 1, NULL, 0), OTLP_EINVAL);
    assert_int_equal(otlp_histogram_record(f.instrument, 1, NULL, 0), OTLP_EINVAL);
    assert_int_equal(otlp_counter_add(f.instrument, 1, &no_key, 1), OTLP_EINVAL);
    assert_int_equal(otlp_counter_add(f.instrument, 1, twice, 2), OTLP_EINVAL);
    assert_null(collect(&f, 1));
    free_fixture(&f);
}

static void test_bound_stream(void **state)
{
    (void)state;
    struct otlp_instrument_spec spec = {.kind = OTLP_COUNTER, .name = "c"};
    struct fixture f = make_fixture(OTLP_CUMULATIVE, spec);
    const struct otlp_attribute a = otlp_attribute_string("k", "a");
    struct otlp_stream *first = NULL;
    struct otlp_stream *second = NULL;
    assert_int_equal(otlp_instrument_bind(f.instrument, &a, 1, &first), 0);
    assert_int_equal(otlp_instrument_bind(f.instrument, &a, 1, &second), 0);
    assert_ptr_equal(first, second);
    assert_int_equal(otlp_stream_add(first, 3), 0);
    assert_int_equal(otlp_counter_add(f.instrument, 4, &a, 1), 0);
    assert_int_equal(otlp_stream_add(first, -1), OTLP_EINVAL);
    const struct otlp_metric *metric = collect(&f, 1);
    assert_int_equal(metric->point_count, 1);
    assert_int_equal(metric->points[0].value.integer, 7);
    free_fixture(&f);
}

/* 1999 sets have streams of their own, all others share the overflow stream; nothing is lost. */
static void test_cardinality_limit(void **state)
{
    (void)state;
    struct otlp_instrument_spec spec = {.kind = OTLP_COUNTER, .name = "c"};
    struct fixture f = make_fixture(OTLP_CUMULATIVE, spec);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2500; i++) {
            const struct otlp_attribute attribute = otlp_attribute_int("i", i);
            assert_int_equal(otlp_counter_add(f.instrument, 1, &attribute, 1), 0);
        }
    }
    const struct otlp_metric *metric = collect(&f, 1);
    assert_int_equal(metric->point_count, OTLP_STREAMS_MAX);
    for (size_t i = 0; i + 1 < OTLP_STREAMS_MAX; i++) {
        assert_int_equal(metric->points[i].value.integer, 2);
        assert_int_equal(metric->points[i].attributes[0].value.as.integer, i);
    }
    const struct otlp_point *overflow = &metric->points[OTLP_STREAMS_MAX - 1];
    assert_int_equal(overflow->value.integer, 2 * (2500 - 1999));
    assert_string_equal(overflow->attributes[0].key, "otel.metric.overflow");
    assert_true(overflow->attributes[0].value.as.boolean);
    free_fixture(&f);
}

struct shared {
    struct otlp_instrument *counter;
    struct otlp_instrument *histogram;
    atomic_int running;
    atomic_int failures;
};

static void *write_measurements(void *arg)
{
    struct shared *shared = arg;
    for (int i = 0; i < ADDS; i++) {
        const struct otlp_attribute attribute = otlp_attribute_int("i", i % 50);
        if (otlp_counter_add(shared->counter, 2, &attribute, 1) != 0 ||
            otlp_histogram_record(shared->histogram, i % 3, &attribute, 1) != 0) {
            atomic_fetch_add(&shared->failures, 1);
        }
    }
    atomic_fetch_sub(&shared->running, 1);
    return NULL;
}

struct totals {
    uint64_t added;
    uint64_t recorded;
    double sum;
};

static void add_up(struct otlp_meter *meter, struct otlp_metric_batch *batch, struct totals *totals)
{
    size_t count = 0;
    assert_int_equal(otlp_meter_collect(meter, 0, batch), 0);
    const struct otlp_metric *metrics = otlp_metric_batch_metrics(batch, &count);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < metrics[i].point_count; j++) {
            const struct otlp_point *point = &metrics[i].points[j];
            if (metrics[i].kind == OTLP_COUNTER) {
                totals->added += (uint64_t)point->value.integer;
                continue;
            }
            uint64_t in_buckets = 0;
            for (uint32_t k = 0; k <= point->value.histogram.bound_count; k++) {
                in_buckets += point->value.histogram.bucket_counts[k];
            }
            assert_int_equal(in_buckets, point->value.histogram.count);
            totals->recorded += in_buckets;
            totals->sum += point->value.histogram.sum;
        }
    }
}

/* Four writers, who also create the streams, and a delta collector: the deltas add up exactly. */
static void test_threads_lose_nothing(void **state)
{
    (void)state;
    struct otlp_meter *meter = otlp_meter_new(OTLP_DELTA);
    struct otlp_metric_batch *batch = otlp_metric_batch_new();
    struct otlp_instrument_spec counter = {.kind = OTLP_COUNTER, .name = "c"};
    struct otlp_instrument_spec histogram = {.kind = OTLP_HISTOGRAM, .name = "h"};
    struct shared shared = {.running = WRITERS, .failures = 0};
    assert_int_equal(otlp_meter_instrument(meter, &counter, &shared.counter), 0);
    assert_int_equal(otlp_meter_instrument(meter, &histogram, &shared.histogram), 0);
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_measurements, &shared), 0);
    }
    struct totals totals = {0};
    while (atomic_load(&shared.running) > 0) {
        add_up(meter, batch, &totals);
    }
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    add_up(meter, batch, &totals);
    assert_int_equal(atomic_load(&shared.failures), 0);
    assert_int_equal(totals.added, 2 * WRITERS * ADDS);
    assert_int_equal(totals.recorded, WRITERS * ADDS);
    double per_writer = 0;
    for (int i = 0; i < ADDS; i++) {
        per_writer += i % 3;
    }
    assert_true(totals.sum == WRITERS * per_writer);
    otlp_metric_batch_free(batch);
    otlp_meter_free(meter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counter),
        cmocka_unit_test(test_delta_counter),
        cmocka_unit_test(test_up_down_counter_stays_cumulative),
        cmocka_unit_test(test_gauge),
        cmocka_unit_test(test_histogram_buckets),
        cmocka_unit_test(test_delta_histogram_starts_again),
        cmocka_unit_test(test_histogram_without_bounds),
        cmocka_unit_test(test_invalid_instruments),
        cmocka_unit_test(test_wrong_kind_of_measurement),
        cmocka_unit_test(test_bound_stream),
        cmocka_unit_test(test_cardinality_limit),
        cmocka_unit_test(test_threads_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
