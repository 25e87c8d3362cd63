/* traceparent against the table of W3C Trace Context level 2, "traceparent Header". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <otlp/propagate.h>

#include "guarded.h"

/* The example of the recommendation. */
#define TRACE_ID "0af7651916cd43dd8448eb211c80319c"
#define SPAN_ID  "b7ad6b7169203331"
#define VALID    "00-" TRACE_ID "-" SPAN_ID "-01"

static const uint8_t trace_id_bytes[16] = {0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd,
                                           0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c};
static const uint8_t span_id_bytes[8] = {0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31};

static int parse(const char *text, size_t len, struct otlp_span_context *context)
{
    struct guarded copy = guarded_copy(text, len);
    int rc = otlp_traceparent_parse(copy.text, copy.len, context);
    guarded_free(&copy);
    return rc;
}

static void accepts(const char *text, uint8_t flags)
{
    struct otlp_span_context context = {.tracestate = (const void *)text};
    if (parse(text, strlen(text), &context) != 0) {
        fail_msg("refused: \"%s\"", text);
    }
    assert_memory_equal(context.trace_id.bytes, trace_id_bytes, sizeof trace_id_bytes);
    assert_memory_equal(context.span_id.bytes, span_id_bytes, sizeof span_id_bytes);
    assert_int_equal(context.flags, flags);
    assert_true(context.is_remote);
    assert_null(context.tracestate);
}

static void refuses_bytes(const char *text, size_t len)
{
    struct otlp_span_context context;
    struct otlp_span_context before;
    memset(&context, 0x5a, sizeof context);
    memcpy(&before, &context, sizeof before);
    if (parse(text, len, &context) != OTLP_EFORMAT) {
        fail_msg("accepted: \"%.*s\" (%zu bytes)", (int)len, text, len);
    }
    assert_memory_equal(&context, &before, sizeof before);
}

static void refuses(const char *text)
{
    refuses_bytes(text, strlen(text));
}

static void version_00(void **state)
{
    (void)state;
    accepts(VALID, OTLP_FLAG_SAMPLED);
    accepts("00-" TRACE_ID "-" SPAN_ID "-00", 0);
    refuses(VALID ".");
    refuses(VALID "-x");
    refuses(VALID "-");
    refuses(VALID "-00");
    refuses(VALID "0");
}

static void later_versions(void **state)
{
    (void)state;
    accepts("01-" TRACE_ID "-" SPAN_ID "-01", 1);
    accepts("fe-" TRACE_ID "-" SPAN_ID "-01", 1);
    accepts("cc-" TRACE_ID "-" SPAN_ID "-01-what-the-future-will-be-like", 1);
    accepts("cc-" TRACE_ID "-" SPAN_ID "-01-", 1);
    accepts("01-" TRACE_ID "-" SPAN_ID "-ff", OTLP_FLAG_SAMPLED | OTLP_FLAG_RANDOM);
    refuses("cc-" TRACE_ID "-" SPAN_ID "-01.what-the-future-will-be-like");
    refuses("cc-" TRACE_ID "-" SPAN_ID "-010");
    refuses("cc-" TRACE_ID "-" SPAN_ID "-0");
    refuses("cc-" TRACE_ID "-" SPAN_ID "-");
}

static void bad_versions(void **state)
{
    (void)state;
    refuses("ff-" TRACE_ID "-" SPAN_ID "-01");
    refuses("ff-" TRACE_ID "-" SPAN_ID "-01-more");
    refuses(".0-" TRACE_ID "-" SPAN_ID "-01");
    refuses("0.-" TRACE_ID "-" SPAN_ID "-01");
    refuses("0x-" TRACE_ID "-" SPAN_ID "-01");
    refuses("CC-" TRACE_ID "-" SPAN_ID "-01");
    refuses("0-" TRACE_ID "-" SPAN_ID "-01");
    refuses("000-" TRACE_ID "-" SPAN_ID "-01");
    refuses("-" TRACE_ID "-" SPAN_ID "-01");
}

