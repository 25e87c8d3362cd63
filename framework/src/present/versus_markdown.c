#include "base/memory.h"
#include "base/units.h"
#include "base/utf8.h"
#include "present/versus_text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* GitHub refuses comments of more than 65,536 characters. Each part ends before its own limit, so
 * that those behind it have room; a name or sentence of others is cut. */
#define CHANGED_END      36000
#define INCONCLUSIVE_END 44000
#define UNCHANGED_END    50000
#define OTHER_END        54000
#define ONE_SIDED_END    58000
#define CELL_MAX         160 /* characters */
#define LISTED_MAX       10  /* warnings, slower tails */
#define CHANGED_HEAD                                                                               \
    "| Benchmark | Verdict | Effect | Interval | Smallest detectable | Old median | New median "   \
    "| Note |\n"                                                                                   \
    "|---|---|---:|---|---:|---:|---:|---|\n"
#define JUDGED_HEAD                                                                                \
    "| Benchmark | Effect | Interval | Smallest detectable | Note |\n|---|---:|---|---:|---|\n"
#define OTHER_HEAD "| Benchmark | Status | Reason |\n|---|---|---|\n"

/* Characters that mean nothing to Markdown wherever they stand between others. */
static bool is_harmless(const char *text, const char *at)
{
    char before = at == text ? '\0' : at[-1];
    unsigned char c = (unsigned char)*at;
    if (c == '_') {
        return isalnum((unsigned char)before) && isalnum((unsigned char)at[1]);
    }
    if (c == '.') {
        return before != 'w' && before != 'W';
    }
    if (c == ':') {
        return at[1] == ' ';
    }
    return isalnum(c) || strchr(" /-,;+=%()\"'?", c) != NULL;
}

/* Every character with a meaning becomes a reference to it, so that neither a cell nor a tag ends.
 */
static void add_escaped(struct str *out, const char *text)
{
    size_t characters = 0;
    for (const char *at = text; *at != '\0'; characters++) {
        const char *from = at;
        uint32_t code = utf8_next(&at);
        if (characters == CELL_MAX) {
            str_add(out, "...");
            break;
        }
        if (code == UTF8_REPLACEMENT || versus_is_control(code)) {
            str_add_char(out, '?');
        } else if (code >= 0x80 || is_harmless(text, from)) {
            str_add_bytes(out, from, (size_t)(at - from));
        } else {
            str_format(out, "&#%u;", (unsigned)code);
        }
    }
}

/* Text of others: in <code> GitHub makes no mention, reference or link of it. */
static void add_text(struct str *out, const char *text)
{
    str_add(out, "<code>");
    add_escaped(out, text);
    str_add(out, "</code>");
}

/* Why something could not be counted may be a body's own words. */
static bool has_words_of_others(const struct versus_benchmark *b)
{
    const struct metric_pair *pair = versus_instructions(b);
    bool uncounted = pair != NULL && pair->change == METRIC_UNKNOWN;
    return b->reason != NULL || b->note != NULL || uncounted;
}

static void add_remarks(struct str *out, const struct versus_benchmark *b)
{
    struct str remarks = STR_EMPTY;
    versus_add_remarks(&remarks, b);
    if (has_words_of_others(b) && remarks.length > 0) {
        add_text(out, str_text(&remarks));
    } else {
        str_add(out, str_text(&remarks));
    }
    str_release(&remarks);
}

static void add_effect_cells(struct str *out, const struct versus_benchmark *b)
{
    if (!versus_has_figures(b)) {
        str_add(out, " | | | ");
        return;
    }
    versus_add_percent(out, b->effect.point, 2);
    str_add(out, " | ");
    versus_add_interval(out, &b->effect);
    str_add(out, " | ");
    versus_add_detectable(out, b->detectable);
    str_add(out, " | ");
}

static void add_changed_row(struct str *out, const struct versus_benchmark *b)
{
    str_add(out, "| ");
    add_text(out, b->id);
    str_format(out, " | **%s** | ", versus_outcome(b));
    add_effect_cells(out, b);
    if (b->status == VERSUS_COMPARED) {
        units_add_ns(out, b->old_times.median_ns, NULL);
        str_add(out, " | ");
        units_add_ns(out, b->new_times.median_ns, NULL);
        str_add(out, " | ");
    } else {
        str_add(out, "| | ");
    }
    add_remarks(out, b);
    str_add(out, " |\n");
}

