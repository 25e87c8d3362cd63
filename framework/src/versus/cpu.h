/* The CPU on which the two sides of a comparison run. */
#ifndef ASSAY_VERSUS_CPU_H
#define ASSAY_VERSUS_CPU_H

#include <sched.h>
#include <stdbool.h>

/* Of the CPUs that this process may use, the one on which a fixed piece of work takes the least
 * time now (50 ms each, 16 CPUs at the most); -1 when it may not choose. The process may use the
 * same CPUs afterwards as before. */
int cpu_find_quiet(void);

/* Takes this process off the CPU, so that it does not disturb what runs there, unless it is the
 * only one. */
void cpu_avoid(int cpu);

/* The CPUs that this process might use before cpu_avoid, for those that it starts. */
void cpu_allowed_before(cpu_set_t *cpus);

/* Whether this process may run on the CPU. */
bool cpu_is_allowed(int cpu);

#endif
