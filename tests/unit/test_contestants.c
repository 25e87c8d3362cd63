/* The two sides of a comparison: folders and files, what they say of themselves, and all that can
 * be wrong with it. Suites are shell scripts here, which say what they are told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/children.h"
#include "scratch.h"
#include "versus/contestants.h"

#include <fcntl.h>

#define BUILD_A "\"build\": {\"compiler\": \"cc 1\", \"flags\": \"-O2\", \"variant\": \"release\"}"
#define BUILD_B "\"build\": {\"compiler\": \"cc 2\", \"flags\": \"-O2\", \"variant\": \"release\"}"
#define LIST                                                                                       \
    "\"benchmarks\": [{\"id\": \"s/a\", \"threads\": 1, \"symbol\": \"assay__run_a\"}, "           \
    "{\"id\": \"s/b\", \"threads\": 4}]"
#define HELLO_A "{\"worker\": 1, \"suite\": \"s\", " BUILD_A ", " LIST "}"
#define HELLO_B "{\"worker\": 1, \"suite\": \"s\", " BUILD_B ", " LIST "}"

static const struct scratch *folder;
static struct contestants found;
static struct error error;

static int begin(void **state)
{
    int code = scratch_make(state);
    folder = *state;
    return code;
}

static int end(void **state)
{
    contestants_release(&found);
    assert_int_equal(found.count, 0);
    return scratch_remove(state);
}

static void add_folder(const char *name)
{
    struct str path = scratch_path(folder, name);
    assert_int_equal(mkdir(str_text(&path), 0755), 0);
    str_release(&path);
}

static void add_script(const char *name, const char *body, mode_t mode)
{
    struct str path = scratch_path(folder, name);
    FILE *file = fopen(str_text(&path), "we");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", body);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(str_text(&path), mode), 0);
    str_release(&path);
}

static void add_suite(const char *name, const char *hello)
{
    struct str body = STR_EMPTY;
    str_format(&body, "test \"$1 $2\" = '--worker hello' || exit 9\nprintf '%%s' '%s'", hello);
    add_script(name, str_text(&body), 0755);
    str_release(&body);
}

static int open_two(const char *old_name, const char *new_name, size_t layouts)
{
    error = (struct error){0};
    struct str old_path = scratch_path(folder, old_name);
    struct str new_path = scratch_path(folder, new_name);
    int code = contestants_open(str_text(&old_path), str_text(&new_path), layouts, &found, &error);
    str_release(&old_path);
    str_release(&new_path);
    return code;
}

static void assert_refused(const char *old_name, const char *new_name, size_t layouts,
                           enum status status, const char *part)
{
    assert_int_equal(open_two(old_name, new_name, layouts), -1);
    assert_int_equal(error.status, status);
    if (strstr(error.text, part) == NULL) {
        fail_msg("\"%s\" does not tell of \"%s\"", error.text, part);
    }
    contestants_release(&found);
}

static void test_two_executables(void **state)
{
    (void)state;
    add_suite("one", HELLO_A);
    add_suite("other", HELLO_B);
    assert_int_equal(open_two("one", "other", 0), 0);
    assert_int_equal(found.count, 1); /* a pair, whatever the files are called */
    const struct contestant *old = &found.pairs[0].side[DUEL_OLD];
    const struct contestant *now = &found.pairs[0].side[DUEL_NEW];
    assert_string_equal(old->suite, "s");
    assert_string_equal(old->compiler, "cc 1");
    assert_string_equal(now->compiler, "cc 2");
    assert_string_equal(old->flags, "-O2");
    assert_string_equal(old->variant, "release");
    assert_int_equal(old->count, 2);
    assert_string_equal(contestant_find(old, "s/a")->symbol, "assay__run_a");
    assert_null(contestant_find(old, "s/b")->symbol);
    assert_int_equal(contestant_find(now, "s/b")->threads, 4);
    assert_null(contestant_find(now, "s/c"));
    assert_true(old->fds[0] >= 10 && now->fds[0] >= 10);
    assert_true((fcntl(old->fds[0], F_GETFD) & FD_CLOEXEC) != 0);
}

static void test_builds(void **state)
{
    (void)state;
    add_suite("one", HELLO_A);
    add_suite("other", HELLO_B);
    assert_int_equal(open_two("one", "one", 0), 0);
    assert_int_equal(contestants_check_builds(&found, &error), 0);
    contestants_release(&found);
    assert_int_equal(open_two("one", "other", 0), 0);
    assert_int_equal(contestants_check_builds(&found, &error), -1);
    assert_int_equal(error.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(error.text, "\"cc 1\" and \"cc 2\""));
    contestants_release(&found);
    add_suite("silent", "{\"worker\": 1, " LIST "}");
    assert_int_equal(open_two("one", "silent", 0), 0);
    assert_int_equal(contestants_check_builds(&found, &error), -1);
    assert_non_null(strstr(error.text, "\"cc 1\" and \"not recorded\""));
}

