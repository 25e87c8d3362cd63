#include "app/options.h"
#include "base/nearest.h"
#include "base/rng.h"
#include "base/units.h"
#include "present/format.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    KIND_FLAG,     /* bool */
    KIND_SECONDS,  /* double, within [min, max] */
    KIND_FRACTION, /* double */
    KIND_COUNT,    /* uint64_t */
    KIND_CPU,      /* int64_t */
    KIND_TEXT,     /* const char * */
    KIND_LIST,     /* struct option_list */
    KIND_COUNTS,   /* struct option_counts */
    KIND_WORD      /* int: index of the word */
};

struct row {
    const char *name;
    char letter; /* 0: none */
    enum kind kind;
    size_t offset;
    const char *value;   /* what --help calls it; for KIND_WORD the words, separated by '|' */
    const char *initial; /* the default, as the user would write it; NULL: off, empty or 0 */
    double min;
    double max;
    const char *echo; /* key in the result's settings; NULL: does not bear on the figures */
    const char *help;
};

#define AT(field) offsetof(struct options, field)
#define YEAR_S    31557600.0

/* In the order of enum option_id. */
static const struct row table[OPTION_COUNT] = {
    {"help", 'h', KIND_FLAG, AT(help), NULL, NULL, 0, 0, NULL, "print this and exit"},
    {"version", 'V', KIND_FLAG, AT(version), NULL, NULL, 0, 0, NULL, "print the version and exit"},
    {"exact", 0, KIND_FLAG, AT(exact), NULL, NULL, 0, 0, NULL,
     "FILTERs are whole ids, not expressions"},
    {"skip", 0, KIND_LIST, AT(skips), "RE", NULL, 0, 0, NULL,
     "leave out ids that match; may be repeated"},
    {"tag", 0, KIND_TEXT, AT(tag), "WORD", NULL, 0, 0, NULL, "only benchmarks with this tag"},
    {"list", 0, KIND_FLAG, AT(list), NULL, NULL, 0, 0, NULL, "print the ids and exit"},
    {"format", 0, KIND_WORD, AT(list_format), "pretty|terse", "pretty", 0, 0, NULL,
     "how --list prints"},
    {"dry-run", 0, KIND_FLAG, AT(dry_run), NULL, NULL, 0, 0, NULL,
     "print what would be measured, and for how long"},
    {"doctor", 0, KIND_FLAG, AT(doctor), NULL, NULL, 0, 0, NULL,
     "tell what in this machine makes figures worse, and what to do"},
    {"test", 0, KIND_FLAG, AT(test), NULL, NULL, 0, 0, NULL,
     "run each benchmark once, to see that it works"},
    {"profile-time", 0, KIND_SECONDS, AT(profile_time_s), "SECS", NULL, 0.01, YEAR_S, NULL,
     "run each benchmark this long without analysis, for a profiler"},
    {"quick", 0, KIND_FLAG, AT(quick), NULL, NULL, 0, 0, "quick",
     "0.03 s warm-up, 0.1 s for 20 samples or more, 10000 resamples"},
    {"warm-up-time", 0, KIND_SECONDS, AT(warm_up_time_s), "SECS", "0.3", 0, YEAR_S,
     "warm_up_time_s", "warm up this long"},
    {"measurement-time", 0, KIND_SECONDS, AT(measurement_time_s), "SECS", "1.5", 1e-3, YEAR_S,
     "measurement_time_s", "measure for at most this long"},
    {"sample-size", 0, KIND_COUNT, AT(sample_size), "N", "100", 10, 10000, "sample_size",
     "samples to take; up to four times as many until they are precise"},
    {"sampling-mode", 0, KIND_WORD, AT(sampling_mode), "auto|linear|flat", "auto", 0, 0,
     "sampling_mode", "iterations of the samples: rising in random order, or equal"},
    {"target-precision", 0, KIND_FRACTION, AT(target_precision), "P", "1%", 0, 1,
     "target_precision",
     "take samples until the interval is +-P; 0: --sample-size of them in --measurement-time"},
    {"time-budget", 0, KIND_SECONDS, AT(time_budget_s), "SECS", NULL, 0.01, YEAR_S, "time_budget_s",
     "share this time among all benchmarks of the run"},
    {"max-time", 0, KIND_SECONDS, AT(max_time_s), "SECS", "60", 0.1, YEAR_S, "max_time_s",
     "stop a benchmark that has not ended after this long; it fails"},
    {"threads", 0, KIND_COUNTS, AT(threads), "N,N,...", NULL, 1, 1024, NULL,
     "thread counts, in place of those of benchmarks that have a list"},
    {"pin", 0, KIND_CPU, AT(pin_cpu), "CPU", "-1", 0, 4095, "pin_cpu",
     "run benchmarks on this CPU only"},
    {"shuffle", 0, KIND_FLAG, AT(shuffle), NULL, NULL, 0, 0, "shuffle",
     "run the benchmarks in random order"},
    {"seed", 0, KIND_COUNT, AT(seed), "N", NULL, 0, (double)RNG_SEED_MAX, NULL,
     "seed of sample order, resampling and shuffling; default: a fresh one, which is printed"},
    {"in-process", 0, KIND_FLAG, AT(in_process), NULL, NULL, 0, 0, "in_process",
     "no process of its own for each benchmark: for debuggers"},
    {"nresamples", 0, KIND_COUNT, AT(nresamples), "N", "100000", 100, 10000000, "nresamples",
     "resamples of the bootstrap"},
    {"confidence-level", 0, KIND_FRACTION, AT(confidence_level), "P", "0.95", 0.5, 0.9999,
     "confidence_level", "of every interval"},
    {"significance-level", 0, KIND_FRACTION, AT(significance_level), "P", "0.05", 1e-6, 0.5,
     "significance_level", "p-value below which a change is called"},
    {"noise-threshold", 0, KIND_FRACTION, AT(noise_threshold), "P", "0.01", 0, 1, "noise_threshold",
     "a called change lies beyond this"},
    {"save-baseline", 's', KIND_TEXT, AT(save_baseline), "NAME", NULL, 0, 0, NULL,
     "store the results under this name"},
    {"baseline", 'b', KIND_TEXT, AT(baseline), "NAME", NULL, 0, 0, NULL,
     "compare with this one; it must be of this host, and complete"},
    {"baseline-lenient", 0, KIND_TEXT, AT(baseline_lenient), "NAME", NULL, 0, 0, NULL,
     "compare with what it has, whatever host it came from"},
    {"load-baseline", 0, KIND_TEXT, AT(load_baseline), "NAME", NULL, 0, 0, NULL,
     "run nothing: analyse the samples stored under this name"},
    {"baselines-dir", 0, KIND_TEXT, AT(baselines_dir), "DIR", "baselines", 0, 0, NULL,
     "where baselines are"},
    {"results-dir", 0, KIND_TEXT, AT(results_dir), "DIR", NULL, 0, 0, NULL,
     "write the result here; default: results/<UTC time>-<commit>"},
    {"discard-baseline", 0, KIND_FLAG, AT(discard_baseline), NULL, NULL, 0, 0, NULL,
     "write no result file"},
    {"require-verdict", 0, KIND_FLAG, AT(require_verdict), NULL, NULL, 0, 0, NULL,
     "exit 5 when a comparison shows neither a regression nor an improvement"},
    {"output-format", 0, KIND_WORD, AT(output_format), "assay|criterion|bencher|json|gbench|go",
     "assay", 0, 0, NULL, "what is printed on standard output"},
    {"color", 'c', KIND_WORD, AT(color), "auto|always|never", "auto", 0, 0, NULL,
     "auto: on a terminal, unless NO_COLOR is set"},
    {"verbose", 'v', KIND_FLAG, AT(verbose), NULL, NULL, 0, 0, NULL,
     "every estimate of every benchmark"},
    {"quiet", 0, KIND_FLAG, AT(quiet), NULL, NULL, 0, 0, NULL, "no progress, no notes"},
};

