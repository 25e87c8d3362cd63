/* Other programs: what they print, how they end, and that none of them can hold the caller up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/children.h"
#include "base/program.h"
#include "forked.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LONG_S  20.0 /* never reached: a test that waits so long fails by its clock */
#define SHORT_S 0.5  /* always reached; enough for a shell to start */

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct program_end run_shell(const char *script, double limit_s)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    const struct program program = {
        .argv = argv, .limit_s = limit_s, .output_max = 1000, .errors_max = 1000};
    struct program_end end;
    program_run(&program, &end);
    return end;
}

static void assert_ends(const char *script, enum program_outcome outcome, int code,
                        const char *output, const char *errors)
{
    double begun_s = now_s();
    struct program_end end = run_shell(script, LONG_S);
    assert_int_equal(end.outcome, outcome);
    assert_int_equal(end.code, code);
    assert_string_equal(str_text(&end.output), output);
    assert_string_equal(str_text(&end.errors), errors);
    assert_false(end.cut);
    assert_true(now_s() - begun_s < LONG_S / 2);
    program_end_release(&end);
}

static void test_ends(void **state)
{
    (void)state;
    assert_ends("echo out; echo err >&2", PROGRAM_EXITED, 0, "out\n", "err\n");
    assert_ends("exit 37", PROGRAM_EXITED, 37, "", "");
    assert_ends("echo so far; kill -TERM $$", PROGRAM_SIGNALLED, SIGTERM, "so far\n", "");
    /* It closes both pipes long before it ends. */
    assert_ends("echo a; exec >&- 2>&-; sleep 0.1; exit 3", PROGRAM_EXITED, 3, "a\n", "");
    assert_ends("if read x; then echo text; else echo empty; fi", PROGRAM_EXITED, 0, "empty\n", "");
}

static void assert_not_started(const char *path, int reason)
{
    const char *const argv[] = {path, NULL};
    const struct program program = {.argv = argv, .limit_s = LONG_S, .output_max = 10};
    struct program_end end;
    program_run(&program, &end);
    assert_int_equal(end.outcome, PROGRAM_NOT_STARTED);
    assert_int_equal(end.code, reason);
    assert_int_equal(end.output.length, 0);
    program_end_release(&end);
}

static void test_not_started(void **state)
{
    (void)state;
    assert_not_started("/nonexistent/program", ENOENT);
    assert_not_started("no-program-has-this-name", ENOENT);
    assert_not_started("/dev/null", EACCES);
}

static void test_output_is_cut(void **state)
{
    (void)state;
    /* More than a pipe holds: what is not kept is read all the same, or it would never end. */
    const char *const argv[] = {"sh", "-c", "printf %300000d 7; printf %3d 8 >&2", NULL};
    struct program program = {.argv = argv, .limit_s = LONG_S, .output_max = 5, .errors_max = 3};
    struct program_end end;
    program_run(&program, &end);
    assert_int_equal(end.outcome, PROGRAM_EXITED);
    assert_int_equal(end.code, 0);
    assert_string_equal(str_text(&end.output), "     ");
    assert_string_equal(str_text(&end.errors), "  8");
    assert_true(end.cut);
    program_end_release(&end);

    program.output_max = 300000;
    program_run(&program, &end);
    assert_int_equal(end.output.length, 300000);
    assert_int_equal(end.output.data[299999], '7');
    assert_false(end.cut);
    program_end_release(&end);
}

static void test_nothing_kept(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "echo out; echo err >&2 || exit 9", NULL};
    const struct program program = {.argv = argv, .limit_s = LONG_S};
    struct program_end end;
    program_run(&program, &end);
    assert_int_equal(end.outcome, PROGRAM_EXITED);
    assert_int_equal(end.code, 0);
    assert_true(end.output.length == 0 && end.errors.length == 0 && end.cut);
    program_end_release(&end);
}

static void assert_times_out(const char *script, const char *output)
{
    double begun_s = now_s();
    struct program_end end = run_shell(script, SHORT_S);
    double lasted_s = now_s() - begun_s;
    assert_int_equal(end.outcome, PROGRAM_TIMED_OUT);
    assert_memory_equal(str_text(&end.output), output, strlen(output));
    assert_true(lasted_s >= SHORT_S && lasted_s < 5);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    program_end_release(&end);
}

static void test_time_limit(void **state)
{
    (void)state;
    assert_times_out("echo begun; exec sleep 30", "begun\n");
    assert_times_out("trap '' TERM INT HUP; while :; do sleep 30; done", "");
    assert_times_out("exec >&- 2>&-; sleep 30", "");
    assert_times_out("while :; do echo y; done", "y\ny\n");
}

