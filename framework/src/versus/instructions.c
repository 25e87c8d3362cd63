#include "versus/instructions.h"
#include "app/results_folder.h"
#include "base/arguments.h"
#include "base/children.h"
#include "base/file.h"
#include "base/memory.h"
#include "measure/callgrind.h"
#include "measure/clock.h"
#include "present/instructions.h"
#include "present/progress.h"
#include "versus/counting.h"
#include "versus/setup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum option_name {
    OPTION_HELP_ = 0,
    OPTION_AGAINST,
    OPTION_EXACT_,
    OPTION_SKIP_,
    OPTION_ALL,
    OPTION_GATE_,
    OPTION_ITERATIONS,
    OPTION_TIME_BUDGET_,
    OPTION_MAX_TIME_,
    OPTION_OLD_NAME,
    OPTION_NEW_NAME,
    OPTION_OLD_COMMIT,
    OPTION_NEW_COMMIT,
    OPTION_OLD_DIRTY,
    OPTION_NEW_DIRTY,
    OPTION_OUT,
    OPTION_COLOR_,
    OPTION_QUIET_,
    OPTIONS
};

struct request {
    struct option_list words; /* PATH, filters */
    bool help;
    const char *against;
    bool exact;
    struct option_list skips;
    bool all;
    double gate;
    uint64_t iterations;
    double time_budget_s;
    double max_time_s;
    const char *old_name;
    const char *new_name;
    const char *old_commit;
    const char *new_commit;
    bool old_dirty;
    bool new_dirty;
    const char *out;
    int color;
    bool quiet;
    bool given[OPTIONS];
};

#define AT(field) offsetof(struct request, field)

/* In the order of enum option_name. */
static const struct option_row table[OPTIONS] = {
    {"help", 'h', KIND_FLAG, AT(help), NULL, NULL, 0, 0, NULL, "print this and exit"},
    {"against", 0, KIND_TEXT, AT(against), "OLD", NULL, 0, 0, NULL,
     "count this executable or folder as well, and print what changed from it to PATH"},
    {"exact", 0, KIND_FLAG, AT(exact), NULL, NULL, 0, 0, NULL,
     "FILTERs are whole ids, not expressions"},
    {"skip", 0, KIND_LIST, AT(skips), "RE", NULL, 0, 0, NULL,
     "leave out ids that match; may be repeated"},
    {"all", 0, KIND_FLAG, AT(all), NULL, NULL, 0, 0, NULL,
     "print benchmarks as well whose count did not change"},
    {"gate", 0, KIND_FRACTION, AT(gate), "P", "0", 0, 1000, NULL,
     "exit 1 when a count grew by more than P; without this option growth is no error"},
    {"iterations", 0, KIND_COUNT, AT(iterations), "N", NULL, 1, 1e9, NULL,
     "iterations of a lap; default: 1000 and less, by what the first one executes"},
    {"time-budget", 0, KIND_SECONDS, AT(time_budget_s), "SECS", NULL, 1, OPTIONS_YEAR_S, NULL,
     "start no further count after this time"},
    {"max-time", 0, KIND_SECONDS, AT(max_time_s), "SECS", "120", 0.1, OPTIONS_YEAR_S, NULL,
     "a count that has not ended after this long is not available"},
    {"old-name", 0, KIND_TEXT, AT(old_name), "TEXT", NULL, 0, 0, NULL,
     "what to call the old side; default: its path"},
    {"new-name", 0, KIND_TEXT, AT(new_name), "TEXT", NULL, 0, 0, NULL, "the same for PATH"},
    {"old-commit", 0, KIND_TEXT, AT(old_commit), "HASH", NULL, 0, 0, NULL,
     "commit of the old side, for the record"},
    {"new-commit", 0, KIND_TEXT, AT(new_commit), "HASH", NULL, 0, 0, NULL, "commit of PATH"},
    {"old-dirty", 0, KIND_FLAG, AT(old_dirty), NULL, NULL, 0, 0, NULL,
     "the old side has changes that were not committed"},
    {"new-dirty", 0, KIND_FLAG, AT(new_dirty), NULL, NULL, 0, 0, NULL, "PATH has"},
    {"out", 'o', KIND_TEXT, AT(out), "DIR", NULL, 0, 0, NULL,
     "write instructions.json here; default: results/<UTC time>-<commit>"},
    {"color", 'c', KIND_WORD, AT(color), "auto|always|never", "auto", 0, 0, NULL,
     "auto: on a terminal, unless NO_COLOR is set"},
    {"quiet", 0, KIND_FLAG, AT(quiet), NULL, NULL, 0, 0, NULL, "no progress, no notes"},
};

