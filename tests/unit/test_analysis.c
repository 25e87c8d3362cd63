/* What is computed from samples is the same every time, and what it is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/analysis.h"
#include "near.h"

#define COUNT 60

static const struct analysis_settings settings = {
    .resamples = 5000,
    .compare = {.confidence = 0.95, .significance = 0.05, .noise_threshold = 0.01},
    .seed = 42,
    .stream = "suite/bench"};

/* Linear samples of a kernel of about `ns`, in random order, with a slow tail. */
static void make_samples(struct sample *samples, uint64_t seed, double ns)
{
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t iterations = 100 * (1 + (i * 37) % COUNT);
        double noise = 1 + (double)rng_below(&rng, 1000) / 20000 + (i % 13 == 0 ? 0.4 : 0);
        samples[i] =
            (struct sample){.iterations = iterations, .time_ns = ns * (double)iterations * noise};
    }
}

static void assert_same_estimates(const struct analysis *a, const struct analysis *b)
{
    assert_memory_equal(a->estimates, b->estimates, sizeof a->estimates);
    assert_memory_equal(a->curves, b->curves, sizeof a->curves);
    assert_memory_equal(a->outliers.fences, b->outliers.fences, sizeof a->outliers.fences);
    assert_true(a->r_squared == b->r_squared);
    assert_memory_equal(&a->density, &b->density, sizeof a->density);
    assert_memory_equal(&a->comparison.change, &b->comparison.change, sizeof a->comparison.change);
    assert_true(a->comparison.p_value == b->comparison.p_value);
    assert_true(a->comparison.drift == b->comparison.drift);
    assert_true(a->comparison.smallest_detectable_change ==
                b->comparison.smallest_detectable_change);
    assert_int_equal(a->comparison.verdict, b->comparison.verdict);
    assert_memory_equal(&a->old_density, &b->old_density, sizeof a->old_density);
    assert_true(a->old_lowmean == b->old_lowmean);
}

static void test_same_bits(void **state)
{
    (void)state;
    static struct analysis first;
    static struct analysis second;
    struct sample now[COUNT];
    struct sample old[COUNT];
    make_samples(now, 1, 12.5);
    make_samples(old, 2, 12.0);
    memset(&second, 0x5a, sizeof second);
    analysis_run(now, COUNT, true, old, COUNT, &settings, &first);
    analysis_run(now, COUNT, true, old, COUNT, &settings, &second);
    assert_true(first.compared && first.has_slope);
    assert_same_estimates(&first, &second);
}

/* Comparing must not change the figures of the new samples. */
static void test_comparison_leaves_estimates_alone(void **state)
{
    (void)state;
    static struct analysis alone;
    static struct analysis compared;
    struct sample now[COUNT];
    struct sample old[COUNT];
    make_samples(now, 1, 12.5);
    make_samples(old, 2, 12.0);
    analysis_run(now, COUNT, true, NULL, 0, &settings, &alone);
    analysis_run(now, COUNT, true, old, COUNT, &settings, &compared);
    assert_false(alone.compared);
    assert_memory_equal(alone.estimates, compared.estimates, sizeof alone.estimates);
}

static void test_seed_and_stream_matter(void **state)
{
    (void)state;
    static struct analysis usual;
    static struct analysis other;
    struct sample samples[COUNT];
    struct analysis_settings changed = settings;
    make_samples(samples, 1, 12.5);
    analysis_run(samples, COUNT, true, NULL, 0, &settings, &usual);
    changed.seed = 43;
    analysis_run(samples, COUNT, true, NULL, 0, &changed, &other);
    assert_memory_not_equal(usual.estimates, other.estimates, sizeof usual.estimates);
    changed.seed = settings.seed;
    changed.stream = "suite/other";
    analysis_run(samples, COUNT, true, NULL, 0, &changed, &other);
    assert_memory_not_equal(usual.estimates, other.estimates, sizeof usual.estimates);
    for (size_t s = 0; s < STATISTICS; s++) {
        assert_true(usual.estimates[s].point == other.estimates[s].point);
    }
}

