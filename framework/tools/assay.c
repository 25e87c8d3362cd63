/* assay: works on what suites have stored. */
#include "app/baseline.h"
#include "app/reanalyse.h"
#include "app/worker.h"
#include "base/file.h"
#include "base/nearest.h"
#include "versus/canary.h"
#include "versus/command.h"
#include "versus/instructions.h"

#include <assay.h>
#include <stdio.h>
#include <string.h>

struct command_words {
    const char *baselines_dir;
    size_t count;
    const char *text[8];
};

static int add_list(const struct command_words *a, struct str *out, struct error *error)
{
    return baseline_list(a->baselines_dir, out, error);
}

static int remove_named(const struct command_words *a, struct str *out, struct error *error)
{
    (void)out;
    return baseline_remove(a->baselines_dir, a->text[0], error);
}

static int analyse_again(const struct command_words *a, struct str *out, struct error *error)
{
    return reanalyse(a->text[0], out, error);
}

/* A command is one row: its words, how many arguments follow, and what it does. */
static const struct {
    const char *words;
    const char *usage;
    const char *help;
    size_t arguments;
    int (*run)(const struct command_words *a, struct str *out, struct error *error);
} commands[] = {
    {"baseline list", "", "the saved baselines, a line a suite", 0, add_list},
    {"baseline remove", "NAME", "remove a baseline", 1, remove_named},
    {"reanalyse", "FILE",
     "compute every figure of a result again from its samples and seed; the document goes to "
     "standard output",
     1, analyse_again},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void add_help(struct str *out)
{
    str_add(out, "usage: assay COMMAND [ARGUMENT]... [--baselines-dir DIR]\n\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        str_format(out, "  %-16s %-6s %s\n", commands[i].words, commands[i].usage,
                   commands[i].help);
    }
    str_format(out, "  %-16s %-6s %s\n", "compare", "",
               "run two executables against each other, or two folders of them; compare --help "
               "tells more");
    str_format(out, "  %-16s %-6s %s\n", "instructions", "",
               "count the instructions of benchmarks, of one executable or of two; instructions "
               "--help tells more");
    str_add(out,
            "  --version, --help\n\n--baselines-dir names the folder of baselines (baselines).\n");
}

static int unknown(const char *command, struct error *error)
{
    const char *words[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++) {
        words[i] = commands[i].words;
    }
    const char *near = nearest_word(command, words, COMMANDS);
    return error_set(error, STATUS_USAGE, "unknown command \"%s\"%s%s%s", command,
                     near == NULL ? "; --help lists them" : "; did you mean \"",
                     near == NULL ? "" : near, near == NULL ? "" : "\"?");
}

/* Splits argv into the command's words and its arguments; options may stand anywhere. */
static int parse(int argc, char **argv, struct str *command, struct command_words *a,
                 struct error *error)
{
    a->baselines_dir = "baselines";
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--baselines-dir") == 0 && i + 1 < argc) {
            a->baselines_dir = argv[++i];
        } else if (strncmp(argv[i], "--baselines-dir=", 16) == 0 && argv[i][16] != '\0') {
            a->baselines_dir = argv[i] + 16;
        } else if (argv[i][0] == '-' && argv[i][1] == '-') {
            return error_set(error, STATUS_USAGE,
                             "unknown option %s, or its value is missing; --help "
                             "lists them",
                             argv[i]);
        } else if (command->length == 0) {
            str_add(command, argv[i]);
        } else if (strcmp(str_text(command), "baseline") == 0) {
            str_format(command, " %s", argv[i]);
        } else if (a->count < sizeof a->text / sizeof a->text[0]) {
            a->text[a->count++] = argv[i];
        }
    }
    return 0;
}

static int dispatch(const char *command, const struct command_words *a, struct str *out,
                    struct error *error)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].words, command) != 0) {
            continue;
        }
        if (a->count != commands[i].arguments) {
            return error_set(error, STATUS_USAGE, "usage: assay %s %s", commands[i].words,
                             commands[i].usage);
        }
        return commands[i].run(a, out, error);
    }
    return unknown(command, error);
}

/* The canaries of a comparison are run by this executable, as a suite's are by its own. */
static int run_canary(const char *what)
{
    struct error error = {0};
    int status = worker_run(what, canary_entries(), &error);
    if (error_is_set(&error)) {
        fprintf(stderr, "assay: %s\n", error.text);
    }
    return status;
}

int main(int argc, char **argv)
{
    struct error error = {0};
    file_hold_standard();
    if (argc == 3 && strcmp(argv[1], "--worker") == 0) {
        return run_canary(argv[2]);
    }
    if (argc >= 2 && strcmp(argv[1], "compare") == 0) {
        return compare_command(argc - 1, argv + 1);
    }
    if (argc >= 2 && strcmp(argv[1], "instructions") == 0) {
        return instructions_command(argc - 1, argv + 1);
    }
    struct str out = STR_EMPTY;
    struct str command = STR_EMPTY;
    struct command_words arguments = {0};
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        add_help(&out);
    } else if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        str_add(&out, "assay " ASSAY_VERSION "\n");
    } else if (argc < 2) {
        error_set(&error, STATUS_USAGE, "which command? --help lists them");
    } else if (parse(argc, argv, &command, &arguments, &error) == 0) {
        dispatch(str_text(&command), &arguments, &out, &error);
    }
    if (error_is_set(&error)) {
        fprintf(stderr, "assay: %s\n", error.text);
    } else {
        fwrite(str_text(&out), 1, out.length, stdout);
        if (fflush(stdout) != 0) {
            fprintf(stderr, "assay: standard output could not be written\n");
            error.status = STATUS_ENVIRONMENT;
        }
    }
    str_release(&out);
    str_release(&command);
    return (int)error.status;
}
