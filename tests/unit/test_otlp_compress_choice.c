/* The choice of an algorithm, worked out by hand, and the measuring that it rests on. */
#include "compression.h"

#include <math.h>

static const struct otlp_compression_measure two_measures[] = {
    {{OTLP_COMPRESSION_NONE, 0, NULL}, 1, 1e12, 1e12},
    {{OTLP_COMPRESSION_ZSTD, 1, NULL}, 4, 100e6, 500e6},
    {{OTLP_COMPRESSION_BROTLI, 9, NULL}, 8, 25e6, 250e6},
};

static struct otlp_compression_choice choose(size_t payload_bytes,
                                             const struct otlp_compression_policy *policy)
{
    struct otlp_compression_choice choice;
    assert_int_equal(otlp_compression_choose(two_measures, 3, payload_bytes, policy, &choice), 0);
    return choice;
}

static void the_highest_score_wins(void **state)
{
    (void)state;
    struct otlp_compression_policy policy = OTLP_COMPRESSION_POLICY_DEFAULT;
    /* 0.4 * 4/8 + 0.3 + 0.3 = 0.8 against 0.4 + 0.3 * 25/100 + 0.3 * 250/500 = 0.625 */
    struct otlp_compression_choice choice = choose(1 << 20, NULL);
    assert_int_equal(choice.index, 1);
    assert_int_equal(choice.candidate.algorithm, OTLP_COMPRESSION_ZSTD);
    assert_int_equal(choice.candidate.level, 1);
    assert_true(choice.score > 0.7999 && choice.score < 0.8001);
    policy.weights = (struct otlp_compression_weights){.ratio = 2};
    choice = choose(1 << 20, &policy);
    assert_int_equal(choice.index, 2);
    assert_true(choice.score > 0.9999 && choice.score < 1.0001);
    policy.weights = (struct otlp_compression_weights){.ratio = 7, .decompress_speed = 3};
    /* 0.7 * 4/8 + 0.3 = 0.65 against 0.7 + 0.3 / 2 = 0.85 */
    choice = choose(1 << 20, &policy);
    assert_int_equal(choice.index, 2);
    assert_true(choice.score > 0.8499 && choice.score < 0.8501);
}

static void small_payloads_are_not_compressed(void **state)
{
    (void)state;
    struct otlp_compression_policy policy = OTLP_COMPRESSION_POLICY_DEFAULT;
    assert_int_equal(policy.payload_bytes_min, 1024);
    struct otlp_compression_choice choice = choose(1023, NULL);
    assert_int_equal(choice.candidate.algorithm, OTLP_COMPRESSION_NONE);
    assert_true(choice.index == SIZE_MAX);
    assert_true(choice.score == 0);
    assert_int_equal(choose(1024, NULL).index, 1);
    policy.payload_bytes_min = 0;
    assert_int_equal(choose(0, &policy).index, 1);
}

static void what_does_not_shrink_is_not_used(void **state)
{
    (void)state;
    struct otlp_compression_policy policy = OTLP_COMPRESSION_POLICY_DEFAULT;
    policy.ratio_min = 5;
    /* Alone among those that compete, it is the best at everything. */
    struct otlp_compression_choice choice = choose(1 << 20, &policy);
    assert_int_equal(choice.index, 2);
    assert_true(choice.score > 0.9999 && choice.score < 1.0001);
    policy.ratio_min = 9;
    assert_int_equal(choose(1 << 20, &policy).candidate.algorithm, OTLP_COMPRESSION_NONE);
    assert_int_equal(otlp_compression_choose(NULL, 0, 1 << 20, NULL, &choice), 0);
    assert_int_equal(choice.candidate.algorithm, OTLP_COMPRESSION_NONE);
}

static void no_compression_never_competes(void **state)
{
    (void)state;
    struct otlp_compression_policy policy = OTLP_COMPRESSION_POLICY_DEFAULT;
    policy.ratio_min = 0;
    struct otlp_compression_choice choice = choose(1 << 20, &policy);
    assert_int_equal(choice.index, 1);
    assert_true(choice.score > 0.7999 && choice.score < 0.8001);
}

static void the_first_of_equals_wins(void **state)
{
    (void)state;
    struct otlp_compression_measure equal[2] = {two_measures[1], two_measures[1]};
    struct otlp_compression_choice choice;
    assert_int_equal(otlp_compression_choose(equal, 2, 4096, NULL, &choice), 0);
    assert_int_equal(choice.index, 0);
}

