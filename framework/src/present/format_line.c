/* The default: a line a benchmark, a second one when comparing, more with --verbose. */
#include "base/units.h"
#include "present/colour.h"
#include "present/format.h"
#include "present/harness_cost.h"
#include "present/metrics.h"
#include "present/result_complexity.h"
#include "present/result_regressions.h"

#include <string.h>

/* Threads that share the work less evenly are worth a word. */
#define FAIR_FROM 0.8

static void paint(const struct printer *p, struct str *out, const char *colour)
{
    if (p->colour) {
        str_add(out, colour);
    }
}

static void add_time(const struct printer *p, const struct result_benchmark *b, struct str *out)
{
    const struct estimate *e = &b->analysis->estimates[STATISTIC_LOWMEAN];
    struct unit unit = units_for_ns(e->point, b->unit);
    struct str cell = STR_EMPTY;
    units_add_ns(&cell, e->point, unit.name);
    paint(p, out, COLOUR_BOLD);
    str_format(out, "%11s", str_text(&cell));
    paint(p, out, COLOUR_PLAIN);
    str_clear(&cell);
    str_add(&cell, "[");
    units_add_number(&cell, e->lower / unit.factor);
    str_add(&cell, " .. ");
    units_add_number(&cell, e->upper / unit.factor);
    str_add(&cell, "]");
    str_format(out, "  %-18s", str_text(&cell));
    str_release(&cell);
}

static void add_below_resolution(const struct printer *p, const struct result_benchmark *b,
                                 struct str *out)
{
    (void)b;
    paint(p, out, COLOUR_YELLOW);
    str_add(out, "below resolution");
    paint(p, out, COLOUR_PLAIN);
    str_add(out, ": not told from the empty loop, which costs ");
    units_add_ns(out, p->result->loop_ns.point, NULL);
}

static void add_counters(const struct record *record, struct str *out)
{
    for (size_t i = 0; i < record->counter_count; i++) {
        const struct record_counter *c = &record->counters[i];
        str_format(out, "  %s ", c->name);
        units_add_number(out, c->value);
        str_format(out, "%s%s", c->unit[0] == '\0' ? "" : " ", c->unit);
    }
    if (record->latency.count > 0) {
        str_add(out, "  p50 ");
        units_add_ns(out, record->latency.p50_ns, NULL);
        str_add(out, "  p99 ");
        units_add_ns(out, record->latency.p99_ns, NULL);
        str_add(out, "  max ");
        units_add_ns(out, record->latency.max_ns, NULL);
    }
}

static void add_threads(const struct result_benchmark *b, struct str *out)
{
    if (b->has_fairness && b->fairness.point < FAIR_FROM) {
        str_format(out, "  fairness %.2f", b->fairness.point);
    }
    if (b->record->oversubscribed) {
        str_add(out, "  more threads than CPUs");
    }
}

static void add_comparison(const struct printer *p, const struct result_benchmark *b,
                           struct str *out)
{
    const struct comparison *c = &b->analysis->comparison;
    str_format(out, "    against %s: ", b->baseline->name);
    units_add_percent(out, c->change.point);
    str_add(out, " [");
    units_add_percent(out, c->change.lower);
    str_add(out, " .. ");
    units_add_percent(out, c->change.upper);
    str_add(out, "]  ");
    paint(p, out,
          c->verdict == VERDICT_REGRESSED  ? COLOUR_RED
          : c->verdict == VERDICT_IMPROVED ? COLOUR_GREEN
                                           : "");
    str_add(out, compare_verdict_name(c->verdict));
    paint(p, out, COLOUR_PLAIN);
    str_add(out, "  (stored numbers: no rise below ");
    units_add_percent(out, c->smallest_detectable_change);
    str_add(out, " can be called)\n");
}

static void add_metric_changes(const struct printer *p, const struct result_benchmark *b,
                               struct str *out)
{
    for (size_t i = 0; i < b->metric_pair_count; i++) {
        const struct metric_pair *pair = &b->metric_pairs[i];
        if (metrics_is_notable(pair)) {
            str_format(out, "    against %s: ", b->metric_baseline);
            metrics_add_change(out, pair);
            str_add(out, "  ");
            paint(p, out, pair->failed ? COLOUR_RED : "");
            str_add(out, pair->failed ? "regressed" : gate_change_name(pair->change));
            paint(p, out, pair->failed ? COLOUR_PLAIN : "");
            str_add(out, "\n");
        }
    }
}

