#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "measure/host.h"
#include "measure/record.h"

static void test_same_key_every_time(void **state)
{
    (void)state;
    struct host_facts first;
    struct host_facts second;
    memset(&second, 0x77, sizeof second);
    host_read(&first);
    host_read(&second);
    assert_string_equal(first.key, second.key);
    assert_int_equal(strlen(first.key), 16);
    assert_int_equal(strspn(first.key, "0123456789abcdef"), 16);
    assert_string_equal(first.cpu_model, second.cpu_model);
    assert_int_equal(first.cache_count, second.cache_count);
}

static void test_facts_of_this_machine(void **state)
{
    (void)state;
    struct host_facts host;
    struct utsname system;
    host_read(&host);
    assert_int_equal(uname(&system), 0);
    assert_string_equal(host.architecture, system.machine);
    assert_non_null(strstr(host.kernel, system.release));
    assert_int_equal(host.cpus, sysconf(_SC_NPROCESSORS_ONLN));
    assert_true(host.memory_bytes > 1 << 20);
    assert_true(host.cpu_model[0] != '\0' && host.os[0] != '\0' && host.name[0] != '\0');
    assert_null(strpbrk(host.cpu_model, "\n\""));
    assert_null(strpbrk(host.os, "\n\""));
    assert_true(host.cache_count <= HOST_CACHES_MAX);
    for (size_t i = 0; i < host.cache_count; i++) {
        assert_in_range(host.caches[i].level, 1, 4);
        assert_true(host.caches[i].size_bytes >= 1024);
        assert_true(host.caches[i].type[0] != '\0');
    }
}

static void test_record_end(void **state)
{
    (void)state;
    struct record record;
    memset(&record, 0, sizeof record);
    record_end(&record, RECORD_SKIPPED, "not here");
    record_end(&record, RECORD_FAILED, "later");
    record_end(&record, RECORD_DONE, "");
    assert_int_equal(record.state, RECORD_SKIPPED);
    assert_string_equal(record.reason, "not here");

    char text[2 * RECORD_REASON_BYTES];
    memset(text, 'r', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    memset(&record, 0, sizeof record);
    record_end(&record, RECORD_FAILED, text);
    assert_int_equal(strlen(record.reason), RECORD_REASON_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_key_every_time),
        cmocka_unit_test(test_facts_of_this_machine),
        cmocka_unit_test(test_record_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
