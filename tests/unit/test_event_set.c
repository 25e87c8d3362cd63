/* How events are put into groups, on pretended kernels; and what the user is told. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "measure/event_set.h"

/* The pretended kernel. */
static size_t counters;          /* that the CPU has: a larger group is refused */
static int paranoid_errno;       /* refuses the kernel's share; 0: it does not */
static size_t group_sizes[1024]; /* by the leader's file */
static size_t opened;

static struct event_list list;
static struct event_set set;

static int pretend(const struct event *event, bool user_only, int leader_fd)
{
    if (paranoid_errno != 0 && event->kernel && !user_only) {
        return -paranoid_errno;
    }
    bool hardware = !event_is_software(event);
    if (hardware && counters == 0) {
        return -ENOENT;
    }
    if (hardware && leader_fd >= 0 && group_sizes[leader_fd] == counters) {
        return -EINVAL;
    }
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_in_range(fd, 0, 1023);
    opened++;
    group_sizes[fd] = 1;
    if (leader_fd >= 0) {
        group_sizes[leader_fd]++;
    }
    return fd;
}

static void open_all(const char *names)
{
    struct error error = {0};
    if (events_parse(names, &list, &error) != 0) {
        fail_msg("%s", error.text);
    }
    event_set_open(&set, &list, pretend);
}

/* Groups as "001122": each event's leader. */
static void assert_groups(const char *expected)
{
    assert_int_equal(strlen(expected), set.count);
    for (size_t i = 0; i < set.count; i++) {
        assert_int_equal(set.failures[i], EVENT_OPEN);
        assert_int_equal(set.leaders[i], (size_t)(expected[i] - '0'));
    }
    event_set_close(&set);
    for (size_t i = 0; i < set.count; i++) {
        assert_int_equal(set.fds[i], -1);
    }
}

static int reset(void **state)
{
    (void)state;
    counters = 8;
    paranoid_errno = 0;
    opened = 0;
    return 0;
}

static void test_groups(void **state)
{
    (void)state;
    open_all("instructions,cycles");
    assert_groups("00");
    /* Software events between do not part hardware events. */
    open_all("instructions,page-faults,cycles,context-switches");
    assert_groups("0101");
    /* No more than four, whatever the CPU has. */
    open_all("instructions,cycles,branches,branch-misses,cache-misses,cache-references");
    assert_groups("000044");
    open_all("page-faults,minor-faults,major-faults,cs,migrations,task-clock");
    assert_groups("000000");
}

static void test_small_cpu(void **state)
{
    (void)state;
    counters = 2;
    open_all("instructions,cycles,branches,branch-misses,cache-misses");
    assert_groups("00224");
    counters = 1;
    open_all("instructions,cycles");
    assert_groups("01");
}

static void explain(size_t i, const struct event_rights *rights, const char *expected)
{
    char text[METRIC_REASON_BYTES];
    event_set_explain(&set, &list, i, rights, text, sizeof text);
    if (strstr(text, expected) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", text, expected);
    }
}

static void test_no_pmu(void **state)
{
    (void)state;
    const struct event_rights none = {.paranoid = 2};
    const struct event_rights some = {.paranoid = 2, .has_pmu = true};
    counters = 0;
    open_all("cycles,page-faults");
    assert_int_equal(set.failures[0], ENOENT);
    assert_int_equal(set.failures[1], EVENT_OPEN);
    explain(0, &none, "no hardware counters");
    explain(0, &some, "this CPU cannot count it");
    event_set_close(&set);
}

/* What may be counted of the own code alone is, and says so; what happens in the kernel only has no
 * count then, and is not a zero. */
static void test_paranoid(void **state)
{
    (void)state;
    const struct event_rights rights = {.paranoid = 2, .has_pmu = true};
    paranoid_errno = EACCES;
    open_all("cycles,page-faults,context-switches,cycles:k,cs:u,page-faults:u,cpu-migrations");
    assert_true(set.user_only[0] && set.user_only[1]);
    assert_int_equal(set.failures[0], EVENT_OPEN);
    assert_int_equal(set.failures[1], EVENT_OPEN);
    assert_int_equal(set.failures[2], EVENT_HIDDEN);
    explain(2, &rights, "as root: sysctl kernel.perf_event_paranoid=1");
    assert_int_equal(set.failures[3], EACCES);
    explain(3, &rights, "perf_event_paranoid is 2");
    explain(3, &rights, "kernel.perf_event_paranoid=1");
    assert_int_equal(set.failures[4], EVENT_HIDDEN);
    explain(4, &rights, ":u leaves that out");
    assert_int_equal(set.failures[5], EVENT_OPEN);
    assert_false(set.user_only[5]);
    assert_int_equal(set.failures[6], EVENT_HIDDEN);
    event_set_close(&set);
}

static int refuse_with;

static int refuse(const struct event *event, bool user_only, int leader_fd)
{
    (void)event;
    (void)user_only;
    (void)leader_fd;
    return -refuse_with;
}

static void test_sentences(void **state)
{
    (void)state;
    static const struct {
        int number;
        struct event_rights rights;
        const char *says;
    } cases[] = {
        {EACCES, {3, false, true}, "perf_event_paranoid is 3, which denies it to this user"},
        {EACCES, {3, false, true}, "sysctl kernel.perf_event_paranoid=2"},
        {EACCES, {3, true, true}, "perf_event_paranoid 3 would allow it to this user"},
        {EPERM, {2, false, true}, "perf_event_paranoid 2 would allow it: a container's seccomp"},
        {EPERM, {-1, false, true}, "seccomp"},
        {EPERM, {-2, false, true}, "refused (Operation not permitted): a container's seccomp"},
        {ENOSYS, {2, true, true}, "there is no perf_event_open"},
        {EMFILE, {2, true, true}, "ulimit -n"},
        {ENFILE, {2, true, true}, "too many files are open"},
        {EBUSY, {2, true, true}, "holds the counters"},
        {EINVAL, {2, true, true}, "this CPU cannot count it"},
        {EOPNOTSUPP, {2, true, false}, "no hardware counters"},
        {ENOMEM, {2, true, true}, "perf_event_open failed: Cannot allocate memory"},
    };
    struct error error = {0};
    assert_int_equal(events_parse("cycles", &list, &error), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        refuse_with = cases[i].number;
        event_set_open(&set, &list, refuse);
        assert_int_equal(set.failures[0], cases[i].number);
        explain(0, &cases[i].rights, cases[i].says);
    }
    assert_int_equal(events_parse("page-faults", &list, &error), 0);
    refuse_with = ENOENT;
    event_set_open(&set, &list, refuse);
    explain(0, &cases[0].rights, "this kernel cannot count it");
}

/* Nothing is left open, also of what was refused in between. */
static void test_files_are_closed(void **state)
{
    (void)state;
    int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(before >= 0);
    close(before);
    counters = 2;
    open_all("instructions,cycles,branches,page-faults");
    assert_int_equal(opened, 4);
    event_set_close(&set);
    int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(after, before);
    close(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_groups, reset),
        cmocka_unit_test_setup(test_small_cpu, reset),
        cmocka_unit_test_setup(test_no_pmu, reset),
        cmocka_unit_test_setup(test_paranoid, reset),
        cmocka_unit_test_setup(test_sentences, reset),
        cmocka_unit_test_setup(test_files_are_closed, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
