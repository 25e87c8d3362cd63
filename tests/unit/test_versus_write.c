/* A comparison in memory and as a document. That the published schema accepts the documents is
 * tested by tests/cli/test_compare_documents.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "near.h"
#include "versus_sample.h"

static json_t *written(const struct versus *v)
{
    struct str text = STR_EMPTY;
    json_error_t cause;
    versus_write(v, &text);
    assert_int_equal(str_text(&text)[text.length - 1], '\n');
    json_t *root = json_loads(str_text(&text), JSON_REJECT_DUPLICATES, &cause);
    if (root == NULL) {
        fail_msg("line %d: %s", cause.line, cause.text);
    }
    str_release(&text);
    return root;
}

static const json_t *benchmark_in(const json_t *root, const char *id)
{
    const json_t *list = json_object_get(root, "benchmarks");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *b = json_array_get(list, i);
        if (strcmp(json_string_value(json_object_get(b, "id")), id) == 0) {
            return b;
        }
    }
    fail_msg("%s is not in the document", id);
    return NULL;
}

static const char *text_in(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static double number_in(const json_t *object, const char *key)
{
    assert_true(json_is_number(json_object_get(object, key)));
    return json_number_value(json_object_get(object, key));
}

static void replace_with_null(char **text)
{
    free(*text);
    *text = NULL;
}

static void test_counts(void **state)
{
    (void)state;
    struct versus v = versus_sample();
    struct versus_counts counts = versus_count(&v);
    assert_int_equal(counts.regressed, 2);
    assert_int_equal(counts.improved, 1);
    assert_int_equal(counts.unchanged, 3);
    assert_int_equal(counts.inconclusive, 2);
    assert_int_equal(counts.below_resolution, 1);
    assert_int_equal(counts.identical, 1);
    assert_int_equal(counts.skipped, 1);
    assert_int_equal(counts.failed, 1);
    assert_int_equal(counts.untried, 1);
    assert_int_equal(counts.tail_slower, 1);
    assert_int_equal(counts.layout_alone, 0);
    v.benchmarks[0].status = VERSUS_COMPARED;
    v.benchmarks[0].below_resolution = false;
    v.benchmarks[0].verdict = VERSUS_UNCHANGED;
    v.benchmarks[0].layout_alone = true;
    assert_int_equal(versus_count(&v).layout_alone, 1);
    versus_release(&v);
    assert_int_equal(v.count, 0);
    assert_null(v.benchmarks);
    counts = versus_count(&v);
    assert_int_equal(counts.unchanged, 0);
}

/* What was never judged is in no verdict, whatever stands in the field. */
static void test_below_resolution_has_no_verdict(void **state)
{
    (void)state;
    struct versus v = versus_sample();
    for (size_t i = 0; i < v.count; i++) {
        v.benchmarks[i].below_resolution = true;
        v.benchmarks[i].tail_slower = true;
    }
    struct versus_counts counts = versus_count(&v);
    assert_int_equal(counts.below_resolution, 9);
    assert_int_equal(counts.regressed + counts.improved + counts.unchanged + counts.inconclusive,
                     0);
    assert_int_equal(counts.tail_slower, 0);
    assert_int_equal(counts.failed, 1);
    versus_release(&v);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(versus_verdict_name(VERSUS_INCONCLUSIVE), "inconclusive");
    assert_string_equal(versus_verdict_name(VERSUS_UNCHANGED), "unchanged");
    assert_string_equal(versus_verdict_name(VERSUS_IMPROVED), "improved");
    assert_string_equal(versus_verdict_name(VERSUS_REGRESSED), "regressed");
    assert_string_equal(versus_status_name(VERSUS_COMPARED), "compared");
    assert_string_equal(versus_status_name(VERSUS_IDENTICAL), "identical");
    assert_string_equal(versus_status_name(VERSUS_SKIPPED), "skipped");
    assert_string_equal(versus_status_name(VERSUS_FAILED), "failed");
    assert_string_equal(versus_status_name(VERSUS_UNTRIED), "untried");
}

static void test_context(void **state)
{
    (void)state;
    struct versus v = versus_sample();
    versus_add_warning(&v, "second");
    json_t *root = written(&v);
    assert_string_equal(text_in(root, "schema"), VERSUS_SCHEMA);
    assert_string_equal(text_in(root, "started_utc"), "2026-01-31T12:00:00Z");
    assert_near(number_in(root, "duration_s"), 41.75, 1e-15);
    assert_near(number_in(root, "disturbed_ratio"), 0.00435, 1e-15);
    assert_true(json_is_true(json_object_get(root, "complete")));
    assert_true(json_is_true(json_object_get(root, "trusted")));
    const json_t *warnings = json_object_get(root, "warnings");
    assert_int_equal(json_array_size(warnings), 2);
    assert_string_equal(json_string_value(json_array_get(warnings, 1)), "second");
    const json_t *new_side = json_object_get(root, "new");
    assert_string_equal(text_in(new_side, "name"), "faster-ids");
    assert_string_equal(text_in(new_side, "path"), "build/release/bin");
    assert_string_equal(text_in(new_side, "commit"), "fedcba987654");
    assert_true(json_is_true(json_object_get(new_side, "dirty")));
    assert_string_equal(text_in(json_object_get(new_side, "build"), "compiler"), "gcc 12.2.0");
    assert_string_equal(text_in(json_object_get(root, "host"), "name"), "bench-1");
    assert_string_equal(text_in(json_object_get(root, "clock"), "source"), "tsc");
    assert_int_equal(json_integer_value(json_object_get(root, "seed")), 20260131);
    assert_int_equal(json_array_size(json_object_get(root, "only_old")), 1);
    assert_int_equal(json_array_size(json_object_get(root, "only_new")), 2);
    const json_t *counts = json_object_get(root, "counts");
    assert_int_equal(json_integer_value(json_object_get(counts, "regressed")), 2);
    assert_int_equal(json_integer_value(json_object_get(counts, "only_new")), 2);
    json_decref(root);
    versus_release(&v);
}

