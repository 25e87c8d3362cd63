/* Results on disk: what is written is read back, and what is damaged is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "near.h"
#include "result_sample.h"
#include "scratch.h"

static void save_text(const char *path, const char *text)
{
    struct error error = {0};
    assert_int_equal(file_save(path, text, strlen(text), &error), 0);
}

static void assert_same_samples(const struct sample *a, const struct sample *b, bool disturbance)
{
    for (size_t i = 0; i < RESULT_SAMPLES; i++) {
        assert_int_equal(a[i].iterations, b[i].iterations);
        assert_true(a[i].time_ns == b[i].time_ns);
        if (disturbance) {
            assert_int_equal(a[i].involuntary_switches, b[i].involuntary_switches);
            assert_int_equal(a[i].page_faults, b[i].page_faults);
        }
    }
}

static void assert_same_context(const struct result *a, const struct result *b)
{
    assert_int_equal(a->method, b->method);
    assert_string_equal(a->tool_version, b->tool_version);
    assert_string_equal(a->suite, b->suite);
    assert_string_equal(a->started_utc, b->started_utc);
    assert_true(a->duration_s == b->duration_s && a->complete == b->complete);
    assert_string_equal(a->commit, b->commit);
    assert_true(a->dirty == b->dirty && a->seed == b->seed);
    assert_string_equal(a->build.compiler, b->build.compiler);
    assert_string_equal(a->build.flags, b->build.flags);
    assert_true(a->build.variant == NULL && b->build.variant == NULL);
    assert_string_equal(a->host.key, b->host.key);
    assert_string_equal(a->host.cpu_model, b->host.cpu_model);
    assert_string_equal(a->host.os, b->host.os);
    assert_true(a->host.cpus == b->host.cpus && a->host.memory_bytes == b->host.memory_bytes);
    assert_true(a->host.virtual_machine == b->host.virtual_machine);
    assert_int_equal(a->host.cache_count, b->host.cache_count);
    assert_int_equal(a->host.caches[0].size_bytes, b->host.caches[0].size_bytes);
    assert_true(a->clock.tsc == b->clock.tsc && a->clock.frequency_hz == b->clock.frequency_hz);
    assert_true(a->clock.cost_ns == b->clock.cost_ns);
    assert_true(a->has_loop == b->has_loop);
    assert_memory_equal(&a->loop_ns, &b->loop_ns, sizeof a->loop_ns);
    assert_true(a->has_stability && b->has_stability);
    assert_memory_equal(&a->stability, &b->stability, sizeof a->stability);
    assert_int_equal(a->warning_count, b->warning_count);
    assert_string_equal(a->warnings[0], b->warnings[0]);
    assert_true(json_object_size(a->settings) == json_object_size(b->settings));
}

static void assert_same_buckets(const struct histogram *a, const struct histogram *b)
{
    assert_true(a->count == b->count && a->overflow == b->overflow && a->overflow == 1);
    assert_true(a->min == b->min && a->max == b->max);
    assert_memory_equal(a->buckets, b->buckets, sizeof a->buckets);
}

static void assert_same_full(const struct result_benchmark *a, const struct result_benchmark *b)
{
    assert_string_equal(a->id, b->id);
    assert_int_equal(b->parameter_count, 2);
    assert_string_equal(b->parameters[0].axis, "bytes");
    assert_true(b->parameters[0].value == 4096 && !b->parameters[0].is_word);
    assert_null(b->parameters[1].axis);
    assert_string_equal(b->parameters[1].word, "zstd \"3\"");
    assert_string_equal(b->tags, "disk fast");
    assert_string_equal(b->unit, "us");
    assert_int_equal(b->threads, 4);
    const struct record *r = b->record;
    assert_int_equal(r->sample_count, RESULT_SAMPLES);
    assert_same_samples(a->record->samples, r->samples, true);
    assert_true(r->oversubscribed && r->threads == 4);
    assert_memory_equal(record_of_threads(r, 0), record_of_threads(a->record, 0),
                        r->sample_count * r->threads * sizeof(struct thread_sample));
    assert_true(r->linear && r->stop == STOP_PRECISION && r->state == RECORD_DONE);
    assert_true(r->warm_up_iterations == 4095 && r->warm_up_ns == 300000123.5);
    assert_true(r->bytes_per_iteration == 4096 && r->elements_per_iteration == 3);
    assert_int_equal(r->counter_count, 2);
    assert_string_equal(r->counters[0].name, "ratio");
    assert_string_equal(r->counters[0].unit, "x");
    assert_string_equal(r->counters[1].unit, "");
    assert_true(r->counters[0].value == 3.75 && r->counters[1].value == -1);
    assert_memory_equal(&r->latency, &a->record->latency, sizeof r->latency);
    assert_int_equal(r->metrics.count, 4);
    assert_memory_equal(&r->metrics.items, &a->record->metrics.items, 4 * sizeof(struct metric));
    assert_int_equal(b->metric_pair_count, a->metric_pair_count);
    assert_memory_equal(b->metric_pairs, a->metric_pairs,
                        a->metric_pair_count * sizeof *a->metric_pairs);
    assert_true(b->metric_pairs[0].failed && !b->metric_pairs[1].failed);
    assert_true(r->batched && r->cold == RECORD_SWEPT_PARTLY && r->evicted_bytes == 1 << 26);
    assert_memory_equal(&r->harness, &a->record->harness, sizeof r->harness);
    assert_same_buckets(r->histogram, a->record->histogram);
    assert_same_buckets(b->baseline->histogram, a->baseline->histogram);
    assert_memory_equal(&b->baseline->latency, &a->baseline->latency, sizeof r->latency);
    assert_int_equal(b->regression_count, 2);
    assert_int_equal(b->regressions[1].pair.responder, QUANTITY_PAGE_FAULTS);
    assert_true(r->other_cpus == 0.0625 && b->baseline->reference_ns == 1234.5);
    assert_string_equal(b->baseline->name, "main");
    assert_string_equal(b->baseline->commit, "0123456789ab");
    assert_int_equal(b->baseline->sample_count, RESULT_SAMPLES);
    assert_same_samples(a->baseline->samples, b->baseline->samples, false);
}

static void test_round_trip(void **state)
{
    struct str path = scratch_path(*state, "io.json");
    struct str text = STR_EMPTY;
    struct str again = STR_EMPTY;
    struct result written = sample_result();
    struct result read;
    struct error error = {0};
    result_write(&written, &text);
    save_text(str_text(&path), str_text(&text));
    assert_int_equal(result_read(str_text(&path), &read, &error), 0);
    assert_same_context(&written, &read);
    assert_int_equal(read.count, 5);
    assert_same_full(&written.benchmarks[0], &read.benchmarks[0]);
    assert_int_equal(read.benchmarks[1].threads, 1);
    assert_int_equal(read.benchmarks[1].record->threads, 0);
    assert_false(read.benchmarks[1].record->oversubscribed);
    assert_null(read.benchmarks[1].baseline);
    assert_null(read.benchmarks[1].tags);
    for (size_t i = 2; i < 5; i++) {
        assert_int_equal(read.benchmarks[i].status, written.benchmarks[i].status);
        assert_string_equal(read.benchmarks[i].reason, written.benchmarks[i].reason);
        assert_null(read.benchmarks[i].record);
    }
    /* Analysed again it is the same text. */
    for (size_t i = 0; i < 2; i++) {
        sample_analyse(&read, &read.benchmarks[i]);
    }
    result_write(&read, &again);
    assert_string_equal(str_text(&text), str_text(&again));
    result_release(&written);
    result_release(&read);
    str_release(&text);
    str_release(&again);
    str_release(&path);
}

