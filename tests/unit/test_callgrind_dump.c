/* Dumps of callgrind: what is read of them, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/callgrind_dump.h"

/* As callgrind 3.19 writes it. */
static const char whole[] = "# callgrind format\n"
                            "version: 1\n"
                            "creator: callgrind-3.19.0\n"
                            "pid: 19945\n"
                            "cmd:  ./t\n"
                            "part: 2\n"
                            "\n"
                            "desc: I1 cache: \n"
                            "desc: Timerange: Basic block 243 - 476\n"
                            "desc: Trigger: Client Request: lap 1\n"
                            "\n"
                            "positions: line\n"
                            "events: Ir\n"
                            "summary: 18446744073709550333\n"
                            "\n"
                            "ob=(1) /tmp/t\n"
                            "fn=(0) main\n"
                            "0 16\n"
                            "cfn=(2) loop\n"
                            "calls=1 0 \n"
                            "0 304\n"
                            "totals: 320\n";

/* From memory of just that length: a read beyond it is seen by a sanitizer. */
static bool read_text(const char *text, size_t length, const char *label, uint64_t *count)
{
    char *copy = malloc(length + 1);
    assert_non_null(copy);
    char *exact = realloc(copy, length > 0 ? length : 1);
    assert_non_null(exact);
    memcpy(exact, text, length);
    bool read = callgrind_dump_read(exact, length, label, count);
    free(exact);
    return read;
}

/* The dump with one text in place of another. */
static bool read_with(const char *old_text, const char *new_text, uint64_t *count)
{
    char text[2048];
    const char *at = strstr(whole, old_text);
    assert_non_null(at);
    int length = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, new_text,
                          at + strlen(old_text));
    assert_in_range(length, 0, sizeof text - 1);
    return read_text(text, (size_t)length, "lap 1", count);
}

static void a_whole_dump_has_its_totals(void **state)
{
    uint64_t count = 0;
    (void)state;
    assert_true(read_text(whole, sizeof whole - 1, "lap 1", &count));
    assert_int_equal(count, 320);
    assert_true(read_with("events: Ir", "events: Ir Dr Dw", &count));
    assert_true(read_with("totals: 320", "totals: 321 5 6", &count));
    assert_int_equal(count, 321);
    assert_true(read_with("totals: 320", "totals: 18446744073709551615", &count));
    assert_true(count == UINT64_MAX);
}

static void a_dump_that_was_cut_off_says_nothing(void **state)
{
    (void)state;
    for (size_t length = 0; length + 1 < sizeof whole; length++) {
        uint64_t count = 0;
        assert_false(read_text(whole, length, "lap 1", &count));
    }
}

static void what_is_of_another_form_is_refused(void **state)
{
    static const char *const changes[][2] = {
        {"totals: 320", "totals: -1"},
        {"totals: 320", "totals: "},
        {"totals: 320", "totals: 3x"},
        {"totals: 320", "totals: 18446744073709551616"},
        {"totals: 320", "totals: 320\ntotals: 320"},
        {"totals: 320\n", ""},
        {"events: Ir", "events: Cy Ir"},
        {"events: Ir", "events: Irx"},
        {"events: Ir\n", ""},
        {"events: Ir", "events: Ir\nevents: Ir"},
        {"Request: lap 1", "Request: lap 11"},
        {"Request: lap 1", "Request: lap"},
        {"Request: lap 1", "Request: "},
        {"Trigger: Client Request: lap 1", "Trigger: Program termination"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        uint64_t count = 0;
        if (read_with(changes[i][0], changes[i][1], &count)) {
            fail_msg("accepted with \"%s\"", changes[i][1]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_dump_has_its_totals),
        cmocka_unit_test(a_dump_that_was_cut_off_says_nothing),
        cmocka_unit_test(what_is_of_another_form_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
