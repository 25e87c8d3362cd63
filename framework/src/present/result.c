#include "present/result.h"
#include "base/memory.h"
#include "present/result_regressions.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct result_benchmark *result_add(struct result *result)
{
    if (result->count == result->capacity) {
        result->capacity = result->capacity == 0 ? 16 : result->capacity * 2;
        result->benchmarks =
            memory_resize(result->benchmarks, result->capacity, sizeof *result->benchmarks);
    }
    struct result_benchmark *added = &result->benchmarks[result->count++];
    memset(added, 0, sizeof *added);
    added->threads = 1;
    return added;
}

void result_add_warning(struct result *result, const char *warning)
{
    result->warnings =
        memory_resize(result->warnings, result->warning_count + 1, sizeof *result->warnings);
    result->warnings[result->warning_count++] = memory_text(warning);
}

struct result_benchmark *result_find(const struct result *result, const char *id)
{
    for (size_t i = 0; i < result->count; i++) {
        if (strcmp(result->benchmarks[i].id, id) == 0) {
            return &result->benchmarks[i];
        }
    }
    return NULL;
}

static void release_benchmark(struct result_benchmark *b)
{
    free(b->id);
    free(b->bench);
    for (size_t i = 0; i < b->parameter_count; i++) {
        free(b->parameters[i].axis);
        free(b->parameters[i].word);
    }
    free(b->tags);
    free(b->reason);
    free(b->unit);
    free(b->measured_utc);
    if (b->record != NULL) {
        free(b->record->histogram);
        free(b->record);
    }
    free(b->analysis);
    free(b->regressions);
    if (b->baseline != NULL) {
        free(b->baseline->name);
        free(b->baseline->measured_utc);
        free(b->baseline->commit);
        free(b->baseline->samples);
        free(b->baseline->histogram);
        free(b->baseline);
    }
    free(b->metric_pairs);
    free(b->metric_baseline);
    json_decref(b->carried);
}

void result_release_families(struct result *result)
{
    for (size_t i = 0; i < result->family_count; i++) {
        free(result->families[i].name);
        free(result->families[i].members);
    }
    free(result->families);
    result->families = NULL;
    result->family_count = 0;
}

void result_release(struct result *result)
{
    result_release_families(result);
    for (size_t i = 0; i < result->count; i++) {
        release_benchmark(&result->benchmarks[i]);
    }
    for (size_t i = 0; i < result->warning_count; i++) {
        free(result->warnings[i]);
    }
    free(result->benchmarks);
    free(result->warnings);
    free(result->tool_version);
    free(result->suite);
    free(result->started_utc);
    free(result->commit);
    free(result->build.compiler);
    free(result->build.flags);
    free(result->build.variant);
    json_decref(result->settings);
    memset(result, 0, sizeof *result);
}

void result_analyse(struct result_benchmark *b, const struct analysis_settings *settings)
{
    const struct result_baseline *old = b->baseline;
    const struct record *now = b->record;
    struct analysis_settings own = *settings;
    if (old != NULL && old->reference_ns > 0) {
        own.compare.reference_ratio = now->reference_ns / old->reference_ns;
    }
    b->analysis = memory_zeroed(1, sizeof *b->analysis);
    analysis_run(now->samples, now->sample_count, now->linear, old == NULL ? NULL : old->samples,
                 old == NULL ? 0 : old->sample_count, &own, b->analysis);
    b->has_fairness = scaling_fairness(now, &own, &b->fairness);
    if (now->histogram != NULL) {
        latency_intervals(now->histogram, own.compare.confidence, b->analysis->latency);
    }
    regressions_find(b, &own);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool result_same_family(const struct result_benchmark *a, const struct result_benchmark *b)
{
    bool same = a->parameter_count == b->parameter_count && same_text(a->bench, b->bench);
    for (size_t i = 0; i < a->parameter_count && same; i++) {
        const struct result_parameter *p = &a->parameters[i];
        const struct result_parameter *q = &b->parameters[i];
        same = p->is_word == q->is_word && p->value == q->value && same_text(p->word, q->word);
    }
    return same;
}

/* The member of the benchmark's family on the fewest threads; NULL when it is alone in it, or one
 * has no figure of its own. */
static const struct result_benchmark *base_of(const struct result *result,
                                              const struct result_benchmark *b)
{
    const struct result_benchmark *base = b;
    bool others = false;
    for (size_t i = 0; i < result->count; i++) {
        const struct result_benchmark *other = &result->benchmarks[i];
        if (other->analysis == NULL || !result_same_family(b, other)) {
            continue;
        }
        if (other->below_resolution) {
            return NULL;
        }
        others = others || other->threads != b->threads;
        base = other->threads < base->threads ? other : base;
    }
    return others ? base : NULL;
}

static struct scaling_point point_of(const struct result_benchmark *b)
{
    return (struct scaling_point){b->threads, b->analysis->estimates[STATISTIC_LOWMEAN]};
}

void result_scale(struct result *result)
{
    for (size_t i = 0; i < result->count; i++) {
        struct result_benchmark *b = &result->benchmarks[i];
        const struct result_benchmark *base = b->analysis == NULL ? NULL : base_of(result, b);
        b->scaling = (struct scaling){0};
        if (base != NULL) {
            struct scaling_point of_base = point_of(base);
            struct scaling_point own = point_of(b);
            scaling_of(&of_base, base == b ? &of_base : &own, &b->scaling);
        }
    }
}

void result_compare_metrics(struct result_benchmark *b, const struct record *old, const char *name,
                            const struct gates *gates)
{
    if (old->metrics.count == 0 || b->record->metrics.count == 0) {
        return;
    }
    b->metric_pairs = memory_zeroed(2 * METRICS_MAX, sizeof *b->metric_pairs);
    b->metric_pair_count = gate_pairs(&old->metrics, &b->record->metrics, gates, b->metric_pairs);
    b->metric_baseline = memory_text(name);
}

bool result_gate_failed(const struct result_benchmark *b)
{
    return gate_any_failed(b->metric_pairs, b->metric_pair_count);
}

const char *result_status_name(enum result_status status)
{
    static const char *const names[] = {"measured", "failed", "skipped", "interrupted"};
    return names[status];
}

void result_format_utc(long long unix_seconds, char *text)
{
    time_t when = (time_t)unix_seconds;
    struct tm parts;
    if (gmtime_r(&when, &parts) == NULL || strftime(text, 21, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        memcpy(text, "1970-01-01T00:00:00Z", sizeof "1970-01-01T00:00:00Z");
    }
}
