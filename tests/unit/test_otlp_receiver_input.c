/*
 * What comes in from a peer, fed to a connection from memory: the corpus of the fuzzer, requests
 * cut at every byte and in pieces of every size, and memory that runs out at every point.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "failing_malloc.h"
#include "guarded.h"
#include "tests/fuzz/targets.h"

#include "tests/fuzz/receiver_target.h"

#define FILE_BYTES_MAX 65536
#define CORPUS         "tests/fuzz/corpus/receiver"

struct input {
    uint8_t bytes[FILE_BYTES_MAX];
    size_t len;
};

static void read_input(const char *name, struct input *input)
{
    char path[1024];
    assert_true(snprintf(path, sizeof path, CORPUS "/%s", name) < (int)sizeof path);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    input->len = fread(input->bytes, 1, sizeof input->bytes, file);
    assert_int_equal(ferror(file), 0);
    assert_int_equal(fclose(file), 0);
    assert_true(input->len > 0);
}

static void test_corpus(void **state)
{
    (void)state;
    static struct input input;
    size_t files = 0;
    DIR *folder = opendir(CORPUS);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        read_input(entry->d_name, &input);
        size_t step = input.len / 64 + 1;
        for (size_t cut = 0; cut <= input.len; cut += step) {
            struct guarded copy = guarded_copy(input.bytes, cut);
            fuzz_receiver((const uint8_t *)copy.text, cut);
            guarded_free(&copy);
        }
        struct guarded whole = guarded_copy(input.bytes, input.len);
        fuzz_receiver((const uint8_t *)whole.text, input.len);
        guarded_free(&whole);
        files++;
    }
    assert_int_equal(closedir(folder), 0);
    assert_true(files > 20);
}

/* A preface and empty SETTINGS. */
static const char greeting[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";

/* Feeds an input of the corpus in pieces, and tells the counters. Both kinds end the connection's
 * requests within it. */
static struct otlp_receiver_counters take(const struct input *input, size_t len, size_t piece)
{
    static const struct otlp_receiver_options options = {0};
    struct otlp_receiver_counters counters;
    struct memory_receiver receiver;
    memory_receiver_make(&receiver, &options);
    assert_non_null(memory_receiver_connect(&receiver, (input->bytes[0] & 1) != 0));
    if ((input->bytes[0] & 2) != 0) {
        memory_receiver_feed(&receiver, (const uint8_t *)greeting, sizeof greeting - 1, SIZE_MAX);
    }
    memory_receiver_feed(&receiver, input->bytes + 1, len - 1, piece);
    memory_receiver_hang_up(&receiver);
    otlp__rx_counters_read(&receiver.service.counters, &counters);
    memory_receiver_release(&receiver);
    return counters;
}

static const char *const whole_requests[] = {"http1-protobuf", "http1-json", "http1-gzip",
                                             "http1-chunked",  "grpc",       "grpc-gzip",
                                             "grpc-pieces",    "http2-json"};

#define WHOLE_REQUESTS (sizeof whole_requests / sizeof *whole_requests)

static void test_pieces_of_any_size(void **state)
{
    (void)state;
    static struct input input;
    for (size_t i = 0; i < WHOLE_REQUESTS; i++) {
        read_input(whole_requests[i], &input);
        for (size_t piece = 1; piece < input.len; piece = piece * 3 / 2 + 1) {
            struct otlp_receiver_counters counters = take(&input, input.len, piece);
            assert_int_equal(counters.signals[OTLP_TRACES].requests, 1);
            assert_int_equal(counters.signals[OTLP_TRACES].items, 1);
            assert_int_equal(counters.refused, 0);
            assert_int_equal(counters.protocol_errors, 0);
        }
    }
}

static void test_cuts(void **state)
{
    (void)state;
    static struct input input;
    for (size_t i = 0; i < WHOLE_REQUESTS; i++) {
        read_input(whole_requests[i], &input);
        for (size_t len = 1; len < input.len; len++) {
            struct otlp_receiver_counters counters = take(&input, len, SIZE_MAX);
            assert_int_equal(counters.signals[OTLP_TRACES].requests, 0);
            assert_int_equal(counters.refused, 0);
        }
    }
}

static void test_two_streams(void **state)
{
    (void)state;
    static struct input input;
    read_input("grpc-two-streams", &input);
    assert_int_equal(take(&input, input.len, SIZE_MAX).signals[OTLP_TRACES].items, 2);
}

/* Damage of a few bytes: nothing may break, and nothing be counted twice. */
static void test_damage(void **state)
{
    (void)state;
    static struct input input;
    static struct input damaged;
    unsigned long seed = 7;
    for (size_t i = 0; i < WHOLE_REQUESTS; i++) {
        read_input(whole_requests[i], &input);
        for (int round = 0; round < 400; round++) {
            damaged = input;
            for (unsigned long n = random_next(&seed) % 4 + 1; n > 0; n--) {
                size_t at = 1 + random_next(&seed) % (input.len - 1);
                damaged.bytes[at] = (uint8_t)random_next(&seed);
            }
            struct guarded copy = guarded_copy(damaged.bytes, damaged.len);
            fuzz_receiver((const uint8_t *)copy.text, damaged.len);
            guarded_free(&copy);
            assert_true(take(&damaged, damaged.len, 7).signals[OTLP_TRACES].requests <= 1);
        }
    }
}

/* Each allocation in turn fails; the answer may be missing, but nothing is lost or left. */
static void run_out(const struct input *input, struct memory_receiver *receiver, long nth)
{
    struct rx_conn *conn = NULL;
    allocations_left = nth;
    conn = memory_receiver_connect(receiver, (input->bytes[0] & 1) != 0);
    if (conn != NULL) {
        if ((input->bytes[0] & 2) != 0) {
            memory_receiver_feed(receiver, (const uint8_t *)greeting, sizeof greeting - 1,
                                 SIZE_MAX);
        }
        memory_receiver_feed(receiver, input->bytes + 1, input->len - 1, 50);
    }
    bool has_failed = allocations_left < 0;
    allocations_left = -1;
    memory_receiver_hang_up(receiver);
    uint64_t requests = atomic_load(&receiver->service.counters.signals[OTLP_TRACES].requests);
    assert_true(requests <= 1);
    assert_true(has_failed || requests == 1);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    if (!FAILING_MALLOC) {
        skip();
    }
    static const struct otlp_receiver_options options = {0};
    static struct input input;
    for (size_t i = 0; i < WHOLE_REQUESTS; i++) {
        read_input(whole_requests[i], &input);
        bool is_done = false;
        for (long nth = 0; !is_done; nth++) {
            struct memory_receiver receiver;
            memory_receiver_make(&receiver, &options);
            allocations_left = -1;
            run_out(&input, &receiver, nth);
            is_done = atomic_load(&receiver.service.counters.signals[OTLP_TRACES].requests) == 1 &&
                      nth > 200;
            assert_true(nth < 2000);
            memory_receiver_release(&receiver);
        }
    }
}

static void test_a_start_out_of_memory(void **state)
{
    (void)state;
    if (!FAILING_MALLOC) {
        skip();
    }
    char message[128];
    struct otlp_receiver_options options = {.bearer_token = "x", .workers = 2};
    bool was_refused = false;
    for (long nth = 0; nth < 60; nth++) {
        struct otlp_receiver *receiver = NULL;
        allocations_left = nth;
        int rc = otlp_receiver_start(&options, &receiver, message, sizeof message);
        allocations_left = -1;
        was_refused = was_refused || rc == OTLP_ENOMEM;
        assert_true(rc == 0 || rc == OTLP_ENOMEM || rc == OTLP_EIO);
        if (rc == 0) {
            otlp_receiver_stop(receiver, 0, NULL);
        }
    }
    assert_true(was_refused);
}

/* A client that is never done with reading: what is queued stays small all the same. */
static void test_what_is_sent_makes_room(void **state)
{
    (void)state;
    static const struct otlp_receiver_options options = {0};
    static uint8_t bytes[16384];
    struct memory_receiver receiver;
    int ends[2];
    memory_receiver_make(&receiver, &options);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    atomic_fetch_add(&receiver.service.counters.connections_open, 1);
    struct rx_conn *conn = otlp__rx_conn_new(&receiver.connections, receiver.base,
                                             &receiver.scratch, ends[0], false, false);
    assert_non_null(conn);
    while (otlp__rx_conn_backlog(conn) < 4 * sizeof bytes) {
        otlp__rx_conn_send(conn, bytes, sizeof bytes);
        otlp__rx_conn_settle(conn);
    }
    for (int i = 0; i < 500; i++) {
        if (read(ends[1], bytes, sizeof bytes) > 0) {
            otlp__rx_conn_settle(conn);
        }
        while (otlp__rx_conn_backlog(conn) < 4 * sizeof bytes) {
            otlp__rx_conn_send(conn, bytes, sizeof bytes);
        }
    }
    assert_true(conn->out.len < 16 * sizeof bytes);
    memory_receiver_hang_up(&receiver);
    assert_int_equal(close(ends[1]), 0);
    memory_receiver_release(&receiver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),        cmocka_unit_test(test_pieces_of_any_size),
        cmocka_unit_test(test_cuts),          cmocka_unit_test(test_two_streams),
        cmocka_unit_test(test_damage),        cmocka_unit_test(test_what_is_sent_makes_room),
        cmocka_unit_test(test_out_of_memory), cmocka_unit_test(test_a_start_out_of_memory),
    };
    return cmocka_run_group_tests_name("otlp_receiver_input", tests, NULL, NULL);
}