/* What is not known is null, never a number that means "none". */
static void test_nulls(void **state)
{
    (void)state;
    struct versus v = versus_sample();
    replace_with_null(&v.old_side.commit);
    replace_with_null(&v.old_side.flags);
    v.settings.cpu = -1;
    struct versus_benchmark *b = versus_find(&v, "batching/process_batch/1000");
    b->tail = (struct versus_interval){0};
    b->old_times.density.step = 0;
    b->pairs[2].new_tail_ns = 0;
    json_t *root = written(&v);
    const json_t *old_side = json_object_get(root, "old");
    assert_true(json_is_null(json_object_get(old_side, "commit")));
    assert_true(json_is_null(json_object_get(json_object_get(old_side, "build"), "flags")));
    const json_t *settings = json_object_get(root, "settings");
    assert_true(json_is_null(json_object_get(settings, "cpu")));
    assert_true(json_is_null(json_object_get(settings, "time_budget_s")));
    const json_t *benchmark = benchmark_in(root, b->id);
    assert_true(json_is_null(json_object_get(benchmark, "pairs_needed")));
    assert_true(json_is_null(json_object_get(benchmark, "seconds_needed")));
    assert_true(json_is_null(json_object_get(benchmark, "signed_rank_p_value")));
    assert_true(json_is_null(json_object_get(benchmark, "note")));
    assert_true(json_is_null(json_object_get(json_object_get(benchmark, "tail"), "effect_ratio")));
    assert_true(json_is_null(json_object_get(json_object_get(benchmark, "old"), "density")));
    const json_t *tails = json_object_get(json_object_get(benchmark, "pairs"), "new_tail_ns");
    assert_true(json_is_null(json_array_get(tails, 2)));
    assert_true(json_is_number(json_array_get(tails, 1)));
    json_decref(root);
    versus_release(&v);
}

static void test_compared(void **state)
{
    (void)state;
    struct versus v = versus_sample();
    const struct versus_benchmark *b = versus_find(&v, "serialization/traces/direct/100");
    json_t *root = written(&v);
    const json_t *benchmark = benchmark_in(root, b->id);
    assert_string_equal(text_in(benchmark, "status"), "compared");
    assert_string_equal(text_in(benchmark, "verdict"), "regressed");
    assert_true(json_is_null(json_object_get(benchmark, "reason")));
    const json_t *effect = json_object_get(benchmark, "effect_ratio");
    assert_true(number_in(effect, "point") == b->effect.point);
    assert_true(number_in(effect, "lower") == b->effect.lower);
    assert_true(number_in(effect, "upper") == b->effect.upper);
    assert_true(number_in(benchmark, "p_value") == b->p_value);
    assert_true(number_in(benchmark, "signed_rank_p_value") == b->rank_p_value);
    assert_true(number_in(benchmark, "smallest_detectable_ratio") == b->detectable);
    const json_t *pairs = json_object_get(benchmark, "pairs");
    const json_t *orders = json_object_get(pairs, "order");
    const json_t *lowmeans = json_object_get(pairs, "new_lowmean_ns");
    const json_t *confirming = json_object_get(pairs, "confirming");
    assert_int_equal(json_array_size(orders), 38);
    for (size_t i = 0; i < 38; i++) {
        assert_int_equal(json_integer_value(json_array_get(orders, i)), b->pairs[i].order);
        assert_true(json_number_value(json_array_get(lowmeans, i)) == b->pairs[i].new_lowmean_ns);
        assert_true(json_is_true(json_array_get(confirming, i)) == (i >= 8));
    }
    const json_t *times = json_object_get(json_object_get(benchmark, "new"), "times_ns");
    assert_true(number_in(times, "median") == b->new_times.median_ns);
    const json_t *density = json_object_get(json_object_get(benchmark, "new"), "density");
    assert_true(number_in(density, "start_ns") == b->new_times.density.start);
    assert_int_equal(json_array_size(json_object_get(density, "density")), CURVE_POINTS);
    json_decref(root);
    versus_release(&v);
}

static void test_not_compared(void **state)
{
    (void)state;
    struct versus v = versus_sample();
    json_t *root = written(&v);
    const json_t *failed = benchmark_in(root, "network_io/grpc_export/100");
    assert_int_equal(json_object_size(failed), 4);
    assert_string_equal(text_in(failed, "status"), "failed");
    assert_string_equal(text_in(failed, "suite"), "network_io");
    assert_string_equal(text_in(failed, "reason"),
                        "new (faster-ids): ended by signal 11 (Segmentation fault)");
    assert_true(
        json_is_null(json_object_get(benchmark_in(root, "span_creation/links/2"), "reason")));
    const json_t *canaries = json_object_get(root, "canaries");
    assert_int_equal(json_array_size(canaries), 4);
    const json_t *slower = json_array_get(canaries, 2);
    assert_true(json_is_true(json_object_get(slower, "slower")));
    assert_true(json_is_false(json_object_get(slower, "misfired")));
    assert_string_equal(text_in(json_object_get(slower, "benchmark"), "id"), "canary/slower/1");
    json_decref(root);
    versus_release(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),       cmocka_unit_test(test_below_resolution_has_no_verdict),
        cmocka_unit_test(test_names),        cmocka_unit_test(test_context),
        cmocka_unit_test(test_nulls),        cmocka_unit_test(test_compared),
        cmocka_unit_test(test_not_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
