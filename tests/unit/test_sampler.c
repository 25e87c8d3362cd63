/* Machines of known speed, played to the sampler. */
#include "sampler_play.h"

static void test_steady_machine(void **state)
{
    (void)state;
    struct machine m = {.ns = 50, .lap_ns = 200};
    play(&usual, &m);
    uint64_t step = assert_linear();
    /* 5050 steps of 50 ns fill 1.5 s. */
    assert_near((double)step, 1500 * MS / 5050 / 50, 0.01);
    double sampling_ns = m.now_ns - m.begun_ns;
    assert_near(sampling_ns, usual.measure_ns, 0.01);
    assert_int_equal(record->planned, SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        assert_near(record->samples[i].time_ns, 50 * (double)record->samples[i].iterations, 1e-9);
    }
}

/* Warm-up ends when its time is up: a lap is never planned beyond, and a fast kernel is not
 * measured cold. */
static void test_warm_up(void **state)
{
    (void)state;
    static const double costs[] = {0.3, 5, 1000, 20000, 3 * MS, 40 * MS};
    for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
        struct machine m = {.ns = costs[i], .lap_ns = 100};
        play(&usual, &m);
        assert_true(record->warm_up_ns >= usual.warm_up_ns);
        assert_true(record->warm_up_ns <= usual.warm_up_ns * 1.001 + costs[i] + 2 * m.lap_ns);
        assert_true((double)record->warm_up_iterations * costs[i] >= usual.warm_up_ns * 0.95);
    }
}

/* Laps double, so that a wrong guess from a cold start costs little: 30 laps for 500 ms of a
 * nanosecond. */
static void test_warm_up_doubles(void **state)
{
    (void)state;
    struct sampler s;
    struct sample lap = {0};
    struct machine m = {.ns = 1};
    memset(record, 0, record_bytes(SIZE));
    sampler_init(&s, &usual, record, order);
    uint64_t before = sampler_next(&s, &lap, 0);
    for (int i = 0; i < 20; i++) {
        play_lap(&m, before, &lap);
        uint64_t next = sampler_next(&s, &lap, m.now_ns);
        assert_int_equal(next, before * 2);
        before = next;
    }
}

static void test_no_warm_up(void **state)
{
    (void)state;
    struct sampler_plan plan = usual;
    plan.warm_up_ns = 0;
    struct machine m = {.ns = 100};
    play(&plan, &m);
    assert_int_equal(record->warm_up_iterations, 1);
    assert_linear();
}

/* AUTO is flat when the straight line would take more than twice the time: 5050 x 1 ms against 3 s.
 */
static void test_slow_kernel_is_flat(void **state)
{
    (void)state;
    struct machine m = {.ns = 1 * MS};
    play(&usual, &m);
    assert_false(record->linear);
    assert_int_equal(record->sample_count, SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        assert_int_equal(record->samples[i].iterations, 15);
    }
    assert_near(m.now_ns - m.begun_ns, usual.measure_ns, 0.01);
}

/* A kernel that takes seven seconds: warm-up is one iteration, then ten samples of one. */
static void test_very_slow_kernel(void **state)
{
    (void)state;
    struct machine m = {.ns = 7 * S};
    play(&usual, &m);
    assert_int_equal(record->warm_up_iterations, 1);
    assert_false(record->linear);
    assert_int_equal(record->sample_count, SAMPLES_MIN);
    assert_int_equal(record->stop, STOP_TIME);
    for (size_t i = 0; i < SAMPLES_MIN; i++) {
        assert_int_equal(record->samples[i].iterations, 1);
    }
}

static void test_sub_nanosecond_kernel(void **state)
{
    (void)state;
    struct machine m = {.ns = 0.0004, .lap_ns = 60};
    play(&usual, &m);
    assert_linear();
    assert_true(m.now_ns - m.begun_ns <= usual.measure_ns * 1.2);
}

/* Nothing takes any time but the lap itself. It must end, and no lap may be absurdly long. */
static void test_infinite_speed(void **state)
{
    (void)state;
    struct machine m = {.ns = 0, .lap_ns = 5000};
    play(&usual, &m);
    assert_int_equal(record->sample_count, SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        assert_true(record->samples[i].iterations <= UINT64_C(1) << 56);
    }
}

