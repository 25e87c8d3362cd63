#include "app/baseline.h"
#include "app/doctor.h"
#include "app/isolate.h"
#include "app/options.h"
#include "app/plan.h"
#include "app/repository.h"
#include "app/runner.h"
#include "base/file.h"
#include "base/memory.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ID_COLUMNS_MAX 52

/* All that a run of the command line holds. */
struct session {
    struct options options;
    struct plan plan;
    struct result baseline; /* to compare with */
    struct result loaded;   /* to analyse in place of measuring */
    struct result result;
    struct runner runner;
    char *results_dir;
    bool colour;
    struct error error;
};

static int complain(const struct error *error)
{
    fprintf(stderr, "assay: %s\n", error->text);
    return (int)error->status;
}

static void note(const struct session *s, const char *text)
{
    if (!s->options.quiet) {
        fprintf(stderr, "assay: %s\n", text);
    }
}

static bool wants_colour(const struct options *options)
{
    const char *no_color = getenv("NO_COLOR");
    if (options->color != COLOR_AUTO) {
        return options->color == COLOR_ALWAYS;
    }
    return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0');
}

static const char *baseline_name(const struct options *options)
{
    return options->baseline != NULL ? options->baseline : options->baseline_lenient;
}

/* Every benchmark of the run must be in a strict baseline. */
static int check_complete(struct session *s, const char *name)
{
    for (size_t i = 0; i < s->plan.count; i++) {
        const struct result_benchmark *old = result_find(&s->baseline, s->plan.cases[i].id);
        if (old == NULL || old->record == NULL) {
            return error_set(&s->error, STATUS_ENVIRONMENT,
                             "the baseline \"%s\" has no figure of %s: save it again, or use "
                             "--baseline-lenient",
                             name, s->plan.cases[i].id);
        }
    }
    return 0;
}

static int load_baseline(struct session *s)
{
    const struct options *o = &s->options;
    const char *name = baseline_name(o);
    struct error lenient = {0};
    if (name == NULL) {
        return 0;
    }
    if (o->baseline != NULL) {
        if (baseline_load(o->baselines_dir, name, s->plan.suite->name, &s->baseline, &s->error) !=
                0 ||
            baseline_check_origin(&s->baseline, name, &s->result.host, &s->error) != 0) {
            return -1;
        }
        return check_complete(s, name);
    }
    if (baseline_check_name(name, &s->error) != 0) {
        return -1;
    }
    if (baseline_load(o->baselines_dir, name, s->plan.suite->name, &s->baseline, &lenient) != 0 ||
        baseline_check_origin(&s->baseline, name, &s->result.host, &lenient) != 0) {
        note(s, lenient.text);
    }
    return 0;
}

static int load_samples(struct session *s)
{
    const struct options *o = &s->options;
    if (o->load_baseline == NULL) {
        return 0;
    }
    return baseline_load(o->baselines_dir, o->load_baseline, s->plan.suite->name, &s->loaded,
                         &s->error);
}

static void fill_context(struct session *s)
{
    struct result *r = &s->result;
    const struct assay_suite *suite = s->plan.suite;
    r->method = RESULT_METHOD;
    r->tool_version = memory_text(ASSAY_VERSION);
    r->suite = memory_text(suite->name);
    r->started_utc = memory_zeroed(21, 1);
    result_format_utc(time(NULL), r->started_utc);
    r->commit = repository_commit(&r->dirty);
    r->build = (struct result_build){
        .compiler = memory_text(suite->compiler),
        .flags = suite->flags == NULL ? NULL : memory_text(suite->flags),
        .variant = suite->variant == NULL ? NULL : memory_text(suite->variant),
        .optimised = suite->optimised};
    r->clock = *clock_init();
    r->settings = options_to_json(&s->options);
    r->seed = s->options.seed;
    doctor_add_warnings(suite, r);
}

/* results/<UTC time>-<commit>, as in 20260131T120000Z-0123abcd4567. */
static char *default_results_dir(const struct result *r)
{
    struct str path = STR_EMPTY;
    str_add(&path, "results/");
    for (const char *c = r->started_utc; *c != '\0'; c++) {
        if (*c != '-' && *c != ':') {
            str_add_char(&path, *c);
        }
    }
    str_format(&path, "-%s", r->commit == NULL ? "nogit" : r->commit);
    return str_detach(&path);
}

/* results/latest -> the newest run; replaced in one step. A file system without links is no error.
 */
static void point_latest(const char *folder)
{
    struct str temporary = STR_EMPTY;
    str_format(&temporary, "results/latest.tmp.%ld", (long)getpid());
    if (symlink(strrchr(folder, '/') + 1, str_text(&temporary)) == 0 &&
        rename(str_text(&temporary), "results/latest") != 0) {
        unlink(str_text(&temporary));
    }
    str_release(&temporary);
}

