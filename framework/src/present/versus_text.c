#include "present/versus_text.h"
#include "analysis/work.h"
#include "base/utf8.h"
#include "present/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool versus_is_control(uint32_t code)
{
    bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    bool line_break = code == 0x2028 || code == 0x2029;
    bool direction = code == 0x061c || code == 0x200e || code == 0x200f ||
                     (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return control || line_break || direction;
}

size_t versus_add_plain(struct str *out, const char *text)
{
    size_t characters = 0;
    for (const char *at = text; *at != '\0'; characters++) {
        const char *from = at;
        uint32_t code = utf8_next(&at);
        if (code == UTF8_REPLACEMENT || versus_is_control(code)) {
            str_add_char(out, '?');
        } else {
            str_add_bytes(out, from, (size_t)(at - from));
        }
    }
    return characters;
}

void versus_add_percent_number(struct str *out, double ratio, int decimals)
{
    char text[64];
    double percent = ratio * 100;
    if (fabs(percent) >= 1e7) {
        str_format(out, "%+.2e", percent);
        return;
    }
    snprintf(text, sizeof text, "%+.*f", decimals, percent);
    if (strtod(text, NULL) == 0) {
        text[0] = '+';
    }
    str_add(out, text);
}

void versus_add_percent(struct str *out, double ratio, int decimals)
{
    versus_add_percent_number(out, ratio, decimals);
    str_add(out, " %");
}

void versus_add_interval(struct str *out, const struct versus_interval *interval)
{
    str_add_char(out, '[');
    versus_add_percent_number(out, interval->lower, 2);
    str_add(out, " .. ");
    versus_add_percent_number(out, interval->upper, 2);
    str_add_char(out, ']');
}

void versus_add_detectable(struct str *out, double ratio)
{
    double percent = ratio * 100;
    if (percent >= 1e7) {
        str_format(out, "%.1e %%", percent);
        return;
    }
    int decimals = percent >= 99.5 ? 0 : percent >= 0.095 ? 1 : 2;
    str_format(out, "%.*f %%", decimals, percent);
}

void versus_add_duration(struct str *out, double seconds)
{
    if (seconds < 0.95) {
        str_format(out, "%.1f s", fmax(seconds, 0.1));
    } else if (seconds < 89.5) {
        str_format(out, "%.0f s", seconds);
    } else if (seconds < 5370) {
        str_format(out, "%.0f min", seconds / 60);
    } else {
        str_format(out, "%.1f h", seconds / 3600);
    }
}

const char *versus_outcome(const struct versus_benchmark *b)
{
    if (b->status != VERSUS_COMPARED) {
        return versus_status_name(b->status);
    }
    return b->below_resolution ? "below resolution" : versus_verdict_name(b->verdict);
}

bool versus_judged_as(const struct versus_benchmark *b, enum versus_verdict verdict)
{
    return b->status == VERSUS_COMPARED && !b->below_resolution && b->verdict == verdict;
}

bool versus_has_figures(const struct versus_benchmark *b)
{
    return b->status == VERSUS_COMPARED && !b->below_resolution && b->detectable > 0;
}

static void begin_remark(struct str *out, size_t start)
{
    if (out->length > start) {
        str_add(out, "; ");
    }
}

static void add_settlement(struct str *out, const struct versus_benchmark *b)
{
    str_format(out, "%zu more %s (about ", b->pairs_needed,
               b->pairs_needed == 1 ? "pair" : "pairs");
    versus_add_duration(out, b->seconds_needed);
    str_add(out, ") would settle it");
}

static void add_judged_remarks(struct str *out, const struct versus_benchmark *b)
{
    size_t start = out->length;
    if (b->verdict == VERSUS_INCONCLUSIVE && b->pairs_needed > 0) {
        add_settlement(out, b);
    }
    if (b->tail_slower) {
        begin_remark(out, start);
        str_add(out, "tail slower (");
        versus_add_percent(out, b->tail.point, 1);
        str_add(out, ")");
    }
    bool called = b->verdict == VERSUS_REGRESSED || b->verdict == VERSUS_IMPROVED;
    if (b->flagged && !called && b->note == NULL) {
        begin_remark(out, start);
        str_add(out, "suspected, not confirmed");
    }
    if (b->note != NULL) {
        begin_remark(out, start);
        str_add(out, b->note);
    }
}

/* What the instructions say beside the time; false: nothing that is worth a word. */
static bool add_work_remark(struct str *out, const struct versus_benchmark *b,
                            const struct metric_pair *pair, size_t start)
{
    bool called = versus_judged_as(b, VERSUS_REGRESSED) || versus_judged_as(b, VERSUS_IMPROVED);
    enum work work = work_judge(pair, WORK_WITNESS);
    if (!called && work != WORK_MORE && work != WORK_LESS && !pair->failed) {
        return false;
    }
    begin_remark(out, start);
    switch (work) {
    case WORK_UNKNOWN:
        str_format(out, "instructions not available: %s",
                   metric_is_known(&pair->new_metric) ? pair->old_metric.reason
                                                      : pair->new_metric.reason);
        break;
    case WORK_VARIES:
        str_add(out, "instructions vary from run to run");
        break;
    case WORK_SAME:
        metrics_add_change(out, pair);
        str_add(out, !called                                 ? ": same work"
                     : versus_judged_as(b, VERSUS_REGRESSED) ? ": same work, slower"
                                                             : ": same work, faster");
        break;
    case WORK_MORE:
    case WORK_LESS:
        metrics_add_change(out, pair);
        str_add(out, work == WORK_MORE ? ": more work" : ": less work");
        break;
    }
    return true;
}

const struct metric_pair *versus_instructions(const struct versus_benchmark *b)
{
    for (size_t i = 0; i < b->metric_count; i++) {
        const struct metric *m = &b->metrics[i].new_metric;
        if (strcmp(m->source, "valgrind") == 0 && strcmp(m->name, "instructions") == 0) {
            return &b->metrics[i];
        }
    }
    return NULL;
}

static void add_metric_remarks(struct str *out, const struct versus_benchmark *b, size_t start)
{
    const struct metric_pair *instructions = versus_instructions(b);
    for (size_t i = 0; i < b->metric_count; i++) {
        const struct metric_pair *pair = &b->metrics[i];
        bool said = false;
        if (pair == instructions) {
            said = add_work_remark(out, b, pair, start);
        } else if (metrics_is_notable(pair)) {
            begin_remark(out, start);
            metrics_add_change(out, pair);
            said = true;
        }
        str_add(out, said && pair->failed ? ", beyond its gate" : "");
    }
}

void versus_add_remarks(struct str *out, const struct versus_benchmark *b)
{
    size_t start = out->length;
    if (b->status == VERSUS_COMPARED && b->below_resolution) {
        str_add(out, "too fast to be told from an empty loop");
    } else if (b->status == VERSUS_COMPARED) {
        add_judged_remarks(out, b);
    } else if (b->reason != NULL) {
        str_add(out, b->reason);
    } else if (b->status == VERSUS_IDENTICAL) {
        str_add(out, "the code that it reaches is the same on both sides");
    }
    add_metric_remarks(out, b, start);
}

void versus_add_counts(struct str *out, const struct versus *v)
{
    struct versus_counts c = versus_count(v);
    const struct {
        size_t count;
        const char *words;
    } others[] = {{c.below_resolution, "below resolution"},
                  {c.identical, "identical"},
                  {c.skipped, "skipped"},
                  {c.failed, "failed"},
                  {c.untried, "untried"},
                  {c.layout_alone, "moved by layout alone"},
                  {c.tail_slower, "with a slower tail"},
                  {c.beyond_gate, "beyond a gate"}};
    str_format(out, "%zu regressed, %zu improved, %zu unchanged, %zu inconclusive", c.regressed,
               c.improved, c.unchanged, c.inconclusive);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (others[i].count > 0) {
            str_format(out, ", %zu %s", others[i].count, others[i].words);
        }
    }
}

