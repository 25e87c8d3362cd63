#include "base/json_writer.h"
#include "present/document.h"
#include "present/harness_cost.h"
#include "present/metrics.h"
#include "present/result.h"
#include "present/result_complexity.h"
#include "present/result_latency.h"
#include "present/result_regressions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_estimate(struct json_writer *w, const char *key, const struct estimate *e,
                         const double *r_squared)
{
    json_begin_object_line(w, key);
    json_add_double(w, "point", e->point);
    json_add_double(w, "lower", e->lower);
    json_add_double(w, "upper", e->upper);
    json_add_double(w, "standard_error", e->standard_error);
    if (r_squared != NULL) {
        json_add_double(w, "r_squared", *r_squared);
    }
    json_end(w);
}

static void add_samples(struct json_writer *w, const struct sample *samples, size_t count,
                        bool with_disturbance)
{
    json_begin_object(w, "samples");
    json_begin_array_line(w, "iterations");
    for (size_t i = 0; i < count; i++) {
        json_add_int(w, NULL, (int64_t)samples[i].iterations);
    }
    json_end(w);
    json_begin_array_line(w, "time_ns");
    for (size_t i = 0; i < count; i++) {
        json_add_double(w, NULL, samples[i].time_ns);
    }
    json_end(w);
    if (with_disturbance) {
        json_begin_array_line(w, "involuntary_switches");
        for (size_t i = 0; i < count; i++) {
            json_add_int(w, NULL, samples[i].involuntary_switches);
        }
        json_end(w);
        json_begin_array_line(w, "page_faults");
        for (size_t i = 0; i < count; i++) {
            json_add_int(w, NULL, samples[i].page_faults);
        }
        json_end(w);
    }
    json_end(w);
}

/* What each thread did in the samples. */
static void add_threads(struct json_writer *w, const struct record *record)
{
    json_begin_array(w, "thread_samples");
    for (unsigned thread = 0; thread < record->threads; thread++) {
        json_begin_object(w, NULL);
        json_add_int(w, "thread", thread);
        json_begin_array_line(w, "iterations");
        for (size_t i = 0; i < record->sample_count; i++) {
            json_add_int(w, NULL, (int64_t)record_of_threads(record, i)[thread].iterations);
        }
        json_end(w);
        json_begin_array_line(w, "time_ns");
        for (size_t i = 0; i < record->sample_count; i++) {
            json_add_double(w, NULL, record_of_threads(record, i)[thread].time_ns);
        }
        json_end(w);
        json_end(w);
    }
    json_end(w);
}

static void add_scaling(struct json_writer *w, const struct result_benchmark *b)
{
    if (b->record->oversubscribed) {
        json_add_bool(w, "oversubscribed", true);
    }
    if (b->record->threads > 0) {
        add_threads(w, b->record);
    }
    if (b->has_fairness) {
        add_estimate(w, "fairness", &b->fairness, NULL);
    }
    if (b->scaling.base_threads > 0) {
        json_begin_object(w, "scaling");
        json_add_int(w, "base_threads", b->scaling.base_threads);
        add_estimate(w, "iterations_per_s", &b->scaling.iterations_per_s, NULL);
        add_estimate(w, "speed_up", &b->scaling.speed_up, NULL);
        add_estimate(w, "efficiency", &b->scaling.efficiency, NULL);
        json_end(w);
    }
}

static void add_build(struct json_writer *w, const struct result_build *build)
{
    json_begin_object(w, "build");
    json_add_text(w, "compiler", build->compiler);
    json_add_text(w, "flags", build->flags);
    json_add_text(w, "variant", build->variant);
    json_add_bool(w, "optimised", build->optimised);
    json_end(w);
}

/* Shares that were not worked out are null. */
static void add_share(struct json_writer *w, const char *key, bool known, double share)
{
    if (known) {
        json_add_double(w, key, round(share * 1e6) / 1e6);
    } else {
        json_add_null(w, key);
    }
}

static void add_stability(struct json_writer *w, const struct stability *s)
{
    char grade[2] = {s->grade, '\0'};
    bool graded = s->grade != 0;
    json_begin_object(w, "stability");
    json_add_text(w, "grade", graded ? grade : NULL);
    add_share(w, "slowed_share", graded, s->slowed_share);
    add_share(w, "slowed_10_share", graded, s->slowed_10_share);
    add_share(w, "variation", graded, s->variation);
    add_share(w, "steal_share", true, s->steal_share);
    add_share(w, "switches_per_s", true, s->switches_per_s);
    json_add_int(w, "observations", (int64_t)s->observations);
    json_add_double(w, "seconds", round(s->seconds * 1e3) / 1e3);
    json_end(w);
}

