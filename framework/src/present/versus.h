/* What a comparison of two executables found, as it is in memory; docs/compare.schema.json is its
 * form on disk. Filled by versus/, printed and written by the versus_* files beside this one.
 *
 * Effects are ratios: 0.01 is 1 % slower (new / old - 1). */
#ifndef ASSAY_PRESENT_VERSUS_H
#define ASSAY_PRESENT_VERSUS_H

#include "analysis/density.h"
#include "analysis/gate.h"
#include "base/error.h"
#include "base/json_writer.h"
#include "base/str.h"
#include "measure/clock.h"
#include "measure/host.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERSUS_SCHEMA "assay-compare/1"
/* Rises when the same slices would be judged differently. */
#define VERSUS_METHOD 2

enum versus_verdict {
    VERSUS_INCONCLUSIVE = 0, /* neither a change nor its absence is shown */
    VERSUS_UNCHANGED,        /* equivalent within the margin, or a change by layout alone */
    VERSUS_IMPROVED,         /* confirmed on fresh pairs */
    VERSUS_REGRESSED         /* confirmed on fresh pairs */
};

enum versus_status {
    VERSUS_COMPARED = 0,
    VERSUS_IDENTICAL, /* skipped: the code and constants that it reaches are the same bytes */
    VERSUS_SKIPPED,   /* the benchmark skipped itself, on at least one side */
    VERSUS_FAILED,    /* it failed, crashed or hung on at least one side */
    VERSUS_UNTRIED    /* no pair was run: interrupted, or the time was up */
};

/* One pair of processes, in the order in which they ran. */
struct versus_pair {
    bool confirming;  /* of the second stage */
    int order;        /* +1: the old one was set up first, -1: the new one */
    bool shared;      /* both sides had the same addresses */
    double log_ratio; /* ln(new / old), the pair's value (paired_log_ratio) */
    double old_lowmean_ns;
    double new_lowmean_ns;
    double old_tail_ns; /* 0: no undisturbed slice */
    double new_tail_ns;
    uint32_t slices;     /* a side */
    uint32_t dropped;    /* slices a side that were disturbed */
    uint32_t old_layout; /* link layout, 0: the plain one */
    uint32_t new_layout;
};

/* Times of an iteration over all slices of a side: for a reader, not comparable between runs. */
struct versus_times {
    double p5_ns;
    double median_ns;
    double p95_ns;
    struct curve density; /* over times an iteration in ns; step 0: none */
};

struct versus_interval {
    double point;
    double lower;
    double upper;
};

/* All text is owned by the structure. */
struct versus_benchmark {
    char *suite;
    char *id;
    enum versus_status status;
    char *reason; /* NULL unless skipped, failed or untried: one sentence that names the side */
    enum versus_verdict verdict;
    bool confirmed;        /* the figures are those of the second stage's fresh pairs alone */
    bool flagged;          /* the screen suspected a change, so a second stage was due */
    bool layout_alone;     /* a change was called, but what it reaches is the same on both sides, so
                              that only its place in memory can have made it: "unchanged" */
    bool below_resolution; /* too fast to be told from an empty loop; never judged */
    char *note;            /* NULL, or a sentence on what stood against a verdict */
    struct versus_interval effect; /* at settings.confidence */
    double p_value; /* one-sided, in the direction of the effect, against the guard when
                       confirmed, against no change otherwise */
    bool has_rank;
    double rank_p_value;   /* Wilcoxon signed-rank test of the second stage */
    double detectable;     /* smallest slowdown that these pairs could have shown, power 0.8 */
    size_t pairs_needed;   /* inconclusive: further pairs that would settle it; else 0 */
    double seconds_needed; /* and the time they would take; else 0 */
    bool tail_slower;      /* the 5 .. 95 % mean regressed and the verdict is not "regressed" */
    struct versus_interval tail; /* effect on that mean; all 0: not known */
    uint64_t iterations;         /* of a slice */
    double pair_seconds;         /* that one pair took on average */
    size_t pair_count;
    struct versus_pair *pairs;
    struct versus_times old_times;
    struct versus_times new_times;
    /* What the sides count, whatever became of the times; NULL: nothing was counted. */
    size_t metric_count;
    struct metric_pair *metrics;
};