static const struct arguments command_line = {
    .rows = table,
    .count = OPTIONS,
    .positional = AT(words),
    .positional_noun = "filters",
    .usage = "PATH [FILTER]... [OPTION]...",
    .about =
        "Counts the instructions of an iteration of each benchmark under valgrind. PATH is the\n"
        "executable of a suite, or a folder of them; FILTERs are POSIX extended regular\n"
        "expressions on the ids.\n",
};

struct run {
    struct request request;
    struct compare_options options;
    struct compare_setup setup;
    struct gates gates;
    struct counting counting;
    struct progress progress;
    struct instructions found;
    uint64_t *iterations;
    char *folder;
    struct error error;
};

static int complain(const struct error *error)
{
    fprintf(stderr, "assay: %s\n", error->text);
    return (int)error->status;
}

/* The same options as of a comparison, as far as they say what is opened and which ids are meant.
 */
static int make_options(struct run *r)
{
    const struct request *q = &r->request;
    struct compare_options *o = &r->options;
    o->words.text[o->words.count++] = q->against == NULL ? q->words.text[0] : q->against;
    o->words.text[o->words.count++] = q->words.text[0];
    if (q->words.count >= OPTIONS_LIST_MAX) {
        return error_set(&r->error, STATUS_USAGE, "instructions: more than %d filters",
                         OPTIONS_LIST_MAX - 2);
    }
    for (size_t i = 1; i < q->words.count; i++) {
        o->words.text[o->words.count++] = q->words.text[i];
    }
    o->skips = q->skips;
    o->exact = q->exact;
    o->no_canaries = true;
    o->allow_different_builds = true;
    o->old_name = q->old_name;
    o->new_name = q->new_name;
    o->old_commit = q->old_commit;
    o->new_commit = q->new_commit;
    o->old_dirty = q->old_dirty;
    o->new_dirty = q->new_dirty;
    return 0;
}

static int parse(struct run *r, int argc, char *const argv[])
{
    struct request *q = &r->request;
    if (arguments_parse(&command_line, argc, argv, q, q->given, &r->error) != 0) {
        return -1;
    }
    if (q->help) {
        return 0;
    }
    if (q->words.count == 0) {
        return error_set(&r->error, STATUS_USAGE,
                         "instructions: of which executable or folder? assay instructions PATH "
                         "[FILTER]...");
    }
    if (q->exact && q->words.count == 1) {
        return error_set(&r->error, STATUS_USAGE, "--exact needs a FILTER: a whole id");
    }
    if (q->against == NULL && q->given[OPTION_GATE_]) {
        return error_set(&r->error, STATUS_USAGE, "--gate needs --against OLD");
    }
    return make_options(r);
}

static void prepare(struct run *r)
{
    const struct request *q = &r->request;
    struct versus *v = &r->setup.versus;
    r->iterations = memory_zeroed(v->count, sizeof *r->iterations);
    r->gates.count = q->given[OPTION_GATE_] ? 1 : 0;
    r->gates.gates[0] = (struct gate){.name = CALLGRIND_METRIC, .tolerance = q->gate};
    r->counting = (struct counting){.kind = PROBE_INSTRUCTIONS,
                                    .gates = &r->gates,
                                    .one_side = q->against == NULL,
                                    .cpu = -1,
                                    .limit_s = q->max_time_s,
                                    .iterations = q->iterations};
    if (q->time_budget_s > 0) {
        r->counting.end_ns = clock_monotonic_ns() + (uint64_t)(q->time_budget_s * 1e9);
    }
    r->found = (struct instructions){.versus = v,
                                     .iterations = r->iterations,
                                     .one_side = r->counting.one_side,
                                     .gated = q->given[OPTION_GATE_],
                                     .tolerance = q->gate};
    host_read(&v->host);
    probes_init(&r->counting.probes, NULL);
}

