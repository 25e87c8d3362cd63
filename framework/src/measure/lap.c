/* The loop of a body: laps, batches, pauses. */
#include "base/memory.h"
#include "measure/bench_internal.h"
#include "measure/clock.h"
#include "measure/load.h"
#include "measure/reference.h"

/* About 5 to 10 us of the empty loop, run between laps of kernels that may be hardly slower. */
#define PROBE_ITERATIONS 20000
#define PAIR_BELOW_NS    4.0

static void read_disturbance(assay_bench *b)
{
    struct rusage now;
    if (getrusage(RUSAGE_THREAD, &now) == 0) {
        b->span.involuntary_switches = (uint32_t)(now.ru_nivcsw - b->usage.ru_nivcsw);
        b->span.page_faults = (uint32_t)(now.ru_minflt - b->usage.ru_minflt);
        b->span.cpu_ns = load_cpu_ns(&now) - load_cpu_ns(&b->usage);
        b->usage = now;
    }
}

static void start_clock(assay_bench *b)
{
    b->start_ticks = clock_start();
    if (__builtin_expect(b->metered, 0)) {
        b->team->planner.meter->start(b->team->planner.meter->context);
    }
}

static uint64_t stop_clock(assay_bench *b)
{
    if (__builtin_expect(b->metered, 0)) {
        b->team->planner.meter->stop(b->team->planner.meter->context);
    }
    return clock_stop();
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
    double each_ns = b->timed_ns / (double)b->lap.iterations;
    if (b->lap.phase != RECORD_SAMPLING || b->bench->null_run == NULL || b->team->size > 1 ||
        b->recorded) {
        return;
    }
    bool many_spans = b->record->batched || b->bench->cold;
    double spans = many_spans ? (double)b->lap_spans / (double)b->lap.iterations : 0;
    double clock_ns = clock_init()->cost_ns * spans;
    if (each_ns > clock_ns * BENCH_RESOLUTION_FACTOR + PAIR_BELOW_NS) {
        return;
    }
    double floor_ns = probe_loop_ns(b) + clock_ns;
    b->record->paired++;
    b->record->paired_near += each_ns <= floor_ns * BENCH_RESOLUTION_FACTOR;
}

/* What a thread has done of the lap ends here; one that did all ends the lap for the others, too.
 */
static void end_lap(assay_bench *b)
{
    b->span.iterations = b->lap.iterations - b->left;
    if (b->left == 0 && !b->lap.lockstep) {
        team_stop_lap(b->team, &b->lap);
    }
}

/* Whether the rest of the lap is left out. */
static bool is_stopped(const assay_bench *b)
{
    return !b->lap.lockstep && team_lap_is_stopped(b->team, &b->lap);
}

/* Clock reads, pauses and cold laps: what they cost is measured right after a lap that has them. */
static void account_harness(assay_bench *b)
{
    if (b->thread_index != 0) {
        return; /* the record is the first thread's */
    }
    bool has_any = b->record->batched || b->bench->cold || b->lap_pauses > 0;
    if (b->lap.phase != RECORD_SAMPLING || !has_any || b->recorded) {
        return;
    }
    if (b->harness == NULL) {
        b->harness = memory_zeroed(1, sizeof *b->harness);
    }
    harness_add_lap(b->harness, b, b->span.iterations, b->lap_spans == 0 ? 1 : b->lap_spans,
                    b->lap_pauses);
}

/* Takes what the next iteration will touch out of the caches. */
static void make_cold(assay_bench *b)
{
    bool flush = b->region_count > 0 && cold_can_flush();
    bool whole = true;
    uint64_t bytes = 0;
    for (size_t i = 0; flush && i < b->region_count; i++) {
        cold_flush(&b->regions[i]);
        bytes += b->regions[i].bytes;
    }
    if (!flush) {
        bytes = (uint64_t)cold_sweep_bytes(&whole);
        if (!cold_sweep()) {
            assay_fail(b, "no memory for the buffer that sweeps the caches");
        }
    }
    b->record->cold = flush ? RECORD_FLUSHED : whole ? RECORD_SWEPT : RECORD_SWEPT_PARTLY;
    b->record->evicted_bytes = bytes;
}

/* Begins the next iteration of a cold lap, which has clock reads of its own. */
static uint64_t start_single(assay_bench *b)
{
    b->left--;
    b->lap_spans++;
    b->span.partial = true;
    make_cold(b);
    if (b->over) {
        b->in_lap = false;
        return 0;
    }
    start_clock(b);
    b->span.start_ticks = b->start_ticks;
    return 1;
}

/* Hands in the lap that ended, if there is one, and gets the next; returns with all threads, when
 * it is to begin. */
