#include "app/runner.h"
#include "analysis/stats.h"
#include "app/isolate.h"
#include "app/settings.h"
#include "base/memory.h"
#include "measure/load.h"
#include "present/harness_cost.h"
#include "present/result_latency.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Part by which the reference work must be slower for the machine to be called slow. */
#define SLOWER_BY 0.05
/* Part by which it may be slower for a sample to be kept. */
#define RETAKE_SLOWER_BY 0.03

static void print(const struct str *text)
{
    fwrite(str_text(text), 1, text->length, stdout);
    fflush(stdout);
}

static struct result_parameter make_parameter(const struct bench_arg *arg)
{
    struct result_parameter p = {.is_word = arg->is_word, .value = arg->value};
    p.axis = arg->axis == NULL ? NULL : memory_text(arg->axis);
    p.word = arg->is_word ? memory_text(arg->text) : NULL;
    return p;
}

static struct result_benchmark *add_benchmark(struct result *result, const struct plan_case *c)
{
    struct result_benchmark *b = result_add(result);
    const struct assay_entry *entry = c->entry;
    b->id = memory_text(c->id);
    b->bench = memory_text(c->bench);
    if (c->bench_case.arg.text[0] != '\0') {
        b->parameters[b->parameter_count++] = make_parameter(&c->bench_case.arg);
    }
    if (c->bench_case.arg2.text[0] != '\0') {
        b->parameters[b->parameter_count++] = make_parameter(&c->bench_case.arg2);
    }
    b->threads = c->bench_case.threads;
    b->tags = entry->tags == NULL ? NULL : memory_text(entry->tags);
    b->unit = entry->unit == NULL ? NULL : memory_text(entry->unit);
    b->complexity = entry->complexity;
    b->measured_utc = memory_zeroed(21, 1);
    result_format_utc(time(NULL), b->measured_utc);
    return b;
}

static struct record *copy_record(const struct record *record)
{
    size_t count = record->sample_count;
    struct record *copy = memory_zeroed(1, record_bytes_of_threads(count, record->threads));
    memcpy(copy, record, record_bytes(count));
    copy->capacity = count;
    memcpy(record_of_threads(copy, 0), record_of_threads(record, 0),
           count * record->threads * sizeof(struct thread_sample));
    copy->histogram = latency_copy(record->histogram);
    return copy;
}

static void attach_baseline(struct runner *runner, struct result_benchmark *b)
{
    const struct result_benchmark *old =
        runner->baseline == NULL ? NULL : result_find(runner->baseline, b->id);
    if (old == NULL || old->record == NULL || old->below_resolution || b->below_resolution ||
        (old->record->cold == RECORD_WARM) != (b->record->cold == RECORD_WARM)) {
        return;
    }
    struct result_baseline *baseline = memory_zeroed(1, sizeof *baseline);
    size_t count = old->record->sample_count;
    baseline->name = memory_text(runner->baseline_name);
    baseline->measured_utc = memory_text(old->measured_utc);
    baseline->commit =
        runner->baseline->commit == NULL ? NULL : memory_text(runner->baseline->commit);
    baseline->sample_count = count;
    baseline->reference_ns = old->record->reference_ns;
    baseline->samples = memory_zeroed(count, sizeof *baseline->samples);
    memcpy(baseline->samples, old->record->samples, count * sizeof *baseline->samples);
    baseline->latency = old->record->latency;
    baseline->histogram = latency_copy(old->record->histogram);
    b->baseline = baseline;
}

static void attach_metrics(struct runner *runner, struct result_benchmark *b)
{
    const struct result_benchmark *old =
        runner->baseline == NULL ? NULL : result_find(runner->baseline, b->id);
    if (old != NULL && old->record != NULL) {
        result_compare_metrics(b, old->record, runner->baseline_name, &runner->options->gates);
    }
}

static void analyse(struct runner *runner, struct result_benchmark *b)
{
    struct analysis_settings settings = settings_for_analysis(runner->options, b->id);
    result_analyse(b, &settings);
}

