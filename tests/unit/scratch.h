/* A folder of a test's own, made before it and removed with all that is in it. Include after
 * cmocka.h. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

struct scratch {
    char path[64];
};

/* cmocka set-up: *state becomes the struct scratch. */
static inline int scratch_make(void **state)
{
    struct scratch *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return -1;
    }
    snprintf(s->path, sizeof s->path, "/tmp/assay-test.XXXXXX");
    *state = s;
    return mkdtemp(s->path) == NULL ? -1 : 0;
}

static inline int scratch_remove_entry(const char *path, const struct stat *facts, int kind,
                                       struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    return remove(path);
}

/* cmocka tear-down. */
static inline int scratch_remove(void **state)
{
    struct scratch *s = *state;
    int result = nftw(s->path, scratch_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(s);
    return result;
}

/* A path inside the folder; release it. */
static inline struct str scratch_path(const struct scratch *s, const char *name)
{
    struct str path = STR_EMPTY;
    str_format(&path, "%s/%s", s->path, name);
    return path;
}

/* How many files and folders, hidden ones too, are in a folder. */
static inline size_t scratch_count(const char *folder)
{
    DIR *list = opendir(folder);
    size_t count = 0;
    while (list != NULL && readdir(list) != NULL) {
        count++;
    }
    if (list != NULL) {
        closedir(list);
    }
    return count < 2 ? 0 : count - 2; /* "." and ".." */
}

#endif