static void add_details(const struct result_benchmark *b, struct str *out)
{
    const struct analysis *a = b->analysis;
    for (int s = STATISTIC_MEAN; s < STATISTICS; s++) {
        if (s == STATISTIC_SLOPE && !a->has_slope) {
            continue;
        }
        str_format(out, "    %-8s ", analysis_statistic_name((enum statistic)s));
        units_add_ns(out, a->estimates[s].point, b->unit);
        str_add(out, "  [");
        units_add_ns(out, a->estimates[s].lower, b->unit);
        str_add(out, " .. ");
        units_add_ns(out, a->estimates[s].upper, b->unit);
        str_add(out, "]");
        if (s == STATISTIC_SLOPE) {
            str_format(out, "  R^2 %.4f", a->r_squared);
        }
        str_add(out, "\n");
    }
    str_format(out, "    %zu samples, %s; ", b->record->sample_count,
               b->record->linear ? "linear" : "flat");
    if (b->record->retaken > 0) {
        str_format(out, "%zu taken again, as the machine was slowed; ", b->record->retaken);
    }
    size_t outliers = outliers_count(&a->outliers);
    if (outliers == 0) {
        str_add(out, "no outliers\n");
        return;
    }
    str_format(
        out, "%zu outliers, effect %s: they make %.0f %% of the variance and move the mean by ",
        outliers, outliers_effect_name(a->outliers.effect), a->outliers.variance_share * 100);
    units_add_percent(out, a->outliers.mean_shift);
    str_add(out, "\n");
}

static void add_latencies(const struct result_benchmark *b, struct str *out)
{
    const struct latency_summary *s = &b->record->latency;
    const double values[LATENCY_QUANTILES] = {s->p50_ns, s->p90_ns, s->p99_ns, s->p99_9_ns};
    if (s->count == 0) {
        return;
    }
    str_format(out, "    %llu latencies, ", (unsigned long long)s->count);
    if (s->overflow > 0) {
        str_format(out, "%llu of them above ", (unsigned long long)s->overflow);
        units_add_ns(out, (double)HISTOGRAM_VALUE_MAX, NULL);
        str_add(out, ", where the histogram ends: a quantile among these is too low\n");
    } else {
        str_add(out, "none above the histogram's end\n");
    }
    for (size_t i = 0; i < LATENCY_QUANTILES; i++) {
        const struct latency_interval *interval = &b->analysis->latency[i];
        str_format(out, "    p%-7g ", latency_quantiles[i].q * 100);
        units_add_ns(out, values[i], NULL);
        if (interval->known) {
            str_add(out, "  [");
            units_add_ns(out, interval->lower_ns, NULL);
            str_add(out, " .. ");
            units_add_ns(out, interval->upper_ns, NULL);
            str_add(out, "]");
        }
        str_add(out, "\n");
    }
    str_add(out, "    max      ");
    units_add_ns(out, s->max_ns, NULL);
    str_add(out, "\n");
}

static void add_not_measured(const struct printer *p, const struct result_benchmark *b,
                             struct str *out)
{
    paint(p, out, b->status == RESULT_FAILED ? COLOUR_RED : COLOUR_YELLOW);
    str_add(out, result_status_name(b->status));
    paint(p, out, COLOUR_PLAIN);
    str_format(out, ": %s\n", b->reason == NULL ? "" : b->reason);
}

static void add_benchmark(const struct printer *p, const struct result_benchmark *b,
                          struct str *out)
{
    str_format(out, "%-*s  ", (int)p->id_width, b->id);
    if (b->analysis == NULL) {
        add_not_measured(p, b, out);
        return;
    }
    if (b->below_resolution) {
        add_below_resolution(p, b, out);
    } else {
        add_time(p, b, out);
        str_add(out, "  ");
        format_add_throughput(out, b, b->analysis->estimates[STATISTIC_LOWMEAN].point);
    }
    add_threads(b, out);
    add_counters(b->record, out);
    harness_cost_add_note(out, b);
    str_add(out, "  ");
    metrics_add_brief(out, &b->record->metrics);
    while (out->length > 0 && out->data[out->length - 1] == ' ') {
        out->data[--out->length] = '\0';
    }
    str_add(out, "\n");
    if (b->analysis->compared) {
        add_comparison(p, b, out);
    }
    add_metric_changes(p, b, out);
    if (p->verbose) {
        add_details(b, out);
        metrics_add_lines(out, &b->record->metrics, NULL);
        add_latencies(b, out);
    } else {
        metrics_add_lines(out, &b->record->metrics, "perf"); /* there only when asked for */
    }
    regressions_add_lines(out, b);
}