/* The machine's speed while the fast half of the samples was taken, as lowmean is the kernel's. */
static void summarise_reference(struct record *record)
{
    if (record->reference_ns > 0) {
        return; /* stored samples come with theirs */
    }
    double *values = memory_zeroed(record->sample_count, sizeof *values);
    for (size_t i = 0; i < record->sample_count; i++) {
        values[i] = record->samples[i].reference_ns;
    }
    stats_sort(values, record->sample_count);
    record->reference_ns = round(stats_lowmean(values, record->sample_count) * 100) / 100;
    free(values);
}

static void warn_of_harness(struct runner *runner, const struct result_benchmark *b)
{
    struct str text = STR_EMPTY;
    if (harness_cost_add_warning(&text, b)) {
        result_add_warning(runner->result, str_text(&text));
    }
    str_release(&text);
}

static void finish(struct runner *runner, struct result_benchmark *b, const struct record *record)
{
    if (record->state == RECORD_DONE) {
        b->status = RESULT_MEASURED;
        b->record = copy_record(record);
        summarise_reference(b->record);
        b->below_resolution = record->paired_near * 2 > record->paired;
        attach_baseline(runner, b);
        attach_metrics(runner, b);
        analyse(runner, b);
    } else {
        b->status = record->state == RECORD_SKIPPED ? RESULT_SKIPPED : RESULT_FAILED;
        b->reason = memory_text(record->reason);
    }
}

static void print_benchmark(struct runner *runner, const struct result_benchmark *b)
{
    struct str text = STR_EMPTY;
    progress_erase(&runner->progress);
    if (runner->format->benchmark != NULL) {
        runner->format->benchmark(&runner->printer, b, &text);
    }
    print(&text);
    str_release(&text);
    if (runner->format->figures_only && b->status == RESULT_FAILED) {
        fprintf(stderr, "assay: %s failed: %s\n", b->id, b->reason);
    }
}

struct watched {
    struct progress *progress;
    const char *id;
};

static void watch(const struct record *record, void *context)
{
    static const char *const phases[] = {"setup", "warming up", "sampling", "counting",
                                         "done",  "",           ""};
    struct watched *watched = context;
    double part = record->planned == 0
                      ? 0
                      : 0.2 + 0.8 * (double)record->sample_count / (double)record->planned;
    progress_draw(watched->progress, watched->id, phases[record->state], part);
}

/* A limit that nobody asked for gives way to a measurement that somebody asked for. */
static double limit_s(const struct options *options, const struct sampler_plan *plan)
{
    double planned_s = (plan->warm_up_ns + plan->measure_ns) / 1e9;
    return options->given[OPTION_MAX_TIME] ? options->max_time_s
                                           : fmax(options->max_time_s, 2 * planned_s + 10);
}

static double fastest_of(const struct result *result, double fastest_ns)
{
    for (size_t i = 0; i < result->count; i++) {
        const struct record *record = result->benchmarks[i].record;
        bool counts = record != NULL && record->reference_ns > 0;
        if (counts && (fastest_ns == 0 || record->reference_ns < fastest_ns)) {
            fastest_ns = record->reference_ns;
        }
    }
    return fastest_ns;
}

/* The least that the reference work took beside the empty loop, during a benchmark of this run, or
 * of the baseline when that is of this host; 0: not known. */
static double fastest_reference_ns(const struct runner *runner)
{
    double fastest_ns = fastest_of(runner->result, runner->loop_reference_ns);
    if (runner->options->baseline != NULL && runner->baseline != NULL) {
        fastest_ns = fastest_of(runner->baseline, fastest_ns);
    }
    return fastest_ns;
}

static struct isolate_job make_job(struct runner *runner, const struct plan_case *c, double share_s,
                                   struct watched *watched)
{
    struct isolate_job job = {.bench = &c->bench_case,
                              .skip_if = c->entry->skip_if,
                              .plan = settings_for_sampling(runner->options, c, share_s),
                              .counters = settings_for_counting(runner->options, share_s),
                              .pin_cpu = runner->options->pin_cpu,
                              .in_process = runner->options->in_process};
    job.limit_s = limit_s(runner->options, &job.plan);
    if (c->bench_case.threads == 1) {
        job.plan.reference_max_ns = fastest_reference_ns(runner) * (1 + RETAKE_SLOWER_BY);
    }
    *watched = (struct watched){&runner->progress, c->id};
    if (runner->progress.shown) {
        job.watch = watch;
        job.watch_context = watched;
    }
    return job;
}

