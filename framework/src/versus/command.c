#include "versus/command.h"
#include "app/probe_run.h"
#include "app/results_folder.h"
#include "base/children.h"
#include "base/file.h"
#include "base/memory.h"
#include "measure/clock.h"
#include "present/progress.h"
#include "versus/canary.h"
#include "versus/contest.h"
#include "versus/counting.h"
#include "versus/cpu.h"
#include "versus/options.h"
#include "versus/setup.h"
#include "versus/trace.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Part of a time budget that is kept for counting, and what a benchmark needs of it: of
 * allocations, and of instructions. */
#define ALLOCATIONS_SHARE   0.1
#define ALLOCATIONS_EACH_S  0.05
#define INSTRUCTIONS_SHARE  0.2
#define INSTRUCTIONS_EACH_S 1.5
#define RUNS_SHARE          0.2
#define RUNS_EACH_S         (2 * COUNTING_RUNS * PROBE_RUN_S)

struct compare {
    struct compare_options options;
    struct compare_setup setup;
    struct contest contest;
    struct counting counting;
    struct progress progress;
    char *folder; /* of compare.json */
    bool colour;
    struct error error;
};

static int complain(const struct error *error)
{
    fprintf(stderr, "assay: %s\n", error->text);
    return (int)error->status;
}

static bool wants_colour(const struct compare_options *o)
{
    const char *no_color = getenv("NO_COLOR");
    if (o->color != COMPARE_COLOR_AUTO) {
        return o->color == COMPARE_COLOR_ALWAYS;
    }
    return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0');
}

static void note(const struct compare *c, const char *text)
{
    if (!c->options.quiet) {
        fprintf(stderr, "assay: %s\n", text);
    }
}

static void warn(struct compare *c, const char *text)
{
    versus_add_warning(&c->setup.versus, text);
    if (!c->options.quiet) {
        fprintf(stderr, "assay: warning: %s\n", text);
    }
}

static void draw(void *context, const char *id, double done, double left_s)
{
    struct compare *c = context;
    char phase[48];
    snprintf(phase, sizeof phase, "about %.0f s left", ceil(left_s));
    progress_draw(&c->progress, id, phase, done);
}

static void dry_run(const struct compare *c)
{
    const struct versus *v = &c->setup.versus;
    for (size_t i = 0; i < v->count; i++) {
        printf("%s%s\n", v->benchmarks[i].id,
               v->benchmarks[i].status == VERSUS_IDENTICAL ? ": identical, not run" : "");
    }
    double seconds = contest_estimate_s(&v->settings, c->setup.bout_count);
    printf("%zu benchmarks, about %.0f s to screen them\n", v->count,
           v->settings.time_budget_s > 0 ? fmin(seconds, v->settings.time_budget_s) : seconds);
}

/* Output that cannot be written is found before the work, not after it. */
static int check_outputs(struct compare *c)
{
    const struct compare_options *o = &c->options;
    const struct versus *v = &c->setup.versus;
    c->folder = o->out != NULL
                    ? memory_text(o->out)
                    : results_folder_choose(v->started_utc, v->new_side.commit, "compare.json");
    const char *files[] = {o->markdown, o->junit, o->trace};
    int code = file_check_writable(c->folder, &c->error);
    for (size_t i = 0; i < sizeof files / sizeof files[0] && code == 0; i++) {
        code = files[i] == NULL ? 0 : file_check_target(files[i], &c->error);
    }
    return code;
}

static void choose_cpu(struct compare *c)
{
    struct versus_settings *s = &c->setup.versus.settings;
    s->cpu = c->options.pin_cpu >= 0 ? (int)c->options.pin_cpu : cpu_find_quiet();
    if (s->cpu < 0) {
        warn(c, "processes may not be pinned to a CPU here: the two sides run wherever the system "
                "puts them, and intervals are wider");
    }
    cpu_avoid(s->cpu);
}

static int prepare_ring(struct compare *c)
{
    struct bout_ring *ring = &c->contest.ring;
    struct versus *v = &c->setup.versus;
    ring->settings = &v->settings;
    ring->clock = &v->clock;
    ring->max_time_s = c->options.max_time_s;
    ring->shared_luck = !c->options.own_addresses && pair_can_share_luck();
    /* A copy has no debugging information, which sanitizers look for. */
    ring->fresh = v->new_side.variant == NULL || strcmp(v->new_side.variant, "release") == 0;
    v->settings.shared_addresses = ring->shared_luck;
    rng_seed_stream(&ring->rng, v->settings.seed, "comparison");
    if (!ring->shared_luck && !c->options.own_addresses) {
        warn(c,
             "address randomisation cannot be switched off here (a container's rule?): each side "
             "gets addresses of its own, and intervals are wider");
    }
    if (pair_open(&ring->page, &c->error) != 0) {
        return -1;
    }
    if (c->options.trace != NULL) {
        ring->trace = trace_open(c->options.trace, &c->error);
        for (size_t i = 0; ring->trace != NULL && i < c->setup.bout_count; i++) {
            const struct bout *bout = &c->setup.bouts[i];
            if (!bout->canary) {
                trace_add_benchmark(ring->trace, bout->number, bout->benchmark->id);
            }
        }
        return ring->trace == NULL ? -1 : 0;
    }
    return 0;
}

