#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/nearest.h"

static const char *const words[] = {"measurement-time", "sample-size", "baseline",
                                    "baseline-lenient", "seed",        "pin"};

#define COUNT (sizeof words / sizeof words[0])

static void assert_near_word(const char *typed, const char *expected)
{
    const char *found = nearest_word(typed, words, COUNT);
    if (expected == NULL) {
        assert_null(found);
    } else {
        assert_non_null(found);
        assert_string_equal(found, expected);
    }
}

static void test_kinds_of_edits(void **state)
{
    (void)state;
    assert_near_word("seed", "seed");
    assert_near_word("sed", "seed");   /* one missing */
    assert_near_word("seedd", "seed"); /* one too many */
    assert_near_word("seec", "seed");  /* another */
    assert_near_word("sede", "seed");  /* swapped: one edit */
    assert_near_word("basleine", "baseline");
    assert_near_word("measurment-time", "measurement-time");
    assert_near_word("sample_size", "sample-size");
    assert_near_word("baseline-lenent", "baseline-lenient");
}

static void test_limits(void **state)
{
    (void)state;
    assert_near_word("sand", "seed"); /* two of four */
    assert_near_word("sofa", NULL);   /* three */
    assert_near_word("zzzzzzzz", NULL);
    assert_near_word("mesuremnt-tim", "measurement-time"); /* three of thirteen */
    assert_near_word("verbose", NULL);
    assert_null(nearest_word("seed", words, 0));
}

/* Of several the one with the fewest edits, of equals the first. */
static void test_best_wins(void **state)
{
    (void)state;
    const char *const close[] = {"cart", "cars", "care", "card"};
    assert_string_equal(nearest_word("card", close, 4), "card");
    assert_string_equal(nearest_word("carz", close, 4), "cart");
    assert_string_equal(nearest_word("cares", close, 4), "cars");
}

static void test_long_words(void **state)
{
    (void)state;
    char word[400];
    for (size_t length = 60; length < sizeof word; length++) {
        memset(word, 'x', length);
        word[length] = '\0';
        assert_near_word(word, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_of_edits),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_best_wins),
        cmocka_unit_test(test_long_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
