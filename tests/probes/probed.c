/* Benchmarks that go wrong in the probe only, and such as promise not to allocate. */
#include <assay.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

ASSAY_SUITE("probed");

/* A probe is this program as a worker. */
static bool in_probe(void)
{
    char line[4096];
    FILE *file = fopen("/proc/self/cmdline", "r");
    size_t length = file == NULL ? 0 : fread(line, 1, sizeof line - 1, file);
    if (file != NULL) {
        fclose(file);
    }
    return memmem(line, length, ":probe", sizeof ":probe") != NULL;
}

static void spin(void)
{
    for (int i = 0; i < 32; i++) {
        assay_clobber();
    }
}

static void *make(size_t bytes)
{
    void *block = malloc(bytes);
    assay_touch(block);
    return block;
}

ASSAY_BENCH(a_good)
{
    ASSAY_LOOP(b) {
        free(make(8));
    }
}

static const char *not_in_probe(void)
{
    return in_probe() ? "no second time" : NULL;
}

ASSAY_BENCH(skipped_by_rule, .skip_if = not_in_probe, .tags = "wrong")
{
    ASSAY_LOOP(b) {
        spin();
    }
}

ASSAY_BENCH(skipped_by_body, .tags = "wrong")
{
    if (in_probe()) {
        assay_skip(b, "no file to read");
    }
    ASSAY_LOOP(b) {
        spin();
    }
}

ASSAY_BENCH(fails, .tags = "wrong")
{
    if (in_probe()) {
        assay_fail(b, "wrong sum");
    }
    ASSAY_LOOP(b) {
        spin();
    }
}

ASSAY_BENCH(crashes, .tags = "wrong")
{
    bool probe = in_probe();
    ASSAY_LOOP(b) {
        if (probe) {
            raise(SIGSEGV);
        }
        spin();
    }
}

ASSAY_BENCH(ends, .tags = "wrong")
{
    bool probe = in_probe();
    ASSAY_LOOP(b) {
        if (probe) {
            exit(7);
        }
        spin();
    }
}

ASSAY_BENCH(hangs, .tags = "hangs")
{
    if (in_probe()) {
        FILE *file = fopen("probe.pid", "w");
        if (file != NULL) {
            fprintf(file, "%ld\n", (long)getpid());
            fclose(file);
        }
        pause();
    }
    ASSAY_LOOP(b) {
        spin();
    }
}

ASSAY_BENCH(sleeps, .tags = "slow")
{
    const struct timespec pause = {.tv_nsec = 20000000};
    ASSAY_LOOP(b) {
        nanosleep(&pause, NULL);
    }
}

void *__libc_malloc(size_t bytes);

/* By a name that nothing can come before. */
ASSAY_BENCH(behind_the_back)
{
    assay_expect_no_alloc(b);
    ASSAY_LOOP(b) {
        void *block = __libc_malloc(10);
        assay_touch(block);
        free(block);
    }
}

/* What programs that it starts would find. */
ASSAY_BENCH(environment)
{
    char name[64];
    const char *preload = getenv("LD_PRELOAD");
    ssize_t length = 0;
    for (int fd = 3; fd < 64; fd++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        length = readlink(path, name, sizeof name - 1);
        name[length > 0 ? length : 0] = '\0';
        if (strstr(name, "assay-tally") != NULL && fcntl(fd, F_GETFD) != FD_CLOEXEC) {
            assay_fail(b, "the library's file is open for other programs");
        }
    }
    const char *expected = getenv("EXPECTED_PRELOAD");
    if (strcmp(preload == NULL ? "" : preload, expected == NULL ? "" : expected) != 0) {
        assay_fail(b, "LD_PRELOAD is another");
    }
    ASSAY_LOOP(b) {
        free(make(8));
    }
}

ASSAY_BENCH(promise_kept, .tags = "promise", .threads = {1, 2})
{
    void *block = make(100);
    assay_expect_no_alloc(b);
    ASSAY_LOOP(b) {
        assay_touch(block);
        spin();
    }
    free(block);
}

ASSAY_BENCH(promise_broken, .tags = "promise", .threads = {1, 2})
{
    assay_expect_no_alloc(b);
    ASSAY_LOOP(b) {
        void *first = make(30);
        free(make(34));
        free(first);
    }
}

/* Once in a lap, which is little an iteration. */
ASSAY_BENCH(promise_broken_rarely, .tags = "promise")
{
    uint64_t count = 0;
    assay_expect_no_alloc(b);
    ASSAY_LOOP(b) {
        if (++count % 100 == 0) {
            free(make(40));
        }
        spin();
    }
}

ASSAY_BENCH(promise_too_late, .tags = "late")
{
    ASSAY_LOOP(b) {
        assay_expect_no_alloc(b);
    }
}
