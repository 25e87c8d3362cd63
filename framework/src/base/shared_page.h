/* Memory that a process shares with one that it starts: a memory file, mapped by both. */
#ifndef ASSAY_BASE_SHARED_PAGE_H
#define ASSAY_BASE_SHARED_PAGE_H

#include "base/error.h"

#include <stddef.h>

/* A new memory file of so many zero bytes, mapped: *fd is the file (close-on-exec), to be handed to
 * the other process. `what` names it in sentences ("two processes"). NULL, and STATUS_ENVIRONMENT,
 * when the system has none. Release with shared_page_unmap and close. */
void *shared_page_create(const char *what, size_t bytes, int *fd, struct error *error);

/* The memory behind an inherited file. NULL with STATUS_USAGE when the file has fewer bytes or is
 * none, STATUS_ENVIRONMENT when it cannot be mapped. `what` names the program that makes such
 * files. */
void *shared_page_map(const char *what, int fd, size_t bytes, struct error *error);

/* NULL: does nothing. */
void shared_page_unmap(void *page, size_t bytes);

#endif