static void assert_unreadable(const char *path, const char *why)
{
    struct result result;
    struct error error = {0};
    assert_int_equal(result_read(path, &result, &error), -1);
    assert_int_equal(error.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(error.text, path));
    if (strstr(error.text, why) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.text, why);
    }
    assert_int_equal(result.count, 0);
    assert_null(result.benchmarks);
}

static void test_every_truncation_is_refused(void **state)
{
    struct str path = scratch_path(*state, "io.json");
    struct str text = STR_EMPTY;
    struct result result = sample_context();
    sample_add_full(&result);
    result_write(&result, &text);
    /* Without the line break at the end it is whole. */
    for (size_t length = 0; length + 2 <= text.length; length += 1 + length / 50) {
        struct error error = {0};
        assert_int_equal(file_save(str_text(&path), text.data, length, &error), 0);
        assert_unreadable(str_text(&path), "not valid JSON");
    }
    result_release(&result);
    str_release(&text);
    str_release(&path);
}

static void test_no_result(void **state)
{
    struct str path = scratch_path(*state, "other.json");
    assert_unreadable(str_text(&path), "No such file");
    save_text(str_text(&path), "{}");
    assert_unreadable(str_text(&path), "names no schema");
    save_text(str_text(&path), "[]");
    assert_unreadable(str_text(&path), "names no schema");
    save_text(str_text(&path), "{\"schema\": \"assay-result/2\"}");
    assert_unreadable(str_text(&path), "\"assay-result/2\"; this version reads \"assay-result/1\"");
    save_text(str_text(&path), "{\"schema\": \"assay-result/1\"}");
    assert_unreadable(str_text(&path), "is not");
    save_text(str_text(&path), "{\"schema\": 1, \"schema\": 2}");
    assert_unreadable(str_text(&path), "not valid JSON");
    str_release(&path);
}