/* What is left of a time budget for the contest, as counting comes after it. */
static double contest_budget_s(const struct compare *c)
{
    double budget_s = c->options.time_budget_s;
    double bouts = (double)c->setup.bout_count;
    double kept_s = 0;
    if (!c->options.no_probes) {
        kept_s += fmin(budget_s * ALLOCATIONS_SHARE, ALLOCATIONS_EACH_S * bouts);
    }
    if (c->options.count_instructions) {
        kept_s += fmin(budget_s * INSTRUCTIONS_SHARE, INSTRUCTIONS_EACH_S * bouts);
    }
    if (c->options.counters != NULL) {
        kept_s += fmin(budget_s * RUNS_SHARE, RUNS_EACH_S * bouts);
    }
    return budget_s > 0 ? budget_s - kept_s : budget_s;
}

static void run_contest(struct compare *c)
{
    struct contest *contest = &c->contest;
    struct versus *v = &c->setup.versus;
    contest->begun_ns = clock_monotonic_ns();
    contest->count = c->setup.bout_count;
    contest->bouts = c->setup.bouts;
    c->progress = (struct progress){.shown = !c->options.quiet && isatty(STDERR_FILENO),
                                    .total = contest->count};
    if (c->progress.shown) {
        contest->watch = draw;
        contest->watch_context = c;
    }
    bool copies = contest->ring.fresh;
    v->settings.time_budget_s = contest_budget_s(c);
    contest->interrupted = !compare_setup_measure_loops(&c->setup, &contest->ring);
    contest_run(contest);
    v->settings.time_budget_s = c->options.time_budget_s;
    progress_erase(&c->progress);
    uint64_t slices = 0;
    uint64_t disturbed = 0;
    for (size_t i = 0; i < contest->count; i++) {
        slices += contest->bouts[i].slices;
        disturbed += contest->bouts[i].disturbed;
    }
    v->disturbed = slices == 0 ? 0 : (double)disturbed / (double)slices;
    v->complete = !contest->interrupted;
    v->duration_s = round((double)(clock_monotonic_ns() - contest->begun_ns) / 1e6) / 1e3;
    v->settings.fresh_copies = contest->ring.fresh;
    if (copies && !contest->ring.fresh) {
        warn(c,
             "fresh copies of the executables could not be run here: where a file lies in memory "
             "may favour one side by 1 %");
    }
    if (contest->ring.unpinned && v->settings.cpu >= 0) {
        warn(c, "a process could not be pinned to its CPU");
    }
}

/* What is asked of counts first when there is not time for all: what changed, then what may have.
 */
static int urgency(const struct versus_benchmark *b)
{
    bool called = b->verdict == VERSUS_REGRESSED || b->verdict == VERSUS_IMPROVED;
    return called ? 0 : b->verdict == VERSUS_INCONCLUSIVE ? 1 : 2;
}

/* One sentence for all benchmarks that a counter could not count. */
static void say_uncounted(struct compare *c, const char *source, const char *what)
{
    const struct versus *v = &c->setup.versus;
    size_t uncounted = 0;
    const char *reason = NULL;
    for (size_t i = 0; i < v->count; i++) {
        bool found = false;
        for (size_t k = 0; k < v->benchmarks[i].metric_count && !found; k++) {
            const struct metric_pair *pair = &v->benchmarks[i].metrics[k];
            found = pair->change == METRIC_UNKNOWN && strcmp(pair->new_metric.source, source) == 0;
            if (found && uncounted++ == 0) {
                bool new_side = !metric_is_known(&pair->new_metric);
                reason = new_side ? pair->new_metric.reason : pair->old_metric.reason;
            }
        }
    }
    if (uncounted > 0) {
        char text[METRIC_REASON_BYTES + 80];
        snprintf(text, sizeof text, "%s were not counted in %zu benchmark%s: %s", what, uncounted,
                 uncounted == 1 ? "" : "s", reason);
        warn(c, text);
    }
}

