/* A result in memory with a benchmark of every kind. Include after cmocka.h. */
#ifndef TESTS_RESULT_SAMPLE_H
#define TESTS_RESULT_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "measure/histogram.h"
#include "present/result.h"

#define RESULT_SAMPLES 20

/* `threads` > 1: with samples of each; the last does three quarters of what the others do. */
static inline struct record *sample_record_of(double ns, unsigned threads)
{
    unsigned kept = record_threads(threads);
    struct record *r = memory_zeroed(1, record_bytes_of_threads(RESULT_SAMPLES, kept));
    r->state = RECORD_DONE;
    r->stop = STOP_PRECISION;
    r->linear = true;
    r->loop_reached = true;
    r->capacity = RESULT_SAMPLES;
    r->threads = kept;
    r->sample_count = RESULT_SAMPLES;
    r->warm_up_iterations = 4095;
    r->warm_up_ns = 300000123.5;
    for (size_t i = 0; i < RESULT_SAMPLES; i++) {
        uint64_t iterations = 50 * (1 + (i * 7) % RESULT_SAMPLES);
        r->samples[i] =
            (struct sample){.iterations = iterations,
                            .time_ns = (ns + (double)(i % 5) * 0.01 * ns) * (double)iterations,
                            .involuntary_switches = i == 3,
                            .page_faults = (uint32_t)i};
        for (unsigned thread = 0; thread < kept; thread++) {
            uint64_t own = thread + 1 == kept ? iterations * 3 / 4 : iterations;
            record_of_threads(r, i)[thread] =
                (struct thread_sample){own, r->samples[i].time_ns + thread};
        }
    }
    return r;
}

static inline struct record *sample_record(double ns)
{
    return sample_record_of(ns, 1);
}

static inline void sample_analyse(struct result *result, struct result_benchmark *b)
{
    struct analysis_settings settings = {
        .resamples = 1000,
        .compare = {.confidence = 0.95, .significance = 0.05, .noise_threshold = 0.01},
        .seed = result->seed,
        .stream = b->id};
    result_analyse(b, &settings);
}

static inline struct result_benchmark *sample_add(struct result *result, const char *bench)
{
    struct str id = STR_EMPTY;
    struct result_benchmark *b = result_add(result);
    str_format(&id, "io/%s", bench);
    b->id = str_detach(&id);
    b->bench = memory_text(bench);
    b->measured_utc = memory_text("2026-01-31T12:00:01Z");
    return b;
}

static inline void sample_add_measured(struct result *result, const char *bench, double ns)
{
    struct result_benchmark *b = sample_add(result, bench);
    b->record = sample_record(ns);
    sample_analyse(result, b);
}

/* The benchmark "team" on so many threads. */
static inline struct result_benchmark *sample_add_team(struct result *result, unsigned threads,
                                                       double ns)
{
    char bench[32];
    snprintf(bench, sizeof bench, "team/threads:%u", threads);
    struct result_benchmark *b = sample_add(result, bench);
    b->bench[strlen("team")] = '\0';
    b->threads = threads;
    b->record = sample_record_of(ns, threads);
    sample_analyse(result, b);
    return b;
}

/* Latencies over seven powers of ten, and one that is longer than the histogram reaches. */
static inline struct histogram *sample_latencies(size_t count)
{
    struct histogram *h = memory_zeroed(1, sizeof *h);
    for (size_t i = 0; i + 1 < count; i++) {
        histogram_add(h, 10 + i * i * i % 99999989);
    }
    histogram_add(h, UINT64_C(19000000000));
    return h;
}

/* Two parameters, tags, throughput, counters, latencies, regressions and a comparison with a faster
 * baseline. */
