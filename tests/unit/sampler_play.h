/* Machines of known speed, played to the sampler. */
#ifndef SAMPLER_PLAY_H
#define SAMPLER_PLAY_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "measure/sampler.h"
#include "near.h"

#define MS   1e6
#define S    1e9
#define SIZE 100

/* What a kernel costs, and what the machine does besides. */
struct machine {
    double ns;          /* an iteration */
    double drift;       /* by which an iteration becomes slower a second */
    size_t slowed_laps; /* during so many sampled laps, from the first, the machine is slowed */
    size_t sampled_laps;
    double untimed_ns; /* of every iteration, in wall time alone: setup of batches */
    double lap_ns;     /* of every lap, in wall time alone */
    double now_ns;
    double longest_lap_ns;
    size_t laps;
    double begun_ns; /* when sampling began */
};

static struct record *record;
static uint32_t order[10000];

static const struct sampler_plan usual = {.warm_up_ns = 500 * MS,
                                          .measure_ns = 1500 * MS,
                                          .round_ns = 1500 * MS,
                                          .sample_size = SIZE,
                                          .rounds = 1,
                                          .shortest_lap_ns = 20000,
                                          .seed = 7,
                                          .stream = "suite/bench"};

static inline void play_lap(struct machine *m, uint64_t iterations, struct sample *lap)
{
    double each_ns = m->ns * (1 + m->drift * m->now_ns / S);
    double wall_ns = (each_ns + m->untimed_ns) * (double)iterations + m->lap_ns;
    *lap = (struct sample){.iterations = iterations, .time_ns = each_ns * (double)iterations};
    lap->reference_ns = 1000;
    if (record->state == RECORD_SAMPLING && m->sampled_laps++ < m->slowed_laps) {
        lap->reference_ns = 1500;
    }
    m->now_ns += wall_ns;
    m->longest_lap_ns = fmax(m->longest_lap_ns, wall_ns);
    m->laps++;
}

/* Runs the plan to its end on the machine; what it measured is in the record. */
static inline void play(const struct sampler_plan *plan, struct machine *m)
{
    struct sampler s;
    struct sample lap = {0};
    memset(record, 0, record_bytes(sampler_capacity(plan)));
    record->capacity = sampler_capacity(plan);
    sampler_init(&s, plan, record, order);
    bool sampled = false;
    uint64_t iterations = sampler_next(&s, &lap, m->now_ns);
    assert_int_equal(iterations, 1);
    while (iterations != 0) {
        play_lap(m, iterations, &lap);
        iterations = sampler_next(&s, &lap, m->now_ns);
        if (!sampled && record->state == RECORD_SAMPLING) {
            m->begun_ns = m->now_ns;
            sampled = true;
        }
        if (m->laps > 1000000) {
            fail_msg("no end after a million laps");
        }
    }
}

static inline int by_iterations(const void *a, const void *b)
{
    const struct sample *x = a;
    const struct sample *y = b;
    return (x->iterations > y->iterations) - (x->iterations < y->iterations);
}

/* The samples of a round are of d, 2d .. nd iterations, each once. Returns d. */
static inline uint64_t assert_linear_round(size_t round)
{
    const struct sample *samples = &record->samples[round * SIZE];
    struct sample sorted[SIZE];
    assert_true(record->linear);
    memcpy(sorted, samples, sizeof sorted);
    qsort(sorted, SIZE, sizeof sorted[0], by_iterations);
    for (size_t i = 0; i < SIZE; i++) {
        assert_int_equal(sorted[i].iterations, sorted[0].iterations * (i + 1));
    }
    assert_memory_not_equal(sorted, samples, sizeof sorted);
    return sorted[0].iterations;
}

/* All samples of the one round were taken. */
static inline uint64_t assert_linear(void)
{
    assert_int_equal(record->sample_count, SIZE);
    return assert_linear_round(0);
}

struct asked {
    size_t times;
    size_t first;
    size_t answer_from;
};

static inline bool enough_from(const struct sample *samples, size_t count, void *context)
{
    struct asked *asked = context;
    assert_ptr_equal(samples, record->samples);
    asked->first = asked->times == 0 ? count : asked->first;
    asked->times++;
    return count >= asked->answer_from;
}

/* Four rounds of 100 ms, until `asked` says that it is enough. */
static inline struct sampler_plan in_rounds(struct asked *asked)
{
    struct sampler_plan plan = usual;
    plan.round_ns = 100 * MS;
    plan.rounds = 4;
    plan.enough = enough_from;
    plan.enough_context = asked;
    return plan;
}

static inline int make_record(void **state)
{
    (void)state;
    record = calloc(1, record_bytes(10000));
    return record == NULL ? -1 : 0;
}

static inline int free_record(void **state)
{
    (void)state;
    free(record);
    return 0;
}

#endif
