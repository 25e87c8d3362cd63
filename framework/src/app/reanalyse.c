#include "app/reanalyse.h"
#include "present/result.h"
#include "present/result_complexity.h"

static double setting(const json_t *settings, const char *key, double otherwise)
{
    const json_t *value = json_object_get(settings, key);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

static void analyse(const struct result *result, struct result_benchmark *b)
{
    struct analysis_settings settings = {
        .resamples = (size_t)setting(result->settings, "nresamples", 100000),
        .compare = {.confidence = setting(result->settings, "confidence_level", 0.95),
                    .significance = setting(result->settings, "significance_level", 0.05),
                    .noise_threshold = setting(result->settings, "noise_threshold", 0.01)},
        .seed = result->seed,
        .stream = b->id};
    result_analyse(b, &settings);
}

int reanalyse(const char *path, struct str *out, struct error *error)
{
    struct result result;
    if (result_read(path, &result, error) != 0) {
        return -1;
    }
    for (size_t i = 0; i < result.count; i++) {
        if (result.benchmarks[i].record != NULL) {
            analyse(&result, &result.benchmarks[i]);
        }
    }
    result_scale(&result);
    complexity_find(&result, setting(result.settings, "confidence_level", 0.95));
    result_write(&result, out);
    result_release(&result);
    return 0;
}
