/* A machine that is slowed by neighbours, as the reference work between the laps shows. */
#include "sampler_play.h"

/* Samples of a slowed machine are taken again while there is time for that and a round more; then
 * they are kept. */
static void test_samples_of_a_slowed_machine(void **state)
{
    (void)state;
    static const size_t slowed[] = {0, 1, SIZE + 50};
    for (size_t i = 0; i < sizeof slowed / sizeof slowed[0]; i++) {
        struct asked asked = {.answer_from = 0};
        struct sampler_plan plan = in_rounds(&asked);
        struct machine m = {.ns = 50, .slowed_laps = slowed[i]};
        plan.reference_max_ns = 1050;
        play(&plan, &m);
        assert_int_equal(record->sample_count, SIZE);
        /* The one behind the last slowed one began on a slowed machine. */
        assert_int_equal(record->retaken, slowed[i] == 0 ? 0 : slowed[i] + 1);
        assert_linear_round(0);    /* the plan's iterations all the same */
        plan.reference_max_ns = 0; /* not known: nothing to hold the machine against */
        m = (struct machine){.ns = 50, .slowed_laps = slowed[i]};
        play(&plan, &m);
        assert_int_equal(record->retaken, 0);
    }
}

static void test_machine_that_stays_slowed(void **state)
{
    (void)state;
    struct asked asked = {.answer_from = 0};
    struct sampler_plan plan = in_rounds(&asked);
    struct machine m = {.ns = 50, .slowed_laps = SIZE_MAX};
    plan.reference_max_ns = 1050;
    play(&plan, &m);
    assert_int_equal(record->sample_count, SIZE);
    assert_true(record->retaken > SIZE);
    assert_true(m.now_ns - m.begun_ns < plan.measure_ns * 1.05);
    plan = usual; /* one round that fills the time: none to spare */
    plan.reference_max_ns = 1050;
    m = (struct machine){.ns = 50, .slowed_laps = SIZE_MAX};
    play(&plan, &m);
    assert_int_equal(record->retaken, 0);
    assert_int_equal(record->sample_count, SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_of_a_slowed_machine),
        cmocka_unit_test(test_machine_that_stays_slowed),
    };
    return cmocka_run_group_tests(tests, make_record, free_record);
}
