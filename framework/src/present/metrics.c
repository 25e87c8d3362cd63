#include "present/metrics.h"
#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Above this a count is shown in four digits. */
#define WHOLE_MAX 1e9

static const char *or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static void add_figure(struct json_writer *w, const char *key, const struct metric *m, double value)
{
    if (metric_is_known(m)) {
        json_add_double(w, key, value);
    } else {
        json_add_null(w, key);
    }
}

static void add_figures(struct json_writer *w, const struct metric *m)
{
    json_add_text(w, "state", metric_state_name(m->state));
    add_figure(w, "value", m, m->value);
    add_figure(w, "lower", m, m->lower);
    add_figure(w, "upper", m, m->upper);
    add_figure(w, "scale", m, m->scale);
    json_add_text(w, "reason", metric_is_known(m) ? or_null(m->reason) : m->reason);
}

static void add_names(struct json_writer *w, const struct metric *m)
{
    json_add_text(w, "source", m->source);
    json_add_text(w, "name", m->name);
    json_add_text(w, "unit", or_null(m->unit));
}

static void add_one(struct json_writer *w, const struct metric *metric)
{
    json_begin_object_line(w, NULL);
    add_names(w, metric);
    add_figures(w, metric);
    json_end(w);
}

void metrics_add_list(struct json_writer *w, const char *key, const struct metric_list *list)
{
    json_begin_array(w, key);
    for (size_t i = 0; i < list->count; i++) {
        add_one(w, &list->items[i]);
    }
    json_end(w);
}

static void add_side(struct json_writer *w, const char *key, const struct metric *m)
{
    json_begin_object_line(w, key);
    add_figures(w, m);
    json_end(w);
}

void metrics_add_pairs(struct json_writer *w, const char *key, const struct metric_pair *pairs,
                       size_t count)
{
    json_begin_array(w, key);
    for (size_t i = 0; i < count; i++) {
        const struct metric_pair *pair = &pairs[i];
        json_begin_object(w, NULL);
        add_names(w, &pair->new_metric);
        add_side(w, "old", &pair->old_metric);
        add_side(w, "new", &pair->new_metric);
        json_add_text(w, "change", gate_change_name(pair->change));
        if (pair->gated) {
            json_add_double(w, "tolerance", pair->tolerance);
        } else {
            json_add_null(w, "tolerance");
        }
        json_add_bool(w, "failed", pair->failed);
        json_end(w);
    }
    json_end(w);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static void read_figures(const json_t *object, struct metric *m)
{
    const char *state = text_of(object, "state");
    bool known = strcmp(state, metric_state_name(METRIC_UNAVAILABLE)) != 0 &&
                 json_is_number(json_object_get(object, "value"));
    if (!known) {
        metric_deny(m, "%s", text_of(object, "reason"));
        return;
    }
    m->state =
        strcmp(state, metric_state_name(METRIC_SCALED)) == 0 ? METRIC_SCALED : METRIC_MEASURED;
    m->value = json_number_value(json_object_get(object, "value"));
    m->lower = json_number_value(json_object_get(object, "lower"));
    m->upper = json_number_value(json_object_get(object, "upper"));
    m->scale = json_number_value(json_object_get(object, "scale"));
    metric_remark(m, "%s", text_of(object, "reason"));
}

void metrics_read_list(const json_t *array, struct metric_list *list)
{
    list->count = 0;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        const char *name = text_of(object, "name");
        struct metric *m = name[0] == '\0' ? NULL
                                           : metric_add(list, text_of(object, "source"), name,
                                                        text_of(object, "unit"));
        if (m != NULL) {
            read_figures(object, m);
        }
    }
}

static void read_side(const json_t *object, const char *key, struct metric *m)
{
    struct metric_list one = {.count = 0};
    metric_add(&one, text_of(object, "source"), text_of(object, "name"), text_of(object, "unit"));
    read_figures(json_object_get(object, key), &one.items[0]);
    *m = one.items[0];
}

