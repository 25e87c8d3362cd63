/* A comparison without processes and without a clock: a test plays each pair itself. The functions
 * pair_run and clock_monotonic_ns here stand in for those of the library. */
#ifndef TESTS_CONTEST_PLAY_H
#define TESTS_CONTEST_PLAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "measure/clock.h"
#include "pairs_play.h"
#include "versus/contest.h"

#include <stdio.h>

#define NEVER     SIZE_MAX
#define CALLS_MAX 200000
#define EACH_NS   100.0

/* What is behind a bout. */
struct player {
    struct pairs_law law;
    double seconds; /* of a pair */
    size_t ends_at; /* its pair, from 0, that ends in this way */
    enum pair_end ends_as;
    bool late;   /* that end was for want of time */
    int only_fd; /* its old program works as this file alone, and else fails in its setup; 0: any */
    size_t called;
    double own_deviation; /* besides, of pairs that do not share their addresses */
    bool disturbed;       /* the second slice of the new side is, and takes three times as long */
};

/* A pair that was asked for. */
struct call {
    uint32_t bout;
    uint32_t first;
    uint64_t luck;
    double begun_s;
};

static struct player *players;
static struct bout *bouts;
static struct versus_benchmark *benchmarks;
static struct duel *play_page;
static struct call *calls;
static size_t call_count;
static size_t interrupt_at; /* the call, from 0, during which a signal comes */
static double clock_s;
static struct rng play_rng;
static struct contest contest;
static struct versus_settings settings;
static struct duel_request last_request;
static struct pair_sides last_sides;
static double last_limit_s;
static bool last_shared_luck;

uint64_t clock_monotonic_ns(void)
{
    return (uint64_t)(clock_s * 1e9);
}

/* One quad whose value is that of the player's law. */
static inline void play_slices(struct duel *d, const struct player *player)
{
    int order = d->request.first == DUEL_OLD ? 1 : -1;
    double log_ratio = pairs_draw(&player->law, order, &play_rng);
    log_ratio += last_shared_luck || player->own_deviation <= 0
                     ? 0
                     : player->own_deviation * pairs_normal(&play_rng);
    d->iterations = d->request.iterations > 0 ? d->request.iterations : 1000;
    d->each_ns = EACH_NS;
    for (size_t side = 0; side < 2; side++) {
        double ns = EACH_NS * (double)d->iterations * (side == DUEL_NEW ? exp(log_ratio) : 1);
        d->sides[side].count = 2;
        d->sides[side].slices[0] = (struct duel_slice){.time_ns = ns};
        d->sides[side].slices[1] = (struct duel_slice){.time_ns = ns};
    }
    if (player->disturbed) {
        d->sides[DUEL_NEW].slices[1].time_ns *= 3;
        d->sides[DUEL_NEW].slices[1].involuntary_switches = 1;
    }
    d->lap = DUEL_END;
}

void pair_run(struct pair_page *page, const struct pair_sides *sides,
              const struct duel_request *request, bool shared_luck, double limit_s,
              struct pair_outcome *outcome)
{
    uint32_t number = (uint32_t)strtoul(sides->id[DUEL_NEW], NULL, 10);
    struct player *player = &players[number];
    assert_true(call_count < CALLS_MAX);
    calls[call_count] = (struct call){number, request->first, request->luck, clock_s};
    last_request = *request;
    last_sides = *sides;
    last_limit_s = limit_s;
    last_shared_luck = shared_luck;
    clock_s += player->seconds;
    *outcome = (struct pair_outcome){.end = PAIR_DONE, .pinned = true, .seconds = player->seconds};
    duel_begin(page->duel, request, sides->id[DUEL_OLD], sides->id[DUEL_NEW]);
    play_slices(page->duel, player);
    if (player->called++ == player->ends_at) {
        outcome->end = player->ends_as;
        outcome->late = player->late;
        outcome->side = DUEL_NEW;
        snprintf(outcome->reason, sizeof outcome->reason, "it said so");
    }
    if (player->only_fd > 0 && sides->program[DUEL_OLD] != player->only_fd) {
        outcome->end = PAIR_FAILED;
        page->duel->lap = DUEL_SETUP;
    }
    if (call_count++ == interrupt_at) {
        outcome->end = PAIR_INTERRUPTED;
    }
}

/* A comparison of so many benchmarks in which nothing changed and nothing varies; a pair takes
 * 30 ms. Release with forget_contest. */
static inline void make_contest(size_t count)
{
    players = memory_zeroed(count, sizeof *players);
    bouts = memory_zeroed(count, sizeof *bouts);
    benchmarks = memory_zeroed(count, sizeof *benchmarks);
    calls = memory_zeroed(CALLS_MAX, sizeof *calls);
    play_page = memory_zeroed(1, sizeof *play_page);
    static const int fd = 3;
    static const struct clock_facts facts = {.tsc = true, .ns_per_tick = 0.5};
    call_count = 0;
    interrupt_at = NEVER;
    clock_s = 1000;
    rng_seed(&play_rng, 17);
    settings = pairs_usual;
    for (size_t i = 0; i < count; i++) {
        char id[16];
        snprintf(id, sizeof id, "%zu", i);
        players[i] = (struct player){.seconds = 0.03, .ends_at = NEVER};
        benchmarks[i] = (struct versus_benchmark){.id = memory_text(id), .status = VERSUS_UNTRIED};
        bouts[i] = (struct bout){.benchmark = &benchmarks[i],
                                 .id = {benchmarks[i].id, benchmarks[i].id},
                                 .number = (uint32_t)i,
                                 .threads = 1,
                                 .program = {{.count = 1, .fd = &fd}, {.count = 1, .fd = &fd}}};
    }
    contest = (struct contest){.count = count, .bouts = bouts};
    contest.ring = (struct bout_ring){.page = {.duel = play_page, .fd = -1},
                                      .settings = &settings,
                                      .clock = &facts,
                                      .max_time_s = 60};
    rng_seed(&contest.ring.rng, 23);
}

static inline void forget_contest(void)
{
    for (size_t i = 0; i < contest.count; i++) {
        bout_release(&bouts[i]);
        free(benchmarks[i].id);
        free(benchmarks[i].pairs);
        free(benchmarks[i].note);
        free(benchmarks[i].reason);
    }
    free(players);
    free(bouts);
    free(benchmarks);
    free(calls);
    free(play_page);
    contest.count = 0;
}

static inline size_t count_verdicts(size_t from, size_t to, enum versus_verdict verdict)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++) {
        count += benchmarks[i].status == VERSUS_COMPARED && benchmarks[i].verdict == verdict;
    }
    return count;
}

#endif