static void add_context(struct json_writer *w, const struct result *r)
{
    document_add_kind(w, RESULT_SCHEMA, r->method, r->tool_version);
    json_add_text(w, "suite", r->suite);
    json_add_text(w, "started_utc", r->started_utc);
    json_add_double(w, "duration_s", r->duration_s);
    json_add_bool(w, "complete", r->complete);
    if (r->commit == NULL) {
        json_add_null(w, "commit");
    } else {
        json_begin_object_line(w, "commit");
        json_add_text(w, "id", r->commit);
        json_add_bool(w, "dirty", r->dirty);
        json_end(w);
    }
    add_build(w, &r->build);
    document_add_host(w, &r->host);
    document_add_clock(w, &r->clock);
    if (r->has_loop) {
        add_estimate(w, "loop_ns", &r->loop_ns, NULL);
    } else {
        json_add_null(w, "loop_ns");
    }
    json_begin_object(w, "environment");
    document_add_texts(w, "warnings", r->warnings, r->warning_count);
    if (r->has_stability) {
        add_stability(w, &r->stability);
    }
    json_end(w);
    json_add_value(w, "settings", r->settings);
    json_add_int(w, "seed", (int64_t)r->seed);
}

static void add_parameters(struct json_writer *w, const struct result_benchmark *b)
{
    json_begin_array_line(w, "parameters");
    for (size_t i = 0; i < b->parameter_count; i++) {
        const struct result_parameter *p = &b->parameters[i];
        json_begin_object_line(w, NULL);
        json_add_text(w, "name", p->axis);
        if (p->is_word) {
            json_add_text(w, "value", p->word);
        } else {
            json_add_int(w, "value", p->value);
        }
        json_end(w);
    }
    json_end(w);
}

static void add_tags(struct json_writer *w, const char *tags)
{
    json_begin_array_line(w, "tags");
    for (const char *at = tags == NULL ? "" : tags; *(at += strspn(at, " ")) != '\0';) {
        size_t length = strcspn(at, " ");
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)(length < 63 ? length : 63), at);
        json_add_text(w, NULL, word);
        at += length;
    }
    json_end(w);
}

static void add_throughput(struct json_writer *w, const struct record *record)
{
    json_begin_array_line(w, "throughput");
    if (record->bytes_per_iteration > 0) {
        json_begin_object_line(w, NULL);
        json_add_text(w, "kind", "bytes");
        json_add_int(w, "per_iteration", (int64_t)record->bytes_per_iteration);
        json_end(w);
    }
    if (record->elements_per_iteration > 0) {
        json_begin_object_line(w, NULL);
        json_add_text(w, "kind", "elements");
        json_add_int(w, "per_iteration", (int64_t)record->elements_per_iteration);
        json_end(w);
    }
    json_end(w);
}

static void add_counters(struct json_writer *w, const struct record *record)
{
    json_begin_array(w, "counters");
    for (size_t i = 0; i < record->counter_count; i++) {
        const struct record_counter *c = &record->counters[i];
        json_begin_object_line(w, NULL);
        json_add_text(w, "name", c->name);
        json_add_double(w, "value", c->value);
        json_add_text(w, "unit", c->unit[0] == '\0' ? NULL : c->unit);
        json_end(w);
    }
    json_end(w);
}

static void add_outliers(struct json_writer *w, const struct outliers *o)
{
    json_begin_object_line(w, "outliers");
    json_add_int(w, "low_severe", (int64_t)o->low_severe);
    json_add_int(w, "low_mild", (int64_t)o->low_mild);
    json_add_int(w, "high_mild", (int64_t)o->high_mild);
    json_add_int(w, "high_severe", (int64_t)o->high_severe);
    json_begin_array_line(w, "fences_ns");
    for (size_t i = 0; i < 4; i++) {
        json_add_double(w, NULL, o->fences[i]);
    }
    json_end(w);
    json_add_double(w, "variance_share", o->variance_share);
    json_add_double(w, "mean_shift", o->mean_shift);
    json_add_text(w, "effect", outliers_effect_name(o->effect));
    json_end(w);
}