/* Whether a process is still there, given a moment to go. */
static bool stays(pid_t pid)
{
    for (int i = 0; i < 200; i++) {
        char path[64];
        char text[256] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *file = fopen(path, "r");
        if (file == NULL) {
            return false;
        }
        bool known = fgets(text, sizeof text, file) != NULL;
        fclose(file);
        const char *name_end = strrchr(text, ')');
        if (!known || (name_end != NULL && name_end[2] == 'Z')) {
            return false;
        }
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return true;
}

static void test_time_limit_ends_the_group(void **state)
{
    (void)state;
    struct program_end end = run_shell("sleep 30 & echo $!; wait", SHORT_S);
    assert_int_equal(end.outcome, PROGRAM_TIMED_OUT);
    pid_t left = (pid_t)strtol(str_text(&end.output), NULL, 10);
    program_end_release(&end);
    assert_true(left > 1);
    assert_false(stays(left));
}

/* A process that the program left holds the pipes open, or goes on writing. */
static void test_what_is_left_running(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "sleep 30 & echo $! >&2",
        "setsid sleep 30 & echo $! >&2",
        "{ while :; do echo y; done; } & echo $! >&2; exit 0",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        double begun_s = now_s();
        struct program_end end = run_shell(scripts[i], LONG_S);
        assert_true(now_s() - begun_s < LONG_S / 2);
        assert_int_equal(end.outcome, PROGRAM_EXITED);
        assert_int_equal(end.code, 0);
        pid_t left = (pid_t)strtol(str_text(&end.errors), NULL, 10);
        program_end_release(&end);
        assert_true(left > 1);
        assert_int_equal(kill(left, SIGKILL), 0);
    }
}

/* Asked for, it has gone when program_run returns. */
static void test_what_is_left_running_is_ended(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "sleep 30 & echo $!", NULL};
    struct program program = {
        .argv = argv, .limit_s = LONG_S, .output_max = 64, .ends_group = true};
    struct program_end end;
    program_run(&program, &end);
    assert_int_equal(end.outcome, PROGRAM_EXITED);
    pid_t left = (pid_t)strtol(str_text(&end.output), NULL, 10);
    program_end_release(&end);
    assert_true(left > 1);
    assert_false(stays(left));
}

/* What the program sees of the signals: "SigBlk SigIgn" of /proc/self/status. */
static const char *const signals_of_it =
    "while read name mask; do case $name in SigBlk:|SigIgn:) echo $mask;; esac; done "
    "</proc/self/status";

static void expect_signals_restored(void)
{
    sigset_t chosen;
    sigemptyset(&chosen);
    sigaddset(&chosen, SIGUSR2);
    sigprocmask(SIG_SETMASK, &chosen, NULL);
    signal(SIGPIPE, SIG_DFL);
    FORKED_EXPECT(children_before() == NULL);
    struct program_end plain = run_shell(signals_of_it, LONG_S);
    children_init();
    FORKED_EXPECT(sigismember(children_before(), SIGUSR2) == 1);
    FORKED_EXPECT(sigismember(children_before(), SIGCHLD) == 0);
    struct program_end held = run_shell(signals_of_it, LONG_S);
    FORKED_EXPECT(plain.outcome == PROGRAM_EXITED && held.outcome == PROGRAM_EXITED);
    FORKED_EXPECT(strncmp(str_text(&plain.output), "0000000000000800\n", 17) == 0);
    FORKED_EXPECT(strcmp(str_text(&plain.output), str_text(&held.output)) == 0);
    program_end_release(&plain);
    program_end_release(&held);
}

static void test_signals_of_the_program(void **state)
{
    (void)state;
    assert_forked(expect_signals_restored);
}

static void expect_all_held(void)
{
    children_init();
    struct program_end end = run_shell("echo out; exit 4", LONG_S);
    FORKED_EXPECT(end.outcome == PROGRAM_EXITED && end.code == 4);
    FORKED_EXPECT(strcmp(str_text(&end.output), "out\n") == 0);
    program_end_release(&end);
    end = run_shell("exec sleep 30", 0.1);
    FORKED_EXPECT(end.outcome == PROGRAM_TIMED_OUT);
    program_end_release(&end);
}

static void test_with_sigchld_blocked(void **state)
{
    (void)state;
    assert_forked(expect_all_held);
}

static void expect_lost_end(void)
{
    signal(SIGCHLD, SIG_IGN);
    struct program_end end = run_shell("exit 0", LONG_S);
    FORKED_EXPECT(end.outcome == PROGRAM_NOT_STARTED && end.code == ECHILD);
    program_end_release(&end);
}

static void test_with_sigchld_ignored(void **state)
{
    (void)state;
    assert_forked(expect_lost_end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_not_started),
        cmocka_unit_test(test_output_is_cut),
        cmocka_unit_test(test_nothing_kept),
        cmocka_unit_test(test_time_limit),
        cmocka_unit_test(test_time_limit_ends_the_group),
        cmocka_unit_test(test_what_is_left_running),
        cmocka_unit_test(test_what_is_left_running_is_ended),
        cmocka_unit_test(test_signals_of_the_program),
        cmocka_unit_test(test_with_sigchld_blocked),
        cmocka_unit_test(test_with_sigchld_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
