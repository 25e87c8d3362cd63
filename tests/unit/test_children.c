/* Signals while children run. Each test is a process of its own, since masks are for life. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/children.h"
#include "forked.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LONG_NS UINT64_C(15000000000)

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool is_blocked(int number)
{
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    return sigismember(&now, number) == 1;
}

static bool is_ignored(int number)
{
    struct sigaction action;
    sigaction(number, NULL, &action);
    return action.sa_handler == SIG_IGN;
}

static void expect_ending_signals(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    children_init();
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        kill(getpid(), ends[i]);
        FORKED_EXPECT(children_wait(LONG_NS) == ends[i]);
    }
    FORKED_EXPECT(children_wait(0) == 0);
}

static void test_ending_signals_are_taken(void **state)
{
    (void)state;
    assert_forked(expect_ending_signals);
}

static void expect_end_of_child(void)
{
    children_init();
    double begun_s = now_s();
    pid_t child = fork();
    if (child == 0) {
        _exit(5);
    }
    FORKED_EXPECT(children_wait(LONG_NS) == 0);
    FORKED_EXPECT(now_s() - begun_s < 10);
    int status;
    FORKED_EXPECT(waitpid(child, &status, WNOHANG) == child && WEXITSTATUS(status) == 5);
}

static void test_end_of_a_child_wakes(void **state)
{
    (void)state;
    assert_forked(expect_end_of_child);
}

static void expect_time(void)
{
    children_init();
    double begun_s = now_s();
    FORKED_EXPECT(children_wait(UINT64_C(50000000)) == 0);
    FORKED_EXPECT(now_s() - begun_s >= 0.05);
}

static void test_time_passes(void **state)
{
    (void)state;
    assert_forked(expect_time);
}

/* As after nohup: a signal that was ignored must not end anything. */
static void expect_ignored_stays(void)
{
    signal(SIGHUP, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    children_init();
    FORKED_EXPECT(is_ignored(SIGHUP) && !is_blocked(SIGHUP));
    FORKED_EXPECT(!is_ignored(SIGCHLD) && is_blocked(SIGCHLD));
    FORKED_EXPECT(is_ignored(SIGPIPE));
    kill(getpid(), SIGHUP);
    FORKED_EXPECT(children_wait(UINT64_C(1000000)) == 0);
}

static void test_ignored_stays_ignored(void **state)
{
    (void)state;
    assert_forked(expect_ignored_stays);
}

static void expect_restored(void)
{
    sigset_t chosen;
    sigemptyset(&chosen);
    sigaddset(&chosen, SIGTERM);
    sigprocmask(SIG_SETMASK, &chosen, NULL);
    FORKED_EXPECT(children_before() == NULL);
    children_init();
    FORKED_EXPECT(sigismember(children_before(), SIGTERM) == 1);
    FORKED_EXPECT(sigismember(children_before(), SIGINT) == 0);
    FORKED_EXPECT(is_blocked(SIGINT) && is_blocked(SIGTERM) && is_blocked(SIGCHLD));
    children_let_signals_act();
    FORKED_EXPECT(!is_blocked(SIGINT) && is_blocked(SIGTERM) && !is_blocked(SIGCHLD));
    FORKED_EXPECT(is_ignored(SIGPIPE));
    children_hold_signals();
    FORKED_EXPECT(is_blocked(SIGINT) && is_blocked(SIGTERM) && is_blocked(SIGCHLD));
    children_restore_signals();
    FORKED_EXPECT(!is_blocked(SIGINT) && is_blocked(SIGTERM) && !is_blocked(SIGCHLD));
    FORKED_EXPECT(!is_ignored(SIGPIPE));
}

static void test_restoring(void **state)
{
    (void)state;
    assert_forked(expect_restored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ending_signals_are_taken),
        cmocka_unit_test(test_end_of_a_child_wakes),
        cmocka_unit_test(test_time_passes),
        cmocka_unit_test(test_ignored_stays_ignored),
        cmocka_unit_test(test_restoring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
