/* The whole decision procedure on pairs that were measured once: tests/referee/traces.bin holds
 * slices of six kernels, the same program against itself (tests/referee/referee.py --record). What
 * a comparison would get from fresh processes it gets from the file: pairs in random order, each
 * with old and new changed at random, the new side's times multiplied by a known factor.
 *
 * No process runs and no clock is read, so that the counts below depend on the code and the seed
 * alone. The functions of versus/bout.h are this file's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/paired.h"
#include "base/memory.h"
#include "base/rng.h"
#include "versus/contest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRACES_PATH "tests/referee/traces.bin" /* tests run in the repository's root */

#define KERNELS    6
#define COPIES     8
#define BENCHMARKS ((size_t)KERNELS * COPIES)
#define SUITES     10
#define PAIRS_MAX  80
#define SLICES_MAX 64
#define ID_BYTES   64
#define PAIR_S     0.025

struct stored_pair {
    int order;
    uint32_t slices;
    double ns[2][SLICES_MAX];
};

struct kernel {
    char id[ID_BYTES];
    size_t count;
    struct stored_pair pairs[PAIRS_MAX];
};

static struct kernel kernels[KERNELS];
static size_t kernel_count;

/* What a benchmark draws its pairs from. */
struct source {
    const struct kernel *kernel;
    double factor; /* of the new side's times */
    size_t next;
    size_t shuffled[PAIRS_MAX];
};

static struct source sources[BENCHMARKS];

/* ---- The file ---- */

static bool take(FILE *file, void *to, size_t bytes)
{
    return fread(to, 1, bytes, file) == bytes;
}

static bool read_times(FILE *file, uint32_t count, double *ns)
{
    float values[SLICES_MAX];
    if (!take(file, values, count * sizeof *values)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        ns[i] = (double)values[i];
    }
    return true;
}

static bool read_benchmark(FILE *file)
{
    uint32_t head[2]; /* number, length */
    if (!take(file, head, sizeof head) || head[0] != kernel_count || kernel_count == KERNELS ||
        head[1] >= ID_BYTES) {
        return false;
    }
    kernels[kernel_count].id[head[1]] = '\0';
    return take(file, kernels[kernel_count++].id, head[1]);
}

static bool read_pair(FILE *file)
{
    uint32_t head[4]; /* number, order, confirming, slices */
    uint64_t iterations;
    if (!take(file, head, sizeof head) || !take(file, &iterations, sizeof iterations) ||
        head[0] >= kernel_count || head[3] > SLICES_MAX || kernels[head[0]].count == PAIRS_MAX) {
        return false;
    }
    struct stored_pair *pair = &kernels[head[0]].pairs[kernels[head[0]].count++];
    pair->order = (int)head[1];
    pair->slices = head[3];
    return read_times(file, pair->slices, pair->ns[0]) &&
           read_times(file, pair->slices, pair->ns[1]);
}

static int read_traces(void **state)
{
    char magic[8];
    uint32_t tag;
    FILE *file = fopen(TRACES_PATH, "rb");
    (void)state;
    assert_non_null(file);
    assert_true(take(file, magic, sizeof magic));
    assert_memory_equal(magic, "assaytr1", sizeof magic);
    while (take(file, &tag, sizeof tag)) {
        assert_true(tag == 1 || tag == 2);
        assert_true(tag == 1 ? read_benchmark(file) : read_pair(file));
    }
    fclose(file);
    return 0;
}

/* ---- In place of processes ---- */

void bout_release(struct bout *bout)
{
    free(bout->benchmark->pairs);
    free(bout->benchmark->note);
}

bool bout_is_alive(const struct bout *bout)
{
    (void)bout;
    return true;
}

double bout_pair_seconds(const struct bout *bout, double guess)
{
    (void)bout;
    (void)guess;
    return PAIR_S;
}

size_t bout_count_pairs(const struct bout *bout, bool confirming)
{
    size_t count = 0;
    for (size_t i = 0; i < bout->benchmark->pair_count; i++) {
        count += bout->benchmark->pairs[i].confirming == confirming;
    }
    return count;
}

void bout_summarise(struct bout *bout)
{
    bout->benchmark->pair_seconds = PAIR_S;
}

static void shuffle(struct source *source, struct rng *rng)
{
    source->next = 0;
    for (size_t i = 0; i < source->kernel->count; i++) {
        size_t other = (size_t)rng_below(rng, i + 1);
        source->shuffled[i] = source->shuffled[other];
        source->shuffled[other] = i;
    }
}

/* What needs more pairs than were recorded gets them again, with the sides changed anew. */
bool bout_run_pair(struct bout_ring *ring, struct bout *bout, bool confirming)
{
    struct source *source = &sources[bout->number];
    if (source->next == source->kernel->count) {
        shuffle(source, &ring->rng);
    }
    const struct stored_pair *stored = &source->kernel->pairs[source->shuffled[source->next++]];
    struct versus_benchmark *b = bout->benchmark;
    size_t old = (size_t)rng_below(&ring->rng, 2);
    double new_ns[SLICES_MAX];
    for (uint32_t i = 0; i < stored->slices; i++) {
        new_ns[i] = stored->ns[!old][i] * source->factor;
    }
    struct versus_pair pair = {.confirming = confirming,
                               .order = old == 0 ? stored->order : -stored->order,
                               .log_ratio =
                                   paired_log_ratio(stored->ns[old], new_ns, stored->slices),
                               .slices = stored->slices};
    b->status = VERSUS_COMPARED;
    b->pairs = memory_resize(b->pairs, b->pair_count + 1, sizeof *b->pairs);
    b->pairs[b->pair_count++] = pair;
    return true;
}

/* ---- Suites of comparisons ---- */