/* However the speed changes after the plan was made, sampling stops a lap after its time at the
 * latest. */
static void test_drift_stays_within_the_time(void **state)
{
    (void)state;
    static const double costs[] = {3, 700, 80e3, 200e3, 594e3, 2 * MS, 90 * MS};
    static const double drifts[] = {-0.2, 0, 0.3, 5, 100};
    for (size_t c = 0; c < sizeof costs / sizeof costs[0]; c++) {
        for (size_t d = 0; d < sizeof drifts / sizeof drifts[0]; d++) {
            struct machine m = {.ns = costs[c], .drift = drifts[d], .lap_ns = 100};
            play(&usual, &m);
            assert_true(record->sample_count >= SAMPLES_MIN);
            double sampling_ns = m.now_ns - m.begun_ns;
            if (record->sample_count > SAMPLES_MIN) {
                assert_true(sampling_ns <= usual.measure_ns + m.longest_lap_ns);
            }
            assert_true(record->stop == STOP_TIME || record->sample_count == SIZE);
        }
    }
}

/* Laps may not be shorter than 2 ms. A straight line from there takes 5050 x 2 ms = 10 s, more than
 * twice the time: AUTO is flat, and all samples are taken. */
static void test_long_laps_are_flat(void **state)
{
    (void)state;
    struct sampler_plan plan = usual;
    plan.shortest_lap_ns = 2 * MS;
    struct machine m = {.ns = 100};
    play(&plan, &m);
    assert_false(record->linear);
    assert_int_equal(record->sample_count, SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        assert_true(record->samples[i].time_ns >= plan.shortest_lap_ns * 0.999);
    }
}

static void test_shortest_lap(void **state)
{
    (void)state;
    struct sampler_plan plan = usual;
    plan.round_ns = 10 * MS; /* alone it would ask for steps of 2 us */
    struct machine m = {.ns = 4};
    play(&plan, &m);
    for (size_t i = 0; i < record->sample_count; i++) {
        assert_true(record->samples[i].time_ns >= plan.shortest_lap_ns * 0.999);
    }
}

/* Setup of batches counts in what the plan may spend, not in what a lap must last. */
static void test_untimed_work_is_planned_for(void **state)
{
    (void)state;
    struct machine m = {.ns = 100, .untimed_ns = 900};
    play(&usual, &m);
    assert_near(m.now_ns - m.begun_ns, usual.measure_ns, 0.02);
    uint64_t step = assert_linear();
    assert_near((double)step, 1500 * MS / 5050 / 1000, 0.02);
}

static void copy_iterations(uint64_t *to)
{
    for (size_t i = 0; i < SIZE; i++) {
        to[i] = record->samples[i].iterations;
    }
}

static void test_order_depends_on_the_seed(void **state)
{
    (void)state;
    uint64_t first[SIZE];
    uint64_t again[SIZE];
    uint64_t other_seed[SIZE];
    uint64_t other_stream[SIZE];
    struct sampler_plan plan = usual;
    struct machine machines[4] = {{.ns = 50}, {.ns = 50}, {.ns = 50}, {.ns = 50}};
    play(&plan, &machines[0]);
    copy_iterations(first);
    play(&plan, &machines[1]);
    copy_iterations(again);
    plan.seed++;
    play(&plan, &machines[2]);
    copy_iterations(other_seed);
    plan.seed--;
    plan.stream = "suite/other";
    play(&plan, &machines[3]);
    copy_iterations(other_stream);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other_seed, sizeof first);
    assert_memory_not_equal(first, other_stream, sizeof first);
}

/* Position and size of a sample must not go together, or drift would look like a slope: over 200
 * seeds the mean correlation is 0 within five standard errors of 1 / sqrt(99 * 200). */
