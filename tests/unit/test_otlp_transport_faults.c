/* Receivers that fail: gone, slow, several of them; and an exporter that is shut down meanwhile. */
#include "exporting.h"
#include "peer_closing.h"
#include "peer_grpc.h"
#include "peer_http.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct peer_step accepting[] = {{.status = 200}};
static const struct peer_step failing[] = {{.status = 503}};
static const struct peer_step stalling[] = {{.act = PEER_STALL}};

static struct otlp_export_result send_within(struct otlp_exporter *exporter, uint64_t timeout_ns)
{
    struct otlp_export request = {
        .data = (const uint8_t *)"abc", .data_len = 3, .items = 3, .timeout_ns = timeout_ns};
    struct otlp_export_result result;
    otlp_exporter_send(exporter, &request, &result);
    return result;
}

static void url_of_port(char url[64], int port)
{
    snprintf(url, 64, "http://127.0.0.1:%d", port);
}

static void a_receiver_that_is_gone_is_tried_until_time_is_up(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < OTLP_PROTOCOL_COUNT; protocol++) {
        char url[64];
        url_of_port(url, peer_closed_port());
        struct otlp_endpoint endpoint = {.url = url};
        struct otlp_transport_options options = quick_options(&endpoint, 1);
        options.protocol = (enum otlp_protocol)protocol;
        options.breaker.failures = UINT32_MAX;
        struct otlp_exporter *exporter = start_exporter(&options);
        struct otlp_export_result result = send_within(exporter, 250 * MS);
        assert_outcome(result, OTLP_EXPORT_TIMED_OUT);
        assert_true(result.attempts >= 2);
        assert_int_equal(result.status, -1);
        assert_string_not_equal(result.message, "");
        struct otlp_transport_metrics metrics;
        otlp_transport_metrics(exporter, &metrics);
        assert_int_equal(metrics.items_dropped, 3);
        assert_int_equal(metrics.attempts, result.attempts);
        assert_int_equal(metrics.retries, result.attempts - 1);
        stop_exporter(exporter);
    }
}

static void a_receiver_that_comes_back_gets_everything(void **state)
{
    (void)state;
    int port = peer_closed_port();
    char url[64];
    url_of_port(url, port);
    struct otlp_endpoint endpoint = {.url = url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.breaker.failures = UINT32_MAX;
    struct otlp_exporter *exporter = start_exporter(&options);
    assert_outcome(send_within(exporter, 20 * MS), OTLP_EXPORT_TIMED_OUT);
    struct peer *peer = peer_start_at(port, peer_serve_http, NULL, accepting, 1);
    assert_outcome(send_within(exporter, 0), OTLP_EXPORT_DELIVERED);
    stop_exporter(exporter);
    peer_stop(peer);
}

static void attempts_are_limited(void **state)
{
    (void)state;
    struct peer *peer = peer_start_http(failing, 1);
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.retry.attempts_max = 3;
    struct otlp_exporter *exporter = start_exporter(&options);
    struct otlp_export_result result = send_within(exporter, 0);
    assert_outcome(result, OTLP_EXPORT_UNAVAILABLE);
    assert_int_equal(result.attempts, 3);
    assert_int_equal(result.status, 503);
    stop_exporter(exporter);
    peer_stop(peer);
}

static void a_slow_attempt_is_broken_off(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.act = PEER_STALL}, {.status = 200}};
    struct peer *peer = peer_start_http(steps, 2);
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.attempt_timeout_ns = 50 * MS;
    struct otlp_exporter *exporter = start_exporter(&options);
    struct otlp_export_result result = send_within(exporter, 0);
    assert_outcome(result, OTLP_EXPORT_DELIVERED);
    assert_true(result.attempts >= 2);
    stop_exporter(exporter);
    peer_stop(peer);
}

