#include "base/arguments.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/units.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(target, row, type) ((type *)(void *)((char *)(target) + (row)->offset))
#define FIELD_OF(target, row, type)                                                                \
    ((const type *)(const void *)((const char *)(target) + (row)->offset))

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

static int wrong(const struct option_row *row, const char *text, const char *expected,
                 struct error *error)
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

static int parse_counts(const struct option_row *row, const char *text,
                        struct option_counts *counts, struct error *error)
{
    counts->count = 0;
    for (const char *at = text;; at++) {
        char *end;
        long value = strtol(at, &end, 10);
        if (end == at || (*end != ',' && *end != '\0') || value < (long)row->min ||
            value > (long)row->max || counts->count == OPTIONS_COUNTS_MAX || holds(counts, value)) {
            char expected[128];
            snprintf(expected, sizeof expected,
                     "a list of up to %d numbers from %.0f to %.0f, each once, as 1,2,4",
                     OPTIONS_COUNTS_MAX, row->min, row->max);
            return wrong(row, text, expected, error);
        }
        counts->value[counts->count++] = (int)value;
        at = end;
        if (*at == '\0') {
            return 0;
        }
    }
}

static int parse_seconds(const struct option_row *row, const char *text, double *value,
                         struct error *error)
{
    if (units_parse_seconds(text, value) && *value >= row->min && *value <= row->max) {
        return 0;
    }
    char expected[128];
    char most[32];
    snprintf(most, sizeof most, "%g s", row->max);
    snprintf(expected, sizeof expected,
             "a time of at least %g s and at most %s (as 2, 1.5s or 300ms)", row->min,
             row->max >= OPTIONS_YEAR_S ? "a year" : most);
    return wrong(row, text, expected, error);
}

static int parse_fraction(const struct option_row *row, const char *text, double *value,
                          struct error *error)
{
    if (units_parse_fraction(text, value) && *value >= row->min && *value <= row->max) {
        return 0;
    }
    char expected[128];
    snprintf(expected, sizeof expected, "a share from %g to %g (as 0.01 or 1%%)", row->min,
             row->max);
    return wrong(row, text, expected, error);
}

static int parse_whole(const struct option_row *row, const char *text, int64_t *value,
                       struct error *error)
{
    if (parse_integer(text, value) && (double)*value >= row->min && (double)*value <= row->max) {
        return 0;
    }
    char expected[160];
    snprintf(expected, sizeof expected, "a whole number from %.0f to %.0f", row->min, row->max);
    return wrong(row, text, expected, error);
}

static int parse_text(const struct option_row *row, const char *text, const char **value,
                      struct error *error)
{
    if (*text == '\0') {
        return wrong(row, text, "a text with at least one character", error);
    }
    *value = text;
    return 0;
}

static int parse_word(const struct option_row *row, const char *text, int *value,
                      struct error *error)
{
    int index = find_word(row->value, text);
    if (index < 0) {
        char expected[160];
        snprintf(expected, sizeof expected, "one of %s", row->value);
        return wrong(row, text, expected, error);
    }
    *value = index;
    return 0;
}

static int add_text(const struct option_row *row, const char *text, struct option_list *list,
                    struct error *error)
{
    if (list->count == OPTIONS_LIST_MAX) {
        return error_set(error, STATUS_USAGE, "--%s was given more than %d times", row->name,
                         OPTIONS_LIST_MAX);
    }
    list->text[list->count++] = text;
    return 0;
}

static int parse_value(const struct option_row *row, const char *text, void *target,
                       struct error *error)
{
    int64_t whole = 0;
    switch (row->kind) {
    case KIND_FLAG:
        *FIELD(target, row, bool) = true;
        return 0;
    case KIND_SECONDS:
        return parse_seconds(row, text, FIELD(target, row, double), error);
    case KIND_FRACTION:
        return parse_fraction(row, text, FIELD(target, row, double), error);
    case KIND_COUNT:
        if (parse_whole(row, text, &whole, error) != 0) {
            return -1;
        }
        *FIELD(target, row, uint64_t) = (uint64_t)whole;
        return 0;
    case KIND_CPU:
        return parse_whole(row, text, FIELD(target, row, int64_t), error);
    case KIND_TEXT:
        return parse_text(row, text, FIELD(target, row, const char *), error);
    case KIND_LIST:
        return add_text(row, text, FIELD(target, row, struct option_list), error);
    case KIND_COUNTS:
        return parse_counts(row, text, FIELD(target, row, struct option_counts), error);
    case KIND_WORD:
        return parse_word(row, text, FIELD(target, row, int), error);
    }
    return 0;
}

static const struct option_row *find_row(const struct arguments *arguments, const char *name,
                                         size_t length)
{
    for (size_t i = 0; i < arguments->count; i++) {
        const struct option_row *row = &arguments->rows[i];
        if (strlen(row->name) == length && strncmp(row->name, name, length) == 0) {
            return row;
        }
    }
    return NULL;
}

static const struct option_row *find_letter(const struct arguments *arguments, char letter)
{
    for (size_t i = 0; i < arguments->count; i++) {
        if (arguments->rows[i].letter == letter) {
            return &arguments->rows[i];
        }
    }
    return NULL;
}

static int unknown(const struct arguments *arguments, const char *argument, size_t length,
                   struct error *error)
{
    const char *near = NULL;
    if (strncmp(argument, "--", 2) == 0) {
        char word[64];
        const char **names = memory_zeroed(arguments->count, sizeof *names);
        for (size_t i = 0; i < arguments->count; i++) {
            names[i] = arguments->rows[i].name;
        }
        snprintf(word, sizeof word, "%.*s", (int)length - 2, argument + 2);
        near = nearest_word(word, names, arguments->count);
        free(names);
    }
    if (near != NULL) {
        return error_set(error, STATUS_USAGE, "unknown option %.*s; did you mean --%s?",
                         (int)length, argument, near);
    }
    return error_set(error, STATUS_USAGE, "unknown option %.*s; --help lists them", (int)length,
                     argument);
}

