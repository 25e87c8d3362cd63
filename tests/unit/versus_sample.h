/* A comparison in memory with a benchmark of every status and verdict. Its pairs are drawn from
 * plausible processes, and its effects and intervals are computed from them, so that a reader of
 * the document finds figures that belong together. */
#ifndef TESTS_VERSUS_SAMPLE_H
#define TESTS_VERSUS_SAMPLE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats.h"
#include "base/memory.h"
#include "base/rng.h"
#include "present/versus.h"

#define VERSUS_SLICES 400 /* a side, of which percentiles and densities are made */

/* What a made-up benchmark is to look like. */
struct versus_plan {
    const char *suite;
    const char *id;
    double old_ns;
    double effect;      /* new / old - 1 */
    double tail_effect; /* of the slow half alone */
    double noise;       /* relative, between processes */
    enum versus_verdict verdict;
    bool flagged;
};

static inline double versus_uniform(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) / 9007199254740992.0;
}

/* About normal: the sum of twelve uniform numbers has variance 1. */
static inline double versus_normal(struct rng *rng)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        sum += versus_uniform(rng);
    }
    return sum;
}

/* Times as a machine gives them: a body, a slow shoulder, few far out. */
static inline struct versus_times versus_draw_times(struct rng *rng, double ns, double tail)
{
    double slices[VERSUS_SLICES];
    struct versus_times times;
    for (size_t i = 0; i < VERSUS_SLICES; i++) {
        double shoulder = versus_uniform(rng) < 0.3 ? 0.02 * versus_uniform(rng) + tail : 0;
        slices[i] = ns * (1.002 + 0.004 * versus_normal(rng) + shoulder);
    }
    stats_sort(slices, VERSUS_SLICES);
    times.p5_ns = stats_quantile(slices, VERSUS_SLICES, 0.05);
    times.median_ns = stats_quantile(slices, VERSUS_SLICES, 0.5);
    times.p95_ns = stats_quantile(slices, VERSUS_SLICES, 0.95);
    density_of_samples(slices, VERSUS_SLICES, &times.density);
    return times;
}

static inline void versus_draw_pairs(struct rng *rng, const struct versus_plan *plan,
                                     const struct versus_settings *settings,
                                     struct versus_benchmark *b)
{
    b->pair_count = settings->screen_pairs + (plan->flagged ? settings->confirm_pairs : 0);
    b->pairs = memory_zeroed(b->pair_count, sizeof *b->pairs);
    for (size_t i = 0; i < b->pair_count; i++) {
        struct versus_pair *p = &b->pairs[i];
        p->confirming = i >= settings->screen_pairs;
        p->order = i % 2 == 0 ? (rng_below(rng, 2) == 0 ? 1 : -1) : -b->pairs[i - 1].order;
        p->shared = i % 4 < 2;
        p->old_lowmean_ns = plan->old_ns * (1 + plan->noise * versus_normal(rng));
        p->new_lowmean_ns =
            plan->old_ns * (1 + plan->effect) * (1 + plan->noise * versus_normal(rng));
        p->log_ratio = log(p->new_lowmean_ns / p->old_lowmean_ns);
        p->old_tail_ns = p->old_lowmean_ns * (1.006 + 0.001 * versus_normal(rng));
        p->new_tail_ns =
            p->new_lowmean_ns * (1.006 + plan->tail_effect + 0.001 * versus_normal(rng));
        p->slices = 300;
        p->dropped = (uint32_t)rng_below(rng, 4);
        p->old_layout =
            (uint32_t)(settings->layouts == 0 ? 0 : 1 + rng_below(rng, settings->layouts));
        p->new_layout =
            (uint32_t)(settings->layouts == 0 ? 0 : 1 + rng_below(rng, settings->layouts));
    }
}