/* The receiver closes a connection while a request is on its way to it: no back-off for that. */
static void a_kept_connection_that_ends_costs_no_wait(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < OTLP_PROTOCOL_COUNT; protocol++) {
        struct peer *peer = start_closing_peer((enum otlp_protocol)protocol);
        struct otlp_endpoint endpoint = {.url = peer->url};
        struct otlp_transport_options options = quick_options(&endpoint, 1);
        options.protocol = (enum otlp_protocol)protocol;
        options.retry.first_ns = 60000ull * MS; /* longer than there is time */
        options.retry.cap_ns = 60000ull * MS;
        struct otlp_exporter *exporter = start_exporter(&options);
        assert_outcome(send_within(exporter, 0), OTLP_EXPORT_DELIVERED);
        assert_outcome(send_within(exporter, 0), OTLP_EXPORT_DELIVERED);
        stop_exporter(exporter);
        assert_int_equal(peer->request_count, 3);
        peer_stop(peer);
    }
}

/* ---- Circuit breakers ------------------------------------------------------------------------ */

static void a_breaker_opens_and_closes(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {
        {.status = 503}, {.status = 503}, {.status = 503}, {.status = 503}, {.status = 200}};
    struct peer *peer = peer_start_http(steps, COUNT(steps));
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.retry.attempts_max = 1;
    options.breaker = (struct otlp_breaker_policy){.failures = 3, .open_ns = 500 * MS};
    struct otlp_exporter *exporter = start_exporter(&options);
    struct otlp_endpoint_health health;
    for (int i = 0; i < 3; i++) {
        assert_outcome(send_within(exporter, 0), OTLP_EXPORT_UNAVAILABLE);
    }
    assert_int_equal(otlp_transport_health(exporter, &health, 1), 1);
    assert_int_equal(health.breaker, OTLP_BREAKER_OPEN);
    assert_int_equal(health.failures_in_row, 3);
    assert_string_equal(health.message, "HTTP status 503");
    struct otlp_export_result result = send_within(exporter, 0);
    assert_outcome(result, OTLP_EXPORT_UNAVAILABLE);
    assert_int_equal(result.attempts, 0);
    assert_string_equal(result.message, "the circuit breaker is open");
    peer_sleep_ms(520);
    assert_int_equal(send_within(exporter, 0).attempts, 1); /* half open, and open again */
    assert_int_equal(send_within(exporter, 0).attempts, 0);
    peer_sleep_ms(520);
    assert_outcome(send_within(exporter, 0), OTLP_EXPORT_DELIVERED);
    otlp_transport_health(exporter, &health, 1);
    assert_int_equal(health.breaker, OTLP_BREAKER_CLOSED);
    assert_int_equal(health.answers, 1);
    assert_int_equal(health.failures, 4);
    stop_exporter(exporter);
    peer_stop(peer);
}

/* Its time-out is longer than the breaker stays open: it waits, and is not lost. */
static void a_tried_request_waits_for_the_breaker(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.status = 503}, {.status = 503}, {.status = 200}};
    struct peer *peer = peer_start_http(steps, COUNT(steps));
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.breaker = (struct otlp_breaker_policy){.failures = 2, .open_ns = 100 * MS};
    struct otlp_exporter *exporter = start_exporter(&options);
    uint64_t began = peer_now_ms();
    struct otlp_export_result result = send_within(exporter, 0);
    assert_outcome(result, OTLP_EXPORT_DELIVERED);
    assert_int_equal(result.attempts, 3);
    assert_true(peer_now_ms() - began >= 100);
    stop_exporter(exporter);
    peer_stop(peer);
}

static void a_receiver_that_is_busy_is_not_broken(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {
        {.status = 429}, {.status = 429}, {.status = 429}, {.status = 200}};
    struct peer *peer = peer_start_http(steps, COUNT(steps));
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.breaker.failures = 1;
    struct otlp_exporter *exporter = start_exporter(&options);
    assert_outcome(send_within(exporter, 0), OTLP_EXPORT_DELIVERED);
    stop_exporter(exporter);
    peer_stop(peer);
}

