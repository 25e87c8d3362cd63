/* Pairs of kernels of known cost, played to the plan of a duel, and every lap that it asked for. */
#ifndef TESTS_DUEL_PLAY_H
#define TESTS_DUEL_PLAY_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "measure/duel.h"

#define US       1e3
#define MS       1e6
#define S        1e9
#define LAPS_MAX 40000

/* What the two sides cost, and what the machine does besides. */
struct duelists {
    double each_ns[2]; /* an iteration */
    double setup_ns[2];
    double first_ns;   /* the first iteration of each side, besides */
    double noise;      /* a lap takes up to this part longer */
    double jump_at_ns; /* from here on everything takes jump_factor times as long; 0: never */
    double jump_factor;
    bool clock_stands;
};

struct lap {
    enum duel_lap kind;
    uint32_t side;
    uint64_t iterations;
    double time_ns;
    double end_ns;
};

static struct duel duel;
static struct lap laps[LAPS_MAX];
static size_t lap_count;
static struct rng duel_noise;

static inline struct duel_request duel_usual(void)
{
    struct duel_request request = {.cpu = -1,
                                   .first = DUEL_OLD,
                                   .slice_ns = 100 * US,
                                   .warm_up_ns = 1 * MS,
                                   .pair_ns = 20 * MS,
                                   .quads_min = 1,
                                   .quads_max = DUEL_QUADS_MAX};
    struct rng rng;
    rng_seed(&rng, 11);
    for (size_t i = 0; i < DUEL_QUADS_MAX; i++) {
        request.quads[i] = (uint8_t)rng_below(&rng, 2);
    }
    return request;
}

static inline struct sample run_lap(const struct duelists *k, bool first_run, double *now_ns)
{
    double time_ns = k->each_ns[duel.side] * (double)duel.lap_iterations;
    time_ns += first_run ? k->first_ns : 0;
    time_ns *= 1 + k->noise * (double)rng_below(&duel_noise, 1000) / 1000;
    time_ns *= k->jump_at_ns > 0 && *now_ns >= k->jump_at_ns ? k->jump_factor : 1;
    time_ns = k->clock_stands ? 0 : time_ns;
    *now_ns += time_ns;
    /* Numbers by which the slice of a lap is known again. */
    return (struct sample){.iterations = duel.lap_iterations,
                           .time_ns = time_ns,
                           .involuntary_switches = (uint32_t)lap_count,
                           .page_faults = (uint32_t)lap_count + 7};
}

/* Plays the pair to its end. */
static inline void play_duel(const struct duel_request *request, const struct duelists *k)
{
    double now_ns = 5 * S;
    bool ran[2] = {false, false};
    duel_begin(&duel, request, "old/id", "new/id");
    rng_seed(&duel_noise, 3);
    lap_count = 0;
    while (duel.lap != DUEL_END) {
        struct sample ended = {0};
        uint32_t side = duel.side;
        assert_true(side < 2);
        assert_true(lap_count < LAPS_MAX);
        laps[lap_count] = (struct lap){duel.lap, side, duel.lap_iterations, 0, 0};
        if (duel.lap == DUEL_SETUP) {
            now_ns += k->setup_ns[side];
        } else {
            assert_true(duel.lap_iterations > 0);
            ended = run_lap(k, !ran[side], &now_ns);
            ran[side] = true;
        }
        laps[lap_count].time_ns = ended.time_ns;
        laps[lap_count++].end_ns = now_ns;
        duel_advance(&duel, &ended, now_ns);
    }
    assert_int_equal(duel.side, DUEL_NOBODY);
}

/* The laps of a kind are one run of them, or none: its first and its number. */
static inline size_t find_laps(enum duel_lap kind, size_t *count)
{
    size_t first = 0;
    while (first < lap_count && laps[first].kind != kind) {
        first++;
    }
    size_t end = first;
    while (end < lap_count && laps[end].kind == kind) {
        end++;
    }
    for (size_t i = end; i < lap_count; i++) {
        assert_int_not_equal(laps[i].kind, kind);
    }
    *count = end - first;
    return first;
}

