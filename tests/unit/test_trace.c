/* The file of slices, byte by byte as its header describes it; and disks that are full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scratch.h"
#include "versus/trace.h"

static const double old_ns[] = {1.5, 2.25};
static const double new_ns[] = {100, 0.1};
static const struct trace_pair pair = {.number = 258,
                                       .order = -1,
                                       .confirming = 1,
                                       .slices = 2,
                                       .iterations = UINT64_C(0x0102030405060708),
                                       .old_ns = old_ns,
                                       .new_ns = new_ns};

static void test_bytes(void **state)
{
    static const unsigned char expected[] = {
        'a', 's', 's',  'a',  'y',  't',  'r',  '1', 1,    0,    0, 0, 2,    1,    0,
        0,   3,   0,    0,    0,    'a',  '/',  'b', 2,    0,    0, 0, 2,    1,    0,
        0,   255, 255,  255,  255,  1,    0,    0,   0,    2,    0, 0, 0,    8,    7,
        6,   5,   4,    3,    2,    1,    0,    0,   0xc0, 0x3f, 0, 0, 0x10, 0x40, /* 1.5, 2.25 */
        0,   0,   0xc8, 0x42, 0xcd, 0xcc, 0xcc, 0x3d};                             /* 100, 0.1 */
    unsigned char bytes[200];
    struct error error = {0};
    struct str path = scratch_path(*state, "slices.bin");
    FILE *trace = trace_open(str_text(&path), &error);
    assert_non_null(trace);
    trace_add_benchmark(trace, 258, "a/b");
    trace_add_pair(trace, &pair);
    assert_int_equal(trace_close(trace, str_text(&path), &error), 0);
    FILE *file = fopen(str_text(&path), "rb");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, sizeof bytes, file), sizeof expected);
    fclose(file);
    assert_memory_equal(bytes, expected, sizeof expected);
    str_release(&path);
}

/* An empty id, no slice: still records that can be passed over. */
static void test_least_records(void **state)
{
    const struct trace_pair none = {.number = 1};
    struct error error = {0};
    struct stat facts;
    struct str path = scratch_path(*state, "slices.bin");
    FILE *trace = trace_open(str_text(&path), &error);
    assert_non_null(trace);
    trace_add_benchmark(trace, 1, "");
    trace_add_pair(trace, &none);
    assert_int_equal(trace_close(trace, str_text(&path), &error), 0);
    assert_int_equal(stat(str_text(&path), &facts), 0);
    assert_int_equal(facts.st_size, 8 + 12 + 28);
    str_release(&path);
}

static void test_no_such_folder(void **state)
{
    struct error error = {0};
    struct str path = scratch_path(*state, "missing/slices.bin");
    assert_null(trace_open(str_text(&path), &error));
    assert_int_equal(error.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(error.text, str_text(&path)));
    str_release(&path);
}

/* Found at the end at the latest, whether little was written or much. */
static void test_full_disk(void **state)
{
    (void)state;
    for (size_t records = 0; records <= 10000; records += 10000) {
        struct error error = {0};
        FILE *trace = trace_open("/dev/full", &error);
        assert_non_null(trace);
        for (size_t i = 0; i < records; i++) {
            trace_add_pair(trace, &pair);
        }
        assert_int_equal(trace_close(trace, "/dev/full", &error), -1);
        assert_int_equal(error.status, STATUS_ENVIRONMENT);
        assert_non_null(strstr(error.text, "/dev/full"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bytes, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_least_records, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_no_such_folder, scratch_make, scratch_remove),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
