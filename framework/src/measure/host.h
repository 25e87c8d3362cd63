/* What machine this is: stable facts only, so that the same machine has the same key tomorrow. */
#ifndef ASSAY_MEASURE_HOST_H
#define ASSAY_MEASURE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_CACHES_MAX 8

struct host_cache {
    int level;
    char type[16]; /* "Data", "Instruction", "Unified" */
    int64_t size_bytes;
};

struct host_facts {
    char key[20]; /* FNV-1a of model, CPU count, caches, memory in GiB and architecture, in hex */
    char name[128];
    char cpu_model[128];
    int cpus;
    size_t cache_count;
    struct host_cache caches[HOST_CACHES_MAX];
    int64_t memory_bytes;
    char architecture[72];
    char kernel[128];
    char os[128];
    bool virtual_machine;
};

/* Reads /proc, /sys and uname. What cannot be read is "unknown" or 0. */
void host_read(struct host_facts *host);

#endif