static void add_judged_row(struct str *out, const struct versus_benchmark *b)
{
    str_add(out, "| ");
    add_text(out, b->id);
    str_add(out, " | ");
    add_effect_cells(out, b);
    add_remarks(out, b);
    str_add(out, " |\n");
}

static void add_other_row(struct str *out, const struct versus_benchmark *b)
{
    str_add(out, "| ");
    add_text(out, b->id);
    str_format(out, " | %s | ", versus_outcome(b));
    add_remarks(out, b);
    str_add(out, " |\n");
}

/* Rows of those benchmarks that `row` is for, until `end` is reached, then how many more there are.
 */
static void add_rows(struct str *out, const struct versus_benchmark *const *list, size_t count,
                     size_t end, void (*row)(struct str *out, const struct versus_benchmark *b))
{
    struct str one = STR_EMPTY;
    size_t shown = 0;
    for (; shown < count; shown++) {
        str_clear(&one);
        row(&one, list[shown]);
        if (out->length + one.length > end) {
            break;
        }
        str_add_bytes(out, str_text(&one), one.length);
    }
    if (shown < count) {
        str_format(out, "\n... and %zu more.\n", count - shown);
    }
    str_release(&one);
}

/* How far a benchmark is from "nothing happened": halved is as far as doubled. */
static double weight(const struct versus_benchmark *b)
{
    return b->status == VERSUS_FAILED ? HUGE_VAL : fabs(log1p(fmax(b->effect.point, -1)));
}

/* Both are in one array, by id, which decides between equals. */
static int by_weight(const void *a, const void *b)
{
    const struct versus_benchmark *one = *(const struct versus_benchmark *const *)a;
    const struct versus_benchmark *two = *(const struct versus_benchmark *const *)b;
    double first = weight(one);
    double second = weight(two);
    if (first > second || (!(first < second) && one < two)) {
        return -1;
    }
    return one == two ? 0 : 1;
}

enum group { GROUP_CHANGED, GROUP_INCONCLUSIVE, GROUP_UNCHANGED, GROUP_OTHER, GROUPS };

static enum group group_of(const struct versus_benchmark *b)
{
    if (b->status == VERSUS_FAILED || versus_judged_as(b, VERSUS_REGRESSED) ||
        versus_judged_as(b, VERSUS_IMPROVED) || versus_gate_failed(b)) {
        return GROUP_CHANGED;
    }
    return versus_judged_as(b, VERSUS_INCONCLUSIVE) ? GROUP_INCONCLUSIVE
           : versus_judged_as(b, VERSUS_UNCHANGED)  ? GROUP_UNCHANGED
                                                    : GROUP_OTHER;
}

/* Fills `list` with the benchmarks of a group; returns how many there are. */
static size_t gather(const struct versus *v, enum group group, const struct versus_benchmark **list)
{
    size_t count = 0;
    for (size_t i = 0; i < v->count; i++) {
        if (group_of(&v->benchmarks[i]) == group) {
            list[count++] = &v->benchmarks[i];
        }
    }
    return count;
}

static void add_changed(struct str *out, const struct versus *v,
                        const struct versus_benchmark **list)
{
    size_t count = gather(v, GROUP_CHANGED, list);
    if (count == 0) {
        str_add(out, "No benchmark regressed, improved or failed.\n");
        return;
    }
    qsort(list, count, sizeof *list, by_weight);
    str_add(out, CHANGED_HEAD);
    add_rows(out, list, count, CHANGED_END, add_changed_row);
}

/* The verdict is about the fast half of the slices; users also wait for the slow one. */
static void add_tails(struct str *out, const struct versus *v)
{
    size_t slower = versus_count(v).tail_slower;
    size_t shown = 0;
    if (slower == 0) {
        return;
    }
    str_add(out, "\nThe slow half of the slices became slower, though no regression was called:");
    for (size_t i = 0; i < v->count && shown < LISTED_MAX; i++) {
        const struct versus_benchmark *b = &v->benchmarks[i];
        if (b->status == VERSUS_COMPARED && !b->below_resolution && b->tail_slower) {
            str_add(out, shown++ == 0 ? " " : ", ");
            add_text(out, b->id);
            str_add(out, " (");
            versus_add_percent(out, b->tail.point, 1);
            str_add(out, ")");
        }
    }
    if (slower > shown) {
        str_format(out, " and %zu more", slower - shown);
    }
    str_add(out, ".\n");
}

