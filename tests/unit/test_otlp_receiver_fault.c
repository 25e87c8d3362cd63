/* Rules of faults: reading them, and which requests they hit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "otlp/receiver/fault.h"

static struct otlp_receiver_fault parsed(const char *text)
{
    struct otlp_receiver_fault fault;
    size_t error_at = 0;
    if (otlp_receiver_fault_parse(text, &fault, &error_at) != 0) {
        fail_msg("%s: not understood at %zu", text, error_at);
    }
    return fault;
}

static void test_every_word(void **state)
{
    (void)state;
    struct otlp_receiver_fault fault =
        parsed("first=10,every=3,probability=0.25,after=1.5s,for=250ms,signal=logs,delay=7us,"
               "stall=9ns,status=503,grpc=14,retry-after=0s,partial=5,reset=answer,slow-read=100,"
               "slow-write=200,message=a, b=c");
    assert_int_equal(fault.first, 10);
    assert_int_equal(fault.every, 3);
    assert_true(fault.probability == 0.25);
    assert_int_equal(fault.after_ns, 1500000000);
    assert_int_equal(fault.for_ns, 250000000);
    assert_int_equal(fault.signals, 1 << OTLP_LOGS);
    assert_int_equal(fault.delay_ns, 7000);
    assert_int_equal(fault.stall_ns, 9);
    assert_int_equal(fault.http_status, 503);
    assert_int_equal(fault.grpc_code, 14);
    assert_true(fault.has_retry_after);
    assert_int_equal(fault.retry_after_ns, 0);
    assert_true(fault.is_partial);
    assert_int_equal(fault.rejected, 5);
    assert_int_equal(fault.reset, OTLP_RESET_ANSWER);
    assert_int_equal(fault.read_bytes_per_s, 100);
    assert_int_equal(fault.write_bytes_per_s, 200);
    assert_string_equal(fault.message, "a, b=c");
}

static void test_where_it_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at;
    } wrong[] = {{"", 0},
                 {"first", 0},
                 {"first=1,what=2", 8},
                 {"first=1,", 8},
                 {"delay=1s,status=99", 9},
                 {"status=503,delay=1e3s", 11}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct otlp_receiver_fault fault = {.first = 77};
        size_t at = 1000;
        assert_int_equal(otlp_receiver_fault_parse(wrong[i].text, &fault, &at), OTLP_EINVAL);
        assert_int_equal(at, wrong[i].at);
        assert_int_equal(fault.first, 77);
        assert_int_equal(otlp_receiver_fault_parse(wrong[i].text, &fault, NULL), OTLP_EINVAL);
    }
}

static void test_ranges(void **state)
{
    (void)state;
    static const struct otlp_receiver_fault wrong[] = {
        {.probability = -0.1}, {.probability = 1.1}, {.http_status = 100},
        {.http_status = 600},  {.grpc_code = 17},    {.grpc_code = -1},
        {.rejected = -1},      {.signals = 8},       {.reset = (enum otlp_receiver_reset)4}};
    struct rx_faults faults;
    otlp__rx_faults_init(&faults, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(otlp__rx_faults_add(&faults, &wrong[i]), OTLP_EINVAL);
    }
    struct otlp_receiver_fault endless = {0};
    memset(endless.message, 'x', sizeof endless.message);
    assert_int_equal(otlp__rx_faults_add(&faults, &endless), OTLP_EINVAL);
    otlp__rx_faults_release(&faults);
}

/* Draws for `count` requests: a '1' for each that is hit. */
static void draw(struct rx_faults *faults, enum otlp_signal signal, size_t count, char *out)
{
    struct otlp_receiver_fault fault;
    for (size_t i = 0; i < count; i++) {
        out[i] = otlp__rx_faults_draw(faults, signal, &fault) ? '1' : '0';
    }
    out[count] = '\0';
}

static void assert_hits(const char *rule, const char *expected)
{
    struct rx_faults faults;
    char hits[64];
    struct otlp_receiver_fault fault = parsed(rule);
    otlp__rx_faults_init(&faults, 1);
    assert_int_equal(otlp__rx_faults_add(&faults, &fault), 0);
    draw(&faults, OTLP_TRACES, strlen(expected), hits);
    assert_string_equal(hits, expected);
    otlp__rx_faults_release(&faults);
}

static void test_which_are_hit(void **state)
{
    (void)state;
    assert_hits("status=500", "1111");
    assert_hits("status=500,first=2", "110000");
    assert_hits("status=500,every=2", "010101");
    assert_hits("status=500,first=4,every=2", "01010000");
    assert_hits("status=500,signal=logs", "0000");
    assert_hits("status=500,after=1000s", "0000");
    assert_hits("status=500,for=1000s", "1111");
}

static void test_probability_is_of_the_seed(void **state)
{
    (void)state;
    struct otlp_receiver_fault half = parsed("probability=0.5,status=500");
    char first[65];
    char hits[65];
    for (uint64_t seed = 0; seed < 3; seed++) {
        for (int again = 0; again < 2; again++) {
            struct rx_faults faults;
            otlp__rx_faults_init(&faults, seed);
            assert_int_equal(otlp__rx_faults_add(&faults, &half), 0);
            draw(&faults, OTLP_LOGS, 64, again == 0 ? first : hits);
            otlp__rx_faults_release(&faults);
        }
        assert_string_equal(first, hits);
    }
}

static void test_the_first_rule_wins(void **state)
{
    (void)state;
    struct rx_faults faults;
    struct otlp_receiver_fault drawn;
    struct otlp_receiver_fault first = parsed("first=1,status=429");
    struct otlp_receiver_fault second = parsed("status=503");
    otlp__rx_faults_init(&faults, 0);
    assert_int_equal(otlp__rx_faults_add(&faults, &first), 0);
    assert_int_equal(otlp__rx_faults_add(&faults, &second), 0);
    assert_true(otlp__rx_faults_draw(&faults, OTLP_TRACES, &drawn));
    assert_int_equal(drawn.http_status, 429);
    assert_true(otlp__rx_faults_draw(&faults, OTLP_TRACES, &drawn));
    assert_int_equal(drawn.http_status, 503);
    otlp__rx_faults_clear(&faults);
    assert_false(otlp__rx_faults_draw(&faults, OTLP_TRACES, &drawn));
    otlp__rx_faults_release(&faults);
}

static void test_their_number_is_bounded(void **state)
{
    (void)state;
    struct rx_faults faults;
    struct otlp_receiver_fault fault = parsed("status=503");
    otlp__rx_faults_init(&faults, 0);
    for (int i = 0; i < OTLP_RECEIVER_FAULTS_MAX; i++) {
        assert_int_equal(otlp__rx_faults_add(&faults, &fault), 0);
    }
    assert_int_equal(otlp__rx_faults_add(&faults, &fault), OTLP_ELIMIT);
    otlp__rx_faults_release(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_word),
        cmocka_unit_test(test_where_it_is_wrong),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_which_are_hit),
        cmocka_unit_test(test_probability_is_of_the_seed),
        cmocka_unit_test(test_the_first_rule_wins),
        cmocka_unit_test(test_their_number_is_bounded),
    };
    return cmocka_run_group_tests_name("otlp_receiver_fault", tests, NULL, NULL);
}
