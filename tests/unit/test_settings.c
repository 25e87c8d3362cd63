/* Who wins: an explicit option, the benchmark's field, the default. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/settings.h"
#include "measure/clock.h"
#include "measure/counting.h"
#include "near.h"

static struct options options;
static struct assay_entry entry;
static struct plan_case one;

static void parse_all(int argc, const char *const argv[])
{
    char *arguments[32];
    struct error error = {0};
    assert_true(argc <= 32);
    memcpy(arguments, argv, (size_t)argc * sizeof argv[0]);
    if (options_parse(argc, arguments, &options, &error) != 0) {
        fail_msg("%s", error.text);
    }
}

#define parse(...)                                                                                 \
    parse_all((int)(sizeof((const char *[]){"suite", __VA_ARGS__}) / sizeof(char *)),              \
              (const char *[]){"suite", __VA_ARGS__})

static int reset(void **state)
{
    (void)state;
    static char id[] = "s/b";
    memset(&entry, 0, sizeof entry);
    one = (struct plan_case){.entry = &entry, .id = id, .bench_case = {.threads = 1}};
    return 0;
}

static void test_defaults(void **state)
{
    (void)state;
    parse("--seed", "5");
    struct sampler_plan plan = settings_for_sampling(&options, &one, 0);
    assert_int_equal(plan.mode, SAMPLER_MEASURE);
    assert_near(plan.warm_up_ns, options.warm_up_time_s * 1e9, 1e-12);
    assert_near(plan.measure_ns, options.measurement_time_s * 1e9, 1e-12);
    assert_int_equal(plan.sample_size, 100);
    assert_true(plan.rounds > 1 && plan.enough != NULL);
    assert_true(plan.round_ns > 0 && plan.round_ns * (double)plan.rounds <= plan.measure_ns);
    assert_false(plan.force_flat || plan.force_linear);
    assert_int_equal(plan.seed, 5);
    assert_string_equal(plan.stream, "s/b");
    /* A lap is long beside the pair of clock reads that it holds. */
    assert_true(plan.shortest_lap_ns >= 1000 * clock_init()->cost_ns);
}

static void test_field_over_default(void **state)
{
    (void)state;
    entry = (struct assay_entry){
        .sample_size = 33, .measurement_time = 7, .warm_up_time = 0.25, .sampling = ASSAY_FLAT};
    parse("--quiet");
    struct sampler_plan plan = settings_for_sampling(&options, &one, 0);
    assert_near(plan.warm_up_ns, 0.25e9, 1e-12);
    assert_near(plan.measure_ns, 7e9, 1e-12);
    assert_int_equal(plan.sample_size, 33);
    assert_true(plan.force_flat && !plan.force_linear);
}

static void test_option_over_field(void **state)
{
    (void)state;
    entry = (struct assay_entry){
        .sample_size = 33, .measurement_time = 7, .warm_up_time = 0.25, .sampling = ASSAY_FLAT};
    parse("--sample-size", "100", "--measurement-time", "2", "--warm-up-time", "0",
          "--sampling-mode", "linear");
    struct sampler_plan plan = settings_for_sampling(&options, &one, 0);
    assert_true(plan.warm_up_ns == 0 && plan.measure_ns == 2e9);
    assert_int_equal(plan.sample_size, 100);
    assert_true(plan.force_linear && !plan.force_flat);
    parse("--sampling-mode", "auto");
    plan = settings_for_sampling(&options, &one, 0);
    assert_false(plan.force_linear || plan.force_flat);
    parse("--quick");
    plan = settings_for_sampling(&options, &one, 0);
    assert_int_equal(plan.sample_size, 20);
    assert_near(plan.measure_ns, 0.1e9, 1e-12);
    assert_near(plan.warm_up_ns, 0.03e9, 1e-12);
}

static void test_sample_size_limits(void **state)
{
    (void)state;
    parse("--quiet");
    entry.sample_size = 3;
    assert_int_equal(settings_for_sampling(&options, &one, 0).sample_size, SAMPLES_MIN);
    entry.sample_size = 1000000;
    struct sampler_plan plan = settings_for_sampling(&options, &one, 0);
    assert_int_equal(plan.sample_size, RESAMPLE_COUNT_MAX);
    assert_int_equal(plan.rounds, 1);
    entry.sample_size = 4000;
    plan = settings_for_sampling(&options, &one, 0);
    assert_true(sampler_capacity(&plan) <= RESAMPLE_COUNT_MAX);
}

