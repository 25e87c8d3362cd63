/* The counting library (preload/tally.h) as a file that a process can be started with. */
#ifndef ASSAY_APP_TALLY_LIBRARY_H
#define ASSAY_APP_TALLY_LIBRARY_H

#include "base/error.h"

/* A sealed memory file with the library, close-on-exec; -1 with STATUS_ENVIRONMENT. */
int tally_library_open(struct error *error);

/* "LD_PRELOAD=...": the library behind this file, then what LD_PRELOAD has now. To be freed. */
char *tally_library_variable(int fd);

#endif
