#include "versus/bout.h"
#include "analysis/paired.h"
#include "analysis/stats.h"
#include "base/memory.h"
#include "measure/bench.h"
#include "versus/fresh.h"
#include "versus/trace.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMES_MAX 8192 /* a side */

#define WARM_UP_NS 1e6

/* Threads meet at barriers, which takes longer than a slice of one thread. */
#define THREADED_FACTOR 10

/* Before a benchmark is known. */
#define FIRST_LIMIT_S 30.0

/* Slices take at least this part of what the rest of a pair does, up to so many times the usual. */
#define SETUP_PART      3
#define PAIR_GROWTH_MAX 5

/* Pairs with the same and with own addresses in turns, two by two. */
#define PILOT_PAIRS 8
/* Own addresses must repeat this much better to be chosen. */
#define OWN_BETTER_BELOW 0.7

/* Where pairs scatter by more than this (deviation, log scale), as they do where code waits for
 * memory among neighbours, longer ones tell more in the same time: what lies in the shared caches
 * at the start of the two processes fades, and bursts of other work are averaged. Not where pairs
 * are short by order or for want of time. */
#define GROW_ABOVE   0.01
#define GROW_TIMES   4
#define LONG_LEAST   6 /* screening pairs without which the pilot is kept */
#define GROW_FROM_NS 10e6
#define MEAN_TO_SD   1.2533141373155003 /* of normal values: deviation by mean distance */

void bout_release(struct bout *bout)
{
    free(bout->times[0]);
    free(bout->times[1]);
}

bool bout_is_alive(const struct bout *bout)
{
    enum versus_status status = bout->benchmark->status;
    return status == VERSUS_UNTRIED || status == VERSUS_COMPARED;
}

double bout_pair_seconds(const struct bout *bout, double guess)
{
    size_t pairs = bout->benchmark->pair_count;
    return pairs == 0 ? guess : bout->seconds / (double)pairs;
}

size_t bout_count_pairs(const struct bout *bout, bool confirming)
{
    size_t count = 0;
    for (size_t i = 0; i < bout->benchmark->pair_count; i++) {
        count += bout->benchmark->pairs[i].confirming == confirming;
    }
    return count;
}

/* Long iterations make few quads: one is enough when four calls take a tenth of a second. */
static uint32_t least_quads(double each_ns)
{
    return each_ns > 20e6 ? 1 : each_ns > 5e6 ? 2 : each_ns > 0 ? 4 : 1;
}

/* A costly setup is worth more slices: they add little to what a pair costs. */
static double pair_ns(const struct versus_settings *s, const struct bout *bout)
{
    double setup_ns = bout->benchmark->pair_count == 0 ? 0 : bout->setup_ns;
    double usual_ns = fmin(fmax(s->pair_ns, setup_ns / SETUP_PART), s->pair_ns * PAIR_GROWTH_MAX);
    return fmax(usual_ns, s->pair_ns * bout->growth);
}

static void make_request(struct bout_ring *ring, struct bout *bout, struct duel_request *request)
{
    const struct versus_settings *s = ring->settings;
    double longer = bout->threads > 1 ? THREADED_FACTOR : 1;
    memset(request, 0, sizeof *request);
    request->tsc = ring->clock->tsc;
    request->ns_per_tick = ring->clock->ns_per_tick;
    request->cpu = bout->threads > 1 ? -1 : s->cpu;
    request->iterations = bout->iterations;
    request->each_ns = bout->each_ns;
    request->slice_ns = s->slice_ns * longer;
    request->warm_up_ns = WARM_UP_NS * longer;
    request->pair_ns = pair_ns(s, bout) * longer;
    request->quads_min = least_quads(bout->each_ns);
    request->quads_max = DUEL_QUADS_MAX;
    request->luck = rng_next(&ring->rng);
    for (size_t i = 0; i < DUEL_QUADS_MAX; i++) {
        request->quads[i] = (uint8_t)(rng_next(&ring->rng) >> 63);
    }
    /* Orders come in twos of opposite ones, the first by lot. */
    if (bout->next_order == 0) {
        request->first = (uint32_t)(rng_next(&ring->rng) >> 63);
        bout->next_order = request->first == DUEL_OLD ? -1 : 1;
    } else {
        request->first = bout->next_order > 0 ? DUEL_OLD : DUEL_NEW;
        bout->next_order = 0;
    }
}

static bool in_pilot(const struct bout *bout)
{
    return bout->benchmark->pair_count < PILOT_PAIRS && !bout->pilot_forgotten;
}

/* Same addresses make most benchmarks repeat two to four times better, as aliases in predictors and
 * caches are the same on both sides. But predictors that do not tell the processes apart then learn
 * from both, and some that live on prediction repeat worse: a pilot of four pairs each decides. */
