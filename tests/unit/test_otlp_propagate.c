/* The carrier, the propagators on it, and the composite (OpenTelemetry "Context Propagation"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <otlp/propagate.h>

#include "guarded.h"

#define LIT(text)   (text), (sizeof(text) - 1)
#define TRACE_ID    "0af7651916cd43dd8448eb211c80319c"
#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define B3          "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0"

struct wire {
    struct otlp_header headers[48];
    char text[16384];
    struct otlp_header_list list;
    struct otlp_carrier carrier;
};

static void wire_init(struct wire *wire)
{
    otlp_header_list_init(&wire->list, wire->headers, 48, wire->text, sizeof wire->text);
    wire->carrier = otlp_header_list_carrier(&wire->list);
}

static void add(struct wire *wire, const char *name, const char *value)
{
    assert_int_equal(otlp_header_list_add(&wire->list, name, strlen(name), value, strlen(value)),
                     0);
}

static void has_header(const struct wire *wire, const char *name, const char *expected)
{
    const struct otlp_header *header = otlp_header_list_find(&wire->list, name, strlen(name));
    if (expected == NULL) {
        assert_null(header);
        return;
    }
    assert_non_null(header);
    assert_int_equal(header->value_len, strlen(expected));
    assert_memory_equal(header->value, expected, header->value_len);
}

static void list_finds_names_in_any_case(void **state)
{
    (void)state;
    struct wire wire;
    wire_init(&wire);
    add(&wire, "Host", "a");
    add(&wire, "TraceParent", "b");
    add(&wire, "trace-parent", "c");
    add(&wire, "TRACEPARENT", "d");
    has_header(&wire, "traceparent", "b");
    has_header(&wire, "tracepare", NULL);
    has_header(&wire, "[race-parent", NULL); /* '[' and '{' are no letters that differ by case */
    struct otlp_header_value values[1];
    assert_int_equal(wire.carrier.get(wire.carrier.data, LIT("traceparent"), values, 1), 2);
    assert_int_equal(values[0].text[0], 'b');
    assert_int_equal(wire.carrier.get(wire.carrier.data, LIT("traceparent"), NULL, 0), 2);
    assert_int_equal(wire.carrier.get(wire.carrier.data, LIT("x"), values, 1), 0);
}

static void only_ascii_letters_have_case(void **state)
{
    (void)state;
    struct wire wire;
    wire_init(&wire);
    add(&wire, "a@b", "1");
    add(&wire, "a\xc1", "2");
    has_header(&wire, "a`b", NULL);
    has_header(&wire, "a\xe1", NULL);
    has_header(&wire, "A@B", "1");
}

static void set_replaces_all_of_a_name(void **state)
{
    (void)state;
    struct wire wire;
    wire_init(&wire);
    add(&wire, "Name", "old");
    add(&wire, "other", "kept");
    add(&wire, "NAME", "old too");
    char value[] = "new";
    assert_int_equal(otlp_header_list_set(&wire.list, LIT("name"), value, 3), 0);
    memset(value, 'x', 3); /* it was copied */
    assert_int_equal(wire.list.count, 2);
    has_header(&wire, "name", "new");
    has_header(&wire, "other", "kept");
}

static void set_uses_text_again(void **state)
{
    (void)state;
    struct otlp_header headers[2];
    char text[8];
    struct otlp_header_list list;
    otlp_header_list_init(&list, headers, 2, text, sizeof text);
    assert_int_equal(otlp_header_list_set(&list, LIT("n"), LIT("1234")), 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(otlp_header_list_set(&list, LIT("n"), LIT("abcd")), 0);
    }
    assert_int_equal(list.text_bytes, 5);
    assert_int_equal(otlp_header_list_set(&list, LIT("n"), LIT("abcde")), OTLP_ENOSPC);
    assert_memory_equal(list.headers[0].value, "abcd", 4);
    assert_int_equal(otlp_header_list_set(&list, LIT("n"), LIT("")), 0);
    assert_int_equal(list.headers[0].value_len, 0);
    assert_int_equal(otlp_header_list_set(&list, LIT("m"), LIT("123")), OTLP_ENOSPC);
    assert_int_equal(otlp_header_list_set(&list, LIT("m"), LIT("12")), 0);
    assert_int_equal(otlp_header_list_set(&list, LIT("o"), LIT("")), OTLP_ENOSPC);
    assert_int_equal(otlp_header_list_add(&list, LIT("o"), LIT("")), OTLP_ENOSPC);
    otlp_header_list_clear(&list);
    assert_int_equal(otlp_header_list_set(&list, LIT("n"), LIT("1234567")), 0);
}

