#include "versus/setup.h"
#include "base/filter.h"
#include "base/memory.h"
#include "present/result.h"
#include "present/versus_text.h"
#include "versus/canary.h"
#include "versus/identity.h"
#include "versus/judge.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* An id of either side. */
struct match {
    const char *id;
    const struct contestant_pair *pair;
    const struct contestant_benchmark *benchmark[2]; /* NULL: not on this side */
};

struct matches {
    size_t count;
    struct match *all;
};

static char *copy_of(const char *text)
{
    return text == NULL ? NULL : memory_text(text);
}

static void add_match(struct matches *m, const struct contestant_pair *pair, const char *id)
{
    m->all = memory_resize(m->all, m->count + 1, sizeof *m->all);
    struct match *match = &m->all[m->count++];
    *match = (struct match){.id = id, .pair = pair};
    for (size_t side = 0; side < 2; side++) {
        match->benchmark[side] = contestant_find(&pair->side[side], id);
    }
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct match *)a)->id, ((const struct match *)b)->id);
}

/* Every id of either side, sorted. */
static void find_matches(const struct contestants *c, struct matches *m)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct contestant_pair *pair = &c->pairs[i];
        const struct contestant *old = &pair->side[DUEL_OLD];
        const struct contestant *new_side = &pair->side[DUEL_NEW];
        for (size_t k = 0; k < old->count; k++) {
            add_match(m, pair, old->benchmarks[k].id);
        }
        for (size_t k = 0; k < new_side->count; k++) {
            if (contestant_find(old, new_side->benchmarks[k].id) == NULL) {
                add_match(m, pair, new_side->benchmarks[k].id);
            }
        }
    }
    if (m->count > 0) {
        qsort(m->all, m->count, sizeof *m->all, by_id);
    }
}

/* In a folder, two executables may be of one suite. */
static int check_unique(const struct matches *m, struct error *error)
{
    for (size_t i = 1; i < m->count; i++) {
        const struct match *a = &m->all[i - 1];
        const struct match *b = &m->all[i];
        if (strcmp(a->id, b->id) == 0) {
            return error_set(error, STATUS_USAGE,
                             "%s and %s both have the benchmark %s: compare them one by one",
                             a->pair->name, b->pair->name, a->id);
        }
    }
    return 0;
}

static int keep_wanted(const struct compare_options *o, struct matches *m, struct error *error)
{
    const char **ids = memory_zeroed(m->count + 1, sizeof *ids);
    bool *keep = memory_zeroed(m->count + 1, sizeof *keep);
    struct filter_request request = {.wanted = o->words.text + 2,
                                     .wanted_count = o->words.count - 2,
                                     .unwanted = o->skips.text,
                                     .unwanted_count = o->skips.count,
                                     .exact = o->exact};
    for (size_t i = 0; i < m->count; i++) {
        ids[i] = m->all[i].id;
    }
    int code = filter_ids(ids, m->count, &request, keep, error);
    size_t kept = 0;
    for (size_t i = 0; i < m->count && code == 0; i++) {
        if (keep[i]) {
            m->all[kept++] = m->all[i];
        }
    }
    m->count = code == 0 ? kept : m->count;
    free(ids);
    free(keep);
    return code;
}

static void add_text(char ***list, size_t *count, const char *text)
{
    *list = memory_resize(*list, *count + 1, sizeof **list);
    (*list)[(*count)++] = memory_text(text);
}

static struct bout_program program_of(const struct contestant *side)
{
    return (struct bout_program){.count = side->layouts > 0 ? side->layouts : 1,
                                 .fd = side->fds,
                                 .first_layout = side->layouts > 0};
}

static void add_bout(struct compare_setup *setup, struct versus_benchmark *b,
                     const struct match *match)
{
    struct bout *bout = &setup->bouts[setup->bout_count];
    *bout = (struct bout){.benchmark = b,
                          .id = {b->id, b->id},
                          .number = (uint32_t)setup->bout_count,
                          .threads = match->benchmark[DUEL_NEW]->threads};
    bout->program[DUEL_OLD] = program_of(&match->pair->side[DUEL_OLD]);
    bout->program[DUEL_NEW] = program_of(&match->pair->side[DUEL_NEW]);
    bout->probes[DUEL_OLD] = match->pair->side[DUEL_OLD].probes;
    bout->probes[DUEL_NEW] = match->pair->side[DUEL_NEW].probes;
    setup->bout_count++;
}