/* Pairs that contradict each other. */
static const enum option_id conflicts[][2] = {
    {OPTION_VERBOSE, OPTION_QUIET},
    {OPTION_QUICK, OPTION_SAMPLE_SIZE},
    {OPTION_QUICK, OPTION_WARM_UP_TIME},
    {OPTION_QUICK, OPTION_MEASUREMENT_TIME},
    {OPTION_QUICK, OPTION_NRESAMPLES},
    {OPTION_BASELINE, OPTION_BASELINE_LENIENT},
    {OPTION_SAVE_BASELINE, OPTION_LOAD_BASELINE},
    {OPTION_SAVE_BASELINE, OPTION_TEST},
    {OPTION_SAVE_BASELINE, OPTION_PROFILE_TIME},
    {OPTION_BASELINE, OPTION_TEST},
    {OPTION_BASELINE, OPTION_PROFILE_TIME},
    {OPTION_BASELINE_LENIENT, OPTION_TEST},
    {OPTION_BASELINE_LENIENT, OPTION_PROFILE_TIME},
    {OPTION_RESULTS_DIR, OPTION_DISCARD_BASELINE},
    {OPTION_TEST, OPTION_PROFILE_TIME},
    {OPTION_TEST, OPTION_LIST},
    {OPTION_LIST, OPTION_DRY_RUN},
    {OPTION_LIST, OPTION_DOCTOR},
    {OPTION_LOAD_BASELINE, OPTION_TEST},
    {OPTION_LOAD_BASELINE, OPTION_PROFILE_TIME},
};

