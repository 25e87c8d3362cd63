#include "measure/team.h"
#include "base/memory.h"
#include "measure/clock.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

/* Chunks of a lap, and the least that one lasts: looking at the stop costs about 3 ns. */
#define CHUNKS   64
#define CHUNK_NS 2000.0
/* How long a thread waits awake: about as long as a chunk of a usual lap lasts, and as the kernel
 * takes to wake the others. After the first part of it others may run between its looks, as one of
 * those that it waits for may want this CPU. */
#define AWAKE_NS UINT64_C(100000)
#define ALONE_NS UINT64_C(20000)
/* Looks at what it waits for between two looks at the clock. */
#define LOOKS 100
/* Times that a thread lets others run before it sleeps, where not all can run at once. */
#define YIELDS 8

static unsigned count_cpus(void)
{
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    int count = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 0;
    long online = count > 0 ? count : sysconf(_SC_NPROCESSORS_ONLN); /* more than a set holds */
    return online > 0 ? (unsigned)online : 1;
}

int team_init(struct team *team, unsigned size, bool lockstep, struct record *record,
              const struct lap_planner *planner, double ns_per_tick)
{
    *team = (struct team){.size = size,
                          .lockstep = lockstep,
                          .members = size,
                          .record = record,
                          .planner = *planner,
                          .ns_per_tick = ns_per_tick,
                          .cpus = count_cpus()};
    if (pthread_mutex_init(&team->lock, NULL) != 0) {
        return -1;
    }
    if (pthread_cond_init(&team->woken, NULL) != 0) {
        pthread_mutex_destroy(&team->lock);
        return -1;
    }
    team->spans = memory_zeroed(size, sizeof *team->spans);
    record->oversubscribed = size > team->cpus;
    return 0;
}

void team_release(struct team *team)
{
    pthread_cond_destroy(&team->woken);
    pthread_mutex_destroy(&team->lock);
    free(team->spans);
}

