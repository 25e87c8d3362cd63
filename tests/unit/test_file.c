#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "scratch.h"

static void save(const char *path, const char *text)
{
    struct error error = {0};
    assert_int_equal(file_save(path, text, strlen(text), &error), 0);
}

static void assert_content(const char *path, const char *expected)
{
    struct str text = STR_EMPTY;
    struct error error = {0};
    assert_int_equal(file_load(path, &text, &error), 0);
    assert_int_equal(text.length, strlen(expected));
    assert_string_equal(str_text(&text), expected);
    str_release(&text);
}

static void test_save_and_load(void **state)
{
    const struct scratch *s = *state;
    struct str path = scratch_path(s, "file");
    assert_false(file_exists(str_text(&path)));
    save(str_text(&path), "first");
    assert_true(file_exists(str_text(&path)));
    assert_content(str_text(&path), "first");
    save(str_text(&path), "");
    assert_content(str_text(&path), "");
    save(str_text(&path), "third");
    assert_content(str_text(&path), "third");
    assert_int_equal(scratch_count(s->path), 1); /* no temporary file stays */
    str_release(&path);
}

static void test_load_adds(void **state)
{
    const struct scratch *s = *state;
    struct str path = scratch_path(s, "big");
    struct str big = STR_EMPTY;
    struct str read = STR_EMPTY;
    struct error error = {0};
    for (int i = 0; i < 30000; i++) {
        str_format(&big, "%d\n", i);
    }
    str_add_bytes(&big, "\0\xff", 2);
    assert_int_equal(file_save(str_text(&path), big.data, big.length, &error), 0);
    str_add(&read, "before");
    assert_int_equal(file_load(str_text(&path), &read, &error), 0);
    assert_int_equal(read.length, big.length + 6);
    assert_memory_equal(read.data + 6, big.data, big.length);
    str_release(&path);
    str_release(&big);
    str_release(&read);
}

static void assert_not_loaded(const char *path, const char *reason)
{
    struct str text = STR_EMPTY;
    struct error error = {0};
    assert_int_equal(file_load(path, &text, &error), -1);
    assert_int_equal(error.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(error.text, path));
    assert_non_null(strstr(error.text, reason));
    str_release(&text);
}

static void test_cannot_load(void **state)
{
    const struct scratch *s = *state;
    struct str path = scratch_path(s, "missing");
    assert_not_loaded(str_text(&path), "No such file");
    assert_not_loaded(s->path, "not a file");
    assert_not_loaded("/dev/zero", "not a file");
    str_release(&path);
}

static void test_cannot_save(void **state)
{
    const struct scratch *s = *state;
    struct str path = scratch_path(s, "no/such/folder/file");
    struct error error = {0};
    assert_int_equal(file_save(str_text(&path), "x", 1, &error), -1);
    assert_int_equal(error.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(error.text, "No such file"));
    str_release(&path);

    /* A folder stands where the file should be: the rename fails, the temporary file goes. */
    path = scratch_path(s, "taken");
    assert_int_equal(mkdir(str_text(&path), 0755), 0);
    error = (struct error){0};
    assert_int_equal(file_save(str_text(&path), "x", 1, &error), -1);
    assert_non_null(strstr(error.text, "Is a directory"));
    assert_int_equal(scratch_count(s->path), 1);
    str_release(&path);
}

/* Saves 100,000 bytes over the file in a child whose disk ends before; 0 when it fails as
 * documented. */