static void bad_trace_ids(void **state)
{
    (void)state;
    refuses("00-00000000000000000000000000000000-" SPAN_ID "-01");
    refuses("00-0AF7651916CD43DD8448EB211C80319C-" SPAN_ID "-01");
    refuses("00-.af7651916cd43dd8448eb211c80319c-" SPAN_ID "-01");
    refuses("00-0af7651916cd43dd8448eb211c80319g-" SPAN_ID "-01");
    refuses("00-0af7651916cd43dd8448eb211c80319-" SPAN_ID "-01");
    refuses("00-0af7651916cd43dd8448eb211c80319c0-" SPAN_ID "-01");
    refuses("00--" SPAN_ID "-01");
}

static void bad_parent_ids(void **state)
{
    (void)state;
    refuses("00-" TRACE_ID "-0000000000000000-01");
    refuses("00-" TRACE_ID "-B7AD6B7169203331-01");
    refuses("00-" TRACE_ID "-.7ad6b7169203331-01");
    refuses("00-" TRACE_ID "-b7ad6b716920333g-01");
    refuses("00-" TRACE_ID "-b7ad6b716920333-01");
    refuses("00-" TRACE_ID "-b7ad6b71692033311-01");
    refuses("00-" TRACE_ID "--01");
}

static void bad_flags(void **state)
{
    (void)state;
    refuses("00-" TRACE_ID "-" SPAN_ID "-.0");
    refuses("00-" TRACE_ID "-" SPAN_ID "-0.");
    refuses("00-" TRACE_ID "-" SPAN_ID "-0A");
    refuses("00-" TRACE_ID "-" SPAN_ID "-A0");
    refuses("00-" TRACE_ID "-" SPAN_ID "-1");
    refuses("00-" TRACE_ID "-" SPAN_ID "-001");
    refuses("00-" TRACE_ID "-" SPAN_ID "-");
    refuses("00-" TRACE_ID "-" SPAN_ID);
}

static void only_known_flags_are_kept(void **state)
{
    (void)state;
    accepts("00-" TRACE_ID "-" SPAN_ID "-02", OTLP_FLAG_RANDOM);
    accepts("00-" TRACE_ID "-" SPAN_ID "-03", OTLP_FLAG_SAMPLED | OTLP_FLAG_RANDOM);
    accepts("00-" TRACE_ID "-" SPAN_ID "-fc", 0);
    accepts("00-" TRACE_ID "-" SPAN_ID "-09", OTLP_FLAG_SAMPLED);
}

static void space_around_is_dropped(void **state)
{
    (void)state;
    accepts(" " VALID, 1);
    accepts("\t" VALID, 1);
    accepts(VALID " ", 1);
    accepts(VALID "\t", 1);
    accepts("\t \t" VALID " \t ", 1);
    refuses("00 -" TRACE_ID "-" SPAN_ID "-01");
    refuses("00- " TRACE_ID "-" SPAN_ID "-01");
    refuses(VALID "\n");
    refuses("\r" VALID);
    refuses("");
    refuses(" ");
}

static void wrong_separators(void **state)
{
    (void)state;
    refuses("00_" TRACE_ID "-" SPAN_ID "-01");
    refuses("00-" TRACE_ID "_" SPAN_ID "-01");
    refuses("00-" TRACE_ID "-" SPAN_ID "_01");
}

static void cut_at_every_byte(void **state)
{
    (void)state;
    for (size_t len = 0; len < OTLP_TRACEPARENT_LEN; len++) {
        refuses_bytes(VALID, len);
    }
}

/* What one changed byte may do is known without the parser: at each place there are characters that
 * keep the value valid, and all others spoil it. */
static bool byte_is_good(size_t at, unsigned char byte)
{
    bool is_hex = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
    if (at == 2 || at == 35 || at == 52) {
        return byte == '-';
    }
    return is_hex; /* a space, even at an end, leaves 54 characters */
}

static void every_byte_at_every_place(void **state)
{
    (void)state;
    for (size_t at = 0; at < OTLP_TRACEPARENT_LEN; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            char text[] = VALID;
            struct otlp_span_context context;
            text[at] = (char)byte;
            int rc = otlp_traceparent_parse(text, OTLP_TRACEPARENT_LEN, &context);
            assert_int_equal(rc, byte_is_good(at, (unsigned char)byte) ? 0 : OTLP_EFORMAT);
        }
    }
}

