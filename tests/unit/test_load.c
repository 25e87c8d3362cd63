#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "measure/clock.h"
#include "measure/load.h"

static void test_ticks(void **state)
{
    (void)state;
    struct load_ticks first;
    struct load_ticks second;
    assert_true(load_read_ticks("", &first));
    assert_true(load_read_ticks("", &second));
    assert_true(first.busy > 0 && first.stolen <= first.busy);
    assert_true(second.busy >= first.busy && second.stolen >= first.stolen);
}

static void spin_ns(uint64_t ns)
{
    uint64_t begun = clock_monotonic_ns();
    while (clock_monotonic_ns() - begun < ns) {
    }
}

/* A process beside this one that works all the time: even where three more want its CPU it gets a
 * quarter. */
static void test_a_busy_neighbour_is_seen(void **state)
{
    (void)state;
    pid_t neighbour = fork();
    if (neighbour == 0) {
        spin_ns(UINT64_C(5000000000));
        _exit(0);
    }
    struct load_mark mark = load_mark();
    usleep(300000);
    double others = load_other_cpus(&mark);
    kill(neighbour, SIGKILL);
    waitpid(neighbour, NULL, 0);
    assert_true(mark.known);
    assert_true(others > 0.25);
    assert_true(others <= (double)sysconf(_SC_NPROCESSORS_ONLN) + 0.1);
}

/* What this process and the children that it waited for did is not the others'. */
static void test_own_work_is_counted_as_own(void **state)
{
    (void)state;
    struct load_mark before = load_mark();
    spin_ns(100000000);
    pid_t child = fork();
    if (child == 0) {
        spin_ns(100000000);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    struct load_mark after = load_mark();
    double own_s = after.own_s - before.own_s;
    assert_true(own_s > 0.02 && own_s < after.wall_s - before.wall_s + 0.02);
}

static void test_unknown(void **state)
{
    (void)state;
    struct load_mark unknown = {.known = false};
    assert_true(load_other_cpus(&unknown) == 0);
    struct load_mark later = load_mark();
    later.wall_s += 1000;
    assert_true(load_other_cpus(&later) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ticks),
        cmocka_unit_test(test_a_busy_neighbour_is_seen),
        cmocka_unit_test(test_own_work_is_counted_as_own),
        cmocka_unit_test(test_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
