#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json_writer.h"
#include "base/rng.h"

static void test_layout(void **state)
{
    (void)state;
    struct str out = STR_EMPTY;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_begin_object(&w, NULL);
    json_add_int(&w, "n", -3);
    json_begin_array(&w, "list");
    json_add_bool(&w, NULL, true);
    json_add_null(&w, NULL);
    json_end(&w);
    json_begin_object_line(&w, "line");
    json_add_text(&w, "a", "b");
    json_begin_array(&w, "c");
    json_add_int(&w, NULL, 1);
    json_add_int(&w, NULL, 2);
    json_end(&w);
    json_end(&w);
    json_begin_object(&w, "none");
    json_end(&w);
    json_begin_array(&w, "empty");
    json_end(&w);
    json_add_text(&w, "null", NULL);
    json_end(&w);
    assert_string_equal(str_text(&out), "{\n"
                                        "  \"n\": -3,\n"
                                        "  \"list\": [\n"
                                        "    true,\n"
                                        "    null\n"
                                        "  ],\n"
                                        "  \"line\": {\"a\": \"b\", \"c\": [1, 2]},\n"
                                        "  \"none\": {},\n"
                                        "  \"empty\": [],\n"
                                        "  \"null\": null\n"
                                        "}");
    str_release(&out);
}

/* Writes the text and reads it back with jansson; free the result. */
static char *through_a_reader(const char *text)
{
    struct str out = STR_EMPTY;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_add_text(&w, NULL, text);
    json_error_t cause;
    json_t *value = json_loadb(out.data, out.length, JSON_DECODE_ANY, &cause);
    if (value == NULL) {
        fail_msg("%s: %s", str_text(&out), cause.text);
    }
    char *read = strdup(json_string_value(value));
    json_decref(value);
    str_release(&out);
    return read;
}

static void assert_read(const char *text, const char *expected)
{
    char *read = through_a_reader(text);
    assert_string_equal(read, expected);
    free(read);
}

static void test_characters(void **state)
{
    (void)state;
    char text[128];
    for (int c = 1; c < 128; c++) {
        text[c - 1] = (char)c;
    }
    text[127] = '\0';
    assert_read(text, text);
    assert_read("", "");
    assert_read("quote \" back \\ slash / \t\n\x01\x1f\x7f",
                "quote \" back \\ slash / \t\n\x01\x1f\x7f");
    assert_read("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82 \xf4\x8f\xbf\xbf \xed\x9f\xbf",
                "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82 \xf4\x8f\xbf\xbf \xed\x9f\xbf");
}

#define BAD "\xef\xbf\xbd" /* U+FFFD */

static void test_bytes_that_are_not_utf8(void **state)
{
    (void)state;
    assert_read("a\xff"
                "b",
                "a" BAD "b");
    assert_read("\x80", BAD);
    assert_read("\xc3", BAD); /* ends too early */
    assert_read("\xe2\x82", BAD BAD);
    assert_read("\xf0\x9f\x99", BAD BAD BAD);
    assert_read("\xc3(", BAD "(");
    assert_read("\xc0\xaf", BAD BAD); /* overlong */
    assert_read("\xe0\x80\xaf", BAD BAD BAD);
    assert_read("\xf0\x80\x80\xaf", BAD BAD BAD BAD);
    assert_read("\xed\xa0\x80", BAD BAD BAD);         /* a surrogate */
    assert_read("\xf4\x90\x80\x80", BAD BAD BAD BAD); /* above U+10FFFF */
    assert_read("\xf5\x80\x80\x80", BAD BAD BAD BAD);
}

static void write_double(double value, struct str *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_add_double(&w, NULL, value);
}

static void assert_double(double value, const char *expected)
{
    struct str out = STR_EMPTY;
    write_double(value, &out);
    assert_string_equal(str_text(&out), expected);
    str_release(&out);
}

