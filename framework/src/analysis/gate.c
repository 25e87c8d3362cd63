#include "analysis/gate.h"
#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Counts are sums of doubles over laps: their last digits are not the program's. */
#define ROUNDING 1e-9

static int add_gate(const char *word, size_t length, struct gates *gates, struct error *error)
{
    char text[METRIC_NAME_BYTES + 32];
    snprintf(text, sizeof text, "%.*s", (int)length, word);
    char *sign = strchr(text, '=');
    if (sign == NULL || sign == text || length >= sizeof text ||
        (size_t)(sign - text) >= METRIC_NAME_BYTES) {
        return error_set(error, STATUS_USAGE,
                         "--gate: \"%s\" is not NAME=PART, such as allocations=0 or "
                         "instructions=0.2%%",
                         text);
    }
    if (gates->count == GATES_MAX) {
        return error_set(error, STATUS_USAGE, "--gate: more than %d metrics", GATES_MAX);
    }
    struct gate *gate = &gates->gates[gates->count++];
    *sign = '\0';
    snprintf(gate->name, sizeof gate->name, "%.*s", METRIC_NAME_BYTES - 1, text);
    if (!units_parse_fraction(sign + 1, &gate->tolerance) || gate->tolerance < 0) {
        return error_set(error, STATUS_USAGE,
                         "--gate: \"%s\" is no part by which %s may grow; write 0, 0.002 or 0.2%%",
                         sign + 1, gate->name);
    }
    return 0;
}

int gates_parse(const char *text, struct gates *gates, struct error *error)
{
    gates->count = 0;
    if (strcmp(text, "none") == 0) {
        return 0;
    }
    for (const char *at = text; *at != '\0';) {
        size_t length = strcspn(at, ",");
        if (add_gate(at, length, gates, error) != 0) {
            return -1;
        }
        at += length + (at[length] == ',');
    }
    return 0;
}

static void judge(struct metric_pair *pair, const struct gates *gates)
{
    const struct metric *before = &pair->old_metric;
    const struct metric *now = &pair->new_metric;
    for (size_t i = 0; i < gates->count; i++) {
        if (strcmp(gates->gates[i].name, now->name) == 0) {
            pair->gated = true;
            pair->tolerance = gates->gates[i].tolerance;
        }
    }
    if (!metric_is_known(before) || !metric_is_known(now)) {
        return;
    }
    double slack = ROUNDING * fmax(fabs(before->upper), fabs(now->upper));
    pair->change = now->lower > before->upper + slack   ? METRIC_MORE
                   : now->upper < before->lower - slack ? METRIC_LESS
                                                        : METRIC_SAME;
    pair->failed = pair->gated && now->lower > before->upper * (1 + pair->tolerance) + slack;
}

size_t gate_pairs(const struct metric_list *old_list, const struct metric_list *new_list,
                  const struct gates *gates, struct metric_pair *pairs)
{
    size_t count = 0;
    for (size_t i = 0; i < new_list->count; i++) {
        const struct metric *now = &new_list->items[i];
        const struct metric *before = metric_find(old_list, now->source, now->name);
        struct metric_pair *pair = &pairs[count++];
        *pair = (struct metric_pair){.new_metric = *now, .old_metric = *now};
        if (before != NULL) {
            pair->old_metric = *before;
        } else {
            metric_deny(&pair->old_metric, "the old side has no such metric");
        }
        judge(pair, gates);
    }
    for (size_t i = 0; i < old_list->count; i++) {
        const struct metric *before = &old_list->items[i];
        if (metric_find(new_list, before->source, before->name) == NULL) {
            struct metric_pair *pair = &pairs[count++];
            *pair = (struct metric_pair){.new_metric = *before, .old_metric = *before};
            metric_deny(&pair->new_metric, "the new side has no such metric");
            judge(pair, gates);
        }
    }
    return count;
}

bool gate_is_used(const struct gate *gate, const struct metric_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].new_metric.name, gate->name) == 0) {
            return true;
        }
    }
    return false;
}

bool gate_any_failed(const struct metric_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].failed) {
            return true;
        }
    }
    return false;
}

double gate_growth(const struct metric_pair *pair)
{
    double growth = pair->new_metric.value / pair->old_metric.value - 1;
    return isfinite(growth) ? growth : 0;
}

const char *gate_change_name(enum metric_change change)
{
    static const char *const names[] = {"unknown", "same", "less", "more"};
    return names[change];
}
