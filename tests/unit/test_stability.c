/* The grade of a machine: numpy's figures, and the edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/stability.h"
#include "near.h"
#include "vectors.h"

#define TIGHT 1e-12

static void check_one(const json_t *vector)
{
    struct numbers at = vectors_numbers(vector, "at_ns");
    struct numbers work = vectors_numbers(vector, "work_ns");
    struct observation *seen = calloc(at.count, sizeof *seen);
    assert_non_null(seen);
    for (size_t i = 0; i < at.count; i++) {
        seen[i] = (struct observation){at.at[i], work.at[i]};
    }
    struct stability_input input = {.at = seen,
                                    .count = at.count,
                                    .steal_share = vectors_number(vector, "steal_share"),
                                    .switches_per_s = vectors_number(vector, "switches_per_s")};
    struct stability s = stability_grade(&input);
    int grade = (int)vectors_number(vector, "grade");
    assert_int_equal(s.grade, grade == 0 ? 0 : 'A' + grade - 1);
    assert_int_equal(s.observations, at.count);
    assert_near(s.seconds, vectors_number(vector, "seconds"), TIGHT);
    if (grade != 0) {
        assert_within(s.variation, vectors_number(vector, "variation"), TIGHT);
        assert_within(s.slowed_share, vectors_number(vector, "slowed_share"), TIGHT);
        assert_within(s.slowed_10_share, vectors_number(vector, "slowed_10_share"), TIGHT);
    }
    assert_int_equal(stability_advice(&s)[0] == '\0', s.grade == 0 || s.grade == 'A');
    free(seen);
    free(at.at);
    free(work.at);
}

static void test_vectors(void **state)
{
    json_t *root = vectors_load();
    const json_t *list;
    size_t index;
    json_t *vector;
    size_t seen[6] = {0};
    (void)state;
    assert_non_null(root);
    list = vectors_member(root, "stability");
    json_array_foreach(list, index, vector)
    {
        check_one(vector);
        int grade = (int)vectors_number(vector, "grade");
        assert_in_range(grade, 0, 5);
        seen[grade]++;
    }
    for (size_t grade = 0; grade <= 5; grade++) {
        assert_true(seen[grade] > 0);
    }
    json_decref(root);
}

static void test_nothing_was_observed(void **state)
{
    (void)state;
    struct observation one = {5, 1000};
    struct stability none = stability_grade(&(struct stability_input){.count = 0});
    assert_true(none.grade == 0 && none.observations == 0 && none.seconds == 0);
    struct stability single = stability_grade(&(struct stability_input){.at = &one, .count = 1});
    assert_true(single.grade == 0 && single.observations == 1 && single.seconds == 0);
    assert_non_null(strstr(stability_meaning(0), "too short"));
}

/* What limits the grade is what the advice speaks of. */
static void test_advice_names_the_cause(void **state)
{
    (void)state;
    struct stability s = {.grade = 'D', .switches_per_s = 150};
    assert_non_null(strstr(stability_advice(&s), "--pin"));
    s = (struct stability){.grade = 'D', .steal_share = 0.05, .switches_per_s = 10};
    assert_non_null(strstr(stability_advice(&s), "other guests"));
    s = (struct stability){.grade = 'D', .variation = 0.05, .slowed_share = 0.2};
    assert_non_null(strstr(stability_advice(&s), "frequency"));
    s = (struct stability){.grade = 'D', .variation = 0.02, .slowed_share = 0.5};
    assert_non_null(strstr(stability_advice(&s), "sibling"));
}

static void test_kept_observations_stay_spread(void **state)
{
    (void)state;
    struct observations *o = calloc(1, sizeof *o);
    assert_non_null(o);
    for (uint32_t i = 0; i < 10 * OBSERVATIONS_MAX; i++) {
        observations_add(o, i, 2.0 * i);
    }
    assert_int_equal(o->came, 10 * OBSERVATIONS_MAX);
    assert_in_range(o->count, OBSERVATIONS_MAX / 2, OBSERVATIONS_MAX);
    double step = o->at[1].at_ns - o->at[0].at_ns;
    assert_true(o->at[0].at_ns == 0);
    for (uint32_t i = 1; i < o->count; i++) {
        assert_true(o->at[i].at_ns - o->at[i - 1].at_ns == step);
        assert_true(o->at[i].work_ns == 2 * o->at[i].at_ns);
    }
    assert_true(o->at[o->count - 1].at_ns + step >= 10 * OBSERVATIONS_MAX);
    free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_nothing_was_observed),
        cmocka_unit_test(test_advice_names_the_cause),
        cmocka_unit_test(test_kept_observations_stay_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