static int prepare_results(struct session *s)
{
    const struct options *o = &s->options;
    if (o->discard_baseline) {
        return 0;
    }
    s->results_dir =
        o->results_dir != NULL ? memory_text(o->results_dir) : default_results_dir(&s->result);
    return file_check_writable(s->results_dir, &s->error);
}

/* When the results folder fails after all, what was measured goes to the temporary folder. */
static int rescue(struct session *s, const struct str *text)
{
    const char *temporary = getenv("TMPDIR");
    struct str path = STR_EMPTY;
    struct error second = {0};
    str_format(&path, "%s/assay-%s-%ld.json", temporary == NULL ? "/tmp" : temporary,
               s->result.suite, (long)getpid());
    if (file_save(str_text(&path), str_text(text), text->length, &second) == 0) {
        fprintf(stderr, "assay: the result was saved as %s instead\n", str_text(&path));
    }
    str_release(&path);
    return -1;
}

static int save_results(struct session *s)
{
    if (s->results_dir == NULL) {
        return 0;
    }
    struct str text = STR_EMPTY;
    struct str path = STR_EMPTY;
    result_write(&s->result, &text);
    str_format(&path, "%s/%s.json", s->results_dir, s->result.suite);
    int code = file_save(str_text(&path), str_text(&text), text.length, &s->error);
    if (code != 0) {
        complain(&s->error);
        rescue(s, &text);
    } else {
        if (s->options.results_dir == NULL) {
            point_latest(s->results_dir);
        }
        struct str line = STR_EMPTY;
        str_format(&line, "wrote %s", str_text(&path));
        note(s, str_text(&line));
        str_release(&line);
    }
    str_release(&path);
    str_release(&text);
    return code;
}

static int save_baseline(struct session *s)
{
    const struct options *o = &s->options;
    if (o->save_baseline == NULL) {
        return 0;
    }
    if (s->runner.interrupted) {
        note(s, "the run was interrupted: the baseline was left as it was");
        return 0;
    }
    bool partial = o->filters.count > 0 || o->skips.count > 0 || o->tag != NULL;
    int code = baseline_save(o->baselines_dir, o->save_baseline, &s->result, partial, &s->error);
    return code != 0 ? -complain(&s->error) : 0;
}

static enum status judge(const struct session *s)
{
    size_t failed = 0;
    size_t regressed = 0;
    size_t undecided = 0;
    for (size_t i = 0; i < s->result.count; i++) {
        const struct result_benchmark *b = &s->result.benchmarks[i];
        failed += b->status == RESULT_FAILED;
        if (b->analysis != NULL && b->analysis->compared) {
            regressed += b->analysis->comparison.verdict == VERDICT_REGRESSED;
            undecided += b->analysis->comparison.verdict == VERDICT_NONE_SEEN;
        }
    }
    if (failed > 0) {
        return STATUS_FAILED;
    }
    if (regressed > 0) {
        return STATUS_REGRESSED;
    }
    return s->options.require_verdict && undecided > 0 ? STATUS_INCONCLUSIVE : STATUS_OK;
}

static size_t widest_id(const struct plan *plan)
{
    size_t widest = 0;
    for (size_t i = 0; i < plan->count; i++) {
        size_t length = strlen(plan->cases[i].id);
        widest = length > widest ? length : widest;
    }
    return widest < ID_COLUMNS_MAX ? widest : ID_COLUMNS_MAX;
}

static void init_runner(struct session *s)
{
    size_t formats;
    const char *name = baseline_name(&s->options);
    s->runner = (struct runner){
        .options = &s->options,
        .plan = &s->plan,
        .baseline = s->baseline.count > 0 ? &s->baseline : NULL,
        .baseline_name = name,
        .result = &s->result,
        .format = format_table(&formats)[s->options.output_format],
        .printer = {.result = &s->result,
                    .colour = s->colour,
                    .verbose = s->options.verbose,
                    .id_width = widest_id(&s->plan)},
        .progress = {.shown = !s->options.quiet && isatty(STDERR_FILENO)},
    };
}

static void print_text(struct str *text)
{
    fputs(str_text(text), stdout);
    fflush(stdout);
    str_release(text);
}

static void list_ids(const struct session *s)
{
    bool pretty = s->options.list_format == LIST_PRETTY;
    for (size_t i = 0; i < s->plan.count; i++) {
        printf("%s%s\n", s->plan.cases[i].id, pretty ? ": benchmark" : "");
    }
    if (pretty) {
        printf("\n%zu benchmarks\n", s->plan.count);
    }
}

