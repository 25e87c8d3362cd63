/* Reads what callgrind, a tool of valgrind, writes when it is asked for its counts.
 *
 * The format is callgrind's own ("Callgrind Format Specification", version 1): lines "key: value"
 * above and below the costs of each function. Of all that only three lines matter here; any other
 * is passed over. */
#ifndef ASSAY_MEASURE_CALLGRIND_DUMP_H
#define ASSAY_MEASURE_CALLGRIND_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets *count to the instructions of all functions together. false unless the text has, once each,
 * "desc: Trigger: Client Request: " with this label, "events:" with "Ir" as the first of them, and
 * a "totals:" that begins with a number: a dump that was cut off has no totals. */
bool callgrind_dump_read(const char *text, size_t length, const char *label, uint64_t *count);

#endif
