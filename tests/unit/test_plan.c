/* From entries to ids, in order, checked and filtered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/plan.h"

static const struct assay_suite suite = {.abi = ASSAY_ABI, .name = "io"};

static void nothing(assay_bench *b)
{
    (void)b;
}

#define ENTRY(ident_, next_, ...)                                                                  \
    {                                                                                              \
        .next = (next_), .abi = ASSAY_ABI, .suite = &suite, .ident = (ident_), .run = nothing,     \
        .fields_text = #__VA_ARGS__, .file = "io.c", __VA_ARGS__                                   \
    }

/* Registered in this order: not that of the ids. */
static struct assay_entry entries[] = {
    ENTRY("write", &entries[1], .line = 1, .threads = {1, 4}),
    ENTRY("read", &entries[2], .line = 2, .args = {1024, 0}, .args2 = {7, 8}, .tags = "fast disk"),
    ENTRY("pack", &entries[3], .line = 3, .name = "pack/all", .arg_names = {"zstd", "gzip"},
          .tags = "cpu", .batch = 32),
    ENTRY("seek", NULL, .line = 4),
};

static int make_plan(struct plan *plan, struct error *error, int argc, const char *const argv[])
{
    static struct options options;
    char *arguments[32];
    assert_true(argc < 32);
    memcpy(arguments, argv, (size_t)argc * sizeof argv[0]);
    *error = (struct error){0};
    assert_int_equal(options_parse(argc, arguments, &options, error), 0);
    return plan_make(entries, &options, plan, error);
}

/* The ids of the plan for these arguments, or its error, separated by spaces. */
static void assert_plan_of(int argc, const char *const argv[], const char *expected)
{
    struct plan plan;
    struct error error;
    struct str ids = STR_EMPTY;
    if (make_plan(&plan, &error, argc, argv) != 0) {
        assert_int_equal(error.status, STATUS_USAGE);
        str_add(&ids, error.text);
    } else {
        for (size_t i = 0; i < plan.count; i++) {
            str_format(&ids, "%s%s", i == 0 ? "" : " ", plan.cases[i].id);
        }
    }
    assert_string_equal(str_text(&ids), expected);
    str_release(&ids);
    plan_release(&plan);
}

#define assert_plan(expected, ...)                                                                 \
    assert_plan_of((int)(sizeof((const char *[]){"io", __VA_ARGS__}) / sizeof(char *)),            \
                   (const char *[]){"io", __VA_ARGS__}, expected)

static void test_ids(void **state)
{
    (void)state;
    assert_plan("io/pack/all/zstd io/pack/all/gzip io/read/1024/7 io/read/1024/8 io/read/0/7 "
                "io/read/0/8 io/seek io/write/threads:1 io/write/threads:4",
                "--quiet");
}

static void test_cases(void **state)
{
    (void)state;
    const char *const argv[] = {"io", "read/0/8|gzip|threads:4"};
    struct plan plan;
    struct error error;
    assert_int_equal(make_plan(&plan, &error, 2, argv), 0);
    assert_int_equal(plan.count, 3);
    assert_ptr_equal(plan.suite, &suite);
    const struct bench_case *gzip = &plan.cases[0].bench_case;
    assert_string_equal(plan.cases[0].bench, "pack/all");
    assert_true(gzip->arg.is_word && gzip->arg.value == 1 && gzip->batching.batch == 32);
    assert_string_equal(gzip->arg.text, "gzip");
    assert_string_equal(gzip->arg2.text, "");
    const struct bench_case *read = &plan.cases[1].bench_case;
    assert_true(!read->arg.is_word && read->arg.value == 0 && read->arg2.value == 8);
    assert_string_equal(read->arg.text, "0");
    assert_string_equal(read->arg2.text, "8");
    assert_true(read->threads == 1 && read->batching.batch == 0);
    assert_int_equal(plan.cases[2].bench_case.threads, 4);
    plan_release(&plan);
    assert_int_equal(plan.count, 0);
}

static void test_filters(void **state)
{
    (void)state;
    assert_plan("io/seek", "seek");
    assert_plan("io/read/1024/7 io/read/0/7 io/seek", "7$", "seek");
    assert_plan("io/read/0/8", "--exact", "io/read/0/8");
    assert_plan("io/pack/all/zstd io/seek", "--skip", "read", "--skip", "write|gzip");
    assert_plan("io/read/1024/7 io/read/1024/8 io/read/0/7 io/read/0/8", "--tag", "disk");
    assert_plan("io/pack/all/gzip", "--tag=cpu", "--skip=zstd");
}