static void test_order_is_random(void **state)
{
    (void)state;
    struct sampler_plan plan = usual;
    double sum = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        plan.seed = seed;
        struct machine m = {.ns = 50};
        play(&plan, &m);
        uint64_t step = assert_linear();
        double product = 0;
        for (size_t i = 0; i < SIZE; i++) {
            double size = (double)(record->samples[i].iterations / step) - 50.5;
            product += ((double)i - 49.5) * size;
        }
        sum += product / (SIZE * 833.25); /* the variance of 1 .. 100 */
    }
    assert_within(sum / 200, 0, 5 / sqrt(99 * 200));
}

static void test_stops_when_precise(void **state)
{
    (void)state;
    struct asked asked = {.answer_from = 0};
    struct sampler_plan plan = in_rounds(&asked);
    struct machine m = {.ns = 50};
    play(&plan, &m);
    assert_int_equal(record->stop, STOP_PRECISION);
    assert_int_equal(record->sample_count, SIZE); /* never before the first round is whole */
    assert_int_equal(asked.times, 1);
    assert_linear_round(0);
    assert_near(m.now_ns - m.begun_ns, plan.round_ns, 0.05);

    asked = (struct asked){.answer_from = 273};
    play(&plan, &m);
    assert_int_equal(record->stop, STOP_PRECISION);
    assert_int_equal(record->sample_count, 280); /* asked at every tenth */
    assert_int_equal(asked.first, SIZE);
    assert_int_equal(asked.times, 19);
    assert_int_equal(record->planned, 3 * SIZE);
}

static void test_further_rounds(void **state)
{
    (void)state;
    struct asked asked = {.answer_from = 1000};
    struct sampler_plan plan = in_rounds(&asked);
    struct machine m = {.ns = 50};
    play(&plan, &m);
    assert_int_equal(record->stop, STOP_COMPLETE);
    assert_int_equal(record->sample_count, 4 * SIZE);
    assert_near(m.now_ns - m.begun_ns, 4 * plan.round_ns, 0.05);
    uint64_t step = assert_linear_round(0);
    for (size_t round = 1; round < 4; round++) {
        const struct sample *samples = &record->samples[round * SIZE];
        assert_int_equal(assert_linear_round(round), step);
        assert_memory_not_equal(samples, record->samples, SIZE * sizeof *samples);
    }
}

static void check_fit(const struct sampler_plan *plan)
{
    size_t fewest = SIZE;
    double fewest_at = 0;
    for (int i = 0; i < 97; i++) { /* 100 ns to 12.5 ms */
        double ns = 100 * pow(1.13, i);
        struct machine m = {.ns = ns, .lap_ns = 100};
        play(plan, &m);
        if (record->sample_count < fewest) {
            fewest = record->sample_count;
            fewest_at = ns;
        }
    }
    if (fewest < SIZE * 9 / 10) {
        fail_msg("%zu of %d samples at %g ns an iteration", fewest, SIZE, fewest_at);
    }
}

/* On a steady machine nearly all samples of the first round are taken within the time, whatever the
 * kernel costs: none are planned that the time will not allow. */
static void test_round_fits_the_time(void **state)
{
    (void)state;
    struct asked asked = {.answer_from = 0};
    struct sampler_plan plan = in_rounds(&asked);
    check_fit(&plan);
}

static void test_only_round_fits_the_time(void **state)
{
    (void)state;
    check_fit(&usual);
}

/* The last planned sample was taken: that the time is over by now as well does not make it
 * incomplete. */
static void test_complete(void **state)
{
    (void)state;
    struct machine m = {.ns = 50, .lap_ns = 200};
    play(&usual, &m);
    assert_int_equal(record->sample_count, SIZE);
    assert_int_equal(record->stop, STOP_COMPLETE);
}

/* AUTO around its limit: twice the 100 ms of a round over 5050 is 39.6 us. */
static void test_choice_of_mode(void **state)
{
    (void)state;
    struct asked asked = {.answer_from = 0};
    struct sampler_plan plan = in_rounds(&asked);
    struct machine faster = {.ns = 39.3e3};
    play(&plan, &faster);
    assert_true(record->linear);
    struct machine slower = {.ns = 39.9e3};
    play(&plan, &slower);
    assert_false(record->linear);
    plan.force_linear = true;
    struct machine forced = {.ns = 39.9e3};
    play(&plan, &forced);
    assert_true(record->linear);
    plan.force_linear = false;
    plan.force_flat = true;
    struct machine flat = {.ns = 10};
    play(&plan, &flat);
    assert_false(record->linear);
    assert_int_equal(record->sample_count, SIZE);
}

