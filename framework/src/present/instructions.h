/* What `assay instructions` prints and writes: instructions of an iteration of each benchmark, of
 * one executable or of two. docs/instructions.schema.json describes the document. */
#ifndef ASSAY_PRESENT_INSTRUCTIONS_H
#define ASSAY_PRESENT_INSTRUCTIONS_H

#include "analysis/work.h"
#include "base/str.h"
#include "present/versus.h"

#include <stdbool.h>
#include <stddef.h>

#define INSTRUCTIONS_SCHEMA "assay-instructions/1"
/* Rises when the same program would be counted differently. */
#define INSTRUCTIONS_METHOD 1

/* The benchmarks of `versus` have the pair of metrics "instructions" each (versus/counting.h). */
struct instructions {
    const struct versus *versus;
    const uint64_t *iterations; /* of a lap, for each benchmark; 0: it was not counted */
    bool one_side;              /* the new side alone */
    bool gated;
    double tolerance; /* of the gate */
};

/* How many benchmarks ended as what. */
struct instructions_counts {
    size_t more;
    size_t less;
    size_t same;
    size_t varies;
    size_t unavailable;
    size_t counted;     /* of which every side that was asked for has a count */
    size_t beyond_gate; /* grew by more than the gate allows */
};
struct instructions_counts instructions_count(const struct instructions *i);

/* A line for each benchmark whose count changed, varies or is not available; with `all`, or one
 * side alone, for every benchmark. */
void instructions_add_lines(const struct instructions *i, bool all, bool colour, struct str *out);
/* The counts, and what is on one side only. */
void instructions_add_summary(const struct instructions *i, struct str *out);

/* The JSON document, with a line break at its end. */
void instructions_write(const struct instructions *i, struct str *out);

/* "1204", "1204.065": a count of instructions, in as many digits as it has; and the difference of
 * two, with its sign. */
void instructions_add_number(struct str *out, double count, bool with_sign);

#endif
