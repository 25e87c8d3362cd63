/* The work of the referee's kernels, counted in equal units: twice the units are twice the work.
 *
 * Each kernel is a source file of its own, so that programs can be linked in another order, and the
 * numbers of units are data of yet another (units.c): programs with more work in some of the
 * benchmarks differ from those without in these numbers and in nothing else. */
#ifndef REFEREE_WORK_H
#define REFEREE_WORK_H

#include <stddef.h>
#include <stdint.h>

#define COPIES 8 /* benchmarks a kernel, all the same code */

enum kernel { ALU = 0, HASH, SORT, PARSE, CHASE_L2, CHASE_L3, KERNELS };

/* Units of an iteration, in multiples of 200: one unit of 200 is 0.5 %. Not const, or a compiler
 * that sees the values could make code of them. */
extern uint32_t referee_units[KERNELS][COPIES];

/* ---- alu: a chain of dependent integer operations; a unit is one link. ---- */
uint64_t alu_work(uint64_t state, size_t units);

/* ---- hash: FNV-1a over 8-byte words; a unit is a word. ---- */
uint64_t hash_work(const uint64_t *words, size_t units);

/* ---- sort: insertion sort of a copy in fresh memory; a unit is one such sort. ---- */
#define SORT_INTS 32
/* The sum of the medians, or -1 when there is no memory. */
int64_t sort_work(const int32_t input[SORT_INTS], size_t units);

/* ---- parse: a scan of JSON text by a state machine; a unit is a record of the text. ---- */
struct parse_counts {
    uint64_t objects;
    uint64_t strings;
    uint64_t numbers;
    uint64_t sum; /* of the numbers */
};
/* The bytes of a record. */
#define PARSE_RECORD "{\"id\":4711,\"name\":\"span \\\"a\\\"\",\"ok\":true,\"size\":640},\n"
void parse_work(const char *text, size_t bytes, struct parse_counts *counts);

/* ---- chase: pointers through a list in random order; a unit is a step. ---- */
struct chase_node {
    struct chase_node *next;
    char rest[64 - sizeof(struct chase_node *)];
};
struct chase_node *chase_work(struct chase_node *node, size_t units);
/* Links the nodes to one ring in an order without a pattern that depends on the count alone, which
 * must be a multiple of 4 without other prime factors than 2 and 3. */
void chase_link(struct chase_node *nodes, size_t count);
/* The number of the node that follows node i. */
size_t chase_next(size_t i, size_t count);

#endif
