#include "present/colour.h"
#include "present/metrics.h"
#include "present/versus_text.h"

#include <string.h>

#define LISTED_MAX 10 /* ids of benchmarks of one side only */

static void add_painted(struct str *out, bool colour, const char *paint, const char *text)
{
    str_format(out, "%s%s%s", colour ? paint : "", text, colour ? COLOUR_PLAIN : "");
}

static void add_plain(struct str *out, const char *text)
{
    versus_add_plain(out, text);
}

static const char *paint_of(const struct versus_benchmark *b)
{
    if (b->status == VERSUS_FAILED || versus_judged_as(b, VERSUS_REGRESSED) ||
        versus_gate_failed(b)) {
        return COLOUR_RED;
    }
    if (versus_judged_as(b, VERSUS_IMPROVED)) {
        return COLOUR_GREEN;
    }
    bool settled = b->status == VERSUS_IDENTICAL || versus_judged_as(b, VERSUS_UNCHANGED);
    return settled ? "" : COLOUR_YELLOW;
}

static void pad(struct str *out, size_t from, size_t width)
{
    while (out->length - from < width) {
        str_add_char(out, ' ');
    }
}

static void add_figures(const struct versus_benchmark *b, struct str *out)
{
    struct str cell = STR_EMPTY;
    versus_add_percent(&cell, b->effect.point, 2);
    str_format(out, "%9s ", str_text(&cell));
    str_release(&cell);
    size_t from = out->length;
    versus_add_interval(out, &b->effect);
    pad(out, from, sizeof "[+0.00 .. +0.00]" - 1);
    str_add(out, "  ");
    from = out->length;
    str_add(out, "sees ");
    versus_add_detectable(out, b->detectable);
    pad(out, from, sizeof "sees 0.0 %" - 1);
    str_add(out, "  ");
}

/* What was asked for, or belongs to the benchmark, changed or not: events and latencies. */
static void add_run_lines(const struct versus_benchmark *b, struct str *out)
{
    for (size_t i = 0; i < b->metric_count; i++) {
        const struct metric_pair *pair = &b->metrics[i];
        const char *source = pair->new_metric.source;
        if (strcmp(source, "perf") != 0 && strcmp(source, "latency") != 0) {
            continue;
        }
        struct str text = STR_EMPTY;
        str_add(out, "    ");
        if (pair->change == METRIC_UNKNOWN) {
            const struct metric *unknown =
                metric_is_known(&pair->new_metric) ? &pair->old_metric : &pair->new_metric;
            str_format(&text, "%s: not available: %s", pair->new_metric.name, unknown->reason);
        } else {
            metrics_add_change(&text, pair);
            str_format(&text, ": %s", gate_change_name(pair->change));
        }
        versus_add_plain(out, str_text(&text));
        str_add_char(out, '\n');
        str_release(&text);
    }
}

void versus_add_line(const struct versus_benchmark *b, int width, bool colour, struct str *out)
{
    size_t characters = versus_add_plain(out, b->id);
    for (; width > 0 && characters < (size_t)width; characters++) {
        str_add_char(out, ' ');
    }
    str_add(out, "  ");
    if (versus_has_figures(b)) {
        add_figures(b, out);
    }
    const char *paint = paint_of(b);
    add_painted(out, colour && paint[0] != '\0', paint, versus_outcome(b));
    struct str remarks = STR_EMPTY;
    versus_add_remarks(&remarks, b);
    if (remarks.length > 0) {
        bool settled = versus_has_figures(b) && b->verdict != VERSUS_INCONCLUSIVE;
        str_add(out, settled ? "; " : ": ");
        versus_add_plain(out, str_text(&remarks));
    }
    str_release(&remarks);
    str_add_char(out, '\n');
    add_run_lines(b, out);
}

static void add_one_sided(struct str *out, const struct versus_side *side, char *const *ids,
                          size_t count)
{
    if (count == 0) {
        return;
    }
    str_format(out, "%zu %s only in ", count, count == 1 ? "benchmark" : "benchmarks");
    versus_add_plain(out, side->name);
    str_add(out, ":\n");
    for (size_t i = 0; i < count && i < LISTED_MAX; i++) {
        str_add(out, "  ");
        versus_add_plain(out, ids[i]);
        str_add_char(out, '\n');
    }
    if (count > LISTED_MAX) {
        str_format(out, "  and %zu more\n", count - LISTED_MAX);
    }
}

static void add_canaries(const struct versus *v, bool colour, struct str *out)
{
    if (!versus_is_trusted(v)) {
        add_painted(out, colour, COLOUR_RED, "UNTRUSTED");
        str_add(out, ": ");
        versus_add_distrust(out, v, add_plain);
        str_add_char(out, '\n');
    } else if (v->canary_count > 0) {
        size_t slower = 0;
        for (size_t i = 0; i < v->canary_count; i++) {
            slower += v->canaries[i].slower;
        }
        str_format(out, "canaries: as expected, %zu of the same work and %zu of 2 %% more\n",
                   v->canary_count - slower, slower);
    } else {
        str_add(out, "canaries: none ran\n");
    }
}

void versus_add_summary(const struct versus *v, bool colour, struct str *out)
{
    add_one_sided(out, &v->old_side, v->only_old, v->only_old_count);
    add_one_sided(out, &v->new_side, v->only_new, v->only_new_count);
    add_canaries(v, colour, out);
    versus_add_disturbance(out, v);
    str_add(out, "\nold: ");
    versus_add_side(out, &v->old_side, add_plain);
    str_add(out, "\nnew: ");
    versus_add_side(out, &v->new_side, add_plain);
    str_add_char(out, '\n');
    if (!v->complete) {
        add_painted(out, colour, COLOUR_YELLOW, "interrupted");
        str_add(out, ": what was measured until then is above\n");
    }
    struct str counts = STR_EMPTY;
    versus_add_counts(&counts, v);
    add_painted(out, colour, COLOUR_BOLD, str_text(&counts));
    str_add_char(out, '\n');
    str_release(&counts);
}