static inline struct versus_interval versus_interval_of(const struct versus_benchmark *b, bool tail,
                                                        double *error)
{
    double logs[64];
    size_t count = 0;
    for (size_t i = 0; i < b->pair_count; i++) {
        const struct versus_pair *p = &b->pairs[i];
        if (p->confirming == b->confirmed) {
            logs[count++] = tail ? log(p->new_tail_ns / p->old_tail_ns)
                                 : log(p->new_lowmean_ns / p->old_lowmean_ns);
        }
    }
    double mean = stats_mean(logs, count);
    *error = fmax(sqrt(stats_variance(logs, count, mean) / (double)count), 2e-4);
    double reach = (count > 20 ? 2.05 : 2.45) * *error; /* t(0.975) at 28 and 6 degrees */
    return (struct versus_interval){exp(mean) - 1, exp(mean - reach) - 1, exp(mean + reach) - 1};
}

static inline void versus_fill(struct versus_benchmark *b, const struct versus_plan *plan,
                               const struct versus_settings *settings)
{
    struct rng rng;
    double error;
    double tail_error;
    rng_seed_stream(&rng, settings->seed, plan->id);
    b->suite = memory_text(plan->suite);
    b->id = memory_text(plan->id);
    b->status = VERSUS_COMPARED;
    b->verdict = plan->verdict;
    b->flagged = plan->flagged;
    b->confirmed = plan->flagged;
    versus_draw_pairs(&rng, plan, settings, b);
    b->effect = versus_interval_of(b, false, &error);
    b->tail = versus_interval_of(b, true, &tail_error);
    b->tail_slower = b->tail.lower > settings->guard && plan->verdict != VERSUS_REGRESSED;
    double limit = b->confirmed ? settings->guard : 0;
    double z = (fabs(log1p(b->effect.point)) - limit) / error;
    b->p_value = fmax(stats_normal_cdf(-z), 1e-12);
    b->has_rank = b->confirmed;
    b->rank_p_value = b->has_rank ? fmax(b->p_value, 1.0 / 32768) : 0;
    b->detectable = exp(limit + 2.6 * error) - 1;
    b->iterations = plan->old_ns < 1e5 ? (uint64_t)(1e5 / plan->old_ns) : 1;
    b->pair_seconds = 0.078;
    b->old_times = versus_draw_times(&rng, plan->old_ns, 0.01);
    b->new_times =
        versus_draw_times(&rng, plan->old_ns * (1 + plan->effect), 0.01 + 2 * plan->tail_effect);
}

static inline struct versus_benchmark *versus_add(struct versus *v)
{
    v->benchmarks = memory_resize(v->benchmarks, v->count + 1, sizeof *v->benchmarks);
    struct versus_benchmark *b = &v->benchmarks[v->count++];
    memset(b, 0, sizeof *b);
    return b;
}

static inline struct versus_benchmark *versus_add_compared(struct versus *v,
                                                           const struct versus_plan *plan)
{
    struct versus_benchmark *b = versus_add(v);
    versus_fill(b, plan, &v->settings);
    return b;
}

static inline void versus_add_other(struct versus *v, const char *suite, const char *id,
                                    enum versus_status status, const char *reason)
{
    struct versus_benchmark *b = versus_add(v);
    b->suite = memory_text(suite);
    b->id = memory_text(id);
    b->status = status;
    b->reason = reason == NULL ? NULL : memory_text(reason);
}

static inline char **versus_texts(size_t count, const char *const *texts)
{
    char **copies = memory_zeroed(count, sizeof *copies);
    for (size_t i = 0; i < count; i++) {
        copies[i] = memory_text(texts[i]);
    }
    return copies;
}

static inline struct versus_side versus_sample_side(const char *name, const char *path,
                                                    const char *commit, bool dirty)
{
    return (struct versus_side){.name = memory_text(name),
                                .path = memory_text(path),
                                .commit = commit == NULL ? NULL : memory_text(commit),
                                .dirty = dirty,
                                .compiler = memory_text("gcc 12.2.0"),
                                .flags = memory_text("-O2 -g -falign-functions=64"),
                                .variant = memory_text("release")};
}

