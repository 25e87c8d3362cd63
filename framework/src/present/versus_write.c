#include "analysis/work.h"
#include "base/json_writer.h"
#include "present/document.h"
#include "present/metrics.h"
#include "present/versus.h"
#include "present/versus_text.h"

void versus_write_side(struct json_writer *w, const char *key, const struct versus_side *side)
{
    json_begin_object(w, key);
    json_add_text(w, "name", side->name);
    json_add_text(w, "path", side->path);
    json_add_text(w, "commit", side->commit);
    json_add_bool(w, "dirty", side->dirty);
    json_begin_object(w, "build");
    json_add_text(w, "compiler", side->compiler);
    json_add_text(w, "flags", side->flags);
    json_add_text(w, "variant", side->variant);
    json_end(w);
    json_end(w);
}

static void add_settings(struct json_writer *w, const struct versus_settings *s)
{
    json_begin_object(w, "settings");
    json_add_double(w, "confidence_level", s->confidence);
    json_add_double(w, "guard_ratio", s->guard);
    json_add_double(w, "margin_ratio", s->margin);
    json_add_double(w, "false_alarm_rate", s->false_alarms);
    json_add_int(w, "screen_pairs", (int64_t)s->screen_pairs);
    json_add_int(w, "confirm_pairs", (int64_t)s->confirm_pairs);
    json_add_double(w, "slice_ns", s->slice_ns);
    json_add_double(w, "pair_ns", s->pair_ns);
    json_add_int(w, "layouts", (int64_t)s->layouts);
    if (s->cpu < 0) {
        json_add_null(w, "cpu");
    } else {
        json_add_int(w, "cpu", s->cpu);
    }
    if (s->time_budget_s > 0) {
        json_add_double(w, "time_budget_s", s->time_budget_s);
    } else {
        json_add_null(w, "time_budget_s");
    }
    json_add_bool(w, "shared_addresses", s->shared_addresses);
    json_add_bool(w, "fresh_copies", s->fresh_copies);
    json_add_bool(w, "skip_identical", s->skip_identical);
    json_end(w);
}

static void add_counts(struct json_writer *w, const struct versus *v)
{
    struct versus_counts counts = versus_count(v);
    json_begin_object(w, "counts");
    json_add_int(w, "regressed", (int64_t)counts.regressed);
    json_add_int(w, "improved", (int64_t)counts.improved);
    json_add_int(w, "unchanged", (int64_t)counts.unchanged);
    json_add_int(w, "inconclusive", (int64_t)counts.inconclusive);
    json_add_int(w, "below_resolution", (int64_t)counts.below_resolution);
    json_add_int(w, "identical", (int64_t)counts.identical);
    json_add_int(w, "skipped", (int64_t)counts.skipped);
    json_add_int(w, "failed", (int64_t)counts.failed);
    json_add_int(w, "untried", (int64_t)counts.untried);
    json_add_int(w, "tail_slower", (int64_t)counts.tail_slower);
    json_add_int(w, "layout_alone", (int64_t)counts.layout_alone);
    json_add_int(w, "beyond_gate", (int64_t)counts.beyond_gate);
    json_add_int(w, "only_old", (int64_t)v->only_old_count);
    json_add_int(w, "only_new", (int64_t)v->only_new_count);
    json_end(w);
}

static void add_interval(struct json_writer *w, const char *key, const struct versus_interval *i)
{
    json_begin_object_line(w, key);
    json_add_double(w, "point", i->point);
    json_add_double(w, "lower", i->lower);
    json_add_double(w, "upper", i->upper);
    json_end(w);
}

static void add_verdict(struct json_writer *w, const struct versus_benchmark *b)
{
    json_add_text(w, "verdict", versus_verdict_name(b->verdict));
    json_add_bool(w, "flagged", b->flagged);
    json_add_bool(w, "confirmed", b->confirmed);
    json_add_bool(w, "layout_alone", b->layout_alone);
    json_add_bool(w, "below_resolution", b->below_resolution);
    json_add_text(w, "note", b->note);
    add_interval(w, "effect_ratio", &b->effect);
    json_add_double(w, "p_value", b->p_value);
    if (b->has_rank) {
        json_add_double(w, "signed_rank_p_value", b->rank_p_value);
    } else {
        json_add_null(w, "signed_rank_p_value");
    }
    json_add_double(w, "smallest_detectable_ratio", b->detectable);
    if (b->pairs_needed > 0) {
        json_add_int(w, "pairs_needed", (int64_t)b->pairs_needed);
        json_add_double(w, "seconds_needed", b->seconds_needed);
    } else {
        json_add_null(w, "pairs_needed");
        json_add_null(w, "seconds_needed");
    }
    json_begin_object(w, "tail");
    json_add_bool(w, "slower", b->tail_slower);
    if (b->tail.point == 0 && b->tail.lower == 0 && b->tail.upper == 0) {
        json_add_null(w, "effect_ratio");
    } else {
        add_interval(w, "effect_ratio", &b->tail);
    }
    json_end(w);
}

static void add_times(struct json_writer *w, const char *key, const struct versus_times *times)
{
    json_begin_object(w, key);
    json_begin_object_line(w, "times_ns");
    json_add_double(w, "p5", times->p5_ns);
    json_add_double(w, "median", times->median_ns);
    json_add_double(w, "p95", times->p95_ns);
    json_end(w);
    if (times->density.step > 0) {
        document_add_curve(w, "density", "_ns", &times->density);
    } else {
        json_add_null(w, "density");
    }
    json_end(w);
}

/* The columns of the table of pairs: one array each, a value a pair. */
static void add_confirming(struct json_writer *w, const struct versus_pair *p)
{
    json_add_bool(w, NULL, p->confirming);
}

