/* What in the machine's present state makes figures worse, and what to do about it. */
#ifndef ASSAY_MEASURE_ENVIRONMENT_H
#define ASSAY_MEASURE_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENVIRONMENT_CHECKS_MAX 24

/* What is looked at. */
struct environment_site {
    const char *root;  /* measure/sysfile.h; with one, nothing is asked of this machine's kernel */
    bool optimised;    /* how the suite was compiled */
    const char *flags; /* and with what; NULL: not recorded */
    int64_t cpu;       /* that benchmarks are pinned to; -1: none */
};

struct environment_check {
    const char *name;  /* "CPU governor" */
    char finding[200]; /* "powersave on all 8 CPUs"; says so when it cannot be read */
    char advice[240];  /* empty: nothing to do */
    bool warns;        /* belongs in every result, not only in the doctor's list */
};

/* Fills checks (room for ENVIRONMENT_CHECKS_MAX) and returns how many. */
size_t environment_check(const struct environment_site *site, struct environment_check *checks);

#endif
