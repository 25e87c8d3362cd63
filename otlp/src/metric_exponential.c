#include "metric_exponential.h"

#include <math.h>
#include <string.h>

void otlp__exponential_reset(struct otlp__exponential *exponential)
{
    exponential->scale = OTLP__SCALE_MAX;
    exponential->zero_count = 0;
    exponential->positive.count = 0;
    exponential->negative.count = 0;
}

/* Bounds belong to the bucket below them. A power of two is a bound at every scale and found
 * without a logarithm, which could be off by a bit there. */
int32_t otlp__exponential_index(double value, int32_t scale)
{
    int exponent;
    double fraction = frexp(value, &exponent); /* in [0.5, 1) */
    bool is_power = fraction == 0.5;
    int32_t octave = exponent - 1; /* value is in [2^octave, 2^(octave + 1)) */
    if (scale <= 0) {
        return (octave - is_power) >> -scale;
    }
    if (is_power) {
        return octave * (1 << scale) - 1;
    }
    int32_t within = (int32_t)(log2(2 * fraction) * (double)(1 << scale));
    int32_t last = (1 << scale) - 1;
    return octave * (1 << scale) + (within < last ? within : last);
}

static void coarsen(struct otlp__bucket_range *range, int32_t steps)
{
    if (range->count == 0) {
        return;
    }
    int32_t first = range->first >> steps;
    uint32_t count = 0;
    for (uint32_t i = 0; i < range->count; i++) {
        uint32_t to = (uint32_t)(((range->first + (int32_t)i) >> steps) - first);
        uint64_t counted = range->counts[i];
        if (to == count) {
            range->counts[to] = 0;
            count++;
        }
        range->counts[to] += counted;
    }
    range->first = first;
    range->count = count;
}

/* By how many halvings of the resolution low and high come near enough. */
static int32_t steps_for(int64_t low, int64_t high)
{
    int32_t steps = 0;
    while ((high >> steps) - (low >> steps) >= OTLP_EXPONENTIAL_BUCKETS_MAX) {
        steps++;
    }
    return steps;
}

/* Makes the range reach to an index that there is room for. */
static void reach(struct otlp__bucket_range *range, int32_t index)
{
    if (range->count == 0) {
        range->first = index;
        range->count = 1;
        range->counts[0] = 0;
    }
    while (range->first + (int32_t)range->count <= index) {
        range->counts[range->count++] = 0;
    }
    if (index < range->first) {
        uint32_t shift = (uint32_t)(range->first - index);
        memmove(range->counts + shift, range->counts, range->count * sizeof range->counts[0]);
        memset(range->counts, 0, shift * sizeof range->counts[0]);
        range->first = index;
        range->count += shift;
    }
}

void otlp__exponential_add(struct otlp__exponential *exponential, double value)
{
    if (value == 0) {
        exponential->zero_count++;
        return;
    }
    struct otlp__bucket_range *range = value > 0 ? &exponential->positive : &exponential->negative;
    int32_t index = otlp__exponential_index(fabs(value), exponential->scale);
    if (range->count > 0) {
        int64_t low = range->first;
        int64_t high = low + range->count - 1;
        int32_t steps = steps_for(low < index ? low : index, high > index ? high : index);
        if (steps > 0) {
            coarsen(&exponential->positive, steps);
            coarsen(&exponential->negative, steps);
            exponential->scale -= steps;
            index >>= steps;
        }
    }
    reach(range, index);
    range->counts[index - range->first]++;
}
