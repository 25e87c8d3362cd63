/*
 * What does it cost to hand a trace from one process to the next?
 *
 * A service pays this on every request it receives and on every call it makes: read the headers,
 * put its own span in place of the caller's, write the headers. Answers: each W3C and B3 header
 * alone, in both directions; how the cost grows with tracestate members (0, 4, 32) and baggage
 * members (1, 8, 64); the whole of a hop; and what a header costs that was made to hurt.
 *
 * How it is measured. Every kernel works through the carrier interface on a list of headers, as a
 * server would: incoming requests carry eight other headers before the ones that are looked for.
 * Inputs rotate over 64 different requests with seeded ids, so that neither the branch predictor
 * nor the compiler can learn one of them by heart. A third of the baggage values need
 * percent-encoding. The context is used again from one request to the next, as a server's would be;
 * clearing it is part of the kernel wherever the next extract needs it. traceparent_format and
 * traceparent_parse are the codec without the carrier.
 *
 * What would make the number wrong: one input over and over; an extract
 * whose result nobody reads; a carrier that already holds the header (set then only compares);
 * baggage that needs no escapes. Every kernel is checked before the loop against values that come
 * from another path. An extract of tracestate allocates once, so it measures the allocator too; the
 * others do not allocate.
 */
#include <assay.h>
#include <otlp.h>

#include "common/requests.h"

#include <stdlib.h>
#include <string.h>

ASSAY_SUITE("context_propagation");

#define HOSTILE_BYTES 65536

/* The benchmark fails for the reason that a check gives; NULL is fine. */
static void expect(assay_bench *b, const char *what_is_wrong)
{
    if (what_is_wrong != NULL) {
        assay_fail(b, what_is_wrong);
    }
}

/* NULL: out of memory, and the benchmark has failed. */
static struct requests *requests_for(assay_bench *b, size_t tracestate_members,
                                     size_t baggage_members)
{
    struct requests *requests = requests_new(tracestate_members, baggage_members);
    expect(b, requests == NULL ? "out of memory" : NULL);
    return requests;
}

static struct otlp_composite only(const struct otlp_propagator *propagator)
{
    return (struct otlp_composite){.items = {propagator}, .count = 1};
}

/* ---- traceparent ---- */

ASSAY_BENCH(traceparent_format)
{
    struct requests *f = requests_for(b, 0, 0);
    if (f == NULL) {
        return;
    }
    char text[OTLP_TRACEPARENT_LEN];
    struct otlp_span_context parsed;
    otlp_traceparent_format(&f->incoming[0].span, text);
    if (otlp_traceparent_parse(text, sizeof text, &parsed) != 0 ||
        !requests_same_span(&parsed, &f->incoming[0].span)) {
        assay_fail(b, "what was formatted does not parse to the same span");
    }
    assay_elements(b, 1);
    size_t i = 0;
    ASSAY_LOOP(b) {
        otlp_traceparent_format(&f->incoming[i++ % REQUEST_COUNT].span, text);
        assay_touch(text);
    }
    requests_free(f);
}

ASSAY_BENCH(traceparent_parse)
{
    struct requests *f = requests_for(b, 0, 0);
    if (f == NULL) {
        return;
    }
    struct otlp_span_context parsed;
    if (otlp_traceparent_parse(f->incoming[0].traceparent, OTLP_TRACEPARENT_LEN, &parsed) != 0 ||
        !requests_same_span(&parsed, &f->incoming[0].span)) {
        assay_fail(b, "parse gave another span than was formatted");
    }
    assay_elements(b, 1);
    size_t i = 0;
    ASSAY_LOOP(b) {
        const char *text = f->incoming[i++ % REQUEST_COUNT].traceparent;
        assay_keep(otlp_traceparent_parse(text, OTLP_TRACEPARENT_LEN, &parsed));
        assay_touch(&parsed);
    }
    requests_free(f);
}

/* ---- One propagator, one direction ---- */

/* Makes ready for call number i: one of the 64 spans, and an outgoing request without headers. */
static void begin_call(struct requests *f, size_t i)
{
    const struct otlp_tracestate *tracestate = f->context.span.tracestate;
    f->context.span = f->incoming[i % REQUEST_COUNT].span;
    f->context.span.tracestate = tracestate;
    otlp_header_list_clear(&f->outgoing);
}

