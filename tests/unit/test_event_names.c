/* Names of events: what is taken, as what, and what is refused with which advice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/perf_event.h>

#include "measure/event_names.h"

static struct event_list list;

static void take(const char *text, size_t count)
{
    struct error error = {0};
    if (events_parse(text, &list, &error) != 0) {
        fail_msg("%s was refused: %s", text, error.text);
    }
    assert_int_equal(list.count, count);
}

static void refuse(const char *text, const char *expected)
{
    struct error error = {0};
    assert_int_equal(events_parse(text, &list, &error), -1);
    assert_int_equal(error.status, STATUS_USAGE);
    if (strstr(error.text, expected) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.text, expected);
    }
}

static void assert_event(size_t i, const char *name, uint32_t type, uint64_t config)
{
    assert_string_equal(list.events[i].name, name);
    assert_int_equal(list.events[i].type, type);
    assert_int_equal(list.events[i].config, config);
}

/* In the order in which they were named. The configuration of caches is that of perf_event_open(2):
 * cache | operation << 8 | result << 16. */
static void test_general_names(void **state)
{
    (void)state;
    take("instructions,cycles,page-faults,L1-dcache-load-misses,LLC-stores,iTLB-loads,cs", 7);
    assert_event(0, "instructions", PERF_TYPE_HARDWARE, 1);
    assert_event(1, "cycles", PERF_TYPE_HARDWARE, 0);
    assert_event(2, "page-faults", PERF_TYPE_SOFTWARE, 2);
    assert_event(3, "L1-dcache-load-misses", PERF_TYPE_HW_CACHE, 0x10000);
    assert_event(4, "LLC-stores", PERF_TYPE_HW_CACHE, 0x102);
    assert_event(5, "iTLB-loads", PERF_TYPE_HW_CACHE, 4);
    assert_event(6, "cs", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES);
    for (size_t i = 0; i < list.count; i++) {
        assert_true(list.events[i].user && list.events[i].kernel && !list.events[i].has_levels);
    }
}

static void test_levels(void **state)
{
    (void)state;
    take("cycles:u,cycles:k,cycles:uk,cycles", 4);
    assert_true(list.events[0].user && !list.events[0].kernel && list.events[0].has_levels);
    assert_true(!list.events[1].user && list.events[1].kernel && list.events[1].has_levels);
    assert_true(list.events[2].user && list.events[2].kernel && list.events[2].has_levels);
    assert_false(list.events[3].has_levels);
    assert_string_equal(list.events[0].name, "cycles:u");
    static const char *const wrong[] = {"cycles:", "cycles:p", "cycles:uu", "cycles:uku"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        refuse(wrong[i], "after the colon");
    }
}

static void test_kinds(void **state)
{
    (void)state;
    take("instructions,cpu-cycles,branches,branch-misses,task-clock,context-switches,major-faults",
         7);
    const struct event *e = list.events;
    assert_true(event_is_instructions(&e[0]) && !event_is_software(&e[0]));
    assert_true(event_is_cycles(&e[1]) && event_is_branches(&e[2]));
    assert_true(event_is_branch_misses(&e[3]) && !event_is_branches(&e[3]));
    assert_string_equal(event_unit(&e[4]), "ns");
    assert_string_equal(event_unit(&e[0]), "");
    assert_true(event_is_software(&e[5]) && event_is_of_kernel(&e[5]));
    assert_true(event_is_software(&e[6]) && !event_is_of_kernel(&e[6]));
    assert_false(event_is_of_kernel(&e[4]));
    /* A software clock has the number of a hardware event. */
    assert_false(event_is_instructions(&e[4]) || event_is_cycles(&e[4]));
}

static void test_refused(void **state)
{
    (void)state;
    refuse("cycels", "did you mean cycles?");
    refuse("cycles,L1-dcache-load-mises", "did you mean L1-dcache-load-misses?");
    refuse("no-such-event-anywhere", "\"no-such-event-anywhere\"");
    refuse("cycles,", "an empty name");
    refuse("", "an empty name");
    refuse(",cycles", "an empty name");
    refuse("cycles,instructions,cycles", "cycles stands there twice");
    refuse("a-name-that-is-longer-than-any-event-has-ever-been-called", "too long");
    refuse("cycles,cycles:u,cycles:k,cycles:uk,instructions,branches,branch-misses,cs,faults,"
           "page-faults,task-clock,cpu-clock,minor-faults,major-faults,migrations,bus-cycles,"
           "ref-cycles",
           "more than 16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_general_names),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
