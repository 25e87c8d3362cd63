#include "analysis/regress.h"
#include "analysis/stats.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Part of the resamples that may be without a slope. */
#define FLAT_MAX 0.05

static double time_of(const struct sample *s)
{
    return s->time_ns;
}

static double iterations_of(const struct sample *s)
{
    return (double)s->iterations;
}

static double page_faults_of(const struct sample *s)
{
    return s->page_faults;
}

static double involuntary_switches_of(const struct sample *s)
{
    return s->involuntary_switches;
}

static const struct {
    const char *name;
    bool is_time;
    double (*of)(const struct sample *s);
} table[QUANTITIES] = {
    [QUANTITY_TIME] = {"time", true, time_of},
    [QUANTITY_ITERATIONS] = {"iterations", false, iterations_of},
    [QUANTITY_PAGE_FAULTS] = {"page-faults", false, page_faults_of},
    [QUANTITY_INVOLUNTARY_SWITCHES] = {"involuntary-switches", false, involuntary_switches_of},
};

const char *quantity_name(enum quantity quantity)
{
    return table[quantity].name;
}

bool quantity_is_time(enum quantity quantity)
{
    return table[quantity].is_time;
}

static int parse_quantity(const char *text, const char *word, enum quantity *quantity,
                          struct error *error)
{
    const char *names[QUANTITIES];
    struct str all = STR_EMPTY;
    for (int i = 0; i < QUANTITIES; i++) {
        names[i] = table[i].name;
        str_format(&all, "%s%s", i == 0 ? "" : ", ", names[i]);
        if (strcmp(word, names[i]) == 0) {
            *quantity = (enum quantity)i;
            str_release(&all);
            return 0;
        }
    }
    const char *nearest = nearest_word(word, names, QUANTITIES);
    error_set(error, STATUS_USAGE,
              "--regress %.80s: \"%.40s\" is no quantity of a sample%s%s%s (%s)", text, word,
              nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest,
              nearest == NULL ? "" : "?", str_text(&all));
    str_release(&all);
    return -1;
}

int regress_parse(const char *text, struct regress_pair *pair, struct error *error)
{
    const char *colon = strchr(text, ':');
    if (colon == NULL) {
        return error_set(error, STATUS_USAGE,
                         "--regress %.80s: write RESPONDER:PREDICTOR, as in time:iterations", text);
    }
    char *responder = memory_text_part(text, (size_t)(colon - text));
    int code = parse_quantity(text, responder, &pair->responder, error);
    free(responder);
    if (code == 0) {
        code = parse_quantity(text, colon + 1, &pair->predictor, error);
    }
    if (code == 0 && pair->responder == pair->predictor) {
        code = error_set(error, STATUS_USAGE,
                         "--regress %.80s: a quantity is not regressed on itself", text);
    }
    return code;
}

struct points {
    size_t count;
    double *x; /* both less their means: sums of squares keep their digits */
    double *y;
    double mean_x;
    double mean_y;
};

struct line {
    bool flat; /* x does not vary */
    double slope;
    double intercept; /* of the points less their means */
    double sxx;
    double sxy;
    double syy;
};

/* The line through the points at the given places; all of them when `drawn` is NULL. */
static struct line fit_line(const struct points *p, const uint32_t *drawn)
{
    double n = (double)p->count;
    double sx = 0;
    double sy = 0;
    double xx = 0;
    double xy = 0;
    double yy = 0;
    bool varies = false;
    double first = p->x[drawn == NULL ? 0 : drawn[0]];
    for (size_t i = 0; i < p->count; i++) {
        size_t at = drawn == NULL ? i : drawn[i];
        double x = p->x[at];
        double y = p->y[at];
        varies = varies || x != first;
        sx += x;
        sy += y;
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    struct line line = {
        .flat = !varies, .sxx = xx - sx * sx / n, .sxy = xy - sx * sy / n, .syy = yy - sy * sy / n};
    line.flat = line.flat || !(line.sxx > 0);
    if (!line.flat) {
        line.slope = line.sxy / line.sxx;
        line.intercept = (sy - line.slope * sx) / n;
    }
    return line;
}

static double intercept_of(const struct points *p, const struct line *line)
{
    return line->intercept + p->mean_y - line->slope * p->mean_x;
}

static struct points make_points(const struct sample *samples, size_t count,
                                 struct regress_pair pair)
{
    struct points p = {.count = count,
                       .x = memory_zeroed(count, sizeof(double)),
                       .y = memory_zeroed(count, sizeof(double))};
    for (size_t i = 0; i < count; i++) {
        p.x[i] = table[pair.predictor].of(&samples[i]);
        p.y[i] = table[pair.responder].of(&samples[i]);
    }
    p.mean_x = stats_mean(p.x, count);
    p.mean_y = stats_mean(p.y, count);
    for (size_t i = 0; i < count; i++) {
        p.x[i] -= p.mean_x;
        p.y[i] -= p.mean_y;
    }
    return p;
}

/* Fills slopes and intercepts of the resamples whose line exists; returns how many. */
static size_t draw_lines(const struct points *p, struct rng *rng, size_t resamples, double *slopes,
                         double *intercepts)
{
    uint32_t *drawn = memory_zeroed(p->count, sizeof *drawn);
    size_t kept = 0;
    for (size_t r = 0; r < resamples; r++) {
        for (size_t i = 0; i < p->count; i++) {
            drawn[i] = (uint32_t)rng_below(rng, p->count);
        }
        struct line line = fit_line(p, drawn);
        if (!line.flat) {
            slopes[kept] = line.slope;
            intercepts[kept++] = intercept_of(p, &line);
        }
    }
    free(drawn);
    return kept;
}

static bool varies(const double *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (values[i] != values[0]) {
            return true;
        }
    }
    return false;
}

struct regression regress_run(const struct sample *samples, size_t count, struct regress_pair pair,
                              size_t resamples, double confidence, uint64_t seed,
                              const char *stream)
{
    struct regression r = {.pair = pair};
    struct points p = make_points(samples, count, pair);
    struct line line = fit_line(&p, NULL);
    double *block = memory_zeroed(3 * resamples, sizeof *block);
    double *intercepts = block + resamples;
    if (!varies(p.x, count) || line.flat) {
        r.why = "the predictor is the same in all samples";
    } else if (!varies(p.y, count) || !(line.syy > 0)) {
        r.why = "the responder is the same in all samples";
    } else {
        struct str name = STR_EMPTY;
        struct rng rng;
        str_format(&name, "%s %s:%s", stream, quantity_name(pair.responder),
                   quantity_name(pair.predictor));
        rng_seed_stream(&rng, seed, str_text(&name));
        str_release(&name);
        size_t kept = draw_lines(&p, &rng, resamples, block, intercepts);
        if ((double)kept < (1 - FLAT_MAX) * (double)resamples) {
            r.why = "the predictor differs in too few samples";
        } else {
            double *scratch = block + 2 * resamples;
            r.slope = resample_summary(block, kept, line.slope, confidence, scratch, NULL);
            r.intercept = resample_summary(intercepts, kept, intercept_of(&p, &line), confidence,
                                           scratch, NULL);
            r.r_squared = fmin(line.sxy / line.sxx * (line.sxy / line.syy), 1);
        }
    }
    free(block);
    free(p.x);
    free(p.y);
    return r;
}
