/* Benchmarks that go wrong, each in its own way, between two that do not. */
#include <assay.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ASSAY_SUITE("bad");

static void spin(void)
{
    for (int i = 0; i < 32; i++) {
        assay_clobber();
    }
}

ASSAY_BENCH(a_good)
{
    ASSAY_LOOP(b) {
        spin();
    }
}

ASSAY_BENCH(fail_in_setup)
{
    assay_fail(b, "the fixture is \"broken\":\n\ttwo lines, \xff and \xc3\xa9");
    ASSAY_LOOP(b) {
        abort(); /* no iteration runs after a failure */
    }
}

ASSAY_BENCH(fail_in_loop)
{
    int calls = 0;
    ASSAY_LOOP(b) {
        spin();
        if (++calls == 100) {
            assay_fail(b, "wrong result in call 100");
            assay_fail(b, "a second message does not count");
        }
    }
}

ASSAY_BENCH(fail_at_length)
{
    char why[2048];
    for (size_t i = 0; i < sizeof why; i++) {
        why[i] = (i % 2) == 0 ? '\xc3' : '\xa9';
    }
    why[sizeof why - 1] = '\0';
    assay_fail(b, why);
    ASSAY_LOOP(b) {
    }
}

ASSAY_BENCH(segv)
{
    ASSAY_LOOP(b) {
        raise(SIGSEGV);
    }
}

ASSAY_BENCH(abort_in_setup)
{
    abort();
    ASSAY_LOOP(b) {
    }
}

ASSAY_BENCH(exit_0)
{
    ASSAY_LOOP(b) {
        exit(0);
    }
}

ASSAY_BENCH(exit_7)
{
    ASSAY_LOOP(b) {
        spin();
    }
    exit(7);
}

ASSAY_BENCH(endless, .tags = "endless")
{
    ASSAY_LOOP(b) {
        pause();
    }
}

ASSAY_BENCH(left_by_break)
{
    ASSAY_LOOP(b) {
        break;
    }
}

ASSAY_BENCH(left_by_return)
{
    ASSAY_LOOP(b) {
        return;
    }
}

ASSAY_BENCH(no_loop)
{
    assay_elements(b, 1);
}

ASSAY_BENCH(two_loops)
{
    ASSAY_LOOP(b) {
        spin();
    }
    ASSAY_LOOP(b) {
        spin();
    }
}

ASSAY_BENCH(infinite_counter)
{
    double zero = 0;
    assay_touch(&zero);
    assay_counter(b, "rate", 1 / zero, NULL);
    ASSAY_LOOP(b) {
        spin();
    }
}

ASSAY_BENCH(endless_duration)
{
    ASSAY_LOOP(b) {
        spin();
        assay_record_ns(b, 1e308); /* finite, but not the sum of two */
    }
}

/* Works, but leaves a process behind; its number is in a file, so that a test can look for it. */
ASSAY_BENCH(leaks_child)
{
    FILE *file = fopen("leaked.pid", "w");
    pid_t child = file == NULL ? -1 : fork();
    if (child == 0) {
        sleep(60);
        _exit(0);
    }
    if (file != NULL) {
        fprintf(file, "%ld\n", (long)child);
        fclose(file);
    }
    ASSAY_LOOP(b) {
        spin();
    }
}

static const char *not_here(void)
{
    return "this machine has no such unit";
}

ASSAY_BENCH(skipped_by_rule, .skip_if = not_here)
{
    ASSAY_LOOP(b) {
        abort();
    }
}

ASSAY_BENCH(skipped_by_body)
{
    assay_skip(b, "no file to read");
    ASSAY_LOOP(b) {
        abort();
    }
}

ASSAY_BENCH(allocates)
{
    ASSAY_LOOP(b) {
        void *block = malloc(100);
        assay_touch(block);
        free(block);
    }
}

ASSAY_BENCH(z_good)
{
    ASSAY_LOOP(b) {
        spin();
    }
}