/* What the spans of all threads say together. */
struct lap_sum {
    uint64_t first_start;
    uint64_t first_stop;
    uint64_t last_stop;
    double iterations;
    double timed_ns;
    double longest_timed_ns;
    bool partial;
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static struct lap_sum sum_spans(const struct team *team)
{
    struct lap_sum sum = {.first_start = UINT64_MAX, .first_stop = UINT64_MAX};
    for (unsigned i = 0; i < team->size; i++) {
        const struct team_span *span = &team->spans[i];
        sum.first_start = smaller(sum.first_start, span->start_ticks);
        sum.first_stop = smaller(sum.first_stop, span->stop_ticks);
        sum.last_stop = larger(sum.last_stop, span->stop_ticks);
        sum.iterations += (double)span->iterations;
        sum.timed_ns += span->timed_ns;
        sum.longest_timed_ns = fmax(sum.longest_timed_ns, span->timed_ns);
        sum.partial = sum.partial || span->partial;
    }
    return sum;
}

/* Iterations of all threads inside the window. */
static double work_inside(const struct team *team, const struct lap_sum *sum)
{
    double work = 0;
    for (unsigned i = 0; i < team->size; i++) {
        const struct team_span *span = &team->spans[i];
        double ticks = (double)(span->stop_ticks - span->start_ticks);
        double inside = (double)(int64_t)(sum->first_stop - span->start_ticks);
        double part = ticks > 0 ? fmin(fmax(inside / ticks, 0), 1) : 1;
        work += (double)span->iterations * part;
    }
    return work;
}

static double lap_ns(const struct team *team, const struct lap_sum *sum)
{
    double iterations = (double)team->lap.iterations;
    if (sum->partial && team->lap.lockstep) {
        return sum->longest_timed_ns;
    }
    if (sum->partial) {
        return iterations * sum->timed_ns / sum->iterations;
    }
    if (team->lap.lockstep) {
        return (double)(sum->last_stop - sum->first_start) * team->ns_per_tick;
    }
    double window_ns = (double)(sum->first_stop - sum->first_start) * team->ns_per_tick;
    return iterations * window_ns * team->size / work_inside(team, sum);
}

/* A hundredth of a nanosecond is far below any clock; more digits would only be noise in the files.
 */
static double rounded_ns(double ns)
{
    return round(ns * 100) / 100;
}

static struct sample sample_of(const struct team *team, const struct lap_sum *sum)
{
    struct sample sample = {.iterations = team->lap.iterations,
                            .time_ns = rounded_ns(lap_ns(team, sum))};
    for (unsigned i = 0; i < team->size; i++) {
        sample.reference_ns = fmax(sample.reference_ns, team->spans[i].reference_ns);
        sample.involuntary_switches += team->spans[i].involuntary_switches;
        sample.page_faults += team->spans[i].page_faults;
        sample.cpu_ns += team->spans[i].cpu_ns;
    }
    return sample;
}

static void keep_threads(const struct team *team, const struct lap_sum *sum, size_t index)
{
    struct thread_sample *kept = record_of_threads(team->record, index);
    for (unsigned i = 0; i < team->record->threads; i++) {
        const struct team_span *span = &team->spans[i];
        double wall_ns = (double)(span->stop_ticks - sum->first_start) * team->ns_per_tick;
        kept[i] =
            (struct thread_sample){.iterations = span->iterations,
                                   .time_ns = rounded_ns(sum->partial ? span->timed_ns : wall_ns)};
    }
}

static uint64_t chunk_of(uint64_t iterations, const struct sample *ended)
{
    if (ended->iterations == 0) {
        return iterations;
    }
    double each_ns = fmax(ended->time_ns / (double)ended->iterations, 1e-3);
    double least = fmin(ceil(CHUNK_NS / each_ns), (double)iterations);
    return larger((iterations + CHUNKS - 1) / CHUNKS, (uint64_t)least);
}

static void plan_next(struct team *team)
{
    struct sample sample = {0};
    struct lap_sum sum = {0};
    struct record *record = team->record;
    size_t count = record->sample_count;
    if (team->lap.number > 0) {
        sum = sum_spans(team);
        sample = sample_of(team, &sum);
    }
    uint64_t iterations =
        team->planner.next(team->planner.context, &sample, (double)clock_monotonic_ns());
    if (record->sample_count > count) {
        keep_threads(team, &sum, count);
    }
    /* Counting divides by the planned iterations: all must be done. */
    bool lockstep = team->lockstep || team->size == 1 || record->state == RECORD_PROBING;
    team->lap = (struct team_lap){.number = team->lap.number + 1,
                                  .iterations = iterations,
                                  .chunk = lockstep ? iterations : chunk_of(iterations, &sample),
                                  .lockstep = lockstep,
                                  .phase = record->state};
}

static void open_meeting(struct team *team)
{
    if (!team->ended) {
        plan_next(team);
    }
    team->arrived = 0;
    atomic_fetch_add(&team->meetings, 1);
    pthread_cond_broadcast(&team->woken);
}

static void pause_a_little(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static bool has_come(const struct team *team, const _Atomic uint64_t *count, uint64_t goal)
{
    return atomic_load(count) >= goal || atomic_load(&team->ended);
}

/* Waits for the count to reach the goal, or for the end of measuring, without sleeping; false when
 * it takes too long for that. */
static bool wait_awake(const struct team *team, const _Atomic uint64_t *count, uint64_t goal)
{
    if (team->size > team->cpus) {
        for (int i = 0; i < YIELDS && !has_come(team, count, goal); i++) {
            sched_yield();
        }
        return has_come(team, count, goal);
    }
    uint64_t begun_ns = clock_monotonic_ns();
    uint64_t waited_ns = 0;
    while (waited_ns < AWAKE_NS) {
        for (int i = 0; i < LOOKS; i++) {
            if (has_come(team, count, goal)) {
                return true;
            }
            pause_a_little();
        }
        waited_ns = clock_monotonic_ns() - begun_ns;
        if (waited_ns > ALONE_NS) {
            sched_yield();
        }
    }
    return false;
}

/* The same asleep, with the lock held. */
static void wait_asleep(struct team *team, const _Atomic uint64_t *count, uint64_t goal)
{
    while (!has_come(team, count, goal)) {
        pthread_cond_wait(&team->woken, &team->lock);
    }
}

struct team_lap team_next_lap(struct team *team, unsigned index, const struct team_span *span)
{
    pthread_mutex_lock(&team->lock);
    if (span != NULL) {
        team->spans[index] = *span;
    }
    team->record->loop_reached = true;
    team->arrived++;
    if (team->arrived == team->members || team->ended) {
        open_meeting(team);
    } else {
        uint64_t goal = atomic_load(&team->meetings) + 1;
        if (!team->planner.waits) {
            pthread_mutex_unlock(&team->lock);
            wait_awake(team, &team->meetings, goal);
            pthread_mutex_lock(&team->lock);
        }
        wait_asleep(team, &team->meetings, goal);
    }
    struct team_lap lap = team->lap;
    if (team->ended) {
        lap.iterations = 0;
    }
    pthread_mutex_unlock(&team->lock);
    return lap;
}

/* Orders like any atomic operation on both sides of the sleep: who comes last sees the sleeper, or
 * the sleeper sees who came last. */
void team_gather(struct team *team, const struct team_lap *lap)
{
    if (team->size == 1) {
        return;
    }
    uint64_t goal = lap->number * team->size;
    if (atomic_fetch_add(&team->at_gate, 1) + 1 == goal) {
        if (atomic_load(&team->sleepers) > 0) {
            pthread_mutex_lock(&team->lock);
            pthread_cond_broadcast(&team->woken);
            pthread_mutex_unlock(&team->lock);
        }
        return;
    }
    if (wait_awake(team, &team->at_gate, goal)) {
        return;
    }
    atomic_fetch_add(&team->sleepers, 1);
    pthread_mutex_lock(&team->lock);
    wait_asleep(team, &team->at_gate, goal);
    pthread_mutex_unlock(&team->lock);
    atomic_fetch_sub(&team->sleepers, 1);
}

/* Nobody is waited for any more, and nobody needs to do all of its lap. */
static void end_for_all(struct team *team)
{
    atomic_store(&team->ended, true);
    atomic_store_explicit(&team->stopped, UINT64_MAX, memory_order_relaxed);
    pthread_cond_broadcast(&team->woken);
}

void team_leave(struct team *team)
{
    pthread_mutex_lock(&team->lock);
    team->members--;
    end_for_all(team);
    pthread_mutex_unlock(&team->lock);
}

void team_end(struct team *team, enum record_state state, const char *reason)
{
    pthread_mutex_lock(&team->lock);
    record_end(team->record, state, reason);
    end_for_all(team);
    pthread_mutex_unlock(&team->lock);
}
