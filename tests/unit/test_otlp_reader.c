#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/forked.h"
#include "tests/unit/pipeline_play.h"

#define LONG_NS (3600 * PLAY_SECOND_NS)

/* Sanitizers take locks of their own that a child of a process with threads may find taken. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

struct fixture {
    struct play_exporter *play;
    struct otlp_meter *meter;
    struct otlp_instrument *counter;
    struct otlp_reader *reader;
};

static struct fixture make(uint64_t interval_ns)
{
    static const struct otlp_scope scope = {.name = "meters"};
    static const struct otlp_instrument_spec spec = {.kind = OTLP_COUNTER, .name = "requests"};
    const struct otlp_reader_options options = {.interval_ns = interval_ns, .scope = &scope};
    struct fixture f = {.play = play_new(), .meter = otlp_meter_new(OTLP_DELTA)};
    assert_non_null(f.meter);
    assert_int_equal(otlp_meter_instrument(f.meter, &spec, &f.counter), 0);
    assert_int_equal(otlp_reader_new(f.meter, &f.play->base, &options, &f.reader), 0);
    return f;
}

static void release(struct fixture *f)
{
    otlp_reader_free(f->reader);
    otlp_meter_free(f->meter);
    play_free(&f->play->base);
}

static void add_two_points(struct fixture *f)
{
    const struct otlp_attribute get = otlp_attribute_string("method", "GET");
    assert_int_equal(otlp_counter_add(f->counter, 1, NULL, 0), 0);
    assert_int_equal(otlp_counter_add(f->counter, 1, &get, 1), 0);
}

static void test_interval(void **state)
{
    (void)state;
    struct fixture f = make(PLAY_SECOND_NS / 100);
    add_two_points(&f);
    play_wait_requests(f.play, 1);
    assert_true(f.play->items > 0);
    assert_int_equal(f.play->timeout_ns, 30 * PLAY_SECOND_NS);
    release(&f);
    otlp_reader_free(NULL);
}

static void test_flush_and_shutdown(void **state)
{
    (void)state;
    struct fixture f = make(LONG_NS);
    struct otlp_reader_counts counts;
    assert_int_equal(otlp_reader_force_flush(f.reader, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(f.play->requests, 0); /* nothing was measured */
    add_two_points(&f);
    assert_int_equal(otlp_reader_force_flush(f.reader, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(f.play->items, 2);
    assert_int_equal(f.play->flushes, 2);
    add_two_points(&f);
    f.play->rejected = 1;
    assert_int_equal(otlp_reader_force_flush(f.reader, 10 * PLAY_SECOND_NS), 0);
    f.play->outcome = OTLP_EXPORT_UNAVAILABLE;
    add_two_points(&f);
    assert_int_equal(otlp_reader_force_flush(f.reader, 10 * PLAY_SECOND_NS), OTLP_EIO);
    f.play->outcome = OTLP_EXPORT_TIMED_OUT;
    add_two_points(&f);
    assert_int_equal(otlp_reader_force_flush(f.reader, 10 * PLAY_SECOND_NS), OTLP_ETIMEOUT);
    f.play->outcome = OTLP_EXPORT_DELIVERED;
    f.play->rejected = 0;
    add_two_points(&f);
    assert_int_equal(otlp_reader_shutdown(f.reader, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(f.play->shutdowns, 1);
    add_two_points(&f);
    assert_int_equal(otlp_reader_force_flush(f.reader, 10 * PLAY_SECOND_NS), 0);
    assert_int_equal(otlp_reader_shutdown(f.reader, 10 * PLAY_SECOND_NS), 0);
    otlp_reader_counts(f.reader, &counts);
    assert_int_equal(counts.collected, 10);
    assert_int_equal(counts.delivered, 5);
    assert_int_equal(counts.rejected, 1);
    assert_int_equal(counts.dropped, 4);
    assert_int_equal(counts.requests, 5);
    assert_int_equal(f.play->shutdowns, 1);
    release(&f);
}

static void *flush(void *arg)
{
    struct fixture *f = arg;
    (void)otlp_reader_force_flush(f->reader, LONG_NS);
    return NULL;
}

static void test_time_outs_are_kept(void **state)
{
    (void)state;
    struct fixture f = make(LONG_NS);
    add_two_points(&f);
    f.play->is_stalled = true;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, flush, &f), 0);
    play_wait_inside(f.play, 1);
    assert_int_equal(otlp_reader_force_flush(f.reader, PLAY_SECOND_NS / 50), OTLP_ETIMEOUT);
    assert_int_equal(otlp_reader_shutdown(f.reader, PLAY_SECOND_NS / 10), OTLP_ETIMEOUT);
    pthread_join(thread, NULL);
    release(&f);
}

/* An instrument may come while nothing is collected. */
static void test_pause(void **state)
{
    (void)state;
    static const struct otlp_instrument_spec spec = {.kind = OTLP_GAUGE, .name = "depth"};
    struct fixture f = make(PLAY_SECOND_NS / 1000);
    struct otlp_instrument *gauge = NULL;
    for (int i = 0; i < 20; i++) {
        otlp_reader_pause(f.reader);
        assert_int_equal(otlp_meter_instrument(f.meter, &spec, &gauge), 0);
        otlp_reader_resume(f.reader);
        assert_int_equal(otlp_gauge_set(gauge, i, NULL, 0), 0);
    }
    assert_int_equal(otlp_reader_shutdown(f.reader, 10 * PLAY_SECOND_NS), 0);
    release(&f);
}

static void child_flushes(void)
{
    struct fixture f = make(LONG_NS);
    pid_t child = fork();
    if (child == 0) {
        (void)otlp_counter_add(f.counter, 1, NULL, 0);
        FORKED_EXPECT(otlp_reader_force_flush(f.reader, 10 * PLAY_SECOND_NS) == 0);
        FORKED_EXPECT(f.play->items == 1);
        release(&f);
        _exit(0);
    }
    int status = 1;
    FORKED_EXPECT(waitpid(child, &status, 0) == child && status == 0);
    release(&f);
}

static void test_fork(void **state)
{
    (void)state;
    assert_forked(child_flushes);
}

static void child_of_a_paused_reader(struct fixture *f, struct otlp_instrument *histogram)
{
    alarm(10);
    pthread_mutex_init(&f->play->lock, NULL);
    pthread_cond_init(&f->play->changed, NULL);
    FORKED_EXPECT(otlp_histogram_record(histogram, 1, NULL, 0) == 0);
    FORKED_EXPECT(otlp_reader_force_flush(f->reader, 10 * PLAY_SECOND_NS) == 0);
    release(f);
}

/* The reader's thread collects all the time, but not at the fork. */
static void children_of_a_paused_reader(void)
{
    static const struct otlp_instrument_spec spec = {.kind = OTLP_HISTOGRAM, .name = "latency"};
    struct fixture f = make(1);
    struct otlp_instrument *histogram = NULL;
    otlp_reader_pause(f.reader);
    FORKED_EXPECT(otlp_meter_instrument(f.meter, &spec, &histogram) == 0);
    otlp_reader_resume(f.reader);
    for (int i = 0; i < 20; i++) {
        FORKED_EXPECT(otlp_histogram_record(histogram, 1, NULL, 0) == 0);
        otlp_reader_pause(f.reader);
        pid_t child = fork();
        otlp_reader_resume(f.reader);
        if (child == 0) {
            child_of_a_paused_reader(&f, histogram);
            _exit(0);
        }
        int status = 1;
        FORKED_EXPECT(waitpid(child, &status, 0) == child && status == 0);
    }
    release(&f);
}

static void test_fork_while_paused(void **state)
{
    (void)state;
    if (IS_SANITIZED) {
        skip();
    }
    assert_forked(children_of_a_paused_reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interval),
        cmocka_unit_test(test_flush_and_shutdown),
        cmocka_unit_test(test_time_outs_are_kept),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_fork_while_paused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
