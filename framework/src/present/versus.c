#include "present/versus.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static void count_verdict(const struct versus_benchmark *b, struct versus_counts *counts)
{
    if (b->below_resolution) {
        counts->below_resolution++;
        return;
    }
    switch (b->verdict) {
    case VERSUS_INCONCLUSIVE:
        counts->inconclusive++;
        break;
    case VERSUS_UNCHANGED:
        counts->unchanged++;
        break;
    case VERSUS_IMPROVED:
        counts->improved++;
        break;
    case VERSUS_REGRESSED:
        counts->regressed++;
        break;
    }
    counts->tail_slower += b->tail_slower;
    counts->layout_alone += b->layout_alone;
}

struct versus_counts versus_count(const struct versus *v)
{
    struct versus_counts counts = {0};
    for (size_t i = 0; i < v->count; i++) {
        counts.beyond_gate += versus_gate_failed(&v->benchmarks[i]);
        switch (v->benchmarks[i].status) {
        case VERSUS_COMPARED:
            count_verdict(&v->benchmarks[i], &counts);
            break;
        case VERSUS_IDENTICAL:
            counts.identical++;
            break;
        case VERSUS_SKIPPED:
            counts.skipped++;
            break;
        case VERSUS_FAILED:
            counts.failed++;
            break;
        case VERSUS_UNTRIED:
            counts.untried++;
            break;
        }
    }
    return counts;
}

bool versus_gate_failed(const struct versus_benchmark *b)
{
    return gate_any_failed(b->metrics, b->metric_count);
}

void versus_add_warning(struct versus *v, const char *warning)
{
    v->warnings = memory_resize(v->warnings, v->warning_count + 1, sizeof *v->warnings);
    v->warnings[v->warning_count++] = memory_text(warning);
}

static void release_benchmark(struct versus_benchmark *b)
{
    free(b->suite);
    free(b->id);
    free(b->reason);
    free(b->note);
    free(b->pairs);
    free(b->metrics);
}

static void release_side(struct versus_side *side)
{
    free(side->name);
    free(side->path);
    free(side->commit);
    free(side->compiler);
    free(side->flags);
    free(side->variant);
}

static void release_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(texts[i]);
    }
    free(texts);
}

void versus_release(struct versus *v)
{
    for (size_t i = 0; i < v->count; i++) {
        release_benchmark(&v->benchmarks[i]);
    }
    free(v->benchmarks);
    for (size_t i = 0; i < v->canary_count; i++) {
        release_benchmark(&v->canaries[i].benchmark);
    }
    free(v->canaries);
    release_texts(v->warnings, v->warning_count);
    release_texts(v->only_old, v->only_old_count);
    release_texts(v->only_new, v->only_new_count);
    release_side(&v->old_side);
    release_side(&v->new_side);
    free(v->tool_version);
    free(v->started_utc);
    memset(v, 0, sizeof *v);
}

const char *versus_verdict_name(enum versus_verdict verdict)
{
    static const char *const names[] = {[VERSUS_INCONCLUSIVE] = "inconclusive",
                                        [VERSUS_UNCHANGED] = "unchanged",
                                        [VERSUS_IMPROVED] = "improved",
                                        [VERSUS_REGRESSED] = "regressed"};
    return names[verdict];
}

const char *versus_status_name(enum versus_status status)
{
    static const char *const names[] = {[VERSUS_COMPARED] = "compared",
                                        [VERSUS_IDENTICAL] = "identical",
                                        [VERSUS_SKIPPED] = "skipped",
                                        [VERSUS_FAILED] = "failed",
                                        [VERSUS_UNTRIED] = "untried"};
    return names[status];
}