static void tracecontext_round_trip(void **state)
{
    (void)state;
    struct wire in;
    struct wire out;
    struct otlp_propagation context = {.sampling = OTLP_SAMPLING_BY_FLAGS};
    wire_init(&in);
    wire_init(&out);
    add(&in, "Traceparent", " " TRACEPARENT "\t");
    add(&in, "TraceState", "foo=1 , bar=2");
    add(&in, "tracestate", "baz=3");
    assert_int_equal(otlp_propagator_tracecontext.extract(&context, &in.carrier), 0);
    assert_int_equal(otlp_propagator_tracecontext.inject(&context, &out.carrier), 0);
    assert_int_equal(out.list.count, 2);
    has_header(&out, "traceparent", TRACEPARENT);
    has_header(&out, "tracestate", "foo=1,bar=2,baz=3");
    assert_memory_equal(out.list.headers[0].name, "traceparent", 11); /* sent in lower case */
    assert_memory_equal(out.list.headers[1].name, "tracestate", 10);
    otlp_propagation_release(&context);
}

static void tracestate_never_spoils_traceparent(void **state)
{
    (void)state;
    static const char *const bad[] = {"foo", "foo=", "Foo=1", "foo=1,bar", "", ",,"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct wire wire;
        struct otlp_propagation context = {.sampling = OTLP_SAMPLING_BY_FLAGS};
        wire_init(&wire);
        add(&wire, "traceparent", TRACEPARENT);
        add(&wire, "tracestate", bad[i]);
        assert_int_equal(otlp_propagator_tracecontext.extract(&context, &wire.carrier), 0);
        assert_true(otlp_span_context_is_valid(&context.span));
        assert_null(context.span.tracestate);
        otlp_propagation_release(&context);
    }
}

static void tracestate_is_dropped_with_its_traceparent(void **state)
{
    (void)state;
    struct wire wire;
    struct otlp_propagation context = {.span = {.flags = 0x5a}};
    wire_init(&wire);
    add(&wire, "tracestate", "foo=1");
    assert_int_equal(otlp_propagator_tracecontext.extract(&context, &wire.carrier), OTLP_ENOTFOUND);
    add(&wire, "traceparent", "00-x");
    assert_int_equal(otlp_propagator_tracecontext.extract(&context, &wire.carrier), OTLP_EFORMAT);
    assert_null(context.span.tracestate);
    assert_int_equal(context.span.flags, 0x5a);
}

static void traceparent_twice_is_invalid(void **state)
{
    (void)state;
    struct wire wire;
    struct otlp_propagation context = {.span = {.flags = 0x5a}};
    wire_init(&wire);
    add(&wire, "traceparent", TRACEPARENT);
    add(&wire, "Traceparent", TRACEPARENT);
    assert_int_equal(otlp_propagator_tracecontext.extract(&context, &wire.carrier), OTLP_EFORMAT);
    assert_int_equal(context.span.flags, 0x5a);
}

static void too_many_tracestate_headers(void **state)
{
    (void)state;
    struct wire wire;
    struct otlp_propagation context = {.sampling = OTLP_SAMPLING_BY_FLAGS};
    char names[OTLP_HEADER_REPEAT_MAX + 1][8];
    wire_init(&wire);
    add(&wire, "traceparent", TRACEPARENT);
    for (size_t i = 0; i < OTLP_HEADER_REPEAT_MAX; i++) {
        snprintf(names[i], sizeof names[i], "k%zu=1", i);
        add(&wire, "tracestate", names[i]);
    }
    assert_int_equal(otlp_propagator_tracecontext.extract(&context, &wire.carrier), 0);
    assert_int_equal(otlp_tracestate_count(context.span.tracestate), 32);
    add(&wire, "tracestate", "");
    assert_int_equal(otlp_propagator_tracecontext.extract(&context, &wire.carrier), 0);
    assert_null(context.span.tracestate);
    otlp_propagation_release(&context);
}

static void child_keeps_trace_state_and_random_flag(void **state)
{
    (void)state;
    struct wire in;
    struct wire out;
    struct otlp_propagation context = {.sampling = OTLP_SAMPLING_BY_FLAGS};
    wire_init(&in);
    wire_init(&out);
    add(&in, "traceparent", "00-" TRACE_ID "-b7ad6b7169203331-03");
    add(&in, "tracestate", "foo=1");
    assert_int_equal(otlp_propagator_tracecontext.extract(&context, &in.carrier), 0);
    context.span = otlp_span_context_child(&context.span);
    assert_int_equal(otlp_propagator_tracecontext.inject(&context, &out.carrier), 0);
    has_header(&out, "tracestate", "foo=1");
    const struct otlp_header *sent = otlp_header_list_find(&out.list, LIT("traceparent"));
    assert_non_null(sent);
    assert_memory_equal(sent->value, "00-" TRACE_ID "-", 36);
    assert_memory_not_equal(sent->value + 36, "b7ad6b7169203331", 16);
    assert_memory_equal(sent->value + 52, "-03", 3);
    otlp_propagation_release(&context);
}

