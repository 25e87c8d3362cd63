#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/str.h"

static void test_empty(void **state)
{
    (void)state;
    struct str s = STR_EMPTY;
    assert_string_equal(str_text(&s), "");
    assert_null(s.data);
    str_clear(&s);
    str_release(&s);
    str_add(&s, "");
    assert_string_equal(str_text(&s), "");
    str_format(&s, "%s", "");
    assert_int_equal(s.length, 0);
    str_release(&s);
    assert_null(s.data);
}

static void test_grows(void **state)
{
    (void)state;
    struct str s = STR_EMPTY;
    for (size_t i = 0; i < 10000; i++) {
        str_add_char(&s, (char)('a' + i % 26));
        assert_int_equal(s.length, i + 1);
        assert_int_equal(strlen(str_text(&s)), i + 1);
        assert_true(s.capacity > s.length);
    }
    for (size_t i = 0; i < 10000; i++) {
        assert_int_equal(s.data[i], 'a' + i % 26);
    }
    str_release(&s);
}

static void test_adds_in_order(void **state)
{
    (void)state;
    struct str s = STR_EMPTY;
    str_add(&s, "one");
    str_add_bytes(&s, " two and more", 4);
    str_add_char(&s, ' ');
    str_format(&s, "%d %s", 3, "four");
    assert_string_equal(str_text(&s), "one two 3 four");
    str_clear(&s);
    assert_string_equal(str_text(&s), "");
    str_add(&s, "again");
    assert_string_equal(str_text(&s), "again");
    str_release(&s);
}

/* Formatted text around the sizes at which memory is taken: 63 characters and the end fill the
 * first block. */
static void test_formats_any_length(void **state)
{
    (void)state;
    char wanted[301];
    for (int length = 0; length <= 300; length++) {
        struct str s = STR_EMPTY;
        str_format(&s, "%0*d", length, 0);
        str_format(&s, "%s", "!");
        memset(wanted, '0', sizeof wanted);
        size_t zeros = length == 0 ? 1 : (size_t)length; /* "%0*d" with a width of 0 is "0" */
        assert_int_equal(s.length, zeros + 1);
        assert_memory_equal(s.data, wanted, zeros);
        assert_string_equal(s.data + zeros, "!");
        str_release(&s);
    }
}

static void test_bytes_with_zeros(void **state)
{
    (void)state;
    struct str s = STR_EMPTY;
    str_add_bytes(&s, "a\0b", 3);
    assert_int_equal(s.length, 3);
    assert_memory_equal(s.data, "a\0b", 4);
    str_release(&s);
}

static void test_detach(void **state)
{
    (void)state;
    struct str s = STR_EMPTY;
    char *nothing = str_detach(&s);
    assert_string_equal(nothing, "");
    free(nothing);
    str_add(&s, "mine");
    char *text = str_detach(&s);
    assert_string_equal(text, "mine");
    assert_null(s.data);
    assert_int_equal(s.length, 0);
    str_add(&s, "another");
    assert_string_equal(text, "mine");
    free(text);
    str_release(&s);
}

static void test_memory(void **state)
{
    (void)state;
    unsigned char *block = memory_zeroed(0, 16);
    assert_non_null(block);
    free(block);
    block = memory_zeroed(100, 3);
    for (size_t i = 0; i < 300; i++) {
        assert_int_equal(block[i], 0);
    }
    block[299] = 7;
    block = memory_resize(block, 1000, 3);
    assert_int_equal(block[299], 7);
    block = memory_resize(block, 0, 3);
    assert_non_null(block);
    free(block);
    char *copy = memory_text("text");
    char *part = memory_text_part("text", 2);
    assert_string_equal(copy, "text");
    assert_string_equal(part, "te");
    free(copy);
    free(part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_adds_in_order),
        cmocka_unit_test(test_formats_any_length),
        cmocka_unit_test(test_bytes_with_zeros),
        cmocka_unit_test(test_detach),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
