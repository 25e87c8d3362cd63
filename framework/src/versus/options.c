#include "versus/options.h"
#include "base/rng.h"
#include "measure/probe.h"

#include <string.h>

#define AT(field) offsetof(struct compare_options, field)
#define YEAR_S    OPTIONS_YEAR_S

/* In the order of enum compare_option_id. */
static const struct option_row table[COMPARE_OPTION_COUNT] = {
    {"help", 'h', KIND_FLAG, AT(help), NULL, NULL, 0, 0, NULL, "print this and exit"},
    {"exact", 0, KIND_FLAG, AT(exact), NULL, NULL, 0, 0, NULL,
     "FILTERs are whole ids, not expressions"},
    {"skip", 0, KIND_LIST, AT(skips), "RE", NULL, 0, 0, NULL,
     "leave out ids that match; may be repeated"},
    {"dry-run", 0, KIND_FLAG, AT(dry_run), NULL, NULL, 0, 0, NULL,
     "print what would be compared, and about how long it takes"},
    {"time-budget", 0, KIND_SECONDS, AT(time_budget_s), "SECS", NULL, 1, YEAR_S, NULL,
     "share this time among all benchmarks; more of it settles more of them"},
    {"pairs", 0, KIND_COUNT, AT(pairs), "N", "16", 6, 1000, NULL,
     "process pairs of the screen, for each benchmark"},
    {"confirm-pairs", 0, KIND_COUNT, AT(confirm_pairs), "N", "60", 9, 1000, NULL,
     "fresh process pairs, at the most, for each suspected benchmark"},
    {"pair-time", 0, KIND_SECONDS, AT(pair_time_s), "SECS", "20ms", 1e-3, 60, NULL,
     "time of slices in a pair"},
    {"slice-time", 0, KIND_SECONDS, AT(slice_time_s), "SECS", "0.1ms", 1e-5, 1, NULL,
     "time of a slice, after which it is the other side's turn"},
    {"max-time", 0, KIND_SECONDS, AT(max_time_s), "SECS", "60", 0.1, YEAR_S, NULL,
     "a pair that has not ended after this long fails"},
    {"guard", 0, KIND_FRACTION, AT(guard), "P", "0.3%", 0, 1, NULL,
     "a change must be larger than this to be called"},
    {"margin", 0, KIND_FRACTION, AT(margin), "P", "1%", 1e-4, 1, NULL,
     "\"unchanged\" means: shown to be within this"},
    {"false-alarms", 0, KIND_FRACTION, AT(false_alarms), "P", "1%", 1e-6, 0.5, NULL,
     "chance that anything unchanged is called \"regressed\", of the whole comparison"},
    {"confidence-level", 0, KIND_FRACTION, AT(confidence_level), "P", "0.95", 0.5, 0.9999, NULL,
     "of every interval"},
    {"pin", 0, KIND_CPU, AT(pin_cpu), "CPU", NULL, 0, 1023, NULL,
     "run both sides on this CPU; default: the one that is quietest now"},
    {"seed", 0, KIND_COUNT, AT(seed), "N", NULL, 0, (double)RNG_SEED_MAX, NULL,
     "seed of every draw; default: a fresh one, which is printed"},
    {"layouts", 0, KIND_COUNT, AT(layouts), "K", "0", 0, 64, NULL,
     "draw from K link layouts of each executable, layouts/1/NAME ... beside it"},
    {"skip-identical", 0, KIND_FLAG, AT(skip_identical), NULL, NULL, 0, 0, NULL,
     "do not run benchmarks whose code and constants are the same bytes on both sides"},
    {"own-addresses", 0, KIND_FLAG, AT(own_addresses), NULL, NULL, 0, 0, NULL,
     "let the kernel place the memory of each side by itself; intervals get wider"},
    {"no-canaries", 0, KIND_FLAG, AT(no_canaries), NULL, NULL, 0, 0, NULL,
     "without the built-in comparisons whose answer is known (about 4 s)"},
    {"no-probes", 0, KIND_FLAG, AT(no_probes), NULL, NULL, 0, 0, NULL,
     "do not count what both sides allocate"},
    {"allow-different-builds", 0, KIND_FLAG, AT(allow_different_builds), NULL, NULL, 0, 0, NULL,
     "compare what was built by different compilers or with different flags"},
    {"count-instructions", 0, KIND_FLAG, AT(count_instructions), NULL, NULL, 0, 0, NULL,
     "count the instructions of both sides as well, under valgrind: more work, or the same slower"},
    {"counters", 0, KIND_TEXT, AT(counters), "NAME,...", NULL, 0, 0, NULL,
     "count events of the kernel on both sides as well, such as page-faults,branch-misses"},
    {"gate", 0, KIND_TEXT, AT(gate_text), "NAME=P,...", GATES_DEFAULT, 0, 0, NULL,
     "counts that may grow by no more than P, such as instructions=0.2%, or none; else it is a "
     "regression"},
    {"require-verdict", 0, KIND_FLAG, AT(require_verdict), NULL, NULL, 0, 0, NULL,
     "exit 5 when a benchmark is inconclusive"},
    {"max-inconclusive", 0, KIND_COUNT, AT(max_inconclusive), "N", NULL, 0, 1e9, NULL,
     "exit 5 when more benchmarks than this are inconclusive"},
    {"old-name", 0, KIND_TEXT, AT(old_name), "TEXT", NULL, 0, 0, NULL,
     "what to call the old side; default: its path"},
    {"new-name", 0, KIND_TEXT, AT(new_name), "TEXT", NULL, 0, 0, NULL, "the same for the new side"},
    {"old-commit", 0, KIND_TEXT, AT(old_commit), "HASH", NULL, 0, 0, NULL,
     "commit of the old side, for the record"},
    {"new-commit", 0, KIND_TEXT, AT(new_commit), "HASH", NULL, 0, 0, NULL,
     "commit of the new side"},
    {"old-dirty", 0, KIND_FLAG, AT(old_dirty), NULL, NULL, 0, 0, NULL,
     "the old side has changes that were not committed"},
    {"new-dirty", 0, KIND_FLAG, AT(new_dirty), NULL, NULL, 0, 0, NULL, "the new side has"},
    {"out", 'o', KIND_TEXT, AT(out), "DIR", NULL, 0, 0, NULL,
     "write compare.json here; default: results/<UTC time>-<commit>"},
    {"markdown", 0, KIND_TEXT, AT(markdown), "FILE", NULL, 0, 0, NULL,
     "also write a comment for a pull request"},
    {"junit", 0, KIND_TEXT, AT(junit), "FILE", NULL, 0, 0, NULL, "also write JUnit XML"},
    {"trace", 0, KIND_TEXT, AT(trace), "FILE", NULL, 0, 0, NULL,
     "also write every slice, for other judges"},
    {"color", 'c', KIND_WORD, AT(color), "auto|always|never", "auto", 0, 0, NULL,
     "auto: on a terminal, unless NO_COLOR is set"},
    {"quiet", 0, KIND_FLAG, AT(quiet), NULL, NULL, 0, 0, NULL, "no progress, no notes"},
};

