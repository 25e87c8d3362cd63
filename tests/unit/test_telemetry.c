#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zstd.h>

#include "suites/common/telemetry.h"

static struct otlp_buffer request_of(uint64_t seed, enum otlp_signal signal, size_t count,
                                     int attributes)
{
    struct otlp_buffer out = {0};
    struct telemetry *telemetry = telemetry_new(seed);
    assert_non_null(telemetry);
    assert_int_equal(telemetry_request(telemetry, signal, count, attributes, &out), 0);
    telemetry_free(telemetry);
    return out;
}

static bool same_bytes(const struct otlp_buffer *a, const struct otlp_buffer *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static void test_seed_decides_the_bytes(void **state)
{
    (void)state;
    for (int signal = OTLP_TRACES; signal <= OTLP_LOGS; signal++) {
        struct otlp_buffer a = request_of(1, (enum otlp_signal)signal, 50, TELEMETRY_NATURAL);
        struct otlp_buffer b = request_of(1, (enum otlp_signal)signal, 50, TELEMETRY_NATURAL);
        struct otlp_buffer c = request_of(2, (enum otlp_signal)signal, 50, TELEMETRY_NATURAL);
        assert_true(same_bytes(&a, &b));
        assert_false(same_bytes(&a, &c));
        otlp_buffer_release(&a);
        otlp_buffer_release(&b);
        otlp_buffer_release(&c);
    }
}

/* FNV-1a of the bytes, the same for every compiler and optimisation. Change the figures only with
 * the generator, and say so: saved baselines then compare different payloads. */
static uint64_t hash_of(const struct otlp_buffer *bytes)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < bytes->len; i++) {
        hash = (hash ^ bytes->data[i]) * 0x100000001b3u;
    }
    return hash;
}

static void test_bytes_are_the_same_everywhere(void **state)
{
    (void)state;
    static const uint64_t expected[] = {0xb16c671f7b93931au, 0xb256aa067b43e048u,
                                        0x3a9033e9ccc7d919u};
    for (int signal = OTLP_TRACES; signal <= OTLP_LOGS; signal++) {
        struct otlp_buffer bytes =
            request_of(42, (enum otlp_signal)signal, 1000, TELEMETRY_NATURAL);
        assert_int_equal(hash_of(&bytes), expected[signal]);
        otlp_buffer_release(&bytes);
    }
}

static void test_requests_hold_what_was_asked_for(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 7, 8, 9, 100, 1000};
    for (int signal = OTLP_TRACES; signal <= OTLP_LOGS; signal++) {
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            struct otlp_buffer bytes =
                request_of(5, (enum otlp_signal)signal, counts[i], TELEMETRY_NATURAL);
            struct otlp_request *request = NULL;
            assert_int_equal(
                otlp_request_unpack((enum otlp_signal)signal, bytes.data, bytes.len, &request), 0);
            assert_int_equal(otlp_request_items(request), counts[i]);
            otlp_request_free(request);
            otlp_buffer_release(&bytes);
        }
    }
}

static void test_successive_payloads_differ(void **state)
{
    (void)state;
    struct telemetry *telemetry = telemetry_new(3);
    struct otlp_buffer a = {0};
    struct otlp_buffer b = {0};
    for (int signal = OTLP_TRACES; signal <= OTLP_LOGS; signal++) {
        assert_int_equal(
            telemetry_request(telemetry, (enum otlp_signal)signal, 20, TELEMETRY_NATURAL, &a), 0);
        assert_int_equal(
            telemetry_request(telemetry, (enum otlp_signal)signal, 20, TELEMETRY_NATURAL, &b), 0);
        assert_false(same_bytes(&a, &b));
        a.len = b.len = 0;
    }
    otlp_buffer_release(&a);
    otlp_buffer_release(&b);
    telemetry_free(telemetry);
    telemetry_free(NULL);
}

