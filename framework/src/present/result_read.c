#include "base/file.h"
#include "base/memory.h"
#include "present/metrics.h"
#include "present/result.h"
#include "present/result_complexity.h"
#include "present/result_latency.h"
#include "present/result_regressions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A shorter time was not measured: the clock has no such steps. */
#define TIME_MIN_NS 1e-5

/* Where in which file something is wrong. The first finding stays; getters after it return harmless
 * values. */
struct reader {
    const char *path;
    const char *where; /* the id of the benchmark, or NULL outside of them */
    struct error *error;
};

static void complain(struct reader *r, const char *key, const char *expected)
{
    error_set(r->error, STATUS_ENVIRONMENT, "%s is not a whole result file: %s%s\"%s\" is not %s",
              r->path, r->where == NULL ? "" : r->where, r->where == NULL ? "" : ": ", key,
              expected);
}

static char *get_text(struct reader *r, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL) {
        complain(r, key, "a text");
        return memory_text("");
    }
    return memory_text(text);
}

static char *get_optional_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? NULL : memory_text(text);
}

static double get_number(struct reader *r, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value)) {
        complain(r, key, "a number");
        return 0;
    }
    return json_number_value(value);
}

static int64_t get_int(struct reader *r, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value)) {
        complain(r, key, "an integer");
        return 0;
    }
    return json_integer_value(value);
}

static bool get_bool(struct reader *r, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_boolean(value)) {
        complain(r, key, "true or false");
    }
    return json_is_true(value);
}

static void copy_text(struct reader *r, const json_t *object, const char *key, char *to,
                      size_t size)
{
    char *text = get_text(r, object, key);
    snprintf(to, size, "%s", text);
    free(text);
}

static void read_host(struct reader *r, const json_t *object, struct host_facts *host)
{
    copy_text(r, object, "key", host->key, sizeof host->key);
    copy_text(r, object, "name", host->name, sizeof host->name);
    copy_text(r, object, "cpu_model", host->cpu_model, sizeof host->cpu_model);
    host->cpus = (int)get_int(r, object, "cpus");
    const json_t *caches = json_object_get(object, "caches");
    for (size_t i = 0; i < json_array_size(caches) && i < HOST_CACHES_MAX; i++) {
        const json_t *cache = json_array_get(caches, i);
        host->caches[i].level = (int)get_int(r, cache, "level");
        copy_text(r, cache, "type", host->caches[i].type, sizeof host->caches[i].type);
        host->caches[i].size_bytes = get_int(r, cache, "size_bytes");
        host->cache_count = i + 1;
    }
    host->memory_bytes = get_int(r, object, "memory_bytes");
    copy_text(r, object, "architecture", host->architecture, sizeof host->architecture);
    copy_text(r, object, "kernel", host->kernel, sizeof host->kernel);
    copy_text(r, object, "os", host->os, sizeof host->os);
    host->virtual_machine = get_bool(r, object, "virtual");
}

static void read_clock(struct reader *r, const json_t *object, struct clock_facts *clock)
{
    char source[32];
    copy_text(r, object, "source", source, sizeof source);
    clock->tsc = strcmp(source, "tsc") == 0;
    clock->frequency_hz = get_number(r, object, "frequency_hz");
    clock->resolution_ns = get_number(r, object, "resolution_ns");
    clock->cost_ns = get_number(r, object, "cost_ns");
}

static struct estimate read_estimate(struct reader *r, const json_t *object)
{
    return (struct estimate){.point = get_number(r, object, "point"),
                             .lower = get_number(r, object, "lower"),
                             .upper = get_number(r, object, "upper"),
                             .standard_error = get_number(r, object, "standard_error")};
}

/* Older documents have none. */
static void read_stability(struct reader *r, const json_t *object, struct result *result)
{
    struct stability *s = &result->stability;
    if (!json_is_object(object)) {
        return;
    }
    const char *grade = json_string_value(json_object_get(object, "grade"));
    result->has_stability = true;
    s->steal_share = get_number(r, object, "steal_share");
    s->switches_per_s = get_number(r, object, "switches_per_s");
    s->observations = (size_t)get_int(r, object, "observations");
    s->seconds = get_number(r, object, "seconds");
    if (grade != NULL && grade[0] >= 'A' && grade[0] <= 'E') {
        s->grade = grade[0];
        s->slowed_share = get_number(r, object, "slowed_share");
        s->slowed_10_share = get_number(r, object, "slowed_10_share");
        s->variation = get_number(r, object, "variation");
    }
}

