#include "versus/contest.h"
#include "analysis/paired.h"
#include "base/memory.h"
#include "measure/clock.h"
#include "versus/judge.h"

#include <math.h>
#include <stdlib.h>

/* What a pair costs besides its slices, before any has run. */
#define PAIR_START_S 0.010

/* Part of a time budget that screening may use. */
#define SCREEN_SHARE 0.6
/* Fewest screening pairs before a budget cuts them, and confirming pairs that are worth running. */
#define SCREEN_MIN  6
#define CONFIRM_MIN 12
/* Times the screening pairs that a benchmark gets at the most while it is undecided; and in the
 * end, when a time budget leaves time. */
#define SCREEN_TIMES 3
#define EXTEND_TIMES 12
/* Fewest confirming pairs where each is longer than usual. */
#define CONFIRM_LEAST 24
/* Times the confirming pairs that one which varies much gets. */
#define CONFIRM_TIMES 3

static double elapsed_s(const struct contest *c)
{
    return (double)(clock_monotonic_ns() - c->begun_ns) / 1e9;
}

static double guess_s(const struct versus_settings *s)
{
    return s->pair_ns / 1e9 + PAIR_START_S;
}

double contest_estimate_s(const struct versus_settings *settings, size_t count)
{
    return (double)count * (double)settings->screen_pairs * guess_s(settings);
}

/* Seconds that are left; infinite without a budget. */
static double left_s(const struct contest *c)
{
    double budget_s = c->ring.settings->time_budget_s;
    return budget_s > 0 ? budget_s - elapsed_s(c) : INFINITY;
}

static void shuffle(struct rng *rng, struct bout **due, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)rng_below(rng, i);
        struct bout *kept = due[i - 1];
        due[i - 1] = due[j];
        due[j] = kept;
    }
}

/* One pair of each that is due. false when its stage must end: interrupted, or there was not time
 * enough for all. */
static bool run_round(struct contest *c, struct bout **due, size_t count, bool confirming,
                      double done, double rest_s)
{
    bool all_fit = true;
    shuffle(&c->ring.rng, due, count);
    for (size_t i = 0; i < count; i++) {
        struct bout *bout = due[i];
        if (!bout_is_alive(bout)) {
            continue;
        }
        if (bout_pair_seconds(bout, guess_s(c->ring.settings)) > left_s(c)) {
            c->out_of_time = true;
            all_fit = false;
            continue; /* a shorter one may still fit */
        }
        if (c->watch != NULL) {
            c->watch(c->watch_context, bout->benchmark->id, done, fmin(rest_s, left_s(c)));
        }
        if (!bout_run_pair(&c->ring, bout, confirming)) {
            c->interrupted = true;
            return false;
        }
    }
    return all_fit;
}

static double round_seconds(struct bout **due, size_t count)
{
    double seconds = 0;
    for (size_t i = 0; i < count; i++) {
        seconds += bout_pair_seconds(due[i], 0);
    }
    return seconds;
}

static size_t collect_alive(struct contest *c, struct bout **due)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (bout_is_alive(&c->bouts[i])) {
            due[count++] = &c->bouts[i];
        }
    }
    return count;
}

static void screen(struct contest *c, struct bout **due)
{
    const struct versus_settings *s = c->ring.settings;
    double share_s = s->time_budget_s > 0 ? s->time_budget_s * SCREEN_SHARE : INFINITY;
    double planned_s = contest_estimate_s(s, c->count);
    for (size_t round = 0; round < s->screen_pairs; round++) {
        double spent_s = elapsed_s(c);
        double each_s = round == 0 ? 0 : spent_s / (double)round;
        if (round >= SCREEN_MIN && spent_s + each_s > share_s) {
            return;
        }
        double done = (double)round / (double)s->screen_pairs;
        double rest_s = round == 0 ? planned_s : each_s * (double)(s->screen_pairs - round);
        if (!run_round(c, due, collect_alive(c, due), false, done, rest_s)) {
            return;
        }
    }
}

static void suspect(struct contest *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct bout *bout = &c->bouts[i];
        bout_summarise(bout);
        bool judged =
            bout->benchmark->status == VERSUS_COMPARED && !bout->benchmark->below_resolution;
        bout->direction = judged ? judge_suspect(bout->benchmark) : 0;
        bout->open = bout->direction != 0;
    }
}

static size_t collect_open(struct contest *c, struct bout **due)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (c->bouts[i].open && bout_is_alive(&c->bouts[i])) {
            due[count++] = &c->bouts[i];
        }
    }
    return count;
}