/* Benchmarks must not move any more: bouts point at them. */
static void add_benchmarks(struct compare_setup *setup, const struct matches *m)
{
    struct identity *known = identity_open();
    struct versus *v = &setup->versus;
    v->benchmarks = memory_zeroed(m->count + 1, sizeof *v->benchmarks);
    setup->bouts = memory_zeroed(m->count + CANARY_COUNT, sizeof *setup->bouts);
    for (size_t i = 0; i < m->count; i++) {
        const struct match *match = &m->all[i];
        if (match->benchmark[DUEL_NEW] == NULL) {
            add_text(&v->only_old, &v->only_old_count, match->id);
            continue;
        }
        if (match->benchmark[DUEL_OLD] == NULL) {
            add_text(&v->only_new, &v->only_new_count, match->id);
            continue;
        }
        struct versus_benchmark *b = &v->benchmarks[v->count++];
        b->id = memory_text(match->id);
        b->suite = copy_of(match->pair->side[DUEL_NEW].suite);
        if (v->settings.skip_identical && identity_holds(known, match->pair, match->id)) {
            b->status = VERSUS_IDENTICAL;
            b->reason = memory_text("the code and constants that it reaches are the same bytes");
            setup->identical++;
        } else {
            b->status = VERSUS_UNTRIED;
            add_bout(setup, b, match);
        }
    }
    identity_close(known);
}

static void add_canaries(struct compare_setup *setup)
{
    struct versus *v = &setup->versus;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    setup->own_program = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 10);
    if (fd >= 0) {
        close(fd);
    }
    if (setup->own_program < 0) {
        versus_add_warning(v, "the canaries could not be started: /proc/self/exe cannot be opened");
        return;
    }
    v->canaries = memory_zeroed(CANARY_COUNT, sizeof *v->canaries);
    for (size_t i = 0; i < CANARY_COUNT; i++) {
        struct versus_canary *canary = &v->canaries[v->canary_count++];
        struct versus_benchmark *b = &canary->benchmark;
        canary->slower = canaries[i].slower;
        b->id = memory_text(canaries[i].new_id);
        b->suite = memory_text("canary");
        b->status = VERSUS_UNTRIED;
        struct bout *bout = &setup->bouts[setup->bout_count++];
        *bout = (struct bout){.benchmark = b,
                              .id = {canaries[i].old_id, canaries[i].new_id},
                              .threads = 1,
                              .canary = true};
        bout->program[DUEL_OLD] = (struct bout_program){.count = 1, .fd = &setup->own_program};
        bout->program[DUEL_NEW] = (struct bout_program){.count = 1, .fd = &setup->own_program};
    }
}

static void describe_side(struct versus_side *side, const struct contestants *c,
                          enum duel_name which, const char *path, const char *name,
                          const char *commit, bool dirty)
{
    side->path = memory_text(path);
    side->name = memory_text(name == NULL ? path : name);
    side->commit = copy_of(commit);
    side->dirty = dirty;
    for (size_t i = 0; i < c->count; i++) {
        const struct contestant *first = &c->pairs[i].side[which];
        if (first->path != NULL) {
            side->compiler = copy_of(first->compiler);
            side->flags = copy_of(first->flags);
            side->variant = copy_of(first->variant);
            return;
        }
    }
}

static void describe(const struct compare_options *o, struct compare_setup *setup)
{
    struct versus *v = &setup->versus;
    v->tool_version = memory_text(ASSAY_VERSION);
    v->started_utc = memory_zeroed(21, 1);
    result_format_utc(time(NULL), v->started_utc);
    v->complete = true;
    v->trusted = true;
    v->settings = (struct versus_settings){.confidence = o->confidence_level,
                                           .guard = o->guard,
                                           .margin = o->margin,
                                           .false_alarms = o->false_alarms,
                                           .screen_pairs = (size_t)o->pairs,
                                           .confirm_pairs = (size_t)o->confirm_pairs,
                                           .slice_ns = o->slice_time_s * 1e9,
                                           .pair_ns = o->pair_time_s * 1e9,
                                           .layouts = (size_t)o->layouts,
                                           .cpu = -1,
                                           .time_budget_s = o->time_budget_s,
                                           .skip_identical = o->skip_identical,
                                           .seed = o->seed};
    describe_side(&v->old_side, &setup->contestants, DUEL_OLD, o->words.text[0], o->old_name,
                  o->old_commit, o->old_dirty);
    describe_side(&v->new_side, &setup->contestants, DUEL_NEW, o->words.text[1], o->new_name,
                  o->new_commit, o->new_dirty);
}