static const size_t conflicts[][2] = {
    {COMPARE_REQUIRE_VERDICT, COMPARE_MAX_INCONCLUSIVE},
};

static const struct arguments command_line = {
    .rows = table,
    .count = COMPARE_OPTION_COUNT,
    .conflicts = conflicts,
    .conflict_count = sizeof conflicts / sizeof conflicts[0],
    .positional = AT(words),
    .positional_noun = "filters",
    .usage = "OLD NEW [FILTER]... [OPTION]...",
    .about = "Runs two executables of a suite, or two folders of them, in turns, and tells which\n"
             "benchmarks became slower or faster. FILTERs are POSIX extended regular expressions\n"
             "on the ids.\n",
};

int compare_options_parse(int argc, char *const argv[], struct compare_options *o,
                          struct error *error)
{
    *o = (struct compare_options){.help = false};
    if (arguments_parse(&command_line, argc, argv, o, o->given, error) != 0) {
        return -1;
    }
    if (o->help) {
        return 0;
    }
    if (o->words.count < 2) {
        return error_set(
            error, STATUS_USAGE,
            "compare: which executables or folders? assay compare OLD NEW [FILTER]...");
    }
    if (o->exact && o->words.count == 2) {
        return error_set(error, STATUS_USAGE, "--exact needs a FILTER: a whole id");
    }
    if (!(o->guard < o->margin)) {
        return error_set(
            error, STATUS_USAGE,
            "--guard must be smaller than --margin: a change is called beyond the one, "
            "and \"unchanged\" within the other");
    }
    if (gates_parse(o->gate_text, &o->gates, error) != 0) {
        return -1;
    }
    if (o->counters != NULL && events_parse(o->counters, &o->events, error) != 0) {
        return -1;
    }
    if (o->counters != NULL && strlen(o->counters) >= PROBE_EVENTS_BYTES) {
        return error_set(error, STATUS_USAGE, "--counters: the names are longer than %d bytes",
                         PROBE_EVENTS_BYTES - 1);
    }
    if (!o->given[COMPARE_SEED]) {
        o->seed = rng_fresh_seed();
    }
    return arguments_check_conflicts(&command_line, o->given, error);
}

void compare_options_add_help(struct str *out)
{
    arguments_add_help(&command_line, "assay compare", out);
}
