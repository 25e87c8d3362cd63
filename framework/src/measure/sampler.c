#include "measure/sampler.h"

#include <math.h>

#define ITERATIONS_MAX (UINT64_C(1) << 48)

/* `enough` is asked at every tenth sample. */
#define CHECK_EVERY 10

void sampler_init(struct sampler *s, const struct sampler_plan *plan, struct record *record,
                  uint32_t *order)
{
    *s = (struct sampler){.plan = *plan, .record = record, .order = order};
    rng_seed_stream(&s->rng, plan->seed, plan->stream);
}

static uint64_t at_least_one(double iterations)
{
    if (!(iterations > 1)) {
        return 1;
    }
    return iterations > (double)ITERATIONS_MAX ? ITERATIONS_MAX : (uint64_t)ceil(iterations);
}

/* Iterations of the sample that stands at this place of the unshuffled plan. */
static uint64_t iterations_of(const struct sampler *s, size_t place)
{
    return s->record->linear ? s->base_iterations * (uint64_t)(place + 1) : s->base_iterations;
}

static void shuffle(struct sampler *s)
{
    size_t n = s->plan.sample_size;
    for (size_t i = 0; i < n; i++) {
        s->order[i] = (uint32_t)i;
    }
    for (size_t i = n - 1; i > 0; i--) {
        size_t j = (size_t)rng_below(&s->rng, i + 1);
        uint32_t kept = s->order[i];
        s->order[i] = s->order[j];
        s->order[j] = kept;
    }
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void plan_samples(struct sampler *s, double timed_per_iteration_ns)
{
    const struct sampler_plan *plan = &s->plan;
    double n = (double)plan->sample_size;
    double parts = n * (n + 1) / 2;
    double wall_ns = fmax(s->warm_wall_ns, 1e-3);
    uint64_t least = at_least_one(plan->shortest_lap_ns / fmax(timed_per_iteration_ns, 1e-3));
    uint64_t step = larger(least, at_least_one(floor(plan->round_ns / wall_ns / parts)));
    double limit_ns = fmin(2 * plan->round_ns, plan->measure_ns);
    bool fits = parts * (double)step * wall_ns <= limit_ns;
    if (plan->single) {
        s->record->linear = false;
        s->base_iterations = 1;
        shuffle(s);
        return;
    }
    s->record->linear = plan->force_linear || (!plan->force_flat && fits);
    s->base_iterations =
        s->record->linear ? step : larger(least, at_least_one(floor(plan->round_ns / n / wall_ns)));
    shuffle(s);
}

static uint64_t start_sampling(struct sampler *s, double timed_per_iteration_ns, double now_ns)
{
    s->begun_ns = now_ns;
    s->record->state = RECORD_SAMPLING;
    s->record->planned = s->plan.sample_size;
    plan_samples(s, timed_per_iteration_ns);
    s->next = 0;
    return s->lap_iterations = iterations_of(s, s->order[0]);
}

static uint64_t next_warm_up(struct sampler *s, const struct sample *lap, double now_ns)
{
    struct record *record = s->record;
    double elapsed_ns = now_ns - s->begun_ns;
    double wall_ns = fmax(now_ns - s->before_ns, 1);
    record->warm_up_iterations += lap->iterations;
    record->warm_up_ns = elapsed_ns;
    s->warm_wall_ns = wall_ns / (double)lap->iterations;
    double left_ns = s->plan.warm_up_ns - elapsed_ns;
    if (left_ns <= 0) {
        return start_sampling(s, lap->time_ns / (double)lap->iterations, now_ns);
    }
    uint64_t doubled = s->lap_iterations * 2;
    uint64_t fitting = at_least_one(left_ns / s->warm_wall_ns);
    return s->lap_iterations = doubled < fitting ? doubled : fitting;
}

static uint64_t stop(struct sampler *s, enum record_stop why)
{
    s->record->stop = why;
    return s->lap_iterations = 0;
}

/* Whether the sample was taken on a slowed machine and there is time to take it again, and a whole
 * round after that. */
static bool must_retake(const struct sampler *s, const struct sample *lap, double now_ns)
{
    double spare_ns = s->plan.measure_ns - s->plan.round_ns - (now_ns - s->begun_ns);
    double slower_ns = fmax(lap->reference_ns, s->reference_before_ns);
    return s->plan.reference_max_ns > 0 && slower_ns > s->plan.reference_max_ns && spare_ns > 0;
}

static bool is_enough(const struct sampler *s, size_t count)
{
    return s->plan.enough != NULL && count >= s->plan.sample_size && count % CHECK_EVERY == 0 &&
           s->plan.enough(s->record->samples, count, s->plan.enough_context);
}

static void observe(struct record *record, const struct sample *lap, double now_ns)
{
    if (lap->reference_ns > 0) {
        observations_add(&record->observations, now_ns, lap->reference_ns);
        record->observations.switches += lap->involuntary_switches;
        record->observations.cpu_ns += lap->cpu_ns;
    }
}

static uint64_t next_sample(struct sampler *s, const struct sample *lap, double now_ns)
{
    struct record *record = s->record;
    bool retake = must_retake(s, lap, now_ns);
    observe(record, lap, now_ns);
    s->reference_before_ns = lap->reference_ns;
    if (retake) {
        record->retaken++;
        return s->lap_iterations;
    }
    record->samples[record->sample_count++] = *lap;
    size_t count = record->sample_count;
    if (is_enough(s, count)) {
        return stop(s, STOP_PRECISION);
    }
    if (count == (s->plan.enough == NULL ? s->plan.sample_size : sampler_capacity(&s->plan))) {
        return stop(s, STOP_COMPLETE);
    }
    if (count >= SAMPLES_MIN && now_ns - s->begun_ns >= s->plan.measure_ns) {
        return stop(s, STOP_TIME);
    }
    s->next++;
    if (s->next == s->plan.sample_size) {
        shuffle(s);
        s->next = 0;
        record->planned = count + s->plan.sample_size;
    }
    return s->lap_iterations = iterations_of(s, s->order[s->next]);
}

static uint64_t next_profile(struct sampler *s, const struct sample *lap, double now_ns)
{
    if (now_ns - s->begun_ns >= s->plan.measure_ns) {
        return stop(s, STOP_COMPLETE);
    }
    /* Laps grow to a hundredth of the time, so that the end is met within that. */
    double wall_ns = fmax(now_ns - s->before_ns, 1) / (double)lap->iterations;
    uint64_t wanted = at_least_one(s->plan.measure_ns / 100 / wall_ns);
    uint64_t doubled = s->lap_iterations * 2;
    return s->lap_iterations = doubled < wanted ? doubled : wanted;
}

/* These two are called once each and stay functions of their own: callgrind is told their names, to
 * leave out what comes before the first lap and after the last. */
__attribute__((noinline)) static void laps_begin(struct sampler *s, double now_ns)
{
    s->begun_ns = now_ns;
    s->record->begun_ns = now_ns;
    s->record->state = RECORD_WARM_UP;
}

__attribute__((noinline)) static void laps_end(struct sampler *s, double now_ns)
{
    s->record->ended_ns = now_ns;
}

uint64_t sampler_next(struct sampler *s, const struct sample *lap, double now_ns)
{
    uint64_t iterations = 0;
    if (s->lap_iterations == 0) {
        laps_begin(s, now_ns);
        iterations = s->lap_iterations = 1;
    } else if (s->plan.mode == SAMPLER_ONCE) {
        iterations = stop(s, STOP_COMPLETE);
    } else if (s->plan.mode == SAMPLER_PROFILE) {
        iterations = next_profile(s, lap, now_ns);
    } else if (s->record->state == RECORD_WARM_UP) {
        iterations = next_warm_up(s, lap, now_ns);
    } else {
        iterations = next_sample(s, lap, now_ns);
    }
    if (iterations == 0) {
        laps_end(s, now_ns);
    }
    s->before_ns = now_ns;
    return iterations;
}