static void read_context(struct reader *r, const json_t *root, struct result *result)
{
    result->method = (int)get_int(r, root, "method");
    result->tool_version = get_text(r, json_object_get(root, "tool"), "version");
    result->suite = get_text(r, root, "suite");
    result->started_utc = get_text(r, root, "started_utc");
    result->duration_s = get_number(r, root, "duration_s");
    result->complete = get_bool(r, root, "complete");
    const json_t *commit = json_object_get(root, "commit");
    if (json_is_object(commit)) {
        result->commit = get_text(r, commit, "id");
        result->dirty = get_bool(r, commit, "dirty");
    }
    const json_t *build = json_object_get(root, "build");
    result->build.compiler = get_text(r, build, "compiler");
    result->build.flags = get_optional_text(build, "flags");
    result->build.variant = get_optional_text(build, "variant");
    result->build.optimised = get_bool(r, build, "optimised");
    read_host(r, json_object_get(root, "host"), &result->host);
    read_clock(r, json_object_get(root, "clock"), &result->clock);
    const json_t *loop = json_object_get(root, "loop_ns");
    result->has_loop = json_is_object(loop);
    if (result->has_loop) {
        result->loop_ns = read_estimate(r, loop);
    }
    const json_t *environment = json_object_get(root, "environment");
    const json_t *warnings = json_object_get(environment, "warnings");
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const char *text = json_string_value(json_array_get(warnings, i));
        result_add_warning(result, text == NULL ? "" : text);
    }
    read_stability(r, json_object_get(environment, "stability"), result);
    json_t *settings = json_object_get(root, "settings");
    if (!json_is_object(settings)) {
        complain(r, "settings", "an object");
    }
    result->settings = json_incref(settings);
    result->seed = (uint64_t)get_int(r, root, "seed");
}

static uint32_t small_count(const json_t *array, size_t index)
{
    return (uint32_t)json_integer_value(json_array_get(array, index));
}

/* Iterations and time that somebody can have measured. */
static bool read_pair(const json_t *object, size_t i, uint64_t *iterations, double *time_ns)
{
    json_int_t n = json_integer_value(json_array_get(json_object_get(object, "iterations"), i));
    *time_ns = json_number_value(json_array_get(json_object_get(object, "time_ns"), i));
    *iterations = (uint64_t)n;
    bool sane = *time_ns == 0 || (*time_ns >= TIME_MIN_NS && *time_ns <= RECORD_TIME_NS_MAX);
    return n >= 1 && sane;
}

/* Fills `samples` (room for json_array_size of "iterations") from a "samples" object. */
static void read_samples(struct reader *r, const json_t *object, struct sample *samples)
{
    const json_t *iterations = json_object_get(object, "iterations");
    const json_t *times = json_object_get(object, "time_ns");
    if (json_array_size(times) != json_array_size(iterations)) {
        complain(r, "time_ns", "as long as \"iterations\"");
        return;
    }
    for (size_t i = 0; i < json_array_size(iterations); i++) {
        uint64_t n;
        double time_ns;
        if (!read_pair(object, i, &n, &time_ns)) {
            complain(r, "samples", "made of positive iterations and possible times");
            return;
        }
        samples[i] = (struct sample){
            .iterations = n,
            .time_ns = time_ns,
            .involuntary_switches = small_count(json_object_get(object, "involuntary_switches"), i),
            .page_faults = small_count(json_object_get(object, "page_faults"), i)};
    }
}

