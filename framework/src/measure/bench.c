#include "measure/bench.h"
#include "base/memory.h"
#include "measure/bench_internal.h"
#include "measure/clock.h"

#include <stdio.h>
#include <stdlib.h>

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
        record->records_latency = true;
        record->latency = histogram_summary(members[0].latency);
        if (record->histogram != NULL) {
            histogram_merge(record->histogram, members[0].latency);
        }
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
    if (team_init(&team, count, bench->lockstep, record, planner, ns_per_tick) != 0) {
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
    for (unsigned i = 0; i < count; i++) {
        free(members[i].harness);
    }
    free(members);
    team_release(&team);
    return 0;
}

/* The sampler's laps, then those for counting. */
struct course {
    struct sampler sampler;
    struct counters *counters; /* NULL: nothing is counted */
    struct record *record;
};

static uint64_t next_of_course(void *context, const struct sample *lap, double now_ns)
{
    struct course *course = context;
    if (course->record->state != RECORD_PROBING) {
        uint64_t iterations = sampler_next(&course->sampler, lap, now_ns);
        if (iterations > 0 || course->counters == NULL) {
            return iterations;
        }
        course->record->state = RECORD_PROBING;
    }
    return counters_next_lap(course->counters, now_ns);
}

void bench_run(const struct bench_case *bench, const struct sampler_plan *plan,
               struct record *record)
{
    bench_run_counting(bench, plan, &(struct counters_request){.events = NULL}, record);
}

void bench_run_counting(const struct bench_case *bench, const struct sampler_plan *plan,
                        const struct counters_request *request, struct record *record)
{
    uint32_t *order = memory_zeroed(plan->sample_size, sizeof *order);
    bool counts = request->events != NULL && plan->mode == SAMPLER_MEASURE;
    struct course course = {.record = record};
    struct lap_planner planner = {.next = next_of_course, .context = &course};
    sampler_init(&course.sampler, plan, record, order);
    if (counts) {
        course.counters = counters_create(request, bench->threads);
        planner.meter = counters_meter(course.counters);
    }
    if (run_team(bench, &planner, clock_init()->ns_per_tick, record) == 0) {
        judge(record, plan);
    }
    if (counts && record->state == RECORD_DONE) {
        counters_conclude(course.counters, &record->metrics);
    }
    counters_release(course.counters);
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
