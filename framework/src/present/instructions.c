#include "present/instructions.h"
#include "base/json_writer.h"
#include "base/units.h"
#include "present/colour.h"
#include "present/document.h"
#include "present/versus_text.h"

#include <stdio.h>
#include <string.h>

#define WIDTH_MAX  60
#define LISTED_MAX 10

static const struct metric_pair *pair_of(const struct versus_benchmark *b)
{
    return b->metric_count == 0 ? NULL : &b->metrics[0];
}

static enum work judge(const struct versus_benchmark *b)
{
    const struct metric_pair *pair = pair_of(b);
    return pair == NULL ? WORK_UNKNOWN : work_judge(pair, 0);
}

static bool is_counted(const struct instructions *i, const struct versus_benchmark *b)
{
    const struct metric_pair *pair = pair_of(b);
    return pair != NULL && metric_is_known(&pair->new_metric) &&
           (i->one_side || metric_is_known(&pair->old_metric));
}

struct instructions_counts instructions_count(const struct instructions *i)
{
    struct instructions_counts counts = {0};
    for (size_t k = 0; k < i->versus->count; k++) {
        const struct versus_benchmark *b = &i->versus->benchmarks[k];
        enum work work = judge(b);
        counts.more += work == WORK_MORE;
        counts.less += work == WORK_LESS;
        counts.same += work == WORK_SAME;
        counts.varies += work == WORK_VARIES;
        counts.counted += is_counted(i, b);
        counts.unavailable += !is_counted(i, b);
        counts.beyond_gate += versus_gate_failed(b);
    }
    return counts;
}

/* ---- The terminal ---------------------------------------------------------------------------- */

void instructions_add_number(struct str *out, double count, bool with_sign)
{
    char text[64];
    snprintf(text, sizeof text, with_sign ? "%+.3f" : "%.3f", count);
    size_t length = strlen(text);
    while (text[length - 1] == '0') {
        text[--length] = '\0';
    }
    if (text[length - 1] == '.') {
        text[--length] = '\0';
    }
    str_add(out, strcmp(text, "-0") == 0 ? "0" : text);
}

static void add_count(struct str *out, const struct metric *m)
{
    instructions_add_number(out, m->value, false);
    if (m->lower < m->upper) {
        str_add(out, " [");
        instructions_add_number(out, m->lower, false);
        str_add(out, " .. ");
        instructions_add_number(out, m->upper, false);
        str_add(out, "]");
    }
}

static void add_missing(const struct instructions *i, const struct metric_pair *pair,
                        struct str *out)
{
    bool new_side = !metric_is_known(&pair->new_metric);
    str_add(out, "not available");
    if (!i->one_side && (!new_side || metric_is_known(&pair->old_metric))) {
        str_add(out, new_side ? " on the new side" : " on the old side");
    }
    str_add(out, ": ");
    versus_add_plain(out, new_side ? pair->new_metric.reason : pair->old_metric.reason);
}

static const char *paint_of(const struct versus_benchmark *b)
{
    enum work work = judge(b);
    return versus_gate_failed(b) ? COLOUR_RED
           : work == WORK_LESS   ? COLOUR_GREEN
           : work == WORK_SAME   ? ""
                                 : COLOUR_YELLOW;
}

static void add_change(const struct versus_benchmark *b, const struct metric_pair *pair,
                       bool colour, struct str *out)
{
    static const char *const words[] = {"", "same work", "more work", "less work", "varies"};
    enum work work = judge(b);
    const char *paint = colour ? paint_of(b) : "";
    add_count(out, &pair->old_metric);
    if (work != WORK_SAME) {
        str_add(out, " -> ");
        add_count(out, &pair->new_metric);
        str_add(out, "  ");
        instructions_add_number(out, pair->new_metric.value - pair->old_metric.value, true);
        if (pair->old_metric.value > 0) {
            str_add(out, " (");
            units_add_percent(out, gate_growth(pair));
            str_add(out, ")");
        }
    }
    str_format(out, "  %s%s%s%s", paint, words[work], pair->failed ? ", beyond the gate" : "",
               paint[0] == '\0' ? "" : COLOUR_PLAIN);
}

static void add_line(const struct instructions *i, const struct versus_benchmark *b, size_t width,
                     bool colour, struct str *out)
{
    const struct metric_pair *pair = pair_of(b);
    for (size_t n = versus_add_plain(out, b->id); n < width; n++) {
        str_add_char(out, ' ');
    }
    str_add(out, "  ");
    if (pair == NULL) {
        str_add(out, "not counted: the run was interrupted");
    } else if (!is_counted(i, b)) {
        add_missing(i, pair, out);
    } else if (i->one_side) {
        add_count(out, &pair->new_metric);
    } else {
        add_change(b, pair, colour, out);
    }
    str_add_char(out, '\n');
}

void instructions_add_lines(const struct instructions *i, bool all, bool colour, struct str *out)
{
    const struct versus *v = i->versus;
    size_t width = 0;
    for (size_t k = 0; k < v->count; k++) {
        size_t length = strlen(v->benchmarks[k].id);
        width = length > width ? length : width;
    }
    for (size_t k = 0; k < v->count; k++) {
        const struct versus_benchmark *b = &v->benchmarks[k];
        if (all || i->one_side || judge(b) != WORK_SAME) {
            add_line(i, b, width < WIDTH_MAX ? width : WIDTH_MAX, colour, out);
        }
    }
}

