/* What an exporter keeps to, whoever asks for more: its time, its attempts, its shutdown. */
#include "exporting.h"
#include "peer_closing.h"
#include "peer_grpc.h"
#include "peer_http.h"

/* A processor asks for 30 s; the options of the exporter are the program's. */
static void the_shorter_time_counts(void **state)
{
    (void)state;
    static const struct peer_step stalling[] = {{.act = PEER_STALL}};
    struct peer *peer = peer_start_http(stalling, 1);
    struct otlp_endpoint endpoint = {.url = peer->url};
    static const uint64_t rows[][2] = {{60 * MS, 600000ull * MS}, {600000ull * MS, 60 * MS}};
    for (size_t i = 0; i < 2; i++) {
        struct otlp_transport_options options = quick_options(&endpoint, 1);
        options.timeout_ns = rows[i][0];
        struct otlp_exporter *exporter = start_exporter(&options);
        struct otlp_export request = {
            .data = (const uint8_t *)"abc", .data_len = 3, .items = 1, .timeout_ns = rows[i][1]};
        struct otlp_export_result result;
        alarm(60);
        otlp_exporter_send(exporter, &request, &result);
        alarm(0);
        assert_outcome(result, OTLP_EXPORT_TIMED_OUT);
        stop_exporter(exporter);
    }
    peer_stop(peer);
}

/* A kept connection ends with a request in it, which may have arrived. */
static void attempts_are_limited_on_kept_connections(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < OTLP_PROTOCOL_COUNT; protocol++) {
        struct peer *peer = start_closing_peer((enum otlp_protocol)protocol);
        struct otlp_endpoint endpoint = {.url = peer->url};
        struct otlp_transport_options options = quick_options(&endpoint, 1);
        options.protocol = (enum otlp_protocol)protocol;
        options.retry.attempts_max = 1;
        struct otlp_exporter *exporter = start_exporter(&options);
        assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_DELIVERED);
        struct otlp_export_result result = send_text(exporter, "abc");
        assert_outcome(result, OTLP_EXPORT_UNAVAILABLE);
        assert_int_equal(result.attempts, 1);
        assert_int_equal(peer_requests(peer), 2);
        assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_DELIVERED);
        stop_exporter(exporter);
        peer_stop(peer);
    }
}

static void shutdown_waits_for_no_health_check(void **state)
{
    (void)state;
    static const struct peer_step stalling[] = {{.act = PEER_STALL}};
    struct peer *peer = peer_start_http(stalling, 1);
    struct otlp_endpoint endpoint = {.url = peer->url};
    static const uint64_t timeouts_ns[] = {8000ull * MS, 0};
    for (size_t i = 0; i < 2; i++) {
        struct otlp_transport_options options = quick_options(&endpoint, 1);
        options.pool.check_ns = 5 * MS;
        struct otlp_exporter *exporter = start_exporter(&options);
        assert_true(peer_await(peer, i + 1));
        assert_int_equal(otlp_exporter_shutdown(exporter, timeouts_ns[i]), 0);
        otlp_exporter_free(exporter);
    }
    peer_stop(peer);
}

static void health_shows_no_credentials(void **state)
{
    (void)state;
    struct otlp_endpoint endpoint = {.url = "http://me:geheim@127.0.0.1:9"};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    struct otlp_exporter *exporter = start_exporter(&options);
    struct otlp_endpoint_health health;
    assert_int_equal(otlp_transport_health(exporter, &health, 1), 1);
    assert_string_equal(health.url, "http://***@127.0.0.1:9");
    stop_exporter(exporter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shorter_time_counts),
        cmocka_unit_test(attempts_are_limited_on_kept_connections),
        cmocka_unit_test(shutdown_waits_for_no_health_check),
        cmocka_unit_test(health_shows_no_credentials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
