/* Counts the instructions that a kernel executes, in a process that valgrind's tool callgrind runs.
 *
 * Callgrind counts from a client request to the next: collecting is switched on and off around each
 * timed span by the meter, so that setup, teardown, the harness between laps and what a body does
 * while its clock is paused are not counted. The counts of a lap are dumped to a file when it ends.
 *
 * What remains of the harness is known and taken off: an iteration of the suite's empty loop, and
 * for each batch and each pause the instructions between the request and the body. These are
 * counted in the same process after the last lap, by loops that are empty. The constant part of a
 * lap falls out of the slope (measure/probe.h). */
#ifndef ASSAY_MEASURE_CALLGRIND_H
#define ASSAY_MEASURE_CALLGRIND_H

#include "measure/probe.h"

/* The variable of the environment that names callgrind's output file, as an absolute path; the
 * dumps have a point and a number behind it. */
#define CALLGRIND_FILE_VARIABLE "ASSAY_CALLGRIND_FILE"

/* Its metrics, of the source "valgrind": what the kernel itself executes, and what was taken off as
 * the harness's. */
#define CALLGRIND_METRIC      "instructions"
#define CALLGRIND_LOOP_METRIC "loop_instructions"

extern const struct instrument callgrind_instrument;

/* Adds CALLGRIND_METRIC as unavailable with this reason. */
void callgrind_deny(struct metric_list *metrics, const char *reason);

#endif