/* What each thread did in the samples; nothing when the document does not say. */
static void read_threads(struct reader *r, const json_t *list, struct record *record)
{
    for (unsigned thread = 0; thread < record->threads; thread++) {
        const json_t *object = json_array_get(list, thread);
        bool whole =
            json_array_size(json_object_get(object, "iterations")) == record->sample_count &&
            json_array_size(json_object_get(object, "time_ns")) == record->sample_count;
        for (size_t i = 0; i < record->sample_count && whole; i++) {
            struct thread_sample *of = &record_of_threads(record, i)[thread];
            whole = read_pair(object, i, &of->iterations, &of->time_ns);
        }
        if (!whole) {
            complain(r, "thread_samples", "made of an entry a sample for each thread");
            return;
        }
    }
}

/* The threads whose samples the benchmark holds: all, or none. */
static unsigned count_threads(struct reader *r, const json_t *object)
{
    const json_t *list = json_object_get(object, "thread_samples");
    if (list == NULL) {
        return 0;
    }
    if (!json_is_array(list) || (json_int_t)json_array_size(list) !=
                                    json_integer_value(json_object_get(object, "threads"))) {
        complain(r, "thread_samples", "a list of as many as there are threads");
        return 0;
    }
    return (unsigned)json_array_size(list);
}

static size_t count_samples(struct reader *r, const json_t *object)
{
    size_t count = json_array_size(json_object_get(object, "iterations"));
    if (count < 2 || count > RESAMPLE_COUNT_MAX) {
        complain(r, "iterations", "a list of 2 to 10000 samples");
    }
    return count;
}

static void read_throughput(const json_t *list, struct record *record)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const char *kind = json_string_value(json_object_get(entry, "kind"));
        uint64_t value = (uint64_t)json_integer_value(json_object_get(entry, "per_iteration"));
        if (kind != NULL && strcmp(kind, "bytes") == 0) {
            record->bytes_per_iteration = value;
        } else if (kind != NULL && strcmp(kind, "elements") == 0) {
            record->elements_per_iteration = value;
        }
    }
}

static void read_counters(struct reader *r, const json_t *list, struct record *record)
{
    for (size_t i = 0; i < json_array_size(list) && i < RECORD_COUNTERS_MAX; i++) {
        const json_t *entry = json_array_get(list, i);
        struct record_counter *counter = &record->counters[record->counter_count++];
        copy_text(r, entry, "name", counter->name, sizeof counter->name);
        counter->value = get_number(r, entry, "value");
        const char *unit = json_string_value(json_object_get(entry, "unit"));
        snprintf(counter->unit, sizeof counter->unit, "%s", unit == NULL ? "" : unit);
    }
}

static struct histogram *read_latency(struct reader *r, const json_t *object,
                                      struct latency_summary *s)
{
    if (!json_is_object(object)) {
        return NULL;
    }
    *s = (struct latency_summary){.count = (uint64_t)get_int(r, object, "count"),
                                  .overflow = (uint64_t)get_int(r, object, "overflow"),
                                  .min_ns = get_number(r, object, "min"),
                                  .mean_ns = get_number(r, object, "mean"),
                                  .p50_ns = get_number(r, object, "p50"),
                                  .p90_ns = get_number(r, object, "p90"),
                                  .p99_ns = get_number(r, object, "p99"),
                                  .p99_9_ns = get_number(r, object, "p99_9"),
                                  .max_ns = get_number(r, object, "max")};
    const char *why;
    struct histogram *h = latency_read_histogram(object, s, &why);
    if (why != NULL) {
        complain(r, "histogram", why);
    }
    return h;
}

static struct record_cost read_cost(struct reader *r, const json_t *object)
{
    return (struct record_cost){.point = get_number(r, object, "point"),
                                .lower = get_number(r, object, "lower"),
                                .upper = get_number(r, object, "upper")};
}

static void read_harness(struct reader *r, const json_t *object, struct record *record)
{
    if (!json_is_object(object)) {
        return;
    }
    struct record_harness *h = &record->harness;
    const json_t *batch = json_object_get(object, "batch_iterations");
    const json_t *pause = json_object_get(object, "pause_ns");
    h->known = true;
    record->batched = json_is_number(batch) && json_number_value(batch) > 0;
    h->spans_per_iteration = record->batched ? 1 / json_number_value(batch) : 0;
    h->clock = read_cost(r, json_object_get(object, "clock_ns"));
    h->pauses_per_iteration = get_number(r, object, "pauses_per_iteration");
    if (json_is_object(pause)) {
        h->pause = read_cost(r, pause);
    }
}