/* ---- Several receivers ----------------------------------------------------------------------- */

struct spread {
    struct peer *peers[3];
    struct otlp_endpoint endpoints[3];
};

static void start_spread(struct spread *spread, const struct peer_step *steps)
{
    for (size_t i = 0; i < 3; i++) {
        spread->peers[i] = peer_start_http(steps, 1);
        spread->endpoints[i] = (struct otlp_endpoint){.url = spread->peers[i]->url};
    }
}

static void stop_spread(struct spread *spread)
{
    for (size_t i = 0; i < 3; i++) {
        peer_stop(spread->peers[i]);
    }
}

static void endpoints_take_turns(void **state)
{
    (void)state;
    static const size_t wanted[3][3] = {{4, 4, 4}, {8, 2, 2}, {4, 4, 4}};
    for (int balance = 0; balance <= OTLP_BALANCE_LEAST_IN_FLIGHT; balance++) {
        struct spread spread;
        start_spread(&spread, accepting);
        struct otlp_transport_options options = quick_options(spread.endpoints, 3);
        options.balance = (enum otlp_balance)balance;
        spread.endpoints[0].weight = balance == OTLP_BALANCE_WEIGHTED ? 4 : 1;
        struct otlp_exporter *exporter = start_exporter(&options);
        for (int i = 0; i < 12; i++) {
            assert_outcome(send_within(exporter, 0), OTLP_EXPORT_DELIVERED);
        }
        stop_exporter(exporter);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(spread.peers[i]->request_count, wanted[balance][i]);
        }
        stop_spread(&spread);
    }
}

/* No request waits for a back-off while another receiver can be asked, and after some failures the
 * dead one is left alone. */
static void failing_endpoints_are_passed_over(void **state)
{
    (void)state;
    char url[64];
    struct spread spread;
    start_spread(&spread, accepting);
    url_of_port(url, peer_closed_port());
    struct otlp_endpoint dead = {.url = url};
    struct otlp_endpoint endpoints[] = {spread.endpoints[0], dead, spread.endpoints[1]};
    struct otlp_transport_options options = quick_options(endpoints, 3);
    options.retry.first_ns = 60000ull * MS;
    options.retry.cap_ns = 60000ull * MS;
    options.breaker = (struct otlp_breaker_policy){.failures = 4, .open_ns = 60000ull * MS};
    struct otlp_exporter *exporter = start_exporter(&options);
    for (int i = 0; i < 30; i++) {
        assert_outcome(send_within(exporter, 0), OTLP_EXPORT_DELIVERED);
    }
    struct otlp_endpoint_health health[3];
    assert_int_equal(otlp_transport_health(exporter, health, 3), 3);
    assert_int_equal(health[1].breaker, OTLP_BREAKER_OPEN);
    assert_int_equal(health[1].failures, 4);
    assert_string_equal(health[1].url, url);
    stop_exporter(exporter);
    stop_spread(&spread);
}

/* ---- The pool -------------------------------------------------------------------------------- */

static void connections_are_opened_beforehand(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < OTLP_PROTOCOL_COUNT; protocol++) {
        static const struct peer_step grpc_step[] = {
            {.headers = "grpc-status: 0\n", .body = "\0\0\0\0", .body_len = 5}};
        struct peer *peer = protocol == OTLP_PROTOCOL_GRPC ? peer_start_grpc(grpc_step, 1)
                                                           : peer_start_http(accepting, 1);
        struct otlp_endpoint endpoint = {.url = peer->url};
        struct otlp_transport_options options = quick_options(&endpoint, 1);
        options.protocol = (enum otlp_protocol)protocol;
        options.pool.connections_min = 3;
        options.pool.connections_max = 3;
        struct otlp_exporter *exporter = start_exporter(&options);
        assert_true(peer_await(peer, 3));
        assert_int_equal(peer_connections(peer), 3);
        for (int i = 0; i < 5; i++) {
            assert_outcome(send_within(exporter, 0), OTLP_EXPORT_DELIVERED);
        }
        struct otlp_transport_metrics metrics;
        otlp_transport_metrics(exporter, &metrics);
        assert_int_equal(metrics.attempts, 5); /* checks are not counted */
        assert_int_equal(metrics.connections, 3);
        stop_exporter(exporter);
        assert_int_equal(peer->connection_count, 3);
        assert_int_equal(peer->request_count, 8);
        peer_stop(peer);
    }
}

