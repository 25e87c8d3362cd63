/* Decides how many iterations each lap has: warm-up, then samples. Knows no clock: it is told what each lap took, so that a
 * test can play any machine to it.
 *
 * Warm-up runs 1, 2, 4 ... iterations until its time is up, never planning past it. Its last laps give the
 * cost of an iteration. Linear sampling then gives n samples d, 2d ... nd iterations, flat sampling gives each
 * the same, so that together they fill the measurement time; the order is shuffled, so that drift of the
 * machine does not look like a dependence on the iteration count. */
#ifndef ASSAY_MEASURE_SAMPLER_H
#define ASSAY_MEASURE_SAMPLER_H

#include "base/rng.h"
#include "measure/record.h"

#define SAMPLES_MIN 10

enum sampler_mode { SAMPLER_MEASURE = 0, SAMPLER_ONCE, SAMPLER_PROFILE };

/* Whether the samples so far are precise enough to stop. */
typedef bool (*sampler_enough)(const struct sample *samples, size_t count, void *context);

struct sampler_plan {
    enum sampler_mode mode;  /* ONCE: one iteration, no sample; PROFILE: laps for measure_ns, no sample */
    double warm_up_ns;
    double measure_ns;
    size_t sample_size;      /* >= SAMPLES_MIN */
    size_t sample_min;       /* `enough` is not asked below this */
    bool force_linear;
    bool force_flat;
    double shortest_lap_ns;  /* laps below this are dominated by the clock */
    uint64_t seed;
    const char *stream;      /* the benchmark's id: its order does not depend on what else runs */
    sampler_enough enough;   /* NULL: take all samples */
    void *enough_context;
};

struct sampler {
    struct sampler_plan plan;
    struct record *record;
    uint64_t lap_iterations; /* of the lap that runs; 0: none yet */
    double begun_ns;         /* wall time at the first lap, then at the first sample */
    double before_ns;        /* wall time at the end of the lap before */
    double warm_wall_ns;     /* an iteration in wall time, setup of batches included */
    uint64_t base_iterations;
    size_t next;
    uint32_t *order;
};

/* The record's capacity must be at least plan->sample_size. `order` has room for as many numbers. */
void sampler_init(struct sampler *s, const struct sampler_plan *plan, struct record *record,
                  uint32_t *order);

/* Tells what the lap that ended took (timed_ns: the part that counts; now_ns: wall time now) and returns the
 * iterations of the next lap, 0 when measuring is over. In the first call there is no lap yet. */
uint64_t sampler_next(struct sampler *s, const struct sample *lap, double now_ns);

#endif
