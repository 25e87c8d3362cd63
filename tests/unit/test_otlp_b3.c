/* B3 against openzipkin/b3-propagation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <otlp/propagate.h>

#include "guarded.h"

/* The identifiers of the specification's examples. */
#define TRACE_128 "80f198ee56343ba864fe8b2a57d3eff7"
#define TRACE_132 "80f198ee56343ba864fe8b2a57d3eff70"
#define TRACE_64  "64fe8b2a57d3eff7"
#define SPAN      "e457b5a2e4d86bd1"
#define PARENT    "05e3ac9a4f6e3b90"

static const uint8_t trace_128[16] = {0x80, 0xf1, 0x98, 0xee, 0x56, 0x34, 0x3b, 0xa8,
                                      0x64, 0xfe, 0x8b, 0x2a, 0x57, 0xd3, 0xef, 0xf7};
static const uint8_t trace_64[16] = {0,    0,    0,    0,    0,    0,    0,    0,
                                     0x64, 0xfe, 0x8b, 0x2a, 0x57, 0xd3, 0xef, 0xf7};
static const uint8_t span_id[8] = {0xe4, 0x57, 0xb5, 0xa2, 0xe4, 0xd8, 0x6b, 0xd1};

static int parse_bytes(const char *text, size_t len, struct otlp_span_context *span,
                       enum otlp_sampling *sampling)
{
    struct guarded copy = guarded_copy(text, len);
    int rc = otlp_b3_parse(copy.text, copy.len, span, sampling);
    guarded_free(&copy);
    return rc;
}

static void gives_ids(const char *text, const uint8_t trace_id[16], uint8_t flags,
                      enum otlp_sampling expected)
{
    struct otlp_span_context span;
    enum otlp_sampling sampling;
    if (parse_bytes(text, strlen(text), &span, &sampling) != 0) {
        fail_msg("refused: \"%s\"", text);
    }
    assert_memory_equal(span.trace_id.bytes, trace_id, 16);
    assert_memory_equal(span.span_id.bytes, span_id, 8);
    assert_int_equal(span.flags, flags);
    assert_true(span.is_remote);
    assert_null(span.tracestate);
    assert_int_equal(sampling, expected);
}

static void gives_decision(const char *text, enum otlp_sampling expected)
{
    struct otlp_span_context span;
    enum otlp_sampling sampling;
    assert_int_equal(parse_bytes(text, strlen(text), &span, &sampling), 0);
    assert_false(otlp_span_context_is_valid(&span));
    assert_int_equal(sampling, expected);
}

static void refuses_bytes(const char *text, size_t len)
{
    struct otlp_span_context span;
    struct otlp_span_context before;
    enum otlp_sampling sampling = OTLP_SAMPLING_DEBUG;
    memset(&span, 0x5a, sizeof span);
    memcpy(&before, &span, sizeof before);
    if (parse_bytes(text, len, &span, &sampling) != OTLP_EFORMAT) {
        fail_msg("accepted: \"%.*s\"", (int)len, text);
    }
    assert_memory_equal(&span, &before, sizeof before);
    assert_int_equal(sampling, OTLP_SAMPLING_DEBUG);
}

static void refuses(const char *text)
{
    refuses_bytes(text, strlen(text));
}

static void single_with_ids(void **state)
{
    (void)state;
    gives_ids(TRACE_128 "-" SPAN "-1-" PARENT, trace_128, 1, OTLP_SAMPLING_BY_FLAGS);
    gives_ids(TRACE_128 "-" SPAN "-1", trace_128, 1, OTLP_SAMPLING_BY_FLAGS);
    gives_ids(TRACE_128 "-" SPAN "-0", trace_128, 0, OTLP_SAMPLING_BY_FLAGS);
    gives_ids(TRACE_128 "-" SPAN "-d", trace_128, 1, OTLP_SAMPLING_DEBUG);
    gives_ids(TRACE_128 "-" SPAN "-d-" PARENT, trace_128, 1, OTLP_SAMPLING_DEBUG);
    gives_ids(TRACE_128 "-" SPAN, trace_128, 0, OTLP_SAMPLING_DEFERRED);
    gives_ids(TRACE_64 "-" SPAN "-1", trace_64, 1, OTLP_SAMPLING_BY_FLAGS);
    gives_ids(" \t" TRACE_128 "-" SPAN "-1 ", trace_128, 1, OTLP_SAMPLING_BY_FLAGS);
}

static void single_with_a_decision_only(void **state)
{
    (void)state;
    gives_decision("0", OTLP_SAMPLING_DENIED);
    gives_decision("1", OTLP_SAMPLING_ACCEPTED);
    gives_decision("d", OTLP_SAMPLING_DEBUG);
    gives_decision(" 0\t", OTLP_SAMPLING_DENIED);
}

