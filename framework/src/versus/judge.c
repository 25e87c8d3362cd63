#include "versus/judge.h"
#include "analysis/paired.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

const double judge_spending[JUDGE_LOOKS] = {0.1, 0.3, 0.6};

/* Power at which smallest effects and needed pairs are stated. */
#define POWER 0.8

/* What is picked out by its estimate is smaller than that. */
#define SHRINK 0.7

/* Intervals that would stay wider than so many margins are not worth more screening. */
#define HOPE_TIMES 5

/* More pairs than this nobody runs. */
#define NEEDED_MAX 20000

/* The pairs of one stage as the statistics take them. */
struct stage {
    size_t count;
    double *logs;
    int *orders;
};

enum measure { BY_QUADS, BY_TAIL };

static struct stage stage_of(const struct versus_benchmark *b, bool confirming, enum measure by)
{
    struct stage stage = {.logs = memory_zeroed(b->pair_count, sizeof *stage.logs),
                          .orders = memory_zeroed(b->pair_count, sizeof *stage.orders)};
    for (size_t i = 0; i < b->pair_count; i++) {
        const struct versus_pair *p = &b->pairs[i];
        bool known = by == BY_QUADS || (p->old_tail_ns > 0 && p->new_tail_ns > 0);
        if (p->confirming == confirming && known) {
            stage.logs[stage.count] =
                by == BY_QUADS ? p->log_ratio : log(p->new_tail_ns / p->old_tail_ns);
            stage.orders[stage.count++] = p->order;
        }
    }
    return stage;
}

static void release(struct stage *stage)
{
    free(stage->logs);
    free(stage->orders);
}

static bool fit_of(const struct versus_benchmark *b, bool confirming, enum measure by,
                   struct paired_fit *fit)
{
    struct stage stage = stage_of(b, confirming, by);
    bool possible = paired_fit(stage.logs, stage.orders, stage.count, PAIRED_TRIM, fit);
    release(&stage);
    return possible;
}

static double beyond(const struct paired_fit *fit, int direction, double limit)
{
    return direction > 0 ? paired_p_above(fit, limit) : paired_p_below(fit, -limit);
}

static int suspicion(const struct paired_fit *fit)
{
    if (paired_p_above(fit, 0) < JUDGE_SUSPECT_LEVEL) {
        return 1;
    }
    return paired_p_below(fit, 0) < JUDGE_SUSPECT_LEVEL ? -1 : 0;
}

int judge_suspect(const struct versus_benchmark *b)
{
    struct paired_fit fit;
    return fit_of(b, false, BY_QUADS, &fit) ? suspicion(&fit) : 0;
}

double judge_p(const struct versus_benchmark *b, int direction, const struct versus_settings *s)
{
    struct paired_fit fit;
    return fit_of(b, true, BY_QUADS, &fit) ? beyond(&fit, direction, log1p(s->guard)) : 1;
}

static bool is_equivalent(const struct paired_fit *fit, const struct versus_settings *s)
{
    return paired_equivalent(fit, log1p(s->margin), (1 - s->confidence) / 2);
}

bool judge_is_futile(const struct versus_benchmark *b, int direction,
                     const struct versus_settings *s)
{
    struct paired_fit fit;
    return fit_of(b, true, BY_QUADS, &fit) && fit.effect * direction < log1p(s->guard);
}

bool judge_wants_more(const struct versus_benchmark *b, size_t most,
                      const struct versus_settings *s)
{
    struct paired_fit fit;
    if (b->pair_count >= most || !fit_of(b, false, BY_QUADS, &fit) || suspicion(&fit) != 0 ||
        is_equivalent(&fit, s)) {
        return false;
    }
    double reach = 2 * fit.deviation / sqrt((double)most);
    return reach < HOPE_TIMES * log1p(s->margin);
}

size_t judge_pairs_to_confirm(const struct versus_benchmark *b, size_t suspects,
                              const struct versus_settings *s)
{
    struct paired_fit fit;
    if (!fit_of(b, false, BY_QUADS, &fit)) {
        return 0;
    }
    double distance = fabs(fit.effect) * SHRINK - log1p(s->guard);
    double alpha = s->false_alarms / (double)(suspects > 0 ? suspects : 1);
    return distance > 0 ? paired_pairs_needed(&fit, distance, alpha, POWER) : 0;
}

static double rank_p(const struct versus_benchmark *b, int direction,
                     const struct versus_settings *s)
{
    struct stage stage = stage_of(b, true, BY_QUADS);
    for (size_t i = 0; i < stage.count; i++) {
        stage.logs[i] *= direction;
    }
    double p = paired_signed_rank(stage.logs, stage.count, log1p(s->guard));
    release(&stage);
    return p;
}

bool judge_ranks_agree(const struct versus_benchmark *b, int direction, double level,
                       const struct versus_settings *s)
{
    return rank_p(b, direction, s) <= 4 * level;
}

static struct versus_interval interval_of(const struct paired_fit *fit, double confidence)
{
    double reach = paired_reach(fit, confidence);
    return (struct versus_interval){expm1(fit->effect), expm1(fit->effect - reach),
                                    expm1(fit->effect + reach)};
}

