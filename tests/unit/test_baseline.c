/* Baselines: names, origins, what a partial run keeps, and that nothing is lost on the way. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "app/baseline.h"
#include "base/file.h"
#include "result_sample.h"
#include "scratch.h"

static void test_names(void **state)
{
    (void)state;
    char longest[66];
    struct error error = {0};
    memset(longest, 'a', sizeof longest);
    longest[64] = '\0';
    const char *const good[] = {"main", "v1.2-rc_3", "_x", "0", longest};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(baseline_check_name(good[i], &error), 0);
    }
    longest[64] = 'a';
    longest[65] = '\0';
    const char *const bad[] = {"",    ".",   "..",       ".hidden", "-x",
                               "a/b", "a b", "\xc3\xa9", "a\n",     longest};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        error = (struct error){0};
        assert_int_equal(baseline_check_name(bad[i], &error), -1);
        assert_int_equal(error.status, STATUS_USAGE);
        assert_non_null(strstr(error.text, "is no name for a baseline"));
    }
}

static struct result load(const struct scratch *s, const char *name)
{
    struct result result;
    struct error error = {0};
    if (baseline_load(s->path, name, "io", &result, &error) != 0) {
        fail_msg("%s", error.text);
    }
    return result;
}

static void save(const struct scratch *s, const char *name, struct result *result, bool partial)
{
    struct error error = {0};
    size_t count = result->count;
    if (baseline_save(s->path, name, result, partial, &error) != 0) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(result->count, count);
}

static void test_save_and_load(void **state)
{
    const struct scratch *s = *state;
    struct result result = sample_result();
    save(s, "main", &result, false);
    struct result read = load(s, "main");
    assert_int_equal(read.count, result.count);
    assert_string_equal(read.benchmarks[0].id, "io/read");
    assert_true(read.benchmarks[0].record->samples[5].time_ns ==
                result.benchmarks[0].record->samples[5].time_ns);
    struct str folder = scratch_path(s, "main");
    assert_int_equal(scratch_count(str_text(&folder)), 1);
    str_release(&folder);
    result_release(&read);
    result_release(&result);
}

static void assert_not_loaded(const struct scratch *s, const char *name, enum status status,
                              const char *why)
{
    struct result result;
    struct error error = {0};
    assert_int_equal(baseline_load(s->path, name, "io", &result, &error), -1);
    assert_int_equal(error.status, status);
    if (strstr(error.text, why) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.text, why);
    }
}

static void test_cannot_load(void **state)
{
    const struct scratch *s = *state;
    struct error error = {0};
    assert_not_loaded(s, "main", STATUS_ENVIRONMENT, "there is no baseline \"main\" of io");
    assert_not_loaded(s, "../main", STATUS_USAGE, "is no name");
    struct str path = scratch_path(s, "broken");
    assert_int_equal(file_make_folder(str_text(&path), &error), 0);
    str_add(&path, "/io.json");
    assert_int_equal(file_save(str_text(&path), "{\"schema\":", 10, &error), 0);
    assert_not_loaded(s, "broken", STATUS_ENVIRONMENT, "not valid JSON");
    str_release(&path);
}

static void test_origin(void **state)
{
    (void)state;
    struct result baseline = sample_context();
    struct host_facts host = baseline.host;
    struct error error = {0};
    assert_int_equal(baseline_check_origin(&baseline, "main", &host, &error), 0);
    snprintf(host.kernel, sizeof host.kernel, "Linux 7.0"); /* not part of the key */
    assert_int_equal(baseline_check_origin(&baseline, "main", &host, &error), 0);
    host.key[0] = 'f';
    assert_int_equal(baseline_check_origin(&baseline, "main", &host, &error), -1);
    assert_int_equal(error.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(error.text, "another host"));
    error = (struct error){0};
    baseline.method++;
    assert_int_equal(baseline_check_origin(&baseline, "main", &baseline.host, &error), -1);
    assert_non_null(strstr(error.text, "method"));
    result_release(&baseline);
}

/* A run of some benchmarks keeps the others, and what it could not measure. */
static void test_partial_run_keeps_the_rest(void **state)
{
    const struct scratch *s = *state;
    struct result first = sample_context();
    sample_add_measured(&first, "one", 10);
    sample_add_measured(&first, "two", 20);
    sample_add_measured(&first, "three", 30);
    sample_add_unmeasured(&first, "four", RESULT_FAILED, "broken");
    save(s, "main", &first, false);

    struct result second = sample_context();
    sample_add_measured(&second, "two", 99);
    sample_add_unmeasured(&second, "three", RESULT_FAILED, "broken now");
    save(s, "main", &second, true);

    struct result read = load(s, "main");
    assert_int_equal(read.count, 3); /* a failure of before is not kept */
    assert_true(result_find(&read, "io/one")->record->samples[0].time_ns ==
                first.benchmarks[0].record->samples[0].time_ns);
    assert_true(result_find(&read, "io/two")->record->samples[0].time_ns ==
                second.benchmarks[0].record->samples[0].time_ns);
    assert_int_equal(result_find(&read, "io/three")->status, RESULT_MEASURED);
    assert_true(result_find(&read, "io/three")->record->samples[0].time_ns ==
                first.benchmarks[2].record->samples[0].time_ns);
    result_release(&read);

    /* And once more, from the document that was carried over. */
    save(s, "main", &second, true);
    read = load(s, "main");
    assert_int_equal(read.count, 3);
    result_release(&read);
    result_release(&first);
    result_release(&second);
}

