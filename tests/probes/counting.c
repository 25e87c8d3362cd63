/* Benchmarks of which it is known how often an iteration does what --counters counts. */
#include <assay.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

ASSAY_SUITE("counting");

#define PAGE 4096

static char *map_page(void)
{
    char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}

/* One fault: the page that is written to is not there. */
static void fault(char *page)
{
    page[0] = 1;
    assay_touch(page);
    (void)madvise(page, PAGE, MADV_DONTNEED);
}

/* Whether this process has a file of perf_event_open. */
static bool is_watched(void)
{
    for (int fd = 3; fd < 24; fd++) {
        char path[32];
        char target[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(path, target, sizeof target - 1);
        target[length < 0 ? 0 : length] = '\0';
        if (strstr(target, "perf_event") != NULL) {
            return true;
        }
    }
    return false;
}

ASSAY_BENCH(faults, .threads = {1, 2, 4})
{
    char *page = map_page();
    if (page == NULL) {
        assay_fail(b, "no page");
        return;
    }
    ASSAY_LOOP(b) {
        fault(page);
    }
    munmap(page, PAGE);
}

ASSAY_BENCH(faults_of_setup, .batch = 4)
{
    char *page = map_page();
    char *other = map_page();
    if (page == NULL || other == NULL) {
        assay_fail(b, "no page");
        return;
    }
    ASSAY_LOOP_WITH(b, fault(other)) {
        fault(page);
    }
    munmap(page, PAGE);
    munmap(other, PAGE);
}

ASSAY_BENCH(faults_paused)
{
    char *page = map_page();
    char *other = map_page();
    if (page == NULL || other == NULL) {
        assay_fail(b, "no page");
        return;
    }
    ASSAY_LOOP(b) {
        fault(page);
        assay_pause(b);
        fault(other);
        fault(other);
        assay_resume(b);
        fault(page);
    }
    munmap(page, PAGE);
    munmap(other, PAGE);
}

ASSAY_BENCH(faults_recorded)
{
    char *page = map_page();
    if (page == NULL) {
        assay_fail(b, "no page");
        return;
    }
    ASSAY_LOOP(b) {
        fault(page);
        assay_record_ns(b, 1000);
    }
    munmap(page, PAGE);
}

/* Reads of memory that is there, and arithmetic: no fault, no system call. */
ASSAY_BENCH(quiet)
{
    uint64_t x = 0;
    ASSAY_LOOP(b) {
        for (int i = 0; i < 64; i++) {
            x += (uint64_t)i;
            assay_touch(&x);
        }
    }
}

/* Gives the CPU away once. */
ASSAY_BENCH(sleeps)
{
    const struct timespec little = {.tv_nsec = 1000};
    ASSAY_LOOP(b) {
        nanosleep(&little, NULL);
    }
}

/* A time of the CPU, against which task-clock is held. */
ASSAY_BENCH(busy)
{
    ASSAY_LOOP(b) {
        struct timespec begun;
        struct timespec now;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begun);
        do {
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        } while ((now.tv_sec - begun.tv_sec) * 1000000000 + now.tv_nsec - begun.tv_nsec < 100000);
    }
}

/* How many iterations ran while counters were open, and how many while none was. */
ASSAY_BENCH(watched)
{
    uint64_t watched = 0;
    uint64_t unwatched = 0;
    ASSAY_LOOP(b) {
        if (is_watched()) {
            watched++;
        } else {
            unwatched++;
        }
    }
    assay_counter(b, "watched", (double)watched, NULL);
    assay_counter(b, "unwatched", (double)unwatched, NULL);
}

ASSAY_BENCH(fails_when_counted)
{
    ASSAY_LOOP(b) {
        if (is_watched()) {
            assay_fail(b, "it was counted");
        }
    }
}

ASSAY_BENCH(hangs_when_counted)
{
    ASSAY_LOOP(b) {
        while (is_watched()) {
            pause();
        }
    }
}

/* An iteration is longer than all laps for counting should be together. */
ASSAY_BENCH(slow)
{
    const struct timespec long_time = {.tv_nsec = 30000000};
    uint64_t iterations = 0;
    ASSAY_LOOP(b) {
        nanosleep(&long_time, NULL);
        iterations += is_watched();
    }
    assay_counter(b, "watched", (double)iterations, NULL);
}