/* An endpoint that was down is found again without a request having to try it. */
static void checks_close_breakers_and_open_connections(void **state)
{
    (void)state;
    char url[64];
    int port = peer_closed_port();
    url_of_port(url, port);
    struct otlp_endpoint endpoint = {.url = url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.breaker = (struct otlp_breaker_policy){.failures = 1, .open_ns = 20 * MS};
    options.pool.check_ns = 20 * MS;
    options.pool.connections_min = 2;
    struct otlp_exporter *exporter = start_exporter(&options);
    struct otlp_endpoint_health health = {.breaker = OTLP_BREAKER_CLOSED};
    for (int i = 0; i < 2000 && health.failures == 0; i++) {
        peer_sleep_ms(5);
        otlp_transport_health(exporter, &health, 1);
    }
    assert_int_not_equal(health.failures, 0);
    struct peer *peer = peer_start_at(port, peer_serve_http, NULL, accepting, 1);
    for (int i = 0; i < 2000 && (health.breaker != OTLP_BREAKER_CLOSED || health.connections < 2);
         i++) {
        peer_sleep_ms(5);
        otlp_transport_health(exporter, &health, 1);
    }
    assert_int_equal(health.breaker, OTLP_BREAKER_CLOSED);
    assert_int_equal(health.connections, 2);
    stop_exporter(exporter);
    peer_stop(peer);
}

static void old_and_idle_connections_are_not_used_again(void **state)
{
    (void)state;
    struct peer *peer = peer_start_http(accepting, 1);
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    struct otlp_exporter *exporters[3];
    exporters[0] = start_exporter(&options);
    options.pool.idle_ns = 1 * MS; /* a second: it is counted in whole ones */
    exporters[1] = start_exporter(&options);
    options.pool.idle_ns = 0;
    options.pool.lifetime_ns = 1 * MS;
    exporters[2] = start_exporter(&options);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT(exporters); i++) {
            assert_outcome(send_within(exporters[i], 0), OTLP_EXPORT_DELIVERED);
        }
        peer_sleep_ms(round == 0 ? 2100 : 0);
    }
    for (size_t i = 0; i < COUNT(exporters); i++) {
        struct otlp_transport_metrics metrics;
        otlp_transport_metrics(exporters[i], &metrics);
        assert_int_equal(metrics.connections_opened, i == 0 ? 1 : 2);
        assert_int_equal(metrics.connections, 1);
        stop_exporter(exporters[i]);
    }
    peer_stop(peer);
}

struct sender {
    pthread_t thread;
    struct otlp_exporter *exporter;
    struct otlp_export_result result;
};

static void *send_one(void *context)
{
    struct sender *sender = context;
    sender->result = send_within(sender->exporter, 0);
    return NULL;
}

static void start_senders(struct sender *senders, size_t count, struct otlp_exporter *exporter)
{
    for (size_t i = 0; i < count; i++) {
        senders[i].exporter = exporter;
        pthread_create(&senders[i].thread, NULL, send_one, &senders[i]);
    }
}

static void join_senders(struct sender *senders, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pthread_join(senders[i].thread, NULL);
    }
}