static void count_all(struct run *r)
{
    struct versus *v = &r->setup.versus;
    uint64_t begun_ns = clock_monotonic_ns();
    r->progress = (struct progress){.shown = !r->request.quiet && isatty(STDERR_FILENO),
                                    .total = r->setup.bout_count};
    for (size_t i = 0; i < r->setup.bout_count && v->complete; i++) {
        struct bout *bout = &r->setup.bouts[i];
        progress_draw(&r->progress, bout->benchmark->id, "counting", 0);
        v->complete = counting_run(&r->counting, bout);
        r->iterations[bout->benchmark - v->benchmarks] = bout->counted_iterations;
        r->progress.done = i + 1;
        r->progress.seconds_each =
            (double)(clock_monotonic_ns() - begun_ns) / 1e9 / (double)(i + 1);
    }
    progress_erase(&r->progress);
    v->duration_s = round((double)(clock_monotonic_ns() - begun_ns) / 1e6) / 1e3;
}

static int save(struct run *r)
{
    struct str text = STR_EMPTY;
    struct str path = STR_EMPTY;
    instructions_write(&r->found, &text);
    str_format(&path, "%s/instructions.json", r->folder);
    int code = file_save(str_text(&path), str_text(&text), text.length, &r->error);
    if (code != 0) {
        complain(&r->error);
    } else if (!r->request.quiet) {
        fprintf(stderr, "assay: wrote %s\n", str_text(&path));
    }
    str_release(&text);
    str_release(&path);
    return code;
}

static void print(struct run *r)
{
    const char *no_color = getenv("NO_COLOR");
    bool automatic = isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0');
    bool colour = r->request.color == COMPARE_COLOR_AUTO ? automatic
                                                         : r->request.color == COMPARE_COLOR_ALWAYS;
    struct str text = STR_EMPTY;
    instructions_add_lines(&r->found, r->request.all, colour, &text);
    instructions_add_summary(&r->found, &text);
    fwrite(str_text(&text), 1, text.length, stdout);
    str_release(&text);
}

/* Why the first one was not counted. */
static const char *first_reason(const struct run *r)
{
    const struct versus *v = &r->setup.versus;
    for (size_t i = 0; i < v->count; i++) {
        const struct versus_benchmark *b = &v->benchmarks[i];
        if (b->metric_count > 0) {
            bool new_side = !metric_is_known(&b->metrics[0].new_metric);
            return new_side ? b->metrics[0].new_metric.reason : b->metrics[0].old_metric.reason;
        }
    }
    return "";
}

static int judge(const struct run *r)
{
    struct instructions_counts counts = instructions_count(&r->found);
    if (!r->setup.versus.complete) {
        return STATUS_INTERRUPTED;
    }
    if (counts.counted == 0) {
        fprintf(stderr, "assay: nothing could be counted: %s\n", first_reason(r));
        return STATUS_ENVIRONMENT;
    }
    if (counts.beyond_gate > 0) {
        return STATUS_REGRESSED;
    }
    return r->request.given[OPTION_GATE_] && counts.unavailable > 0 ? STATUS_INCONCLUSIVE
                                                                    : STATUS_OK;
}

static int run(struct run *r)
{
    children_init();
    if (compare_setup_make(&r->options, &r->setup, &r->error) != 0) {
        return complain(&r->error);
    }
    const struct versus *v = &r->setup.versus;
    r->folder = r->request.out != NULL ? memory_text(r->request.out)
                                       : results_folder_choose(v->started_utc, v->new_side.commit,
                                                               "instructions.json");
    if (file_check_writable(r->folder, &r->error) != 0) {
        return complain(&r->error);
    }
    prepare(r);
    count_all(r);
    print(r);
    int saved = save(r);
    int status = judge(r);
    return saved != 0 && status != STATUS_INTERRUPTED ? STATUS_ENVIRONMENT : status;
}

int instructions_command(int argc, char *const argv[])
{
    struct run *r = memory_zeroed(1, sizeof *r);
    int status = STATUS_OK;
    if (parse(r, argc, argv) != 0) {
        status = complain(&r->error);
    } else if (r->request.help) {
        struct str text = STR_EMPTY;
        arguments_add_help(&command_line, "assay instructions", &text);
        fwrite(str_text(&text), 1, text.length, stdout);
        str_release(&text);
    } else {
        status = run(r);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "assay: standard output could not be written\n");
        status = status == STATUS_INTERRUPTED ? status : STATUS_ENVIRONMENT;
    }
    probes_release(&r->counting.probes);
    compare_setup_release(&r->setup);
    free(r->iterations);
    free(r->folder);
    free(r);
    return status;
}
