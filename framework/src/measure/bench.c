#include "measure/bench.h"
#include "base/memory.h"
#include "measure/clock.h"
#include "measure/reference.h"
#include "measure/team.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* About 5 to 10 us of the empty loop, run between laps of kernels that may be hardly slower. */
#define PROBE_ITERATIONS 20000
#define PAIR_BELOW_NS    4.0

struct assay_bench {
    const struct bench_case *bench;
    struct team *team;
    struct record *record;
    unsigned thread_index;

    bool begun; /* its loop was reached */
    bool in_lap;
    bool over;
    bool paused;
    uint64_t lap_iterations;
    uint64_t start_ticks; /* of the span that runs */
    double timed_ns;      /* of the spans that ended in this lap */
    struct team_span span;

    uint64_t probe_iterations; /* > 0: this runs the empty loop for one lap */

    bool recorded; /* the body times itself */
    double recorded_ns;

    uint64_t batch_iterations; /* of the batch that runs */
    uint64_t batches_left;     /* iterations of the lap that no batch has taken yet */

    bool sampling; /* the lap counts */
    struct rusage usage;
    struct histogram *latency;
};

static void read_disturbance(assay_bench *b)
{
    struct rusage now;
    if (getrusage(RUSAGE_THREAD, &now) == 0) {
        b->span.involuntary_switches = (uint32_t)(now.ru_nivcsw - b->usage.ru_nivcsw);
        b->span.page_faults = (uint32_t)(now.ru_minflt - b->usage.ru_minflt);
        b->usage = now;
    }
}

static double span_ns(const assay_bench *b, uint64_t stop_ticks)
{
    return (double)(stop_ticks - b->start_ticks) * b->team->ns_per_tick;
}

/* Nanoseconds of one iteration of the empty loop, now. */
static double probe_loop_ns(const assay_bench *b)
{
    assay_bench probe = {.team = b->team, .probe_iterations = PROBE_ITERATIONS};
    b->bench->null_run(&probe);
    return probe.timed_ns / PROBE_ITERATIONS;
}

static uint64_t next_probe_lap(assay_bench *probe, uint64_t stop_ticks)
{
    if (probe->in_lap) {
        probe->timed_ns = span_ns(probe, stop_ticks);
        return 0;
    }
    probe->in_lap = true;
    probe->start_ticks = clock_start();
    return probe->probe_iterations;
}

/* Holds the lap that ended against the empty loop, when it is one of the sampled laps of a fast
 * kernel. */
static void pair_with_loop(assay_bench *b)
{
    double each_ns = b->timed_ns / (double)b->lap_iterations;
    if (!b->sampling || b->bench->null_run == NULL || b->team->size > 1 || b->recorded) {
        return;
    }
    double clock_ns = b->record->batched ? clock_init()->cost_ns / b->bench->batch : 0;
    if (each_ns > clock_ns * BENCH_RESOLUTION_FACTOR + PAIR_BELOW_NS) {
        return;
    }
    double floor_ns = probe_loop_ns(b) + clock_ns;
    b->record->paired++;
    b->record->paired_near += each_ns <= floor_ns * BENCH_RESOLUTION_FACTOR;
}

/* Hands in the lap that ended, if there is one, and learns the length of the next. */
static uint64_t next_lap(assay_bench *b)
{
    struct team_span *span = NULL;
    if (b->in_lap) {
        read_disturbance(b);
        pair_with_loop(b);
        /* Without a reference no lap is taken again: its latencies are in the histogram already. */
        bool wants_reference = b->sampling && b->latency == NULL;
        b->span.reference_ns = wants_reference ? reference_ns() : 0;
        if (b->recorded) {
            b->span.partial = true;
            b->timed_ns = b->recorded_ns;
        }
        b->span.timed_ns = b->timed_ns;
        span = &b->span;
    }
    uint64_t iterations = b->over ? 0 : team_next_lap(b->team, span, &b->sampling);
    b->lap_iterations = iterations;
    b->in_lap = iterations != 0;
    b->over = iterations == 0;
    b->timed_ns = 0;
    b->recorded_ns = 0;
    b->recorded = false;
    b->span.partial = false;
    read_disturbance(b);
    return iterations;
}

/* A loop begins: false, and the benchmark fails, when another has begun before. */
static bool may_begin(assay_bench *b)
{
    if (b->in_lap) {
        assay_fail(b, "the loop was left from inside; a lap must run to its end");
    } else if (b->begun) {
        assay_fail(b, "the body has a second ASSAY_LOOP; a benchmark has exactly one");
    }
    bool first = !b->begun;
    b->begun = true;
    return first;
}

/* What a lap or batch must not end as. */
static void check_end(assay_bench *b, uint64_t left)
{
    if (left != 0) {
        assay_fail(b, "the loop was left by break; a lap must run to its end");
    } else if (b->paused) {
        assay_fail(b, "the iteration ended while the clock was paused: assay_resume is missing");
    }
}

uint64_t assay__lap(assay_bench *b, uint64_t left)
{
    uint64_t stop_ticks = clock_stop();
    if (b->probe_iterations > 0) {
        return next_probe_lap(b, stop_ticks);
    }
    if (left != ASSAY__FIRST) {
        check_end(b, left);
        b->span.stop_ticks = stop_ticks;
        b->timed_ns += span_ns(b, stop_ticks);
    } else if (!may_begin(b)) {
        return 0;
    }
    uint64_t iterations = next_lap(b);
    b->start_ticks = clock_start();
    b->span.start_ticks = b->start_ticks;
    return iterations;
}

