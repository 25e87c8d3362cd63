/* Benchmarks of which it is known what an iteration allocates and frees. Linked with several
 * allocators. */
#include <assay.h>

#include <jansson.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

ASSAY_SUITE("allocating");

#define KEPT_MAX 1000

/* In a way that no compiler leaves out. */
static void *make(size_t bytes)
{
    void *block = malloc(bytes);
    assay_touch(block);
    return block;
}

static void free_all(void **blocks, size_t *count)
{
    while (*count > 0) {
        free(blocks[--*count]);
    }
}

/* 3 of 100 bytes, 2 of them freed. The third is kept; what is freed while the clock stands is not
 * counted. */
ASSAY_BENCH(three, .threads = {1, 2, 4})
{
    void *kept[KEPT_MAX];
    size_t count = 0;
    ASSAY_LOOP(b) {
        void *first = make(100);
        void *second = make(100);
        kept[count++] = make(100);
        free(first);
        free(second);
        if (count == KEPT_MAX) {
            assay_pause(b);
            free_all(kept, &count);
            assay_resume(b);
        }
    }
    free_all(kept, &count);
}

ASSAY_BENCH(none)
{
    void *block = make(1000);
    ASSAY_LOOP(b) {
        assay_touch(block);
    }
    free(block);
}

/* 10, 1000 and 20 bytes; each but the last is freed by the next. */
ASSAY_BENCH(resized)
{
    ASSAY_LOOP(b) {
        char *block = realloc(NULL, 10);
        assay_touch(block);
        char *larger = realloc(block, 1000);
        assay_touch(larger);
        char *smaller = realloc(larger == NULL ? block : larger, 20);
        assay_touch(smaller);
        free(smaller);
    }
}

ASSAY_BENCH(array)
{
    ASSAY_LOOP(b) {
        void *zeros = calloc(10, 30);
        assay_touch(zeros);
        void *more = reallocarray(zeros, 20, 30);
        assay_touch(more);
        free(more);
    }
}

/* 128 + 100 + 40 + 10 bytes. */
ASSAY_BENCH(aligned)
{
    ASSAY_LOOP(b) {
        void *blocks[4] = {aligned_alloc(64, 128), NULL, memalign(32, 40), valloc(10)};
        if (posix_memalign(&blocks[1], 256, 100) != 0) {
            assay_fail(b, "posix_memalign failed");
        }
        for (int i = 0; i < 4; i++) {
            assay_touch(blocks[i]);
            free(blocks[i]);
        }
    }
}

/* Nothing succeeds: neither an allocation nor a free. */
ASSAY_BENCH(refused)
{
    size_t absurd = SIZE_MAX / 2;
    char *block = make(10);
    assay_touch(&absurd);
    ASSAY_LOOP(b) {
        void *large = malloc(absurd);
        assay_touch(large);
        free(large);
        void *larger = realloc(block, absurd);
        assay_touch(larger);
        block = larger == NULL ? block : larger;
    }
    free(block);
}

ASSAY_BENCH(by_libc)
{
    const char *text = "twelve bytes";
    ASSAY_LOOP(b) {
        assay_touch(&text);
        char *copy = strdup(text);
        assay_touch(copy);
        free(copy);
    }
}

ASSAY_BENCH(by_library)
{
    ASSAY_LOOP(b) {
        json_t *number = json_integer(1);
        assay_touch(number);
        json_decref(number);
    }
}

/* The array doubles now and then. */
ASSAY_BENCH(grows)
{
    size_t capacity = 4;
    size_t count = 0;
    uint64_t *array = malloc(capacity * sizeof *array);
    ASSAY_LOOP(b) {
        if (count == capacity) {
            capacity *= 2;
            uint64_t *larger = realloc(array, capacity * sizeof *array);
            if (larger == NULL) {
                abort();
            }
            array = larger;
        }
        array[count++] = 1;
        assay_touch(array);
        count = count == 1U << 20 ? 0 : count;
    }
    free(array);
}

static void fill(void **blocks, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        blocks[i] = make(70);
    }
}

/* Frees what setup made, and makes 30 bytes of its own. */
ASSAY_BENCH(older, .batch = 10)
{
    void *blocks[10] = {NULL};
    void *kept[KEPT_MAX] = {NULL};
    size_t count = 0;
    uint64_t next = 0;
    ASSAY_LOOP_WITH(b, (next = 0, free_all(kept, &count), fill(blocks, assay_batch(b)))) {
        free(blocks[next++]);
        kept[count++] = make(30);
    }
    free_all(kept, &count); /* NOLINT(clang-analyzer-unix.Malloc): batches are used up */
}

ASSAY_BENCH(paused)
{
    ASSAY_LOOP(b) {
        assay_pause(b);
        void *other = make(1000);
        assay_resume(b);
        free(make(20));
        assay_pause(b);
        free(other);
        assay_resume(b);
    }
}

/* 1500 bytes at a time at most. */
ASSAY_BENCH(peak)
{
    void *before = make(100000);
    ASSAY_LOOP(b) {
        void *first = make(1000);
        void *second = make(500);
        free(first);
        void *third = make(700);
        free(second);
        free(third);
    }
    free(before);
}

/* What the child allocates is its own affair. */
ASSAY_BENCH(forks)
{
    ASSAY_LOOP(b) {
        pid_t child = fork();
        if (child == 0) {
            for (size_t i = 1; i <= 100; i++) {
                free(make(i));
            }
            _exit(0);
        }
        if (child < 0 || waitpid(child, NULL, 0) != child) {
            assay_fail(b, "no child");
        }
        free(make(40));
    }
}

static void *allocate_elsewhere(void *unused)
{
    (void)unused;
    free(make(5000));
    return NULL;
}

/* Nor is what a thread of the body's own allocates. What starting it takes is counted. */
ASSAY_BENCH(starts_threads)
{
    ASSAY_LOOP(b) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, allocate_elsewhere, NULL) != 0) {
            assay_fail(b, "no thread");
        } else {
            pthread_join(thread, NULL);
        }
    }
}

/* A million blocks live; the loop frees one and makes another. */
ASSAY_BENCH(million)
{
    enum { BLOCKS = 1000000 };
    void **blocks = malloc(BLOCKS * sizeof *blocks);
    size_t at = 0;
    if (blocks == NULL) {
        abort();
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = make(16 + i % 64);
    }
    ASSAY_LOOP(b) {
        at = (at + 64 * 7919) % BLOCKS;
        free(blocks[at]);
        blocks[at] = make(16 + at % 64);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    free(blocks);
}

#define RESIDENT_BYTES ((size_t)64 << 20)

/* Touches 64 MiB before its loop, and gives them back. */
ASSAY_BENCH(resident)
{
    char *block = malloc(RESIDENT_BYTES);
    if (block == NULL) {
        abort();
    }
    memset(block, 1, RESIDENT_BYTES);
    assay_touch(block);
    free(block);
    ASSAY_LOOP(b) {
        assay_clobber();
    }
}