static void malformed_single(void **state)
{
    (void)state;
    refuses("");
    refuses("-");
    refuses("2");
    refuses("D");
    refuses("true");
    refuses("10");
    refuses(TRACE_128);
    refuses(TRACE_128 "-");
    refuses("-" SPAN);
    refuses("--");
    refuses(TRACE_128 "-" SPAN "-");
    refuses(TRACE_128 "-" SPAN "-2");
    refuses(TRACE_128 "-" SPAN "-11");
    refuses(TRACE_128 "-" SPAN "-1-");
    refuses(TRACE_128 "-" SPAN "-1-" PARENT "-");
    refuses(TRACE_128 "-" SPAN "-1-" PARENT "0");
    refuses(TRACE_128 "-" SPAN "-1-05E3AC9A4F6E3B90");
    refuses(TRACE_128 "-" SPAN "-1-0000000000000000");
    refuses(TRACE_128 "-" SPAN "--" PARENT);
    refuses("80F198EE56343BA864FE8B2A57D3EFF7-" SPAN "-1");
    refuses(TRACE_128 "-E457B5A2E4D86BD1-1");
    refuses("00000000000000000000000000000000-" SPAN "-1");
    refuses("0000000000000000-" SPAN "-1");
    refuses(TRACE_128 "-0000000000000000-1");
    refuses("80f198ee56343ba864fe8b2a57d3eff-" SPAN "-1");
    refuses("0" TRACE_128 "-" SPAN "-1");
    refuses(TRACE_128 "-0" SPAN "-1");
    refuses(TRACE_128 "-e457b5a2e4d86bg1-1");
}

static void cut_at_every_byte(void **state)
{
    (void)state;
    static const char whole[] = TRACE_128 "-" SPAN "-1-" PARENT;
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        if (len != 49 && len != 51) { /* without sampling, without parent */
            refuses_bytes(whole, len);
        }
    }
}

static void long_values_are_refused(void **state)
{
    (void)state;
    size_t len = (size_t)1 << 20;
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, '-', len);
    refuses_bytes(text, len);
    memset(text, 'a', len);
    refuses_bytes(text, len);
    free(text);
}

static void is_formatted(const struct otlp_span_context *span, enum otlp_sampling sampling,
                         const char *expected)
{
    char text[OTLP_B3_SINGLE_MAX];
    size_t len = otlp_b3_format(span, sampling, text);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(text, expected, len);
}

static void single_is_written(void **state)
{
    (void)state;
    struct otlp_span_context span = {.flags = OTLP_FLAG_SAMPLED | OTLP_FLAG_RANDOM};
    memcpy(span.trace_id.bytes, trace_128, 16);
    memcpy(span.span_id.bytes, span_id, 8);
    is_formatted(&span, OTLP_SAMPLING_BY_FLAGS, TRACE_128 "-" SPAN "-1");
    is_formatted(&span, OTLP_SAMPLING_DEBUG, TRACE_128 "-" SPAN "-d");
    span.flags = 0;
    is_formatted(&span, OTLP_SAMPLING_BY_FLAGS, TRACE_128 "-" SPAN "-0");
    is_formatted(&span, OTLP_SAMPLING_DEFERRED, TRACE_128 "-" SPAN);
    /* A short trace id goes on in its long form. */
    memcpy(span.trace_id.bytes, trace_64, 16);
    is_formatted(&span, OTLP_SAMPLING_BY_FLAGS, "0000000000000000" TRACE_64 "-" SPAN "-0");
}

/* A carrier of a few headers, borrowed. */
struct wire {
    struct otlp_header headers[8];
    char text[256];
    struct otlp_header_list list;
    struct otlp_carrier carrier;
};

static void wire_init(struct wire *wire, const char *const *names_and_values)
{
    otlp_header_list_init(&wire->list, wire->headers, 8, wire->text, sizeof wire->text);
    for (size_t i = 0; names_and_values[i] != NULL; i += 2) {
        assert_int_equal(otlp_header_list_add(&wire->list, names_and_values[i],
                                              strlen(names_and_values[i]), names_and_values[i + 1],
                                              strlen(names_and_values[i + 1])),
                         0);
    }
    wire->carrier = otlp_header_list_carrier(&wire->list);
}

#define HEADERS(...) ((const char *const[]){__VA_ARGS__, NULL})

static int extract(const char *const *headers, struct otlp_propagation *context)
{
    struct wire wire;
    wire_init(&wire, headers);
    int rc = otlp_propagator_b3.extract(context, &wire.carrier);
    struct otlp_propagation other = {.span = {.flags = 0}};
    assert_int_equal(otlp_propagator_b3multi.extract(&other, &wire.carrier), rc);
    otlp_propagation_release(&other);
    return rc;
}

