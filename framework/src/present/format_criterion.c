/* The look of Criterion's terminal output, for eyes and scripts that know it. */
#include "base/units.h"
#include "present/format.h"

#include <string.h>

#define COLUMN 24

static void add_triple_ns(struct str *out, const struct result_benchmark *b,
                          const struct estimate *e)
{
    str_add(out, "[");
    units_add_ns(out, e->lower, b->unit);
    str_add(out, " ");
    units_add_ns(out, e->point, b->unit);
    str_add(out, " ");
    units_add_ns(out, e->upper, b->unit);
    str_add(out, "]\n");
}

static void add_label(struct str *out, const char *label)
{
    str_format(out, "%*s%-8s", COLUMN, "", label);
}

static void add_benchmark(const struct printer *p, const struct result_benchmark *b,
                          struct str *out)
{
    (void)p;
    size_t length = strlen(b->id);
    str_add(out, b->id);
    if (b->analysis == NULL) {
        str_format(out, "\n%*s%s: %s\n", COLUMN, "", result_status_name(b->status),
                   b->reason == NULL ? "" : b->reason);
        return;
    }
    const struct estimate *e = &b->analysis->estimates[STATISTIC_LOWMEAN];
    if (b->below_resolution) {
        str_format(out, "\n%*sbelow resolution\n", COLUMN, "");
        return;
    }
    if (length >= COLUMN) {
        str_add(out, "\n");
        length = 0;
    }
    str_format(out, "%*s%-8s", (int)(COLUMN - length), "", "time:");
    add_triple_ns(out, b, e);
    if (b->record->bytes_per_iteration > 0 || b->record->elements_per_iteration > 0) {
        add_label(out, "thrpt:");
        str_add(out, "[");
        format_add_throughput(out, b, e->upper);
        str_add(out, " ");
        format_add_throughput(out, b, e->point);
        str_add(out, " ");
        format_add_throughput(out, b, e->lower);
        str_add(out, "]\n");
    }
    if (b->analysis->compared) {
        const struct comparison *c = &b->analysis->comparison;
        add_label(out, "change:");
        str_add(out, "[");
        units_add_percent(out, c->change.lower);
        str_add(out, " ");
        units_add_percent(out, c->change.point);
        str_add(out, " ");
        units_add_percent(out, c->change.upper);
        str_format(out, "] (p = %.2f, stored numbers)\n", c->p_value);
        str_format(out, "%*s%s\n", COLUMN, "",
                   c->verdict == VERDICT_REGRESSED  ? "Performance has regressed."
                   : c->verdict == VERDICT_IMPROVED ? "Performance has improved."
                                                    : "No change in performance detected.");
    }
    size_t outliers = outliers_count(&b->analysis->outliers);
    if (outliers > 0) {
        str_format(out, "Found %zu outliers among %zu measurements (effect on the mean: %s)\n",
                   outliers, b->record->sample_count,
                   outliers_effect_name(b->analysis->outliers.effect));
    }
    str_add(out, "\n");
}

const struct format format_criterion = {
    .name = "criterion", .help = "as Criterion prints", .benchmark = add_benchmark};
