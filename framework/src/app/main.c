#include "app/baseline.h"
#include "app/doctor.h"
#include "app/isolate.h"
#include "app/options.h"
#include "app/plan.h"
#include "app/session.h"
#include "app/worker.h"
#include "base/file.h"
#include "base/memory.h"
#include "measure/counters.h"
#include "present/result_complexity.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ID_COLUMNS_MAX 52

static bool wants_colour(const struct options *options)
{
    const char *no_color = getenv("NO_COLOR");
    if (options->color != COLOR_AUTO) {
        return options->color == COLOR_ALWAYS;
    }
    return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0');
}

static enum status judge(const struct session *s)
{
    size_t failed = 0;
    size_t regressed = 0;
    size_t undecided = 0;
    for (size_t i = 0; i < s->result.count; i++) {
        const struct result_benchmark *b = &s->result.benchmarks[i];
        failed += b->status == RESULT_FAILED;
        if (b->analysis != NULL && !b->analysis->compared) {
            undecided++;
        } else if (b->analysis != NULL) {
            regressed += b->analysis->comparison.verdict == VERDICT_REGRESSED;
            undecided += b->analysis->comparison.verdict == VERDICT_NONE_SEEN;
        }
        regressed += result_gate_failed(b);
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
    const char *name = session_baseline_name(&s->options);
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
    probes_init(&s->runner.probes, &s->options);
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

static void print_warnings(const struct session *s, size_t from)
{
    for (size_t i = from; i < s->result.warning_count && !s->options.quiet; i++) {
        fprintf(stderr, "assay: warning: %s\n", s->result.warnings[i]);
    }
}

/* What --counters asks for in vain is said once a run. */
static void print_uncounted(const struct session *s)
{
    struct str reasons = STR_EMPTY;
    if (!s->options.quiet) {
        counters_explain(&s->options.events, &reasons);
    }
    for (const char *at = str_text(&reasons); *at != '\0'; at += strcspn(at, "\n") + 1) {
        fprintf(stderr, "assay: not counted: %.*s\n", (int)strcspn(at, "\n"), at);
    }
    str_release(&reasons);
}

static void print_settings(const struct session *s)
{
    const struct options *o = &s->options;
    if (!o->quiet) {
        fprintf(stderr, "assay: %s: %zu benchmarks, seed %llu, clock %s\n", s->plan.suite->name,
                s->plan.count, (unsigned long long)o->seed,
                s->result.clock.tsc ? "time-stamp counter" : "CLOCK_MONOTONIC");
    }
    print_warnings(s, 0);
    print_uncounted(s);
}

static void print_stability(const struct session *s)
{
    struct str text = STR_EMPTY;
    str_add(&text, "machine: ");
    steadiness_add_sentence(&s->result.stability, &text);
    session_note(s, str_text(&text));
    str_release(&text);
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
        size_t before = s->result.warning_count;
        runner_run(&s->runner);
        runner_judge_machine(&s->runner);
        runner_judge_threads(&s->runner);
        runner_judge_probes(&s->runner);
        runner_judge_gates(&s->runner);
        print_warnings(s, before);
        print_stability(s);
    }
    result_scale(&s->result);
    complexity_find(&s->result, s->options.confidence_level);
    s->result.complete = !s->runner.interrupted;
    s->result.duration_s = (double)((clock_monotonic_ns() - begun_ns) / 1000000) / 1e3;
    if (s->runner.format->end != NULL) {
        s->runner.format->end(&s->runner.printer, &text);
        print_text(&text);
    }
    int saved = session_save_results(s);
    int stored = session_save_baseline(s);
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
    return 0;
}

/* `--worker WHAT` stands alone: it is what another program asks. */
static int run_worker(struct session *s, const char *what)
{
    struct str text = STR_EMPTY;
    if (strcmp(what, "hello") != 0) {
        int status = worker_run(what, plan_entries(), &s->error);
        return error_is_set(&s->error) ? session_complain(&s->error) : status;
    }
    if (plan_make(plan_entries(), &s->options, &s->plan, &s->error) != 0) {
        return session_complain(&s->error);
    }
    worker_describe(&s->plan, &text);
    print_text(&text);
    return STATUS_OK;
}

static int examine_machine(struct session *s)
{
    const struct options *o = &s->options;
    if (isolate_check_cpu(o->pin_cpu, &s->error) != 0) {
        return session_complain(&s->error);
    }
    clock_init();
    isolate_init();
    isolate_pin_self(o->pin_cpu);
    doctor_print(s->plan.suite, o->pin_cpu, s->colour);
    bool whole =
        o->doctor_time_s <= 0 || doctor_print_stability(o->doctor_time_s, &s->runner.progress);
    return whole ? STATUS_OK : STATUS_INTERRUPTED;
}

static int run(struct session *s, int argc, char **argv)
{
    struct str text = STR_EMPTY;
    if (argc == 3 && strcmp(argv[1], "--worker") == 0) {
        return run_worker(s, argv[2]);
    }
    if (options_parse(argc, argv, &s->options, &s->error) != 0) {
        return session_complain(&s->error);
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
        return session_complain(&s->error);
    }
    init_runner(s);
    if (o->list) {
        list_ids(s);
        return STATUS_OK;
    }
    if (o->doctor) {
        return examine_machine(s);
    }
    if (o->dry_run) {
        runner_describe(&s->runner);
        return STATUS_OK;
    }
    if (isolate_check_cpu(o->pin_cpu, &s->error) != 0) {
        return session_complain(&s->error);
    }
    clock_init();
    isolate_init();
    if (o->test || o->given[OPTION_PROFILE_TIME]) {
        return run_without_result(s);
    }
    if (session_load_samples(s) != 0) {
        return session_complain(&s->error);
    }
    if (o->load_baseline != NULL) {
        s->result.host = s->loaded.host;
    } else {
        host_read(&s->result.host);
    }
    if (session_load_baseline(s) != 0) {
        return session_complain(&s->error);
    }
    session_find_context(s);
    if (session_prepare(s) != 0) {
        return session_complain(&s->error);
    }
    init_runner(s);
    return measure(s);
}

static int check_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return status;
    }
    fprintf(stderr, "assay: standard output could not be written\n");
    return status == STATUS_INTERRUPTED ? status : STATUS_ENVIRONMENT;
}

int assay_main(int argc, char **argv)
{
    file_hold_standard();
    struct session *s = memory_zeroed(1, sizeof *s);
    /* Numbers in files have a point, whatever the program's language. */
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    locale_t before = plain == (locale_t)0 ? (locale_t)0 : uselocale(plain);
    int status = check_output(run(s, argc, argv));
    if (plain != (locale_t)0) {
        uselocale(before);
        freelocale(plain);
    }
    session_release(s);
    free(s);
    return status;
}
