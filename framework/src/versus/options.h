/* The command line of `assay compare`. */
#ifndef ASSAY_VERSUS_OPTIONS_H
#define ASSAY_VERSUS_OPTIONS_H

#include "analysis/gate.h"
#include "base/arguments.h"
#include "base/error.h"
#include "base/str.h"
#include "measure/event_names.h"

#include <stdbool.h>
#include <stdint.h>

enum compare_option_id {
    COMPARE_HELP = 0,
    COMPARE_EXACT,
    COMPARE_SKIP,
    COMPARE_DRY_RUN,
    COMPARE_TIME_BUDGET,
    COMPARE_PAIRS,
    COMPARE_CONFIRM_PAIRS,
    COMPARE_PAIR_TIME,
    COMPARE_SLICE_TIME,
    COMPARE_MAX_TIME,
    COMPARE_GUARD,
    COMPARE_MARGIN,
    COMPARE_FALSE_ALARMS,
    COMPARE_CONFIDENCE_LEVEL,
    COMPARE_PIN,
    COMPARE_SEED,
    COMPARE_LAYOUTS,
    COMPARE_SKIP_IDENTICAL,
    COMPARE_OWN_ADDRESSES,
    COMPARE_NO_CANARIES,
    COMPARE_NO_PROBES,
    COMPARE_ALLOW_DIFFERENT_BUILDS,
    COMPARE_COUNT_INSTRUCTIONS,
    COMPARE_COUNTERS,
    COMPARE_GATE,
    COMPARE_REQUIRE_VERDICT,
    COMPARE_MAX_INCONCLUSIVE,
    COMPARE_OLD_NAME,
    COMPARE_NEW_NAME,
    COMPARE_OLD_COMMIT,
    COMPARE_NEW_COMMIT,
    COMPARE_OLD_DIRTY,
    COMPARE_NEW_DIRTY,
    COMPARE_OUT,
    COMPARE_MARKDOWN,
    COMPARE_JUNIT,
    COMPARE_TRACE,
    COMPARE_COLOR,
    COMPARE_QUIET,
    COMPARE_OPTION_COUNT
};

enum compare_color { COMPARE_COLOR_AUTO = 0, COMPARE_COLOR_ALWAYS, COMPARE_COLOR_NEVER };

struct compare_options {
    struct option_list words; /* OLD, NEW, filters */
    bool help;
    bool exact;
    struct option_list skips;
    bool dry_run;
    double time_budget_s;
    uint64_t pairs;
    uint64_t confirm_pairs;
    double pair_time_s;
    double slice_time_s;
    double max_time_s;
    double guard;
    double margin;
    double false_alarms;
    double confidence_level;
    int64_t pin_cpu;
    uint64_t seed;
    uint64_t layouts;
    bool skip_identical;
    bool own_addresses;
    bool no_canaries;
    bool no_probes;
    bool allow_different_builds;
    bool count_instructions;
    const char *counters;     /* NULL: none */
    struct event_list events; /* of counters */
    const char *gate_text;
    struct gates gates; /* of gate_text */
    bool require_verdict;
    uint64_t max_inconclusive;
    const char *old_name;
    const char *new_name;
    const char *old_commit;
    const char *new_commit;
    bool old_dirty;
    bool new_dirty;
    const char *out;
    const char *markdown;
    const char *junit;
    const char *trace;
    int color; /* enum compare_color */
    bool quiet;
    bool given[COMPARE_OPTION_COUNT];
};

/* argv[0] is the command's name. 0; or -1 with STATUS_USAGE. A seed that was not given is drawn. */
int compare_options_parse(int argc, char *const argv[], struct compare_options *o,
                          struct error *error);
void compare_options_add_help(struct str *out);

#endif