struct counts {
    size_t tries;
    size_t regressed;
    size_t improved;
    size_t unchanged;
};

struct tally {
    struct counts same;
    struct counts compute; /* the changed ones of alu, hash, sort and parse */
    struct counts memory;  /* and of the two chases */
};

static void prepare(struct bout *bouts, struct versus_benchmark *benchmarks, double factor,
                    struct rng *rng)
{
    for (size_t i = 0; i < BENCHMARKS; i++) {
        struct source *source = &sources[i];
        *source =
            (struct source){.kernel = &kernels[i % KERNELS], .factor = i < KERNELS ? factor : 1};
        shuffle(source, rng);
        benchmarks[i] =
            (struct versus_benchmark){.id = kernels[i % KERNELS].id, .status = VERSUS_UNTRIED};
        bouts[i] = (struct bout){.benchmark = &benchmarks[i], .number = (uint32_t)i};
    }
}

static void count(const struct versus_benchmark *b, struct counts *counts)
{
    counts->tries++;
    counts->regressed += b->verdict == VERSUS_REGRESSED;
    counts->improved += b->verdict == VERSUS_IMPROVED;
    counts->unchanged += b->verdict == VERSUS_UNCHANGED;
}

/* The first benchmark of each kernel is changed, the other seven are not. */
static struct tally run_suites(double factor, uint64_t seed)
{
    struct versus_settings settings = {.confidence = 0.95,
                                       .guard = 0.003,
                                       .margin = 0.01,
                                       .false_alarms = 0.01,
                                       .screen_pairs = 16,
                                       .confirm_pairs = 60,
                                       .pair_ns = 20e6,
                                       .slice_ns = 1e5};
    struct bout bouts[BENCHMARKS];
    struct versus_benchmark benchmarks[BENCHMARKS];
    struct tally tally = {0};
    for (uint64_t suite = 0; suite < SUITES; suite++) {
        struct contest contest = {
            .count = BENCHMARKS, .bouts = bouts, .ring = {.settings = &settings}};
        rng_seed(&contest.ring.rng, seed + suite);
        prepare(bouts, benchmarks, factor, &contest.ring.rng);
        contest_run(&contest);
        for (size_t i = 0; i < BENCHMARKS; i++) {
            bool changed = i < KERNELS && factor != 1;
            bool memory = strstr(benchmarks[i].id, "chase") != NULL;
            count(&benchmarks[i], !changed ? &tally.same : memory ? &tally.memory : &tally.compute);
            bout_release(&bouts[i]);
        }
    }
    return tally;
}

/* ---- Tests ---- */

static void test_file_has_six_kernels(void **state)
{
    static const char *const ids[KERNELS] = {"referee/alu/0",      "referee/chase_l2/0",
                                             "referee/chase_l3/0", "referee/hash/0",
                                             "referee/parse/0",    "referee/sort/0"};
    (void)state;
    assert_int_equal(kernel_count, KERNELS);
    for (size_t i = 0; i < KERNELS; i++) {
        assert_string_equal(kernels[i].id, ids[i]);
        assert_in_range(kernels[i].count, 16 + 60, PAIRS_MAX); /* both stages */
    }
}

static void test_no_false_alarm(void **state)
{
    (void)state;
    struct tally tally = run_suites(1, 1);
    assert_int_equal(tally.same.tries, SUITES * BENCHMARKS);
    assert_int_equal(tally.same.regressed, 0);
    assert_int_equal(tally.same.improved, 0);
}

static void test_same_seed_same_verdicts(void **state)
{
    (void)state;
    struct tally first = run_suites(1.01, 3);
    struct tally again = run_suites(1.01, 3);
    assert_memory_equal(&first, &again, sizeof first);
}

static void test_2_percent_slower_is_found(void **state)
{
    (void)state;
    struct tally tally = run_suites(1.02, 5);
    assert_int_equal(tally.same.regressed + tally.same.improved, 0);
    assert_int_equal(tally.compute.tries, SUITES * 4);
    assert_true(20 * tally.compute.regressed >= 19 * tally.compute.tries);
    assert_int_equal(tally.compute.improved + tally.memory.improved, 0);
}

/* Kernels that wait for memory were recorded beside other work: 5 % and more between processes. */
static void test_10_percent_slower_is_found_in_memory(void **state)
{
    (void)state;
    struct tally tally = run_suites(1.1, 11);
    assert_int_equal(tally.memory.tries, SUITES * 2);
    assert_true(20 * tally.memory.regressed >= 19 * tally.memory.tries);
    assert_int_equal(tally.same.regressed + tally.same.improved, 0);
}

static void test_2_percent_faster_is_found(void **state)
{
    (void)state;
    struct tally tally = run_suites(1 / 1.02, 7);
    assert_true(20 * tally.compute.improved >= 19 * tally.compute.tries);
    assert_int_equal(tally.compute.regressed + tally.memory.regressed, 0);
}

/* A change within the guard must not be called. */
static void test_a_fifth_of_a_percent_is_left_alone(void **state)
{
    (void)state;
    struct tally tally = run_suites(1.002, 9);
    assert_int_equal(tally.compute.regressed + tally.memory.regressed, 0);
    assert_true(tally.compute.unchanged > tally.compute.tries / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_has_six_kernels),
        cmocka_unit_test(test_no_false_alarm),
        cmocka_unit_test(test_same_seed_same_verdicts),
        cmocka_unit_test(test_2_percent_slower_is_found),
        cmocka_unit_test(test_10_percent_slower_is_found_in_memory),
        cmocka_unit_test(test_2_percent_faster_is_found),
        cmocka_unit_test(test_a_fifth_of_a_percent_is_left_alone),
    };
    return cmocka_run_group_tests_name("replay", tests, read_traces, NULL);
}