/* A comparison without benchmarks or canaries; release it. */
static inline struct versus versus_context(void)
{
    return (struct versus){
        .tool_version = memory_text("0.1.0"),
        .started_utc = memory_text("2026-01-31T12:00:00Z"),
        .duration_s = 41.75,
        .complete = true,
        .trusted = true,
        .old_side = versus_sample_side("main", "build/old", "0123456789ab", false),
        .new_side = versus_sample_side("faster-ids", "build/release/bin", "fedcba987654", true),
        .host = {.key = "0123456789abcdef",
                 .name = "bench-1",
                 .cpu_model = "Example CPU",
                 .cpus = 8,
                 .cache_count = 1,
                 .caches = {{1, "Data", 32768}},
                 .memory_bytes = INT64_C(1) << 34,
                 .architecture = "x86_64",
                 .kernel = "Linux 6.1",
                 .os = "Example OS",
                 .virtual_machine = true},
        .clock = {.tsc = true,
                  .frequency_hz = 2.1e9,
                  .ns_per_tick = 1 / 2.1,
                  .resolution_ns = 9.5,
                  .cost_ns = 20},
        .settings = {.confidence = 0.95,
                     .guard = 0.003,
                     .margin = 0.01,
                     .false_alarms = 0.01,
                     .screen_pairs = 8,
                     .confirm_pairs = 30,
                     .slice_ns = 100000,
                     .pair_ns = 60000000,
                     .layouts = 8,
                     .cpu = 1,
                     .shared_addresses = true,
                     .fresh_copies = true,
                     .seed = 20260131},
        .disturbed = 0.00435};
}

static inline void versus_add_canaries(struct versus *v)
{
    static const struct versus_plan plans[] = {
        {"canary", "canary/same/1", 51.2, 0, 0, 0.001, VERSUS_UNCHANGED, false},
        {"canary", "canary/same/2", 820, 0, 0, 0.001, VERSUS_UNCHANGED, false},
        {"canary", "canary/slower/1", 51.2, 0.02, 0, 0.001, VERSUS_REGRESSED, true},
        {"canary", "canary/slower/2", 820, 0.02, 0, 0.001, VERSUS_REGRESSED, true}};
    v->canary_count = sizeof plans / sizeof plans[0];
    v->canaries = memory_zeroed(v->canary_count, sizeof *v->canaries);
    for (size_t i = 0; i < v->canary_count; i++) {
        v->canaries[i].slower = plans[i].effect > 0;
        versus_fill(&v->canaries[i].benchmark, &plans[i], &v->settings);
    }
}

/* What the sides of a benchmark count: allocations as given, instructions known or denied. */
static inline void versus_add_metrics(struct versus_benchmark *b, double old_count,
                                      double new_count, bool valgrind)
{
    struct gates gates = {.count = 1, .gates = {{"allocations", 0}}};
    struct metric_list lists[2] = {{.count = 0}, {.count = 0}};
    for (int side = 0; side < 2; side++) {
        double count = side == 0 ? old_count : new_count;
        metric_measure(metric_add(&lists[side], "allocator", "allocations", ""), &count, 1);
        double instructions[2] = {41000 + 500 * count, 41000 + 500 * count};
        struct metric *metric = metric_add(&lists[side], "valgrind", "instructions", "");
        if (valgrind) {
            metric_measure(metric, instructions, 2);
        } else {
            metric_deny(metric, "valgrind is not installed");
        }
    }
    b->metrics = memory_zeroed(2 * METRICS_MAX, sizeof *b->metrics);
    b->metric_count = gate_pairs(&lists[0], &lists[1], &gates, b->metrics);
}