/* Benchmarks of which the screen says nothing yet, and may with more pairs. */
static size_t collect_undecided(struct contest *c, struct bout **due)
{
    size_t most = c->ring.settings->screen_pairs * SCREEN_TIMES;
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct bout *bout = &c->bouts[i];
        const struct versus_benchmark *b = bout->benchmark;
        if (b->status == VERSUS_COMPARED && !b->below_resolution &&
            judge_wants_more(b, bout_scale_pairs(bout, most, most / SCREEN_TIMES),
                             c->ring.settings)) {
            due[count++] = bout;
        }
    }
    return count;
}

/* As many pairs again of each that is due. false when the time for screening is up, or a signal
 * came. */
static bool run_step(struct contest *c, struct bout **due, size_t count, double share_s)
{
    size_t rounds = c->ring.settings->screen_pairs;
    for (size_t i = 0; i < rounds; i++) {
        double each_s = round_seconds(due, count);
        if (elapsed_s(c) + each_s > share_s ||
            !run_round(c, due, count, false, 1, each_s * (double)(rounds - i))) {
            return false;
        }
    }
    return true;
}

/* What varies much from pair to pair is screened longer: a change would be missed otherwise. */
static void screen_further(struct contest *c, struct bout **due)
{
    const struct versus_settings *s = c->ring.settings;
    double share_s = s->time_budget_s > 0 ? s->time_budget_s * SCREEN_SHARE : INFINITY;
    bool goes_on = true;
    for (size_t step = 1; step < SCREEN_TIMES && goes_on; step++) {
        size_t count = collect_undecided(c, due);
        if (count == 0) {
            return;
        }
        goes_on = run_step(c, due, count, share_s);
        suspect(c);
    }
}

/* How many confirming pairs each suspected benchmark gets: more for those that vary much. When the
 * time is short these give up what they have more first. false when too few are left to be worth
 * it. */
static bool plan_confirmation(const struct contest *c, struct bout **due, size_t count)
{
    const struct versus_settings *s = c->ring.settings;
    double usual_s = 0;
    double more_s = 0;
    for (size_t i = 0; i < count; i++) {
        size_t usual = bout_scale_pairs(due[i], s->confirm_pairs, CONFIRM_LEAST);
        size_t wanted = judge_pairs_to_confirm(due[i]->benchmark, count, s);
        size_t most = usual * CONFIRM_TIMES;
        double each_s = bout_pair_seconds(due[i], guess_s(s));
        due[i]->planned = wanted < usual ? usual : wanted > most ? most : wanted;
        usual_s += (double)usual * each_s;
        more_s += (double)(due[i]->planned - usual) * each_s;
    }
    double time_s = fmax(0, left_s(c) * 0.95);
    double share = fmin(1, time_s / fmax(usual_s, 1e-6));
    double part = fmin(1, fmax(0, time_s - usual_s) / fmax(more_s, 1e-6));
    for (size_t i = 0; i < count; i++) {
        size_t usual = bout_scale_pairs(due[i], s->confirm_pairs, CONFIRM_LEAST);
        double more = part * (double)(due[i]->planned - usual);
        due[i]->planned = (size_t)(floor((double)usual * share) + more);
    }
    return floor((double)s->confirm_pairs * share) >= fmin((double)s->confirm_pairs, CONFIRM_MIN);
}

/* Those that are suspected of the same share the chance of a false alarm; canaries have their own.
 * Where the ranks do not agree, further pairs may bring them to it; after the last look the
 * disagreement is the result. */
static void rule_family(struct contest *c, bool canary, int direction, double level, bool last)
{
    const struct versus_settings *s = c->ring.settings;
    struct bout **family = memory_zeroed(c->count, sizeof(struct bout *));
    double *p = memory_zeroed(c->count, sizeof *p);
    bool *rejected = memory_zeroed(c->count, sizeof *rejected);
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct bout *bout = &c->bouts[i];
        if (bout->canary == canary && bout->direction == direction) {
            p[count] = bout->rejected ? 0 : bout->open ? judge_p(bout->benchmark, direction, s) : 1;
            family[count++] = bout;
        }
    }
    paired_holm(p, count, level, rejected);
    for (size_t i = 0; i < count; i++) {
        struct bout *bout = family[i];
        double own = level / (double)count;
        if (!bout->open || !rejected[i] ||
            (!last && !judge_ranks_agree(bout->benchmark, direction, own, s))) {
            continue;
        }
        bout->rejected = true;
        bout->level = own;
        bout->open = false;
    }
    free(rejected);
    free(p);
    free(family);
}

static void look(struct contest *c, size_t number)
{
    const struct versus_settings *s = c->ring.settings;
    double level = s->false_alarms * judge_spending[number];
    for (int direction = -1; direction <= 1; direction += 2) {
        rule_family(c, false, direction, level, number + 1 == JUDGE_LOOKS);
        rule_family(c, true, direction, level, number + 1 == JUDGE_LOOKS);
    }
    for (size_t i = 0; i < c->count; i++) {
        struct bout *bout = &c->bouts[i];
        if (bout->open && judge_is_futile(bout->benchmark, bout->direction, s)) {
            bout->open = false;
        }
    }
}

