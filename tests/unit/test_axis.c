/* Axes as ASSAY_BENCH's text gives them: zeros count, words do not mix with integers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/axis.h"
#include "app/plan.h"

/* The program has cmocka's main, in this file. */
#undef ASSAY__MAIN
#define ASSAY__MAIN

ASSAY_SUITE("axes");

#define SIZES 1, 10, 100
#define EMPTY
#define SECOND(a, b) (b)

ASSAY_BENCH(without)
{
    (void)b;
}

ASSAY_BENCH(zeros, .arg_name = "n", .args = {0, 5, 0, 0})
{
    (void)b;
}

ASSAY_BENCH(one_zero, .args = {0})
{
    (void)b;
}

ASSAY_BENCH(by_macro, .args = {SIZES},
            .args2 = {
                SIZES,
                EMPTY 1000,
            })
{
    (void)b;
}

ASSAY_BENCH(expressions, .args = {SECOND(1, 2), sizeof(int[3]), ',', 1 << 10, -1}, .unit = "us")
{
    (void)b;
}

ASSAY_BENCH(words, .name = "a/name, .args = {1, 2}", .arg_name = "codec, {",
            .arg_names = {"a,b", "}", ""}, .arg2_name = "level", .args2 = {0, -3})
{
    (void)b;
}

ASSAY_BENCH(mixed, .args = {1, 2}, .arg_names = {"one"})
{
    (void)b;
}

ASSAY_BENCH(by_index, .args = {[3] = 7})
{
    (void)b;
}

static const struct assay_entry *entry(const char *ident)
{
    for (const struct assay_entry *e = plan_entries(); e != NULL; e = e->next) {
        if (strcmp(e->ident, ident) == 0) {
            return e;
        }
    }
    fail_msg("no entry %s", ident);
    return NULL;
}

static struct axis first(const char *ident)
{
    struct axis axis;
    struct error error = {0};
    assert_int_equal(axis_first(entry(ident), &axis, &error), 0);
    return axis;
}

static struct axis second(const char *ident)
{
    struct axis axis;
    struct error error = {0};
    assert_int_equal(axis_second(entry(ident), &axis, &error), 0);
    return axis;
}

static void test_no_axis(void **state)
{
    (void)state;
    struct axis axis = first("without");
    assert_false(axis_is_given(&axis));
    assert_int_equal(axis_length(&axis), 1);
    axis = second("zeros");
    assert_false(axis_is_given(&axis));
}

static void test_integers(void **state)
{
    (void)state;
    struct axis axis = first("zeros");
    assert_string_equal(axis.name, "n");
    assert_int_equal(axis.count, 4);
    assert_null(axis.words);
    assert_true(axis.integers[1] == 5 && axis.integers[3] == 0);
    axis = first("one_zero");
    assert_int_equal(axis.count, 1);
    assert_null(axis.name);
    axis = first("by_macro");
    assert_int_equal(axis.count, 3);
    axis = second("by_macro");
    assert_int_equal(axis.count, 4);
    assert_true(axis.integers[3] == 1000);
    axis = first("expressions");
    assert_int_equal(axis.count, 5);
    assert_true(axis.integers[0] == 2 && axis.integers[2] == ',' && axis.integers[4] == -1);
}

static void test_words(void **state)
{
    (void)state;
    struct axis axis = first("words");
    assert_int_equal(axis.count, 3);
    assert_null(axis.integers);
    assert_string_equal(axis.words[0], "a,b");
    assert_string_equal(axis.words[2], "");
    axis = second("words");
    assert_int_equal(axis.count, 2);
    assert_true(axis.integers[1] == -3);
}

static void assert_refused(const struct assay_entry *e, const char *why)
{
    struct axis axis;
    struct error error = {0};
    assert_int_equal(axis_first(e, &axis, &error), -1);
    assert_int_equal(error.status, STATUS_USAGE);
    assert_non_null(strstr(error.text, e->ident));
    assert_non_null(strstr(error.text, why));
}

static void test_refused(void **state)
{
    (void)state;
    assert_refused(entry("mixed"), "both integers and words");
    assert_refused(entry("by_index"), "cannot be counted");
    struct assay_entry e = *entry("zeros");
    e.fields_text = ""; /* integers without their text */
    assert_refused(&e, "cannot be counted");
}

static size_t count(const char *text)
{
    return axis_count_initialisers(text, "args");
}

static void test_counting(void **state)
{
    (void)state;
    assert_int_equal(count(""), 0);
    assert_int_equal(count(".args = {}"), 0);
    assert_int_equal(count(".args={1}"), 1);
    assert_int_equal(count(".args = { 1 , 2,3, }"), 3);
    assert_int_equal(count(".args = {f(1, 2), g[1, 2], (int){3, 4}}"), 3);
    assert_int_equal(count(".args = {'}', ',', '\\''}, .x = {9}"), 3);
    assert_int_equal(count(".arg_names = {\"a\"}, .args2 = {1, 2}"), 0);
    assert_int_equal(count(".name = \".args = {1, 2}\", .args = {5}"), 1);
    assert_int_equal(count(".name = \"\\\".args = {1, 2}\""), 0);
    assert_int_equal(count(".args = (type){1}"), 0); /* no braces behind the sign */
    /* Ends too early: nothing beyond the text is read. */
    assert_int_equal(count(".args = {1, 2"), 2);
    assert_int_equal(count(".args = {\"1, 2"), 1);
    assert_int_equal(count(".args"), 0);
    assert_int_equal(count(".args ="), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_axis),  cmocka_unit_test(test_integers),
        cmocka_unit_test(test_words),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