/* Without a question there is no reason for a second round. */
static void test_one_round_when_nobody_asks(void **state)
{
    (void)state;
    struct sampler_plan plan = in_rounds(NULL);
    plan.enough = NULL;
    struct machine m = {.ns = 50};
    play(&plan, &m);
    assert_int_equal(record->sample_count, SIZE);
    assert_int_equal(record->stop, STOP_COMPLETE);
}

/* The time goes before the precision and before the number of rounds. */
static void test_rounds_end_with_the_time(void **state)
{
    (void)state;
    struct asked asked = {.answer_from = 1000};
    struct sampler_plan plan = in_rounds(&asked);
    plan.measure_ns = 250 * MS;
    struct machine m = {.ns = 50};
    play(&plan, &m);
    assert_int_equal(record->stop, STOP_TIME);
    assert_in_range(record->sample_count, 220, 280);
    assert_true(m.now_ns - m.begun_ns <= plan.measure_ns + m.longest_lap_ns);
}

static void test_once(void **state)
{
    (void)state;
    struct sampler_plan plan = usual;
    plan.mode = SAMPLER_ONCE;
    struct machine m = {.ns = 7 * S};
    play(&plan, &m);
    assert_int_equal(m.laps, 1);
    assert_int_equal(record->sample_count, 0);
}

static void test_profile(void **state)
{
    (void)state;
    static const double costs[] = {1, 3000, 30 * MS};
    for (size_t i = 0; i < 3; i++) {
        struct sampler_plan plan = usual;
        plan.mode = SAMPLER_PROFILE;
        struct machine m = {.ns = costs[i], .lap_ns = 100};
        play(&plan, &m);
        assert_int_equal(record->sample_count, 0);
        assert_true(m.now_ns >= plan.measure_ns);
        assert_true(m.now_ns <= plan.measure_ns * 1.021 + costs[i]);
    }
}

static void test_profile_knows_when_its_laps_ran(void **state)
{
    (void)state;
    struct sampler_plan plan = usual;
    plan.mode = SAMPLER_PROFILE;
    struct machine m = {.ns = 3000, .lap_ns = 100, .now_ns = 7 * S};
    play(&plan, &m);
    assert_near(record->begun_ns, 7 * S, 1e-15);
    assert_near(record->ended_ns, m.now_ns, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steady_machine),
        cmocka_unit_test(test_warm_up),
        cmocka_unit_test(test_warm_up_doubles),
        cmocka_unit_test(test_no_warm_up),
        cmocka_unit_test(test_slow_kernel_is_flat),
        cmocka_unit_test(test_choice_of_mode),
        cmocka_unit_test(test_very_slow_kernel),
        cmocka_unit_test(test_sub_nanosecond_kernel),
        cmocka_unit_test(test_infinite_speed),
        cmocka_unit_test(test_drift_stays_within_the_time),
        cmocka_unit_test(test_round_fits_the_time),
        cmocka_unit_test(test_only_round_fits_the_time),
        cmocka_unit_test(test_complete),
        cmocka_unit_test(test_long_laps_are_flat),
        cmocka_unit_test(test_shortest_lap),
        cmocka_unit_test(test_untimed_work_is_planned_for),
        cmocka_unit_test(test_order_depends_on_the_seed),
        cmocka_unit_test(test_order_is_random),
        cmocka_unit_test(test_stops_when_precise),
        cmocka_unit_test(test_further_rounds),
        cmocka_unit_test(test_one_round_when_nobody_asks),
        cmocka_unit_test(test_rounds_end_with_the_time),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_profile_knows_when_its_laps_ran),
    };
    return cmocka_run_group_tests(tests, make_record, free_record);
}
