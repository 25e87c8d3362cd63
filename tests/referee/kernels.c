/*
 * Does a comparison of two executables see a change of 1 %, and does it see one where there is
 * none?
 *
 * Six kernels, eight benchmarks of each that differ in their ids only. The programs of the referee
 * are linked from these same objects; in some of them one benchmark of each kernel does 0.5 to 5 %
 * more units of work in an iteration (work/units.c), so what a comparison should find is known.
 *
 * How it is measured. Before the loop the number of units is read from the table, and the work is
 * done once and its result compared with what it must be. chase_l2 walks 384 KiB and chase_l3
 * 16 MiB of nodes, one a cache line: they stand for code that waits for the second level of cache
 * on machines with 1 MiB or more of it, where both versions fit side by side, and for code that
 * waits for the third or for memory. The walk goes on where the iteration before left it, so every
 * node is visited.
 *
 * What would make the answer wrong: a compiler that knows the number of units; kernels whose fixed
 * cost is not small against a unit; an injection that changes code or addresses besides the work.
 */
#include <assay.h>

#include "work/work.h"

#include <stdlib.h>
#include <string.h>

ASSAY_SUITE("referee");

#define COPY_ARGS                                                                                  \
    {                                                                                              \
        0, 1, 2, 3, 4, 5, 6, 7                                                                     \
    }

#define CHASE_L2_NODES (384 * 1024 / sizeof(struct chase_node))
#define CHASE_L3_NODES (16 * 1024 * 1024 / sizeof(struct chase_node))

static size_t units_of(const assay_bench *b, enum kernel kernel)
{
    assay_touch(referee_units);
    return referee_units[kernel][assay_arg(b)];
}

ASSAY_BENCH(alu, .arg_name = "copy", .args = COPY_ARGS)
{
    size_t units = units_of(b, ALU);
    uint64_t expected = 1;
    for (size_t i = 0; i < units; i++) {
        expected = alu_work(expected, 1);
    }
    uint64_t state = 1;
    if (alu_work(state, units) != expected) {
        assay_fail(b, "the links of the chain do not add up");
    }
    assay_elements(b, units);
    ASSAY_LOOP(b) {
        assay_touch(&units);
        state = alu_work(state, units);
    }
    assay_keep(state);
}

ASSAY_BENCH(hash, .arg_name = "copy", .args = COPY_ARGS)
{
    size_t units = units_of(b, HASH);
    uint64_t *words = malloc(units * sizeof *words);
    if (words == NULL) {
        assay_fail(b, "out of memory");
        units = 0;
    }
    uint64_t expected = 0xcbf29ce484222325u;
    for (size_t i = 0; i < units; i++) {
        words[i] = i * 0x9e3779b97f4a7c15u;
        expected = (expected ^ words[i]) * 0x100000001b3u;
    }
    if (words != NULL && hash_work(words, units) != expected) {
        assay_fail(b, "the hash is wrong");
    }
    assay_elements(b, units);
    ASSAY_LOOP(b) {
        assay_touch(&units);
        assay_keep(hash_work(words, units));
    }
    free(words);
}

ASSAY_BENCH(sort, .arg_name = "copy", .args = COPY_ARGS)
{
    size_t units = units_of(b, SORT);
    int32_t input[SORT_INTS];
    for (size_t i = 0; i < SORT_INTS; i++) {
        input[i] = (int32_t)(i * 13 % SORT_INTS); /* 13 is odd: each of 0 .. 31 once */
    }
    if (sort_work(input, units) != (int64_t)units * (SORT_INTS / 2)) {
        assay_fail(b, "out of memory, or the values are not in order");
    }
    assay_elements(b, units);
    ASSAY_LOOP(b) {
        assay_touch(&units);
        assay_keep(sort_work(input, units));
    }
}

ASSAY_BENCH(parse, .arg_name = "copy", .args = COPY_ARGS)
{
    static const char record[] = PARSE_RECORD;
    size_t record_bytes = sizeof record - 1;
    size_t units = units_of(b, PARSE);
    size_t bytes = units * record_bytes;
    char *text = malloc(bytes);
    struct parse_counts counts = {0};
    if (text == NULL) {
        assay_fail(b, "out of memory");
    } else {
        for (size_t i = 0; i < units; i++) {
            memcpy(text + i * record_bytes, record, record_bytes);
        }
        parse_work(text, bytes, &counts);
        if (counts.objects != units || counts.strings != 5 * units || counts.numbers != 2 * units ||
            counts.sum != (4711 + 640) * units) {
            assay_fail(b, "the text was read wrongly");
        }
    }
    assay_elements(b, units);
    assay_bytes(b, bytes);
    ASSAY_LOOP(b) {
        assay_touch(&bytes);
        parse_work(text, bytes, &counts);
        assay_touch(&counts);
    }
    free(text);
}

static void chase(assay_bench *b, enum kernel kernel, size_t nodes)
{
    size_t units = units_of(b, kernel);
    struct chase_node *ring = aligned_alloc(sizeof *ring, nodes * sizeof *ring);
    struct chase_node *node = ring;
    if (ring == NULL) {
        assay_fail(b, "out of memory");
    } else {
        chase_link(ring, nodes);
        size_t expected = 0;
        for (size_t i = 0; i < units; i++) {
            expected = chase_next(expected, nodes);
        }
        if (chase_work(ring, units) != &ring[expected]) {
            assay_fail(b, "the walk does not end where it must");
        }
    }
    assay_elements(b, units);
    ASSAY_LOOP(b) {
        assay_touch(&units);
        node = chase_work(node, units);
    }
    assay_keep(node);
    free(ring);
}

ASSAY_BENCH(chase_l2, .arg_name = "copy", .args = COPY_ARGS)
{
    chase(b, CHASE_L2, CHASE_L2_NODES);
}

ASSAY_BENCH(chase_l3, .arg_name = "copy", .args = COPY_ARGS)
{
    chase(b, CHASE_L3, CHASE_L3_NODES);
}
