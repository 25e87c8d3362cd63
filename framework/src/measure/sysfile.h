/* Small files below /proc and /sys, read through a root: "" is this machine, a folder is a copy of
 * another machine's files. */
#ifndef ASSAY_MEASURE_SYSFILE_H
#define ASSAY_MEASURE_SYSFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest path that is read, root included; a longer one counts as not there. */
#define SYSFILE_PATH_MAX 1024
/* CPUs that a list may name. */
#define SYSFILE_CPUS_MAX 1024

/* First line without its line break; false when it cannot be read. */
bool sysfile_line(const char *root, const char *path, char *line, size_t size);

/* The value behind "key : value" or KEY="value" in a file of lines; false when no line has the key.
 */
bool sysfile_value(const char *root, const char *path, const char *key, char separator, char *value,
                   size_t size);

/* The number that the file's first line begins with; false when it begins with none. */
bool sysfile_number(const char *root, const char *path, int64_t *number);

/* The CPUs of a list such as "0-3,8", in order; returns how many, SYSFILE_CPUS_MAX at the most. 0
 * for a text that is no list. */
size_t sysfile_cpus(const char *list, unsigned cpus[SYSFILE_CPUS_MAX]);

/* Share of the last ten seconds in which some work had to wait for the resource ("cpu", "memory"),
 * in percent (Linux pressure stall information); false where the kernel does not count it. */
bool sysfile_pressure(const char *root, const char *resource, double *percent);

#endif