size_t metrics_read_pairs(const json_t *array, struct metric_pair *pairs)
{
    size_t count = json_array_size(array);
    count = count > (size_t)(2 * METRICS_MAX) ? (size_t)(2 * METRICS_MAX) : count;
    for (size_t i = 0; i < count; i++) {
        const json_t *object = json_array_get(array, i);
        const json_t *tolerance = json_object_get(object, "tolerance");
        struct metric_pair *pair = &pairs[i];
        *pair = (struct metric_pair){.gated = json_is_number(tolerance),
                                     .tolerance = json_number_value(tolerance),
                                     .failed = json_is_true(json_object_get(object, "failed"))};
        read_side(object, "old", &pair->old_metric);
        read_side(object, "new", &pair->new_metric);
        for (int c = METRIC_UNKNOWN; c <= METRIC_MORE; c++) {
            if (strcmp(text_of(object, "change"), gate_change_name((enum metric_change)c)) == 0) {
                pair->change = (enum metric_change)c;
            }
        }
    }
    return count;
}

/* Counts that are whole are shown whole: 3, not 3.000. */
static void add_value(struct str *out, double value, const char *unit)
{
    if (value == floor(value) && fabs(value) < WHOLE_MAX) {
        str_format(out, "%.0f", value);
    } else {
        units_add_number(out, value);
    }
    str_format(out, "%s%s", unit[0] == '\0' ? "" : " ", unit);
}

static void add_instructions(struct str *out, const struct metric_list *list, size_t start)
{
    const struct metric *count = metric_find(list, "valgrind", "instructions");
    if (metric_is_known(count)) {
        str_add(out, out->length > start ? ", " : "");
        add_value(out, count->value, "");
        str_add(out, count->value == 1 ? " instruction" : " instructions");
    }
}

static void add_allocations(struct str *out, const struct metric_list *list)
{
    const struct metric *count = metric_find(list, "allocator", "allocations");
    const struct metric *bytes = metric_find(list, "allocator", "allocated_bytes");
    if (!metric_is_known(count) || !(count->value > 0)) {
        return;
    }
    add_value(out, count->value, "");
    str_add(out, count->value == 1 ? " allocation" : " allocations");
    if (metric_is_known(bytes)) {
        str_add(out, ", ");
        add_value(out, bytes->value, "B");
    }
}

void metrics_add_brief(struct str *out, const struct metric_list *list)
{
    size_t start = out->length;
    add_allocations(out, list);
    add_instructions(out, list, start);
}

void metrics_add_lines(struct str *out, const struct metric_list *list, const char *source)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct metric *m = &list->items[i];
        if (source != NULL && strcmp(m->source, source) != 0) {
            continue;
        }
        str_format(out, "    %s (%s): ", m->name, m->source);
        if (!metric_is_known(m)) {
            str_format(out, "not available: %s\n", m->reason);
            continue;
        }
        add_value(out, m->value, m->unit);
        if (m->lower < m->upper) {
            str_add(out, "  [");
            add_value(out, m->lower, "");
            str_add(out, " .. ");
            add_value(out, m->upper, "");
            str_add(out, "]");
        }
        if (m->state == METRIC_SCALED) {
            str_format(out, "  scaled: counted %.0f %% of the time", m->scale * 100);
        }
        if (m->reason[0] != '\0') {
            str_format(out, "  (%s)", m->reason);
        }
        str_add(out, "\n");
    }
}

void metrics_add_change(struct str *out, const struct metric_pair *pair)
{
    const struct metric *now = &pair->new_metric;
    str_format(out, "%s ", now->name);
    add_value(out, pair->old_metric.value, "");
    str_add(out, " -> ");
    add_value(out, now->value, now->unit);
    if (pair->old_metric.value > 0 && pair->change != METRIC_SAME) {
        str_add(out, " (");
        units_add_percent(out, gate_growth(pair));
        str_add(out, ")");
    }
}

bool metrics_is_notable(const struct metric_pair *pair)
{
    bool exact = metric_is_exact(&pair->old_metric) && metric_is_exact(&pair->new_metric) &&
                 strcmp(pair->new_metric.source, "process") != 0;
    bool moved = pair->change == METRIC_MORE || pair->change == METRIC_LESS;
    return pair->failed || (moved && (exact || strcmp(pair->new_metric.source, "latency") == 0));
}
