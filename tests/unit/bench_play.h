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

/* The record of a run, with samples of its threads; free it. */
static inline struct record *play_case(const struct sampler_plan *plan,
                                       const struct bench_case *bench)
{
    size_t capacity = sampler_capacity(plan);
    unsigned threads = record_threads(bench->threads);
    struct record *record = calloc(1, record_bytes_of_threads(capacity, threads));
    assert_non_null(record);
    record->capacity = capacity;
    record->threads = threads;
    bench_run(bench, plan, record);
    return record;
}

static inline struct record *play_plan(const struct sampler_plan *plan, void (*run)(assay_bench *b),
                                       unsigned threads, unsigned batch)
{
    struct bench_case bench = {.run = run,
                               .arg = {.text = ""},
                               .arg2 = {.text = ""},
                               .threads = threads,
                               .batching = {.batch = batch}};
    return play_case(plan, &bench);
}

/* In lockstep. */
static inline struct record *play_lockstep(void (*run)(assay_bench *b), unsigned threads,
                                           unsigned batch)
{
    struct bench_case bench = {.run = run,
                               .arg = {.text = ""},
                               .arg2 = {.text = ""},
                               .threads = threads,
                               .lockstep = true,
                               .batching = {.batch = batch}};
    return play_case(&play_shortly, &bench);
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

/* Iterations that all threads together did in the samples. */
static inline uint64_t play_sampled(const struct record *record)
{
    uint64_t total = 0;
    for (size_t i = 0; i < record->sample_count * record->threads; i++) {
        total += record_of_threads(record, 0)[i].iterations;
    }
    return record->threads > 0 ? total : play_iterations(record) - record->warm_up_iterations;
}

#endif