static void test_time_budget(void **state)
{
    (void)state;
    parse("--warm-up-time", "1", "--measurement-time", "5");
    struct sampler_plan plan = settings_for_sampling(&options, &one, 0.5);
    assert_true(plan.warm_up_ns > 0 && plan.measure_ns > plan.warm_up_ns);
    assert_true(plan.warm_up_ns + plan.measure_ns <= 0.5e9);
    assert_true(plan.round_ns <= plan.measure_ns);
    plan = settings_for_sampling(&options, &one, 1000); /* more than is wanted */
    assert_true(plan.warm_up_ns == 1e9 && plan.measure_ns == 5e9);
}

static void test_no_target_precision(void **state)
{
    (void)state;
    parse("--target-precision", "0");
    struct sampler_plan plan = settings_for_sampling(&options, &one, 0);
    assert_null(plan.enough);
    assert_int_equal(plan.rounds, 1);
    assert_true(plan.round_ns == plan.measure_ns);
}

static void test_precision(void **state)
{
    (void)state;
    struct sample steady[20];
    struct sample rough[20];
    for (size_t i = 0; i < 20; i++) {
        steady[i] = (struct sample){.iterations = 10, .time_ns = 1000 + (double)(i % 2)};
        rough[i] = (struct sample){.iterations = 10, .time_ns = 1000 + 200.0 * (double)(i % 5)};
    }
    parse("--target-precision", "1%");
    struct sampler_plan plan = settings_for_sampling(&options, &one, 0);
    assert_true(plan.enough(steady, 20, plan.enough_context));
    assert_false(plan.enough(rough, 20, plan.enough_context));
    parse("--target-precision", "50%");
    plan = settings_for_sampling(&options, &one, 0);
    assert_true(plan.enough(rough, 20, plan.enough_context));
}

static void test_modes(void **state)
{
    (void)state;
    parse("--test");
    assert_int_equal(settings_for_sampling(&options, &one, 0).mode, SAMPLER_ONCE);
    parse("--profile-time", "30");
    struct sampler_plan plan = settings_for_sampling(&options, &one, 0);
    assert_int_equal(plan.mode, SAMPLER_PROFILE);
    assert_true(plan.measure_ns == 30e9);
}

static void test_threads_have_longer_laps(void **state)
{
    (void)state;
    parse("--quiet");
    double alone = settings_for_sampling(&options, &one, 0).shortest_lap_ns;
    one.bench_case.threads = 4;
    double together = settings_for_sampling(&options, &one, 0).shortest_lap_ns;
    assert_true(together >= 1e6 && together > alone);
}

static void test_analysis(void **state)
{
    (void)state;
    parse("--nresamples", "5000", "--confidence-level", "0.9", "--significance-level", "0.01",
          "--noise-threshold", "2%", "--seed", "9");
    struct analysis_settings s = settings_for_analysis(&options, "s/b");
    assert_int_equal(s.resamples, 5000);
    assert_near(s.compare.confidence, 0.9, 1e-12);
    assert_near(s.compare.significance, 0.01, 1e-12);
    assert_near(s.compare.noise_threshold, 0.02, 1e-12);
    assert_int_equal(s.seed, 9);
    assert_string_equal(s.stream, "s/b");
}

#define FRESH(test) cmocka_unit_test_setup(test, reset)

/* Counting takes its laps where there is no budget, a twentieth of the share where there is one. */
static void test_counting(void **state)
{
    (void)state;
    parse("--quick");
    assert_null(settings_for_counting(&options, 0).events);
    parse("--counters", "page-faults");
    struct counters_request request = settings_for_counting(&options, 0);
    assert_ptr_equal(request.events, &options.events);
    assert_near(request.lap_ns, COUNTING_LAP_NS, 1e-12);
    assert_near(settings_for_counting(&options, 10).lap_ns, COUNTING_LAP_NS, 1e-12);
    request = settings_for_counting(&options, 0.1);
    assert_true(request.lap_ns * 3 * COUNTING_PAIRS < 0.05 * 0.1e9);
    assert_true(request.lap_ns * 3 * COUNTING_PAIRS > 0.03 * 0.1e9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(test_defaults),
        FRESH(test_field_over_default),
        FRESH(test_option_over_field),
        FRESH(test_sample_size_limits),
        FRESH(test_time_budget),
        FRESH(test_no_target_precision),
        FRESH(test_precision),
        FRESH(test_modes),
        FRESH(test_threads_have_longer_laps),
        FRESH(test_analysis),
        FRESH(test_counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