static void test_doubles(void **state)
{
    (void)state;
    assert_double(0.1, "0.1");
    assert_double(1, "1");
    assert_double(-0.0, "0");
    assert_double(1.0 / 3, "0.3333333333333333");
    assert_double(0.1 + 0.2, "0.30000000000000004");
    assert_double(123456789012.25, "123456789012.25");
    assert_double(1e22, "1e+22");
    assert_double(1.7976931348623157e308, "1.7976931348623157e+308");
    assert_double(5e-9, "5e-09");
}

/* Digits of the number without zeros at either end. */
static int significant_digits(const char *text)
{
    int digits = 0;
    int zeros = 0;
    for (const char *c = text; *c != '\0' && *c != 'e'; c++) {
        if (*c == '0') {
            zeros += digits > 0;
        } else if (*c >= '1' && *c <= '9') {
            digits += 1 + zeros;
            zeros = 0;
        }
    }
    return digits;
}

/* The text reads back as the number, and no text with fewer digits does. */
static void assert_shortest(double value)
{
    struct str out = STR_EMPTY;
    char fewer[40];
    write_double(value, &out);
    assert_true(strtod(str_text(&out), NULL) == value);
    int digits = significant_digits(str_text(&out));
    for (int d = 1; d < digits; d++) {
        snprintf(fewer, sizeof fewer, "%.*e", d - 1, value);
        if (strtod(fewer, NULL) == value) {
            fail_msg("%s has more digits than %s", str_text(&out), fewer);
        }
    }
    str_release(&out);
}

static void test_shortest_digits(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 17);
    for (size_t i = 0; i < 5000; i++) {
        uint64_t bits = rng_next(&rng);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isnormal(value)) {
            assert_shortest(value);
        }
        assert_shortest((double)(1 + rng_below(&rng, 100000000)) / 100); /* as sample times are */
    }
}

static void test_integers(void **state)
{
    (void)state;
    struct str out = STR_EMPTY;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_begin_array_line(&w, NULL);
    json_add_int(&w, NULL, INT64_MAX);
    json_add_int(&w, NULL, INT64_MIN);
    json_add_int(&w, NULL, 0);
    json_end(&w);
    assert_string_equal(str_text(&out), "[9223372036854775807, -9223372036854775808, 0]");
    str_release(&out);
}

static struct str nested(int depth)
{
    struct str out = STR_EMPTY;
    struct json_writer w;
    json_writer_init(&w, &out);
    for (int i = 0; i < depth; i++) {
        json_begin_array_line(&w, NULL);
    }
    for (int i = 0; i < depth; i++) {
        json_end(&w);
    }
    assert_int_equal(out.length, 2 * depth);
    assert_int_equal(w.depth, 0);
    return out;
}

/* As deep as can be written, and as deep as can be read. */
static void test_nesting(void **state)
{
    (void)state;
    struct str deepest = nested(JSON_DEPTH_MAX);
    struct str out = nested(2000);
    struct str copy = STR_EMPTY;
    struct json_writer w;
    json_t *value = json_loads(str_text(&out), 0, NULL);
    assert_non_null(value);
    json_writer_init(&w, &copy);
    json_add_value(&w, NULL, value);
    assert_string_equal(str_text(&copy), str_text(&out));
    json_decref(value);
    str_release(&deepest);
    str_release(&out);
    str_release(&copy);
}

static void test_copies_values(void **state)
{
    (void)state;
    static const char text[] = "{\"z\": [1, 2.5, {\"y\": null, \"x\": true}], \"a\": \"\\u0001\", "
                               "\"m\": {}, \"k\": [], \"f\": false, \"i\": -7}";
    json_t *value = json_loads(text, 0, NULL);
    struct str out = STR_EMPTY;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_add_value(&w, NULL, value);
    assert_string_equal(str_text(&out), text); /* same members in the same order */
    json_decref(value);
    str_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_characters),
        cmocka_unit_test(test_bytes_that_are_not_utf8),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_shortest_digits),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_copies_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