static void next_lap(assay_bench *b)
{
    struct team_span *span = NULL;
    if (b->in_lap) {
        read_disturbance(b);
        pair_with_loop(b);
        account_harness(b);
        /* Without a reference no lap is taken again: its latencies are in the histogram already. */
        bool wants_reference = b->lap.phase == RECORD_SAMPLING && b->latency == NULL;
        b->span.reference_ns = wants_reference ? reference_ns() : 0;
        if (b->recorded) {
            b->span.partial = true;
            b->timed_ns = b->recorded_ns;
        }
        b->span.timed_ns = b->timed_ns;
        span = &b->span;
    }
    if (b->over) {
        b->lap.iterations = 0;
    } else {
        b->lap = team_next_lap(b->team, b->thread_index, span);
    }
    b->left = b->lap.iterations;
    b->in_lap = b->lap.iterations != 0;
    b->over = !b->in_lap;
    b->metered = b->in_lap && b->lap.phase == RECORD_PROBING && b->team->planner.meter != NULL;
    if (b->over && b->harness != NULL && b->thread_index == 0) {
        harness_summarise(b->harness, b->record);
    }
    b->lap_spans = 0;
    b->lap_pauses = 0;
    b->timed_ns = 0;
    b->recorded_ns = 0;
    b->recorded = false;
    b->span.partial = false;
    read_disturbance(b);
    if (b->in_lap) {
        team_gather(b->team, &b->lap);
    }
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

/* The next iterations of the lap. Every thread does some, even when the lap was stopped before it
 * began: then one. */
static uint64_t take_chunk(assay_bench *b)
{
    uint64_t chunk = b->left < b->lap.chunk ? b->left : b->lap.chunk;
    if (chunk > 1 && is_stopped(b)) {
        chunk = 1;
    }
    b->left -= chunk;
    return chunk;
}

uint64_t assay__lap(assay_bench *b, uint64_t left)
{
    if (left == 0 && b->left > 0 && !b->bench->cold && !is_stopped(b)) {
        return take_chunk(b);
    }
    uint64_t stop_ticks = stop_clock(b);
    if (b->probe_iterations > 0) {
        return next_probe_lap(b, stop_ticks);
    }
    if (left != ASSAY__FIRST) {
        check_end(b, left);
        b->span.stop_ticks = stop_ticks;
        b->timed_ns += span_ns(b, stop_ticks);
        if (b->bench->cold && b->left > 0 && !b->over) {
            return start_single(b);
        }
        end_lap(b);
    } else if (!may_begin(b)) {
        return 0;
    }
    next_lap(b);
    if (b->bench->cold && b->in_lap) {
        return start_single(b);
    }
    uint64_t iterations = take_chunk(b);
    start_clock(b);
    b->span.start_ticks = b->start_ticks;
    return iterations;
}

uint64_t assay__batch_next(assay_bench *b, uint64_t left)
{
    uint64_t stop_ticks = stop_clock(b);
    if (left != ASSAY__FIRST) {
        check_end(b, left);
        b->timed_ns += span_ns(b, stop_ticks);
    } else if (!may_begin(b)) {
        return 0;
    }
    if (b->left == 0 || b->over || is_stopped(b)) {
        if (b->in_lap) {
            end_lap(b);
        }
        next_lap(b);
        b->batch_wanted =
            b->bench->cold ? 1 : batching_of_lap(&b->bench->batching, b->team->size, b->left);
    }
    uint64_t wanted = b->batch_wanted;
    b->batch_iterations = b->left < wanted ? b->left : wanted;
    b->left -= b->batch_iterations;
    b->lap_spans += b->batch_iterations > 0;
    if (b->thread_index == 0) {
        b->record->batched = true;
    }
    return b->batch_iterations;
}

bool assay__batch_start(assay_bench *b)
{
    b->span.partial = true;
    if (!b->over && b->bench->cold) {
        make_cold(b);
    }
    if (b->over) {
        b->in_lap = false;
        b->batch_iterations = 0;
        return false;
    }
    start_clock(b);
    return true;
}

void assay_pause(assay_bench *b)
{
    uint64_t stop_ticks = stop_clock(b);
    if (!b->in_lap || b->paused) {
        assay_fail(b, b->paused ? "assay_pause while the clock was paused already"
                                : "assay_pause outside the loop");
        return;
    }
    b->timed_ns += span_ns(b, stop_ticks);
    b->span.partial = true;
    b->paused = true;
    b->lap_pauses++;
}

void assay_resume(assay_bench *b)
{
    if (!b->paused) {
        assay_fail(b, "assay_resume while the clock was running");
        return;
    }
    b->paused = false;
    start_clock(b);
}