static void multi_gives(const char *const *headers, const uint8_t *trace_id, uint8_t flags,
                        enum otlp_sampling sampling)
{
    struct otlp_propagation context = {.sampling = OTLP_SAMPLING_BY_FLAGS};
    assert_int_equal(extract(headers, &context), 0);
    assert_int_equal(otlp_span_context_is_valid(&context.span), trace_id != NULL);
    if (trace_id != NULL) {
        assert_memory_equal(context.span.trace_id.bytes, trace_id, 16);
        assert_memory_equal(context.span.span_id.bytes, span_id, 8);
        assert_true(context.span.is_remote);
    }
    assert_int_equal(context.span.flags, flags);
    assert_int_equal(context.sampling, sampling);
    otlp_propagation_release(&context);
}

static void multi_with_ids(void **state)
{
    (void)state;
    multi_gives(HEADERS("X-B3-TraceId", TRACE_128, "X-B3-ParentSpanId", PARENT, "X-B3-SpanId", SPAN,
                        "X-B3-Sampled", "1"),
                trace_128, 1, OTLP_SAMPLING_BY_FLAGS);
    multi_gives(HEADERS("x-b3-traceid", TRACE_64, "x-b3-spanid", SPAN, "x-b3-sampled", "0"),
                trace_64, 0, OTLP_SAMPLING_BY_FLAGS);
    multi_gives(HEADERS("X-B3-TraceId", TRACE_128, "X-B3-SpanId", SPAN), trace_128, 0,
                OTLP_SAMPLING_DEFERRED);
    multi_gives(HEADERS("X-B3-TraceId", TRACE_128, "X-B3-SpanId", SPAN, "X-B3-Flags", "1"),
                trace_128, 1, OTLP_SAMPLING_DEBUG);
    multi_gives(HEADERS("X-B3-TraceId", TRACE_128, "X-B3-SpanId", SPAN, "X-B3-Flags", "1",
                        "X-B3-Sampled", "0"),
                trace_128, 1, OTLP_SAMPLING_DEBUG);
    multi_gives(HEADERS("X-B3-TraceId", TRACE_128, "X-B3-SpanId", SPAN, "X-B3-Sampled", "true",
                        "X-B3-Flags", "0"),
                trace_128, 1, OTLP_SAMPLING_BY_FLAGS);
    multi_gives(HEADERS("X-B3-TraceId", TRACE_128, "X-B3-SpanId", SPAN, "X-B3-Sampled", "False"),
                trace_128, 0, OTLP_SAMPLING_BY_FLAGS);
}

static void multi_with_a_decision_only(void **state)
{
    (void)state;
    multi_gives(HEADERS("X-B3-Sampled", "0"), NULL, 0, OTLP_SAMPLING_DENIED);
    multi_gives(HEADERS("X-B3-Sampled", "1"), NULL, 0, OTLP_SAMPLING_ACCEPTED);
    multi_gives(HEADERS("X-B3-Flags", "1"), NULL, 0, OTLP_SAMPLING_DEBUG);
}