static void add_order(struct json_writer *w, const struct versus_pair *p)
{
    json_add_int(w, NULL, p->order < 0 ? -1 : 1);
}

static void add_shared(struct json_writer *w, const struct versus_pair *p)
{
    json_add_bool(w, NULL, p->shared);
}

static void add_log_ratio(struct json_writer *w, const struct versus_pair *p)
{
    json_add_double(w, NULL, p->log_ratio);
}

static void add_old_lowmean(struct json_writer *w, const struct versus_pair *p)
{
    json_add_double(w, NULL, p->old_lowmean_ns);
}

static void add_new_lowmean(struct json_writer *w, const struct versus_pair *p)
{
    json_add_double(w, NULL, p->new_lowmean_ns);
}

static void add_known_ns(struct json_writer *w, double ns)
{
    if (ns > 0) {
        json_add_double(w, NULL, ns);
    } else {
        json_add_null(w, NULL);
    }
}

static void add_old_tail(struct json_writer *w, const struct versus_pair *p)
{
    add_known_ns(w, p->old_tail_ns);
}

static void add_new_tail(struct json_writer *w, const struct versus_pair *p)
{
    add_known_ns(w, p->new_tail_ns);
}

static void add_slices(struct json_writer *w, const struct versus_pair *p)
{
    json_add_int(w, NULL, p->slices);
}

static void add_dropped(struct json_writer *w, const struct versus_pair *p)
{
    json_add_int(w, NULL, p->dropped);
}

static void add_old_layout(struct json_writer *w, const struct versus_pair *p)
{
    json_add_int(w, NULL, p->old_layout);
}

static void add_new_layout(struct json_writer *w, const struct versus_pair *p)
{
    json_add_int(w, NULL, p->new_layout);
}

static void add_pairs(struct json_writer *w, const struct versus_benchmark *b)
{
    static const struct {
        const char *key;
        void (*add)(struct json_writer *w, const struct versus_pair *p);
    } columns[] = {{"confirming", add_confirming},
                   {"order", add_order},
                   {"shared_addresses", add_shared},
                   {"log_ratio", add_log_ratio},
                   {"old_lowmean_ns", add_old_lowmean},
                   {"new_lowmean_ns", add_new_lowmean},
                   {"old_tail_ns", add_old_tail},
                   {"new_tail_ns", add_new_tail},
                   {"slices", add_slices},
                   {"dropped", add_dropped},
                   {"old_layout", add_old_layout},
                   {"new_layout", add_new_layout}};
    json_begin_object(w, "pairs");
    for (size_t column = 0; column < sizeof columns / sizeof columns[0]; column++) {
        json_begin_array_line(w, columns[column].key);
        for (size_t i = 0; i < b->pair_count; i++) {
            columns[column].add(w, &b->pairs[i]);
        }
        json_end(w);
    }
    json_end(w);
}

static void add_benchmark(struct json_writer *w, const char *key, const struct versus_benchmark *b)
{
    json_begin_object(w, key);
    json_add_text(w, "id", b->id);
    json_add_text(w, "suite", b->suite);
    json_add_text(w, "status", versus_status_name(b->status));
    json_add_text(w, "reason", b->reason);
    if (b->status == VERSUS_COMPARED) {
        add_verdict(w, b);
        json_add_int(w, "iterations_per_slice", (int64_t)b->iterations);
        json_add_double(w, "pair_s", b->pair_seconds);
        add_times(w, "old", &b->old_times);
        add_times(w, "new", &b->new_times);
        add_pairs(w, b);
    }
    if (b->metrics != NULL) {
        metrics_add_pairs(w, "metrics", b->metrics, b->metric_count);
        const struct metric_pair *instructions = versus_instructions(b);
        if (instructions != NULL) {
            json_add_text(w, "work", work_name(work_judge(instructions, WORK_WITNESS)));
        }
    }
    json_end(w);
}

static void add_canaries(struct json_writer *w, const struct versus *v)
{
    json_begin_array(w, "canaries");
    for (size_t i = 0; i < v->canary_count; i++) {
        json_begin_object(w, NULL);
        json_add_bool(w, "slower", v->canaries[i].slower);
        json_add_bool(w, "misfired", v->canaries[i].misfired);
        add_benchmark(w, "benchmark", &v->canaries[i].benchmark);
        json_end(w);
    }
    json_end(w);
}

void versus_write(const struct versus *v, struct str *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_begin_object(&w, NULL);
    document_add_kind(&w, VERSUS_SCHEMA, VERSUS_METHOD, v->tool_version);
    json_add_text(&w, "started_utc", v->started_utc);
    json_add_double(&w, "duration_s", v->duration_s);
    json_add_bool(&w, "complete", v->complete);
    json_add_bool(&w, "trusted", v->trusted);
    versus_write_side(&w, "old", &v->old_side);
    versus_write_side(&w, "new", &v->new_side);
    document_add_host(&w, &v->host);
    document_add_clock(&w, &v->clock);
    json_add_double(&w, "disturbed_ratio", v->disturbed);
    document_add_texts(&w, "warnings", v->warnings, v->warning_count);
    add_settings(&w, &v->settings);
    json_add_int(&w, "seed", (int64_t)v->settings.seed);
    add_counts(&w, v);
    json_begin_array(&w, "benchmarks");
    for (size_t i = 0; i < v->count; i++) {
        add_benchmark(&w, NULL, &v->benchmarks[i]);
    }
    json_end(&w);
    document_add_texts(&w, "only_old", v->only_old, v->only_old_count);
    document_add_texts(&w, "only_new", v->only_new, v->only_new_count);
    add_canaries(&w, v);
    json_end(&w);
    str_add_char(out, '\n');
}
