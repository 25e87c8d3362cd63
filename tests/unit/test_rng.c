#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "near.h"

/* The first outputs of the authors' xoshiro256plusplus.c from the state 1, 2, 3, 4. */
static void test_reference_sequence(void **state)
{
    (void)state;
    static const uint64_t expected[] = {UINT64_C(41943041),
                                        UINT64_C(58720359),
                                        UINT64_C(3588806011781223),
                                        UINT64_C(3591011842654386),
                                        UINT64_C(9228616714210784205),
                                        UINT64_C(9973669472204895162),
                                        UINT64_C(14011001112246962877),
                                        UINT64_C(12406186145184390807),
                                        UINT64_C(15849039046786891736),
                                        UINT64_C(10450023813501588000)};
    struct rng rng = {{1, 2, 3, 4}};
    for (size_t i = 0; i < 10; i++) {
        assert_true(rng_next(&rng) == expected[i]);
    }
}

/* SplitMix64 from 1234567, as its author's program prints it. */
static void test_seeding(void **state)
{
    (void)state;
    static const uint64_t expected[4] = {
        UINT64_C(6457827717110365317), UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
        UINT64_C(4593380528125082431)};
    struct rng rng;
    rng_seed(&rng, 1234567);
    for (size_t i = 0; i < 4; i++) {
        assert_true(rng.state[i] == expected[i]);
    }
}

static void test_streams(void **state)
{
    (void)state;
    struct rng a;
    struct rng b;
    rng_seed_stream(&a, 5, "suite/one");
    rng_seed_stream(&b, 5, "suite/one");
    assert_memory_equal(&a, &b, sizeof a);
    rng_seed_stream(&b, 5, "suite/two");
    assert_memory_not_equal(&a, &b, sizeof a);
    rng_seed_stream(&b, 6, "suite/one");
    assert_memory_not_equal(&a, &b, sizeof a);
}

/* Chi squared over the bound's values: 1 % of 99.99th percentile of 16 degrees of freedom is 44.3.
 */
static void test_below_is_even(void **state)
{
    (void)state;
    enum { BOUND = 17, DRAWS = 170000 };
    size_t hits[BOUND] = {0};
    struct rng rng;
    rng_seed(&rng, 99);
    for (size_t i = 0; i < DRAWS; i++) {
        uint64_t value = rng_below(&rng, BOUND);
        assert_true(value < BOUND);
        hits[value]++;
    }
    double chi_squared = 0;
    for (size_t i = 0; i < BOUND; i++) {
        double off = (double)hits[i] - (double)DRAWS / BOUND;
        chi_squared += off * off / ((double)DRAWS / BOUND);
    }
    assert_true(chi_squared < 44.3);
}

/* With a bound of 3/4 of the range a biased draw puts two thirds, not a half, in the lower half. */
static void test_below_has_no_bias(void **state)
{
    (void)state;
    enum { DRAWS = 40000 };
    const uint64_t bound = (UINT64_C(3) << 62);
    size_t low = 0;
    struct rng rng;
    rng_seed(&rng, 3);
    for (size_t i = 0; i < DRAWS; i++) {
        uint64_t value = rng_below(&rng, bound);
        assert_true(value < bound);
        low += value % 3 == 0;
    }
    assert_within((double)low / DRAWS, 1.0 / 3, 5 * 0.4714 / 200);
    assert_true(rng_below(&rng, 1) == 0);
}

static void test_fresh_seed(void **state)
{
    (void)state;
    uint64_t first = rng_fresh_seed();
    assert_true(first <= RNG_SEED_MAX);
    assert_true(rng_fresh_seed() != first || rng_fresh_seed() != first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_sequence),
        cmocka_unit_test(test_seeding),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_below_is_even),
        cmocka_unit_test(test_below_has_no_bias),
        cmocka_unit_test(test_fresh_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