static void nothing_is_injected_from_an_empty_context(void **state)
{
    (void)state;
    struct wire wire;
    struct otlp_propagation context = {.sampling = OTLP_SAMPLING_BY_FLAGS};
    struct otlp_composite all =
        otlp_composite_from_names(LIT("tracecontext,baggage,b3,b3multi"), NULL);
    wire_init(&wire);
    assert_int_equal(all.count, 4);
    assert_int_equal(otlp_composite_inject(&all, &context, &wire.carrier), 0);
    assert_int_equal(wire.list.count, 0);
    assert_int_equal(otlp_composite_extract(&all, &context, &wire.carrier), OTLP_ENOTFOUND);
}

static void baggage_through_the_carrier(void **state)
{
    (void)state;
    struct wire in;
    struct wire out;
    struct otlp_propagation context = {.sampling = OTLP_SAMPLING_BY_FLAGS};
    wire_init(&in);
    wire_init(&out);
    add(&in, "Baggage", "a=1;p , b=%20");
    add(&in, "baggage", "c=3");
    assert_int_equal(otlp_propagator_baggage.extract(&context, &in.carrier), 0);
    assert_int_equal(otlp_propagator_baggage.inject(&context, &out.carrier), 0);
    has_header(&out, "baggage", "a=1;p,b=%20,c=3");
    assert_false(otlp_span_context_is_valid(&context.span));
    otlp_propagation_release(&context);
}

static void bad_baggage_leaves_what_was_there(void **state)
{
    (void)state;
    struct otlp_propagation context = {.sampling = OTLP_SAMPLING_BY_FLAGS};
    struct otlp_baggage_member member;
    char *oversized = malloc(OTLP_BAGGAGE_BYTES_MAX + 2);
    assert_non_null(oversized);
    memset(oversized, 'a', OTLP_BAGGAGE_BYTES_MAX + 1);
    oversized[1] = '=';
    oversized[OTLP_BAGGAGE_BYTES_MAX + 1] = '\0';
    struct {
        const char *text;
        int expected;
    } cases[] = {{"bad", OTLP_EFORMAT}, {oversized, OTLP_ETOOBIG}};
    assert_int_equal(otlp_baggage_set(&context.baggage, LIT("own"), LIT("1"), NULL, 0), 0);
    for (size_t i = 0; i < 2; i++) {
        struct wire wire;
        wire_init(&wire);
        add(&wire, "baggage", cases[i].text);
        assert_int_equal(otlp_propagator_baggage.extract(&context, &wire.carrier),
                         cases[i].expected);
        assert_int_equal(otlp_baggage_get(&context.baggage, LIT("own"), &member), 0);
    }
    struct wire good;
    wire_init(&good);
    add(&good, "baggage", "new=1");
    assert_int_equal(otlp_propagator_baggage.extract(&context, &good.carrier), 0);
    assert_int_equal(otlp_baggage_get(&context.baggage, LIT("own"), &member), OTLP_ENOTFOUND);
    assert_int_equal(otlp_baggage_get(&context.baggage, LIT("new"), &member), 0);
    otlp_propagation_release(&context);
    free(oversized);
}

static void default_composite(void **state)
{
    (void)state;
    struct otlp_composite composite = otlp_composite_default();
    assert_int_equal(composite.count, 2);
    assert_ptr_equal(composite.items[0], &otlp_propagator_tracecontext);
    assert_ptr_equal(composite.items[1], &otlp_propagator_baggage);
}

static void has_names(const char *names, const char *expected, size_t expected_unknown)
{
    char text[64] = "";
    size_t unknown = 99;
    struct guarded copy = guarded_copy(names, strlen(names));
    struct otlp_composite composite = otlp_composite_from_names(copy.text, copy.len, &unknown);
    guarded_free(&copy);
    for (size_t i = 0; i < composite.count; i++) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? " " : "", composite.items[i]->name);
    }
    assert_string_equal(text, expected);
    assert_int_equal(unknown, expected_unknown);
}