/* Puts each value in the place of each member of the document, in turn: it is read or refused,
 * never worse. */
static void try_values(json_t *root, json_t *object, const char *path)
{
    static const char *const values[] = {
        "null", "-1",   "1e300", "\"\"",        "[]",
        "{}",   "[[]]", "true",  "[-5, 1e308]", "9007199254740993"};
    const char *key;
    json_t *old;
    void *next;
    json_object_foreach_safe(object, next, key, old)
    {
        char name[64];
        snprintf(name, sizeof name, "%s", key);
        json_incref(old);
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            struct result result;
            struct error error = {0};
            json_object_set_new(object, name, json_loads(values[i], JSON_DECODE_ANY, NULL));
            json_dump_file(root, path, 0);
            int code = result_read(path, &result, &error);
            assert_int_equal(code, error_is_set(&error) ? -1 : 0);
            result_release(&result);
        }
        json_object_set_new(object, name, old);
    }
}

static void test_wrong_members(void **state)
{
    struct str path = scratch_path(*state, "io.json");
    struct str text = STR_EMPTY;
    struct result result = sample_context();
    sample_add_full(&result);
    result_write(&result, &text);
    json_t *root = json_loads(str_text(&text), 0, NULL);
    json_t *benchmark = json_array_get(json_object_get(root, "benchmarks"), 0);
    json_t *comparison = json_object_get(benchmark, "comparison");
    /* The curves are long and are not read. */
    json_object_del(benchmark, "bootstrap");
    json_object_del(benchmark, "density");
    json_object_del(json_object_get(comparison, "baseline"), "density");
    try_values(root, root, str_text(&path));
    try_values(root, json_object_get(root, "host"), str_text(&path));
    try_values(root, json_object_get(root, "build"), str_text(&path));
    try_values(root, benchmark, str_text(&path));
    try_values(root, json_object_get(benchmark, "samples"), str_text(&path));
    try_values(root, json_array_get(json_object_get(benchmark, "thread_samples"), 2),
               str_text(&path));
    json_t *latency = json_object_get(benchmark, "latency_ns");
    try_values(root, latency, str_text(&path));
    try_values(root, json_object_get(latency, "histogram"), str_text(&path));
    try_values(root, json_array_get(json_object_get(benchmark, "regressions"), 0), str_text(&path));
    try_values(root, comparison, str_text(&path));
    try_values(root, json_object_get(comparison, "baseline"), str_text(&path));
    json_decref(root);
    result_release(&result);
    str_release(&text);
    str_release(&path);
}

