#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "measure/clock.h"
#include "near.h"

static void test_facts(void **state)
{
    (void)state;
    const struct clock_facts *facts = clock_init();
    assert_ptr_equal(facts, clock_init());
    assert_true(facts->tsc == clock_uses_tsc);
    assert_near(facts->ns_per_tick * facts->frequency_hz, 1e9, 1e-12);
    assert_true(facts->tsc ? facts->frequency_hz > 1e8 && facts->frequency_hz < 1e11
                           : facts->frequency_hz == 1e9);
    assert_true(facts->resolution_ns > 0 && facts->resolution_ns < 1e5);
    assert_true(facts->cost_ns >= 0 && facts->cost_ns < 1e5);
}

static void test_monotonic(void **state)
{
    (void)state;
    uint64_t before = clock_monotonic_ns();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_monotonic_ns();
        assert_true(now >= before);
        before = now;
    }
}

static void test_spans_are_not_negative(void **state)
{
    (void)state;
    clock_init();
    for (int i = 0; i < 10000; i++) {
        uint64_t start = clock_start();
        uint64_t stop = clock_stop();
        assert_true(stop >= start);
    }
}

/* A span of 20 ms as the calibrated counter and the kernel's clock tell it. Being moved to the back
 * of the queue between two reads makes one try worse, so the best of ten counts. */
static void test_both_clocks_agree(void **state)
{
    (void)state;
    const struct clock_facts *facts = clock_init();
    double best = 1;
    for (int i = 0; i < 10 && best > 0.001; i++) {
        uint64_t ns = clock_monotonic_ns();
        uint64_t start = clock_start();
        while (clock_monotonic_ns() - ns < 20000000) {
        }
        double ticks = (double)(clock_stop() - start);
        double elapsed = (double)(clock_monotonic_ns() - ns);
        best = fmin(best, fabs(ticks * facts->ns_per_tick / elapsed - 1));
    }
    assert_true(best <= 0.001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_monotonic),
        cmocka_unit_test(test_spans_are_not_negative),
        cmocka_unit_test(test_both_clocks_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