static void add_comparison(struct json_writer *w, const struct result_benchmark *b)
{
    const struct analysis *a = b->analysis;
    if (b->baseline == NULL || !a->compared) {
        json_add_null(w, "comparison");
        return;
    }
    json_begin_object(w, "comparison");
    json_add_text(w, "kind", "stored");
    json_begin_object(w, "baseline");
    json_add_text(w, "name", b->baseline->name);
    json_add_text(w, "measured_utc", b->baseline->measured_utc);
    json_add_text(w, "commit", b->baseline->commit);
    json_add_double(w, "reference_ns", b->baseline->reference_ns);
    add_samples(w, b->baseline->samples, b->baseline->sample_count, false);
    json_add_double(w, "lowmean_ns", a->old_lowmean);
    document_add_curve(w, "density", "", &a->old_density);
    if (b->baseline->latency.count > 0) {
        latency_write(w, &b->baseline->latency, b->baseline->histogram, NULL);
    }
    json_end(w);
    add_estimate(w, "change", &a->comparison.change, NULL);
    json_add_double(w, "p_value", a->comparison.p_value);
    json_add_text(w, "verdict", compare_verdict_name(a->comparison.verdict));
    json_add_double(w, "smallest_detectable_change", a->comparison.smallest_detectable_change);
    json_add_double(w, "drift", a->comparison.drift);
    json_end(w);
}

static void add_metric_comparison(struct json_writer *w, const struct result_benchmark *b)
{
    if (b->metric_pairs == NULL) {
        return;
    }
    json_begin_object(w, "metric_comparison");
    json_add_text(w, "baseline", b->metric_baseline);
    metrics_add_pairs(w, "pairs", b->metric_pairs, b->metric_pair_count);
    json_end(w);
}

static void add_analysis(struct json_writer *w, const struct result_benchmark *b)
{
    const struct analysis *a = b->analysis;
    char name[32];
    json_begin_object(w, "estimates");
    for (size_t s = 0; s < STATISTICS; s++) {
        snprintf(name, sizeof name, "%s_ns", analysis_statistic_name((enum statistic)s));
        if (s == STATISTIC_SLOPE && !a->has_slope) {
            json_add_null(w, name);
        } else {
            add_estimate(w, name, &a->estimates[s], s == STATISTIC_SLOPE ? &a->r_squared : NULL);
        }
    }
    json_end(w);
    json_add_bool(w, "below_resolution", b->below_resolution);
    add_outliers(w, &a->outliers);
    document_add_curve(w, "density", "", &a->density);
    json_begin_object(w, "bootstrap");
    for (size_t s = 0; s < STATISTICS; s++) {
        if (s != STATISTIC_SLOPE || a->has_slope) {
            snprintf(name, sizeof name, "%s_ns", analysis_statistic_name((enum statistic)s));
            document_add_curve(w, name, "", &a->curves[s]);
        }
    }
    json_end(w);
}

static void add_measured(struct json_writer *w, const struct result_benchmark *b)
{
    static const char *const stops[] = {"complete", "precision", "time"};
    json_add_text(w, "unit", b->unit);
    json_add_text(w, "measured_utc", b->measured_utc);
    add_throughput(w, b->record);
    json_add_text(w, "sampling", b->record->linear ? "linear" : "flat");
    json_begin_object_line(w, "warm_up");
    json_add_int(w, "iterations", (int64_t)b->record->warm_up_iterations);
    json_add_double(w, "time_ns", b->record->warm_up_ns);
    json_end(w);
    json_add_text(w, "stopped", stops[b->record->stop]);
    json_add_int(w, "retaken", (int64_t)b->record->retaken);
    json_add_double(w, "other_cpus", b->record->other_cpus);
    json_add_double(w, "reference_ns", b->record->reference_ns);
    add_samples(w, b->record->samples, b->record->sample_count, true);
    add_scaling(w, b);
    add_analysis(w, b);
    add_counters(w, b->record);
    latency_write(w, &b->record->latency, b->record->histogram, b->analysis->latency);
    metrics_add_list(w, "metrics", &b->record->metrics);
    harness_cost_write(w, b);
    regressions_write(w, b);
    add_comparison(w, b);
    add_metric_comparison(w, b);
}

static void add_benchmark(struct json_writer *w, const struct result_benchmark *b)
{
    if (b->carried != NULL) {
        json_add_value(w, NULL, b->carried);
        return;
    }
    json_begin_object(w, NULL);
    json_add_text(w, "id", b->id);
    json_add_text(w, "bench", b->bench);
    add_parameters(w, b);
    json_add_int(w, "threads", b->threads);
    add_tags(w, b->tags);
    json_add_text(w, "status", result_status_name(b->status));
    json_add_text(w, "reason", b->reason);
    if (b->status == RESULT_MEASURED && b->analysis != NULL) {
        add_measured(w, b);
    }
    json_end(w);
}

void result_write(const struct result *result, struct str *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_begin_object(&w, NULL);
    add_context(&w, result);
    json_begin_array(&w, "benchmarks");
    for (size_t i = 0; i < result->count; i++) {
        add_benchmark(&w, &result->benchmarks[i]);
    }
    json_end(&w);
    complexity_write(&w, result);
    json_end(&w);
    str_add_char(out, '\n');
}