static bool wants_shared(const struct bout_ring *ring, const struct bout *bout)
{
    size_t pairs = bout->benchmark->pair_count;
    /* Threads would get stacks as large as the limit that moves the addresses. */
    return ring->shared_luck && bout->threads == 1 &&
           (in_pilot(bout) ? pairs % 4 < 2 : !bout->own_addresses);
}

/* Mean distance of the values from their median. */
static double spread(const struct versus_benchmark *b, bool shared)
{
    double values[PILOT_PAIRS];
    size_t count = 0;
    for (size_t i = 0; i < b->pair_count && i < PILOT_PAIRS; i++) {
        if (b->pairs[i].shared == shared) {
            values[count++] = b->pairs[i].log_ratio;
        }
    }
    if (count == 0) {
        return 0;
    }
    stats_sort(values, count);
    double median = stats_quantile(values, count, 0.5);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += fabs(values[i] - median);
    }
    return sum / (double)count;
}

/* How many times as long pairs are from now on; 0: as they are. */
static double choose_growth(const struct versus_settings *s, const struct bout *bout)
{
    const struct versus_benchmark *b = bout->benchmark;
    bool shared = b->pairs[0].shared && !bout->own_addresses;
    bool scatters = spread(b, shared) * MEAN_TO_SD > GROW_ABOVE;
    return scatters && s->pair_ns >= GROW_FROM_NS ? GROW_TIMES : 0;
}

static void end_pilot(const struct versus_settings *s, struct bout *bout)
{
    const struct versus_benchmark *b = bout->benchmark;
    if (b->pair_count == PILOT_PAIRS && !bout->pilot_forgotten) {
        bout->own_addresses = spread(b, false) < spread(b, true) * OWN_BETTER_BELOW;
        bout->growth = choose_growth(s, bout);
        bout->pilot_seconds = bout->seconds;
    }
}

/* Pairs of another length have another spread: those of the pilot go when there are long ones
 * enough to stand for themselves. What chose the length is their spread, not their value, so that
 * the choice does not bend what the others show. */
static void forget_pilot(struct bout *bout)
{
    struct versus_benchmark *b = bout->benchmark;
    if (bout->growth > 0 && !bout->pilot_forgotten && b->pair_count >= PILOT_PAIRS + LONG_LEAST) {
        bout->pilot_forgotten = true;
        bout->seconds -= bout->pilot_seconds;
        b->pair_count -= PILOT_PAIRS;
        memmove(b->pairs, b->pairs + PILOT_PAIRS, b->pair_count * sizeof *b->pairs);
    }
}

static void settle(struct bout *bout, const struct pair_outcome *outcome)
{
    struct versus_benchmark *b = bout->benchmark;
    struct str reason = STR_EMPTY;
    str_format(&reason, "%s: %s", outcome->side == DUEL_OLD ? "old" : "new", outcome->reason);
    b->status = outcome->end == PAIR_SKIPPED ? VERSUS_SKIPPED : VERSUS_FAILED;
    free(b->reason);
    b->reason = str_detach(&reason);
}

/* Every time has the same chance to be among those that are kept (Vitter 1985, algorithm R). */
static void keep_times(struct bout_ring *ring, struct bout *bout, size_t side,
                       const double *each_ns, size_t count)
{
    if (bout->times[side] == NULL) {
        bout->times[side] = memory_zeroed(TIMES_MAX, sizeof *bout->times[side]);
    }
    for (size_t i = 0; i < count; i++) {
        size_t seen = ++bout->times_seen[side];
        if (bout->time_count[side] < TIMES_MAX) {
            bout->times[side][bout->time_count[side]++] = each_ns[i];
        } else {
            uint64_t place = rng_below(&ring->rng, seen);
            if (place < TIMES_MAX) {
                bout->times[side][place] = each_ns[i];
            }
        }
    }
}

/* Times an iteration of each side, and those of slices that nobody disturbed on either side. */
struct slices {
    size_t count;
    size_t undisturbed;
    double *each_ns[2];
    double *clean_ns[2];
};

static void read_slices(const struct duel *d, struct slices *s)
{
    uint32_t old = d->sides[DUEL_OLD].count;
    uint32_t new_count = d->sides[DUEL_NEW].count;
    *s = (struct slices){.count = old < new_count ? old : new_count};
    for (size_t side = 0; side < 2; side++) {
        s->each_ns[side] = memory_zeroed(s->count, sizeof(double));
        s->clean_ns[side] = memory_zeroed(s->count, sizeof(double));
    }
    for (size_t i = 0; i < s->count; i++) {
        const struct duel_slice *both[2] = {&d->sides[0].slices[i], &d->sides[1].slices[i]};
        bool clean = both[0]->involuntary_switches + both[1]->involuntary_switches == 0;
        for (size_t side = 0; side < 2; side++) {
            /* A slice in which the clock did not move at all still has a ratio. */
            double each_ns = fmax(both[side]->time_ns, 0.01) / (double)d->iterations;
            s->each_ns[side][i] = each_ns;
            s->clean_ns[side][s->undisturbed] = each_ns;
        }
        s->undisturbed += clean;
    }
}

