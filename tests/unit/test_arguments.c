/* Command lines from a table: each kind, each way to write an option, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arguments.h"

struct trip {
    struct option_list places;
    bool fast;
    bool slow;
    double rest_s;
    double nap_s;
    double load;
    uint64_t wheels;
    int64_t cpu;
    const char *driver;
    const char *music;
    struct option_list stops;
    struct option_counts gears;
    int road;
};

enum { FAST, SLOW, REST, NAP, LOAD, WHEELS, LANE, DRIVER, MUSIC, STOP, GEARS, ROAD, COUNT };

#define AT(field) offsetof(struct trip, field)

static const struct option_row rows[COUNT] = {
    {"fast", 'f', KIND_FLAG, AT(fast), NULL, NULL, 0, 0, "fast", "hurry"},
    {"slow", 0, KIND_FLAG, AT(slow), NULL, NULL, 0, 0, NULL, "do not"},
    {"rest", 'r', KIND_SECONDS, AT(rest_s), "SECS", "90", 1, OPTIONS_YEAR_S, "rest_s", "pause"},
    {"nap", 0, KIND_SECONDS, AT(nap_s), "SECS", NULL, 0.5, 60, NULL, "sleep"},
    {"load", 0, KIND_FRACTION, AT(load), "P", "25%", 0, 1, "load", "of the boot"},
    {"wheels", 'w', KIND_COUNT, AT(wheels), "N", "4", 2, 18, "wheels", "on the ground"},
    {"lane", 0, KIND_CPU, AT(cpu), "CPU", NULL, 0, 7, "lane", "stay in it"},
    {"driver", 0, KIND_TEXT, AT(driver), "NAME", NULL, 0, 0, "driver", "who drives"},
    {"music", 0, KIND_TEXT, AT(music), "NAME", "radio", 0, 0, NULL, "what is heard"},
    {"stop", 0, KIND_LIST, AT(stops), "PLACE", NULL, 0, 0, NULL, "on the way"},
    {"gears", 0, KIND_COUNTS, AT(gears), "N,N,...", NULL, 1, 6, NULL, "to use"},
    {"road-with-a-long-name", 0, KIND_WORD, AT(road), "any|motorway|track", "motorway", 0, 0,
     "road", "to take"},
};

static const size_t conflicts[][2] = {{FAST, SLOW}, {SLOW, WHEELS}};

static const struct arguments arguments = {
    .rows = rows,
    .count = COUNT,
    .conflicts = conflicts,
    .conflict_count = 2,
    .positional = AT(places),
    .positional_noun = "places",
    .usage = "[OPTION]... PLACE...",
    .about = "Goes there.\n",
};

static struct trip trip;
static bool given[COUNT];

#define ARGC(...) (int)(sizeof((const char *[]){"trip", __VA_ARGS__}) / sizeof(char *))
#define ARGV(...)                                                                                  \
    (const char *[])                                                                               \
    {                                                                                              \
        "trip", __VA_ARGS__                                                                        \
    }

static int parse(int argc, const char *const argv[], struct error *error)
{
    static char *texts[OPTIONS_LIST_MAX * 2 + 8];
    assert_true((size_t)argc <= sizeof texts / sizeof texts[0]);
    memcpy(texts, argv, (size_t)argc * sizeof argv[0]);
    *error = (struct error){0};
    trip = (struct trip){0};
    memset(given, 0, sizeof given);
    return arguments_parse(&arguments, argc, texts, &trip, given, error);
}

static void take_all(int argc, const char *const argv[])
{
    struct error error;
    if (parse(argc, argv, &error) != 0) {
        fail_msg("refused: %s", error.text);
    }
}

static void refuse_all(const char *sentence, int argc, const char *const argv[])
{
    struct error error;
    assert_int_equal(parse(argc, argv, &error), -1);
    assert_int_equal(error.status, STATUS_USAGE);
    assert_string_equal(error.text, sentence);
}

#define take(...)             take_all(ARGC(__VA_ARGS__), ARGV(__VA_ARGS__))
#define refuse(sentence, ...) refuse_all(sentence, ARGC(__VA_ARGS__), ARGV(__VA_ARGS__))

static void test_defaults(void **state)
{
    (void)state;
    struct error error;
    const char *const argv[] = {"trip"};
    for (int argc = 0; argc < 2; argc++) {
        assert_int_equal(parse(argc, argv, &error), 0);
        assert_true(!trip.fast && trip.rest_s == 90 && trip.nap_s == 0 && trip.load == 0.25);
        assert_true(trip.wheels == 4 && trip.cpu == -1 && trip.road == 1);
        assert_null(trip.driver);
        assert_string_equal(trip.music, "radio");
        assert_true(trip.stops.count == 0 && trip.gears.count == 0 && trip.places.count == 0);
        for (size_t i = 0; i < COUNT; i++) {
            assert_false(given[i]);
        }
    }
}

static void test_every_kind(void **state)
{
    (void)state;
    take("--fast", "--rest=2min", "--load", "50%", "-w", "6", "--lane=0", "--driver", "--fast",
         "--stop", "here", "--stop=", "--gears", "6,1,3", "--road-with-a-long-name", "track");
    assert_true(trip.fast && trip.rest_s == 120 && trip.load == 0.5 && trip.wheels == 6);
    assert_true(trip.cpu == 0 && trip.road == 2);
    assert_string_equal(trip.driver, "--fast");
    assert_int_equal(trip.stops.count, 2);
    assert_string_equal(trip.stops.text[0], "here");
    assert_string_equal(trip.stops.text[1], "");
    assert_int_equal(trip.gears.count, 3);
    assert_true(trip.gears.value[0] == 6 && trip.gears.value[1] == 1 && trip.gears.value[2] == 3);
    assert_true(given[FAST] && given[REST] && given[GEARS] && given[LANE]);
    assert_false(given[SLOW] || given[NAP] || given[MUSIC]);
}

static void test_the_last_one_counts(void **state)
{
    (void)state;
    take("--rest", "5", "-r", "7", "--gears=1,2", "--gears", "3", "--music", "a", "--music=b");
    assert_true(trip.rest_s == 7 && trip.gears.count == 1 && trip.gears.value[0] == 3);
    assert_string_equal(trip.music, "b");
}

static void test_positional(void **state)
{
    (void)state;
    take("home", "-f", "-", "", "--", "--slow", "-f", "--");
    assert_int_equal(trip.places.count, 6);
    assert_string_equal(trip.places.text[1], "-");
    assert_string_equal(trip.places.text[2], "");
    assert_string_equal(trip.places.text[3], "--slow");
    assert_string_equal(trip.places.text[5], "--");
    assert_true(trip.fast && !trip.slow);
}

static void test_refused_options(void **state)
{
    (void)state;
    refuse("unknown option --wheel; did you mean --wheels?", "--wheel", "4");
    refuse("unknown option --wheel; did you mean --wheels?", "--wheel=4");
    refuse("unknown option --quite-different; --help lists them", "--quite-different");
    refuse("unknown option -x; --help lists them", "-x");
    refuse("unknown option -fw; --help lists them", "-fw");
    refuse("--fast takes no value", "--fast=");
    refuse("--wheels needs a value: N", "home", "-w");
    refuse("--road-with-a-long-name needs a value: any|motorway|track", "--road-with-a-long-name");
}

static void test_refused_values(void **state)
{
    (void)state;
    refuse("--rest: \"0.5\" is not a time of at least 1 s and at most a year (as 2, 1.5s or 300ms)",
           "--rest", "0.5");
    refuse("--nap: \"61\" is not a time of at least 0.5 s and at most 60 s (as 2, 1.5s or 300ms)",
           "--nap", "61");
    refuse("--load: \"2\" is not a share from 0 to 1 (as 0.01 or 1%)", "--load=2");
    refuse("--wheels: \"19\" is not a whole number from 2 to 18", "--wheels", "19");
    refuse("--wheels: \"4x\" is not a whole number from 2 to 18", "--wheels", "4x");
    refuse("--lane: \"-1\" is not a whole number from 0 to 7", "--lane", "-1");
    refuse("--driver: \"\" is not a text with at least one character", "--driver=");
    refuse("--road-with-a-long-name: \"a\" is not one of any|motorway|track",
           "--road-with-a-long-name", "a");
    static const char *const bad[] = {"", "0", "7", "1,1", "1,", ",1", "1;2", "1,2,x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct str sentence = STR_EMPTY;
        str_format(&sentence,
                   "--gears: \"%s\" is not a list of up to 32 numbers from 1 to 6, each once, as "
                   "1,2,4",
                   bad[i]);
        refuse(str_text(&sentence), "--gears", bad[i]);
        str_release(&sentence);
    }
}

static void test_as_many_as_a_list_holds(void **state)
{
    (void)state;
    const char *argv[OPTIONS_LIST_MAX * 2 + 3];
    struct error error;
    for (size_t i = 0; i < sizeof argv / sizeof argv[0]; i++) {
        argv[i] = "x";
    }
    assert_int_equal(parse(OPTIONS_LIST_MAX + 1, argv, &error), 0);
    assert_int_equal(trip.places.count, OPTIONS_LIST_MAX);
    assert_int_equal(parse(OPTIONS_LIST_MAX + 2, argv, &error), -1);
    assert_string_equal(error.text, "more than 64 places");
    for (size_t i = 1; i < sizeof argv / sizeof argv[0]; i += 2) {
        argv[i] = "--stop";
    }
    assert_int_equal(parse(OPTIONS_LIST_MAX * 2 + 1, argv, &error), 0);
    assert_int_equal(trip.stops.count, OPTIONS_LIST_MAX);
    assert_int_equal(parse(OPTIONS_LIST_MAX * 2 + 3, argv, &error), -1);
    assert_string_equal(error.text, "--stop was given more than 64 times");
}

static void test_conflicts(void **state)
{
    (void)state;
    struct error error = {0};
    take("--slow", "-f");
    assert_int_equal(arguments_check_conflicts(&arguments, given, &error), -1);
    assert_int_equal(error.status, STATUS_USAGE);
    assert_string_equal(error.text, "--fast and --slow contradict each other");
    error = (struct error){0};
    take("--wheels", "4", "--slow");
    assert_int_equal(arguments_check_conflicts(&arguments, given, &error), -1);
    assert_string_equal(error.text, "--slow and --wheels contradict each other");
    error = (struct error){0};
    take("--fast", "--wheels", "4");
    assert_int_equal(arguments_check_conflicts(&arguments, given, &error), 0);
    assert_false(error_is_set(&error));
}

static void test_help(void **state)
{
    (void)state;
    struct str help = STR_EMPTY;
    arguments_add_help(&arguments, "my trip", &help);
    static const char *const start =
        "usage: my trip [OPTION]... PLACE...\n\nGoes there.\n\n"
        "  -f, --fast                    hurry\n"
        "  --slow                        do not\n"
        "  -r, --rest SECS               pause (90)\n"
        "  --nap SECS                    sleep\n"
        "  --load P                      of the boot (25%)\n"
        "  -w, --wheels N                on the ground (4)\n"
        "  --lane CPU                    stay in it\n"
        "  --driver NAME                 who drives\n"
        "  --music NAME                  what is heard (radio)\n"
        "  --stop PLACE                  on the way\n"
        "  --gears N,N,...               to use\n"
        "  --road-with-a-long-name any|motorway|track\n"
        "                                to take (motorway)\n"
        "\nTimes are seconds, or have a unit: 300ms, 2s, 1.5min.\n\nExit status:\n"
        "    0  fine\n";
    assert_true(help.length > strlen(start));
    help.data[strlen(start)] = '\0';
    assert_string_equal(help.data, start);
    str_release(&help);
}

static void assert_echo(const char *expected)
{
    json_t *echo = arguments_to_json(&arguments, &trip);
    char *text = json_dumps(echo, JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
    json_decref(echo);
}

static void test_echo(void **state)
{
    (void)state;
    take("--nap", "2");
    assert_echo("{\"fast\":false,\"rest_s\":90.0,\"load\":0.25,\"wheels\":4,\"lane\":null,"
                "\"road\":\"motorway\"}");
    take("-f", "--rest", "1.5s", "--lane", "0", "--driver", "me", "--road-with-a-long-name=any");
    assert_echo("{\"fast\":true,\"rest_s\":1.5,\"load\":0.25,\"wheels\":4,\"lane\":0,"
                "\"road\":\"any\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_the_last_one_counts),
        cmocka_unit_test(test_positional),
        cmocka_unit_test(test_refused_options),
        cmocka_unit_test(test_refused_values),
        cmocka_unit_test(test_as_many_as_a_list_holds),
        cmocka_unit_test(test_conflicts),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_echo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