struct versus_side {
    char *name;   /* what the user called it: "main", "build/old" */
    char *path;   /* of the executable or folder */
    char *commit; /* NULL: not known */
    bool dirty;
    char *compiler; /* NULL: not known */
    char *flags;
    char *variant;
};

/* A built-in benchmark whose answer is known. */
struct versus_canary {
    bool slower; /* +2 % of work; else twice the same */
    bool misfired;
    struct versus_benchmark benchmark;
};

struct versus_settings {
    double confidence;   /* of the intervals shown */
    double guard;        /* a change must be beyond this to be called (0.003) */
    double margin;       /* and less than this is "unchanged" (0.01) */
    double false_alarms; /* chance of any false "regressed" in the comparison (0.01) */
    size_t screen_pairs;
    size_t confirm_pairs;
    double slice_ns;
    double pair_ns;        /* of slices, both sides together */
    size_t layouts;        /* 0: a single one */
    int cpu;               /* -1: not pinned */
    double time_budget_s;  /* 0: none */
    bool shared_addresses; /* the sides of a pair may get the same addresses */
    bool fresh_copies;     /* each pair executes fresh copies of the executables */
    bool skip_identical;
    uint64_t seed;
};

struct versus {
    char *tool_version;
    char *started_utc;
    double duration_s;
    bool complete; /* false: interrupted */
    bool trusted;  /* false: a canary misfired, the verdicts are not to be believed */
    struct versus_side old_side;
    struct versus_side new_side;
    struct host_facts host;
    struct clock_facts clock;
    struct versus_settings settings;
    double disturbed; /* part of the slices during which the CPU was taken away */
    size_t warning_count;
    char **warnings;
    size_t count;
    struct versus_benchmark *benchmarks; /* by id */
    size_t only_old_count;
    char **only_old; /* ids, sorted */
    size_t only_new_count;
    char **only_new;
    size_t canary_count;
    struct versus_canary *canaries;
};

/* How many benchmarks ended as what. */
struct versus_counts {
    size_t regressed;
    size_t improved;
    size_t unchanged;
    size_t inconclusive;
    size_t identical;
    size_t skipped;
    size_t failed;
    size_t untried;
    size_t below_resolution; /* compared, but never judged: in none of the verdicts above */
    size_t tail_slower;      /* of those that have a verdict */
    size_t layout_alone;     /* of the unchanged */
    size_t beyond_gate;      /* of all: a metric grew by more than its gate allows */
};
struct versus_counts versus_count(const struct versus *v);

/* Whether a metric grew by more than its gate allows. */
bool versus_gate_failed(const struct versus_benchmark *b);

void versus_add_warning(struct versus *v, const char *warning);
void versus_release(struct versus *v);

/* "regressed", "improved", "unchanged", "inconclusive". */
const char *versus_verdict_name(enum versus_verdict verdict);
/* "compared", "identical", "skipped", "failed", "untried". */
const char *versus_status_name(enum versus_status status);

/* Adds a side as documents have it: {"name", "path", "commit", "dirty", "build"}. */
void versus_write_side(struct json_writer *w, const char *key, const struct versus_side *side);

/* The JSON document, with a line break at its end. */
void versus_write(const struct versus *v, struct str *out);

/* One line for the terminal: id, effect with its interval, smallest effect that could have been
 * seen, verdict, notes. `width` is that of the id column. */
void versus_add_line(const struct versus_benchmark *b, int width, bool colour, struct str *out);
/* What stands below the lines: benchmarks of one side only, canaries, counts, what was compared. */
void versus_add_summary(const struct versus *v, bool colour, struct str *out);

/* A comment for a pull request, in GitHub's Markdown: the counts, a table of what changed, the rest
 * folded. Names and reasons cannot break out of their cells. */
void versus_markdown(const struct versus *v, struct str *out);

/* JUnit XML: a test suite a suite and a test case a benchmark; "regressed" and "failed" are
 * failures, "inconclusive", "below resolution", "skipped" and "untried" are skipped with their
 * reason. A canary that misfired is an error in a suite of its own. Valid XML 1.0 whatever the
 * texts hold. */
void versus_junit(const struct versus *v, struct str *out);

#endif
