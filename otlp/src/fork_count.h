/* Whether this process is still the one in which something was made. */
#ifndef OTLP_SRC_FORK_COUNT_H
#define OTLP_SRC_FORK_COUNT_H

#include <stdatomic.h>

/* For otlp__fork_count() alone. */
extern atomic_uint otlp__forks;

/* Counts from now on. OTLP_ENOMEM: the handler for fork() cannot be installed. */
int otlp__fork_watch(void);

/* How many times fork() lies between here and the process that began to count: another number in a
 * child than in its parent. */
static inline unsigned otlp__fork_count(void)
{
    return atomic_load_explicit(&otlp__forks, memory_order_relaxed);
}

#endif
