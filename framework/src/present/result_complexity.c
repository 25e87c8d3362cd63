#include "present/result_complexity.h"
#include "base/memory.h"
#include "base/units.h"

#include <stdlib.h>
#include <string.h>

/* What follows the first parameter in the id: "/zstd/threads:2", or "". */
static const char *rest_of_id(const struct result_benchmark *b, const char *suite)
{
    struct str start = STR_EMPTY;
    str_format(&start, "%s/%s/%lld", suite, b->bench, (long long)b->parameters[0].value);
    const char *rest =
        strncmp(b->id, str_text(&start), start.length) == 0 ? b->id + start.length : "";
    str_release(&start);
    return rest;
}

void complexity_add_name(struct str *out, const struct result_benchmark *b, const char *suite)
{
    str_format(out, "%s/%s%s", suite, b->bench, rest_of_id(b, suite));
}

static bool takes_part(const struct result_benchmark *b)
{
    return b->complexity && b->parameter_count > 0 && !b->parameters[0].is_word;
}

static bool same_family(const struct result *r, const struct result_family *family,
                        const struct result_benchmark *b)
{
    const struct result_benchmark *first = &r->benchmarks[family->members[0]];
    return strcmp(first->bench, b->bench) == 0 &&
           strcmp(rest_of_id(first, r->suite), rest_of_id(b, r->suite)) == 0;
}

static struct result_family *family_of(struct result *r, const struct result_benchmark *b)
{
    for (size_t i = 0; i < r->family_count; i++) {
        if (same_family(r, &r->families[i], b)) {
            return &r->families[i];
        }
    }
    r->families = memory_resize(r->families, r->family_count + 1, sizeof *r->families);
    struct result_family *added = &r->families[r->family_count++];
    struct str name = STR_EMPTY;
    str_format(&name, "%s%s", b->bench, rest_of_id(b, r->suite));
    *added = (struct result_family){.name = str_detach(&name)};
    return added;
}

static void fit_family(const struct result *r, struct result_family *family, double confidence)
{
    int64_t *n = memory_zeroed(family->count, sizeof *n);
    double *time_ns = memory_zeroed(family->count, sizeof *time_ns);
    size_t points = 0;
    for (size_t i = 0; i < family->count; i++) {
        const struct result_benchmark *b = &r->benchmarks[family->members[i]];
        if (b->analysis != NULL && !b->below_resolution) {
            n[points] = b->parameters[0].value;
            time_ns[points++] = b->analysis->estimates[STATISTIC_LOWMEAN].point;
        }
    }
    family->fit = complexity_fit(n, time_ns, points, confidence);
    free(n);
    free(time_ns);
}

void complexity_find(struct result *result, double confidence)
{
    result_release_families(result);
    for (size_t i = 0; i < result->count; i++) {
        if (takes_part(&result->benchmarks[i])) {
            struct result_family *family = family_of(result, &result->benchmarks[i]);
            family->members =
                memory_resize(family->members, family->count + 1, sizeof *family->members);
            family->members[family->count++] = i;
        }
    }
    for (size_t i = 0; i < result->family_count; i++) {
        fit_family(result, &result->families[i], confidence);
    }
}

static void add_reason(struct str *out, const struct complexity *fit)
{
    str_format(out, "no curve is fitted: that takes %d different values above 0, and %zu %s",
               COMPLEXITY_POINTS_MIN, fit->distinct,
               fit->distinct == 1 ? "was measured" : "were measured");
}

static void add_fit(struct json_writer *w, const struct complexity *c, enum complexity_curve curve)
{
    const struct complexity_fit *fit = &c->fits[curve];
    json_begin_object_line(w, NULL);
    json_add_text(w, "curve", complexity_name(curve));
    json_add_double(w, "coefficient_ns", fit->coefficient_ns);
    json_add_double(w, "lower_ns", fit->lower_ns);
    json_add_double(w, "upper_ns", fit->upper_ns);
    json_add_double(w, "standard_error_ns", fit->standard_error_ns);
    json_add_double(w, "rms", fit->rms);
    json_end(w);
}

static void add_fits(struct json_writer *w, const struct complexity *c)
{
    json_add_bool(w, "close", c->close);
    json_begin_array(w, "fits");
    add_fit(w, c, c->best);
    add_fit(w, c, c->next);
    for (int curve = 0; curve < COMPLEXITIES; curve++) {
        if (curve != (int)c->best && curve != (int)c->next) {
            add_fit(w, c, (enum complexity_curve)curve);
        }
    }
    json_end(w);
}

static void add_family(struct json_writer *w, const struct result *r,
                       const struct result_family *family)
{
    const struct result_benchmark *first = &r->benchmarks[family->members[0]];
    json_begin_object(w, NULL);
    json_add_text(w, "name", family->name);
    json_add_text(w, "bench", first->bench);
    json_add_text(w, "parameter", first->parameters[0].axis);
    json_begin_array_line(w, "ids");
    for (size_t i = 0; i < family->count; i++) {
        json_add_text(w, NULL, r->benchmarks[family->members[i]].id);
    }
    json_end(w);
    json_add_int(w, "distinct", (int64_t)family->fit.distinct);
    if (family->fit.distinct < COMPLEXITY_POINTS_MIN) {
        struct str reason = STR_EMPTY;
        add_reason(&reason, &family->fit);
        json_add_text(w, "reason", str_text(&reason));
        str_release(&reason);
    } else {
        add_fits(w, &family->fit);
    }
    json_end(w);
}

void complexity_write(struct json_writer *w, const struct result *result)
{
    if (result->family_count == 0) {
        return;
    }
    json_begin_array(w, "complexity");
    for (size_t i = 0; i < result->family_count; i++) {
        add_family(w, result, &result->families[i]);
    }
    json_end(w);
}

void complexity_read(const json_t *list, struct result *result)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *ids = json_object_get(json_array_get(list, i), "ids");
        for (size_t j = 0; j < json_array_size(ids); j++) {
            const char *id = json_string_value(json_array_get(ids, j));
            struct result_benchmark *b = id == NULL ? NULL : result_find(result, id);
            if (b != NULL) {
                b->complexity = true;
            }
        }
    }
}

static void add_rms(struct str *out, const struct complexity_fit *fit)
{
    str_add(out, "RMS ");
    str_format(out, "%.*f %%", fit->rms < 0.1 ? 1 : 0, fit->rms * 100);
}

void complexity_add_line(struct str *out, const struct result_family *family)
{
    const struct complexity *c = &family->fit;
    str_format(out, "%s: ", family->name);
    if (c->distinct < COMPLEXITY_POINTS_MIN) {
        add_reason(out, c);
        str_add(out, "\n");
        return;
    }
    const struct complexity_fit *best = &c->fits[c->best];
    const char *formula = complexity_formula(c->best);
    str_format(out, "O(%s), ", complexity_name(c->best));
    units_add_ns(out, best->coefficient_ns, NULL);
    str_format(out, "%s%s, ", formula[0] == '\0' ? "" : " * ", formula);
    add_rms(out, best);
    str_format(out, "; next O(%s), ", complexity_name(c->next));
    add_rms(out, &c->fits[c->next]);
    str_add(out, c->close ? ": the two cannot be told apart\n" : "\n");
}