static int save_too_much(const char *path, const char *reason)
{
    pid_t child = fork();
    if (child == 0) {
        static char bytes[100000];
        struct error error = {0};
        memset(bytes, 'n', sizeof bytes);
        int saved = file_save(path, bytes, sizeof bytes, &error);
        bool documented = saved == -1 && error.status == STATUS_ENVIRONMENT &&
                          strstr(error.text, path) != NULL && strstr(error.text, reason) != NULL;
        _exit(documented ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return status;
}

static void test_file_size_limit_keeps_the_old_file(void **state)
{
    const struct scratch *s = *state;
    struct str path = scratch_path(s, "precious");
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    save(str_text(&path), "the old content");
    struct rlimit little = {20000, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    int status = save_too_much(str_text(&path), "File too large");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, 0);
    assert_content(str_text(&path), "the old content");
    assert_int_equal(scratch_count(s->path), 1);
    str_release(&path);
}

static void test_full_disk_keeps_the_old_file(void **state)
{
    const struct scratch *s = *state;
    struct str folder = scratch_path(s, "disk");
    assert_int_equal(mkdir(str_text(&folder), 0755), 0);
    if (mount("tmpfs", str_text(&folder), "tmpfs", 0, "size=65536") != 0) {
        str_release(&folder);
        skip(); /* only root may mount; the file size limit above shows the same */
    }
    struct str path = scratch_path(s, "disk/precious");
    save(str_text(&path), "the old content");
    int status = save_too_much(str_text(&path), "No space left");
    struct str text = STR_EMPTY;
    struct error error = {0};
    int loaded = file_load(str_text(&path), &text, &error);
    size_t files = scratch_count(str_text(&folder));
    assert_int_equal(umount(str_text(&folder)), 0);
    assert_int_equal(status, 0);
    assert_int_equal(loaded, 0);
    assert_string_equal(str_text(&text), "the old content");
    assert_int_equal(files, 1);
    str_release(&text);
    str_release(&path);
    str_release(&folder);
}

static void test_folders(void **state)
{
    const struct scratch *s = *state;
    struct error error = {0};
    struct stat facts;
    struct str path = scratch_path(s, "a/b//c/");
    assert_int_equal(file_make_folder(str_text(&path), &error), 0);
    assert_int_equal(file_make_folder(str_text(&path), &error), 0); /* again */
    assert_int_equal(stat(str_text(&path), &facts), 0);
    assert_true(S_ISDIR(facts.st_mode));
    str_release(&path);

    path = scratch_path(s, "file");
    save(str_text(&path), "x");
    str_add(&path, "/below");
    assert_int_equal(file_make_folder(str_text(&path), &error), -1);
    assert_int_equal(error.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(error.text, "Not a directory"));
    str_release(&path);
}

static void test_check_writable(void **state)
{
    const struct scratch *s = *state;
    struct error error = {0};
    struct str path = scratch_path(s, "new/folder");
    assert_int_equal(file_check_writable(str_text(&path), &error), 0);
    assert_int_equal(scratch_count(str_text(&path)), 0); /* the probe is gone */
    str_release(&path);
    assert_int_equal(file_check_writable("/proc/self", &error), -1);
    assert_int_equal(error.status, STATUS_ENVIRONMENT);
}

static void test_first_line(void **state)
{
    const struct scratch *s = *state;
    char line[8];
    struct str path = scratch_path(s, "lines");
    assert_false(file_first_line(str_text(&path), line, sizeof line));
    save(str_text(&path), "one\ntwo\n");
    assert_true(file_first_line(str_text(&path), line, sizeof line));
    assert_string_equal(line, "one");
    save(str_text(&path), "no break");
    assert_true(file_first_line(str_text(&path), line, sizeof line));
    assert_string_equal(line, "no brea"); /* as much as fits */
    save(str_text(&path), "");
    assert_false(file_first_line(str_text(&path), line, sizeof line));
    str_release(&path);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_save_and_load),
        IN_SCRATCH(test_load_adds),
        IN_SCRATCH(test_cannot_load),
        IN_SCRATCH(test_cannot_save),
        IN_SCRATCH(test_file_size_limit_keeps_the_old_file),
        IN_SCRATCH(test_full_disk_keeps_the_old_file),
        IN_SCRATCH(test_folders),
        IN_SCRATCH(test_check_writable),
        IN_SCRATCH(test_first_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