static void add_speed_up(const struct result_benchmark *b, struct str *out)
{
    const struct estimate *e = &b->scaling.speed_up;
    struct str cell = STR_EMPTY;
    str_format(out, "%7u thread%s  ", b->threads, b->threads == 1 ? " " : "s");
    str_format(&cell, "x%.2f", e->point);
    if (b->threads != b->scaling.base_threads) {
        str_format(&cell, " [%.2f .. %.2f]", e->lower, e->upper);
    }
    str_format(out, "%-22s  efficiency %.2f", str_text(&cell), b->scaling.efficiency.point);
    str_release(&cell);
    if (b->has_fairness) {
        str_format(out, "  fairness %.2f", b->fairness.point);
    }
    str_add(out, b->record->oversubscribed ? "  more threads than CPUs\n" : "\n");
}

/* The member of the family with the fewest threads, but more than `above`; NULL: there is none. */
static const struct result_benchmark *
next_of_family(const struct result *result, const struct result_benchmark *family, unsigned above)
{
    const struct result_benchmark *next = NULL;
    for (size_t i = 0; i < result->count; i++) {
        const struct result_benchmark *b = &result->benchmarks[i];
        if (b->scaling.base_threads > 0 && b->threads > above && result_same_family(family, b) &&
            (next == NULL || b->threads < next->threads)) {
            next = b;
        }
    }
    return next;
}

/* What more threads brought, a table for each benchmark that ran on several numbers of them. */
static void add_families(const struct result *result, struct str *out)
{
    for (size_t i = 0; i < result->count; i++) {
        const struct result_benchmark *base = &result->benchmarks[i];
        if (base->scaling.base_threads == 0 || base->scaling.base_threads != base->threads) {
            continue;
        }
        const char *suffix = strstr(base->id, "/threads:");
        size_t length = suffix == NULL ? strlen(base->id) : (size_t)(suffix - base->id);
        str_format(out, "%.*s on more threads\n", (int)length, base->id);
        for (const struct result_benchmark *b = base; b != NULL;
             b = next_of_family(result, base, b->threads)) {
            add_speed_up(b, out);
        }
    }
}

static void add_end(const struct printer *p, struct str *out)
{
    size_t by_status[4] = {0};
    size_t by_verdict[3] = {0};
    size_t compared = 0;
    size_t beyond = 0;
    for (size_t i = 0; i < p->result->count; i++) {
        const struct result_benchmark *b = &p->result->benchmarks[i];
        if (b->carried != NULL) {
            continue;
        }
        by_status[b->status]++;
        beyond += result_gate_failed(b);
        if (b->analysis != NULL && b->analysis->compared) {
            compared++;
            by_verdict[b->analysis->comparison.verdict]++;
        }
    }
    add_families(p->result, out);
    for (size_t i = 0; i < p->result->family_count; i++) {
        complexity_add_line(out, &p->result->families[i]);
    }
    str_format(out, "%s: %zu measured", p->result->suite, by_status[RESULT_MEASURED]);
    for (int s = RESULT_FAILED; s <= RESULT_INTERRUPTED; s++) {
        if (by_status[s] > 0) {
            str_format(out, ", %zu %s", by_status[s], result_status_name((enum result_status)s));
        }
    }
    if (compared > 0) {
        str_format(out, "; %zu regressed, %zu improved, %zu without a change seen",
                   by_verdict[VERDICT_REGRESSED], by_verdict[VERDICT_IMPROVED],
                   by_verdict[VERDICT_NONE_SEEN]);
    }
    if (beyond > 0) {
        str_format(out, "; %zu beyond a gate", beyond);
    }
    str_add(out, "\n");
}

const struct format format_line = {
    .name = "assay", .help = "a line a benchmark", .benchmark = add_benchmark, .end = add_end};