/* A time budget that is too short for the pairs that were planned gets shorter ones. */
static void fit_budget(const struct compare_options *o, struct compare_setup *setup)
{
    struct versus_settings *s = &setup->versus.settings;
    double start_ns = 10e6;
    double pairs = (double)(setup->bout_count * s->screen_pairs);
    double each_ns = pairs > 0 ? s->time_budget_s * 0.55e9 / pairs - start_ns : s->pair_ns;
    if (s->time_budget_s > 0 && !o->given[COMPARE_PAIR_TIME] && each_ns < s->pair_ns) {
        s->pair_ns = each_ns < 5e6 ? 5e6 : each_ns;
    }
}

int compare_setup_make(const struct compare_options *o, struct compare_setup *setup,
                       struct error *error)
{
    struct matches m = {.count = 0};
    setup->own_program = -1;
    int code = contestants_open(o->words.text[0], o->words.text[1], (size_t)o->layouts,
                                &setup->contestants, error);
    if (code == 0 && !o->allow_different_builds) {
        code = contestants_check_builds(&setup->contestants, error);
    }
    if (code == 0) {
        find_matches(&setup->contestants, &m);
        code = check_unique(&m, error);
    }
    if (code == 0) {
        code = keep_wanted(o, &m, error);
    }
    if (code == 0) {
        describe(o, setup);
        add_benchmarks(setup, &m);
        if (setup->versus.count == 0) {
            code =
                error_set(error, STATUS_USAGE,
                          "no benchmark is on both sides (%zu on the old one only, %zu on the new "
                          "one only): nothing to compare",
                          setup->versus.only_old_count, setup->versus.only_new_count);
        } else if (!o->no_canaries && setup->bout_count > 0) {
            add_canaries(setup);
        }
        fit_budget(o, setup);
    }
    free(m.all);
    return code;
}

/* The executables that have the benchmark on both sides. */
static const struct contestant_pair *pair_of(const struct contestants *c, const char *id)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct contestant_pair *pair = &c->pairs[i];
        if (contestant_find(&pair->side[DUEL_OLD], id) != NULL &&
            contestant_find(&pair->side[DUEL_NEW], id) != NULL) {
            return pair;
        }
    }
    return NULL;
}

void compare_setup_tell_layout(struct compare_setup *setup)
{
    struct identity *known = identity_open();
    for (size_t i = 0; i < setup->versus.count; i++) {
        struct versus_benchmark *b = &setup->versus.benchmarks[i];
        if (versus_has_figures(b) &&
            (b->verdict == VERSUS_REGRESSED || b->verdict == VERSUS_IMPROVED)) {
            const struct contestant_pair *pair = pair_of(&setup->contestants, b->id);
            if (pair != NULL && identity_holds(known, pair, b->id)) {
                judge_as_layout(b);
            }
        }
    }
    identity_close(known);
}

void compare_setup_release(struct compare_setup *setup)
{
    for (size_t i = 0; i < setup->bout_count; i++) {
        bout_release(&setup->bouts[i]);
    }
    free(setup->bouts);
    if (setup->own_program > 0) {
        close(setup->own_program);
    }
    contestants_release(&setup->contestants);
    versus_release(&setup->versus);
}

/* The empty loops of one pair of executables: for all bouts that these run. */
static bool measure_loop(struct compare_setup *setup, struct bout_ring *ring,
                         const struct contestant_pair *pair)
{
    struct versus_benchmark empty = {.status = VERSUS_UNTRIED};
    struct bout loop = {.benchmark = &empty, .id = {"", ""}, .threads = 1, .canary = true};
    loop.program[DUEL_OLD] = program_of(&pair->side[DUEL_OLD]);
    loop.program[DUEL_NEW] = program_of(&pair->side[DUEL_NEW]);
    bool went_on = bout_run_pair(ring, &loop, false);
    if (went_on && empty.pair_count > 0) {
        for (size_t i = 0; i < setup->bout_count; i++) {
            struct bout *bout = &setup->bouts[i];
            if (bout->program[DUEL_NEW].fd == pair->side[DUEL_NEW].fds) {
                bout->loop_ns[DUEL_OLD] = empty.pairs[0].old_lowmean_ns;
                bout->loop_ns[DUEL_NEW] = empty.pairs[0].new_lowmean_ns;
            }
        }
    }
    free(empty.pairs);
    free(empty.reason);
    bout_release(&loop);
    return went_on;
}

bool compare_setup_measure_loops(struct compare_setup *setup, struct bout_ring *ring)
{
    bool went_on = true;
    for (size_t i = 0; i < setup->contestants.count && went_on; i++) {
        const struct contestant_pair *pair = &setup->contestants.pairs[i];
        if (pair->side[DUEL_OLD].path != NULL && pair->side[DUEL_NEW].path != NULL) {
            went_on = measure_loop(setup, ring, pair);
        }
    }
    return went_on;
}
