/* Runs a benchmark's body in this process, shortly. Include after cmocka.h. */
#ifndef TESTS_BENCH_PLAY_H
#define TESTS_BENCH_PLAY_H

#include <stdlib.h>
#include <string.h>

#include "measure/bench.h"

#define PLAY_SAMPLES 12

/* Ten milliseconds of warm-up, twelve samples in three. On a busy machine it may be no more than
 * one iteration a lap: thirteen in all, at least eleven. */
static const struct sampler_plan play_shortly = {.warm_up_ns = 1e7,
                                                 .measure_ns = 3e7,
                                                 .round_ns = 3e6,
                                                 .sample_size = PLAY_SAMPLES,
                                                 .rounds = 1,
                                                 .shortest_lap_ns = 1000,
                                                 .seed = 1,
                                                 .stream = "play"};

/* The record of a run; free it. */
static inline struct record *play_plan(const struct sampler_plan *plan, void (*run)(assay_bench *b),
                                       unsigned threads, unsigned batch)
{
    struct record *record = calloc(1, record_bytes(sampler_capacity(plan)));
    assert_non_null(record);
    record->capacity = sampler_capacity(plan);
    struct bench_case bench = {.run = run,
                               .arg = {.text = ""},
                               .arg2 = {.text = ""},
                               .threads = threads,
                               .batching = {.batch = batch}};
    bench_run(&bench, plan, record);
    return record;
}

static inline struct record *play(void (*run)(assay_bench *b))
{
    return play_plan(&play_shortly, run, 1, 1);
}

/* The benchmark ended so, with a reason that holds this text; releases the record. */
static inline void play_expect(struct record *record, enum record_state state, const char *reason)
{
    if (record->state != state || strstr(record->reason, reason) == NULL) {
        fail_msg("state %d, expected %d; reason \"%s\", expected \"%s\"", (int)record->state,
                 (int)state, record->reason, reason);
    }
    free(record);
}

/* Iterations of warm-up and of all samples. */
static inline uint64_t play_iterations(const struct record *record)
{
    uint64_t total = record->warm_up_iterations;
    for (size_t i = 0; i < record->sample_count; i++) {
        total += record->samples[i].iterations;
    }
    return total;
}

#endif
