#ifndef TELEMETRY_INTERNAL_H
#define TELEMETRY_INTERNAL_H

#include <stdbool.h>

#include "telemetry.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Attributes under construction, with the text that they refer to. */
struct draft {
    struct otlp_attribute items[TELEMETRY_ATTRIBUTES_MAX];
    size_t count;
    char text[16384];
    size_t text_len;
};

/* Memory that lives until the next call: chunks of malloc. */
struct chunk {
    struct chunk *next;
};

/* The trace that is being made. */
struct trace {
    struct otlp_span_context server;
    uint64_t start_unix_ns;
    uint64_t duration_ns;
    int spans_left; /* 0: the next span begins a trace */
    bool is_failing;
    size_t route;
};

struct telemetry {
    uint64_t state;
    struct otlp_id_generator ids;
    uint64_t now_unix_ns;
    size_t service;
    struct otlp_resource resource;
    struct otlp_scope scope;
    struct draft resource_draft;
    struct draft draft;
    struct trace trace;
    struct chunk *metric_memory;
    uint64_t metric_round;
};

/*
 * Each expression draws at most once: C leaves open in which order the arguments of a call and the
 * initialisers of a structure are evaluated, and compilers differ.
 *
 * Uniform: 64 bits; 0 to bound - 1; true in `percent` of the calls.
 */
uint64_t telemetry__random(struct telemetry *telemetry);
uint64_t telemetry__below(struct telemetry *telemetry, uint64_t bound);
bool telemetry__chance(struct telemetry *telemetry, unsigned percent);

/* Spread over the powers of two from 2^low_bits up: small values are as frequent as large ones. */
uint64_t telemetry__spread(struct telemetry *telemetry, unsigned low_bits, unsigned high_bits);

#define PICK(telemetry, list) ((list)[telemetry__below((telemetry), COUNT_OF(list))])

/* Text in the draft's memory; "" when that is full. */
__attribute__((format(printf, 2, 3))) const char *draft_text(struct draft *draft,
                                                             const char *format, ...);
void draft_clear(struct draft *draft);
void draft_string(struct draft *draft, const char *key, const char *text);
void draft_int(struct draft *draft, const char *key, int64_t integer);
void draft_bool(struct draft *draft, const char *key, bool boolean);

/* Cuts or fills up to exactly `attributes`, unless that is TELEMETRY_NATURAL. */
void telemetry__fit(struct telemetry *telemetry, struct draft *draft, int attributes);

const char *telemetry__uuid(struct telemetry *telemetry, struct draft *draft);

bool telemetry__attributes_are_valid(int attributes);

/* The route of this number of the service, such as "/api/v1/orders/{order_id}"; and a path for it.
 */
#define TELEMETRY_ROUTES 12
const char *telemetry__route(const struct telemetry *telemetry, size_t route);
const char *telemetry__path(struct telemetry *telemetry, struct draft *draft, const char *route);

const char *telemetry__host(struct telemetry *telemetry, struct draft *draft);
const char *telemetry__peer(struct telemetry *telemetry);
const char *telemetry__user_agent(struct telemetry *telemetry);

void telemetry__release_metrics(struct telemetry *telemetry);

#endif