static void malformed_multi(void **state)
{
    (void)state;
    static const char *const cases[][8] = {
        {"X-B3-TraceId", TRACE_128},
        {"X-B3-SpanId", SPAN},
        {"X-B3-TraceId", TRACE_128, "X-B3-SpanId", "", "X-B3-Sampled", "1"},
        {"X-B3-TraceId", TRACE_128, "X-B3-SpanId", SPAN, "X-B3-Sampled", "2"},
        {"X-B3-TraceId", TRACE_128, "X-B3-SpanId", SPAN, "X-B3-Sampled", "d"},
        {"X-B3-TraceId", "80F198EE56343BA864FE8B2A57D3EFF7", "X-B3-SpanId", SPAN},
        {"X-B3-TraceId", TRACE_132, "X-B3-SpanId", SPAN},
        {"X-B3-TraceId", TRACE_128, "X-B3-SpanId", "0000000000000000"},
        {"X-B3-TraceId", TRACE_128, "X-B3-TraceId", TRACE_128, "X-B3-SpanId", SPAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct otlp_propagation context = {.span = {.flags = 0x5a}};
        if (extract(cases[i], &context) != OTLP_EFORMAT) {
            fail_msg("accepted case %zu", i);
        }
        assert_int_equal(context.span.flags, 0x5a);
    }
}

static void single_goes_before_multi(void **state)
{
    (void)state;
    static const char single[] = TRACE_128 "-" SPAN "-1";
    multi_gives(
        HEADERS("X-B3-TraceId", TRACE_64, "X-B3-SpanId", SPAN, "X-B3-Sampled", "0", "b3", single),
        trace_128, 1, OTLP_SAMPLING_BY_FLAGS);
    struct otlp_propagation context = {.span = {.flags = 0x5a}};
    assert_int_equal(
        extract(HEADERS("B3", "bad", "X-B3-TraceId", TRACE_64, "X-B3-SpanId", SPAN), &context),
        OTLP_EFORMAT);
    assert_int_equal(extract(HEADERS("b3", "1", "b3", "1"), &context), OTLP_EFORMAT);
    assert_int_equal(extract(HEADERS("host", "x"), &context), OTLP_ENOTFOUND);
    assert_int_equal(extract(HEADERS("X-B3-ParentSpanId", PARENT), &context), OTLP_ENOTFOUND);
    assert_int_equal(context.span.flags, 0x5a);
}

static void has_header(const struct otlp_header_list *list, const char *name, const char *expected)
{
    const struct otlp_header *header = otlp_header_list_find(list, name, strlen(name));
    if (expected == NULL) {
        assert_null(header);
        return;
    }
    assert_non_null(header);
    assert_int_equal(header->value_len, strlen(expected));
    assert_memory_equal(header->value, expected, header->value_len);
}

static void multi_is_written(void **state)
{
    (void)state;
    static const struct {
        uint8_t flags;
        enum otlp_sampling sampling;
        const char *sampled;
        const char *debug;
    } cases[] = {
        {1, OTLP_SAMPLING_BY_FLAGS, "1", NULL},
        {0, OTLP_SAMPLING_BY_FLAGS, "0", NULL},
        {0, OTLP_SAMPLING_DEFERRED, NULL, NULL},
        {1, OTLP_SAMPLING_DEBUG, NULL, "1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct wire wire;
        wire_init(&wire, (const char *const[]){NULL});
        struct otlp_propagation context = {.sampling = cases[i].sampling};
        memcpy(context.span.trace_id.bytes, trace_128, 16);
        memcpy(context.span.span_id.bytes, span_id, 8);
        context.span.flags = cases[i].flags;
        assert_int_equal(otlp_propagator_b3multi.inject(&context, &wire.carrier), 0);
        has_header(&wire.list, "X-B3-TraceId", TRACE_128);
        has_header(&wire.list, "X-B3-SpanId", SPAN);
        has_header(&wire.list, "X-B3-Sampled", cases[i].sampled);
        has_header(&wire.list, "X-B3-Flags", cases[i].debug);
        has_header(&wire.list, "X-B3-ParentSpanId", NULL);
        has_header(&wire.list, "b3", NULL);
    }
}

static void debug_survives_a_hop(void **state)
{
    (void)state;
    struct wire in;
    struct wire out;
    wire_init(&in, HEADERS("b3", TRACE_128 "-" SPAN "-d"));
    wire_init(&out, (const char *const[]){NULL});
    struct otlp_propagation context = {.sampling = OTLP_SAMPLING_BY_FLAGS};
    assert_int_equal(otlp_propagator_b3.extract(&context, &in.carrier), 0);
    context.span = otlp_span_context_child(&context.span);
    assert_int_equal(otlp_propagator_b3.inject(&context, &out.carrier), 0);
    const struct otlp_header *sent = otlp_header_list_find(&out.list, "b3", 2);
    assert_non_null(sent);
    assert_int_equal(sent->value_len, 51);
    assert_memory_equal(sent->value, TRACE_128 "-", 33);
    assert_memory_not_equal(sent->value + 33, SPAN, 16);
    assert_memory_equal(sent->value + 49, "-d", 2);
    otlp_propagation_release(&context);
}

static void nothing_is_written_without_a_span(void **state)
{
    (void)state;
    struct wire wire;
    wire_init(&wire, (const char *const[]){NULL});
    struct otlp_propagation context = {.sampling = OTLP_SAMPLING_DENIED};
    assert_int_equal(otlp_propagator_b3.inject(&context, &wire.carrier), 0);
    assert_int_equal(otlp_propagator_b3multi.inject(&context, &wire.carrier), 0);
    assert_int_equal(wire.list.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_with_ids),
        cmocka_unit_test(single_with_a_decision_only),
        cmocka_unit_test(malformed_single),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(long_values_are_refused),
        cmocka_unit_test(single_is_written),
        cmocka_unit_test(multi_with_ids),
        cmocka_unit_test(multi_with_a_decision_only),
        cmocka_unit_test(malformed_multi),
        cmocka_unit_test(single_goes_before_multi),
        cmocka_unit_test(multi_is_written),
        cmocka_unit_test(debug_survives_a_hop),
        cmocka_unit_test(nothing_is_written_without_a_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
