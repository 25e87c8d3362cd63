/* Command lines from tables: one table of rows drives the parser, --help and the echo of the
 * settings in results. A row says where in a struct of the caller's its value goes; the type there
 * is that of the row's kind.
 *
 * Options are "--name value", "--name=value" and "-x value"; "--" ends them; what is no option is a
 * positional argument. The last one of an option given twice counts, but for KIND_LIST. */
#ifndef ASSAY_BASE_ARGUMENTS_H
#define ASSAY_BASE_ARGUMENTS_H

#include "base/error.h"
#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define OPTIONS_LIST_MAX   64
#define OPTIONS_COUNTS_MAX 32
#define OPTIONS_YEAR_S     31557600.0

/* Texts given several times or as positional arguments; they point into argv. */
struct option_list {
    size_t count;
    const char *text[OPTIONS_LIST_MAX];
};

struct option_counts {
    size_t count;
    int value[OPTIONS_COUNTS_MAX];
};

enum option_kind {
    KIND_FLAG,     /* bool */
    KIND_SECONDS,  /* double, within [min, max] as all numbers */
    KIND_FRACTION, /* double */
    KIND_COUNT,    /* uint64_t */
    KIND_CPU,      /* int64_t, -1 unless given */
    KIND_TEXT,     /* const char *, not empty; NULL unless given or by default */
    KIND_LIST,     /* struct option_list; one text each time that the option is given */
    KIND_COUNTS,   /* struct option_counts: "1,2,4", no number twice */
    KIND_WORD      /* int: index of the word */
};

struct option_row {
    const char *name; /* without "--" */
    char letter;      /* 0: none */
    enum option_kind kind;
    size_t offset;       /* of the value in the caller's struct */
    const char *value;   /* what --help calls it; for KIND_WORD the words, separated by '|' */
    const char *initial; /* the default, as the user would write it; NULL: off, empty or 0 */
    double min;
    double max;
    const char *echo; /* key in the result's settings; NULL: does not bear on the figures */
    const char *help;
};

/* All that a command line may have. */
struct arguments {
    const struct option_row *rows;
    size_t count;
    const size_t (*conflicts)[2]; /* indices of rows that contradict each other */
    size_t conflict_count;
    size_t positional;           /* offset of a struct option_list in the caller's struct */
    const char *positional_noun; /* what these are called when there are too many: "filters" */
    const char *usage;           /* what follows the program's name: "[OPTION]... [FILTER]..." */
    const char *about;           /* lines between usage and options, each with its "\n" */
};

/* Sets *target, which starts as zeros, to the defaults, then from argv[1] on; argv must outlive it.
 * given[i] becomes true when the option of row i stands there and is left alone otherwise. 0; or -1
 * with STATUS_USAGE and a sentence that names the option (and the nearest one, when it is unknown),
 * leaving *target and given half filled. Conflicts are not looked at. */
int arguments_parse(const struct arguments *arguments, int argc, char *const argv[], void *target,
                    bool *given, struct error *error);

/* -1 with STATUS_USAGE and a sentence when two of the given options contradict each other, else
 * 0. */
int arguments_check_conflicts(const struct arguments *arguments, const bool *given,
                              struct error *error);

/* The whole text of --help: usage, about, a line or two for each row, how times are written, the
 * exit statuses. */
void arguments_add_help(const struct arguments *arguments, const char *program, struct str *out);

/* Every option that has an `echo`, with its value, in the order of the rows; texts and lists are
 * not echoed. A new reference. */
json_t *arguments_to_json(const struct arguments *arguments, const void *target);

#endif
