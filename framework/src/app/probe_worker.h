/* The process that a probe starts: runs one benchmark with an instrument around its laps. */
#ifndef ASSAY_APP_PROBE_WORKER_H
#define ASSAY_APP_PROBE_WORKER_H

#include "assay.h"
#include "base/error.h"

/* `fd` is the inherited page (measure/probe.h). Returns the exit status: 0 when the page tells how
 * it ended, whatever that is. */
int probe_worker_run(int fd, const struct assay_entry *entries, struct error *error);

#endif
