/* The receiver as a library: in threads of its own, with a function that is told of each request.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include <otlp/receiver.h>

/* A span with valid ids. */
static const uint8_t span[] = {0x0a, 0x20, 0x12, 0x1e, 0x12, 0x1c, 0x0a, 0x10, 1,  2,  3,  4,
                               5,    6,    7,    8,    9,    10,   11,   12,   13, 14, 15, 16,
                               0x12, 0x08, 1,    2,    3,    4,    5,    6,    7,  8};

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval patience = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Sends one request on a new connection; the status, or -1 when there was none. */
static int post(int port, const char *path)
{
    char text[1024];
    int fd = connect_to(port);
    assert_true(fd >= 0);
    int len = snprintf(text, sizeof text,
                       "POST %s HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n"
                       "connection: close\r\ncontent-length: %zu\r\n\r\n",
                       path, sizeof span);
    assert_int_equal(send(fd, text, (size_t)len, MSG_NOSIGNAL), len);
    assert_int_equal(send(fd, span, sizeof span, MSG_NOSIGNAL), sizeof span);
    ssize_t got = recv(fd, text, sizeof text - 1, 0);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    return strncmp(text, "HTTP/1.1 ", 9) == 0 ? (int)strtol(text + 9, NULL, 10) : -1;
}

struct seen {
    atomic_size_t requests;
    atomic_size_t items;
    atomic_bool is_wrong;
};

static void look(void *context, const struct otlp_receiver_request *request)
{
    struct seen *seen = context;
    bool is_right = request->signal == OTLP_TRACES && request->encoding == OTLP_ENCODING_PROTOBUF &&
                    !request->is_grpc && request->data_len == sizeof span &&
                    request->wire_bytes == sizeof span &&
                    memcmp(request->data, span, sizeof span) == 0 && request->rejected == 0;
    seen->is_wrong = seen->is_wrong || !is_right;
    seen->items += request->items;
    seen->requests++;
}

static void test_requests_are_handed_on(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct otlp_receiver_options options = {.on_request = look, .context = &seen};
    struct otlp_receiver_counters counters;
    struct otlp_receiver *receiver;
    assert_int_equal(otlp_receiver_start(&options, &receiver, NULL, 0), 0);
    int port = otlp_receiver_http_port(receiver);
    assert_true(port > 0 && otlp_receiver_grpc_port(receiver) > 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(post(port, "/v1/traces"), 200);
    }
    assert_int_equal(post(port, "/v1/nothing"), 404);
    otlp_receiver_count(receiver, &counters);
    assert_int_equal(counters.signals[OTLP_TRACES].items, 3);
    assert_int_equal(otlp_receiver_stop(receiver, 5000000000u, &counters), 0);
    assert_int_equal(seen.requests, 3);
    assert_int_equal(seen.items, 3);
    assert_false(seen.is_wrong);
    assert_int_equal(counters.signals[OTLP_TRACES].requests, 3);
    assert_int_equal(counters.signals[OTLP_TRACES].wire_bytes, 3 * sizeof span);
    assert_int_equal(counters.refused, 1);
    assert_int_equal(counters.connections, 4);
    assert_int_equal(counters.connections_open, 0);
    assert_int_equal(counters.buffered_bytes, 0);
}

static void test_faults_while_it_runs(void **state)
{
    (void)state;
    struct otlp_receiver_options options = {.grpc_port = -1};
    struct otlp_receiver_fault fault = {.http_status = 503};
    struct otlp_receiver *receiver;
    assert_int_equal(otlp_receiver_start(&options, &receiver, NULL, 0), 0);
    int port = otlp_receiver_http_port(receiver);
    assert_int_equal(otlp_receiver_grpc_port(receiver), -1);
    assert_int_equal(post(port, "/v1/traces"), 200);
    assert_int_equal(otlp_receiver_add_fault(receiver, &fault), 0);
    assert_int_equal(post(port, "/v1/traces"), 503);
    fault.http_status = 99;
    assert_int_equal(otlp_receiver_add_fault(receiver, &fault), OTLP_EINVAL);
    otlp_receiver_clear_faults(receiver);
    assert_int_equal(post(port, "/v1/traces"), 200);
    fault = (struct otlp_receiver_fault){.reset = OTLP_RESET_BEFORE};
    assert_int_equal(otlp_receiver_add_fault(receiver, &fault), 0);
    assert_int_equal(post(port, "/v1/traces"), -1);
    assert_int_equal(otlp_receiver_stop(receiver, 0, NULL), 0);
}