static void bad_measures_and_weights(void **state)
{
    (void)state;
    struct otlp_compression_choice choice = {.index = 77};
    static const double bad[] = {0, -1, (double)INFINITY, (double)NAN};
    for (size_t i = 0; i < 4; i++) {
        for (size_t field = 0; field < 3; field++) {
            struct otlp_compression_measure measure = two_measures[1];
            measure.ratio = field == 0 ? bad[i] : measure.ratio;
            measure.compress_bytes_per_s = field == 1 ? bad[i] : measure.compress_bytes_per_s;
            measure.decompress_bytes_per_s = field == 2 ? bad[i] : measure.decompress_bytes_per_s;
            assert_int_equal(otlp_compression_choose(&measure, 1, 4096, NULL, &choice),
                             OTLP_EINVAL);
        }
    }
    struct otlp_compression_policy policy = OTLP_COMPRESSION_POLICY_DEFAULT;
    policy.weights = (struct otlp_compression_weights){0, 0, 0};
    assert_int_equal(otlp_compression_choose(two_measures, 3, 4096, &policy, &choice), OTLP_EINVAL);
    policy.weights = (struct otlp_compression_weights){1, -1, 1};
    assert_int_equal(otlp_compression_choose(two_measures, 3, 4096, &policy, &choice), OTLP_EINVAL);
    assert_int_equal(choice.index, 77);
}

static bool is_near(double value, double expected)
{
    return value > expected * 0.999999 && value < expected * 1.000001;
}

static void observations_move_a_measure(void **state)
{
    (void)state;
    struct otlp_compression_measure measure = two_measures[1];
    /* Ratio 8, 200 MB/s and 1000 MB/s were seen; a quarter of the way there. */
    assert_int_equal(otlp_compression_observe(&measure, 1000000, 125000, 5000000, 1000000, 0.25),
                     0);
    assert_true(is_near(measure.ratio, 5));
    assert_true(is_near(measure.compress_bytes_per_s, 125e6));
    assert_true(is_near(measure.decompress_bytes_per_s, 625e6));
    assert_int_equal(otlp_compression_observe(&measure, 1000000, 500000, 0, 0, 1), 0);
    assert_true(is_near(measure.ratio, 2));
    assert_true(is_near(measure.compress_bytes_per_s, 125e6));
    assert_true(is_near(measure.decompress_bytes_per_s, 625e6));
    assert_int_equal(otlp_compression_observe(&measure, 0, 1, 1, 1, 0.5), OTLP_EINVAL);
    assert_int_equal(otlp_compression_observe(&measure, 1, 0, 1, 1, 0.5), OTLP_EINVAL);
    assert_int_equal(otlp_compression_observe(&measure, 1, 1, 1, 1, 0), OTLP_EINVAL);
    assert_int_equal(otlp_compression_observe(&measure, 1, 1, 1, 1, 1.5), OTLP_EINVAL);
    assert_true(is_near(measure.ratio, 2));
}

static void measuring_candidates(void **state)
{
    (void)state;
    static const struct otlp_compression_candidate candidates[] = {
        {OTLP_COMPRESSION_NONE, 0, NULL},
        {OTLP_COMPRESSION_GZIP, 6, NULL},
        {OTLP_COMPRESSION_ZSTD, 1, NULL},
        {OTLP_COMPRESSION_BROTLI, 1, NULL},
    };
    struct otlp_compression_measure measures[4];
    uint8_t *text = words(20000, 17);
    assert_int_equal(otlp_compression_measure(candidates, 4, text, 20000, 100000, measures), 0);
    for (size_t i = 0; i < 4; i++) {
        struct otlp_compressor *compressor =
            compressor_of(candidates[i].algorithm, candidates[i].level, NULL);
        struct otlp_buffer out = packed(compressor, text, 20000);
        assert_true(is_near(measures[i].ratio, 20000.0 / (double)out.len));
        assert_int_equal(measures[i].candidate.algorithm, candidates[i].algorithm);
        assert_true(measures[i].compress_bytes_per_s > 1e4);
        assert_true(measures[i].decompress_bytes_per_s > 1e4);
        otlp_buffer_release(&out);
        otlp_compressor_free(compressor);
    }
    struct otlp_compression_choice choice;
    assert_int_equal(otlp_compression_choose(measures, 4, 20000, NULL, &choice), 0);
    assert_in_range(choice.index, 1, 3);
    assert_int_equal(otlp_compression_measure(candidates, 1, text, 0, 0, measures), OTLP_EINVAL);
    struct otlp_compression_candidate bad = {OTLP_COMPRESSION_GZIP, 77, NULL};
    assert_int_equal(otlp_compression_measure(&bad, 1, text, 100, 0, measures), OTLP_EINVAL);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_highest_score_wins),
        cmocka_unit_test(small_payloads_are_not_compressed),
        cmocka_unit_test(what_does_not_shrink_is_not_used),
        cmocka_unit_test(no_compression_never_competes),
        cmocka_unit_test(the_first_of_equals_wins),
        cmocka_unit_test(bad_measures_and_weights),
        cmocka_unit_test(observations_move_a_measure),
        cmocka_unit_test(measuring_candidates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