/* Files pair up by name; what is no suite by its name or mode is not asked. */
static void test_folders(void **state)
{
    (void)state;
    add_folder("old");
    add_folder("new");
    add_suite("old/zip", HELLO_A);
    add_suite("old/ant", HELLO_A);
    add_suite("new/zip", HELLO_A);
    add_suite("new/bee", HELLO_B);
    add_script("new/assay", "exit 1", 0755);
    add_script("new/otlp-send", "exit 1", 0755);
    add_script("new/.hidden", "exit 1", 0755);
    add_script("new/notes.txt", "exit 1", 0644);
    add_folder("new/layouts");
    assert_int_equal(open_two("old", "new", 0), 0);
    assert_int_equal(found.count, 3);
    assert_string_equal(found.pairs[0].name, "ant");
    assert_string_equal(found.pairs[1].name, "bee");
    assert_string_equal(found.pairs[2].name, "zip");
    assert_null(found.pairs[0].side[DUEL_NEW].path);
    assert_null(found.pairs[1].side[DUEL_OLD].path);
    assert_int_equal(found.pairs[2].side[DUEL_OLD].count, 2);
    assert_int_equal(found.pairs[2].side[DUEL_NEW].count, 2);
    /* One side alone has nothing to differ from. */
    assert_int_equal(contestants_check_builds(&found, &error), 0);
}

static void test_layouts(void **state)
{
    (void)state;
    add_suite("one", HELLO_A);
    add_folder("layouts");
    add_folder("layouts/1");
    add_folder("layouts/2");
    add_suite("layouts/1/one", HELLO_A);
    assert_refused("one", "one", 2, STATUS_ENVIRONMENT, "layouts/2/one");
    add_suite("layouts/2/one", HELLO_A);
    assert_int_equal(open_two("one", "one", 2), 0);
    const struct contestant *side = &found.pairs[0].side[DUEL_NEW];
    assert_int_equal(side->layouts, 2);
    struct stat opened;
    struct stat file;
    struct str path = scratch_path(folder, "layouts/2/one");
    assert_int_equal(fstat(side->fds[1], &opened), 0);
    assert_int_equal(stat(str_text(&path), &file), 0);
    assert_int_equal(opened.st_ino, file.st_ino);
    str_release(&path);
}

static void test_wrong_paths(void **state)
{
    (void)state;
    add_suite("one", HELLO_A);
    add_script("text", "", 0644);
    add_folder("none");
    assert_refused("missing", "one", 0, STATUS_USAGE, "the old side");
    assert_refused("one", "missing", 0, STATUS_USAGE, "the new side");
    assert_refused("one", "text", 0, STATUS_USAGE, "neither an executable nor a folder");
    assert_refused("one", "none", 0, STATUS_USAGE, "two executables, or two folders");
    assert_refused("none", "none", 0, STATUS_ENVIRONMENT, "has no executable");
}

static void test_what_is_no_suite(void **state)
{
    static const struct {
        const char *body;
        const char *part;
    } cases[] = {
        {"exit 2", "status 2"},
        {"kill -SEGV $$", "crashed with signal 11"},
        {"echo usage: me", "no worker mode"},
        {"true", "no worker mode"},
        {"echo []", "no worker mode"},
        {"echo '{}'", "not understood"},
        {"echo '{\"worker\": \"1\", \"benchmarks\": []}'", "not understood"},
        {"echo '{\"worker\": 1, \"benchmarks\": {}}'", "not understood"},
        {"echo '{\"worker\": 2, \"benchmarks\": []}'", "speaks worker protocol 2"},
        {"echo '{\"worker\": 1, \"benchmarks\": [1]}'", "benchmark 0"},
        {"echo '{\"worker\": 1, \"benchmarks\": [{\"id\": \"\", \"threads\": 1}]}'", "benchmark 0"},
        {"echo '{\"worker\": 1, \"benchmarks\": [{\"id\": \"a\", \"threads\": 1}, "
         "{\"id\": \"b\", \"threads\": 0}]}'",
         "benchmark 1"},
    };
    (void)state;
    add_suite("good", HELLO_A);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        add_script("bad", cases[i].body, 0755);
        assert_refused("good", "bad", 0, STATUS_ENVIRONMENT, cases[i].part);
        assert_refused("bad", "good", 0, STATUS_ENVIRONMENT, cases[i].part);
    }
}

/* An id must fit the page that asks a worker for it. */
static void test_long_ids(void **state)
{
    (void)state;
    for (size_t length = DUEL_ID_BYTES - 1; length <= DUEL_ID_BYTES; length++) {
        struct str hello = STR_EMPTY;
        str_format(&hello, "{\"worker\": 1, \"benchmarks\": [{\"threads\": 1, \"id\": \"%0*d\"}]}",
                   (int)length, 0);
        add_suite("one", str_text(&hello));
        str_release(&hello);
        if (length < DUEL_ID_BYTES) {
            assert_int_equal(open_two("one", "one", 0), 0);
            contestants_release(&found);
        } else {
            assert_refused("one", "one", 0, STATUS_ENVIRONMENT, "benchmark 0");
        }
    }
}

/* A folder with a bad one in it is refused as a whole, and nothing stays open. */
static void test_nothing_stays_open(void **state)
{
    (void)state;
    add_folder("old");
    add_folder("new");
    add_suite("old/a", HELLO_A);
    add_suite("new/a", HELLO_A);
    add_script("new/b", "exit 3", 0755);
    size_t before = scratch_count("/proc/self/fd");
    assert_refused("old", "new", 0, STATUS_ENVIRONMENT, "status 3");
    assert_int_equal(scratch_count("/proc/self/fd"), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_executables, begin, end),
        cmocka_unit_test_setup_teardown(test_builds, begin, end),
        cmocka_unit_test_setup_teardown(test_folders, begin, end),
        cmocka_unit_test_setup_teardown(test_layouts, begin, end),
        cmocka_unit_test_setup_teardown(test_wrong_paths, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_no_suite, begin, end),
        cmocka_unit_test_setup_teardown(test_long_ids, begin, end),
        cmocka_unit_test_setup_teardown(test_nothing_stays_open, begin, end),
    };
    children_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
