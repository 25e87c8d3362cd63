/* Files: whole reads, atomic saves, folders. Every function sets one sentence on failure. */
#ifndef ASSAY_BASE_FILE_H
#define ASSAY_BASE_FILE_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* Replaces path by these bytes: a temporary file beside it, fsync, rename. Until the rename the old
 * file is whole; after a crash, a full disk or a signal it is either the old one or the new one. A
 * left-over temporary file is removed on failure. Of a link, the file that it leads to is replaced;
 * to what is no file, such as /dev/stdout or a pipe, the bytes are written. 0, or -1 with
 * STATUS_ENVIRONMENT. */
int file_save(const char *path, const char *bytes, size_t length, struct error *error);

/* Adds the content of path to `out`. 0, or -1 with STATUS_ENVIRONMENT; a file above 1 GiB is
 * refused. */
int file_load(const char *path, struct str *out, struct error *error);

bool file_exists(const char *path);

/* Makes the folder and those above it. 0, or -1 with STATUS_ENVIRONMENT. */
int file_make_folder(const char *path, struct error *error);

/* 0 when a file can be made in the folder (made if need be), else -1 with STATUS_ENVIRONMENT. */
int file_check_writable(const char *folder, struct error *error);

/* 0 when file_save is likely to work for this path (its folder is made if need be), else -1 with
 * STATUS_ENVIRONMENT. */
int file_check_target(const char *path, struct error *error);

/* Opens /dev/null for those of the files 0 to 2 that are closed: a file that is opened later must
 * not become standard output or error. Writing to what was closed still fails for the one and is
 * lost for the other. */
void file_hold_standard(void);

/* First line of a small file such as those of /proc and /sys, without its line break; false when it
 * cannot be read. */
bool file_first_line(const char *path, char *line, size_t size);

#endif
