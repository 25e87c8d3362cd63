/* Metrics of two versions of a benchmark against each other.
 *
 * Counts do not depend on the state of the machine: what every lap of one version gives and no lap
 * of the other is a change, without statistics. A gate says by how much a metric may grow before
 * that fails a comparison. */
#ifndef ASSAY_ANALYSIS_GATE_H
#define ASSAY_ANALYSIS_GATE_H

#include "base/error.h"
#include "measure/metric.h"

#include <stdbool.h>
#include <stddef.h>

#define GATES_MAX 16

/* What is gated unless --gate says otherwise: any further allocation, any further byte. */
#define GATES_DEFAULT "allocations=0,allocated_bytes=0"

struct gate {
    char name[METRIC_NAME_BYTES];
    double tolerance; /* part by which it may grow: 0.002 */
};

struct gates {
    size_t count;
    struct gate gates[GATES_MAX];
};

enum metric_change {
    METRIC_UNKNOWN = 0, /* it is not known on both sides */
    METRIC_SAME,        /* the ranges over laps overlap */
    METRIC_LESS,
    METRIC_MORE
};

struct metric_pair {
    struct metric old_metric;
    struct metric new_metric;
    enum metric_change change;
    bool gated;
    double tolerance; /* of the gate */
    bool failed;      /* gated, and grew by more than that */
};

/* Reads "NAME=P,NAME=P,..." (P: "0", "0.002", "0.2%") or "none". 0; or -1 with STATUS_USAGE and a
 * sentence that names what cannot be read. */
int gates_parse(const char *text, struct gates *gates, struct error *error);

/* Every metric that either side has, those of the new side first; `pairs` has room for 2 *
 * METRICS_MAX. Returns how many. */
size_t gate_pairs(const struct metric_list *old_list, const struct metric_list *new_list,
                  const struct gates *gates, struct metric_pair *pairs);

/* Whether one of the pairs is what the gate is about, known on both sides or not. */
bool gate_is_used(const struct gate *gate, const struct metric_pair *pairs, size_t count);

/* Whether one of them failed. */
bool gate_any_failed(const struct metric_pair *pairs, size_t count);

/* new / old - 1; 0 when that is not a number. */
double gate_growth(const struct metric_pair *pair);

/* "unknown", "same", "less", "more". */
const char *gate_change_name(enum metric_change change);

#endif
