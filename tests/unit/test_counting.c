/* Laps for counting on machines of known speed, and what their counts say. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "measure/counting.h"
#include "near.h"

#define MS 1e6

/* What a kernel takes and counts. */
struct machine {
    double ns;          /* an iteration */
    double open_ns;     /* the first lap, besides */
    uint64_t lap_count; /* counted by every lap */
    uint64_t each;      /* counted by every iteration, of one thread */
    double scheduled;   /* part of the time in which the counter runs */
    size_t lost_from;   /* laps of the pairs from here on are not counted at all */
    double now_ns;
    uint64_t iterations[64];
    size_t laps;
    size_t lap_of_pairs;
};

static struct counting counting;

/* One thread's counter: the kernel's three numbers since they were opened. */
static void count_lap(const struct machine *m, uint64_t iterations, double wall_ns,
                      struct event_reading *after, const struct event_reading *before)
{
    bool lost = m->lap_of_pairs >= m->lost_from;
    uint64_t true_count = m->lap_count + m->each * iterations;
    *after = (struct event_reading){
        .count = before->count + (lost ? 0 : (uint64_t)((double)true_count * m->scheduled)),
        .enabled_ns = before->enabled_ns + (uint64_t)wall_ns,
        .running_ns = before->running_ns + (lost ? 0 : (uint64_t)(wall_ns * m->scheduled)),
    };
}

static void play(struct machine *m, unsigned threads, double lap_ns)
{
    struct event_reading before = {7, 70, 70};
    counting_init(&counting, threads, lap_ns);
    uint64_t iterations = counting_next(&counting, m->now_ns);
    assert_int_equal(iterations, 1);
    while (iterations != 0) {
        if (m->laps == 64) {
            fail_msg("no end after 64 laps");
        }
        double wall_ns = (double)iterations * m->ns + (m->laps == 0 ? m->open_ns : 0);
        struct event_reading after;
        struct lap_count *lap = counting_lap(&counting);
        count_lap(m, iterations, wall_ns, &after, &before);
        for (unsigned t = 0; lap != NULL && t < threads; t++) {
            counting_add(&lap[0], &before, &after, 0, 0);
        }
        m->lap_of_pairs += lap != NULL;
        before = after;
        m->now_ns += wall_ns;
        m->iterations[m->laps++] = iterations;
        iterations = counting_next(&counting, m->now_ns);
    }
}

static struct metric measured(void)
{
    struct metric_list list = {.count = 0};
    struct metric *metric = metric_add(&list, "perf", "x", "");
    counting_measure(&counting, 0, metric);
    return *metric;
}

#define STEADY .scheduled = 1, .lost_from = 1000

/* Whatever an iteration takes: five pairs of n and 2n, of about two milliseconds, all within a
 * tenth of a second. */
static void test_laps(void **state)
{
    (void)state;
    static const double costs[] = {0.3, 5, 700, 20000, 0.9 * MS, 1.9 * MS, 4 * MS};
    for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
        struct machine m = {.ns = costs[i], .open_ns = 300000, STEADY};
        play(&m, 1, COUNTING_LAP_NS);
        assert_int_equal(counting.pairs, 5);
        uint64_t n = counting.iterations;
        for (size_t lap = 0; lap < 10; lap++) {
            assert_int_equal(m.iterations[m.laps - 10 + lap], lap % 2 == 0 ? n : 2 * n);
        }
        double lap_ns = (double)n * costs[i];
        assert_true(lap_ns >= COUNTING_LAP_NS / 2);
        assert_true(lap_ns <= COUNTING_LAP_NS * 1.01 + costs[i]);
        assert_true(m.now_ns < 100 * MS);
    }
}

/* Opening takes longer than a lap: it is not held for a slow kernel. */
static void test_opening_is_not_the_kernel(void **state)
{
    (void)state;
    struct machine m = {.ns = 50, .open_ns = 8 * MS, STEADY};
    play(&m, 1, COUNTING_LAP_NS);
    assert_true((double)counting.iterations * 50 >= COUNTING_LAP_NS / 2);
}