static void test_filters_that_match_nothing(void **state)
{
    (void)state;
    assert_plan("no benchmark matches \"io/sek\"; did you mean io/seek?", "io/sek");
    assert_plan("no benchmark matches \"nonsense\"; --list shows the ids", "seek", "nonsense");
    assert_plan("no benchmark matches \"seek\"; --list shows the ids", "--exact", "seek");
    assert_plan("the filters leave no benchmark; --list shows the ids", "--tag", "dis");
    assert_plan("the filters leave no benchmark; --list shows the ids", "seek", "--skip", "s");
}

static void test_bad_expression(void **state)
{
    (void)state;
    static const char *const bad[][3] = {{"io", "("}, {"io", "--skip", "["}};
    for (size_t i = 0; i < 2; i++) {
        struct plan plan;
        struct error error;
        assert_int_equal(make_plan(&plan, &error, i == 0 ? 2 : 3, bad[i]), -1);
        assert_int_equal(error.status, STATUS_USAGE);
        assert_non_null(strstr(error.text, "is not a regular expression"));
        plan_release(&plan);
    }
}

/* In place of the list of those that have one, not for others. */
static void test_thread_list(void **state)
{
    (void)state;
    assert_plan("io/seek io/write/threads:2 io/write/threads:8", "seek|write", "--threads", "2,8");
}

static void assert_bad_entries(const struct assay_entry *bad, const char *why)
{
    static struct options options;
    struct error error = {0};
    struct plan plan;
    char *argv[] = {(char[]){"io"}};
    assert_int_equal(options_parse(1, argv, &options, &error), 0);
    assert_int_equal(plan_make(bad, &options, &plan, &error), -1);
    assert_int_equal(error.status, STATUS_USAGE);
    if (strstr(error.text, why) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.text, why);
    }
    plan_release(&plan);
}

static void test_bad_entries(void **state)
{
    (void)state;
    static const struct assay_suite other = {.abi = ASSAY_ABI, .name = "net"};
    static const struct assay_suite spaced = {.abi = ASSAY_ABI, .name = "my suite"};
    static const struct assay_suite dotted = {.abi = ASSAY_ABI, .name = "../up"};
    static const struct assay_suite older = {.abi = ASSAY_ABI + 1, .name = "io"};
    assert_bad_entries(NULL, "has no benchmark");

    struct assay_entry pair[2] = {ENTRY("a", NULL, .line = 10), ENTRY("b", NULL, .line = 20)};
    pair[0].next = &pair[1];
    pair[1].name = "a";
    assert_bad_entries(pair, "two benchmarks have the id io/a: io.c:10 and io.c:20");
    pair[1].name = NULL;
    pair[1].suite = &other;
    assert_bad_entries(pair, "two suite names: \"io\" and \"net\"");
    pair[1].suite = &older;
    assert_bad_entries(pair, "compile it again");
    pair[1].suite = &suite;
    pair[1].abi = ASSAY_ABI + 1;
    assert_bad_entries(pair, "compile it again");
    pair[1] = pair[0];
    pair[1].next = NULL;
    pair[1].suite = &spaced;
    assert_bad_entries(&pair[1], "my suite");
    pair[1].suite = &dotted;
    assert_bad_entries(&pair[1], "../up");
}

/* The same value twice on an axis gives the same id twice. */
static void test_repeated_value(void **state)
{
    (void)state;
    struct assay_entry twice = ENTRY("twice", NULL, .args = {5, 5});
    assert_bad_entries(&twice, "two benchmarks have the id io/twice/5");
}

/* Growth with n takes numbers. */
static void test_complexity_without_integers(void **state)
{
    (void)state;
    struct assay_entry words = ENTRY("codec", NULL, .line = 9, .arg_names = {"gzip", "zstd"});
    struct assay_entry none = ENTRY("codec", NULL, .line = 9);
    words.complexity = true;
    none.complexity = true;
    assert_bad_entries(&words, "io.c:9: codec: .complexity needs a first axis of integers");
    assert_bad_entries(&none, "io.c:9: codec: .complexity needs a first axis of integers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_filters_that_match_nothing),
        cmocka_unit_test(test_bad_expression),
        cmocka_unit_test(test_thread_list),
        cmocka_unit_test(test_bad_entries),
        cmocka_unit_test(test_repeated_value),
        cmocka_unit_test(test_complexity_without_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
