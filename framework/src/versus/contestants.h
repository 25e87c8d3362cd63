/* The executables of two sides, what they say of themselves, and which benchmarks both have. */
#ifndef ASSAY_VERSUS_CONTESTANTS_H
#define ASSAY_VERSUS_CONTESTANTS_H

#include "base/error.h"
#include "measure/duel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct contestant_benchmark {
    char *id;
    unsigned threads;
    char *symbol; /* of the function with its body; NULL: not told */
};

/* One executable. */
struct contestant {
    char *path;
    char *suite;
    char *compiler; /* NULL: not recorded */
    char *flags;
    char *variant;
    uint32_t probes; /* protocol of its probes; 0: it has none */
    size_t layouts;  /* 0: only the plain executable */
    int *fds;        /* open: the plain one, or one for each layout */
    size_t count;
    struct contestant_benchmark *benchmarks;
};

/* The executables of one file name; a side without it has path NULL. */
struct contestant_pair {
    char *name;
    struct contestant side[2]; /* DUEL_OLD, DUEL_NEW */
};

struct contestants {
    size_t count;
    struct contestant_pair *pairs; /* by name */
};

/* Opens both sides: two executables, or two folders of them (files that may be executed, but for
 * "assay", "otlp-*" and names that begin with a point), and asks each what it is. layouts > 0: of
 * each also layouts/1 .. layouts/<layouts>/<name> beside it, which are then used in its place. 0;
 * or -1 with STATUS_USAGE (a path that is not there, a file against a folder) or STATUS_ENVIRONMENT
 * (no worker mode, another protocol, a missing layout). Release in either case. children_init must
 * have been called. */
int contestants_open(const char *old_path, const char *new_path, size_t layouts,
                     struct contestants *c, struct error *error);
void contestants_release(struct contestants *c);

/* 0 when every pair was built by the same compiler with the same flags and variant; else -1 with
 * STATUS_ENVIRONMENT and a sentence that tells both. */
int contestants_check_builds(const struct contestants *c, struct error *error);

/* The benchmark of a side, or NULL. */
const struct contestant_benchmark *contestant_find(const struct contestant *side, const char *id);

#endif
