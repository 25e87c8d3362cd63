/* UTF-8 as RFC 3629 has it: section 3's ranges, and what section 4's grammar leaves out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

static void assert_sequence(const char *text, size_t length, uint32_t code)
{
    const char *at = text;
    assert_int_equal(utf8_length(text), length);
    assert_int_equal(utf8_next(&at), code);
    assert_ptr_equal(at, text + length);
}

static void test_bounds_of_each_length(void **state)
{
    (void)state;
    assert_sequence("\x01", 1, 0x01);
    assert_sequence("\x7f", 1, 0x7f);
    assert_sequence("\xc2\x80", 2, 0x80);
    assert_sequence("\xdf\xbf", 2, 0x7ff);
    assert_sequence("\xe0\xa0\x80", 3, 0x800);
    assert_sequence("\xed\x9f\xbf", 3, 0xd7ff);
    assert_sequence("\xee\x80\x80", 3, 0xe000);
    assert_sequence("\xef\xbf\xbf", 3, 0xffff);
    assert_sequence("\xf0\x90\x80\x80", 4, 0x10000);
    assert_sequence("\xf4\x8f\xbf\xbf", 4, 0x10ffff);
}

static void test_what_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\x80",             /* continues nothing */
        "\xbf",             /* likewise */
        "\xc0\xaf",         /* overlong */
        "\xc1\xbf",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",     /* surrogate */
        "\xed\xbf\xbf",     /* surrogate */
        "\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "\xf5\x80\x80\x80", /* likewise */
        "\xff",             /* never */
        "\xc3",             /* cut off by the end */
        "\xe2\x82",         /* likewise */
        "\xf0\x9f\x98",     /* likewise */
        "\xe2\x28\xa1",     /* cut off by another character */
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *at = texts[i];
        assert_int_equal(utf8_length(texts[i]), 0);
        assert_int_equal(utf8_next(&at), UTF8_REPLACEMENT);
        assert_ptr_equal(at, texts[i] + 1);
    }
}

static void test_stays_at_the_end(void **state)
{
    (void)state;
    const char *text = "";
    const char *at = text;
    assert_int_equal(utf8_length(text), 1);
    assert_int_equal(utf8_next(&at), 0);
    assert_ptr_equal(at, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds_of_each_length),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_stays_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
