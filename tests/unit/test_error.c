#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void test_none(void **state)
{
    (void)state;
    struct error error = {0};
    assert_false(error_is_set(&error));
    assert_string_equal(error.text, "");
}

static void test_first_stays(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(error_set(&error, STATUS_USAGE, "no %s in %d", "sense", 7), -1);
    assert_true(error_is_set(&error));
    assert_string_equal(error.text, "no sense in 7");
    assert_int_equal(error_set(&error, STATUS_ENVIRONMENT, "another"), -1);
    assert_int_equal(error.status, STATUS_USAGE);
    assert_string_equal(error.text, "no sense in 7");
}

static void test_long_sentence_is_cut(void **state)
{
    (void)state;
    struct error error = {0};
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    error_set(&error, STATUS_FAILED, "%s", text);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    assert_int_equal(error.status, STATUS_FAILED);
}

/* The statuses are part of the command line's contract. */
static void test_statuses(void **state)
{
    (void)state;
    assert_int_equal(STATUS_OK, 0);
    assert_int_equal(STATUS_REGRESSED, 1);
    assert_int_equal(STATUS_USAGE, 2);
    assert_int_equal(STATUS_FAILED, 3);
    assert_int_equal(STATUS_ENVIRONMENT, 4);
    assert_int_equal(STATUS_INCONCLUSIVE, 5);
    assert_int_equal(STATUS_INTERRUPTED, 130);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_first_stays),
        cmocka_unit_test(test_long_sentence_is_cut),
        cmocka_unit_test(test_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