/* The order in which to run: that of the plan, or shuffled. */
static size_t *make_order(const struct runner *runner)
{
    size_t count = runner->plan->count;
    size_t *order = memory_zeroed(count, sizeof *order);
    struct rng rng;
    rng_seed_stream(&rng, runner->options->seed, "order of benchmarks");
    for (size_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (size_t i = count; runner->options->shuffle && i > 1; i--) {
        size_t j = (size_t)rng_below(&rng, i);
        size_t kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
    return order;
}

/* Part of a time budget for the next of `left` benchmarks; 0 without a budget. */
static double next_share(const struct runner *runner, uint64_t begun_ns, size_t left)
{
    double budget_s = runner->options->time_budget_s;
    if (budget_s <= 0) {
        return 0;
    }
    double rest_s = budget_s - (double)(clock_monotonic_ns() - begun_ns) / 1e9;
    return rest_s > 0 ? rest_s / (double)left : 1e-3;
}

/* Of a benchmark's share, what is left beside its probes, by what they took so far. */
static double timed_share(const struct runner *runner, double share_s)
{
    const struct probes *probes = &runner->probes;
    double probes_s = probes->benchmarks == 0 ? 0 : probes->spent_s / (double)probes->benchmarks;
    return share_s > 0 ? fmax(share_s - probes_s, share_s / 2) : 0;
}

/* Nanoseconds of an iteration, as the timed run found it. */
static double iteration_ns(const struct record *record)
{
    double time_ns = 0;
    double iterations = 0;
    for (size_t i = 0; i < record->sample_count; i++) {
        time_ns += record->samples[i].time_ns;
        iterations += (double)record->samples[i].iterations;
    }
    return iterations > 0 ? time_ns / iterations : 0;
}

/* After the timed run, which knows nothing of it. */
static void run_probes(struct runner *runner, const struct plan_case *c,
                       const struct isolate_job *job, double share_s, struct record *record)
{
    if (record->state == RECORD_DONE) {
        progress_draw(&runner->progress, c->id, "counting", 1);
        runner->interrupted =
            !probes_run(&runner->probes, c, iteration_ns(record), share_s, job->limit_s, record);
    }
}

static void mark_interrupted(struct result_benchmark *b)
{
    b->status = RESULT_INTERRUPTED;
    b->reason = memory_text("the run was interrupted");
}

void runner_run(struct runner *runner)
{
    const struct plan *plan = runner->plan;
    size_t *order = make_order(runner);
    uint64_t begun_ns = clock_monotonic_ns();
    steadiness_begin(&runner->steadiness);
    runner->progress.total = plan->count;
    runner->progress.seconds_each =
        runner->options->warm_up_time_s + runner->options->measurement_time_s;
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_case *c = &plan->cases[order[i]];
        struct result_benchmark *b = add_benchmark(runner->result, c);
        if (runner->interrupted) {
            mark_interrupted(b);
            continue;
        }
        struct watched watched;
        double share_s = next_share(runner, begun_ns, plan->count - i);
        struct isolate_job job = make_job(runner, c, timed_share(runner, share_s), &watched);
        struct record *record =
            isolate_record(sampler_capacity(&job.plan), record_threads(c->bench_case.threads));
        progress_draw(&runner->progress, c->id, "setup", 0);
        struct load_mark before = load_mark();
        runner->interrupted = !isolate_run(&job, record);
        record->other_cpus = round(load_other_cpus(&before) * 100) / 100;
        if (c->bench_case.threads == 1) {
            steadiness_add(&runner->steadiness, &record->observations);
        }
        if (runner->interrupted) {
            mark_interrupted(b);
        } else {
            run_probes(runner, c, &job, share_s, record);
            finish(runner, b, record);
            warn_of_harness(runner, b);
            print_benchmark(runner, b);
        }
        isolate_release(record);
        runner->progress.done = i + 1;
        runner->progress.seconds_each =
            (double)(clock_monotonic_ns() - begun_ns) / 1e9 / (double)(i + 1);
    }
    progress_erase(&runner->progress);
    free(order);
}

void runner_judge_machine(struct runner *runner)
{
    struct result *result = runner->result;
    result->stability = steadiness_grade(&runner->steadiness);
    result->has_stability = true;
    steadiness_release(&runner->steadiness);
    double fastest_ns = fastest_reference_ns(runner);
    size_t slow = 0;
    size_t measured = 0;
    for (size_t i = 0; i < result->count; i++) {
        const struct record *record = result->benchmarks[i].record;
        measured += record != NULL;
        slow += record != NULL && record->reference_ns > fastest_ns * (1 + SLOWER_BY);
    }
    if (slow > 0) {
        char text[200];
        snprintf(
            text, sizeof text,
            "during %zu of %zu benchmarks the machine was more than %.0f %% slower than at its "
            "best (neighbours, or the clock): their times are high",
            slow, measured, SLOWER_BY * 100);
        result_add_warning(runner->result, text);
    }
}

void runner_judge_threads(struct runner *runner)
{
    const struct result *result = runner->result;
    size_t crowded = 0;
    for (size_t i = 0; i < result->count; i++) {
        const struct record *record = result->benchmarks[i].record;
        crowded += record != NULL && record->oversubscribed;
    }
    if (crowded > 0) {
        char text[200];
        snprintf(text, sizeof text,
                 "%zu benchmark%s more threads than the CPUs that this process may run on: there "
                 "threads took turns, and times contain the waiting",
                 crowded, crowded == 1 ? " ran" : "s ran");
        result_add_warning(runner->result, text);
    }
}

void runner_judge_probes(struct runner *runner)
{
    char text[400];
    if (probes_describe_unchecked(&runner->probes, text, sizeof text)) {
        result_add_warning(runner->result, text);
    }
    if (probes_describe_uncounted(&runner->probes, text, sizeof text)) {
        result_add_warning(runner->result, text);
    }
}

void runner_judge_gates(struct runner *runner)
{
    const struct result *result = runner->result;
    if (!runner->options->given[OPTION_GATE] || runner->baseline == NULL) {
        return;
    }
    for (size_t g = 0; g < runner->options->gates.count; g++) {
        const struct gate *gate = &runner->options->gates.gates[g];
        bool used = false;
        for (size_t i = 0; i < result->count && !used; i++) {
            const struct result_benchmark *b = &result->benchmarks[i];
            used = gate_is_used(gate, b->metric_pairs, b->metric_pair_count);
        }
        if (!used) {
            char text[METRIC_NAME_BYTES + 80];
            snprintf(text, sizeof text, "--gate %s guards nothing: no such count was made",
                     gate->name);
            result_add_warning(runner->result, text);
        }
    }
}

void runner_replay(struct runner *runner, const struct result *loaded)
{
    for (size_t i = 0; i < runner->plan->count; i++) {
        const struct plan_case *c = &runner->plan->cases[i];
        const struct result_benchmark *stored = result_find(loaded, c->id);
        struct result_benchmark *b = add_benchmark(runner->result, c);
        if (stored == NULL || stored->record == NULL) {
            b->status = RESULT_SKIPPED;
            b->reason = memory_text("the loaded baseline has no samples of it");
        } else {
            free(b->measured_utc);
            b->measured_utc = memory_text(stored->measured_utc);
            finish(runner, b, stored->record);
        }
        print_benchmark(runner, b);
    }
}

/* For profilers: what they saw at other times is setup, teardown and start-up. */
static void print_laps(const struct record *record)
{
    printf("    laps from %.6f s to %.6f s of CLOCK_MONOTONIC\n", record->begun_ns / 1e9,
           record->ended_ns / 1e9);
}

/* Runs every benchmark without analysis and prints a line for each. */
static size_t run_plainly(struct runner *runner, const char *verb)
{
    size_t failed = 0;
    size_t skipped = 0;
    size_t ran = 0;
    bool profiled = runner->options->given[OPTION_PROFILE_TIME];
    for (size_t i = 0; i < runner->plan->count && !runner->interrupted; i++) {
        const struct plan_case *c = &runner->plan->cases[i];
        struct watched watched;
        struct isolate_job job = make_job(runner, c, 0, &watched);
        job.watch = NULL;
        if (profiled) {
            job.limit_s += runner->options->profile_time_s;
        }
        struct record *record = isolate_record(sampler_capacity(&job.plan), 0);
        runner->interrupted = !isolate_run(&job, record);
        if (!runner->interrupted && record->state == RECORD_DONE && runner->options->test) {
            runner->interrupted = !probes_check_promise(&runner->probes, c, job.limit_s, record);
        }
        if (!runner->interrupted) {
            bool good = record->state == RECORD_DONE;
            failed += record->state == RECORD_FAILED;
            skipped += record->state == RECORD_SKIPPED;
            ran++;
            printf("%s %s ... %s%s\n", verb, c->id,
                   good                              ? "ok"
                   : record->state == RECORD_SKIPPED ? "skipped: "
                                                     : "FAILED: ",
                   good ? "" : record->reason);
            if (good && profiled && runner->options->verbose) {
                print_laps(record);
            }
            fflush(stdout);
        }
        isolate_release(record);
    }
    printf("%s: %zu ok, %zu failed, %zu skipped\n", runner->plan->suite->name,
           ran - failed - skipped, failed, skipped);
    return failed;
}

size_t runner_test(struct runner *runner)
{
    char text[400];
    size_t failed = run_plainly(runner, "test");
    if (probes_describe_unchecked(&runner->probes, text, sizeof text) && !runner->options->quiet) {
        fprintf(stderr, "assay: warning: %s\n", text);
    }
    return failed;
}

size_t runner_profile(struct runner *runner)
{
    return run_plainly(runner, "profile");
}

void runner_describe(const struct runner *runner)
{
    double total_s = 0;
    for (size_t i = 0; i < runner->plan->count; i++) {
        const struct plan_case *c = &runner->plan->cases[i];
        struct sampler_plan plan = settings_for_sampling(runner->options, c, 0);
        double seconds = (plan.warm_up_ns + plan.measure_ns) / 1e9;
        total_s += seconds;
        printf("%-*s  %g s warm-up, up to %zu samples in %g s, %u thread%s\n",
               (int)runner->printer.id_width, c->id, plan.warm_up_ns / 1e9, sampler_capacity(&plan),
               plan.measure_ns / 1e9, c->bench_case.threads, c->bench_case.threads == 1 ? "" : "s");
    }
    if (runner->options->time_budget_s > 0) {
        total_s =
            total_s < runner->options->time_budget_s ? total_s : runner->options->time_budget_s;
    }
    printf("%zu benchmarks, at most about %.0f s\n", runner->plan->count, total_s);
}

void runner_measure_loop(struct runner *runner)
{
    struct bench_case empty = {.run = runner->plan->suite->null_run,
                               .arg = {.text = ""},
                               .arg2 = {.text = ""},
                               .threads = 1};
    struct isolate_job job = {.bench = &empty,
                              .plan = {.warm_up_ns = 5e6,
                                       .measure_ns = 60e6,
                                       .round_ns = 60e6,
                                       .sample_size = 60,
                                       .rounds = 1,
                                       .force_flat = true,
                                       .seed = runner->options->seed,
                                       .stream = "empty loop"},
                              .pin_cpu = runner->options->pin_cpu,
                              .limit_s = 30,
                              .in_process = runner->options->in_process};
    struct record *record = isolate_record(sampler_capacity(&job.plan), 0);
    runner->interrupted = !isolate_run(&job, record);
    if (!runner->interrupted && record->state == RECORD_DONE) {
        summarise_reference(record);
        runner->loop_reference_ns = record->reference_ns;
        struct analysis analysis;
        struct analysis_settings settings = settings_for_analysis(runner->options, "empty loop");
        settings.resamples = 1000;
        analysis_run(record->samples, record->sample_count, false, NULL, 0, &settings, &analysis);
        runner->result->loop_ns = analysis.estimates[STATISTIC_LOWMEAN];
        runner->result->has_loop = true;
    }
    isolate_release(record);
}