/* One option, at argv[*at]; moves *at to its value when that is an argument of its own. */
static int parse_option(const struct arguments *arguments, int argc, char *const argv[], int *at,
                        void *target, bool *given, struct error *error)
{
    const char *argument = argv[*at];
    bool is_long = strncmp(argument, "--", 2) == 0;
    size_t length = is_long ? strcspn(argument, "=") : strlen(argument);
    const struct option_row *row = is_long ? find_row(arguments, argument + 2, length - 2)
                                   : argument[2] == '\0' ? find_letter(arguments, argument[1])
                                                         : NULL;
    if (row == NULL) {
        return unknown(arguments, argument, length, error);
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
    given[row - arguments->rows] = true;
    return parse_value(row, value, target, error);
}

static int set_defaults(const struct arguments *arguments, void *target, struct error *error)
{
    for (size_t i = 0; i < arguments->count; i++) {
        const struct option_row *row = &arguments->rows[i];
        if (row->initial != NULL) {
            if (parse_value(row, row->initial, target, error) != 0) {
                return -1;
            }
        } else if (row->kind == KIND_CPU) {
            *FIELD(target, row, int64_t) = -1;
        }
    }
    return 0;
}

int arguments_parse(const struct arguments *arguments, int argc, char *const argv[], void *target,
                    bool *given, struct error *error)
{
    if (set_defaults(arguments, target, error) != 0) {
        return -1;
    }
    struct option_list *list = (void *)((char *)target + arguments->positional);
    bool only_positional = false;
    for (int at = 1; at < argc; at++) {
        if (!only_positional && strcmp(argv[at], "--") == 0) {
            only_positional = true;
        } else if (!only_positional && argv[at][0] == '-' && argv[at][1] != '\0') {
            if (parse_option(arguments, argc, argv, &at, target, given, error) != 0) {
                return -1;
            }
        } else if (list->count == OPTIONS_LIST_MAX) {
            return error_set(error, STATUS_USAGE, "more than %d %s", OPTIONS_LIST_MAX,
                             arguments->positional_noun);
        } else {
            list->text[list->count++] = argv[at];
        }
    }
    return 0;
}

int arguments_check_conflicts(const struct arguments *arguments, const bool *given,
                              struct error *error)
{
    for (size_t i = 0; i < arguments->conflict_count; i++) {
        size_t first = arguments->conflicts[i][0];
        size_t second = arguments->conflicts[i][1];
        if (given[first] && given[second]) {
            return error_set(error, STATUS_USAGE, "--%s and --%s contradict each other",
                             arguments->rows[first].name, arguments->rows[second].name);
        }
    }
    return 0;
}

static void add_row(const struct option_row *row, struct str *out)
{
    struct str left = STR_EMPTY;
    if (row->letter != 0) {
        str_format(&left, "-%c, ", row->letter);
    }
    str_format(&left, "--%s%s%s", row->name, row->value == NULL ? "" : " ",
               row->value == NULL ? "" : row->value);
    str_format(out, left.length > 30 ? "  %s\n%32s" : "  %-30s", str_text(&left), "");
    str_add(out, row->help);
    if (row->initial != NULL) {
        str_format(out, " (%s)", row->initial);
    }
    str_add(out, "\n");
    str_release(&left);
}

void arguments_add_help(const struct arguments *arguments, const char *program, struct str *out)
{
    str_format(out, "usage: %s %s\n\n%s\n", program, arguments->usage, arguments->about);
    for (size_t i = 0; i < arguments->count; i++) {
        add_row(&arguments->rows[i], out);
    }
    str_add(out, "\nTimes are seconds, or have a unit: 300ms, 2s, 1.5min.\n\nExit status:\n");
#define X(name, value, text) str_format(out, "  %3d  %s\n", value, text);
    EXIT_STATUS_TABLE(X)
#undef X
}

static json_t *word_to_json(const char *words, int index)
{
    const char *at = words;
    for (; index > 0; index--) {
        at += strcspn(at, "|") + 1;
    }
    return json_stringn(at, strcspn(at, "|"));
}

/* NULL: a kind that is not echoed. */
static json_t *value_to_json(const struct option_row *row, const void *target)
{
    switch (row->kind) {
    case KIND_FLAG:
        return json_boolean(*FIELD_OF(target, row, bool));
    case KIND_SECONDS:
    case KIND_FRACTION:
        return json_real(*FIELD_OF(target, row, double));
    case KIND_COUNT:
        return json_integer((json_int_t)*FIELD_OF(target, row, uint64_t));
    case KIND_CPU: {
        int64_t cpu = *FIELD_OF(target, row, int64_t);
        return cpu < 0 ? json_null() : json_integer(cpu);
    }
    case KIND_WORD:
        return word_to_json(row->value, *FIELD_OF(target, row, int));
    case KIND_TEXT:
    case KIND_LIST:
    case KIND_COUNTS:
        break;
    }
    return NULL;
}

json_t *arguments_to_json(const struct arguments *arguments, const void *target)
{
    json_t *object = json_object();
    for (size_t i = 0; i < arguments->count; i++) {
        const struct option_row *row = &arguments->rows[i];
        json_t *value = row->echo == NULL ? NULL : value_to_json(row, target);
        if (value != NULL) {
            json_object_set_new(object, row->echo, value);
        }
    }
    return object;
}