/* Makes ready for request number i: an empty context, and the headers of one of the 64. */
static const struct otlp_carrier *begin_request(struct requests *f, size_t i)
{
    otlp_propagation_clear(&f->context);
    return &f->incoming[i % REQUEST_COUNT].carrier;
}

ASSAY_BENCH(trace_context_inject)
{
    struct requests *f = requests_for(b, 0, 0);
    if (f == NULL) {
        return;
    }
    f->context.span = f->incoming[0].span;
    if (otlp_propagator_tracecontext.inject(&f->context, &f->outgoing_carrier) != 0 ||
        !requests_sent(f, "traceparent", f->incoming[0].traceparent, OTLP_TRACEPARENT_LEN) ||
        f->outgoing.count != 1) {
        assay_fail(b, "the headers that were sent are not those of the span");
    }
    assay_elements(b, 1);
    size_t i = 0;
    ASSAY_LOOP(b) {
        begin_call(f, i++);
        assay_keep(otlp_propagator_tracecontext.inject(&f->context, &f->outgoing_carrier));
        assay_touch(f->outgoing_text);
    }
    requests_free(f);
}

ASSAY_BENCH(trace_context_extract)
{
    struct requests *f = requests_for(b, 0, 0);
    if (f == NULL) {
        return;
    }
    struct otlp_composite formats = only(&otlp_propagator_tracecontext);
    requests_add_w3c(f);
    expect(b, requests_check_extract(f, &formats, 0, 0));
    assay_elements(b, 1);
    size_t i = 0;
    ASSAY_LOOP(b) {
        const struct otlp_carrier *carrier = begin_request(f, i++);
        assay_keep(otlp_propagator_tracecontext.extract(&f->context, carrier));
        assay_touch(&f->context);
    }
    requests_free(f);
}

ASSAY_BENCH(tracestate_inject, .arg_name = "members", .args = {0, 4, 32})
{
    struct requests *f = requests_for(b, (size_t)assay_arg(b), 0);
    if (f == NULL) {
        return;
    }
    const struct otlp_tracestate *state = NULL;
    f->context.span = f->incoming[0].span;
    if (otlp_tracestate_parse(f->tracestate, f->tracestate_len, &state) != 0) {
        assay_fail(b, "the tracestate of the fixture is malformed");
    }
    f->context.span.tracestate = state;
    if (otlp_propagator_tracecontext.inject(&f->context, &f->outgoing_carrier) != 0 ||
        (state != NULL) != requests_sent(f, "tracestate", f->tracestate, f->tracestate_len)) {
        assay_fail(b, "the tracestate that was sent is not the one of the span");
    }
    assay_elements(b, 1);
    assay_counter(b, "tracestate", (double)f->tracestate_len, "bytes");
    size_t i = 0;
    ASSAY_LOOP(b) {
        begin_call(f, i++);
        assay_keep(otlp_propagator_tracecontext.inject(&f->context, &f->outgoing_carrier));
        assay_touch(f->outgoing_text);
    }
    otlp_tracestate_unref(state);
    requests_free(f);
}

ASSAY_BENCH(tracestate_extract, .arg_name = "members", .args = {0, 4, 32})
{
    size_t members = (size_t)assay_arg(b);
    struct requests *f = requests_for(b, members, 0);
    if (f == NULL) {
        return;
    }
    struct otlp_composite formats = only(&otlp_propagator_tracecontext);
    requests_add_w3c(f);
    expect(b, requests_check_extract(f, &formats, members, 0));
    assay_elements(b, 1);
    assay_counter(b, "tracestate", (double)f->tracestate_len, "bytes");
    size_t i = 0;
    ASSAY_LOOP(b) {
        const struct otlp_carrier *carrier = begin_request(f, i++);
        assay_keep(otlp_propagator_tracecontext.extract(&f->context, carrier));
        assay_touch(&f->context);
    }
    requests_free(f);
}