static void read_eviction(struct reader *r, const json_t *object, struct record *record)
{
    const char *how = json_string_value(json_object_get(object, "how"));
    if (how != NULL) {
        record->cold = strcmp(how, "flushed") == 0 ? RECORD_FLUSHED
                       : strcmp(how, "swept") == 0 ? RECORD_SWEPT
                                                   : RECORD_SWEPT_PARTLY;
        record->evicted_bytes = (uint64_t)get_int(r, object, "bytes");
    }
}

static struct record *read_record(struct reader *r, const json_t *object)
{
    static const char *const stops[] = {"complete", "precision", "time"};
    const json_t *samples = json_object_get(object, "samples");
    size_t count = count_samples(r, samples);
    unsigned threads = count_threads(r, object);
    if (error_is_set(r->error)) {
        return NULL;
    }
    struct record *record = memory_zeroed(1, record_bytes_of_threads(count, threads));
    record->state = RECORD_DONE;
    record->capacity = count;
    record->sample_count = count;
    record->threads = threads;
    read_samples(r, samples, record->samples);
    read_threads(r, json_object_get(object, "thread_samples"), record);
    record->oversubscribed = json_is_true(json_object_get(object, "oversubscribed"));
    char word[32];
    copy_text(r, object, "sampling", word, sizeof word);
    record->linear = strcmp(word, "linear") == 0;
    copy_text(r, object, "stopped", word, sizeof word);
    for (size_t i = 0; i < 3; i++) {
        record->stop = strcmp(word, stops[i]) == 0 ? (enum record_stop)i : record->stop;
    }
    record->retaken = (size_t)get_int(r, object, "retaken");
    record->other_cpus = get_number(r, object, "other_cpus");
    record->reference_ns = get_number(r, object, "reference_ns");
    const json_t *warm_up = json_object_get(object, "warm_up");
    record->warm_up_iterations = (uint64_t)get_int(r, warm_up, "iterations");
    record->warm_up_ns = get_number(r, warm_up, "time_ns");
    /* The finding is stored, not the laps it was found by. */
    record->paired = 1;
    record->paired_near = get_bool(r, object, "below_resolution") ? 1 : 0;
    read_throughput(json_object_get(object, "throughput"), record);
    read_counters(r, json_object_get(object, "counters"), record);
    metrics_read_list(json_object_get(object, "metrics"), &record->metrics);
    read_harness(r, json_object_get(object, "harness"), record);
    read_eviction(r, json_object_get(object, "eviction"), record);
    record->histogram = read_latency(r, json_object_get(object, "latency_ns"), &record->latency);
    return record;
}

static struct result_baseline *read_baseline(struct reader *r, const json_t *comparison)
{
    if (!json_is_object(comparison)) {
        return NULL;
    }
    const json_t *object = json_object_get(comparison, "baseline");
    const json_t *samples = json_object_get(object, "samples");
    struct result_baseline *baseline = memory_zeroed(1, sizeof *baseline);
    baseline->name = get_text(r, object, "name");
    baseline->measured_utc = get_text(r, object, "measured_utc");
    baseline->commit = get_optional_text(object, "commit");
    baseline->reference_ns = get_number(r, object, "reference_ns");
    baseline->sample_count = count_samples(r, samples);
    baseline->samples = memory_zeroed(baseline->sample_count, sizeof *baseline->samples);
    read_samples(r, samples, baseline->samples);
    baseline->histogram =
        read_latency(r, json_object_get(object, "latency_ns"), &baseline->latency);
    return baseline;
}

static void read_metric_comparison(const json_t *object, struct result_benchmark *b)
{
    if (json_is_object(object)) {
        b->metric_baseline = get_optional_text(object, "baseline");
        b->metric_pairs = memory_zeroed(2 * METRICS_MAX, sizeof *b->metric_pairs);
        b->metric_pair_count =
            metrics_read_pairs(json_object_get(object, "pairs"), b->metric_pairs);
    }
}