#define FIELD(options, row, type) ((type *)(void *)((char *)(options) + (row)->offset))
#define FIELD_OF(options, row, type)                                                               \
    ((const type *)(const void *)((const char *)(options) + (row)->offset))

static int find_word(const char *words, const char *wanted)
{
    int index = 0;
    for (const char *at = words; *at != '\0'; index++) {
        size_t length = strcspn(at, "|");
        if (strlen(wanted) == length && strncmp(at, wanted, length) == 0) {
            return index;
        }
        at += length + (at[length] == '|');
    }
    return -1;
}

static int wrong(const struct row *row, const char *text, const char *expected, struct error *error)
{
    return error_set(error, STATUS_USAGE, "--%s: \"%s\" is not %s", row->name, text, expected);
}

static bool parse_integer(const char *text, int64_t *value)
{
    char *end;
    errno = 0;
    long long parsed = strtoll(text, &end, 10);
    *value = parsed;
    return end != text && *end == '\0' && errno == 0;
}

static bool holds(const struct option_counts *counts, long value)
{
    for (size_t i = 0; i < counts->count; i++) {
        if (counts->value[i] == value) {
            return true;
        }
    }
    return false;
}

static int parse_counts(const struct row *row, const char *text, struct option_counts *counts,
                        struct error *error)
{
    counts->count = 0;
    for (const char *at = text;; at++) {
        char *end;
        long value = strtol(at, &end, 10);
        if (end == at || (*end != ',' && *end != '\0') || value < (long)row->min ||
            value > (long)row->max || counts->count == ASSAY_AXIS_MAX || holds(counts, value)) {
            return wrong(row, text,
                         "a list of up to 32 numbers from 1 to 1024, each once, as 1,2,4", error);
        }
        counts->value[counts->count++] = (int)value;
        at = end;
        if (*at == '\0') {
            return 0;
        }
    }
}

static int parse_number(const struct row *row, const char *text, double *value, struct error *error)
{
    char expected[128];
    bool seconds = row->kind == KIND_SECONDS;
    bool read = seconds ? units_parse_seconds(text, value) : units_parse_fraction(text, value);
    if (!read || *value < row->min || *value > row->max) {
        if (seconds) {
            snprintf(expected, sizeof expected,
                     "a time of at least %g s and at most a year (as 2, 1.5s or 300ms)", row->min);
        } else {
            snprintf(expected, sizeof expected, "a share from %g to %g (as 0.01 or 1%%)", row->min,
                     row->max);
        }
        return wrong(row, text, expected, error);
    }
    return 0;
}