static inline void versus_add_all_verdicts(struct versus *v)
{
    static const struct versus_plan plans[] = {{"batching", "batching/process_batch/1000", 48210,
                                                0.0002, 0, 0.002, VERSUS_UNCHANGED, false},
                                               {"batching", "batching/process_batch/10000", 515000,
                                                -0.034, 0, 0.003, VERSUS_IMPROVED, true},
                                               {"context_propagation",
                                                "context_propagation/baggage/64", 3921, 0.003, 0,
                                                0.012, VERSUS_INCONCLUSIVE, false},
                                               {"lock_contention", "lock_contention/mutex/4", 212.6,
                                                1.38, 0, 0.03, VERSUS_REGRESSED, true},
                                               {"network_io", "network_io/http_json_export/100",
                                                412300, 0.006, 0, 0.012, VERSUS_INCONCLUSIVE, true},
                                               {"serialization", "serialization/traces/direct/100",
                                                18105, 0.0118, 0, 0.002, VERSUS_REGRESSED, true},
                                               {"span_creation", "span_creation/attributes/10",
                                                641.8, 0.0006, 0, 0.0015, VERSUS_UNCHANGED, true},
                                               {"span_creation", "span_creation/attributes/100",
                                                5872, 0, 0.031, 0.0015, VERSUS_UNCHANGED, false},
                                               {"span_creation", "span_creation/span_id_creation",
                                                0.31, 0, 0, 0.002, VERSUS_INCONCLUSIVE, false}};
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        versus_add_compared(v, &plans[i]);
    }
    struct versus_benchmark *noisy = &v->benchmarks[2];
    noisy->pairs_needed = 22;
    noisy->seconds_needed = 1.7;
    struct versus_benchmark *doubtful = &v->benchmarks[4];
    doubtful->note = memory_text("the signed-rank test does not bear out the slowdown");
    doubtful->pairs_needed = 140;
    doubtful->seconds_needed = 10.9;
    v->benchmarks[8].below_resolution = true;
    versus_add_metrics(&v->benchmarks[0], 12, 12, true);
    versus_add_metrics(&v->benchmarks[5], 3, 4, true);
    versus_add_metrics(&v->benchmarks[6], 2, 3, false);
}

static inline int versus_by_id(const void *a, const void *b)
{
    return strcmp(((const struct versus_benchmark *)a)->id,
                  ((const struct versus_benchmark *)b)->id);
}

static inline struct versus_benchmark *versus_find(const struct versus *v, const char *id)
{
    for (size_t i = 0; i < v->count; i++) {
        if (strcmp(v->benchmarks[i].id, id) == 0) {
            return &v->benchmarks[i];
        }
    }
    return NULL;
}

/* Every status, every verdict, benchmarks of one side only, canaries, warnings. */
static inline struct versus versus_sample(void)
{
    struct versus v = versus_context();
    versus_add_all_verdicts(&v);
    versus_add_other(&v, "compression", "compression/brotli/9/1048576", VERSUS_UNTRIED,
                     "the time budget was used up");
    versus_add_other(&v, "network_io", "network_io/grpc_export/100", VERSUS_FAILED,
                     "new (faster-ids): ended by signal 11 (Segmentation fault)");
    versus_add_other(&v, "simd", "simd/hex_encode/avx512", VERSUS_SKIPPED,
                     "both sides: this CPU has no AVX-512");
    versus_add_other(&v, "span_creation", "span_creation/links/2", VERSUS_IDENTICAL, NULL);
    qsort(v.benchmarks, v.count, sizeof *v.benchmarks, versus_by_id);
    v.only_old_count = 1;
    v.only_old = versus_texts(1, (const char *const[]){"memory_pools/legacy_pool/100"});
    v.only_new_count = 2;
    v.only_new = versus_texts(2, (const char *const[]){"span_creation/random_ids/aes",
                                                       "span_creation/random_ids/xoshiro"});
    versus_add_canaries(&v);
    versus_add_warning(&v, "the governor is \"powersave\": frequencies follow the load");
    return v;
}

#endif