static void release_slices(struct slices *s)
{
    for (size_t side = 0; side < 2; side++) {
        free(s->each_ns[side]);
        free(s->clean_ns[side]);
    }
}

static void add_pair(struct bout *bout, const struct versus_pair *pair)
{
    struct versus_benchmark *b = bout->benchmark;
    b->pairs = memory_resize(b->pairs, b->pair_count + 1, sizeof *b->pairs);
    b->pairs[b->pair_count++] = *pair;
}

static void trace_slices(const struct bout_ring *ring, const struct bout *bout,
                         const struct versus_pair *pair, const struct slices *s)
{
    if (ring->trace == NULL || bout->canary) {
        return;
    }
    struct trace_pair traced = {.number = bout->number,
                                .order = pair->order,
                                .confirming = pair->confirming,
                                .slices = (uint32_t)s->count,
                                .iterations = bout->iterations,
                                .old_ns = s->each_ns[DUEL_OLD],
                                .new_ns = s->each_ns[DUEL_NEW]};
    trace_add_pair(ring->trace, &traced);
}

static void absorb(struct bout_ring *ring, struct bout *bout, struct versus_pair *pair)
{
    const struct duel *d = ring->page.duel;
    struct slices s;
    read_slices(d, &s);
    bout->iterations = d->iterations;
    bout->each_ns = d->each_ns;
    pair->slices = (uint32_t)s.count;
    pair->dropped = (uint32_t)(s.count - s.undisturbed);
    pair->log_ratio = paired_log_ratio(s.each_ns[DUEL_OLD], s.each_ns[DUEL_NEW], s.count);
    trace_slices(ring, bout, pair, &s);
    for (size_t side = 0; side < 2; side++) {
        keep_times(ring, bout, side, s.each_ns[side], s.count);
    }
    struct paired_side old =
        paired_side_of(s.each_ns[DUEL_OLD], s.count, s.clean_ns[DUEL_OLD], s.undisturbed);
    struct paired_side new_side =
        paired_side_of(s.each_ns[DUEL_NEW], s.count, s.clean_ns[DUEL_NEW], s.undisturbed);
    pair->old_lowmean_ns = old.lowmean_ns;
    pair->new_lowmean_ns = new_side.lowmean_ns;
    pair->old_tail_ns = old.tail_ns;
    pair->new_tail_ns = new_side.tail_ns;
    bout->disturbed += pair->dropped;
    bout->slices += pair->slices;
    release_slices(&s);
    add_pair(bout, pair);
    end_pilot(ring->settings, bout);
}

static size_t draw(struct bout_ring *ring, const struct bout_program *program)
{
    return program->count == 1 ? 0 : (size_t)rng_below(&ring->rng, program->count);
}

static double sliced_ns(const struct duel *d)
{
    double sum = 0;
    for (size_t side = 0; side < 2; side++) {
        for (size_t i = 0; i < d->sides[side].count; i++) {
            sum += d->sides[side].slices[i].time_ns;
        }
    }
    return sum;
}

/* Puts fresh copies in place of the executables, in an order drawn by lot; false, and nothing
 * changed, when one cannot be made: then none is used any more. */
static bool copy_programs(struct bout_ring *ring, struct pair_sides *sides)
{
    size_t first = (size_t)(rng_next(&ring->rng) >> 63);
    int copies[2] = {-1, -1};
    copies[first] = fresh_copy(sides->program[first]);
    copies[!first] = copies[first] < 0 ? -1 : fresh_copy(sides->program[!first]);
    if (copies[0] >= 0 && copies[1] >= 0) {
        memcpy(sides->program, copies, sizeof copies);
        return true;
    }
    for (size_t side = 0; side < 2; side++) {
        if (copies[side] >= 0) {
            close(copies[side]);
        }
    }
    ring->fresh = false;
    return false;
}

/* Runs the pair on fresh copies where that is possible. A copy lies in no folder: a program that
 * looks for libraries or files beside itself works only where it is, and then so do all. */
