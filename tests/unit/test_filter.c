/* Which ids are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/filter.h"

static const char *const ids[] = {"io/read/8", "io/read/80", "io/seek", "io/write/8"};

#define COUNT (sizeof ids / sizeof ids[0])

static size_t length_of(const char *const list[])
{
    size_t length = 0;
    while (list[length] != NULL) {
        length++;
    }
    return length;
}

static int filter(const char *const wanted[], const char *const unwanted[], bool exact, bool *keep,
                  struct error *error)
{
    const struct filter_request request = {.wanted = wanted,
                                           .wanted_count = length_of(wanted),
                                           .unwanted = unwanted,
                                           .unwanted_count = length_of(unwanted),
                                           .exact = exact};
    *error = (struct error){0};
    return filter_ids(ids, COUNT, &request, keep, error);
}

#define LIST(...)                                                                                  \
    (const char *[])                                                                               \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define NONE ((const char *[]){NULL})

/* `expected` has a '+' for each id that is kept and a '-' for each that is not. */
static void assert_kept(const char *expected, const char *const wanted[],
                        const char *const unwanted[], bool exact)
{
    /* From both values: each must be written. */
    for (int before = 0; before < 2; before++) {
        bool keep[COUNT] = {before, before, before, before};
        char kept[COUNT + 1] = "";
        struct error error;
        assert_int_equal(filter(wanted, unwanted, exact, keep, &error), 0);
        assert_false(error_is_set(&error));
        for (size_t i = 0; i < COUNT; i++) {
            kept[i] = keep[i] ? '+' : '-';
        }
        assert_string_equal(kept, expected);
    }
}

static void assert_refused(const char *sentence, const char *const wanted[],
                           const char *const unwanted[], bool exact)
{
    bool keep[COUNT] = {true, false, true, false};
    struct error error;
    assert_int_equal(filter(wanted, unwanted, exact, keep, &error), -1);
    assert_int_equal(error.status, STATUS_USAGE);
    assert_memory_equal(error.text, sentence, strlen(sentence));
    assert_true(keep[0] && !keep[1] && keep[2] && !keep[3]);
}

static void test_kept(void **state)
{
    (void)state;
    assert_kept("++++", NONE, NONE, false);
    assert_kept("++++", NONE, NONE, true);
    assert_kept("++--", LIST("read"), NONE, false);
    assert_kept("+--+", LIST("/8$"), NONE, false);
    assert_kept("+-++", LIST("seek", "/(8|9)$"), NONE, false);
    assert_kept("--++", NONE, LIST("read"), false);
    assert_kept("+---", LIST("/8$"), LIST("write", "nothing has this"), false);
    assert_kept("----", LIST("seek"), LIST("."), false);
}

static void test_exact(void **state)
{
    (void)state;
    assert_kept("+---", LIST("io/read/8"), NONE, true);
    assert_kept("+-+-", LIST("io/seek", "io/read/8"), NONE, true);
    /* What is left out is an expression still. */
    assert_kept("--+-", LIST("io/seek", "io/read/8"), LIST("^io/r.*"), true);
}

static void test_matches_nothing(void **state)
{
    (void)state;
    assert_refused("no benchmark matches \"io/sek\"; did you mean io/seek?", LIST("read", "io/sek"),
                   NONE, false);
    assert_refused("no benchmark matches \"zzzzzzzz\"; --list shows the ids", LIST("zzzzzzzz"),
                   NONE, false);
    assert_refused("no benchmark matches \"seek\"; --list shows the ids", LIST("seek"), NONE, true);
    assert_refused("no benchmark matches \"io/read/.\"; did you mean io/read/8?", LIST("io/read/."),
                   NONE, true);
    /* One that matches only what is left out is no typing error. */
    assert_kept("-+--", LIST("seek", "80"), LIST("seek"), false);
}

static void test_no_expression(void **state)
{
    (void)state;
    assert_refused("\"(\" is not a regular expression: ", LIST("read", "("), NONE, false);
    assert_refused("\"[\" is not a regular expression: ", NONE, LIST("read", "["), false);
    assert_refused("\"[\" is not a regular expression: ", LIST("io/seek"), LIST("["), true);
    /* A whole id is not one, and need not be. */
    assert_refused("no benchmark matches \"(\"", LIST("("), NONE, true);
}

static void test_no_ids(void **state)
{
    (void)state;
    static const char *const wanted[] = {"x"};
    struct filter_request request = {.wanted = wanted};
    struct error error = {0};
    assert_int_equal(filter_ids(NULL, 0, &request, NULL, &error), 0);
    request.wanted_count = 1;
    assert_int_equal(filter_ids(NULL, 0, &request, NULL, &error), -1);
    assert_string_equal(error.text, "no benchmark matches \"x\"; --list shows the ids");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_matches_nothing),
        cmocka_unit_test(test_no_expression),
        cmocka_unit_test(test_no_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