/* Seven iterations, however long they are. */
static void test_slow_kernel(void **state)
{
    (void)state;
    struct machine m = {.ns = 3000 * MS, .each = 4, STEADY};
    play(&m, 1, COUNTING_LAP_NS);
    assert_int_equal(counting.pairs, 2);
    assert_int_equal(m.laps, 5);
    struct metric metric = measured();
    assert_true(metric.state == METRIC_MEASURED && metric.value == 4);
    struct machine faster = {.ns = 9 * MS, STEADY};
    play(&faster, 1, COUNTING_LAP_NS);
    assert_int_equal(counting.pairs, 2);
    struct machine between = {.ns = 7 * MS, STEADY};
    play(&between, 1, COUNTING_LAP_NS);
    assert_int_equal(counting.pairs, 3);
}

static void test_short_of_time(void **state)
{
    (void)state;
    struct machine m = {.ns = 100, STEADY};
    play(&m, 1, 0.1 * MS);
    assert_true(m.now_ns < 2 * MS);
}

/* What a lap counts by itself falls out; each thread's iterations count. */
static void test_exact(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads *= 2) {
        struct machine m = {.ns = 50, .each = 3, .lap_count = 1234, STEADY};
        play(&m, threads, COUNTING_LAP_NS);
        struct metric metric = measured();
        assert_int_equal(metric.state, METRIC_MEASURED);
        assert_true(metric.value == 3 && metric.lower == 3 && metric.upper == 3);
        assert_true(metric_is_exact(&metric) && metric.scale == 1);
    }
}

static void test_true_zero(void **state)
{
    (void)state;
    struct machine m = {.ns = 50, .lap_count = 9, STEADY};
    play(&m, 1, COUNTING_LAP_NS);
    struct metric metric = measured();
    assert_true(metric.state == METRIC_MEASURED && metric.value == 0 && metric_is_exact(&metric));
}

static void test_scaled(void **state)
{
    (void)state;
    struct machine m = {.ns = 50, .each = 8, .scheduled = 0.25, .lost_from = 1000};
    play(&m, 2, COUNTING_LAP_NS);
    struct metric metric = measured();
    assert_int_equal(metric.state, METRIC_SCALED);
    assert_near(metric.value, 8, 1e-3);
    assert_near(metric.scale, 0.25, 1e-3);
    assert_false(metric_is_exact(&metric));
}

static void test_never_scheduled(void **state)
{
    (void)state;
    struct machine m = {.ns = 50, .each = 8, .scheduled = 1, .lost_from = 0};
    play(&m, 1, COUNTING_LAP_NS);
    struct metric metric = measured();
    assert_int_equal(metric.state, METRIC_UNAVAILABLE);
    assert_non_null(strstr(metric.reason, "never scheduled"));
    /* Three laps were counted: one pair, and half of one that says nothing. */
    struct machine some = {.ns = 50, .each = 8, .lap_count = 5, .scheduled = 1, .lost_from = 3};
    play(&some, 1, COUNTING_LAP_NS);
    metric = measured();
    assert_int_equal(metric.state, METRIC_SCALED);
    assert_true(metric.value == 8 && metric.lower == 8 && metric.upper == 8);
    assert_in_range((uint64_t)(metric.scale * 1000), 250, 300); /* 4 of 15 n */
}

/* Something that happened in shorter laps only. */
static void test_no_count_is_negative(void **state)
{
    (void)state;
    struct machine m = {.ns = 50, STEADY};
    play(&m, 1, COUNTING_LAP_NS);
    counting.counts[0][0].count += 1;
    struct metric metric = measured();
    assert_int_equal(metric.state, METRIC_MEASURED);
    assert_true(metric.value == 0 && metric.lower == 0 && metric.upper == 0);
    counting.counts[3][0].count += 10;
    metric = measured();
    assert_near(metric.value, 9.0 / 5 / (double)counting.iterations, 1e-12);
    assert_true(metric.lower == 0);
}