static void check_bad_samples(json_t *root, json_t *samples, const char *iterations,
                              const char *times, const char *path, const char *why)
{
    json_object_set_new(samples, "iterations", json_loads(iterations, 0, NULL));
    json_object_set_new(samples, "time_ns", json_loads(times, 0, NULL));
    json_dump_file(root, path, 0);
    assert_unreadable(path, why);
}

static void test_bad_samples(void **state)
{
    struct str path = scratch_path(*state, "io.json");
    struct str text = STR_EMPTY;
    struct result result = sample_context();
    sample_add_measured(&result, "plain", 12.5);
    result_write(&result, &text);
    json_t *root = json_loads(str_text(&text), 0, NULL);
    json_t *samples =
        json_object_get(json_array_get(json_object_get(root, "benchmarks"), 0), "samples");
    const char *file = str_text(&path);
    check_bad_samples(root, samples, "[1]", "[5]", file, "io/plain: \"iterations\" is not a list");
    check_bad_samples(root, samples, "[1, 2]", "[5]", file, "\"time_ns\" is not as long");
    check_bad_samples(root, samples, "[1, 0]", "[5, 5]", file, "positive iterations");
    check_bad_samples(root, samples, "[1, -3]", "[5, 5]", file, "positive iterations");
    check_bad_samples(root, samples, "[1, 2]", "[5, -5]", file, "positive iterations");
    check_bad_samples(root, samples, "[1, \"2\"]", "[5, 5]", file, "positive iterations");
    json_decref(root);
    result_release(&result);
    str_release(&text);
    str_release(&path);
}

/* What the threads did is all there, or the document is refused. */
static void test_bad_thread_samples(void **state)
{
    static const char *const bad[] = {
        "5", "[]", "[{}, {}]",
        "[{\"thread\": 0, \"iterations\": [1, 2], \"time_ns\": [5, 5]},"
        " {\"thread\": 1, \"iterations\": [1], \"time_ns\": [5, 5]}]",
        "[{\"thread\": 0, \"iterations\": [1, 2], \"time_ns\": [5, 5]},"
        " {\"thread\": 1, \"iterations\": [1, 0], \"time_ns\": [5, 5]}]"};
    struct str path = scratch_path(*state, "io.json");
    struct str text = STR_EMPTY;
    struct result result = sample_context();
    sample_add_team(&result, 2, 12.5);
    result_write(&result, &text);
    json_t *root = json_loads(str_text(&text), 0, NULL);
    json_t *benchmark = json_array_get(json_object_get(root, "benchmarks"), 0);
    json_t *samples = json_object_get(benchmark, "samples");
    json_object_set_new(samples, "iterations", json_loads("[1, 2]", 0, NULL));
    json_object_set_new(samples, "time_ns", json_loads("[5, 5]", 0, NULL));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        json_object_set_new(benchmark, "thread_samples", json_loads(bad[i], JSON_DECODE_ANY, NULL));
        json_dump_file(root, str_text(&path), 0);
        assert_unreadable(str_text(&path), "io/team/threads:2: \"thread_samples\" is not");
    }
    json_decref(root);
    result_release(&result);
    str_release(&text);
    str_release(&path);
}

