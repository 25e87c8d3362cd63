/* What a body asks and says. */
#include "base/memory.h"
#include "measure/bench_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

uint64_t assay_batch(const assay_bench *b)
{
    return b->batch_iterations;
}

uint64_t assay_batch_max(const assay_bench *b)
{
    return b->bench->cold ? 1 : batching_max(&b->bench->batching, b->team->size);
}

void assay_evict(assay_bench *b, const void *memory, size_t bytes)
{
    if (!b->bench->cold || memory == NULL || bytes == 0) {
        return;
    }
    if (b->begun) {
        assay_fail(b, "assay_evict after the loop began; name the memory before it");
        return;
    }
    if (b->region_count == COLD_REGIONS_MAX) {
        assay_fail(b, "assay_evict was called more than 32 times");
        return;
    }
    b->regions[b->region_count++] = (struct cold_region){memory, bytes};
}

int64_t assay_arg(const assay_bench *b)
{
    return b->bench->arg.value;
}

const char *assay_arg_name(const assay_bench *b)
{
    return b->bench->arg.text;
}

int64_t assay_arg2(const assay_bench *b)
{
    return b->bench->arg2.value;
}

const char *assay_arg2_name(const assay_bench *b)
{
    return b->bench->arg2.text;
}

unsigned assay_thread_index(const assay_bench *b)
{
    return b->thread_index;
}

unsigned assay_threads(const assay_bench *b)
{
    return b->team->size;
}

void assay_bytes(assay_bench *b, uint64_t bytes_per_iteration)
{
    if (b->thread_index == 0) {
        b->record->bytes_per_iteration = bytes_per_iteration;
    }
}

void assay_elements(assay_bench *b, uint64_t elements_per_iteration)
{
    if (b->thread_index == 0) {
        b->record->elements_per_iteration = elements_per_iteration;
    }
}

void assay_counter(assay_bench *b, const char *name, double value, const char *unit)
{
    struct record *record = b->record;
    if (b->thread_index != 0) {
        return;
    }
    if (name == NULL || !isfinite(value)) {
        assay_fail(b, name == NULL ? "assay_counter without a name"
                                   : "assay_counter was given a value that is not finite");
        return;
    }
    char key[RECORD_NAME_BYTES];
    snprintf(key, sizeof key, "%s", name);
    size_t i = 0;
    while (i < record->counter_count && strcmp(record->counters[i].name, key) != 0) {
        i++;
    }
    if (i == RECORD_COUNTERS_MAX) {
        assay_fail(b, "more than 16 counters");
        return;
    }
    snprintf(record->counters[i].name, RECORD_NAME_BYTES, "%s", key);
    snprintf(record->counters[i].unit, RECORD_NAME_BYTES, "%s", unit == NULL ? "" : unit);
    record->counters[i].value = value;
    record->counter_count = i == record->counter_count ? i + 1 : record->counter_count;
}

void assay_record_ns(assay_bench *b, double duration_ns)
{
    if (!(duration_ns >= 0) || !isfinite(duration_ns)) {
        assay_fail(b, "assay_record_ns was given a duration that is negative or not finite");
        return;
    }
    b->recorded = true;
    b->recorded_ns += duration_ns;
}

void assay_latency(assay_bench *b, uint64_t latency_ns)
{
    if (b->latency == NULL) {
        b->latency = memory_zeroed(1, sizeof *b->latency);
    }
    if (b->lap.phase == RECORD_SAMPLING) {
        histogram_add(b->latency, latency_ns);
    }
}

void assay_expect_no_alloc(assay_bench *b)
{
    if (b->begun) {
        assay_fail(b, "assay_expect_no_alloc was called after the loop had begun");
        return;
    }
    __atomic_store_n(&b->record->expects_no_alloc, true, __ATOMIC_RELAXED);
}

void assay_fail(assay_bench *b, const char *why)
{
    b->over = true;
    team_end(b->team, RECORD_FAILED, why == NULL ? "no reason given" : why);
}

void assay_skip(assay_bench *b, const char *why)
{
    b->over = true;
    team_end(b->team, RECORD_SKIPPED, why == NULL ? "no reason given" : why);
}