static inline void assert_set_up_in_order(const struct duel_request *request)
{
    size_t count;
    assert_int_equal(find_laps(DUEL_SETUP, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(laps[0].side, request->first);
    assert_int_equal(laps[1].side, 1 - request->first);
}

/* Both sides ran the same laps, the old one first. */
static inline void assert_calibration_is_mirrored(const struct duel_request *request)
{
    size_t count;
    size_t first = find_laps(DUEL_CALIBRATE, &count);
    if (request->iterations > 0) {
        assert_int_equal(count, 0);
        return;
    }
    assert_int_equal(first, 2);
    assert_true(count > 0 && count % 2 == 0);
    for (size_t i = first; i < first + count / 2; i++) {
        assert_int_equal(laps[i].side, DUEL_OLD);
        assert_int_equal(laps[i + count / 2].side, DUEL_NEW);
        assert_int_equal(laps[i].iterations, laps[i + count / 2].iterations);
    }
}

static inline void assert_warm_up_is_equal(const struct duel_request *request)
{
    size_t count;
    size_t first = find_laps(DUEL_WARM_UP, &count);
    assert_int_equal(count % 2, 0);
    for (size_t i = 0; i < count; i++) {
        uint32_t side = i < count / 2 ? request->first : 1 - request->first;
        assert_int_equal(laps[first + i].side, side);
        assert_int_equal(laps[first + i].iterations, duel.iterations);
    }
}

/* A side that gets the turn runs a part of a slice untimed; one that keeps it does not; a long
 * single call is not run twice. */
static inline void assert_touched(size_t timed, bool first_slice)
{
    const struct lap *before = &laps[timed - 1];
    uint64_t tenth = duel.iterations / 10;
    bool kept = !first_slice && before->kind == DUEL_TIMED && before->side == laps[timed].side;
    bool untouched = tenth == 0 && duel.each_ns >= 1 * MS;
    if (kept || untouched) {
        assert_int_not_equal(before->kind, DUEL_TOUCH);
    } else {
        assert_int_equal(before->kind, DUEL_TOUCH);
        assert_int_equal(before->side, laps[timed].side);
        assert_int_equal(before->iterations, tenth > 0 ? tenth : 1);
    }
    if (before->kind == DUEL_TOUCH && !first_slice) {
        assert_int_equal(laps[timed - 2].kind, DUEL_TIMED);
        assert_int_not_equal(laps[timed - 2].side, laps[timed].side);
    }
}

/* Returns the number of slices of both sides. */
static inline size_t assert_slices(const struct duel_request *request)
{
    static const uint32_t places[2][4] = {{DUEL_OLD, DUEL_NEW, DUEL_NEW, DUEL_OLD},
                                          {DUEL_NEW, DUEL_OLD, DUEL_OLD, DUEL_NEW}};
    size_t slices = 0;
    size_t of_side[2] = {0, 0};
    for (size_t i = 0; i < lap_count; i++) {
        if (laps[i].kind != DUEL_TIMED) {
            continue;
        }
        uint32_t side = laps[i].side;
        const struct duel_slice *kept = &duel.sides[side].slices[of_side[side]++];
        assert_int_equal(side, places[request->quads[slices / 4]][slices % 4]);
        assert_int_equal(laps[i].iterations, duel.iterations);
        assert_true(kept->time_ns == laps[i].time_ns);
        assert_int_equal(kept->involuntary_switches, i);
        assert_int_equal(kept->page_faults, i + 7);
        assert_touched(i, slices == 0);
        slices++;
    }
    assert_int_equal(of_side[0], of_side[1]);
    assert_int_equal(duel.sides[0].count, of_side[0]);
    assert_int_equal(duel.sides[1].count, of_side[1]);
    assert_int_equal(slices % 4, 0);
    return slices;
}

/* It ended with the first whole quad that was due to be the last. */
static inline void assert_ended_in_time(const struct duel_request *request, size_t slices)
{
    size_t seen = 0;
    double begun_ns = 0;
    for (size_t i = 0; i < lap_count; i++) {
        if (begun_ns == 0 && (laps[i].kind == DUEL_TOUCH || laps[i].kind == DUEL_TIMED)) {
            begun_ns = laps[i - 1].end_ns;
        }
        seen += laps[i].kind == DUEL_TIMED;
        if (laps[i].kind == DUEL_TIMED && seen % 4 == 0) {
            bool enough =
                seen / 4 >= request->quads_min && laps[i].end_ns - begun_ns >= request->pair_ns;
            assert_int_equal(enough || seen / 4 == request->quads_max, seen == slices);
        }
    }
    assert_int_equal(laps[lap_count - 1].kind, DUEL_TIMED);
}

/* All that holds of every pair. */
static inline void assert_fair(const struct duel_request *request)
{
    assert_set_up_in_order(request);
    assert_calibration_is_mirrored(request);
    assert_warm_up_is_equal(request);
    size_t slices = assert_slices(request);
    assert_true(slices >= 4);
    assert_true(slices / 4 <= request->quads_max);
    assert_ended_in_time(request, slices);
}

static inline size_t laps_of(enum duel_lap kind, uint32_t side)
{
    size_t count = 0;
    for (size_t i = 0; i < lap_count; i++) {
        count += laps[i].kind == kind && laps[i].side == side;
    }
    return count;
}

#endif