static void connections_are_limited(void **state)
{
    (void)state;
    static const struct peer_step slow[] = {{.status = 200, .delay_ms = 10}};
    struct peer *peer = peer_start_http(slow, 1);
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.pool.connections_max = 2;
    struct otlp_exporter *exporter = start_exporter(&options);
    struct sender senders[12];
    start_senders(senders, COUNT(senders), exporter);
    join_senders(senders, COUNT(senders));
    for (size_t i = 0; i < COUNT(senders); i++) {
        assert_outcome(senders[i].result, OTLP_EXPORT_DELIVERED);
    }
    struct otlp_transport_metrics metrics;
    otlp_transport_metrics(exporter, &metrics);
    assert_int_equal(metrics.connections_opened, 2);
    assert_true(metrics.in_flight_max >= 2);
    assert_int_equal(metrics.in_flight, 0);
    stop_exporter(exporter);
    assert_int_equal(peer->connection_count, 2);
    peer_stop(peer);
}

static void a_check_tells_how_receivers_are(void **state)
{
    (void)state;
    struct peer *peer = peer_start_http(accepting, 1);
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_JSON);
    assert_int_equal(otlp_transport_check(exporter, 0), 0);
    assert_int_equal(peer->requests[0].body_len, 2);
    assert_memory_equal(peer->requests[0].body, "{}", 2);
    assert_int_equal(otlp_exporter_shutdown(exporter, 0), 0);
    assert_int_equal(otlp_transport_check(exporter, 0), OTLP_EENDED);
    otlp_exporter_free(exporter);
    peer_stop(peer);

    char url[64];
    url_of_port(url, peer_closed_port());
    exporter = start_exporter_to(url, OTLP_PROTOCOL_HTTP_PROTOBUF);
    assert_int_equal(otlp_transport_check(exporter, 0), OTLP_EIO);
    stop_exporter(exporter);

    peer = peer_start_http(stalling, 1);
    exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_PROTOBUF);
    assert_int_equal(otlp_transport_check(exporter, 50 * MS), OTLP_ETIMEOUT);
    stop_exporter(exporter);
    peer_stop(peer);
}

/* A proxy is none for what runs on the same machine. */
static void proxies_are_passed_by_on_this_machine(void **state)
{
    (void)state;
    char url[64];
    url_of_port(url, peer_closed_port());
    setenv("http_proxy", url, 1);
    struct peer *peer = peer_start_http(accepting, 1);
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_PROTOBUF);
    assert_outcome(send_within(exporter, 0), OTLP_EXPORT_DELIVERED);
    stop_exporter(exporter);
    peer_stop(peer);
    struct otlp_endpoint endpoint = {.url = "http://receiver.invalid:4318"};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.retry.attempts_max = 1;
    exporter = start_exporter(&options);
    struct otlp_export_result result = send_within(exporter, 0);
    assert_outcome(result, OTLP_EXPORT_UNAVAILABLE);
    assert_non_null(strstr(result.message, "127.0.0.1")); /* it was the proxy that was asked */
    stop_exporter(exporter);
    unsetenv("http_proxy");
}

/* ---- Shutdown -------------------------------------------------------------------------------- */

static void shutdown_ends_back_offs(void **state)
{
    (void)state;
    struct peer *peer = peer_start_http(failing, 1);
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.timeout_ns = 600000ull * MS;
    options.retry.first_ns = 60000ull * MS;
    options.retry.cap_ns = 60000ull * MS;
    struct otlp_exporter *exporter = start_exporter(&options);
    struct sender senders[3];
    start_senders(senders, COUNT(senders), exporter);
    assert_true(peer_await(peer, COUNT(senders)));
    peer_sleep_ms(20);
    assert_int_equal(otlp_exporter_shutdown(exporter, 20000ull * MS), 0);
    join_senders(senders, COUNT(senders));
    for (size_t i = 0; i < COUNT(senders); i++) {
        assert_outcome(senders[i].result, OTLP_EXPORT_SHUT_DOWN);
        assert_int_equal(senders[i].result.attempts, 1);
        assert_int_equal(senders[i].result.status, 503);
    }
    assert_outcome(send_within(exporter, 0), OTLP_EXPORT_SHUT_DOWN);
    assert_int_equal(otlp_exporter_shutdown(exporter, 0), 0);
    struct otlp_transport_metrics metrics;
    otlp_transport_metrics(exporter, &metrics);
    assert_int_equal(metrics.exports[OTLP_EXPORT_SHUT_DOWN], 4);
    assert_int_equal(metrics.items_dropped, 12);
    otlp_exporter_free(exporter);
    peer_stop(peer);
}