static int parse_value(const struct row *row, const char *text, struct options *options,
                       struct error *error)
{
    int64_t integer;
    char expected[160];
    switch (row->kind) {
    case KIND_FLAG:
        *FIELD(options, row, bool) = true;
        return 0;
    case KIND_SECONDS:
    case KIND_FRACTION:
        return parse_number(row, text, FIELD(options, row, double), error);
    case KIND_COUNT:
    case KIND_CPU:
        if (!parse_integer(text, &integer) || (double)integer < row->min ||
            (double)integer > row->max) {
            snprintf(expected, sizeof expected, "a whole number from %.0f to %.0f", row->min,
                     row->max);
            return wrong(row, text, expected, error);
        }
        if (row->kind == KIND_CPU) {
            *FIELD(options, row, int64_t) = integer;
        } else {
            *FIELD(options, row, uint64_t) = (uint64_t)integer;
        }
        return 0;
    case KIND_TEXT:
        if (*text == '\0') {
            return wrong(row, text, "a text with at least one character", error);
        }
        *FIELD(options, row, const char *) = text;
        return 0;
    case KIND_LIST: {
        struct option_list *list = FIELD(options, row, struct option_list);
        if (list->count == OPTIONS_LIST_MAX) {
            return error_set(error, STATUS_USAGE, "--%s was given more than %d times", row->name,
                             OPTIONS_LIST_MAX);
        }
        list->text[list->count++] = text;
        return 0;
    }
    case KIND_COUNTS:
        return parse_counts(row, text, FIELD(options, row, struct option_counts), error);
    case KIND_WORD: {
        int index = find_word(row->value, text);
        if (index < 0) {
            snprintf(expected, sizeof expected, "one of %s", row->value);
            return wrong(row, text, expected, error);
        }
        *FIELD(options, row, int) = index;
        return 0;
    }
    }
    return 0;
}

static const struct row *find_row(const char *name, size_t length)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

static const struct row *find_letter(char letter)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (table[i].letter == letter) {
            return &table[i];
        }
    }
    return NULL;
}

static int unknown(const char *argument, size_t length, struct error *error)
{
    const char *names[OPTION_COUNT];
    char word[64];
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        names[i] = table[i].name;
    }
    snprintf(word, sizeof word, "%.*s", (int)length - 2, argument + 2);
    const char *near =
        strncmp(argument, "--", 2) == 0 ? nearest_word(word, names, OPTION_COUNT) : NULL;
    if (near != NULL) {
        return error_set(error, STATUS_USAGE, "unknown option %.*s; did you mean --%s?",
                         (int)length, argument, near);
    }
    return error_set(error, STATUS_USAGE, "unknown option %.*s; --help lists them", (int)length,
                     argument);
}

/* One option, at argv[*at]; moves *at past its value. */
static int parse_option(char **argv, int argc, int *at, struct options *options,
                        struct error *error)
{
    const char *argument = argv[*at];
    bool is_long = strncmp(argument, "--", 2) == 0;
    size_t length = is_long ? strcspn(argument, "=") : strlen(argument);
    const struct row *row = is_long               ? find_row(argument + 2, length - 2)
                            : argument[2] == '\0' ? find_letter(argument[1])
                                                  : NULL;
    if (row == NULL) {
        return unknown(argument, length, error);
    }
    const char *value = is_long && argument[length] == '=' ? argument + length + 1 : NULL;
    if (row->kind == KIND_FLAG && value != NULL) {
        return error_set(error, STATUS_USAGE, "--%s takes no value", row->name);
    }
    if (row->kind != KIND_FLAG && value == NULL) {
        if (*at + 1 >= argc) {
            return error_set(error, STATUS_USAGE, "--%s needs a value: %s", row->name, row->value);
        }
        value = argv[++*at];
    }
    options->given[row - table] = true;
    return parse_value(row, value, options, error);
}

static int check_conflicts(const struct options *options, struct error *error)
{
    for (size_t i = 0; i < sizeof conflicts / sizeof conflicts[0]; i++) {
        if (options->given[conflicts[i][0]] && options->given[conflicts[i][1]]) {
            return error_set(error, STATUS_USAGE, "--%s and --%s contradict each other",
                             table[conflicts[i][0]].name, table[conflicts[i][1]].name);
        }
    }
    if (options->require_verdict && options->baseline == NULL &&
        options->baseline_lenient == NULL) {
        return error_set(error, STATUS_USAGE, "--require-verdict needs --baseline NAME");
    }
    double planned_s = options->warm_up_time_s + options->measurement_time_s;
    if (options->given[OPTION_MAX_TIME] && options->given[OPTION_MEASUREMENT_TIME] &&
        planned_s >= options->max_time_s && !options->test) {
        return error_set(error, STATUS_USAGE,
                         "--max-time %g s ends every benchmark before its --warm-up-time and "
                         "--measurement-time of %g s together",
                         options->max_time_s, planned_s);
    }
    if (options->exact && options->filters.count == 0) {
        return error_set(error, STATUS_USAGE, "--exact needs at least one id to look for");
    }
    return 0;
}

