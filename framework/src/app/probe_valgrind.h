/* Counts a benchmark's instructions: runs the suite's executable under valgrind (measure/
 * callgrind.h) and takes care of all that could make two runs count differently. */
#ifndef ASSAY_APP_PROBE_VALGRIND_H
#define ASSAY_APP_PROBE_VALGRIND_H

#include "app/probe_process.h"

/* Runs the job, which is one of PROBE_INSTRUCTIONS, as probe_process_run does. Options of valgrind
 * from the user's files and environment are not used, and the environment's size is made the same.
 * Its files are in a folder of their own under TMPDIR, which is removed at the end, after an
 * interruption as well. */
enum probe_outcome probe_valgrind_run(const struct probe_job *job, struct probe_page *page);

#endif
