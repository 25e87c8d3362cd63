#include <otlp/compress.h>

#include <math.h>

static bool is_positive(double value)
{
    return isfinite(value) && value > 0;
}

static bool measure_is_valid(const struct otlp_compression_measure *measure)
{
    return is_positive(measure->ratio) && is_positive(measure->compress_bytes_per_s) &&
           is_positive(measure->decompress_bytes_per_s);
}

static bool weight_is_valid(double weight)
{
    return isfinite(weight) && weight >= 0;
}

static bool policy_is_valid(const struct otlp_compression_policy *policy)
{
    const struct otlp_compression_weights *weights = &policy->weights;
    return weight_is_valid(weights->ratio) && weight_is_valid(weights->compress_speed) &&
           weight_is_valid(weights->decompress_speed) && isfinite(policy->ratio_min) &&
           is_positive(weights->ratio + weights->compress_speed + weights->decompress_speed);
}

static bool competes(const struct otlp_compression_measure *measure,
                     const struct otlp_compression_policy *policy)
{
    return measure->candidate.algorithm != OTLP_COMPRESSION_NONE &&
           measure->ratio >= policy->ratio_min;
}

/* The highest of each figure among those that compete; all 0 when none does. */
static struct otlp_compression_measure best_figures(const struct otlp_compression_measure *measures,
                                                    size_t count,
                                                    const struct otlp_compression_policy *policy)
{
    struct otlp_compression_measure best = {.ratio = 0};
    for (size_t i = 0; i < count; i++) {
        if (competes(&measures[i], policy)) {
            best.ratio = fmax(best.ratio, measures[i].ratio);
            best.compress_bytes_per_s =
                fmax(best.compress_bytes_per_s, measures[i].compress_bytes_per_s);
            best.decompress_bytes_per_s =
                fmax(best.decompress_bytes_per_s, measures[i].decompress_bytes_per_s);
        }
    }
    return best;
}

static double score_of(const struct otlp_compression_measure *measure,
                       const struct otlp_compression_measure *best,
                       const struct otlp_compression_weights *weights)
{
    double total = weights->ratio + weights->compress_speed + weights->decompress_speed;
    double sum =
        weights->ratio * (measure->ratio / best->ratio) +
        weights->compress_speed * (measure->compress_bytes_per_s / best->compress_bytes_per_s) +
        weights->decompress_speed *
            (measure->decompress_bytes_per_s / best->decompress_bytes_per_s);
    return sum / total;
}

int otlp_compression_choose(const struct otlp_compression_measure *measures, size_t measure_count,
                            size_t payload_bytes, const struct otlp_compression_policy *policy,
                            struct otlp_compression_choice *choice)
{
    static const struct otlp_compression_policy default_policy = OTLP_COMPRESSION_POLICY_DEFAULT;
    if (policy == NULL) {
        policy = &default_policy;
    }
    if (!policy_is_valid(policy)) {
        return OTLP_EINVAL;
    }
    for (size_t i = 0; i < measure_count; i++) {
        if (!measure_is_valid(&measures[i])) {
            return OTLP_EINVAL;
        }
    }
    struct otlp_compression_choice chosen = {
        .candidate = {.algorithm = OTLP_COMPRESSION_NONE},
        .index = SIZE_MAX,
    };
    struct otlp_compression_measure best = best_figures(measures, measure_count, policy);
    for (size_t i = 0; i < measure_count && payload_bytes >= policy->payload_bytes_min; i++) {
        if (!competes(&measures[i], policy)) {
            continue;
        }
        double score = score_of(&measures[i], &best, &policy->weights);
        if (chosen.index == SIZE_MAX || score > chosen.score) {
            chosen = (struct otlp_compression_choice){measures[i].candidate, i, score};
        }
    }
    *choice = chosen;
    return 0;
}

static double moved(double old, double observed, double gain)
{
    return old + gain * (observed - old);
}

static double bytes_per_s(size_t bytes, uint64_t duration_ns)
{
    return (double)bytes * 1e9 / (double)duration_ns;
}

int otlp_compression_observe(struct otlp_compression_measure *measure, size_t payload_bytes,
                             size_t compressed_bytes, uint64_t compress_ns, uint64_t decompress_ns,
                             double gain)
{
    if (payload_bytes == 0 || compressed_bytes == 0 || !(gain > 0 && gain <= 1)) {
        return OTLP_EINVAL;
    }
    measure->ratio = moved(measure->ratio, (double)payload_bytes / (double)compressed_bytes, gain);
    if (compress_ns > 0) {
        measure->compress_bytes_per_s =
            moved(measure->compress_bytes_per_s, bytes_per_s(payload_bytes, compress_ns), gain);
    }
    if (decompress_ns > 0) {
        measure->decompress_bytes_per_s =
            moved(measure->decompress_bytes_per_s, bytes_per_s(payload_bytes, decompress_ns), gain);
    }
    return 0;
}