/* A vendor puts its own member in front, as each one does on every span it starts. */
ASSAY_BENCH(tracestate_update, .arg_name = "members", .args = {0, 4, 32})
{
    size_t members = (size_t)assay_arg(b);
    struct requests *f = requests_for(b, members, 0);
    if (f == NULL) {
        return;
    }
    const struct otlp_tracestate *state = NULL;
    const struct otlp_tracestate *updated = NULL;
    char value[] = "00f067aa0ba902b7";
    struct otlp_tracestate_member first;
    size_t expected =
        members < REQUEST_TRACESTATE_MEMBERS ? members + 1 : REQUEST_TRACESTATE_MEMBERS;
    if (otlp_tracestate_parse(f->tracestate, f->tracestate_len, &state) != 0 ||
        otlp_tracestate_set(state, "rojo", 4, value, 16, &updated) != 0 ||
        otlp_tracestate_count(updated) != expected || otlp_tracestate_at(updated, 0, &first) != 0 ||
        memcmp(first.key, "rojo", 4) != 0) {
        assay_fail(b, "the new member does not stand first");
    }
    otlp_tracestate_unref(updated);
    assay_elements(b, 1);
    ASSAY_LOOP(b) {
        assay_touch(value);
        updated = NULL;
        assay_keep(otlp_tracestate_set(state, "rojo", 4, value, 16, &updated));
        otlp_tracestate_unref(updated);
    }
    otlp_tracestate_unref(state);
    requests_free(f);
}

ASSAY_BENCH(baggage_inject, .arg_name = "members", .args = {1, 8, 64})
{
    size_t members = (size_t)assay_arg(b);
    struct requests *f = requests_for(b, 0, members);
    if (f == NULL) {
        return;
    }
    if (otlp_baggage_parse(&f->context.baggage, f->baggage, f->baggage_len, NULL) != 0 ||
        otlp_propagator_baggage.inject(&f->context, &f->outgoing_carrier) != 0 ||
        !requests_sent(f, "baggage", f->baggage, f->baggage_len)) {
        assay_fail(b, "the baggage that was sent is not the one of the context");
    }
    assay_elements(b, members);
    assay_counter(b, "baggage", (double)f->baggage_len, "bytes");
    size_t i = 0;
    ASSAY_LOOP(b) {
        begin_call(f, i++);
        assay_keep(otlp_propagator_baggage.inject(&f->context, &f->outgoing_carrier));
        assay_touch(f->outgoing_text);
    }
    requests_free(f);
}

ASSAY_BENCH(baggage_extract, .arg_name = "members", .args = {1, 8, 64})
{
    size_t members = (size_t)assay_arg(b);
    struct requests *f = requests_for(b, 0, members);
    if (f == NULL) {
        return;
    }
    struct otlp_composite formats = otlp_composite_default();
    requests_add_w3c(f);
    expect(b, requests_check_extract(f, &formats, 0, members));
    assay_elements(b, members);
    assay_counter(b, "baggage", (double)f->baggage_len, "bytes");
    size_t i = 0;
    ASSAY_LOOP(b) {
        const struct otlp_carrier *carrier = begin_request(f, i++);
        assay_keep(otlp_propagator_baggage.extract(&f->context, carrier));
        assay_touch(&f->context);
    }
    requests_free(f);
}

/* ---- B3 ---- */

static void b3_inject(assay_bench *b, const struct otlp_propagator *propagator, size_t headers)
{
    struct requests *f = requests_for(b, 0, 0);
    if (f == NULL) {
        return;
    }
    struct otlp_propagation back = {.sampling = OTLP_SAMPLING_BY_FLAGS};
    f->context.span = f->incoming[0].span;
    if (propagator->inject(&f->context, &f->outgoing_carrier) != 0 ||
        propagator->extract(&back, &f->outgoing_carrier) != 0 ||
        !requests_same_span(&back.span, &f->context.span) || f->outgoing.count != headers) {
        assay_fail(b, "the headers that were sent are not those of the span");
    }
    otlp_propagation_release(&back);
    assay_elements(b, 1);
    size_t i = 0;
    ASSAY_LOOP(b) {
        begin_call(f, i++);
        assay_keep(propagator->inject(&f->context, &f->outgoing_carrier));
        assay_touch(f->outgoing_text);
    }
    requests_free(f);
}

static void b3_extract(assay_bench *b, const struct otlp_propagator *propagator)
{
    struct requests *f = requests_for(b, 0, 0);
    if (f == NULL) {
        return;
    }
    struct otlp_composite formats = only(propagator);
    requests_add_format(f, propagator);
    expect(b, requests_check_extract(f, &formats, 0, 0));
    assay_elements(b, 1);
    size_t i = 0;
    ASSAY_LOOP(b) {
        const struct otlp_carrier *carrier = begin_request(f, i++);
        assay_keep(propagator->extract(&f->context, carrier));
        assay_touch(&f->context);
    }
    requests_free(f);
}