static void read_parameters(struct reader *r, const json_t *list, struct result_benchmark *b)
{
    for (size_t i = 0; i < json_array_size(list) && i < 2; i++) {
        const json_t *entry = json_array_get(list, i);
        struct result_parameter *p = &b->parameters[b->parameter_count++];
        p->axis = get_optional_text(entry, "name");
        p->is_word = json_is_string(json_object_get(entry, "value"));
        if (p->is_word) {
            p->word = get_text(r, entry, "value");
        } else {
            p->value = get_int(r, entry, "value");
        }
    }
}

static char *read_tags(const json_t *list)
{
    struct str words = STR_EMPTY;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *word = json_string_value(json_array_get(list, i));
        str_format(&words, "%s%s", i == 0 ? "" : " ", word == NULL ? "" : word);
    }
    return words.length == 0 ? NULL : str_detach(&words);
}

static void read_benchmark(struct reader *r, const json_t *object, struct result *result)
{
    struct result_benchmark *b = result_add(result);
    r->where = NULL;
    b->id = get_text(r, object, "id");
    r->where = b->id;
    b->bench = get_text(r, object, "bench");
    read_parameters(r, json_object_get(object, "parameters"), b);
    b->threads = (unsigned)get_int(r, object, "threads");
    b->tags = read_tags(json_object_get(object, "tags"));
    char status[32];
    copy_text(r, object, "status", status, sizeof status);
    b->status = RESULT_INTERRUPTED;
    for (int s = RESULT_MEASURED; s <= RESULT_INTERRUPTED; s++) {
        if (strcmp(status, result_status_name((enum result_status)s)) == 0) {
            b->status = (enum result_status)s;
        }
    }
    b->reason = get_optional_text(object, "reason");
    if (b->status == RESULT_MEASURED) {
        b->unit = get_optional_text(object, "unit");
        b->measured_utc = get_text(r, object, "measured_utc");
        b->below_resolution = get_bool(r, object, "below_resolution");
        b->record = read_record(r, object);
        b->baseline = read_baseline(r, json_object_get(object, "comparison"));
        read_metric_comparison(json_object_get(object, "metric_comparison"), b);
        regressions_read(json_object_get(object, "regressions"), b);
    }
}

static void read_root(struct reader *r, const json_t *root, struct result *result)
{
    const char *schema = json_string_value(json_object_get(root, "schema"));
    if (schema == NULL) {
        error_set(r->error, STATUS_ENVIRONMENT, "%s is not an assay result: it names no schema",
                  r->path);
        return;
    }
    if (strcmp(schema, RESULT_SCHEMA) != 0) {
        error_set(r->error, STATUS_ENVIRONMENT,
                  "%s has the schema \"%.60s\"; this version reads \"%s\"", r->path, schema,
                  RESULT_SCHEMA);
        return;
    }
    read_context(r, root, result);
    const json_t *benchmarks = json_object_get(root, "benchmarks");
    if (!json_is_array(benchmarks)) {
        complain(r, "benchmarks", "a list");
    }
    for (size_t i = 0; i < json_array_size(benchmarks) && !error_is_set(r->error); i++) {
        read_benchmark(r, json_array_get(benchmarks, i), result);
    }
    complexity_read(json_object_get(root, "complexity"), result);
}

int result_read(const char *path, struct result *result, struct error *error)
{
    memset(result, 0, sizeof *result);
    struct str text = STR_EMPTY;
    struct reader reader = {.path = path, .error = error};
    if (file_load(path, &text, error) == 0) {
        json_error_t cause;
        json_t *root = json_loadb(str_text(&text), text.length, JSON_REJECT_DUPLICATES, &cause);
        if (root == NULL) {
            error_set(error, STATUS_ENVIRONMENT,
                      "%s is not valid JSON (line %d: %s): it may be truncated; save it again",
                      path, cause.line, cause.text);
        } else {
            read_root(&reader, root, result);
            json_decref(root);
        }
    }
    str_release(&text);
    if (error_is_set(error)) {
        result_release(result);
        return -1;
    }
    return 0;
}
