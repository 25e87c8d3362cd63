/* Benchmarks that take long enough to be interrupted in the middle of the run: their laps do,
 * whatever the options say. The second one has a child process, which must not outlive an
 * interruption either. */
#include <assay.h>

#include <stdio.h>
#include <time.h>
#include <unistd.h>

ASSAY_SUITE("slow");

static void wait_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void note_pid(const char *name, long pid)
{
    FILE *file = fopen(name, "w");
    if (file != NULL) {
        fprintf(file, "%ld\n", pid);
        fclose(file);
    }
}

ASSAY_BENCH(a_short)
{
    ASSAY_LOOP(b) {
        wait_ms(1);
    }
}

ASSAY_BENCH(b_long)
{
    pid_t child = fork();
    if (child == 0) {
        sleep(60);
        _exit(0);
    }
    note_pid("grandchild.pid", (long)child);
    note_pid("child.pid", (long)getpid());
    ASSAY_LOOP(b) {
        wait_ms(30000);
    }
}

ASSAY_BENCH(c_short)
{
    ASSAY_LOOP(b) {
        wait_ms(1);
    }
}
