/* The checks of the environment, by what they look at. Each adds one entry to the list. */
#ifndef ASSAY_MEASURE_ENVIRONMENT_INTERNAL_H
#define ASSAY_MEASURE_ENVIRONMENT_INTERNAL_H

#include "measure/environment.h"

#include <stdio.h>

struct environment_list {
    const struct environment_site *site;
    struct environment_check *checks;
    size_t count;
};

static inline struct environment_check *environment_add(struct environment_list *list,
                                                        const char *name)
{
    struct environment_check *check = &list->checks[list->count++];
    *check = (struct environment_check){.name = name};
    return check;
}

#define FIND(check, ...)   snprintf((check)->finding, sizeof(check)->finding, __VA_ARGS__)
#define ADVISE(check, ...) snprintf((check)->advice, sizeof(check)->advice, __VA_ARGS__)
#define WARN(check, ...)   ((check)->warns = true, ADVISE(check, __VA_ARGS__))

/* The processor: environment_cpu.c. */
void environment_check_clock_source(struct environment_list *list);
void environment_check_tsc(struct environment_list *list);
void environment_check_governor(struct environment_list *list);
void environment_check_turbo(struct environment_list *list);
void environment_check_smt(struct environment_list *list);

/* What of the machine this process gets: environment_share.c. */
void environment_check_quota(struct environment_list *list);
void environment_check_cpuset(struct environment_list *list);
void environment_check_steal(struct environment_list *list);
void environment_check_load(struct environment_list *list);
void environment_check_memory(struct environment_list *list);

#endif