void versus_add_disturbance(struct str *out, const struct versus *v)
{
    str_format(out, "machine: %s: %.1f %% of slices disturbed",
               v->disturbed < VERSUS_NOISY ? "quiet" : "noisy", v->disturbed * 100);
}

void versus_add_side(struct str *out, const struct versus_side *side, versus_add_text *add)
{
    add(out, side->name);
    if (side->commit != NULL) {
        str_add(out, " (");
        add(out, side->commit);
        str_add(out, side->dirty ? ", with uncommitted changes)" : ")");
    } else if (side->dirty) {
        str_add(out, " (with uncommitted changes)");
    }
}

size_t versus_misfired(const struct versus *v)
{
    size_t misfired = 0;
    for (size_t i = 0; i < v->canary_count; i++) {
        misfired += v->canaries[i].misfired;
    }
    return misfired;
}

bool versus_is_trusted(const struct versus *v)
{
    return v->trusted && versus_misfired(v) == 0;
}

void versus_add_distrust(struct str *out, const struct versus *v, versus_add_text *add)
{
    size_t misfired = versus_misfired(v);
    if (misfired == 0) {
        str_add(out, "No verdict here is to be believed.");
        return;
    }
    str_format(out, "No verdict here is to be believed: %zu of %zu canaries misfired.", misfired,
               v->canary_count);
    const char *separator = " ";
    for (size_t i = 0; i < v->canary_count; i++) {
        const struct versus_canary *canary = &v->canaries[i];
        const struct versus_benchmark *b = &canary->benchmark;
        if (!canary->misfired) {
            continue;
        }
        str_add(out, separator);
        add(out, b->id);
        str_add(out,
                canary->slower ? " (2 % more work) came out as " : " (the same work) came out as ");
        str_add(out, versus_outcome(b));
        if (b->status == VERSUS_COMPARED) {
            str_add(out, ", ");
            versus_add_percent(out, b->effect.point, 2);
        }
        separator = "; ";
    }
    str_add_char(out, '.');
}
