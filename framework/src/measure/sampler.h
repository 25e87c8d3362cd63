/* Decides how many iterations each lap has: warm-up, then samples. Knows no clock: it is told what
 * each lap took, so that a test can play any machine to it.
 *
 * Warm-up runs 1, 2, 4 ... iterations until its time is up, never planning past it. Its last laps
 * give the cost of an iteration. Linear sampling then gives the n samples of a round d, 2d ... nd
 * iterations, flat sampling gives each the same, so that together they fill the time of a round;
 * the order is shuffled, so that drift of the machine does not look like a dependence on the
 * iteration count. Further rounds follow, in another order, until the samples are precise enough or
 * the time is used up.
 *
 * A sample is taken again when the reference work right before or after it (measure/reference.h)
 * shows that a neighbour or the clock slowed the machine: chosen by that, never by the sample's own
 * time, and only while the time that is left would do for a whole round.
 *
 * Rounds are short on purpose: a lap of a millisecond mostly runs through before the kernel gives
 * the CPU to somebody else, one of twenty rarely does on a busy machine. */
#ifndef ASSAY_MEASURE_SAMPLER_H
#define ASSAY_MEASURE_SAMPLER_H

#include "base/rng.h"
#include "measure/record.h"

#define SAMPLES_MIN 10

enum sampler_mode { SAMPLER_MEASURE = 0, SAMPLER_ONCE, SAMPLER_PROFILE };

/* Whether the samples so far are precise enough to stop. */
typedef bool (*sampler_enough)(const struct sample *samples, size_t count, void *context);

struct sampler_plan {
    enum sampler_mode
        mode; /* ONCE: one iteration, no sample; PROFILE: laps for measure_ns, no sample */
    double warm_up_ns;
    double measure_ns;
    double round_ns;    /* that the samples of a round fill together; at most measure_ns */
    size_t sample_size; /* of a round; >= SAMPLES_MIN */
    size_t rounds;      /* at most; >= 1 */
    bool force_linear;
    bool force_flat;
    bool single;            /* every sample has one iteration; flat */
    double shortest_lap_ns; /* laps below this are dominated by the clock */
    uint64_t seed;
    const char *stream;      /* the benchmark's id: its order does not depend on what else runs */
    double reference_max_ns; /* reference work that takes longer: a slowed machine; 0: not known */
    sampler_enough enough;   /* asked after the first round; NULL: one round */
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
    double reference_before_ns; /* reference work before the lap that runs */
    struct rng rng;
    size_t next; /* place in `order` of the sample that runs */
    uint32_t *order;
};

/* Samples that the plan can give at the most. */
static inline size_t sampler_capacity(const struct sampler_plan *plan)
{
    return plan->sample_size * plan->rounds;
}

/* The record's capacity must be at least sampler_capacity(plan); `order` has room for
 * plan->sample_size numbers. */
void sampler_init(struct sampler *s, const struct sampler_plan *plan, struct record *record,
                  uint32_t *order);

/* Tells what the lap that ended took (lap->time_ns: the part that counts; now_ns: wall time now)
 * and returns the iterations of the next lap, 0 when measuring is over. In the first call there is
 * no lap yet. */
uint64_t sampler_next(struct sampler *s, const struct sample *lap, double now_ns);

#endif