static void add_folded(struct str *out, const struct versus *v, enum group group,
                       const struct versus_benchmark **list)
{
    static const struct {
        const char *title;
        const char *head;
        size_t end;
        void (*row)(struct str *out, const struct versus_benchmark *b);
    } groups[GROUPS] = {
        [GROUP_INCONCLUSIVE] = {"inconclusive", JUDGED_HEAD, INCONCLUSIVE_END, add_judged_row},
        [GROUP_UNCHANGED] = {"unchanged", JUDGED_HEAD, UNCHANGED_END, add_judged_row},
        [GROUP_OTHER] = {"not judged", OTHER_HEAD, OTHER_END, add_other_row}};
    size_t count = gather(v, group, list);
    if (count == 0) {
        return;
    }
    str_format(out, "\n<details><summary>%zu %s</summary>\n\n%s", count, groups[group].title,
               groups[group].head);
    add_rows(out, list, count, groups[group].end, groups[group].row);
    str_add(out, "\n</details>\n");
}

static void add_one_sided(struct str *out, const struct versus_side *side, char *const *ids,
                          size_t count)
{
    size_t shown = 0;
    if (count == 0) {
        return;
    }
    str_format(out, "\n<details><summary>%zu only in ", count);
    add_text(out, side->name);
    str_add(out, "</summary>\n\n");
    for (; shown < count && out->length < ONE_SIDED_END; shown++) {
        str_add(out, "- ");
        add_text(out, ids[shown]);
        str_add_char(out, '\n');
    }
    if (shown < count) {
        str_format(out, "- and %zu more\n", count - shown);
    }
    str_add(out, "\n</details>\n");
}

static void add_head(struct str *out, const struct versus *v)
{
    str_add(out, "### Assay: ");
    versus_add_counts(out, v);
    str_add(out, "\n\n");
    if (!versus_is_trusted(v)) {
        str_add(out, "**Untrusted. ");
        versus_add_distrust(out, v, add_text);
        str_add(out, "**\n\n");
    }
    if (!v->complete) {
        str_add(out, "**Interrupted:** what was measured until then is shown.\n\n");
    }
    versus_add_side(out, &v->new_side, add_text);
    str_add(out, " against ");
    versus_add_side(out, &v->old_side, add_text);
    str_add(out, ", in ");
    versus_add_duration(out, v->duration_s);
    str_add(out, "; ");
    versus_add_disturbance(out, v);
    str_format(out, ". Intervals of %g %%.\n\n", v->settings.confidence * 100);
    for (size_t i = 0; i < v->warning_count && i < LISTED_MAX; i++) {
        str_add(out, "- Warning: ");
        add_text(out, v->warnings[i]);
        str_add_char(out, '\n');
    }
    if (v->warning_count > LISTED_MAX) {
        str_format(out, "- and %zu more warnings\n", v->warning_count - LISTED_MAX);
    }
    str_add(out, v->warning_count > 0 ? "\n" : "");
}

void versus_markdown(const struct versus *v, struct str *out)
{
    struct str text = STR_EMPTY;
    const struct versus_benchmark **list = memory_zeroed(v->count, sizeof *list);
    add_head(&text, v);
    add_changed(&text, v, list);
    add_tails(&text, v);
    for (enum group group = GROUP_INCONCLUSIVE; group < GROUPS; group++) {
        add_folded(&text, v, group, list);
    }
    add_one_sided(&text, &v->old_side, v->only_old, v->only_old_count);
    add_one_sided(&text, &v->new_side, v->only_new, v->only_new_count);
    str_add(&text, "\nRepeat: <code>assay compare ");
    add_escaped(&text, v->old_side.path);
    str_add_char(&text, ' ');
    add_escaped(&text, v->new_side.path);
    str_format(&text, " --seed %llu</code>\n", (unsigned long long)v->settings.seed);
    str_add_bytes(out, str_text(&text), text.length);
    str_release(&text);
    free(list);
}