static void test_stopping(void **state)
{
    (void)state;
    struct otlp_receiver_options options = {.workers = 2};
    struct otlp_receiver_fault stall = {.stall_ns = 60000000000u};
    struct otlp_receiver *receiver;
    char byte;
    assert_int_equal(otlp_receiver_start(&options, &receiver, NULL, 0), 0);
    int port = otlp_receiver_http_port(receiver);
    int idle = connect_to(port);
    assert_true(idle >= 0);
    assert_int_equal(otlp_receiver_add_fault(receiver, &stall), 0);
    int stalled = connect_to(port);
    static const char request[] = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n"
                                  "content-type: application/x-protobuf\r\n\r\n";
    assert_int_equal(send(stalled, request, sizeof request - 1, MSG_NOSIGNAL), sizeof request - 1);
    struct otlp_receiver_counters counters = {.faults = 0};
    for (int i = 0; i < 2000 && counters.faults == 0; i++) {
        usleep(1000);
        otlp_receiver_count(receiver, &counters);
    }
    assert_int_equal(counters.faults, 1);
    assert_int_equal(otlp_receiver_stop(receiver, 50000000u, NULL), OTLP_ETIMEOUT);
    assert_true(recv(idle, &byte, 1, 0) <= 0);
    assert_true(recv(stalled, &byte, 1, 0) <= 0);
    assert_int_equal(connect_to(port), -1);
    close(idle);
    close(stalled);
    assert_int_equal(otlp_receiver_stop(NULL, 0, NULL), 0);
}

static void test_what_cannot_start(void **state)
{
    (void)state;
    static const struct {
        struct otlp_receiver_options options;
        int error;
    } wrong[] = {
        {{.grpc_port = -1, .http_port = -1}, OTLP_EINVAL},
        {{.grpc_port = 70000}, OTLP_EINVAL},
        {{.workers = 65}, OTLP_EINVAL},
        {{.certificate_file = "x"}, OTLP_EINVAL},
        {{.client_ca_file = "x"}, OTLP_EINVAL},
        {{.write_path = "x"}, OTLP_EINVAL},
        {{.write = OTLP_RECEIVER_WRITE_RAW}, OTLP_EINVAL},
        {{.host = "not an address"}, OTLP_EIO},
        {{.write = OTLP_RECEIVER_WRITE_JSON, .write_path = "/nonexistent/x"}, OTLP_EIO},
        {{.certificate_file = "/nonexistent", .key_file = "/nonexistent"}, OTLP_EIO},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct otlp_receiver *receiver = NULL;
        char message[100] = "";
        assert_int_equal(otlp_receiver_start(&wrong[i].options, &receiver, message, sizeof message),
                         wrong[i].error);
        assert_true(strlen(message) > 0);
        assert_null(receiver);
    }
}

/* Several senders at once, and rules that come and go meanwhile: for ThreadSanitizer. */
struct sender {
    int port;
    size_t accepted;
};

static void *send_some(void *argument)
{
    struct sender *sender = argument;
    for (int i = 0; i < 25; i++) {
        sender->accepted += post(sender->port, "/v1/traces") == 200;
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct otlp_receiver_options options = {.workers = 3, .on_request = look, .context = &seen};
    struct otlp_receiver_fault fault = {.every = 2, .http_status = 500};
    struct otlp_receiver_counters counters;
    struct otlp_receiver *receiver;
    pthread_t threads[4];
    struct sender senders[4];
    size_t accepted = 0;
    assert_int_equal(otlp_receiver_start(&options, &receiver, NULL, 0), 0);
    for (int i = 0; i < 4; i++) {
        senders[i] = (struct sender){.port = otlp_receiver_http_port(receiver)};
        assert_int_equal(pthread_create(&threads[i], NULL, send_some, &senders[i]), 0);
    }
    for (int i = 0; i < 50; i++) {
        otlp_receiver_add_fault(receiver, &fault);
        otlp_receiver_count(receiver, &counters);
        usleep(500);
        otlp_receiver_clear_faults(receiver);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        accepted += senders[i].accepted;
    }
    assert_int_equal(otlp_receiver_stop(receiver, 5000000000u, &counters), 0);
    assert_int_equal(counters.signals[OTLP_TRACES].requests, accepted);
    assert_int_equal(counters.faults, 100 - accepted);
    assert_int_equal(seen.requests, accepted);
    assert_false(seen.is_wrong);
}

static void test_counters_as_json(void **state)
{
    (void)state;
    struct otlp_receiver_counters counters = {.connections = 3, .buffered_bytes_peak = UINT64_MAX};
    counters.signals[OTLP_METRICS].items = 12;
    struct otlp_buffer text = {0};
    assert_int_equal(otlp_receiver_counters_json(&counters, &text), 0);
    assert_int_equal(otlp_buffer_reserve(&text, 1), 0);
    text.data[text.len] = '\0';
    const char *json = (const char *)text.data;
    assert_non_null(strstr(json, "{\"traces\":{\"requests\":0,\"items\":0,"));
    assert_non_null(strstr(json, "\"metrics\":{\"requests\":0,\"items\":12,"));
    assert_non_null(strstr(json, "},\"connections\":3,"));
    assert_string_equal(strstr(json, "\"buffered_bytes_peak\""),
                        "\"buffered_bytes_peak\":18446744073709551615}");
    uint8_t small[100];
    struct otlp_buffer fixed = otlp_buffer_fixed(small, sizeof small);
    assert_int_equal(otlp_receiver_counters_json(&counters, &fixed), OTLP_ENOSPC);
    assert_int_equal(fixed.len, 0);
    otlp_buffer_release(&text);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_are_handed_on),
        cmocka_unit_test(test_faults_while_it_runs),
        cmocka_unit_test(test_stopping),
        cmocka_unit_test(test_what_cannot_start),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_counters_as_json),
    };
    return cmocka_run_group_tests_name("otlp_receiver", tests, NULL, NULL);
}