static void random_bytes_are_refused(void **state)
{
    (void)state;
    unsigned long seed = 20240917;
    char text[96];
    for (int round = 0; round < 20000; round++) {
        size_t len = random_next(&seed) % sizeof text;
        for (size_t i = 0; i < len; i++) {
            text[i] = (char)random_next(&seed);
        }
        struct otlp_span_context context;
        assert_int_equal(otlp_traceparent_parse(text, len, &context), OTLP_EFORMAT);
    }
}

static void long_values_take_no_longer(void **state)
{
    (void)state;
    size_t len = (size_t)1 << 20;
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, 'a', len);
    refuses_bytes(text, len);
    memcpy(text,
           "cc"
           "-" TRACE_ID "-" SPAN_ID "-01-",
           56);
    struct otlp_span_context context;
    assert_int_equal(otlp_traceparent_parse(text, len, &context), 0);
    free(text);
}

static void format_writes_version_00(void **state)
{
    (void)state;
    struct otlp_span_context context = {.flags = 0xff};
    memcpy(context.trace_id.bytes, trace_id_bytes, sizeof trace_id_bytes);
    memcpy(context.span_id.bytes, span_id_bytes, sizeof span_id_bytes);
    char text[OTLP_TRACEPARENT_LEN + 1] = {0};
    otlp_traceparent_format(&context, text);
    assert_string_equal(text, "00-" TRACE_ID "-" SPAN_ID "-03");
    context.flags = OTLP_FLAG_SAMPLED;
    otlp_traceparent_format(&context, text);
    assert_string_equal(text, VALID);
    context.flags = 0;
    otlp_traceparent_format(&context, text);
    assert_string_equal(text, "00-" TRACE_ID "-" SPAN_ID "-00");
}

static void what_is_formatted_is_parsed(void **state)
{
    (void)state;
    struct otlp_id_generator generator;
    otlp_id_generator_seed(&generator, 7);
    for (unsigned i = 0; i < 1000; i++) {
        struct otlp_span_context context = {
            .trace_id = otlp_id_generator_trace_id(&generator),
            .span_id = otlp_id_generator_span_id(&generator),
            .flags = (uint8_t)(i & 3),
        };
        char text[OTLP_TRACEPARENT_LEN];
        char expected[OTLP_TRACEPARENT_LEN + 1];
        int at = snprintf(expected, sizeof expected, "00-");
        for (size_t k = 0; k < 16; k++) {
            at += snprintf(expected + at, 3, "%02x", context.trace_id.bytes[k]);
        }
        expected[at++] = '-';
        for (size_t k = 0; k < 8; k++) {
            at += snprintf(expected + at, 3, "%02x", context.span_id.bytes[k]);
        }
        snprintf(expected + at, 4, "-%02x", i & 3);
        otlp_traceparent_format(&context, text);
        assert_memory_equal(text, expected, sizeof text);

        struct otlp_span_context parsed;
        assert_int_equal(otlp_traceparent_parse(text, sizeof text, &parsed), 0);
        assert_true(otlp_trace_id_equal(parsed.trace_id, context.trace_id));
        assert_true(otlp_span_id_equal(parsed.span_id, context.span_id));
        assert_int_equal(parsed.flags, context.flags);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_00),
        cmocka_unit_test(later_versions),
        cmocka_unit_test(bad_versions),
        cmocka_unit_test(bad_trace_ids),
        cmocka_unit_test(bad_parent_ids),
        cmocka_unit_test(bad_flags),
        cmocka_unit_test(only_known_flags_are_kept),
        cmocka_unit_test(space_around_is_dropped),
        cmocka_unit_test(wrong_separators),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(every_byte_at_every_place),
        cmocka_unit_test(random_bytes_are_refused),
        cmocka_unit_test(long_values_take_no_longer),
        cmocka_unit_test(format_writes_version_00),
        cmocka_unit_test(what_is_formatted_is_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
