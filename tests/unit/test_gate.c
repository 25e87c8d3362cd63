/* Gates of metrics: which growth fails a comparison. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "analysis/gate.h"

static struct metric_list list_of(const char *name, const double *laps, size_t count)
{
    struct metric_list list = {.count = 0};
    metric_measure(metric_add(&list, "allocator", name, ""), laps, count);
    return list;
}

static struct metric_pair judge(const char *gates_text, const char *name, const double old_laps[2],
                                const double new_laps[2])
{
    struct gates gates;
    struct error error = {0};
    struct metric_pair pairs[2 * METRICS_MAX];
    struct metric_list old_list = list_of(name, old_laps, 2);
    struct metric_list new_list = list_of(name, new_laps, 2);
    assert_int_equal(gates_parse(gates_text, &gates, &error), 0);
    assert_int_equal(gate_pairs(&old_list, &new_list, &gates, pairs), 1);
    return pairs[0];
}

static void default_allows_no_further_allocation(void **state)
{
    (void)state;
    struct metric_pair pair =
        judge(GATES_DEFAULT, "allocations", (double[]){3, 3}, (double[]){3.01, 3.01});
    assert_int_equal(pair.change, METRIC_MORE);
    assert_true(pair.gated && pair.failed);
    assert_true(fabs(gate_growth(&pair) - 0.01 / 3) < 1e-12);
    pair = judge(GATES_DEFAULT, "allocations", (double[]){3, 3}, (double[]){3, 3});
    assert_int_equal(pair.change, METRIC_SAME);
    assert_false(pair.failed);
    pair = judge(GATES_DEFAULT, "allocations", (double[]){3, 3}, (double[]){2, 2});
    assert_int_equal(pair.change, METRIC_LESS);
    assert_false(pair.failed);
    pair = judge(GATES_DEFAULT, "allocations", (double[]){0, 0}, (double[]){0.01, 0.01});
    assert_true(pair.failed);
    assert_true(gate_growth(&pair) == 0);
    pair = judge(GATES_DEFAULT, "frees", (double[]){1, 1}, (double[]){9, 9});
    assert_int_equal(pair.change, METRIC_MORE);
    assert_false(pair.gated || pair.failed);
}

static void what_varies_must_leave_the_old_range(void **state)
{
    (void)state;
    struct metric_pair pair =
        judge(GATES_DEFAULT, "allocations", (double[]){1.2, 1.5}, (double[]){1.4, 1.9});
    assert_int_equal(pair.change, METRIC_SAME);
    assert_false(pair.failed);
    pair = judge(GATES_DEFAULT, "allocations", (double[]){1.2, 1.5}, (double[]){1.6, 1.9});
    assert_int_equal(pair.change, METRIC_MORE);
    assert_true(pair.failed);
}

static void a_tolerance_is_kept(void **state)
{
    (void)state;
    const double old_laps[2] = {1000, 1000};
    assert_false(
        judge("instructions=0.2%", "instructions", old_laps, (double[]){1002, 1002}).failed);
    assert_true(
        judge("instructions=0.2%", "instructions", old_laps, (double[]){1003, 1003}).failed);
    assert_true(
        judge("frees=0,instructions=0.002", "instructions", old_laps, (double[]){1003, 1003})
            .failed);
    assert_false(judge("none", "instructions", old_laps, (double[]){2000, 2000}).gated);
}

static void one_side_alone_is_not_judged(void **state)
{
    (void)state;
    struct gates gates;
    struct error error = {0};
    struct metric_pair pairs[2 * METRICS_MAX];
    struct metric_list empty = {.count = 0};
    struct metric_list some = list_of("allocations", (double[]){7, 7}, 2);
    struct metric_list denied = {.count = 0};
    metric_deny(metric_add(&denied, "allocator", "allocations", ""), "the program is linked %s",
                "statically");
    assert_int_equal(gates_parse(GATES_DEFAULT, &gates, &error), 0);
    assert_int_equal(gate_pairs(&empty, &some, &gates, pairs), 1);
    assert_int_equal(pairs[0].change, METRIC_UNKNOWN);
    assert_int_equal(pairs[0].old_metric.state, METRIC_UNAVAILABLE);
    assert_string_equal(pairs[0].old_metric.reason, "the old side has no such metric");
    assert_int_equal(gate_pairs(&some, &empty, &gates, pairs), 1);
    assert_int_equal(pairs[0].new_metric.state, METRIC_UNAVAILABLE);
    assert_int_equal(gate_pairs(&denied, &some, &gates, pairs), 1);
    assert_int_equal(pairs[0].change, METRIC_UNKNOWN);
    assert_string_equal(pairs[0].old_metric.reason, "the program is linked statically");
    assert_false(pairs[0].failed);
}

static void bad_gates_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *named;
    } cases[] = {{"allocations", "\"allocations\" is not NAME=PART"},
                 {"=3", "\"=3\" is not NAME=PART"},
                 {"allocations=x", "\"x\" is no part"},
                 {"allocations=-1", "\"-1\" is no part"},
                 {"a=0,b", "\"b\" is not NAME=PART"},
                 {"a=", "\"\" is no part"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gates gates;
        struct error error = {0};
        assert_int_equal(gates_parse(cases[i].text, &gates, &error), -1);
        assert_int_equal(error.status, STATUS_USAGE);
        assert_non_null(strstr(error.text, cases[i].named));
    }
    char many[400] = "";
    for (int i = 0; i <= GATES_MAX; i++) {
        memcpy(many + 4 * i, "m=0,", sizeof "m=0,");
    }
    struct gates gates;
    struct error error = {0};
    assert_int_equal(gates_parse(many, &gates, &error), -1);
    assert_non_null(strstr(error.text, "more than 16"));
}

static void a_metric_is_never_infinite(void **state)
{
    (void)state;
    struct metric_list list = list_of("cycles", (double[]){1, INFINITY}, 2);
    assert_int_equal(list.items[0].state, METRIC_UNAVAILABLE);
    assert_true(list.items[0].reason[0] != '\0');
    for (int i = 0; i < 2 * METRICS_MAX; i++) {
        struct metric *metric = metric_add(&list, "perf", "cycles", "");
        metric_measure(metric, (double[]){1}, 1);
        metric_deny(metric, "x");
    }
    assert_int_equal(list.count, METRICS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_allows_no_further_allocation),
        cmocka_unit_test(what_varies_must_leave_the_old_range),
        cmocka_unit_test(a_tolerance_is_kept),
        cmocka_unit_test(one_side_alone_is_not_judged),
        cmocka_unit_test(bad_gates_are_named),
        cmocka_unit_test(a_metric_is_never_infinite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