/* The smallest slowdown that the screen lets pass to confirmation and that is then confirmed. */
static double detectable_by_plan(const struct paired_fit *fit, const struct versus_settings *s)
{
    struct paired_fit second = *fit;
    double pairs = (double)s->confirm_pairs;
    second.pairs = s->confirm_pairs;
    second.df = fmax(1, (1 - 2 * PAIRED_TRIM) * pairs - 2);
    second.error = fmax(PAIRED_SE_FLOOR, fit->deviation / sqrt(pairs));
    double screened = paired_detectable(fit, 0, JUDGE_SUSPECT_LEVEL, POWER);
    return fmax(screened, paired_detectable(&second, log1p(s->guard), s->false_alarms, POWER));
}

static void state_need(struct versus_benchmark *b, const struct paired_fit *fit,
                       const struct versus_settings *s)
{
    double size = fabs(fit->effect);
    double to_margin = log1p(s->margin) - size;
    double to_guard = size - log1p(s->guard);
    double distance = fmax(fmax(to_margin, to_guard), 1e-4);
    size_t needed = paired_pairs_needed(fit, distance, (1 - s->confidence) / 2, POWER);
    b->pairs_needed = needed > fit->pairs + PAIRED_MIN ? needed - fit->pairs : PAIRED_MIN;
    b->seconds_needed = (double)b->pairs_needed * b->pair_seconds;
}

static void watch_tail(struct versus_benchmark *b, bool confirming, size_t compared,
                       const struct versus_settings *s)
{
    struct paired_fit fit;
    if (!fit_of(b, confirming, BY_TAIL, &fit)) {
        return;
    }
    b->tail = interval_of(&fit, s->confidence);
    b->tail_slower = b->verdict != VERSUS_REGRESSED &&
                     paired_p_above(&fit, log1p(s->margin)) <
                         s->false_alarms / (double)(compared > 0 ? compared : 1);
}

static void conclude_suspected(struct versus_benchmark *b, const struct judge_ruling *ruling,
                               const struct versus_settings *s)
{
    b->has_rank = true;
    b->rank_p_value = rank_p(b, ruling->direction, s);
    if (!ruling->rejected) {
        return;
    }
    if (b->rank_p_value <= 4 * ruling->level) {
        b->verdict = ruling->direction > 0 ? VERSUS_REGRESSED : VERSUS_IMPROVED;
    } else {
        b->note = memory_text("the t-test calls it changed, the signed-rank test does not");
    }
}

/* What an earlier conclusion from fewer pairs said. */
static void forget(struct versus_benchmark *b)
{
    free(b->note);
    b->note = NULL;
    b->confirmed = false;
    b->layout_alone = false;
    b->has_rank = false;
    b->pairs_needed = 0;
    b->seconds_needed = 0;
    b->tail_slower = false;
    b->tail = (struct versus_interval){0, 0, 0};
}

void judge_conclude(struct versus_benchmark *b, const struct judge_ruling *ruling, size_t compared,
                    const struct versus_settings *s)
{
    struct paired_fit fit;
    forget(b);
    b->flagged = ruling->direction != 0;
    bool fresh = b->flagged && fit_of(b, true, BY_QUADS, &fit);
    b->verdict = VERSUS_INCONCLUSIVE;
    if (!fresh && !fit_of(b, false, BY_QUADS, &fit)) {
        b->note = memory_text("too few pairs for an interval");
        b->p_value = 1;
        return;
    }
    int direction = ruling->direction != 0 ? ruling->direction : (fit.effect < 0 ? -1 : 1);
    b->confirmed = fresh;
    b->effect = interval_of(&fit, s->confidence);
    b->p_value = beyond(&fit, direction, fresh ? log1p(s->guard) : 0);
    b->detectable = expm1(fresh ? paired_detectable(&fit, log1p(s->guard), s->false_alarms, POWER)
                                : detectable_by_plan(&fit, s));
    if (b->below_resolution) {
        return;
    }
    if (fresh) {
        conclude_suspected(b, ruling, s);
    }
    bool quiet = b->note == NULL && !(b->flagged && !fresh);
    if (b->verdict == VERSUS_INCONCLUSIVE && quiet && is_equivalent(&fit, s)) {
        b->verdict = VERSUS_UNCHANGED;
    }
    if (b->verdict == VERSUS_INCONCLUSIVE) {
        state_need(b, &fit, s);
    }
    if (b->verdict == VERSUS_INCONCLUSIVE && ruling->out_of_time && b->note == NULL) {
        b->note = memory_text("a change was suspected, and the run ended before it was confirmed");
    }
    watch_tail(b, fresh, compared, s);
}

#define SAME_CODE " by its place in memory alone: all that it reaches is the same on both sides"

void judge_as_layout(struct versus_benchmark *b)
{
    free(b->note);
    b->note = memory_text(b->verdict == VERSUS_REGRESSED ? "slower" SAME_CODE : "faster" SAME_CODE);
    b->verdict = VERSUS_UNCHANGED;
    b->layout_alone = true;
}
