/* The command line of a suite: its table of options, and what of it contradicts itself. */
#ifndef ASSAY_APP_OPTIONS_H
#define ASSAY_APP_OPTIONS_H

#include "analysis/gate.h"
#include "analysis/regress.h"
#include "assay.h"
#include "base/arguments.h"
#include "base/error.h"
#include "base/str.h"
#include "measure/event_names.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum color_mode { COLOR_AUTO = 0, COLOR_ALWAYS, COLOR_NEVER };
enum list_format { LIST_PRETTY = 0, LIST_TERSE };

/* Option names, in the order of the table: options->given[] asks by these. */
enum option_id {
    OPTION_HELP = 0,
    OPTION_VERSION,
    OPTION_EXACT,
    OPTION_SKIP,
    OPTION_TAG,
    OPTION_LIST,
    OPTION_FORMAT,
    OPTION_DRY_RUN,
    OPTION_DOCTOR,
    OPTION_DOCTOR_TIME,
    OPTION_TEST,
    OPTION_PROFILE_TIME,
    OPTION_QUICK,
    OPTION_WARM_UP_TIME,
    OPTION_MEASUREMENT_TIME,
    OPTION_SAMPLE_SIZE,
    OPTION_SAMPLING_MODE,
    OPTION_TARGET_PRECISION,
    OPTION_TIME_BUDGET,
    OPTION_MAX_TIME,
    OPTION_THREADS,
    OPTION_COUNTERS,
    OPTION_PIN,
    OPTION_SHUFFLE,
    OPTION_SEED,
    OPTION_IN_PROCESS,
    OPTION_NO_PROBES,
    OPTION_COUNT_INSTRUCTIONS,
    OPTION_NRESAMPLES,
    OPTION_CONFIDENCE_LEVEL,
    OPTION_SIGNIFICANCE_LEVEL,
    OPTION_NOISE_THRESHOLD,
    OPTION_GATE,
    OPTION_REGRESS,
    OPTION_SAVE_BASELINE,
    OPTION_BASELINE,
    OPTION_BASELINE_LENIENT,
    OPTION_LOAD_BASELINE,
    OPTION_BASELINES_DIR,
    OPTION_RESULTS_DIR,
    OPTION_DISCARD_BASELINE,
    OPTION_REQUIRE_VERDICT,
    OPTION_OUTPUT_FORMAT,
    OPTION_COLOR,
    OPTION_VERBOSE,
    OPTION_QUIET,
    OPTION_COUNT
};

struct options {
    const char *program;
    struct option_list filters;
    bool help;
    bool version;
    bool exact;
    struct option_list skips;
    const char *tag;
    bool list;
    int list_format;
    bool dry_run;
    bool doctor;
    double doctor_time_s;
    bool test;
    double profile_time_s;
    bool quick;
    double warm_up_time_s;
    double measurement_time_s;
    uint64_t sample_size;
    int sampling_mode; /* enum assay_sampling */
    double target_precision;
    double time_budget_s; /* 0: none */
    double max_time_s;
    struct option_counts threads;
    const char *counters;
    struct event_list events; /* of counters */
    int64_t pin_cpu;          /* -1: not pinned */
    bool shuffle;
    uint64_t seed;
    bool in_process;
    bool no_probes;
    bool count_instructions;
    uint64_t nresamples;
    double confidence_level;
    double significance_level;
    double noise_threshold;
    const char *gate_text;
    struct gates gates; /* of gate_text */
    struct option_list regress;
    size_t regress_count; /* pairs that it names, each once */
    struct regress_pair regress_pairs[OPTIONS_LIST_MAX];
    const char *save_baseline;
    const char *baseline;
    const char *baseline_lenient;
    const char *load_baseline;
    const char *baselines_dir;
    const char *results_dir;
    bool discard_baseline;
    bool require_verdict;
    int output_format; /* index in format_table() */
    int color;
    bool verbose;
    bool quiet;
    bool given[OPTION_COUNT];
};

/* Fills *options from the defaults and argv, which must outlive it. 0; or -1 with STATUS_USAGE and
 * a sentence that names the option (and the nearest one, when it is unknown), leaving *options half
 * filled. */
int options_parse(int argc, char **argv, struct options *options, struct error *error);

void options_add_help(const struct options *options, struct str *out);

/* Every option that bears on the figures, with its value and unit in the key. A new reference. */
json_t *options_to_json(const struct options *options);

#endif
