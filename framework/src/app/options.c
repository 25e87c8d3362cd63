#include "app/options.h"
#include "base/rng.h"

#define AT(field) offsetof(struct options, field)
#define YEAR_S    OPTIONS_YEAR_S

_Static_assert(OPTIONS_COUNTS_MAX == ASSAY_AXIS_MAX, "--threads takes as many as a benchmark may");

/* In the order of enum option_id. */
static const struct option_row table[OPTION_COUNT] = {
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
     "tell what in this machine makes figures worse, what to do, and how steady it is"},
    {"doctor-time", 0, KIND_SECONDS, AT(doctor_time_s), "SECS", "20", 0, YEAR_S, NULL,
     "how long --doctor watches the machine; 0: not at all"},
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
    {"counters", 0, KIND_TEXT, AT(counters), "NAME,...", NULL, 0, 0, NULL,
     "count these for each iteration, as instructions,cycles,page-faults; any name of libpfm4"},
    {"pin", 0, KIND_CPU, AT(pin_cpu), "CPU", NULL, 0, 4095, "pin_cpu",
     "run benchmarks on this CPU only"},
    {"shuffle", 0, KIND_FLAG, AT(shuffle), NULL, NULL, 0, 0, "shuffle",
     "run the benchmarks in random order"},
    {"seed", 0, KIND_COUNT, AT(seed), "N", NULL, 0, (double)RNG_SEED_MAX, NULL,
     "seed of sample order, resampling and shuffling; default: a fresh one, which is printed"},
    {"in-process", 0, KIND_FLAG, AT(in_process), NULL, NULL, 0, 0, "in_process",
     "no process of its own for each benchmark: for debuggers"},
    {"no-probes", 0, KIND_FLAG, AT(no_probes), NULL, NULL, 0, 0, "no_probes",
     "do not count allocations"},
    {"count-instructions", 0, KIND_FLAG, AT(count_instructions), NULL, NULL, 0, 0,
     "count_instructions",
     "after the timed run, count instructions under valgrind (about 0.5 s each)"},
    {"nresamples", 0, KIND_COUNT, AT(nresamples), "N", "100000", 100, 10000000, "nresamples",
     "resamples of the bootstrap"},
    {"confidence-level", 0, KIND_FRACTION, AT(confidence_level), "P", "0.95", 0.5, 0.9999,
     "confidence_level", "of every interval"},
    {"significance-level", 0, KIND_FRACTION, AT(significance_level), "P", "0.05", 1e-6, 0.5,
     "significance_level", "p-value below which a change is called"},
    {"noise-threshold", 0, KIND_FRACTION, AT(noise_threshold), "P", "0.01", 0, 1, "noise_threshold",
     "a called change lies beyond this"},
    {"gate", 0, KIND_TEXT, AT(gate_text), "NAME=P,...", GATES_DEFAULT, 0, 0, "gate",
     "counts that may grow by no more than P against a baseline; or none"},
    {"regress", 0, KIND_LIST, AT(regress), "Y:X", NULL, 0, 0, NULL,
     "fit a line to Y over X of the samples (time, iterations, page-faults, involuntary-switches); "
     "may be repeated"},
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
     "every estimate of every benchmark; of --profile-time, when the laps ran"},
    {"quiet", 0, KIND_FLAG, AT(quiet), NULL, NULL, 0, 0, NULL, "no progress, no notes"},
};

/* Pairs that contradict each other. */
static const size_t conflicts[][2] = {
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
    {OPTION_COUNT_INSTRUCTIONS, OPTION_TEST},
    {OPTION_COUNT_INSTRUCTIONS, OPTION_PROFILE_TIME},
    {OPTION_COUNT_INSTRUCTIONS, OPTION_LOAD_BASELINE},
    {OPTION_LIST, OPTION_DRY_RUN},
    {OPTION_LIST, OPTION_DOCTOR},
    {OPTION_LOAD_BASELINE, OPTION_TEST},
    {OPTION_LOAD_BASELINE, OPTION_PROFILE_TIME},
    {OPTION_REGRESS, OPTION_TEST},
    {OPTION_REGRESS, OPTION_PROFILE_TIME},
    {OPTION_COUNTERS, OPTION_LOAD_BASELINE},
    {OPTION_COUNTERS, OPTION_TEST},
    {OPTION_COUNTERS, OPTION_PROFILE_TIME},
};

static const struct arguments arguments = {
    .rows = table,
    .count = OPTION_COUNT,
    .conflicts = conflicts,
    .conflict_count = sizeof conflicts / sizeof conflicts[0],
    .positional = AT(filters),
    .positional_noun = "filters",
    .usage = "[OPTION]... [FILTER]...",
    .about = "Measures the benchmarks whose id matches a FILTER (POSIX extended regular "
             "expressions); all\nwithout one. Results go to standard output, progress and notes to "
             "standard error.\n",
};

static int check_conflicts(struct options *options, struct error *error)
{
    if (arguments_check_conflicts(&arguments, options->given, error) != 0) {
        return -1;
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
    if (gates_parse(options->gate_text, &options->gates, error) != 0) {
        return -1;
    }
    if (options->given[OPTION_DOCTOR_TIME] && !options->doctor) {
        return error_set(error, STATUS_USAGE, "--doctor-time needs --doctor");
    }
    if (options->counters != NULL &&
        events_parse(options->counters, &options->events, error) != 0) {
        return -1;
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

static int parse_regress(struct options *options, struct error *error)
{
    for (size_t i = 0; i < options->regress.count; i++) {
        struct regress_pair pair = {QUANTITY_TIME, QUANTITY_TIME};
        if (regress_parse(options->regress.text[i], &pair, error) != 0) {
            return -1;
        }
        bool fresh = true;
        for (size_t j = 0; j < options->regress_count; j++) {
            const struct regress_pair *old = &options->regress_pairs[j];
            fresh = fresh && (old->responder != pair.responder || old->predictor != pair.predictor);
        }
        if (fresh) {
            options->regress_pairs[options->regress_count++] = pair;
        }
    }
    return 0;
}

int options_parse(int argc, char **argv, struct options *options, struct error *error)
{
    *options = (struct options){.program = argc > 0 ? argv[0] : "assay"};
    if (arguments_parse(&arguments, argc, argv, options, options->given, error) != 0) {
        return -1;
    }
    if (options->quick) {
        apply_quick(options);
    }
    if (parse_regress(options, error) != 0) {
        return -1;
    }
    if (!options->given[OPTION_SEED]) {
        options->seed = rng_fresh_seed();
    }
    return options->help || options->version ? 0 : check_conflicts(options, error);
}

void options_add_help(const struct options *options, struct str *out)
{
    arguments_add_help(&arguments, options->program, out);
}

json_t *options_to_json(const struct options *options)
{
    return arguments_to_json(&arguments, options);
}