static inline void sample_add_full(struct result *result)
{
    struct result_benchmark *b = sample_add(result, "read");
    b->parameter_count = 2;
    b->parameters[0] = (struct result_parameter){.axis = memory_text("bytes"), .value = 4096};
    b->parameters[1] =
        (struct result_parameter){.is_word = true, .word = memory_text("zstd \"3\"")};
    b->threads = 4;
    b->tags = memory_text("disk  fast");
    b->unit = memory_text("us");
    b->record = sample_record_of(1500, 4);
    b->record->oversubscribed = true;
    b->record->other_cpus = 0.0625;
    b->record->reference_ns = 1250;
    b->record->bytes_per_iteration = 4096;
    b->record->elements_per_iteration = 3;
    b->record->counter_count = 2;
    b->record->counters[0] = (struct record_counter){"ratio", "x", 3.75};
    b->record->counters[1] = (struct record_counter){"plain", "", -1};
    struct metric_list *metrics = &b->record->metrics;
    metric_measure(metric_add(metrics, "allocator", "allocations", ""), (double[]){3, 3}, 2);
    metric_measure(metric_add(metrics, "allocator", "allocated_bytes", "B"), (double[]){300, 300.5},
                   2);
    metric_measure(metric_add(metrics, "perf", "cycles", ""), (double[]){5000}, 1);
    metrics->items[2].state = METRIC_SCALED;
    metrics->items[2].scale = 0.5;
    metric_deny(metric_add(metrics, "valgrind", "instructions", ""), "valgrind is \"not\" there");
    b->record->batched = true;
    b->record->cold = RECORD_SWEPT_PARTLY;
    b->record->evicted_bytes = 1 << 26;
    b->record->harness = (struct record_harness){.known = true,
                                                 .spans_per_iteration = 0.0625,
                                                 .pauses_per_iteration = 2.5,
                                                 .clock = {16.25, 15.5, 18},
                                                 .pause = {24.5, 23, 31.75}};
    b->record->histogram = sample_latencies(1000);
    b->record->latency = histogram_summary(b->record->histogram);
    b->regression_count = 2;
    b->regressions = memory_zeroed(2, sizeof *b->regressions);
    b->regressions[0].pair = (struct regress_pair){QUANTITY_TIME, QUANTITY_ITERATIONS};
    b->regressions[1].pair = (struct regress_pair){QUANTITY_PAGE_FAULTS, QUANTITY_TIME};
    struct record *old = sample_record(1000);
    metric_measure(metric_add(&old->metrics, "allocator", "allocations", ""), (double[]){2, 2}, 2);
    struct gates gates = {.count = 1, .gates = {{"allocations", 0}}};
    result_compare_metrics(b, old, "main", &gates);
    b->baseline = memory_zeroed(1, sizeof *b->baseline);
    b->baseline->name = memory_text("main");
    b->baseline->measured_utc = memory_text("2026-01-30T12:00:00Z");
    b->baseline->commit = memory_text("0123456789ab");
    b->baseline->reference_ns = 1234.5;
    b->baseline->sample_count = RESULT_SAMPLES;
    b->baseline->samples = memory_zeroed(RESULT_SAMPLES, sizeof *old->samples);
    memcpy(b->baseline->samples, old->samples, RESULT_SAMPLES * sizeof *old->samples);
    free(old);
    b->baseline->histogram = sample_latencies(500);
    b->baseline->latency = histogram_summary(b->baseline->histogram);
    sample_analyse(result, b);
}

static inline void sample_add_unmeasured(struct result *result, const char *bench,
                                         enum result_status status, const char *reason)
{
    struct result_benchmark *b = sample_add(result, bench);
    b->status = status;
    b->reason = memory_text(reason);
}

/* The context of a result without benchmarks; release it. */
static inline struct result sample_context(void)
{
    struct result r = {.method = RESULT_METHOD,
                       .tool_version = memory_text("0.1.0"),
                       .suite = memory_text("io"),
                       .started_utc = memory_text("2026-01-31T12:00:00Z"),
                       .duration_s = 3.25,
                       .complete = true,
                       .commit = memory_text("fedcba987654"),
                       .dirty = true,
                       .build = {memory_text("gcc 12.2.0"), memory_text("-O2 -g"), NULL, true},
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
                       .has_loop = true,
                       .loop_ns = {0.3, 0.29, 0.31, 0.005},
                       .has_stability = true,
                       .stability = {.grade = 'B',
                                     .observations = 2310,
                                     .seconds = 11.5,
                                     .slowed_share = 0.0625,
                                     .slowed_10_share = 0.015625,
                                     .variation = 0.0075,
                                     .steal_share = 0.001,
                                     .switches_per_s = 12.5},
                       .settings = json_pack("{s:f, s:i, s:i, s:f, s:f}", "confidence_level", 0.95,
                                             "nresamples", 1000, "sample_size", 20,
                                             "significance_level", 0.05, "noise_threshold", 0.01),
                       .seed = 77};
    result_add_warning(&r, "the governor is \"powersave\"");
    return r;
}

/* A benchmark of every kind. */
static inline struct result sample_result(void)
{
    struct result r = sample_context();
    sample_add_full(&r);
    sample_add_measured(&r, "plain", 12.5);
    sample_add_unmeasured(&r, "bad", RESULT_FAILED, "wrong sum");
    sample_add_unmeasured(&r, "not_here", RESULT_SKIPPED, "no AVX-512");
    sample_add_unmeasured(&r, "later", RESULT_INTERRUPTED, "the run was interrupted");
    return r;
}

#endif