static void shutdown_waits_for_answers(void **state)
{
    (void)state;
    static const struct peer_step slow[] = {{.status = 200, .delay_ms = 100}};
    struct peer *peer = peer_start_http(slow, 1);
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_PROTOBUF);
    struct sender sender;
    start_senders(&sender, 1, exporter);
    assert_true(peer_await(peer, 1));
    assert_int_equal(otlp_exporter_shutdown(exporter, 20000ull * MS), 0);
    join_senders(&sender, 1);
    assert_outcome(sender.result, OTLP_EXPORT_DELIVERED);
    otlp_exporter_free(exporter);
    peer_stop(peer);
}

static void shutdown_does_not_wait_for_ever(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < OTLP_PROTOCOL_COUNT; protocol++) {
        struct peer *peer = protocol == OTLP_PROTOCOL_GRPC ? peer_start_grpc(stalling, 1)
                                                           : peer_start_http(stalling, 1);
        struct otlp_exporter *exporter = start_exporter_to(peer->url, (enum otlp_protocol)protocol);
        struct sender sender;
        start_senders(&sender, 1, exporter);
        assert_true(peer_await(peer, 1));
        assert_int_equal(otlp_exporter_shutdown(exporter, 30 * MS), OTLP_ETIMEOUT);
        join_senders(&sender, 1);
        assert_outcome(sender.result, OTLP_EXPORT_SHUT_DOWN);
        otlp_exporter_free(exporter);
        peer_stop(peer);
    }
}

static void no_descriptor_is_left_open(void **state)
{
    (void)state;
    int before = 0;
    for (int round = 0; round < 3; round++) {
        struct peer *peer = peer_start_http(accepting, 1);
        struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_PROTOBUF);
        struct sender senders[4];
        start_senders(senders, COUNT(senders), exporter);
        join_senders(senders, COUNT(senders));
        struct otlp_transport_metrics metrics;
        otlp_transport_metrics(exporter, &metrics);
        assert_true(metrics.connections >= 1);
        otlp_exporter_free(exporter); /* without a shutdown */
        peer_stop(peer);
        if (round == 0) {
            before = peer_open_descriptors();
        }
    }
    assert_int_equal(peer_open_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receiver_that_is_gone_is_tried_until_time_is_up),
        cmocka_unit_test(a_receiver_that_comes_back_gets_everything),
        cmocka_unit_test(attempts_are_limited),
        cmocka_unit_test(a_slow_attempt_is_broken_off),
        cmocka_unit_test(a_kept_connection_that_ends_costs_no_wait),
        cmocka_unit_test(a_breaker_opens_and_closes),
        cmocka_unit_test(a_tried_request_waits_for_the_breaker),
        cmocka_unit_test(a_receiver_that_is_busy_is_not_broken),
        cmocka_unit_test(endpoints_take_turns),
        cmocka_unit_test(failing_endpoints_are_passed_over),
        cmocka_unit_test(connections_are_opened_beforehand),
        cmocka_unit_test(checks_close_breakers_and_open_connections),
        cmocka_unit_test(old_and_idle_connections_are_not_used_again),
        cmocka_unit_test(connections_are_limited),
        cmocka_unit_test(a_check_tells_how_receivers_are),
        cmocka_unit_test(proxies_are_passed_by_on_this_machine),
        cmocka_unit_test(shutdown_ends_back_offs),
        cmocka_unit_test(shutdown_waits_for_answers),
        cmocka_unit_test(shutdown_does_not_wait_for_ever),
        cmocka_unit_test(no_descriptor_is_left_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
