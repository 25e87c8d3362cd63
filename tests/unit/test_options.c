/* The command line: what is taken, what is refused, and that the sentence helps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/options.h"
#include "base/rng.h"
#include "near.h"
#include "present/format.h"

static struct options options;

static int parse_all(int argc, const char *const argv[], struct error *error)
{
    static char *arguments[256];
    assert_true(argc < 256);
    memcpy(arguments, argv, (size_t)argc * sizeof argv[0]);
    *error = (struct error){0};
    return options_parse(argc, arguments, &options, error);
}

#define LIST(...)                                                                                  \
    (int)(sizeof((const char *[]){"suite", __VA_ARGS__}) / sizeof(char *)), (const char *[])       \
    {                                                                                              \
        "suite", __VA_ARGS__                                                                       \
    }

static void take_all(int argc, const char *const argv[])
{
    struct error error;
    if (parse_all(argc, argv, &error) != 0) {
        fail_msg("refused: %s", error.text);
    }
}

static void refuse_all(const char *expected, int argc, const char *const argv[])
{
    struct error error;
    assert_int_equal(parse_all(argc, argv, &error), -1);
    assert_int_equal(error.status, STATUS_USAGE);
    if (strstr(error.text, expected) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.text, expected);
    }
}

#define take(...)             take_all(LIST(__VA_ARGS__))
#define refuse(expected, ...) refuse_all(expected, LIST(__VA_ARGS__))

static void test_defaults(void **state)
{
    (void)state;
    struct error error;
    const char *const argv[] = {"suite"};
    assert_int_equal(parse_all(1, argv, &error), 0);
    assert_string_equal(options.program, "suite");
    assert_int_equal(options.filters.count, 0);
    assert_true(options.sample_size == 100 && options.nresamples == 100000);
    assert_near(options.confidence_level, 0.95, 1e-15);
    assert_near(options.significance_level, 0.05, 1e-15);
    assert_near(options.noise_threshold, 0.01, 1e-15);
    assert_near(options.target_precision, 0.01, 1e-15);
    assert_true(options.max_time_s == 60 && options.time_budget_s == 0);
    assert_true(options.pin_cpu == -1 && options.threads.count == 0);
    assert_string_equal(options.baselines_dir, "baselines");
    assert_null(options.results_dir);
    assert_int_equal(options.output_format, 0);
    assert_true(options.seed <= RNG_SEED_MAX);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        assert_false(options.given[i]);
    }
    /* Nothing at all, as some programs start others. */
    assert_int_equal(parse_all(0, argv, &error), 0);
}

static void test_values(void **state)
{
    (void)state;
    take("--warm-up-time", "300ms", "--measurement-time=2 min", "--sample-size", "10", "--seed",
         "9007199254740991", "--pin", "3", "--confidence-level", "99%", "--threads=1,2,1024",
         "--output-format", "gbench", "-b", "main", "--max-time", "1h");
    assert_near(options.warm_up_time_s, 0.3, 1e-12);
    assert_true(options.measurement_time_s == 120 && options.max_time_s == 3600);
    assert_true(options.sample_size == 10 && options.seed == RNG_SEED_MAX && options.pin_cpu == 3);
    assert_near(options.confidence_level, 0.99, 1e-12);
    assert_int_equal(options.threads.count, 3);
    assert_int_equal(options.threads.value[2], 1024);
    assert_string_equal(options.baseline, "main");
    assert_true(options.given[OPTION_BASELINE] && options.given[OPTION_SEED]);
    assert_false(options.given[OPTION_NRESAMPLES]);
    size_t count;
    assert_string_equal(format_table(&count)[options.output_format]->name, "gbench");
}