static void test_empty_spans_are_taken_off(void **state)
{
    (void)state;
    const struct event_reading before = {100, 1000, 1000};
    const struct event_reading after = {150, 3000, 3000};
    const struct event_reading half = {150, 3000, 2000};
    struct lap_count lap = {0};
    counting_add(&lap, &before, &after, 10, 3);
    assert_true(lap.count == 20 && !lap.lost);
    counting_add(&lap, &before, &half, 10, 3);
    assert_true(lap.count == 20 + 100 - 30);
    assert_true(lap.enabled_ns == 4000 && lap.running_ns == 3000);
    counting_add(&lap, &before, &before, 0, 3);
    assert_true(lap.lost);
}

static void set_pair(size_t pair, size_t event, double once, double twice)
{
    struct lap_count *laps[] = {&counting.counts[2 * pair][event],
                                &counting.counts[2 * pair + 1][event]};
    for (size_t k = 0; k < 2; k++) {
        *laps[k] = (struct lap_count){
            .count = k == 0 ? once : twice, .enabled_ns = 1000, .running_ns = 1000};
    }
}

static struct metric ratio(void)
{
    struct metric_list list = {.count = 0};
    struct metric *metric = metric_add(&list, "perf", "ratio", "");
    counting_measure_ratio(&counting, 0, 1, metric);
    return *metric;
}

static void test_ratio(void **state)
{
    (void)state;
    struct machine m = {.ns = 50, STEADY};
    play(&m, 1, COUNTING_LAP_NS);
    for (size_t pair = 0; pair < 5; pair++) {
        /* 3000 instructions in 1000 cycles, or in 1500. */
        set_pair(pair, 0, 5000, 8000);
        set_pair(pair, 1, 200, pair == 4 ? 1700 : 1200);
    }
    struct metric metric = ratio();
    assert_int_equal(metric.state, METRIC_MEASURED);
    assert_near(metric.value, (4 * 3.0 + 2) / 5, 1e-12);
    assert_true(metric.lower == 2 && metric.upper == 3);
    for (size_t pair = 0; pair < 5; pair++) {
        counting.counts[2 * pair][0].enabled_ns = 3000;
    }
    metric = ratio();
    assert_int_equal(metric.state, METRIC_SCALED);
    assert_near(metric.scale, 0.5, 1e-12);
    for (size_t pair = 0; pair < 5; pair++) {
        set_pair(pair, 1, 200, 200);
    }
    metric = ratio();
    assert_int_equal(metric.state, METRIC_UNAVAILABLE);
    for (size_t pair = 0; pair < 5; pair++) {
        counting.counts[2 * pair][1].lost = true;
    }
    metric = ratio();
    assert_int_equal(metric.state, METRIC_UNAVAILABLE);
    assert_non_null(strstr(metric.reason, "never scheduled"));
}

/* The laps were not run to their end. */
static void test_incomplete(void **state)
{
    (void)state;
    counting_init(&counting, 1, COUNTING_LAP_NS);
    counting_next(&counting, 0);
    struct metric metric = measured();
    assert_int_equal(metric.state, METRIC_UNAVAILABLE);
    assert_non_null(strstr(metric.reason, "left the loop"));
    metric = ratio();
    assert_int_equal(metric.state, METRIC_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_laps),
        cmocka_unit_test(test_opening_is_not_the_kernel),
        cmocka_unit_test(test_slow_kernel),
        cmocka_unit_test(test_short_of_time),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_true_zero),
        cmocka_unit_test(test_scaled),
        cmocka_unit_test(test_never_scheduled),
        cmocka_unit_test(test_no_count_is_negative),
        cmocka_unit_test(test_empty_spans_are_taken_off),
        cmocka_unit_test(test_ratio),
        cmocka_unit_test(test_incomplete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