ASSAY_BENCH(b3_single_inject)
{
    b3_inject(b, &otlp_propagator_b3, 1);
}

ASSAY_BENCH(b3_single_extract)
{
    b3_extract(b, &otlp_propagator_b3);
}

ASSAY_BENCH(b3_multi_inject)
{
    b3_inject(b, &otlp_propagator_b3multi, 3);
}

ASSAY_BENCH(b3_multi_extract)
{
    b3_extract(b, &otlp_propagator_b3multi);
}

/* ---- Together: trace context with 4 tracestate members, and 8 of baggage ---- */

ASSAY_BENCH(composite_inject)
{
    struct requests *f = requests_for(b, 4, 8);
    if (f == NULL) {
        return;
    }
    struct otlp_composite formats = otlp_composite_default();
    requests_add_w3c(f);
    expect(b, requests_check_extract(f, &formats, 4, 8));
    if (otlp_composite_inject(&formats, &f->context, &f->outgoing_carrier) != 0 ||
        !requests_sent(f, "tracestate", f->tracestate, f->tracestate_len) ||
        !requests_sent(f, "baggage", f->baggage, f->baggage_len)) {
        assay_fail(b, "the headers that were sent are not those of the context");
    }
    assay_elements(b, 1);
    size_t i = 0;
    ASSAY_LOOP(b) {
        begin_call(f, i++);
        assay_keep(otlp_composite_inject(&formats, &f->context, &f->outgoing_carrier));
        assay_touch(f->outgoing_text);
    }
    requests_free(f);
}

ASSAY_BENCH(composite_extract)
{
    struct requests *f = requests_for(b, 4, 8);
    if (f == NULL) {
        return;
    }
    struct otlp_composite formats = otlp_composite_default();
    requests_add_w3c(f);
    expect(b, requests_check_extract(f, &formats, 4, 8));
    assay_elements(b, 1);
    size_t i = 0;
    ASSAY_LOOP(b) {
        const struct otlp_carrier *carrier = begin_request(f, i++);
        assay_keep(otlp_composite_extract(&formats, &f->context, carrier));
        assay_touch(&f->context);
    }
    requests_free(f);
}

/* Reads the caller's context, starts a span in it, and calls on. */
static int hop(struct requests *f, const struct otlp_composite *formats,
               const struct otlp_carrier *incoming)
{
    otlp_propagation_clear(&f->context);
    otlp_header_list_clear(&f->outgoing);
    int rc = otlp_composite_extract(formats, &f->context, incoming);
    if (rc != 0) {
        return rc;
    }
    f->context.span = otlp_span_context_child(&f->context.span);
    return otlp_composite_inject(formats, &f->context, &f->outgoing_carrier);
}

/* The words say what travels: the trace alone, or with 4 members of tracestate and 8 of baggage. */
ASSAY_BENCH(microservice_hop, .arg_name = "context", .arg_names = {"trace_only", "full"})
{
    bool is_full = assay_arg(b) == 1;
    struct requests *f = requests_for(b, is_full ? 4 : 0, is_full ? 8 : 0);
    if (f == NULL) {
        return;
    }
    struct otlp_composite formats = otlp_composite_default();
    struct otlp_span_context next;
    requests_add_w3c(f);
    int rc = hop(f, &formats, &f->incoming[0].carrier);
    const struct otlp_header *traceparent = otlp_header_list_find(&f->outgoing, "traceparent", 11);
    if (rc != 0 || traceparent == NULL ||
        otlp_traceparent_parse(traceparent->value, traceparent->value_len, &next) != 0 ||
        !otlp_trace_id_equal(next.trace_id, f->incoming[0].span.trace_id) ||
        otlp_span_id_equal(next.span_id, f->incoming[0].span.span_id) ||
        is_full != requests_sent(f, "baggage", f->baggage, f->baggage_len)) {
        assay_fail(b, "the next service does not get the same trace and a new span");
    }
    assay_elements(b, 1);
    size_t i = 0;
    ASSAY_LOOP(b) {
        const struct otlp_carrier *carrier = &f->incoming[i++ % REQUEST_COUNT].carrier;
        assay_keep(hop(f, &formats, carrier));
        assay_touch(f->outgoing_text);
    }
    requests_free(f);
}

/* ---- Headers that were made to hurt ---- */