static void test_counters(void **state)
{
    (void)state;
    take("--quiet");
    assert_int_equal(options.events.count, 0);
    take("--counters", "page-faults,cycles");
    assert_int_equal(options.events.count, 2);
    assert_string_equal(options.events.events[1].name, "cycles");
    take("--counters=page-faults", "--counters=cs");
    assert_int_equal(options.events.count, 1);
    assert_string_equal(options.events.events[0].name, "cs");
    refuse("--counters: \"cycels\" is not known", "--counters", "cycels");
    refuse("--counters: \"\" is not a text", "--counters", "");
}

/* The words of --output-format are those of the table of formats, in its order. */
static void test_formats_agree(void **state)
{
    (void)state;
    size_t count;
    const struct format *const *table = format_table(&count);
    for (size_t i = 0; i < count; i++) {
        take("--output-format", table[i]->name);
        assert_int_equal(options.output_format, i);
    }
    assert_int_equal(count, 6);
}

static void test_filters(void **state)
{
    (void)state;
    take("one", "--skip", "-x", "-", "--", "--quick", "-v");
    assert_int_equal(options.filters.count, 4);
    assert_string_equal(options.filters.text[1], "-");
    assert_string_equal(options.filters.text[2], "--quick");
    assert_string_equal(options.skips.text[0], "-x");
    assert_false(options.quick);
}

static void test_quick(void **state)
{
    (void)state;
    take("--quick");
    assert_true(options.sample_size == 20 && options.nresamples == 10000);
    assert_near(options.warm_up_time_s, 0.03, 1e-12);
    assert_near(options.measurement_time_s, 0.1, 1e-12);
}

static void test_unknown(void **state)
{
    (void)state;
    refuse("unknown option --sampel-size; did you mean --sample-size?", "--sampel-size", "5");
    refuse("unknown option --mesurement-time; did you mean --measurement-time?",
           "--mesurement-time=3");
    refuse("unknown option --zzzzzzzzzzzz; --help lists them", "--zzzzzzzzzzzz");
    refuse("unknown option -x;", "-x");
    refuse("unknown option -vv;", "-vv");
    refuse("unknown option --;", "--=3");
    char word[3000];
    memset(word, 'q', sizeof word);
    memcpy(word, "--", 2);
    word[sizeof word - 1] = '\0';
    refuse("unknown option --qqq", word);
}

static void test_missing_and_unwanted_values(void **state)
{
    (void)state;
    refuse("--sample-size needs a value: N", "--sample-size");
    refuse("--baseline needs a value: NAME", "-b");
    refuse("--quick takes no value", "--quick=yes");
    refuse("--tag: \"\" is not a text", "--tag", "");
}

static void test_bad_values(void **state)
{
    (void)state;
    refuse("--sample-size: \"9\" is not a whole number from 10 to 10000", "--sample-size", "9");
    refuse("from 10 to 10000", "--sample-size", "10001");
    refuse("is not a whole number", "--sample-size", "10.5");
    refuse("is not a whole number", "--sample-size", "");
    refuse("is not a whole number", "--seed", "-1");
    refuse("is not a whole number", "--seed", "9007199254740992");
    refuse("is not a whole number", "--seed", "99999999999999999999999");
    refuse("is not a whole number", "--pin", "4096");
    refuse("--warm-up-time: \"fast\" is not a time", "--warm-up-time", "fast");
    refuse("is not a time", "--measurement-time", "0");
    refuse("is not a time", "--measurement-time", "-1");
    refuse("is not a time", "--max-time", "nan");
    refuse("--confidence-level: \"1\" is not a share from 0.5 to 0.9999", "--confidence-level",
           "1");
    refuse("is not a share", "--significance-level", "0");
    refuse("is not a share", "--target-precision", "200%");
    refuse("one of auto|linear|flat", "--sampling-mode", "lin");
    refuse("one of", "--output-format", "assay|criterion");
    refuse("one of", "--color", "");
    refuse("a list of up to 32 numbers", "--threads", "0");
    refuse("a list of up to 32 numbers", "--threads", "1,,2");
    refuse("a list of up to 32 numbers", "--threads", "1,2,");
    refuse("a list of up to 32 numbers", "--threads", "1,1025");
    refuse("a list of up to 32 numbers", "--threads",
           "1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,6");
}