static void test_exact_number_of_attributes(void **state)
{
    (void)state;
    static const int numbers[] = {0, 1, 5, 10, 20, 50, 100, 128};
    struct telemetry *telemetry = telemetry_new(9);
    struct otlp_log_batch *batch = otlp_log_batch_new(NULL);
    for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
        struct otlp_span *spans[40];
        assert_int_equal(telemetry_spans(telemetry, 40, numbers[n], spans), 0);
        for (size_t i = 0; i < 40; i++) {
            const struct otlp_span_data *data = otlp_span_get_data(spans[i]);
            assert_int_equal(data->attribute_count, numbers[n]);
            assert_int_equal(data->dropped_attributes, 0);
            otlp_span_free(spans[i]);
        }
        otlp_log_batch_reset(batch);
        assert_int_equal(telemetry_logs(telemetry, 40, numbers[n], batch), 0);
        size_t count = 0;
        const struct otlp_log_record *records = otlp_log_batch_records(batch, &count);
        assert_int_equal(count, 40);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(records[i].attribute_count, numbers[n]);
        }
        const struct otlp_metric *metrics;
        size_t metric_count;
        assert_int_equal(telemetry_metrics(telemetry, 40, numbers[n], &metrics, &metric_count), 0);
        for (size_t i = 0; i < metric_count; i++) {
            for (size_t j = 0; j < metrics[i].point_count; j++) {
                assert_int_equal(metrics[i].points[j].attribute_count, numbers[n]);
            }
        }
    }
    struct otlp_span *none;
    assert_int_equal(telemetry_spans(telemetry, 1, -2, &none), OTLP_EINVAL);
    assert_int_equal(telemetry_spans(telemetry, 1, 129, &none), OTLP_EINVAL);
    otlp_log_batch_free(batch);
    telemetry_free(telemetry);
}

struct census {
    size_t kinds[6];
    size_t roots;
    size_t remote_parents;
    size_t errors;
    size_t exceptions;
    size_t links;
    size_t attributes_min;
    size_t attributes_max;
};

static struct census count_all(struct otlp_span *const *spans, size_t count)
{
    struct census census = {.attributes_min = SIZE_MAX};
    for (size_t i = 0; i < count; i++) {
        const struct otlp_span_data *data = otlp_span_get_data(spans[i]);
        census.kinds[data->kind]++;
        census.roots += !otlp_span_id_is_valid(data->parent_span_id);
        census.remote_parents += data->parent_is_remote;
        census.errors += data->status_code == OTLP_STATUS_ERROR;
        census.links += data->link_count;
        for (uint32_t j = 0; j < data->event_count; j++) {
            census.exceptions += strcmp(data->events[j].name, "exception") == 0;
            assert_true(data->events[j].time_unix_ns >= data->start_unix_ns);
            assert_true(data->events[j].time_unix_ns <= data->end_unix_ns);
        }
        assert_true(data->start_unix_ns < data->end_unix_ns);
        census.attributes_min = data->attribute_count < census.attributes_min
                                    ? data->attribute_count
                                    : census.attributes_min;
        census.attributes_max = data->attribute_count > census.attributes_max
                                    ? data->attribute_count
                                    : census.attributes_max;
    }
    return census;
}

/* The shares that the header states, over 20,000 spans (about 3,300 traces). */
static void test_the_stated_mix(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct telemetry *telemetry = telemetry_new(77);
    struct otlp_span **spans = malloc(COUNT * sizeof *spans);
    assert_non_null(spans);
    assert_int_equal(telemetry_spans(telemetry, COUNT, TELEMETRY_NATURAL, spans), 0);
    struct census census = count_all(spans, COUNT);
    size_t traces = census.kinds[OTLP_SPAN_KIND_SERVER];
    size_t children = COUNT - traces;
    assert_in_range(traces, COUNT / 7, COUNT / 5);
    assert_in_range(census.kinds[OTLP_SPAN_KIND_CLIENT], children * 67 / 100, children * 73 / 100);
    assert_in_range(census.kinds[OTLP_SPAN_KIND_INTERNAL], children * 18 / 100,
                    children * 22 / 100);
    assert_in_range(census.kinds[OTLP_SPAN_KIND_PRODUCER], children * 8 / 100, children * 12 / 100);
    assert_in_range(census.roots, traces * 21 / 100, traces * 29 / 100);
    assert_int_equal(census.roots + census.remote_parents, traces);
    assert_in_range(census.errors, traces * 3 / 100, traces * 9 / 100); /* server and last child */
    assert_int_equal(census.exceptions, census.errors);
    assert_true(census.links > 0);
    assert_int_equal(census.attributes_min, 7);
    assert_int_equal(census.attributes_max, 15);
    for (size_t i = 0; i < COUNT; i++) {
        otlp_span_free(spans[i]);
    }
    free(spans);
    telemetry_free(telemetry);
}