/* A histogram that is not whole is no histogram: its quantiles would be wrong. */
static void test_bad_histograms(void **state)
{
    static const struct {
        const char *histogram;
        const char *why;
    } cases[] = {
        {"{\"sub_bits\": 9, \"index\": [5], \"count\": [3]}", "10 sub_bits"},
        {"{\"index\": [5], \"count\": [3]}", "10 sub_bits"},
        {"{\"sub_bits\": 10, \"index\": [5, 6], \"count\": [3]}", "as many indices"},
        {"{\"sub_bits\": 10, \"index\": [], \"count\": []}", "as many indices"},
        {"{\"sub_bits\": 10, \"index\": [6, 5], \"count\": [2, 1]}", "rising indices"},
        {"{\"sub_bits\": 10, \"index\": [-1], \"count\": [3]}", "rising indices"},
        {"{\"sub_bits\": 10, \"index\": [25600], \"count\": [3]}", "rising indices"},
        {"{\"sub_bits\": 10, \"index\": [5, 6], \"count\": [3, 0]}", "positive counts"},
        {"{\"sub_bits\": 10, \"index\": [5], \"count\": [4]}", "of as many values"},
        {"{\"sub_bits\": 10, \"index\": [5], \"count\": [3]}", NULL},
    };
    struct str path = scratch_path(*state, "io.json");
    struct str text = STR_EMPTY;
    struct result result = sample_context();
    sample_add_measured(&result, "plain", 12.5);
    result.benchmarks[0].record->latency = (struct latency_summary){.count = 3, .p50_ns = 5};
    result_write(&result, &text);
    json_t *root = json_loads(str_text(&text), 0, NULL);
    json_t *latency =
        json_object_get(json_array_get(json_object_get(root, "benchmarks"), 0), "latency_ns");
    assert_null(json_object_get(latency, "histogram"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_object_set_new(latency, "histogram", json_loads(cases[i].histogram, 0, NULL));
        json_dump_file(root, str_text(&path), 0);
        if (cases[i].why != NULL) {
            assert_unreadable(str_text(&path), cases[i].why);
            continue;
        }
        struct result read;
        struct error error = {0};
        assert_int_equal(result_read(str_text(&path), &read, &error), 0);
        assert_true(read.benchmarks[0].record->histogram->buckets[5] == 3);
        result_release(&read);
    }
    json_decref(root);
    result_release(&result);
    str_release(&text);
    str_release(&path);
}

static void check_scaling(const struct result_benchmark *b, unsigned base, double speed_up,
                          double efficiency)
{
    assert_int_equal(b->scaling.base_threads, base);
    assert_near(b->scaling.speed_up.point, speed_up, 1e-9);
    assert_near(b->scaling.efficiency.point, efficiency, 1e-9);
}

/* The family of a benchmark has its bench and its parameters, in any order. */
static void test_scaling(void **state)
{
    (void)state;
    struct result result = sample_context();
    sample_add_team(&result, 4, 200);
    sample_add_measured(&result, "team2", 100);
    sample_add_team(&result, 8, 400);
    sample_add_team(&result, 2, 100);
    sample_add_team(&result, 2, 50)->parameter_count = 1; /* no other has it on another number */
    sample_add_unmeasured(&result, "team", RESULT_FAILED, "no thread");
    result_scale(&result);
    check_scaling(&result.benchmarks[0], 2, 1, 0.5);
    check_scaling(&result.benchmarks[2], 2, 1, 0.25);
    check_scaling(&result.benchmarks[3], 2, 1, 1);
    assert_near(result.benchmarks[0].scaling.iterations_per_s.point,
                4e9 / result.benchmarks[0].analysis->estimates[STATISTIC_LOWMEAN].point, 1e-12);
    for (size_t i = 1; i < result.count; i += i == 1 ? 3 : 1) {
        assert_int_equal(result.benchmarks[i].scaling.base_threads, 0);
    }
    result.benchmarks[2].below_resolution = true;
    result_scale(&result);
    for (size_t i = 0; i < result.count; i++) {
        assert_int_equal(result.benchmarks[i].scaling.base_threads, 0);
    }
    result_release(&result);
}

/* Times that no clock can give (subnormal, near the largest number) must not end in figures that
 * are not finite: the writer would stop the program. They are refused, or analysed to finite
 * figures. */
static void test_absurd_times(void **state)
{
    static const char *const times[] = {"[4e-320, 5e-320, 8e-320]", "[1e308, 1.5e308, 1.2e308]",
                                        "[1e-300, 1e-299, 1e-298]", "[1e160, 3e160, 9e160]"};
    struct str path = scratch_path(*state, "io.json");
    struct str text = STR_EMPTY;
    struct result result = sample_context();
    sample_add_measured(&result, "plain", 12.5);
    result_write(&result, &text);
    json_t *root = json_loads(str_text(&text), 0, NULL);
    json_t *samples =
        json_object_get(json_array_get(json_object_get(root, "benchmarks"), 0), "samples");
    json_object_set_new(samples, "iterations", json_loads("[1, 1, 1]", 0, NULL));
    for (size_t i = 0; i < 4; i++) {
        struct result read;
        struct error error = {0};
        json_object_set_new(samples, "time_ns", json_loads(times[i], 0, NULL));
        json_dump_file(root, str_text(&path), 0);
        if (result_read(str_text(&path), &read, &error) != 0) {
            continue;
        }
        sample_analyse(&read, &read.benchmarks[0]);
        const struct analysis *a = read.benchmarks[0].analysis;
        for (size_t s = 0; s < STATISTICS; s++) {
            assert_true(isfinite(a->estimates[s].upper) &&
                        isfinite(a->estimates[s].standard_error));
            assert_true(isfinite(a->curves[s].density[100]));
        }
        assert_true(isfinite(a->density.density[100]) && isfinite(a->outliers.fences[3]));
        result_release(&read);
    }
    json_decref(root);
    result_release(&result);
    str_release(&text);
    str_release(&path);
}

/* A comparison is doubtful when the machine was not as fast in both runs; where that is not known,
 * the floor counts. */
static void test_machine_of_both_runs(void **state)
{
    (void)state;
    static const struct {
        double now;
        double old;
        double drift;
    } cases[] = {{1000, 1000, 0.03}, {1000, 0, 0.03}, {2000, 1000, 0.06 + 0.8 * 0.693147180559945}};
    for (size_t i = 0; i < 3; i++) {
        struct result result = sample_context();
        sample_add_full(&result);
        struct result_benchmark *b = &result.benchmarks[0];
        free(b->analysis);
        b->record->reference_ns = cases[i].now;
        b->baseline->reference_ns = cases[i].old;
        sample_analyse(&result, b);
        assert_near(b->analysis->comparison.drift, cases[i].drift, 1e-12);
        result_release(&result);
    }
}

static void test_find(void **state)
{
    (void)state;
    struct result result = sample_result();
    assert_string_equal(result_find(&result, "io/plain")->bench, "plain");
    assert_null(result_find(&result, "io/plai"));
    result_release(&result);
    assert_null(result_find(&result, "io/plain"));
    result_release(&result); /* twice does no harm */
}

/* Adding moves the benchmarks; what they hold stays. */
static void test_many(void **state)
{
    (void)state;
    struct result result = sample_context();
    char name[32];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "b%d", i);
        sample_add_unmeasured(&result, name, RESULT_SKIPPED, name);
    }
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "io/b%d", i);
        assert_string_equal(result_find(&result, name)->reason, name + 3);
    }
    result_release(&result);
}

static void test_utc(void **state)
{
    (void)state;
    char text[21];
    result_format_utc(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    result_format_utc(1769860800, text);
    assert_string_equal(text, "2026-01-31T12:00:00Z");
    result_format_utc(951827696, text); /* a leap day */
    assert_string_equal(text, "2000-02-29T12:34:56Z");
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_round_trip),     IN_SCRATCH(test_every_truncation_is_refused),
        IN_SCRATCH(test_no_result),      IN_SCRATCH(test_wrong_members),
        IN_SCRATCH(test_bad_samples),    IN_SCRATCH(test_bad_thread_samples),
        IN_SCRATCH(test_bad_histograms), cmocka_unit_test(test_scaling),
        IN_SCRATCH(test_absurd_times),   cmocka_unit_test(test_machine_of_both_runs),
        cmocka_unit_test(test_find),     cmocka_unit_test(test_many),
        cmocka_unit_test(test_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