static void count(struct compare *c, enum probe_kind kind)
{
    struct versus *v = &c->setup.versus;
    struct contest *contest = &c->contest;
    c->counting.kind = kind;
    for (int turn = 0; turn < 3; turn++) {
        for (size_t i = 0; i < contest->count && v->complete; i++) {
            struct bout *bout = &contest->bouts[i];
            const struct versus_benchmark *b = bout->benchmark;
            bool wanted = kind != PROBE_RUN || c->options.counters != NULL || bout->records_latency;
            if (wanted && !bout->canary && b->status == VERSUS_COMPARED && urgency(b) == turn) {
                progress_draw(&c->progress, b->id, "counting", 1);
                v->complete = counting_run(&c->counting, bout);
            }
        }
    }
    progress_erase(&c->progress);
}

/* A gate with a wrong name would guard nothing, and nobody would know. */
static void say_unused_gates(struct compare *c)
{
    const struct versus *v = &c->setup.versus;
    for (size_t g = 0; g < c->options.gates.count; g++) {
        const struct gate *gate = &c->options.gates.gates[g];
        bool used = false;
        for (size_t i = 0; i < v->count && !used; i++) {
            used = gate_is_used(gate, v->benchmarks[i].metrics, v->benchmarks[i].metric_count);
        }
        if (!used) {
            char text[METRIC_NAME_BYTES + 80];
            snprintf(text, sizeof text, "--gate %s guards nothing: no such count was made",
                     gate->name);
            warn(c, text);
        }
    }
}

/* After the contest, so that no slice pays for it. */
static void count_all(struct compare *c)
{
    struct versus *v = &c->setup.versus;
    uint64_t budget_ns = (uint64_t)(c->options.time_budget_s * 1e9);
    c->counting =
        (struct counting){.gates = &c->options.gates,
                          .events_text = c->options.counters,
                          .events = c->options.events.count > 0 ? &c->options.events : NULL,
                          .cpu = v->settings.cpu,
                          .limit_s = c->options.max_time_s,
                          .end_ns = budget_ns > 0 ? c->contest.begun_ns + budget_ns : 0};
    probes_init(&c->counting.probes, NULL);
    if (!c->options.no_probes) {
        count(c, PROBE_ALLOCATIONS);
        say_uncounted(c, "allocator", "allocations");
    }
    if (c->options.count_instructions) {
        count(c, PROBE_INSTRUCTIONS);
        say_uncounted(c, "valgrind", "instructions");
    }
    count(c, PROBE_RUN);
    say_uncounted(c, "perf", "some events");
    say_uncounted(c, "latency", "latencies");
    if (c->options.given[COMPARE_GATE] && v->complete) {
        say_unused_gates(c);
    }
    v->duration_s = round((double)(clock_monotonic_ns() - c->contest.begun_ns) / 1e6) / 1e3;
}

static void judge_canaries(struct versus *v)
{
    v->trusted = true;
    for (size_t i = 0; i < v->canary_count; i++) {
        struct versus_canary *canary = &v->canaries[i];
        const struct versus_benchmark *b = &canary->benchmark;
        bool regressed = b->verdict == VERSUS_REGRESSED;
        bool settled = b->status == VERSUS_COMPARED && v->complete;
        bool undecided = b->verdict == VERSUS_INCONCLUSIVE && b->note != NULL;
        bool moved = regressed || b->verdict == VERSUS_IMPROVED;
        canary->misfired = settled && (canary->slower ? !regressed && !undecided : moved);
        v->trusted = v->trusted && !canary->misfired;
    }
}

static enum status judge(const struct compare *c)
{
    const struct versus *v = &c->setup.versus;
    struct versus_counts counts = versus_count(v);
    bool limited = c->options.require_verdict || c->options.given[COMPARE_MAX_INCONCLUSIVE];
    size_t most = c->options.require_verdict ? 0 : (size_t)c->options.max_inconclusive;
    if (!v->complete) {
        return STATUS_INTERRUPTED;
    }
    if (counts.failed > 0) {
        return STATUS_FAILED;
    }
    if (!v->trusted) {
        return STATUS_INCONCLUSIVE;
    }
    if (counts.regressed > 0 || counts.beyond_gate > 0) {
        return STATUS_REGRESSED;
    }
    return limited && counts.inconclusive + counts.untried > most ? STATUS_INCONCLUSIVE : STATUS_OK;
}