static double ratio_of(struct otlp_buffer *bytes)
{
    size_t capacity = ZSTD_compressBound(bytes->len);
    void *compressed = malloc(capacity);
    assert_non_null(compressed);
    size_t size = ZSTD_compress(compressed, capacity, bytes->data, bytes->len, 3);
    assert_false(ZSTD_isError(size));
    free(compressed);
    return (double)bytes->len / (double)size;
}

/* As production data does: 3 to 7 times for spans and logs. Metric points repeat more. */
static void test_compresses_like_production_data(void **state)
{
    (void)state;
    static const size_t counts[] = {100, 500};
    for (uint64_t seed = 1; seed <= 5; seed++) {
        for (size_t i = 0; i < 2; i++) {
            struct otlp_buffer spans = request_of(seed, OTLP_TRACES, counts[i], TELEMETRY_NATURAL);
            struct otlp_buffer logs = request_of(seed, OTLP_LOGS, counts[i], TELEMETRY_NATURAL);
            struct otlp_buffer points =
                request_of(seed, OTLP_METRICS, counts[i], TELEMETRY_NATURAL);
            double span_ratio = ratio_of(&spans);
            double log_ratio = ratio_of(&logs);
            double point_ratio = ratio_of(&points);
            assert_true(span_ratio > 3 && span_ratio < 7);
            assert_true(log_ratio > 3 && log_ratio < 7);
            assert_true(point_ratio > 3 && point_ratio < 12);
            otlp_buffer_release(&spans);
            otlp_buffer_release(&logs);
            otlp_buffer_release(&points);
        }
    }
}

/* Each histogram is one by the rules of the protocol. */
static void test_histograms_are_consistent(void **state)
{
    (void)state;
    struct telemetry *telemetry = telemetry_new(4);
    const struct otlp_metric *metrics;
    size_t metric_count;
    size_t histograms = 0;
    assert_int_equal(telemetry_metrics(telemetry, 400, TELEMETRY_NATURAL, &metrics, &metric_count),
                     0);
    for (size_t i = 0; i < metric_count; i++) {
        for (size_t j = 0; metrics[i].kind == OTLP_HISTOGRAM && j < metrics[i].point_count; j++) {
            const struct otlp_histogram_value *value = &metrics[i].points[j].value.histogram;
            uint64_t count = 0;
            for (uint32_t k = 0; k <= value->bound_count; k++) {
                count += value->bucket_counts[k];
                assert_true(k < 1 || k == value->bound_count ||
                            value->bounds[k] > value->bounds[k - 1]);
            }
            assert_int_equal(count, value->count);
            assert_true(value->min <= value->max);
            histograms++;
        }
    }
    assert_int_equal(histograms, 150);
    telemetry_free(telemetry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seed_decides_the_bytes),
        cmocka_unit_test(test_bytes_are_the_same_everywhere),
        cmocka_unit_test(test_requests_hold_what_was_asked_for),
        cmocka_unit_test(test_successive_payloads_differ),
        cmocka_unit_test(test_exact_number_of_attributes),
        cmocka_unit_test(test_the_stated_mix),
        cmocka_unit_test(test_compresses_like_production_data),
        cmocka_unit_test(test_histograms_are_consistent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