static void apply_quick(struct options *options)
{
    options->warm_up_time_s = 0.03;
    options->measurement_time_s = 0.1;
    options->sample_size = 20;
    options->nresamples = 10000;
}

int options_parse(int argc, char **argv, struct options *options, struct error *error)
{
    *options = (struct options){.program = argc > 0 ? argv[0] : "assay"};
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (table[i].kind == KIND_CPU) {
            *FIELD(options, &table[i], int64_t) = -1;
        } else if (table[i].initial != NULL &&
                   parse_value(&table[i], table[i].initial, options, error) != 0) {
            return -1;
        }
    }
    bool only_filters = false;
    for (int at = 1; at < argc; at++) {
        if (!only_filters && strcmp(argv[at], "--") == 0) {
            only_filters = true;
        } else if (!only_filters && argv[at][0] == '-' && argv[at][1] != '\0') {
            if (parse_option(argv, argc, &at, options, error) != 0) {
                return -1;
            }
        } else if (options->filters.count == OPTIONS_LIST_MAX) {
            return error_set(error, STATUS_USAGE, "more than %d filters", OPTIONS_LIST_MAX);
        } else {
            options->filters.text[options->filters.count++] = argv[at];
        }
    }
    if (options->quick) {
        apply_quick(options);
    }
    if (!options->given[OPTION_SEED]) {
        options->seed = rng_fresh_seed();
    }
    return options->help || options->version ? 0 : check_conflicts(options, error);
}

void options_add_help(const struct options *options, struct str *out)
{
    str_format(out, "usage: %s [OPTION]... [FILTER]...\n\n", options->program);
    str_add(
        out,
        "Measures the benchmarks whose id matches a FILTER (POSIX extended regular expressions); "
        "all\nwithout one. Results go to standard output, progress and notes to standard "
        "error.\n\n");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct row *row = &table[i];
        struct str left = STR_EMPTY;
        if (row->letter != 0) {
            str_format(&left, "-%c, ", row->letter);
        }
        str_format(&left, "--%s%s%s", row->name, row->value == NULL ? "" : " ",
                   row->value == NULL ? "" : row->value);
        str_format(out, left.length > 30 ? "  %s\n%32s" : "  %-30s", str_text(&left), "");
        str_add(out, row->help);
        if (row->initial != NULL && row->kind != KIND_CPU) {
            str_format(out, " (%s)", row->initial);
        }
        str_add(out, "\n");
        str_release(&left);
    }
    str_add(out, "\nTimes are seconds, or have a unit: 300ms, 2s, 1.5min.\n\nExit status:\n");
#define X(name, value, text) str_format(out, "  %3d  %s\n", value, text);
    EXIT_STATUS_TABLE(X)
#undef X
}

static void add_word(json_t *object, const struct row *row, int index)
{
    const char *at = row->value;
    for (; index > 0; index--) {
        at += strcspn(at, "|") + 1;
    }
    json_object_set_new(object, row->echo, json_stringn(at, strcspn(at, "|")));
}

json_t *options_to_json(const struct options *options)
{
    json_t *object = json_object();
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct row *row = &table[i];
        if (row->echo == NULL) {
            continue;
        }
        switch (row->kind) {
        case KIND_FLAG:
            json_object_set_new(object, row->echo, json_boolean(*FIELD_OF(options, row, bool)));
            break;
        case KIND_SECONDS:
        case KIND_FRACTION:
            json_object_set_new(object, row->echo, json_real(*FIELD_OF(options, row, double)));
            break;
        case KIND_COUNT:
            json_object_set_new(object, row->echo,
                                json_integer((json_int_t)*FIELD_OF(options, row, uint64_t)));
            break;
        case KIND_CPU: {
            int64_t cpu = *FIELD_OF(options, row, int64_t);
            json_object_set_new(object, row->echo, cpu < 0 ? json_null() : json_integer(cpu));
            break;
        }
        case KIND_WORD:
            add_word(object, row, *FIELD_OF(options, row, int));
            break;
        case KIND_TEXT:
        case KIND_LIST:
        case KIND_COUNTS:
            break;
        }
    }
    return object;
}
