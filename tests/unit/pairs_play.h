/* Benchmarks of a comparison with pairs whose truth is known. */
#ifndef TESTS_PAIRS_PLAY_H
#define TESTS_PAIRS_PLAY_H

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/rng.h"
#include "present/versus.h"

static const struct versus_settings pairs_usual = {.confidence = 0.95,
                                                   .guard = 0.003,
                                                   .margin = 0.01,
                                                   .false_alarms = 0.01,
                                                   .screen_pairs = 16,
                                                   .confirm_pairs = 60,
                                                   .slice_ns = 1e5,
                                                   .pair_ns = 20e6,
                                                   .cpu = -1};

/* What a pair shows: ln(new / old) around `log_effect`. */
struct pairs_law {
    double log_effect;
    double deviation;   /* of a normal law */
    double order;       /* added when the old side is set up first, else taken away */
    double unlucky;     /* part of the pairs that is 10 % slower or faster besides */
    double tail_effect; /* on the slow half besides, ln(new / old) */
};

static inline double pairs_uniform(struct rng *rng)
{
    return ((double)(rng_next(rng) >> 11) + 0.5) / 9007199254740992.0;
}

static inline double pairs_normal(struct rng *rng)
{
    return sqrt(-2 * log(pairs_uniform(rng))) * cos(2 * acos(-1) * pairs_uniform(rng));
}

static inline double pairs_draw(const struct pairs_law *law, int order, struct rng *rng)
{
    double value = law->log_effect + law->order * order;
    value += law->deviation > 0 ? law->deviation * pairs_normal(rng) : 0;
    if (law->unlucky > 0 && pairs_uniform(rng) < law->unlucky) {
        value += rng_below(rng, 2) == 0 ? 0.1 : -0.1;
    }
    return value;
}

static inline void pairs_add_one(struct versus_benchmark *b, bool confirming, int order, double log)
{
    b->pairs = memory_resize(b->pairs, b->pair_count + 1, sizeof *b->pairs);
    b->pairs[b->pair_count++] = (struct versus_pair){.confirming = confirming,
                                                     .order = order,
                                                     .log_ratio = log,
                                                     .old_lowmean_ns = 100,
                                                     .new_lowmean_ns = 100 * exp(log),
                                                     .old_tail_ns = 110,
                                                     .new_tail_ns = 110 * exp(log),
                                                     .slices = 100};
}

/* Adds `count` pairs, half of them in each order when count is even. */
static inline void pairs_add(struct versus_benchmark *b, bool confirming, size_t count,
                             const struct pairs_law *law, struct rng *rng)
{
    for (size_t i = 0; i < count; i++) {
        int order = i % 2 == 0 ? 1 : -1;
        pairs_add_one(b, confirming, order, pairs_draw(law, order, rng));
        b->pairs[b->pair_count - 1].new_tail_ns *= exp(law->tail_effect);
    }
}

static inline void pairs_release(struct versus_benchmark *b)
{
    free(b->pairs);
    free(b->note);
    *b = (struct versus_benchmark){.status = VERSUS_COMPARED};
}

#endif
