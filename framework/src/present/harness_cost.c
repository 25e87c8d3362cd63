#include "present/harness_cost.h"
#include "base/units.h"

#include <math.h>

/* A smaller part of the time is not worth a word on the terminal. */
#define NOTED_FROM 0.01

static const char *const eviction_names[] = {"", "flushed", "swept", "swept in part"};

static double part(double ns, double whole_ns)
{
    return whole_ns > 0 ? fmin(ns / whole_ns, 1) : 0;
}

bool harness_cost_of(const struct result_benchmark *b, struct harness_cost *cost)
{
    if (b->record == NULL || b->analysis == NULL || !b->record->harness.known) {
        return false;
    }
    const struct record_harness *h = &b->record->harness;
    double whole_ns = b->analysis->estimates[STATISTIC_LOWMEAN].point;
    bool has_spans = b->record->batched || b->record->cold != RECORD_WARM;
    double spans = has_spans ? h->spans_per_iteration : 0;
    double pauses = h->pauses_per_iteration;
    cost->clock_ns = spans * h->clock.point;
    cost->pause_ns = pauses * h->pause.point;
    cost->share = part(cost->clock_ns + cost->pause_ns, whole_ns);
    cost->share_lower = part(spans * h->clock.lower + pauses * h->pause.lower, whole_ns);
    cost->share_upper = part(spans * h->clock.upper + pauses * h->pause.upper, whole_ns);
    return true;
}

static void add_part(struct str *out, const char *what, double ns, const struct result_benchmark *b)
{
    double whole_ns = b->analysis->estimates[STATISTIC_LOWMEAN].point;
    struct unit unit = units_for_ns(whole_ns, b->unit);
    if (part(ns, whole_ns) < NOTED_FROM) {
        return;
    }
    str_format(out, "  %s ~", what);
    units_add_number(out, ns / unit.factor);
    str_add(out, " of ");
    units_add_ns(out, whole_ns, unit.name);
}

void harness_cost_add_note(struct str *out, const struct result_benchmark *b)
{
    struct harness_cost cost;
    if (b->record != NULL && b->record->cold != RECORD_WARM) {
        str_format(out, "  cold (%s)", eviction_names[b->record->cold]);
    }
    if (harness_cost_of(b, &cost) && !b->below_resolution) {
        add_part(out, "clock reads cost", cost.clock_ns, b);
        add_part(out, "pauses cost", cost.pause_ns, b);
    }
}

bool harness_cost_add_warning(struct str *out, const struct result_benchmark *b)
{
    struct harness_cost cost;
    if (!harness_cost_of(b, &cost) || b->below_resolution || cost.share <= HARNESS_COST_WARN) {
        return false;
    }
    bool pauses = cost.pause_ns > cost.clock_ns;
    const char *advice = pauses ? "prefer setup before the loop, or ASSAY_LOOP_WITH"
                         : b->record->cold != RECORD_WARM
                             ? "give an iteration more work, or read differences only"
                             : "give it a larger batch (.batch or .batching)";
    str_format(out, "%s: %s make %.0f %% of its time: %s", b->id, pauses ? "pauses" : "clock reads",
               cost.share * 100, advice);
    return true;
}

static void add_cost(struct json_writer *w, const char *key, const struct record_cost *cost)
{
    json_begin_object_line(w, key);
    json_add_double(w, "point", cost->point);
    json_add_double(w, "lower", cost->lower);
    json_add_double(w, "upper", cost->upper);
    json_end(w);
}

static double rounded(double value)
{
    return round(value * 1e6) / 1e6;
}

static void add_harness(struct json_writer *w, const struct result_benchmark *b)
{
    const struct record_harness *h = &b->record->harness;
    struct harness_cost cost;
    if (!harness_cost_of(b, &cost)) {
        return;
    }
    json_begin_object(w, "harness");
    if (b->record->batched || b->record->cold != RECORD_WARM) {
        json_add_double(w, "batch_iterations", rounded(1 / h->spans_per_iteration));
    } else {
        json_add_null(w, "batch_iterations");
    }
    add_cost(w, "clock_ns", &h->clock);
    json_add_double(w, "pauses_per_iteration", rounded(h->pauses_per_iteration));
    if (h->pauses_per_iteration > 0) {
        add_cost(w, "pause_ns", &h->pause);
    } else {
        json_add_null(w, "pause_ns");
    }
    struct record_cost share = {rounded(cost.share), rounded(cost.share_lower),
                                rounded(cost.share_upper)};
    add_cost(w, "share", &share);
    json_end(w);
}

void harness_cost_write(struct json_writer *w, const struct result_benchmark *b)
{
    add_harness(w, b);
    if (b->record->cold != RECORD_WARM) {
        json_add_bool(w, "cold", true);
        json_begin_object_line(w, "eviction");
        json_add_text(w, "how", eviction_names[b->record->cold]);
        json_add_int(w, "bytes", (int64_t)b->record->evicted_bytes);
        json_end(w);
    }
}