static void run_on_copies(struct bout_ring *ring, const struct bout *bout,
                          const struct pair_sides *sides, const struct duel_request *request,
                          bool shared, double limit_s, struct pair_outcome *outcome)
{
    struct pair_sides copies = *sides;
    bool copied = ring->fresh && copy_programs(ring, &copies);
    pair_run(&ring->page, copied ? &copies : sides, request, shared, limit_s, outcome);
    if (!copied) {
        return;
    }
    close(copies.program[DUEL_OLD]);
    close(copies.program[DUEL_NEW]);
    bool failed = (outcome->end == PAIR_FAILED && !outcome->late) || outcome->end == PAIR_SKIPPED;
    if (failed && bout->benchmark->pair_count == 0 && ring->page.duel->lap == DUEL_SETUP) {
        pair_run(&ring->page, sides, request, shared, limit_s, outcome);
        ring->fresh = outcome->end != PAIR_DONE;
    }
}

static double budget_left_s(const struct bout_ring *ring)
{
    uint64_t now = clock_monotonic_ns();
    if (ring->end_ns == 0) {
        return INFINITY;
    }
    return ring->end_ns > now ? (double)(ring->end_ns - now) / 1e9 : 0;
}

static void give_up(struct bout *bout)
{
    struct versus_benchmark *b = bout->benchmark;
    if (b->status == VERSUS_UNTRIED && b->reason == NULL) {
        b->reason = memory_text("the time was up before its first pair had ended");
    }
}

bool bout_run_pair(struct bout_ring *ring, struct bout *bout, bool confirming)
{
    static struct duel_request request; /* large */
    struct pair_outcome outcome;
    struct pair_sides sides = {.id = {bout->id[0], bout->id[1]}};
    struct versus_pair pair = {.confirming = confirming};
    size_t layout[2];
    for (size_t side = 0; side < 2; side++) {
        layout[side] = draw(ring, &bout->program[side]);
        sides.program[side] = bout->program[side].fd[layout[side]];
    }
    pair.old_layout = bout->program[DUEL_OLD].first_layout + (uint32_t)layout[DUEL_OLD];
    pair.new_layout = bout->program[DUEL_NEW].first_layout + (uint32_t)layout[DUEL_NEW];
    make_request(ring, bout, &request);
    pair.order = request.first == DUEL_OLD ? 1 : -1;
    double limit_s = fmin(ring->max_time_s, 10 + 20 * bout_pair_seconds(bout, FIRST_LIMIT_S));
    double left_s = budget_left_s(ring);
    pair.shared = wants_shared(ring, bout);
    run_on_copies(ring, bout, &sides, &request, pair.shared, fmin(limit_s, left_s), &outcome);
    if (outcome.end == PAIR_INTERRUPTED) {
        return false;
    }
    bout->seconds += outcome.seconds;
    ring->unpinned = ring->unpinned || (outcome.end == PAIR_DONE && !outcome.pinned);
    if (outcome.end == PAIR_FAILED && outcome.late && left_s < limit_s) {
        give_up(bout); /* the budget's fault */
        return true;
    }
    if (outcome.end != PAIR_DONE) {
        settle(bout, &outcome);
        return true;
    }
    bout->benchmark->status = VERSUS_COMPARED;
    bout->setup_ns = outcome.seconds * 1e9 - sliced_ns(ring->page.duel);
    absorb(ring, bout, &pair);
    if (!confirming) {
        forget_pilot(bout);
    }
    return true;
}

static void summarise_side(const double *times, size_t count, struct versus_times *t)
{
    double *sorted = memory_zeroed(count, sizeof *sorted);
    memcpy(sorted, times, count * sizeof *sorted);
    stats_sort(sorted, count);
    t->p5_ns = stats_quantile(sorted, count, 0.05);
    t->median_ns = stats_quantile(sorted, count, 0.5);
    t->p95_ns = stats_quantile(sorted, count, 0.95);
    density_of_samples(sorted, count, &t->density);
    free(sorted);
}

void bout_summarise(struct bout *bout)
{
    struct versus_benchmark *b = bout->benchmark;
    if (b->status != VERSUS_COMPARED || b->pair_count == 0) {
        return;
    }
    summarise_side(bout->times[DUEL_OLD], bout->time_count[DUEL_OLD], &b->old_times);
    summarise_side(bout->times[DUEL_NEW], bout->time_count[DUEL_NEW], &b->new_times);
    b->iterations = bout->iterations;
    b->pair_seconds = bout_pair_seconds(bout, 0);
    b->below_resolution = bout->loop_ns[0] > 0 && bout->loop_ns[1] > 0 &&
                          b->old_times.median_ns <= bout->loop_ns[0] * BENCH_RESOLUTION_FACTOR &&
                          b->new_times.median_ns <= bout->loop_ns[1] * BENCH_RESOLUTION_FACTOR;
}