static void add_one_sided(struct str *out, const char *side, char *const *ids, size_t count)
{
    if (count == 0) {
        return;
    }
    str_format(out, "%zu only on the %s side:", count, side);
    for (size_t k = 0; k < count && k < LISTED_MAX; k++) {
        str_add(out, k == 0 ? " " : ", ");
        versus_add_plain(out, ids[k]);
    }
    if (count > LISTED_MAX) {
        str_format(out, " and %zu more", count - LISTED_MAX);
    }
    str_add_char(out, '\n');
}

void instructions_add_summary(const struct instructions *i, struct str *out)
{
    struct instructions_counts c = instructions_count(i);
    const struct versus *v = i->versus;
    if (!i->one_side) {
        add_one_sided(out, "old", v->only_old, v->only_old_count);
        add_one_sided(out, "new", v->only_new, v->only_new_count);
        str_format(out, "%zu more work, %zu less work, %zu same work", c.more, c.less, c.same);
        if (c.varies > 0) {
            str_format(out, ", %zu %s", c.varies, c.varies == 1 ? "varies" : "vary");
        }
    } else {
        str_format(out, "%zu counted", c.counted);
    }
    if (c.unavailable > 0) {
        str_format(out, ", %zu not available", c.unavailable);
    }
    if (i->gated) {
        str_format(out, ", %zu beyond the gate of %g %%", c.beyond_gate, i->tolerance * 100);
    }
    str_add(out, v->complete ? "\n" : "; interrupted\n");
}

/* ---- The document ---------------------------------------------------------------------------- */

static void add_figure(struct json_writer *w, const char *key, bool known, double value)
{
    if (known) {
        json_add_double(w, key, value);
    } else {
        json_add_null(w, key);
    }
}

static void add_metric(struct json_writer *w, const char *key, const struct metric *m)
{
    bool known = metric_is_known(m);
    json_begin_object_line(w, key);
    json_add_text(w, "state", metric_state_name(m->state));
    add_figure(w, "instructions", known, m->value);
    add_figure(w, "lower", known, m->lower);
    add_figure(w, "upper", known, m->upper);
    json_add_text(w, "reason", known ? NULL : m->reason);
    json_end(w);
}

static void add_benchmark(struct json_writer *w, const struct instructions *i, size_t k)
{
    const struct versus_benchmark *b = &i->versus->benchmarks[k];
    const struct metric_pair *pair = pair_of(b);
    json_begin_object(w, NULL);
    json_add_text(w, "id", b->id);
    json_add_text(w, "suite", b->suite);
    if (pair != NULL) {
        bool both = metric_is_known(&pair->old_metric) && metric_is_known(&pair->new_metric);
        if (i->iterations[k] > 0) {
            json_add_int(w, "iterations_per_lap", (int64_t)i->iterations[k]);
        } else {
            json_add_null(w, "iterations_per_lap");
        }
        add_metric(w, "new", &pair->new_metric);
        if (!i->one_side) {
            add_metric(w, "old", &pair->old_metric);
            add_figure(w, "difference_instructions", both,
                       pair->new_metric.value - pair->old_metric.value);
            add_figure(w, "difference_ratio", both && pair->old_metric.value > 0,
                       gate_growth(pair));
            json_add_text(w, "work", work_name(judge(b)));
            json_add_bool(w, "beyond_gate", pair->failed);
        }
    }
    json_end(w);
}

static void add_counts(struct json_writer *w, const struct instructions *i)
{
    struct instructions_counts c = instructions_count(i);
    json_begin_object(w, "counts");
    json_add_int(w, "counted", (int64_t)c.counted);
    json_add_int(w, "unavailable", (int64_t)c.unavailable);
    if (!i->one_side) {
        json_add_int(w, "more", (int64_t)c.more);
        json_add_int(w, "less", (int64_t)c.less);
        json_add_int(w, "same", (int64_t)c.same);
        json_add_int(w, "varies", (int64_t)c.varies);
        json_add_int(w, "beyond_gate", (int64_t)c.beyond_gate);
    }
    json_end(w);
}

void instructions_write(const struct instructions *i, struct str *out)
{
    const struct versus *v = i->versus;
    struct json_writer w;
    json_writer_init(&w, out);
    json_begin_object(&w, NULL);
    document_add_kind(&w, INSTRUCTIONS_SCHEMA, INSTRUCTIONS_METHOD, v->tool_version);
    json_add_text(&w, "started_utc", v->started_utc);
    json_add_double(&w, "duration_s", v->duration_s);
    json_add_bool(&w, "complete", v->complete);
    versus_write_side(&w, "new", &v->new_side);
    if (i->one_side) {
        json_add_null(&w, "old");
    } else {
        versus_write_side(&w, "old", &v->old_side);
    }
    document_add_host(&w, &v->host);
    add_figure(&w, "gate_ratio", i->gated, i->tolerance);
    add_counts(&w, i);
    json_begin_array(&w, "benchmarks");
    for (size_t k = 0; k < v->count; k++) {
        add_benchmark(&w, i, k);
    }
    json_end(&w);
    if (!i->one_side) {
        document_add_texts(&w, "only_old", v->only_old, v->only_old_count);
        document_add_texts(&w, "only_new", v->only_new, v->only_new_count);
    }
    json_end(&w);
    str_add_char(out, '\n');
}