static void test_estimates_make_sense(void **state)
{
    (void)state;
    static struct analysis a;
    struct sample samples[COUNT];
    make_samples(samples, 3, 12.5);
    analysis_run(samples, COUNT, true, NULL, 0, &settings, &a);
    for (size_t s = 0; s < STATISTICS; s++) {
        const struct estimate *e = &a.estimates[s];
        assert_true(e->lower <= e->upper && e->standard_error > 0);
        assert_true(e->lower <= e->point * 1.2 && e->upper >= e->point * 0.8);
    }
    assert_true(a.estimates[STATISTIC_LOWMEAN].point < a.estimates[STATISTIC_MEAN].point);
    assert_true(a.r_squared > 0.9 && a.r_squared < 1);
    assert_int_equal(outliers_count(&a.outliers), 5); /* 0, 13, 26, 39, 52 */
    assert_int_equal(a.outliers.high_severe, 5);
    /* Five of sixty are 40 % slower: the mean moves by 3 %. */
    assert_int_equal(a.outliers.effect, OUTLIERS_SLIGHT);
}

static void test_flat_samples_have_no_slope(void **state)
{
    (void)state;
    static struct analysis a;
    struct sample samples[COUNT];
    make_samples(samples, 3, 12.5);
    analysis_run(samples, COUNT, false, NULL, 0, &settings, &a);
    assert_false(a.has_slope);
    assert_true(a.estimates[STATISTIC_SLOPE].point == 0 && a.estimates[STATISTIC_SLOPE].upper == 0);
}

/* The order in which equal samples were taken does not matter, nor does any other order. */
static void test_order_of_samples(void **state)
{
    (void)state;
    static struct analysis forward;
    static struct analysis backward;
    struct sample samples[COUNT];
    struct sample reversed[COUNT];
    make_samples(samples, 3, 12.5);
    for (size_t i = 0; i < COUNT; i++) {
        reversed[COUNT - 1 - i] = samples[i];
    }
    analysis_run(samples, COUNT, true, NULL, 0, &settings, &forward);
    analysis_run(reversed, COUNT, true, NULL, 0, &settings, &backward);
    for (size_t s = 0; s < STATISTICS; s++) {
        assert_near(backward.estimates[s].point, forward.estimates[s].point, 1e-12);
        assert_near(backward.estimates[s].lower, forward.estimates[s].lower, 1e-12);
    }
}

static void test_precision(void **state)
{
    (void)state;
    struct sample samples[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        samples[i] = (struct sample){.iterations = 10, .time_ns = 100};
    }
    assert_true(analysis_precision(samples, COUNT, 0.95, 1) == 0);
    make_samples(samples, 1, 12.5);
    double usual = analysis_precision(samples, COUNT, 0.95, 1);
    assert_true(usual > 0 && usual < 0.05);
    assert_true(usual == analysis_precision(samples, COUNT, 0.95, 1));
    assert_true(analysis_precision(samples, COUNT, 0.5, 1) < usual);
    assert_true(analysis_precision(samples, 12, 0.95, 1) > usual);
    for (size_t i = 0; i < COUNT; i++) {
        samples[i].time_ns = 0;
    }
    assert_true(analysis_precision(samples, COUNT, 0.95, 1) == INFINITY);
}

static void test_statistic_names(void **state)
{
    (void)state;
    static const char *const names[] = {"lowmean", "mean", "median", "mad", "std_dev", "slope"};
    for (size_t s = 0; s < STATISTICS; s++) {
        assert_string_equal(analysis_statistic_name((enum statistic)s), names[s]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_comparison_leaves_estimates_alone),
        cmocka_unit_test(test_seed_and_stream_matter),
        cmocka_unit_test(test_estimates_make_sense),
        cmocka_unit_test(test_flat_samples_have_no_slope),
        cmocka_unit_test(test_order_of_samples),
        cmocka_unit_test(test_precision),
        cmocka_unit_test(test_statistic_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