enum hostile {
    LONG_TRACEPARENT,
    BINARY_TRACEPARENT,
    TRACESTATE_33_MEMBERS,
    TRACESTATE_COMMAS,
    TRACESTATE_LONG,
    BAGGAGE_OVERSIZED,
    BAGGAGE_ESCAPES,
    BAGGAGE_ONE_KEY,
    BAGGAGE_MALFORMED,
};

static void fill(char *text, size_t len, const char *pattern)
{
    size_t pattern_len = strlen(pattern);
    for (size_t i = 0; i < len; i++) {
        text[i] = pattern[i % pattern_len];
    }
}

/* Writes the value of one kind, and returns its length. */
static size_t hostile_value(enum hostile kind, char *text, const char **name)
{
    *name = kind <= BINARY_TRACEPARENT ? "traceparent"
            : kind <= TRACESTATE_LONG  ? "tracestate"
                                       : "baggage";
    switch (kind) {
    case LONG_TRACEPARENT:
        fill(text, HOSTILE_BYTES, "0");
        return HOSTILE_BYTES;
    case BINARY_TRACEPARENT:
        fill(text, OTLP_TRACEPARENT_LEN, "\xff\x01\x80-");
        return OTLP_TRACEPARENT_LEN;
    case TRACESTATE_33_MEMBERS: {
        size_t len = requests_write_tracestate(text, REQUEST_TRACESTATE_MEMBERS);
        memcpy(text + len, ",last=1", 7);
        return len + 7;
    }
    case TRACESTATE_COMMAS:
        fill(text, OTLP_TRACESTATE_INPUT_MAX, ", ");
        return OTLP_TRACESTATE_INPUT_MAX;
    case TRACESTATE_LONG:
        fill(text, HOSTILE_BYTES, "a=1,");
        return HOSTILE_BYTES;
    case BAGGAGE_OVERSIZED:
        fill(text, HOSTILE_BYTES, "a=%20,");
        return HOSTILE_BYTES;
    case BAGGAGE_ESCAPES:
        fill(text, OTLP_BAGGAGE_BYTES_MAX, "%ff");
        memcpy(text, "a=", 2);
        return OTLP_BAGGAGE_BYTES_MAX;
    case BAGGAGE_ONE_KEY:
        fill(text, OTLP_BAGGAGE_BYTES_MAX, "k=,");
        return OTLP_BAGGAGE_BYTES_MAX;
    case BAGGAGE_MALFORMED:
        fill(text, OTLP_BAGGAGE_BYTES_MAX, "=,");
        return OTLP_BAGGAGE_BYTES_MAX;
    }
    return 0;
}

/* How many members each must leave behind: a bad header gives none, a double key one. */
static size_t members_left(enum hostile kind)
{
    return kind == BAGGAGE_ONE_KEY ? 1 : 0;
}

ASSAY_BENCH(hostile_extract, .arg_name = "header",
            .arg_names = {"long_traceparent", "binary_traceparent", "tracestate_33_members",
                          "tracestate_commas", "tracestate_long", "baggage_oversized",
                          "baggage_escapes", "baggage_one_key", "baggage_malformed"})
{
    enum hostile kind = (enum hostile)assay_arg(b);
    struct requests *f = requests_for(b, 0, 0);
    char *text = malloc(HOSTILE_BYTES);
    if (f == NULL || text == NULL) {
        assay_fail(b, "out of memory");
        free(text);
        requests_free(f);
        return;
    }
    const char *name;
    size_t len = hostile_value(kind, text, &name);
    struct otlp_composite formats = otlp_composite_default();
    struct request *request = &f->incoming[0];
    if (kind > BINARY_TRACEPARENT) {
        request_add(request, "traceparent", request->traceparent, sizeof request->traceparent);
    }
    request_add(request, name, text, len);
    (void)otlp_composite_extract(&formats, &f->context, &request->carrier);
    if (otlp_span_context_is_valid(&f->context.span) != (kind > BINARY_TRACEPARENT) ||
        otlp_tracestate_count(f->context.span.tracestate) != 0 ||
        otlp_baggage_count(&f->context.baggage) != members_left(kind)) {
        assay_fail(b, "a hostile header was not refused as it should be");
    }
    assay_bytes(b, len);
    ASSAY_LOOP(b) {
        otlp_propagation_clear(&f->context);
        assay_touch(text);
        assay_keep(otlp_composite_extract(&formats, &f->context, &request->carrier));
        assay_touch(&f->context);
    }
    free(text);
    requests_free(f);
}