uint64_t assay__batch_next(assay_bench *b, uint64_t left)
{
    uint64_t stop_ticks = clock_stop();
    if (left != ASSAY__FIRST) {
        check_end(b, left);
        b->timed_ns += span_ns(b, stop_ticks);
    } else if (!may_begin(b)) {
        return 0;
    }
    if (b->batches_left == 0 || b->over) {
        b->batches_left = next_lap(b);
    }
    uint64_t wanted = b->bench->batch;
    b->batch_iterations = b->batches_left < wanted ? b->batches_left : wanted;
    b->batches_left -= b->batch_iterations;
    if (b->thread_index == 0) {
        b->record->batched = true;
    }
    return b->batch_iterations;
}

bool assay__batch_start(assay_bench *b)
{
    b->span.partial = true;
    if (b->over) {
        b->in_lap = false;
        b->batch_iterations = 0;
        return false;
    }
    b->start_ticks = clock_start();
    return true;
}

void assay_pause(assay_bench *b)
{
    uint64_t stop_ticks = clock_stop();
    if (!b->in_lap || b->paused) {
        assay_fail(b, b->paused ? "assay_pause while the clock was paused already"
                                : "assay_pause outside the loop");
        return;
    }
    b->timed_ns += span_ns(b, stop_ticks);
    b->span.partial = true;
    b->paused = true;
}

void assay_resume(assay_bench *b)
{
    if (!b->paused) {
        assay_fail(b, "assay_resume while the clock was running");
        return;
    }
    b->paused = false;
    b->start_ticks = clock_start();
}

uint64_t assay_batch(const assay_bench *b)
{
    return b->batch_iterations;
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
    if (b->sampling) {
        histogram_add(b->latency, latency_ns);
    }
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

static void *run_body(void *argument)
{
    assay_bench *b = argument;
    b->bench->run(b);
    if (b->in_lap) {
        assay_fail(b, "the body was left from inside the loop");
    }
    team_leave(b->team);
    return NULL;
}

/* The threads besides this one. Returns how many started. */
static unsigned start_threads(assay_bench *members, pthread_t *threads, unsigned count)
{
    unsigned started = 0;
    while (started + 1 < count &&
           pthread_create(&threads[started], NULL, run_body, &members[started + 1]) == 0) {
        started++;
    }
    for (unsigned i = started + 1; i < count; i++) {
        char why[80];
        snprintf(why, sizeof why, "could start %u of %u threads only", started + 1, count);
        assay_fail(&members[0], why);
        team_leave(members[0].team);
    }
    return started;
}

static void merge_latencies(assay_bench *members, unsigned count, struct record *record)
{
    for (unsigned i = 1; i < count; i++) {
        if (members[i].latency != NULL && members[0].latency == NULL) {
            members[0].latency = members[i].latency;
            members[i].latency = NULL;
        } else if (members[i].latency != NULL) {
            histogram_merge(members[0].latency, members[i].latency);
            free(members[i].latency);
        }
    }
    if (members[0].latency != NULL) {
        record->latency = histogram_summary(members[0].latency);
        free(members[0].latency);
    }
}

static void judge(struct record *record, const struct sampler_plan *plan)
{
    double total_ns = 0;
    for (size_t i = 0; i < record->sample_count; i++) {
        total_ns += record->samples[i].time_ns;
    }
    if (!record->loop_reached) {
        record_end(record, RECORD_FAILED, "the body returned without reaching ASSAY_LOOP");
    } else if (plan->mode == SAMPLER_MEASURE && record->sample_count < SAMPLES_MIN) {
        record_end(record, RECORD_FAILED,
                   "a thread left the loop before enough samples were taken");
    } else if (!(total_ns < RECORD_TIME_NS_MAX)) {
        record_end(record, RECORD_FAILED, "the recorded durations add up to more than 30 years");
    } else if (plan->mode == SAMPLER_MEASURE && !(total_ns > 0)) {
        record_end(record, RECORD_FAILED,
                   "all samples together took no time: the clock was never "
                   "running, or only durations of 0 were recorded");
    } else {
        record_end(record, RECORD_DONE, "");
    }
}

static int run_team(const struct bench_case *bench, const struct lap_planner *planner,
                    double ns_per_tick, struct record *record)
{
    unsigned count = bench->threads;
    struct team team;
    if (team_init(&team, count, record, planner, ns_per_tick) != 0) {
        record_end(record, RECORD_FAILED, "the system gave no mutex");
        return -1;
    }
    assay_bench *members = memory_zeroed(count, sizeof *members);
    pthread_t *threads = memory_zeroed(count, sizeof *threads);
    for (unsigned i = 0; i < count; i++) {
        members[i] =
            (assay_bench){.bench = bench, .team = &team, .record = record, .thread_index = i};
    }
    unsigned started = start_threads(members, threads, count);
    run_body(&members[0]);
    for (unsigned i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    merge_latencies(members, count, record);
    free(threads);
    free(members);
    team_release(&team);
    return 0;
}

static uint64_t next_of_sampler(void *sampler, const struct sample *lap, double now_ns)
{
    return sampler_next(sampler, lap, now_ns);
}

void bench_run(const struct bench_case *bench, const struct sampler_plan *plan,
               struct record *record)
{
    uint32_t *order = memory_zeroed(plan->sample_size, sizeof *order);
    struct sampler sampler;
    sampler_init(&sampler, plan, record, order);
    struct lap_planner planner = {next_of_sampler, &sampler};
    if (run_team(bench, &planner, clock_init()->ns_per_tick, record) == 0) {
        judge(record, plan);
    }
    free(order);
}

void bench_run_planned(const struct bench_case *bench, const struct lap_planner *planner,
                       double ns_per_tick, struct record *record)
{
    const struct sampler_plan none = {.mode = SAMPLER_ONCE};
    if (run_team(bench, planner, ns_per_tick, record) == 0) {
        judge(record, &none);
    }
}