static void test_contradictions(void **state)
{
    (void)state;
    refuse("--verbose and --quiet contradict each other", "--quiet", "-v");
    refuse("--quick and --sample-size", "--sample-size", "20", "--quick");
    refuse("--baseline and --baseline-lenient", "--baseline", "a", "--baseline-lenient", "b");
    refuse("--baseline and --test", "--baseline", "a", "--test");
    refuse("--results-dir and --discard-baseline", "--results-dir", "x", "--discard-baseline");
    refuse("--require-verdict needs --baseline", "--require-verdict");
    refuse("--exact needs at least one id", "--exact");
    refuse("--counters and --load-baseline", "--counters", "cs", "--load-baseline", "a");
    refuse("--counters and --test", "--test", "--counters", "cs");
    refuse("--counters and --profile-time", "--counters", "cs", "--profile-time", "1");
    take("--require-verdict", "--baseline-lenient", "x");
    /* Help is given whatever else was asked. */
    take("--help", "--verbose", "--quiet");
}

static void test_many_filters(void **state)
{
    (void)state;
    const char *argv[OPTIONS_LIST_MAX + 2];
    struct error error;
    for (size_t i = 0; i < OPTIONS_LIST_MAX + 2; i++) {
        argv[i] = "x";
    }
    assert_int_equal(parse_all(OPTIONS_LIST_MAX + 1, argv, &error), 0);
    assert_int_equal(parse_all(OPTIONS_LIST_MAX + 2, argv, &error), -1);
    assert_non_null(strstr(error.text, "more than 64 filters"));
}

static void test_help(void **state)
{
    (void)state;
    struct str help = STR_EMPTY;
    take("--help");
    options_add_help(&options, &help);
    assert_non_null(strstr(str_text(&help), "usage: suite [OPTION]... [FILTER]..."));
    assert_non_null(strstr(str_text(&help), "-b, --baseline NAME"));
    assert_non_null(strstr(str_text(&help), "130  interrupted"));
    size_t options_in_help = 0;
    for (const char *at = str_text(&help); (at = strstr(at, "--")) != NULL; at += 2) {
        options_in_help += at[-1] == ' ' && at[2] != ' ' && (at[-2] == ' ' || at[-2] == ',');
    }
    assert_true(options_in_help >= OPTION_COUNT);
    str_release(&help);
}

static void test_echo(void **state)
{
    (void)state;
    take("--pin", "2", "--sampling-mode", "flat", "--measurement-time", "250ms");
    json_t *echo = options_to_json(&options);
    assert_int_equal(json_integer_value(json_object_get(echo, "pin_cpu")), 2);
    assert_string_equal(json_string_value(json_object_get(echo, "sampling_mode")), "flat");
    assert_true(json_number_value(json_object_get(echo, "measurement_time_s")) == 0.25);
    assert_true(json_is_false(json_object_get(echo, "quick")));
    assert_int_equal(json_integer_value(json_object_get(echo, "nresamples")), 100000);
    assert_null(json_object_get(echo, "baseline"));
    json_decref(echo);
    take("--quiet");
    echo = options_to_json(&options);
    assert_true(json_is_null(json_object_get(echo, "pin_cpu")));
    json_decref(echo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),     cmocka_unit_test(test_values),
        cmocka_unit_test(test_counters),     cmocka_unit_test(test_formats_agree),
        cmocka_unit_test(test_filters),      cmocka_unit_test(test_quick),
        cmocka_unit_test(test_unknown),      cmocka_unit_test(test_missing_and_unwanted_values),
        cmocka_unit_test(test_bad_values),   cmocka_unit_test(test_contradictions),
        cmocka_unit_test(test_many_filters), cmocka_unit_test(test_help),
        cmocka_unit_test(test_echo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
