#include "present/result_regressions.h"
#include "base/memory.h"
#include "base/units.h"

#include <math.h>
#include <stdlib.h>

void regressions_find(struct result_benchmark *b, const struct analysis_settings *settings)
{
    if (settings->regress_count > 0) {
        b->regressions =
            memory_resize(b->regressions, settings->regress_count, sizeof *b->regressions);
        b->regression_count = settings->regress_count;
        for (size_t i = 0; i < settings->regress_count; i++) {
            b->regressions[i].pair = settings->regress[i];
        }
    }
    for (size_t i = 0; i < b->regression_count; i++) {
        b->regressions[i] = regress_run(
            b->record->samples, b->record->sample_count, b->regressions[i].pair,
            settings->resamples, settings->compare.confidence, settings->seed, settings->stream);
    }
}

static void add_estimate(struct json_writer *w, const char *key, const struct estimate *e)
{
    json_begin_object_line(w, key);
    json_add_double(w, "point", e->point);
    json_add_double(w, "lower", e->lower);
    json_add_double(w, "upper", e->upper);
    json_add_double(w, "standard_error", e->standard_error);
    json_end(w);
}

void regressions_write(struct json_writer *w, const struct result_benchmark *b)
{
    if (b->regression_count == 0) {
        return;
    }
    json_begin_array(w, "regressions");
    for (size_t i = 0; i < b->regression_count; i++) {
        const struct regression *r = &b->regressions[i];
        bool of_time = quantity_is_time(r->pair.responder);
        bool over_time = quantity_is_time(r->pair.predictor);
        json_begin_object_line(w, NULL);
        json_add_text(w, "responder", quantity_name(r->pair.responder));
        json_add_text(w, "predictor", quantity_name(r->pair.predictor));
        if (r->why != NULL) {
            json_add_text(w, "reason", r->why);
        } else {
            add_estimate(w, of_time ? "slope_ns" : over_time ? "slope_per_ns" : "slope", &r->slope);
            add_estimate(w, of_time ? "intercept_ns" : "intercept", &r->intercept);
            json_add_double(w, "r_squared", r->r_squared);
        }
        json_end(w);
    }
    json_end(w);
}

void regressions_read(const json_t *list, struct result_benchmark *b)
{
    size_t count = json_array_size(list);
    b->regressions = count == 0 ? NULL : memory_zeroed(count, sizeof *b->regressions);
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(list, i);
        const char *responder = json_string_value(json_object_get(entry, "responder"));
        const char *predictor = json_string_value(json_object_get(entry, "predictor"));
        struct str text = STR_EMPTY;
        struct error error = {0};
        str_format(&text, "%s:%s", responder == NULL ? "" : responder,
                   predictor == NULL ? "" : predictor);
        /* A quantity that a later version knows is left out. */
        if (regress_parse(str_text(&text), &b->regressions[b->regression_count].pair, &error) ==
            0) {
            b->regression_count++;
        }
        str_release(&text);
    }
}

static void add_figure(struct str *out, double value, bool is_time)
{
    if (is_time) {
        units_add_ns(out, value, NULL);
    } else {
        units_add_number(out, value);
    }
}

static void add_figures(struct str *out, const char *name, const struct estimate *e, bool is_time,
                        const char *unit)
{
    str_format(out, "  %s ", name);
    add_figure(out, e->point, is_time);
    str_add(out, " [");
    add_figure(out, e->lower, is_time);
    str_add(out, " .. ");
    add_figure(out, e->upper, is_time);
    str_format(out, "]%s", unit);
}

void regressions_add_lines(struct str *out, const struct result_benchmark *b)
{
    for (size_t i = 0; i < b->regression_count; i++) {
        const struct regression *r = &b->regressions[i];
        bool is_time = quantity_is_time(r->pair.responder);
        str_format(out, "    %s:%s", quantity_name(r->pair.responder),
                   quantity_name(r->pair.predictor));
        if (r->why != NULL) {
            str_format(out, "  no line: %s\n", r->why);
            continue;
        }
        add_figures(out, "slope", &r->slope, is_time,
                    quantity_is_time(r->pair.predictor) ? " a ns" : "");
        add_figures(out, "intercept", &r->intercept, is_time, "");
        str_format(out, "  R^2 %.4f\n", r->r_squared);
    }
}
