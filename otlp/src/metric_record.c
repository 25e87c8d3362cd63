#include "metric_internal.h"

#include <math.h>

static uint64_t bits_of(double real)
{
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    return bits;
}

static double real_of(uint64_t bits)
{
    double real;
    memcpy(&real, &bits, sizeof real);
    return real;
}

static bool is_counter(const struct otlp_instrument *instrument, bool is_double)
{
    return (instrument->kind == OTLP_COUNTER || instrument->kind == OTLP_UP_DOWN_COUNTER) &&
           instrument->is_double == is_double;
}

/* A load first, since the flag mostly is set already. The collector clears the flag before it takes
 * the value: a measurement that it missed sees the cleared flag (acquire on the word) and sets it.
 */
static void mark_measured(struct otlp_stream *stream)
{
    if (!atomic_load_explicit(&stream->is_measured, memory_order_relaxed)) {
        atomic_store_explicit(&stream->is_measured, true, memory_order_release);
    }
}

int otlp_stream_add(struct otlp_stream *stream, int64_t value)
{
    const struct otlp_instrument *instrument = stream->instrument;
    if (!is_counter(instrument, false) || (instrument->kind == OTLP_COUNTER && value < 0)) {
        return OTLP_EINVAL;
    }
    atomic_fetch_add_explicit(&stream->as.word, (uint64_t)value, memory_order_acquire);
    mark_measured(stream);
    return 0;
}

int otlp_stream_add_double(struct otlp_stream *stream, double value)
{
    const struct otlp_instrument *instrument = stream->instrument;
    if (!is_counter(instrument, true) || isnan(value) ||
        (instrument->kind == OTLP_COUNTER && value < 0)) {
        return OTLP_EINVAL;
    }
    uint64_t old = atomic_load_explicit(&stream->as.word, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&stream->as.word, &old,
                                                  bits_of(real_of(old) + value),
                                                  memory_order_acquire, memory_order_relaxed)) {
    }
    mark_measured(stream);
    return 0;
}

int otlp_stream_set(struct otlp_stream *stream, int64_t value)
{
    if (stream->instrument->kind != OTLP_GAUGE || stream->instrument->is_double) {
        return OTLP_EINVAL;
    }
    (void)atomic_exchange_explicit(&stream->as.word, (uint64_t)value, memory_order_acquire);
    mark_measured(stream);
    return 0;
}

int otlp_stream_set_double(struct otlp_stream *stream, double value)
{
    if (stream->instrument->kind != OTLP_GAUGE || !stream->instrument->is_double) {
        return OTLP_EINVAL;
    }
    (void)atomic_exchange_explicit(&stream->as.word, bits_of(value), memory_order_acquire);
    mark_measured(stream);
    return 0;
}

/* The first bound that is not below the value; bounds are upper-inclusive. Without a branch in the
 * loop, since which way it goes cannot be predicted. */
static uint32_t bucket_of(const double *bounds, uint32_t bound_count, double value)
{
    uint32_t first = 0;
    uint32_t left = bound_count;
    while (left > 0) {
        uint32_t half = (left + 1) / 2;
        first += bounds[first + half - 1] < value ? half : 0;
        left -= half;
    }
    return first;
}

int otlp_stream_record(struct otlp_stream *stream, double value)
{
    const struct otlp_instrument *instrument = stream->instrument;
    struct otlp__histogram *histogram = &stream->as.histogram;
    bool is_exponential = instrument->kind == OTLP_EXPONENTIAL_HISTOGRAM;
    if (!otlp__is_histogram(instrument) || (is_exponential ? !isfinite(value) : isnan(value))) {
        return OTLP_EINVAL;
    }
    uint32_t bucket =
        is_exponential ? 0 : bucket_of(instrument->bounds, instrument->bound_count, value);
    pthread_mutex_lock(&histogram->lock);
    bool is_first = histogram->count == 0;
    histogram->min = is_first || value < histogram->min ? value : histogram->min;
    histogram->max = is_first || value > histogram->max ? value : histogram->max;
    histogram->sum += value;
    histogram->count++;
    if (is_exponential) {
        otlp__exponential_add(histogram->exponential, value);
    } else {
        histogram->bucket_counts[bucket]++;
    }
    pthread_mutex_unlock(&histogram->lock);
    return 0;
}

int otlp_counter_add(struct otlp_instrument *instrument, int64_t value,
                     const struct otlp_attribute *attributes, size_t count)
{
    struct otlp_stream *stream;
    int rc = otlp_instrument_bind(instrument, attributes, count, &stream);
    return rc != 0 ? rc : otlp_stream_add(stream, value);
}

int otlp_counter_add_double(struct otlp_instrument *instrument, double value,
                            const struct otlp_attribute *attributes, size_t count)
{
    struct otlp_stream *stream;
    int rc = otlp_instrument_bind(instrument, attributes, count, &stream);
    return rc != 0 ? rc : otlp_stream_add_double(stream, value);
}

int otlp_gauge_set(struct otlp_instrument *instrument, int64_t value,
                   const struct otlp_attribute *attributes, size_t count)
{
    struct otlp_stream *stream;
    int rc = otlp_instrument_bind(instrument, attributes, count, &stream);
    return rc != 0 ? rc : otlp_stream_set(stream, value);
}

int otlp_gauge_set_double(struct otlp_instrument *instrument, double value,
                          const struct otlp_attribute *attributes, size_t count)
{
    struct otlp_stream *stream;
    int rc = otlp_instrument_bind(instrument, attributes, count, &stream);
    return rc != 0 ? rc : otlp_stream_set_double(stream, value);
}

int otlp_histogram_record(struct otlp_instrument *instrument, double value,
                          const struct otlp_attribute *attributes, size_t count)
{
    struct otlp_stream *stream;
    int rc = otlp_instrument_bind(instrument, attributes, count, &stream);
    return rc != 0 ? rc : otlp_stream_record(stream, value);
}
