#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "near.h"

static void test_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } good[] = {{"2", 2},         {"2s", 2},       {"500ms", 0.5}, {"1.5 min", 90}, {"1.5m", 90},
                {"250us", 25e-5}, {"40 ns", 4e-8}, {"2h", 7200},   {"0", 0},        {".5", 0.5},
                {"1e3", 1000},    {"1e-3s", 1e-3}, {"+3", 3},      {"-2", -2},      {"007", 7}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        double seconds = -1;
        assert_true(units_parse_seconds(good[i].text, &seconds));
        assert_near(seconds, good[i].seconds, 1e-15);
    }
}

static void test_not_seconds(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      " ",     "s",   "2x",  "2 s s", "nan", "inf",
                                      "0x10",  "1e400", "--2", "+-2", "2,5",   "ms",  "2sec",
                                      "1.5.2", "%",     "-",   ".",   "1 2s",  " 2",  "2\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double seconds = 77;
        if (units_parse_seconds(bad[i], &seconds)) {
            fail_msg("\"%s\" was taken for %g seconds", bad[i], seconds);
        }
        assert_true(seconds == 77);
    }
}

static void test_fraction(void **state)
{
    (void)state;
    double f = 0;
    assert_true(units_parse_fraction("1%", &f));
    assert_near(f, 0.01, 1e-15);
    assert_true(units_parse_fraction("2.5 %", &f));
    assert_near(f, 0.025, 1e-15);
    assert_true(units_parse_fraction("0.95", &f));
    assert_near(f, 0.95, 1e-15);
    assert_true(units_parse_fraction("0", &f) && f == 0);
    static const char *const bad[] = {"", "%", "1%%", "1 percent", "nan", "0x1", "1s", "1% "};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(units_parse_fraction(bad[i], &f));
    }
}

static void assert_ns(double ns, const char *wanted, const char *expected)
{
    struct str text = STR_EMPTY;
    units_add_ns(&text, ns, wanted);
    assert_string_equal(str_text(&text), expected);
    str_release(&text);
}

static void test_times(void **state)
{
    (void)state;
    assert_ns(12.314, NULL, "12.31 ns");
    assert_ns(1.20449e6, NULL, "1.204 ms");
    assert_ns(0.25, NULL, "0.2500 ns");
    assert_ns(0, NULL, "0.0000 ns");
    assert_ns(1, NULL, "1.000 ns");
    assert_ns(999.94, NULL, "999.9 ns");
    assert_ns(999.96, NULL, "1.000 us"); /* not 1000 ns */
    assert_ns(999960, NULL, "1.000 ms");
    assert_ns(7e9, NULL, "7.000 s");
    assert_ns(3.6e12, NULL, "3600 s");
    assert_ns(-1500, NULL, "-1.500 us");
    assert_ns(1500, "ns", "1500 ns");
    assert_ns(1500, "us", "1.500 us");
    assert_ns(1500, "s", "1.500e-06 s");
    assert_ns(1500, "fortnight", "1.500 us");
}

static void assert_number(double value, const char *expected)
{
    struct str text = STR_EMPTY;
    units_add_number(&text, value);
    assert_string_equal(str_text(&text), expected);
    str_release(&text);
}

static void test_numbers(void **state)
{
    (void)state;
    assert_number(3.8, "3.800");
    assert_number(9.9996, "10.00");
    assert_number(99.996, "100.0");
    assert_number(999.96, "1000");
    assert_number(123456789, "123456789");
    assert_number(1e12, "1.000e+12");
    assert_number(-42.424, "-42.42");
    assert_number(1e-7, "1.000e-07");
}

/* Four significant digits hold below 0.1 as well. */
static void test_small_numbers(void **state)
{
    (void)state;
    assert_number(0.5, "0.5000");
    assert_number(0.012344, "0.01234");
    assert_number(0.0012344, "0.001234");
}

static void assert_rate(double per_second, const char *noun, const char *expected)
{
    struct str text = STR_EMPTY;
    units_add_rate(&text, per_second, noun);
    assert_string_equal(str_text(&text), expected);
    str_release(&text);
}

static void test_rates(void **state)
{
    (void)state;
    assert_rate(81.2e6, "elem", "81.20 Melem/s");
    assert_rate(3.46e9, "B", "3.460 GB/s");
    assert_rate(12, "elem", "12.00 elem/s");
    assert_rate(999960, "B", "1.000 MB/s");
    assert_rate(5e15, "B", "5000 TB/s");
}

static void assert_percent(double fraction, const char *expected)
{
    struct str text = STR_EMPTY;
    units_add_percent(&text, fraction);
    assert_string_equal(str_text(&text), expected);
    str_release(&text);
}

static void test_percents(void **state)
{
    (void)state;
    assert_percent(0.0125, "+1.25 %");
    assert_percent(-0.0125, "-1.25 %");
    assert_percent(0.12345, "+12.3 %");
    assert_percent(1.5, "+150 %");
    assert_percent(0, "+0.00 %");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seconds),  cmocka_unit_test(test_not_seconds),
        cmocka_unit_test(test_fraction), cmocka_unit_test(test_times),
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_small_numbers),
        cmocka_unit_test(test_rates),    cmocka_unit_test(test_percents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
