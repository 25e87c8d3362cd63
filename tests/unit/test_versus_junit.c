/* The JUnit file. That it is XML whatever the texts hold is tested by
 * tests/cli/test_compare_documents.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "versus_hostile.h"

static struct str junit(const struct versus *v)
{
    struct str out = STR_EMPTY;
    versus_junit(v, &out);
    return out;
}

static void assert_has(const struct str *text, const char *part)
{
    if (strstr(str_text(text), part) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", part, str_text(text));
    }
}

static size_t count_of(const struct str *text, const char *part)
{
    size_t count = 0;
    for (const char *at = str_text(text); (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    return count;
}

static void test_totals(void **state)
{
    (void)state;
    struct versus v = versus_sample();
    struct str text = junit(&v);
    assert_has(&text, "<testsuites name=\"assay compare\" tests=\"13\" failures=\"4\" errors=\"0\" "
                      "skipped=\"5\" time=\"");
    assert_has(&text, "<testsuite name=\"network_io\" tests=\"2\" failures=\"1\" errors=\"0\" "
                      "skipped=\"1\" time=\"2.964\" timestamp=\"2026-01-31T12:00:00\" "
                      "hostname=\"bench-1\">\n");
    assert_int_equal(count_of(&text, "<testcase "), 13);
    assert_int_equal(count_of(&text, "<testsuite "), 8);
    assert_int_equal(count_of(&text, "<failure "), 4);
    assert_int_equal(count_of(&text, "<skipped "), 5);
    assert_int_equal(count_of(&text, "<error "), 0);
    str_release(&text);
    versus_release(&v);
}

static void test_cases(void **state)
{
    (void)state;
    struct versus v = versus_sample();
    struct str text = junit(&v);
    assert_has(&text,
               "<testcase classname=\"serialization\" "
               "name=\"serialization/traces/direct/100\" time=\"2.964\">\n"
               "      <failure message=\"regressed: +1.22 % [+1.13 .. +1.30], sees 0.4 %; "
               "allocations 3 -&#62; 4 (+33.3 %), beyond its gate; "
               "instructions 42500 -&#62; 43000 (+1.18 %): more work\" type=\"regressed\"/>\n"
               "      <system-out>regressed: +1.22 % [+1.13 .. +1.30], sees 0.4 %; "
               "allocations 3 -&#62; 4 (+33.3 %), beyond its gate; "
               "instructions 42500 -&#62; 43000 (+1.18 %): more work\n"
               "38 pairs, 5 iterations a slice\n"
               "old: median 18.19 us, 5 % to 95 %: ");
    /* Its time did not change; it allocates more. */
    assert_has(&text,
               "allocations 2 -&#62; 3 (+50.0 %), beyond its gate\" type=\"beyond a gate\"/>");
    assert_has(&text, "<failure message=\"failed: new (faster-ids): ended by signal 11 "
                      "(Segmentation fault)\" type=\"failed\"/>");
    assert_has(&text, "<skipped message=\"untried: the time budget was used up\"/>");
    assert_has(&text, "<skipped message=\"below resolution: too fast to be told from an empty "
                      "loop\"/>");
    assert_has(&text, "<skipped message=\"inconclusive: -0.14 % [-1.17 .. +0.90], sees 1.1 %; 22 "
                      "more pairs (about 2 s) would settle it\"/>");
    assert_has(&text, "name=\"span_creation/links/2\" time=\"0.000\">\n      <system-out>");
    assert_has(&text, "name=\"batching/process_batch/10000\" time=\"2.964\">\n      <system-out>");
    str_release(&text);
    versus_release(&v);
}

/* One suite however its benchmarks lie among others. */
static void test_suites_are_whole(void **state)
{
    (void)state;
    struct versus v = versus_context();
    static const char *const suites[] = {"b", "a", "b", "c", "a", "b"};
    for (size_t i = 0; i < 6; i++) {
        versus_add_other(&v, suites[i], "x", VERSUS_SKIPPED, "why");
    }
    struct str text = junit(&v);
    assert_int_equal(count_of(&text, "<testsuite "), 3);
    assert_has(&text, "<testsuite name=\"b\" tests=\"3\"");
    assert_has(&text, "<testsuite name=\"a\" tests=\"2\"");
    assert_int_equal(count_of(&text, "<testcase "), 6);
    str_release(&text);
    versus_release(&v);
}

static void test_misfired_canaries_are_errors(void **state)
{
    (void)state;
    struct versus v = versus_untrusted();
    struct str text = junit(&v);
    assert_has(&text, "tests=\"15\" failures=\"4\" errors=\"2\" skipped=\"5\"");
    assert_has(&text, "<testsuite name=\"assay canaries\" tests=\"2\" failures=\"0\" errors=\"2\"");
    assert_has(&text, "<error message=\"regressed: +0.80 % [+0.60 .. +1.00], sees 0.1 %\" "
                      "type=\"misfired\"/>");
    assert_has(&text, "<property name=\"trusted\" value=\"false\"/>");
    str_release(&text);
    versus_release(&v);
}

static void test_escapes(void **state)
{
    (void)state;
    struct versus v = versus_context();
    versus_add_other(&v, "a&b", "<\"'>\t\n\r\x01\x1b\x7f\xff\xef\xbf\xbe\xc3\xa9", VERSUS_FAILED,
                     "]]> &amp;");
    struct str text = junit(&v);
    /* XML 1.0, 2.2: no controls but tab and line breaks, no U+FFFE; U+007F may be there. */
    assert_has(&text, "<testcase classname=\"a&#38;b\" "
                      "name=\"&#60;&#34;&#39;&#62;&#9;&#10;&#13;\xef\xbf\xbd\xef\xbf\xbd\x7f"
                      "\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9\" time=\"0.000\">");
    assert_has(&text, "<failure message=\"failed: ]]&#62; &#38;amp;\" type=\"failed\"/>");
    assert_has(&text, "<system-out>failed: ]]&#62; &#38;amp;\n</system-out>");
    str_release(&text);
    versus_release(&v);
}

static void test_nothing(void **state)
{
    (void)state;
    struct versus v = versus_context();
    struct str text = junit(&v);
    assert_string_equal(str_text(&text),
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<testsuites name=\"assay compare\" tests=\"0\" failures=\"0\" "
                        "errors=\"0\" skipped=\"0\" time=\"0.000\">\n</testsuites>\n");
    str_release(&text);
    versus_release(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_suites_are_whole),
        cmocka_unit_test(test_misfired_canaries_are_errors),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
