#include "specimens.h"

#include "specimen_values.h"

#define TIMES          .start_unix_ns = START_NS, .time_unix_ns = START_NS + 1
#define ALL_ATTRIBUTES .attributes = specimen_attributes, .attribute_count = SPECIMEN_ATTRIBUTES

static const struct otlp_attribute one_attribute[] = {{KEY("k"), .value = STRING("v")}};

static const struct otlp_point integers[] = {
    {ALL_ATTRIBUTES, TIMES, .value.integer = INT64_MAX},
    {.attributes = one_attribute, .attribute_count = 1, TIMES, .value.integer = 0},
};
static const struct otlp_point negatives[] = {{TIMES, .value.integer = INT64_MIN}};
static const struct otlp_point reals[] = {
    {ALL_ATTRIBUTES, TIMES, .value.real = -1.5e-300},
    {TIMES, .value.real = 0.0},
};

static const double bounds[] = {-1.5, 0, 1e-9, 0.1, 1e300};
static const uint64_t buckets[] = {1, 0, 2, 0, 3, 1099511627776};
static const struct otlp_point histograms[] = {
    {ALL_ATTRIBUTES, TIMES,
     .value.histogram = {.count = 1099511627782,
                         .sum = 12.25,
                         .min = -2,
                         .max = 2e300,
                         .bounds = bounds,
                         .bucket_counts = buckets,
                         .bound_count = COUNT(bounds)}},
};
static const uint64_t single_bucket[] = {4};
static const struct otlp_point single_buckets[] = {
    {TIMES,
     .value.histogram = {.count = 4, .sum = 0, .min = 0, .max = 0, .bucket_counts = single_bucket}},
};

static const uint64_t positive[] = {1, 0, 300};
static const uint64_t negative[] = {7};
static const struct otlp_point exponentials[] = {
    {ALL_ATTRIBUTES, TIMES,
     .value.exponential = {.count = 310,
                           .sum = -3.5,
                           .min = -9,
                           .max = 8,
                           .zero_count = 2,
                           .zero_threshold = 1e-6,
                           .positive = {positive, COUNT(positive), -3},
                           .negative = {negative, COUNT(negative), 5},
                           .scale = -2}},
};

static const struct otlp_metric metrics[] = {
    {"counter.int", "{thing}", SPECIMEN_TEXT, OTLP_COUNTER, OTLP_CUMULATIVE, false, integers,
     COUNT(integers)},
    {"counter.double", "By", NULL, OTLP_COUNTER, OTLP_DELTA, true, reals, COUNT(reals)},
    {"up.down", NULL, NULL, OTLP_UP_DOWN_COUNTER, OTLP_CUMULATIVE, false, negatives,
     COUNT(negatives)},
    {"gauge.int", NULL, NULL, OTLP_GAUGE, OTLP_CUMULATIVE, false, negatives, COUNT(negatives)},
    {"gauge.double", NULL, NULL, OTLP_GAUGE, OTLP_CUMULATIVE, true, reals, COUNT(reals)},
    {"histogram", "ms", "explicit", OTLP_HISTOGRAM, OTLP_DELTA, false, histograms,
     COUNT(histograms)},
    {"histogram.single", NULL, NULL, OTLP_HISTOGRAM, OTLP_CUMULATIVE, false, single_buckets,
     COUNT(single_buckets)},
    {"exponential", "ms", "exponential", OTLP_EXPONENTIAL_HISTOGRAM, OTLP_CUMULATIVE, false,
     exponentials, COUNT(exponentials)},
};

const struct otlp_metric *specimens_metrics(size_t *count)
{
    *count = COUNT(metrics);
    return metrics;
}