static void print_settings(const struct session *s)
{
    const struct options *o = &s->options;
    if (!o->quiet) {
        fprintf(stderr, "assay: %s: %zu benchmarks, seed %llu, clock %s\n", s->plan.suite->name,
                s->plan.count, (unsigned long long)o->seed,
                s->result.clock.tsc ? "time-stamp counter" : "CLOCK_MONOTONIC");
        for (size_t i = 0; i < s->result.warning_count; i++) {
            fprintf(stderr, "assay: warning: %s\n", s->result.warnings[i]);
        }
    }
}

static int measure(struct session *s)
{
    uint64_t begun_ns = clock_monotonic_ns();
    print_settings(s);
    struct str text = STR_EMPTY;
    if (s->runner.format->begin != NULL) {
        s->runner.format->begin(&s->runner.printer, &text);
        print_text(&text);
    }
    if (s->options.load_baseline != NULL) {
        s->result.has_loop = s->loaded.has_loop;
        s->result.loop_ns = s->loaded.loop_ns;
        runner_replay(&s->runner, &s->loaded);
    } else {
        runner_measure_loop(&s->runner);
        runner_run(&s->runner);
    }
    s->result.complete = !s->runner.interrupted;
    s->result.duration_s = (double)((clock_monotonic_ns() - begun_ns) / 1000000) / 1e3;
    if (s->runner.format->end != NULL) {
        s->runner.format->end(&s->runner.printer, &text);
        print_text(&text);
    }
    int saved = save_results(s);
    int stored = save_baseline(s);
    if (ferror(stdout)) {
        fprintf(stderr, "assay: standard output could not be written\n");
        saved = -1;
    }
    if (s->runner.interrupted) {
        return STATUS_INTERRUPTED;
    }
    return saved != 0 || stored != 0 ? STATUS_ENVIRONMENT : (int)judge(s);
}

/* --test and --profile-time need no result. */
static int run_without_result(struct session *s)
{
    size_t failed = s->options.test ? runner_test(&s->runner) : runner_profile(&s->runner);
    if (s->runner.interrupted) {
        return STATUS_INTERRUPTED;
    }
    return failed > 0 ? STATUS_FAILED : STATUS_OK;
}

static int check_names(struct session *s)
{
    const struct options *o = &s->options;
    const char *names[] = {o->save_baseline, o->baseline, o->baseline_lenient, o->load_baseline};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i] != NULL && baseline_check_name(names[i], &s->error) != 0) {
            return -1;
        }
    }
    if (o->save_baseline != NULL && !o->list && !o->dry_run && !o->doctor) {
        struct str folder = STR_EMPTY;
        str_format(&folder, "%s/%s", o->baselines_dir, o->save_baseline);
        int code = file_check_writable(str_text(&folder), &s->error);
        str_release(&folder);
        return code;
    }
    return 0;
}

static int run(struct session *s, int argc, char **argv)
{
    struct str text = STR_EMPTY;
    if (options_parse(argc, argv, &s->options, &s->error) != 0) {
        return complain(&s->error);
    }
    const struct options *o = &s->options;
    s->colour = wants_colour(o);
    if (o->help || o->version) {
        if (o->help) {
            options_add_help(o, &text);
        } else {
            str_add(&text, "assay " ASSAY_VERSION "\n");
        }
        print_text(&text);
        return STATUS_OK;
    }
    if (plan_make(plan_entries(), o, &s->plan, &s->error) != 0 || check_names(s) != 0) {
        return complain(&s->error);
    }
    init_runner(s);
    if (o->list) {
        list_ids(s);
        return STATUS_OK;
    }
    if (o->doctor) {
        doctor_print(s->plan.suite, s->colour);
        return STATUS_OK;
    }
    if (o->dry_run) {
        runner_describe(&s->runner);
        return STATUS_OK;
    }
    if (isolate_check_cpu(o->pin_cpu, &s->error) != 0) {
        return complain(&s->error);
    }
    clock_init();
    isolate_init();
    if (o->test || o->given[OPTION_PROFILE_TIME]) {
        return run_without_result(s);
    }
    host_read(&s->result.host);
    if (load_baseline(s) != 0 || load_samples(s) != 0) {
        return complain(&s->error);
    }
    fill_context(s);
    if (prepare_results(s) != 0) {
        return complain(&s->error);
    }
    init_runner(s);
    return measure(s);
}

int assay_main(int argc, char **argv)
{
    struct session *s = memory_zeroed(1, sizeof *s);
    /* Numbers in files have a point, whatever the program's language. */
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    locale_t before = plain == (locale_t)0 ? (locale_t)0 : uselocale(plain);
    int status = run(s, argc, argv);
    if (plain != (locale_t)0) {
        uselocale(before);
        freelocale(plain);
    }
    plan_release(&s->plan);
    result_release(&s->baseline);
    result_release(&s->loaded);
    result_release(&s->result);
    free(s->results_dir);
    free(s);
    return status;
}