static void test_machines_do_not_mix(void **state)
{
    const struct scratch *s = *state;
    struct error error = {0};
    struct result first = sample_context();
    sample_add_measured(&first, "one", 10);
    sample_add_measured(&first, "two", 20);
    save(s, "main", &first, false);

    struct result second = sample_context();
    sample_add_measured(&second, "two", 99);
    second.host.key[3] = 'e';
    assert_int_equal(baseline_save(s->path, "main", &second, true, &error), -1);
    assert_int_equal(error.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(error.text, "another host"));
    struct result read = load(s, "main");
    assert_int_equal(read.count, 2);
    result_release(&read);

    save(s, "main", &second, false); /* the whole suite, measured here: replaces all */
    read = load(s, "main");
    assert_int_equal(read.count, 1);
    assert_string_equal(read.host.key, second.host.key);
    result_release(&read);
    result_release(&first);
    result_release(&second);
}

static void test_broken_baseline_is_not_mixed_with(void **state)
{
    const struct scratch *s = *state;
    struct error error = {0};
    struct result result = sample_context();
    sample_add_measured(&result, "one", 10);
    save(s, "main", &result, false);
    struct str path = scratch_path(s, "main/io.json");
    assert_int_equal(file_save(str_text(&path), "{", 1, &error), 0);
    assert_int_equal(baseline_save(s->path, "main", &result, true, &error), -1);
    assert_non_null(strstr(error.text, "not valid JSON"));
    save(s, "main", &result, false);
    struct result read = load(s, "main");
    assert_int_equal(read.count, 1);
    result_release(&read);
    result_release(&result);
    str_release(&path);
}

/* The disk is full: the old baseline is whole, and nothing else is left there. */
static void test_full_disk(void **state)
{
    const struct scratch *s = *state;
    struct error error = {0};
    struct rlimit old;
    struct result result = sample_context();
    sample_add_measured(&result, "one", 10);
    save(s, "main", &result, false);
    sample_add_measured(&result, "two", 20);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit little = {2000, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    int saved = baseline_save(s->path, "main", &result, false, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(saved, -1);
    assert_int_equal(error.status, STATUS_ENVIRONMENT);
    struct result read = load(s, "main");
    assert_int_equal(read.count, 1);
    struct str folder = scratch_path(s, "main");
    assert_int_equal(scratch_count(str_text(&folder)), 1);
    str_release(&folder);
    result_release(&read);
    result_release(&result);
}

/* A document with a member that is nested deeper than the writer's limit is a broken one, not the
 * end of the program after everything was measured. */
static void test_deeply_nested_document(void **state)
{
    const struct scratch *s = *state;
    struct result result = sample_context();
    sample_add_measured(&result, "one", 10);
    save(s, "main", &result, false);
    struct str path = scratch_path(s, "main/io.json");
    json_t *root = json_load_file(str_text(&path), 0, NULL);
    json_t *deep = json_array();
    for (int i = 0; i < 60; i++) {
        json_t *around = json_array();
        json_array_append_new(around, deep);
        deep = around;
    }
    json_t *benchmark = json_array_get(json_object_get(root, "benchmarks"), 0);
    json_object_set_new(benchmark, "id", json_string("io/other"));
    json_object_set_new(benchmark, "deep", deep);
    assert_int_equal(json_dump_file(root, str_text(&path), 0), 0);
    json_decref(root);
    pid_t child = fork();
    if (child == 0) {
        struct error error = {0};
        int saved = baseline_save(s->path, "main", &result, true, &error);
        _exit(saved == (error_is_set(&error) ? -1 : 0) ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    str_release(&path);
    result_release(&result);
    assert_int_equal(status, 0);
}

static void test_list_and_remove(void **state)
{
    const struct scratch *s = *state;
    struct str out = STR_EMPTY;
    struct error error = {0};
    struct str nowhere = scratch_path(s, "nowhere");
    assert_int_equal(baseline_list(str_text(&nowhere), &out, &error), 0);
    assert_string_equal(str_text(&out), "");
    struct result result = sample_result();
    save(s, "main", &result, false);
    save(s, "v1", &result, false);
    assert_int_equal(baseline_list(s->path, &out, &error), 0);
    const char *main_at = strstr(str_text(&out), "main ");
    assert_non_null(main_at);
    assert_true(strstr(str_text(&out), "v1 ") > main_at);
    assert_non_null(strstr(main_at, "5 benchmarks"));
    assert_non_null(strstr(main_at, "2026-01-31T12:00:00Z"));

    assert_int_equal(baseline_remove(s->path, "main", &error), 0);
    assert_int_equal(scratch_count(s->path), 1);
    assert_int_equal(baseline_remove(s->path, "main", &error), -1);
    assert_int_equal(error.status, STATUS_ENVIRONMENT);
    error = (struct error){0};
    assert_int_equal(baseline_remove(s->path, "..", &error), -1);
    assert_int_equal(error.status, STATUS_USAGE);
    assert_int_equal(scratch_count(s->path), 1);
    result_release(&result);
    str_release(&nowhere);
    str_release(&out);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        IN_SCRATCH(test_save_and_load),
        IN_SCRATCH(test_cannot_load),
        cmocka_unit_test(test_origin),
        IN_SCRATCH(test_partial_run_keeps_the_rest),
        IN_SCRATCH(test_machines_do_not_mix),
        IN_SCRATCH(test_broken_baseline_is_not_mixed_with),
        IN_SCRATCH(test_full_disk),
        IN_SCRATCH(test_list_and_remove),
        IN_SCRATCH(test_deeply_nested_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
