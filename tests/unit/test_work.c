/* Instruction counts as a witness: more work, the same, or no telling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "analysis/work.h"

/* Bounds of both sides, each with its middle as the count. */
static enum work judge(double old_lower, double old_upper, double new_lower, double new_upper,
                       double least)
{
    struct gates none = {.count = 0};
    struct metric_pair pairs[2 * METRICS_MAX];
    struct metric_list sides[2] = {{.count = 0}, {.count = 0}};
    metric_measure(metric_add(&sides[0], "valgrind", "instructions", ""),
                   (double[]){old_lower, old_upper}, 2);
    metric_measure(metric_add(&sides[1], "valgrind", "instructions", ""),
                   (double[]){new_lower, new_upper}, 2);
    assert_int_equal(gate_pairs(&sides[0], &sides[1], &none, pairs), 1);
    return work_judge(&pairs[0], least);
}

static void exact_counts_differ_by_one(void **state)
{
    (void)state;
    assert_int_equal(judge(1e6, 1e6, 1e6 + 1, 1e6 + 1, 0), WORK_MORE);
    assert_int_equal(judge(1e6, 1e6, 1e6 - 1, 1e6 - 1, 0), WORK_LESS);
    assert_int_equal(judge(1e6, 1e6, 1e6, 1e6, 0), WORK_SAME);
    assert_int_equal(judge(0, 0, 0, 0, 0), WORK_SAME);
    assert_int_equal(judge(0, 0, 1, 1, 0), WORK_MORE);
}

static void a_witness_wants_more_than_a_trifle(void **state)
{
    (void)state;
    assert_int_equal(judge(10000, 10000, 10019, 10019, WORK_WITNESS), WORK_SAME);
    assert_int_equal(judge(10000, 10000, 10021, 10021, WORK_WITNESS), WORK_MORE);
    assert_int_equal(judge(10000, 10000, 9981, 9981, WORK_WITNESS), WORK_SAME);
    assert_int_equal(judge(10000, 10000, 9979, 9979, WORK_WITNESS), WORK_LESS);
    assert_int_equal(judge(0, 0, 1, 1, WORK_WITNESS), WORK_MORE);
}

static void ranges_that_overlap_tell_nothing(void **state)
{
    (void)state;
    assert_int_equal(judge(90, 110, 100, 120, 0), WORK_VARIES);
    assert_int_equal(judge(100, 100, 90, 110, 0), WORK_VARIES);
    assert_int_equal(judge(90, 110, 111, 130, 0), WORK_MORE);
    assert_int_equal(judge(90, 110, 70, 89, 0), WORK_LESS);
}

static void a_side_without_a_count_is_unknown(void **state)
{
    struct gates none = {.count = 0};
    struct metric_pair pairs[2 * METRICS_MAX];
    struct metric_list old_side = {.count = 0};
    struct metric_list new_side = {.count = 0};
    (void)state;
    metric_deny(metric_add(&old_side, "valgrind", "instructions", ""), "no valgrind");
    metric_measure(metric_add(&new_side, "valgrind", "instructions", ""), (double[]){5}, 1);
    assert_int_equal(gate_pairs(&old_side, &new_side, &none, pairs), 1);
    assert_int_equal(work_judge(&pairs[0], 0), WORK_UNKNOWN);
    assert_string_equal(work_name(WORK_UNKNOWN), "unknown");
    assert_string_equal(work_name(WORK_VARIES), "varies");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_counts_differ_by_one),
        cmocka_unit_test(a_witness_wants_more_than_a_trifle),
        cmocka_unit_test(ranges_that_overlap_tell_nothing),
        cmocka_unit_test(a_side_without_a_count_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
