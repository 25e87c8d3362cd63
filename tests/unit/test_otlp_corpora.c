/*
 * Every file of tests/fuzz/corpus through the target that it was kept for, and each of its
 * beginnings, from memory behind which nothing can be read.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "guarded.h"
#include "tests/fuzz/targets.h"

#define FILE_BYTES_MAX 65536
#define CUTS_MAX       1024

static size_t read_file(const char *path, uint8_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, FILE_BYTES_MAX, file);
    assert_int_equal(ferror(file), 0);
    assert_int_equal(fclose(file), 0);
    return len;
}

static void replay(const char *name, void (*target)(const uint8_t *data, size_t len))
{
    static uint8_t bytes[FILE_BYTES_MAX];
    char path[1024];
    size_t files = 0;
    assert_true(snprintf(path, sizeof path, "tests/fuzz/corpus/%s", name) < (int)sizeof path);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        assert_true(snprintf(path, sizeof path, "tests/fuzz/corpus/%s/%s", name, entry->d_name) <
                    (int)sizeof path);
        size_t len = read_file(path, bytes);
        for (size_t cut = len < CUTS_MAX ? 0 : len; cut <= len; cut++) {
            struct guarded copy = guarded_copy(bytes, cut);
            target((const uint8_t *)copy.text, cut);
            guarded_free(&copy);
        }
        files++;
    }
    assert_int_equal(closedir(folder), 0);
    assert_true(files > 0);
}

static void test_protobuf(void **state)
{
    (void)state;
    replay("protobuf", fuzz_protobuf);
}

static void test_json(void **state)
{
    (void)state;
    replay("json", fuzz_json);
}

static void test_response(void **state)
{
    (void)state;
    replay("response", fuzz_response);
}

static void test_propagators(void **state)
{
    (void)state;
    replay("propagators", fuzz_propagators);
}

static void test_decompress(void **state)
{
    (void)state;
    replay("decompress", fuzz_decompress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protobuf),   cmocka_unit_test(test_json),
        cmocka_unit_test(test_response),   cmocka_unit_test(test_propagators),
        cmocka_unit_test(test_decompress),
    };
    return cmocka_run_group_tests_name("otlp_corpora", tests, NULL, NULL);
}