static void names_of_propagators(void **state)
{
    (void)state;
    has_names("b3", "b3", 0);
    has_names("b3multi,tracecontext", "b3multi tracecontext", 0);
    has_names(" TraceContext ,\tBAGGAGE", "tracecontext baggage", 0);
    has_names("b3,b3,baggage,b3", "b3 baggage", 0);
    has_names("", "tracecontext baggage", 0);
    has_names(" , ", "tracecontext baggage", 0);
    has_names("none", "", 0);
    has_names("tracecontext,none", "", 0);
    has_names("jaeger,b3,xray", "b3", 2);
    has_names("jaeger", "", 1);
    assert_int_equal(otlp_composite_from_names(NULL, 0, NULL).count, 2);
}

static void later_propagators_win(void **state)
{
    (void)state;
    struct wire wire;
    struct otlp_propagation context = {.sampling = OTLP_SAMPLING_BY_FLAGS};
    struct otlp_composite composite = otlp_composite_from_names(LIT("tracecontext,b3"), NULL);
    wire_init(&wire);
    add(&wire, "traceparent", TRACEPARENT);
    add(&wire, "tracestate", "foo=1");
    add(&wire, "b3", B3);
    assert_int_equal(otlp_composite_extract(&composite, &context, &wire.carrier), 0);
    assert_int_equal(context.span.trace_id.bytes[0], 0x80);
    assert_null(context.span.tracestate);
    composite = otlp_composite_from_names(LIT("b3,tracecontext"), NULL);
    assert_int_equal(otlp_composite_extract(&composite, &context, &wire.carrier), 0);
    assert_int_equal(context.span.trace_id.bytes[0], 0x0a);
    assert_non_null(context.span.tracestate);
    otlp_propagation_release(&context);
}

static void one_bad_header_does_not_hide_others(void **state)
{
    (void)state;
    struct wire wire;
    struct otlp_propagation context = {.sampling = OTLP_SAMPLING_BY_FLAGS};
    struct otlp_composite composite = otlp_composite_default();
    wire_init(&wire);
    add(&wire, "traceparent", "bad");
    assert_int_equal(otlp_composite_extract(&composite, &context, &wire.carrier), OTLP_EFORMAT);
    add(&wire, "baggage", "a=1");
    assert_int_equal(otlp_composite_extract(&composite, &context, &wire.carrier), 0);
    assert_false(otlp_span_context_is_valid(&context.span));
    assert_int_equal(otlp_baggage_count(&context.baggage), 1);
    otlp_propagation_release(&context);
}

static void a_full_carrier_is_reported(void **state)
{
    (void)state;
    struct otlp_header headers[1];
    char text[80];
    struct otlp_header_list list;
    struct otlp_propagation context = {.span = otlp_span_context_root(OTLP_FLAG_SAMPLED)};
    struct otlp_composite composite = otlp_composite_default();
    otlp_header_list_init(&list, headers, 1, text, sizeof text);
    struct otlp_carrier carrier = otlp_header_list_carrier(&list);
    assert_int_equal(otlp_composite_inject(&composite, &context, &carrier), 0);
    assert_int_equal(otlp_baggage_set(&context.baggage, LIT("a"), LIT("1"), NULL, 0), 0);
    assert_int_equal(otlp_composite_inject(&composite, &context, &carrier), OTLP_ENOSPC);
    otlp_propagation_release(&context);
}

static void a_context_is_used_again(void **state)
{
    (void)state;
    struct otlp_propagation context = {.sampling = OTLP_SAMPLING_BY_FLAGS};
    struct otlp_composite composite = otlp_composite_default();
    struct wire first;
    struct wire second;
    wire_init(&first);
    wire_init(&second);
    add(&first, "traceparent", TRACEPARENT);
    add(&first, "tracestate", "foo=1");
    add(&first, "baggage", "a=1");
    add(&second, "traceparent", "00-" TRACE_ID "-b7ad6b7169203332-00");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(otlp_composite_extract(&composite, &context, &first.carrier), 0);
        assert_non_null(context.span.tracestate);
        assert_int_equal(otlp_baggage_count(&context.baggage), 1);
        otlp_propagation_clear(&context);
        assert_false(otlp_span_context_is_valid(&context.span));
        assert_int_equal(otlp_baggage_count(&context.baggage), 0);
        assert_int_equal(otlp_composite_extract(&composite, &context, &second.carrier), 0);
        assert_null(context.span.tracestate);
        assert_int_equal(otlp_baggage_count(&context.baggage), 0);
    }
    otlp_propagation_release(&context);
    otlp_propagation_release(NULL);
}