static void mark_late(struct bout **due, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        due[i]->out_of_time = due[i]->open;
    }
}

/* Those of the open ones that have not got their pairs for this look. */
static size_t collect_short(struct contest *c, struct bout **due, size_t number)
{
    size_t count = collect_open(c, due);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t until = due[i]->planned * (number + 1) / JUDGE_LOOKS;
        if (bout_count_pairs(due[i], true) < until) {
            due[kept++] = due[i];
        }
    }
    return kept;
}

static double open_seconds(struct contest *c)
{
    double seconds = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct bout *bout = &c->bouts[i];
        if (bout->open && bout_is_alive(bout)) {
            double left = (double)bout->planned - (double)bout_count_pairs(bout, true);
            seconds += fmax(0, left) * bout_pair_seconds(bout, 0);
        }
    }
    return seconds;
}

static void confirm(struct contest *c, struct bout **due)
{
    size_t count = collect_open(c, due);
    if (count > 0 && !plan_confirmation(c, due, count)) {
        c->out_of_time = true;
        mark_late(due, count);
        return;
    }
    double all_s = open_seconds(c);
    for (size_t number = 0; number < JUDGE_LOOKS; number++) {
        while ((count = collect_short(c, due, number)) > 0) {
            double rest_s = open_seconds(c);
            double done = fmax(0, 1 - rest_s / fmax(all_s, 1e-6));
            if (!run_round(c, due, count, true, done, rest_s)) {
                mark_late(due, collect_open(c, due));
                return;
            }
        }
        look(c, number);
    }
}

static void conclude(struct contest *c, struct bout *bout)
{
    struct versus_benchmark *b = bout->benchmark;
    struct judge_ruling ruling = {.direction = bout->direction,
                                  .rejected = bout->rejected,
                                  .level = bout->level,
                                  .out_of_time = bout->out_of_time};
    bout_summarise(bout);
    if (b->status == VERSUS_COMPARED) {
        judge_conclude(b, &ruling, c->count, c->ring.settings);
    } else if (b->status == VERSUS_UNTRIED && b->reason == NULL) {
        b->reason = memory_text(c->interrupted ? "the run was interrupted before its first pair"
                                               : "the time was up before its first pair");
    }
}

static void conclude_all(struct contest *c)
{
    for (size_t i = 0; i < c->count; i++) {
        conclude(c, &c->bouts[i]);
    }
}

/* Benchmarks that were never suspected and may be settled by so many pairs in all. */
static size_t collect_unsettled(struct contest *c, struct bout **due, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct bout *bout = &c->bouts[i];
        const struct versus_benchmark *b = bout->benchmark;
        if (b->status == VERSUS_COMPARED && b->verdict == VERSUS_INCONCLUSIVE && !b->flagged &&
            !b->below_resolution && b->pair_count + b->pairs_needed <= most) {
            due[count++] = bout;
        }
    }
    return count;
}

static void extend(struct contest *c, struct bout **due)
{
    const struct versus_settings *s = c->ring.settings;
    size_t most = s->screen_pairs * EXTEND_TIMES;
    for (size_t step = 1; step < EXTEND_TIMES; step++) {
        size_t count = collect_unsettled(c, due, most);
        for (size_t i = 0; i < s->screen_pairs && count > 0; i++) {
            double rest_s = round_seconds(due, count) * (double)(s->screen_pairs - i);
            if (!run_round(c, due, count, false, 1, rest_s)) {
                conclude_all(c);
                return;
            }
        }
        for (size_t i = 0; i < count; i++) {
            conclude(c, due[i]);
        }
    }
}

void contest_run(struct contest *c)
{
    struct bout **due = memory_zeroed(c->count > 0 ? c->count : 1, sizeof(struct bout *));
    double budget_s = c->ring.settings->time_budget_s;
    c->begun_ns = c->begun_ns == 0 ? clock_monotonic_ns() : c->begun_ns;
    c->ring.end_ns = budget_s > 0 ? c->begun_ns + (uint64_t)(budget_s * 1e9) : 0;
    if (!c->interrupted) {
        screen(c, due);
    }
    suspect(c);
    if (!c->interrupted && !c->out_of_time) {
        screen_further(c, due);
    }
    if (!c->interrupted) {
        confirm(c, due);
    } else {
        mark_late(due, collect_open(c, due));
    }
    conclude_all(c);
    if (budget_s > 0 && !c->interrupted && !c->out_of_time) {
        extend(c, due);
    }
    free(due);
}