static void print(const struct compare *c)
{
    const struct versus *v = &c->setup.versus;
    struct str text = STR_EMPTY;
    size_t width = 0;
    for (size_t i = 0; i < v->count; i++) {
        size_t length = strlen(v->benchmarks[i].id);
        width = length > width ? length : width;
    }
    for (size_t i = 0; i < v->count; i++) {
        versus_add_line(&v->benchmarks[i], width < 60 ? (int)width : 60, c->colour, &text);
    }
    versus_add_summary(v, c->colour, &text);
    fwrite(str_text(&text), 1, text.length, stdout);
    fflush(stdout);
    str_release(&text);
}

static int save_text(struct compare *c, const char *path,
                     void (*write)(const struct versus *v, struct str *out))
{
    struct str text = STR_EMPTY;
    struct error error = {0};
    write(&c->setup.versus, &text);
    int code = file_save(path, str_text(&text), text.length, &error);
    if (code != 0) {
        complain(&error);
    }
    str_release(&text);
    return code;
}

/* When its folder fails after all, what was found goes to the temporary folder. */
static void rescue(struct compare *c)
{
    const char *temporary = getenv("TMPDIR");
    struct str path = STR_EMPTY;
    str_format(&path, "%s/assay-compare-%ld.json", temporary == NULL ? "/tmp" : temporary,
               (long)getpid());
    if (save_text(c, str_text(&path), versus_write) == 0) {
        fprintf(stderr, "assay: the comparison was saved as %s instead\n", str_text(&path));
    }
    str_release(&path);
}

static int save(struct compare *c)
{
    struct str path = STR_EMPTY;
    str_format(&path, "%s/compare.json", c->folder);
    int code = save_text(c, str_text(&path), versus_write);
    if (code != 0) {
        rescue(c);
    } else {
        struct str line = STR_EMPTY;
        str_format(&line, "wrote %s", str_text(&path));
        note(c, str_text(&line));
        str_release(&line);
        if (c->options.out == NULL) {
            results_folder_mark_latest(c->folder);
        }
    }
    str_release(&path);
    code |= c->options.markdown == NULL ? 0 : save_text(c, c->options.markdown, versus_markdown);
    code |= c->options.junit == NULL ? 0 : save_text(c, c->options.junit, versus_junit);
    if (c->contest.ring.trace != NULL) {
        struct error error = {0};
        if (trace_close(c->contest.ring.trace, c->options.trace, &error) != 0) {
            code = complain(&error);
        }
    }
    return code;
}

static int run(struct compare *c)
{
    children_init();
    if (compare_setup_make(&c->options, &c->setup, &c->error) != 0) {
        return complain(&c->error);
    }
    struct versus *v = &c->setup.versus;
    if (c->options.dry_run) {
        dry_run(c);
        return STATUS_OK;
    }
    if (c->options.pin_cpu >= 0 && !cpu_is_allowed((int)c->options.pin_cpu)) {
        error_set(&c->error, STATUS_ENVIRONMENT, "this process may not run on CPU %lld (--pin)",
                  (long long)c->options.pin_cpu);
        return complain(&c->error);
    }
    v->clock = *clock_init();
    host_read(&v->host);
    if (check_outputs(c) != 0) {
        return complain(&c->error);
    }
    choose_cpu(c);
    if (prepare_ring(c) != 0) {
        return complain(&c->error);
    }
    if (!c->options.quiet) {
        fprintf(stderr, "assay: %zu benchmarks, about %.0f s to screen them, seed %llu\n",
                v->count - c->setup.identical,
                contest_estimate_s(&v->settings, c->setup.bout_count),
                (unsigned long long)v->settings.seed);
    }
    run_contest(c);
    compare_setup_tell_layout(&c->setup);
    judge_canaries(v);
    if (v->complete) {
        count_all(c);
    }
    print(c);
    int saved = save(c);
    int status = (int)judge(c);
    return saved != 0 && status != STATUS_INTERRUPTED ? STATUS_ENVIRONMENT : status;
}

static int check_standard_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return status;
    }
    fprintf(stderr, "assay: standard output could not be written\n");
    return status == STATUS_INTERRUPTED ? status : STATUS_ENVIRONMENT;
}

int compare_command(int argc, char *const argv[])
{
    struct compare *c = memory_zeroed(1, sizeof *c);
    int status = STATUS_OK;
    if (compare_options_parse(argc, argv, &c->options, &c->error) != 0) {
        status = complain(&c->error);
    } else if (c->options.help) {
        struct str text = STR_EMPTY;
        compare_options_add_help(&text);
        fwrite(str_text(&text), 1, text.length, stdout);
        str_release(&text);
    } else {
        c->colour = wants_colour(&c->options);
        status = run(c);
    }
    status = check_standard_output(status);
    pair_close(&c->contest.ring.page);
    probes_release(&c->counting.probes);
    compare_setup_release(&c->setup);
    free(c->folder);
    free(c);
    return status;
}