static void fields_name_what_is_written(void **state)
{
    (void)state;
    static const struct otlp_propagator *const all[] = {
        &otlp_propagator_tracecontext, &otlp_propagator_baggage, &otlp_propagator_b3,
        &otlp_propagator_b3multi};
    const struct otlp_tracestate *tracestate = NULL;
    struct otlp_propagation context = {.span = otlp_span_context_root(OTLP_FLAG_SAMPLED)};
    assert_int_equal(otlp_tracestate_parse(LIT("foo=1"), &tracestate), 0);
    context.span.tracestate = tracestate;
    assert_int_equal(otlp_baggage_set(&context.baggage, LIT("a"), LIT("1"), NULL, 0), 0);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct wire wire;
        wire_init(&wire);
        assert_int_equal(all[i]->inject(&context, &wire.carrier), 0);
        assert_true(wire.list.count > 0);
        for (size_t k = 0; k < wire.list.count; k++) {
            const struct otlp_header *header = &wire.list.headers[k];
            size_t at = 0;
            while (all[i]->fields[at] != NULL &&
                   (strlen(all[i]->fields[at]) != header->name_len ||
                    memcmp(all[i]->fields[at], header->name, header->name_len) != 0)) {
                at++;
            }
            assert_non_null(all[i]->fields[at]);
        }
    }
    otlp_propagation_release(&context);
    otlp_tracestate_unref(tracestate);
}

/* Headers of strangers, all at once: nothing may crash, and what is taken must be valid. */
static void random_headers(void **state)
{
    (void)state;
    static const char *const names[] = {"traceparent",  "tracestate",  "baggage",     "b3",
                                        "X-B3-TraceId", "X-B3-SpanId", "X-B3-Sampled"};
    static const char *const values[] = {
        TRACEPARENT, "foo=1,bar=2", "a=1;p,b=%FF", B3, TRACE_ID, "b7ad6b7169203331", "1"};
    struct otlp_composite all =
        otlp_composite_from_names(LIT("tracecontext,baggage,b3,b3multi"), NULL);
    struct otlp_propagation context = {.sampling = OTLP_SAMPLING_BY_FLAGS};
    unsigned long seed = 8191;
    size_t taken = 0;
    for (int round = 0; round < 3000; round++) {
        struct wire in;
        struct wire out;
        struct guarded copies[8];
        size_t count = random_next(&seed) % 9;
        wire_init(&in);
        wire_init(&out);
        for (size_t i = 0; i < count; i++) {
            size_t which = random_next(&seed) % 7;
            copies[i] = guarded_copy(values[which], strlen(values[which]));
            for (unsigned long left = random_next(&seed) % 3; left > 0; left--) {
                copies[i].text[random_next(&seed) % copies[i].len] = (char)random_next(&seed);
            }
            assert_int_equal(otlp_header_list_add(&in.list, names[which], strlen(names[which]),
                                                  copies[i].text, copies[i].len),
                             0);
        }
        taken += otlp_composite_extract(&all, &context, &in.carrier) == 0;
        assert_int_equal(otlp_composite_inject(&all, &context, &out.carrier), 0);
        for (size_t i = 0; i < count; i++) {
            guarded_free(&copies[i]);
        }
        otlp_propagation_clear(&context);
    }
    assert_in_range(taken, 500, 2900);
    otlp_propagation_release(&context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_finds_names_in_any_case),
        cmocka_unit_test(only_ascii_letters_have_case),
        cmocka_unit_test(set_replaces_all_of_a_name),
        cmocka_unit_test(set_uses_text_again),
        cmocka_unit_test(tracecontext_round_trip),
        cmocka_unit_test(tracestate_never_spoils_traceparent),
        cmocka_unit_test(tracestate_is_dropped_with_its_traceparent),
        cmocka_unit_test(traceparent_twice_is_invalid),
        cmocka_unit_test(too_many_tracestate_headers),
        cmocka_unit_test(child_keeps_trace_state_and_random_flag),
        cmocka_unit_test(nothing_is_injected_from_an_empty_context),
        cmocka_unit_test(baggage_through_the_carrier),
        cmocka_unit_test(bad_baggage_leaves_what_was_there),
        cmocka_unit_test(default_composite),
        cmocka_unit_test(names_of_propagators),
        cmocka_unit_test(later_propagators_win),
        cmocka_unit_test(one_bad_header_does_not_hide_others),
        cmocka_unit_test(a_full_carrier_is_reported),
        cmocka_unit_test(a_context_is_used_again),
        cmocka_unit_test(fields_name_what_is_written),
        cmocka_unit_test(random_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
