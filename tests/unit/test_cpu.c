/* Which CPU a comparison runs on. What changes the CPUs of a process runs in one of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forked.h"
#include "measure/clock.h"
#include "versus/cpu.h"

#include <sched.h>

static cpu_set_t now_allowed(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    FORKED_EXPECT(sched_getaffinity(0, sizeof set, &set) == 0);
    return set;
}

static int any_of(const cpu_set_t *set)
{
    int cpu = 0;
    while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET((size_t)cpu, set)) {
        cpu++;
    }
    return cpu;
}

static void find(void)
{
    cpu_set_t before = now_allowed();
    clock_init();
    int cpu = cpu_find_quiet();
    cpu_set_t after = now_allowed();
    FORKED_EXPECT(cpu >= 0 && CPU_ISSET((size_t)cpu, &before));
    FORKED_EXPECT(cpu_is_allowed(cpu));
    FORKED_EXPECT(CPU_EQUAL(&before, &after));
}

/* Of one CPU it is that one, and no more are tried than are allowed. */
static void find_the_only_one(void)
{
    cpu_set_t before = now_allowed();
    int only = any_of(&before);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)only, &one);
    FORKED_EXPECT(sched_setaffinity(0, sizeof one, &one) == 0);
    clock_init();
    FORKED_EXPECT(cpu_find_quiet() == only);
    cpu_avoid(only); /* there is no other */
    cpu_set_t after = now_allowed();
    FORKED_EXPECT(CPU_EQUAL(&one, &after));
    FORKED_EXPECT(cpu_is_allowed(only));
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        FORKED_EXPECT(cpu == only || !cpu_is_allowed(cpu));
    }
}

static void avoid(void)
{
    cpu_set_t before = now_allowed();
    int cpu = any_of(&before);
    cpu_avoid(cpu);
    cpu_set_t after = now_allowed();
    if (CPU_COUNT(&before) > 1) {
        FORKED_EXPECT(!CPU_ISSET((size_t)cpu, &after));
        FORKED_EXPECT(CPU_COUNT(&after) == CPU_COUNT(&before) - 1);
        FORKED_EXPECT(!cpu_is_allowed(cpu));
    } else {
        FORKED_EXPECT(CPU_EQUAL(&before, &after));
    }
}

static void avoid_none(void)
{
    cpu_set_t before = now_allowed();
    cpu_avoid(-1);
    cpu_avoid(CPU_SETSIZE);
    cpu_set_t after = now_allowed();
    FORKED_EXPECT(CPU_EQUAL(&before, &after));
}

static void test_quiet_cpu(void **state)
{
    (void)state;
    assert_forked(find);
    assert_forked(find_the_only_one);
}

static void test_avoiding(void **state)
{
    (void)state;
    assert_forked(avoid);
    assert_forked(avoid_none);
}

static void test_numbers_that_are_none(void **state)
{
    (void)state;
    assert_false(cpu_is_allowed(-1));
    assert_false(cpu_is_allowed(CPU_SETSIZE));
    assert_false(cpu_is_allowed(1 << 30));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quiet_cpu),
        cmocka_unit_test(test_avoiding),
        cmocka_unit_test(test_numbers_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
