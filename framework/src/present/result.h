/* The result of one suite, as it is in memory; docs/result.schema.json is its form on disk. The
 * same structure is written after a run and filled when a baseline is read. */
#ifndef ASSAY_PRESENT_RESULT_H
#define ASSAY_PRESENT_RESULT_H

#include "analysis/analysis.h"
#include "analysis/complexity.h"
#include "analysis/gate.h"
#include "analysis/scaling.h"
#include "analysis/stability.h"
#include "base/error.h"
#include "base/str.h"
#include "measure/clock.h"
#include "measure/histogram.h"
#include "measure/host.h"
#include "measure/record.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define RESULT_SCHEMA "assay-result/1"
/* Rises when figures of the same program would come out differently; then baselines are not
 * comparable. */
#define RESULT_METHOD 2

enum result_status { RESULT_MEASURED = 0, RESULT_FAILED, RESULT_SKIPPED, RESULT_INTERRUPTED };

struct result_parameter {
    char *axis; /* NULL: the axis has no name */
    bool is_word;
    int64_t value;
    char *word;
};

/* What the comparison was made with; samples are kept, so that the document can be analysed again
 * alone. */
struct result_baseline {
    char *name;
    char *measured_utc;
    char *commit; /* NULL: none */
    double reference_ns;
    size_t sample_count;
    struct sample *samples;
    struct latency_summary latency;
    struct histogram *histogram; /* NULL: no latencies, or an older document */
};

/* All text is owned by the structure. */
struct result_benchmark {
    char *id;
    char *bench;
    size_t parameter_count;
    struct result_parameter parameters[2];
    unsigned threads;
    char *tags; /* words separated by spaces, or NULL */
    enum result_status status;
    char *reason; /* NULL unless failed, skipped or interrupted */
    char *unit;
    char *measured_utc;
    struct record *record;     /* NULL unless measured */
    struct analysis *analysis; /* NULL unless measured and analysed */
    bool below_resolution;
    bool has_fairness;                /* its record keeps samples of threads, and it is analysed */
    struct estimate fairness;         /* scaling_fairness */
    struct scaling scaling;           /* base_threads 0: none; result_scale sets it */
    struct result_baseline *baseline; /* NULL: not compared */
    /* Metrics against those of the baseline; NULL: it has none of this benchmark. */
    size_t metric_pair_count;
    struct metric_pair *metric_pairs;
    char *metric_baseline; /* its name */
    bool complexity;       /* its family's growth is asked for */
    size_t regression_count;
    struct regression *regressions;
    json_t *carried; /* a benchmark of an older document, taken over as it was; the rest but id is
                        unset */
};

/* Benchmarks that differ in their first parameter only, and how their times grow with it. */
struct result_family {
    char *name;
    size_t count;
    size_t *members; /* places in the result's benchmarks */
    struct complexity fit;
};

struct result_build {
    char *compiler;
    char *flags;   /* NULL: not recorded */
    char *variant; /* NULL */
    bool optimised;
};

struct result {
    int method;
    char *tool_version;
    char *suite;
    char *started_utc;
    double duration_s;
    bool complete;
    char *commit; /* NULL outside git */
    bool dirty;
    struct result_build build;
    struct host_facts host;
    struct clock_facts clock;
    bool has_loop;
    struct estimate loop_ns;
    bool has_stability;
    struct stability stability; /* of the machine during the run */
    size_t warning_count;
    char **warnings;
    json_t *settings;
    uint64_t seed;
    size_t count;
    size_t capacity;
    struct result_benchmark *benchmarks;
    size_t family_count;
    struct result_family *families; /* result_complexity.h finds them */
};

/* Adds an empty benchmark and returns it; valid until the next one is added. */
struct result_benchmark *result_add(struct result *result);
void result_add_warning(struct result *result, const char *warning);
struct result_benchmark *result_find(const struct result *result, const char *id);
/* Frees everything inside; the structure is empty afterwards. */
void result_release(struct result *result);
/* Frees the families alone. */
void result_release_families(struct result *result);

/* Sets the analysis of a benchmark that has a record, compared with its baseline when it has one,
 * its regressions included. */
void result_analyse(struct result_benchmark *b, const struct analysis_settings *settings);

/* Sets the metrics of a benchmark that has a record against those of `old`. */
void result_compare_metrics(struct result_benchmark *b, const struct record *old, const char *name,
                            const struct gates *gates);
/* Whether a metric grew by more than its gate allows. */
bool result_gate_failed(const struct result_benchmark *b);
/* Whether two benchmarks differ in nothing but their number of threads. */
bool result_same_family(const struct result_benchmark *a, const struct result_benchmark *b);

/* Sets the scaling of every benchmark that was measured on other numbers of threads too. None when
 * one of them cannot be told from the empty loop. */
void result_scale(struct result *result);

/* "measured", "failed", "skipped", "interrupted". */
const char *result_status_name(enum result_status status);
/* The present or any time as "2026-01-31T12:00:00Z". `text` has room for 21 bytes. */
void result_format_utc(long long unix_seconds, char *text);

/* Adds the document to `out`, with a line break at its end. */
void result_write(const struct result *result, struct str *out);

/* Reads a document. 0; or -1 with STATUS_ENVIRONMENT and a sentence that names the file and what is
 * wrong with it (missing, truncated, not a result, of another schema version); *result is empty
 * then. */
int result_read(const char *path, struct result *result, struct error *error);

#endif
