/* OTLP/gRPC as a receiver sees it: framing, headers, statuses of every kind, retries. */
#include "exporting.h"
#include "peer_grpc.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define EMPTY        .body = "\0\0\0\0", .body_len = 5
#define OK_TRAILER   "grpc-status: 0\n"

static const struct peer_step accept_all[] = {{.headers = OK_TRAILER, EMPTY}};

static void requests_are_framed(void **state)
{
    (void)state;
    struct peer *peer = peer_start_grpc(accept_all, 1);
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_request_header header = {"X-Tenant", "A"};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.protocol = OTLP_PROTOCOL_GRPC;
    options.headers = &header;
    options.header_count = 1;
    struct otlp_exporter *exporter = start_exporter(&options);
    static const char *const paths[] = {
        ":path: /opentelemetry.proto.collector.trace.v1.TraceService/Export",
        ":path: /opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        ":path: /opentelemetry.proto.collector.logs.v1.LogsService/Export"};
    for (int signal = 0; signal < OTLP_SIGNAL_COUNT; signal++) {
        struct otlp_export request = {.signal = (enum otlp_signal)signal,
                                      .data = (const uint8_t *)"abc",
                                      .data_len = 3,
                                      .items = 1};
        struct otlp_export_result result;
        assert_int_equal(otlp_exporter_send(exporter, &request, &result), OTLP_EXPORT_DELIVERED);
        assert_int_equal(result.status, 0);
        const struct peer_request *seen = &peer->requests[signal];
        assert_true(peer_has_line(seen, paths[signal]));
        assert_true(peer_has_line(seen, ":method: POST"));
        assert_true(peer_has_line(seen, ":scheme: http"));
        assert_true(peer_has_line(seen, "te: trailers"));
        assert_true(peer_has_line(seen, "content-type: application/grpc"));
        assert_true(peer_has_line(seen, "user-agent: OTel-OTLP-Exporter-C/" OTLP_VERSION));
        assert_non_null(strstr(seen->head, "x-tenant: A\n"));
        assert_non_null(strstr(seen->head, "grpc-timeout: "));
        assert_null(strstr(seen->head, "grpc-encoding"));
        assert_int_equal(seen->body_len, 8);
        assert_memory_equal(seen->body, "\0\0\0\0\3abc", 8);
    }
    stop_exporter(exporter);
    assert_int_equal(peer->request_count, 3);
    assert_int_equal(peer->connection_count, 1);
    peer_stop(peer);
}

static void compressed_messages_are_flagged(void **state)
{
    (void)state;
    struct peer *peer = peer_start_grpc(accept_all, 1);
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.protocol = OTLP_PROTOCOL_GRPC;
    options.compression.algorithm = OTLP_COMPRESSION_GZIP;
    struct otlp_exporter *exporter = start_exporter(&options);
    assert_outcome(send_text(exporter, "abcabcabc"), OTLP_EXPORT_DELIVERED);
    const struct peer_request *seen = &peer->requests[0];
    assert_true(peer_has_line(seen, "grpc-encoding: gzip"));
    assert_int_equal(seen->body[0], 1);
    assert_int_equal(seen->body[4], seen->body_len - 5);
    struct otlp_decompressor *decompressor;
    char plain[16];
    size_t plain_bytes;
    assert_int_equal(otlp_decompressor_create(OTLP_COMPRESSION_GZIP, NULL, &decompressor), 0);
    assert_int_equal(otlp_decompress(decompressor, seen->body + 5, seen->body_len - 5, plain,
                                     sizeof plain, &plain_bytes),
                     0);
    assert_int_equal(plain_bytes, 9);
    otlp_decompressor_free(decompressor);
    stop_exporter(exporter);
    peer_stop(peer);
}

/* Larger than the windows that HTTP/2 begins with, and than a frame. */
static void large_requests_arrive_whole(void **state)
{
    (void)state;
    struct peer *peer = peer_start_grpc(accept_all, 1);
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_GRPC);
    size_t data_len = 9000001;
    uint8_t *data = malloc(data_len);
    for (size_t i = 0; i < data_len; i++) {
        data[i] = (uint8_t)(i * 31 >> 3);
    }
    assert_outcome(send_bytes(exporter, data, data_len, 1), OTLP_EXPORT_DELIVERED);
    assert_int_equal(peer->requests[0].body_len, data_len + 5);
    assert_memory_equal(peer->requests[0].body + 5, data, data_len);
    free(data);
    stop_exporter(exporter);
    peer_stop(peer);
}

static void codes_decide(void **state)
{
    (void)state;
    static const int retryable[] = {1, 4, 10, 11, 14, 15};
    for (int code = 0; code <= 17; code++) {
        char trailers[2][64];
        bool is_retryable = false;
        for (size_t i = 0; i < COUNT(retryable); i++) {
            is_retryable = is_retryable || retryable[i] == code;
        }
        snprintf(trailers[0], sizeof trailers[0], "grpc-status: %d\ngrpc-message: a%%20b%%zz\n",
                 code);
        for (int only = 0; only < 2; only++) {
            struct peer_step steps[] = {{.headers = trailers[0], .is_trailers_only = only == 1},
                                        {.headers = OK_TRAILER, EMPTY}};
            struct peer *peer = peer_start_grpc(steps, 2);
            struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_GRPC);
            struct otlp_export_result result = send_text(exporter, "abc");
            assert_outcome(result,
                           code == 0 || is_retryable ? OTLP_EXPORT_DELIVERED : OTLP_EXPORT_REFUSED);
            assert_int_equal(result.attempts, is_retryable ? 2 : 1);
            if (result.outcome == OTLP_EXPORT_REFUSED) {
                assert_int_equal(result.status, code);
                assert_string_equal(result.message, "a b%zz");
            }
            stop_exporter(exporter);
            peer_stop(peer);
        }
    }
}

static void http_statuses_stand_in_for_codes(void **state)
{
    (void)state;
    static const struct {
        int http;
        int code;
    } rows[] = {{200, 2}, {400, 13}, {401, 16}, {403, 7}, {404, 12}, {431, 13}, {500, 2}, {415, 2}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct peer_step steps[] = {{.status = rows[i].http, .body = "no", .body_len = 2}};
        struct peer *peer = peer_start_grpc(steps, 1);
        struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_GRPC);
        struct otlp_export_result result = send_text(exporter, "abc");
        assert_outcome(result, OTLP_EXPORT_REFUSED);
        assert_int_equal(result.status, rows[i].code);
        assert_int_equal(result.attempts, 1);
        stop_exporter(exporter);
        peer_stop(peer);
    }
    static const int again[] = {429, 502, 503, 504};
    for (size_t i = 0; i < COUNT(again); i++) {
        struct peer_step steps[] = {{.status = again[i], .body = "no", .body_len = 2},
                                    {.headers = OK_TRAILER, EMPTY}};
        struct peer *peer = peer_start_grpc(steps, 2);
        struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_GRPC);
        struct otlp_export_result result = send_text(exporter, "abc");
        assert_outcome(result, OTLP_EXPORT_DELIVERED);
        assert_int_equal(result.attempts, 2);
        stop_exporter(exporter);
        peer_stop(peer);
    }
}

/* base64 of Status{code 8, message "full", details [Any{RetryInfo{retry_delay 0.05 s}}]}. */
#define DETAILS                                                                                    \
    "grpc-status-details-bin: "                                                                    \
    "CAgSBGZ1bGwaMwoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIHCgUQgOHrFw\n"

static void retry_info_makes_exhaustion_retryable(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {
        {.headers = "grpc-status: 8\n" DETAILS, .is_trailers_only = true},
        {.headers = "grpc-status: 14\n" DETAILS},
        {.headers = OK_TRAILER, EMPTY},
        {.headers = "grpc-status: 8\n"}};
    struct peer *peer = peer_start_grpc(steps, COUNT(steps));
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_GRPC);
    uint64_t began = peer_now_ms();
    struct otlp_export_result result = send_text(exporter, "abc");
    assert_outcome(result, OTLP_EXPORT_DELIVERED);
    assert_int_equal(result.attempts, 3);
    assert_true(peer_now_ms() - began >= 100);
    result = send_text(exporter, "abc");
    assert_outcome(result, OTLP_EXPORT_REFUSED);
    assert_int_equal(result.status, 8);
    struct otlp_transport_metrics metrics;
    otlp_transport_metrics(exporter, &metrics);
    assert_int_equal(metrics.throttled, 2);
    stop_exporter(exporter);
    peer_stop(peer);
}

/* Failures that follow a delay that was asked for wait no less. */
static void back_off_starts_from_the_delay(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.headers = "grpc-status: 14\n" DETAILS},
                                             {.headers = "grpc-status: 14\n"},
                                             {.headers = OK_TRAILER, EMPTY}};
    struct peer *peer = peer_start_grpc(steps, COUNT(steps));
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_GRPC);
    uint64_t began = peer_now_ms();
    assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_DELIVERED);
    assert_true(peer_now_ms() - began >= 100);
    stop_exporter(exporter);
    peer_stop(peer);
}

static void partial_success_is_told(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {
        {.headers = OK_TRAILER, .body = "\0\0\0\0\x0a\x0a\x08\x08\x02\x12\x04late", .body_len = 15},
        {.headers = OK_TRAILER, .body = "\1\0\0\0\x02xx", .body_len = 7},
        {.headers = OK_TRAILER, .body = "\0\0\0\1", .body_len = 5}};
    struct peer *peer = peer_start_grpc(steps, COUNT(steps));
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_GRPC);
    struct otlp_export_result result = send_text(exporter, "abc");
    assert_outcome(result, OTLP_EXPORT_DELIVERED);
    assert_int_equal(result.rejected, 2);
    assert_string_equal(result.message, "late");
    for (int i = 0; i < 2; i++) {
        result = send_text(exporter, "abc");
        assert_outcome(result, OTLP_EXPORT_DELIVERED);
        assert_string_equal(result.message, "accepted, with an answer that cannot be decoded");
    }
    stop_exporter(exporter);
    peer_stop(peer);
}

static void reset_streams_are_judged_by_their_code(void **state)
{
    (void)state;
    static const struct {
        int reset;
        bool is_retryable;
    } rows[] = {{2, false}, {8, true}, {11, false}, {12, false}, {7, true}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct peer_step steps[] = {{.act = PEER_RST_STREAM, .status = rows[i].reset},
                                    {.headers = OK_TRAILER, EMPTY}};
        struct peer *peer = peer_start_grpc(steps, 2);
        struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_GRPC);
        struct otlp_export_result result = send_text(exporter, "abc");
        assert_outcome(result, rows[i].is_retryable ? OTLP_EXPORT_DELIVERED : OTLP_EXPORT_REFUSED);
        stop_exporter(exporter);
        peer_stop(peer);
    }
}

static void broken_connections_are_tried_again(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.act = PEER_CLOSE},
                                             {.act = PEER_RESET},
                                             {.act = PEER_RESET_BODY},
                                             {.act = PEER_GOAWAY},
                                             {.headers = OK_TRAILER, EMPTY}};
    struct peer *peer = peer_start_grpc(steps, COUNT(steps));
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_GRPC);
    assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_DELIVERED);
    stop_exporter(exporter);
    peer_stop(peer);
}

static void a_silent_receiver_is_given_up(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.act = PEER_STALL}};
    struct peer *peer = peer_start_grpc(steps, 1);
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_GRPC);
    struct otlp_export request = {
        .data = (const uint8_t *)"abc", .data_len = 3, .items = 1, .timeout_ns = 150 * MS};
    struct otlp_export_result result;
    assert_int_equal(otlp_exporter_send(exporter, &request, &result), OTLP_EXPORT_TIMED_OUT);
    assert_int_equal(result.status, -1);
    stop_exporter(exporter);
    peer_stop(peer);
}

struct sender {
    pthread_t thread;
    struct otlp_exporter *exporter;
    size_t delivered;
};

static void *send_many(void *context)
{
    struct sender *sender = context;
    static const uint8_t data[100000];
    for (int i = 0; i < 10; i++) {
        struct otlp_export request = {.data = data, .data_len = sizeof data, .items = 1};
        struct otlp_export_result result;
        sender->delivered +=
            otlp_exporter_send(sender->exporter, &request, &result) == OTLP_EXPORT_DELIVERED;
    }
    return NULL;
}

static void many_requests_share_connections(void **state)
{
    (void)state;
    struct peer *peer = peer_start_grpc(accept_all, 1);
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_GRPC);
    struct sender senders[16];
    for (size_t i = 0; i < COUNT(senders); i++) {
        senders[i] = (struct sender){.exporter = exporter};
        pthread_create(&senders[i].thread, NULL, send_many, &senders[i]);
    }
    for (size_t i = 0; i < COUNT(senders); i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(senders[i].delivered, 10);
    }
    stop_exporter(exporter);
    assert_int_equal(peer->request_count, 160);
    assert_true(peer->connection_count <= 8);
    peer_stop(peer);
}

/* Servers built on nghttp2 end a connection on which streams are reset too often, as libcurl before
 * 8.1 does. No request must notice. */
static void long_lived_connections_are_renewed(void **state)
{
    (void)state;
    struct peer *peer = peer_start_grpc(accept_all, 1);
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_GRPC);
    for (int i = 0; i < 2100; i++) {
        struct otlp_export_result result = send_text(exporter, "abc");
        assert_outcome(result, OTLP_EXPORT_DELIVERED);
        assert_int_equal(result.attempts, 1);
    }
    stop_exporter(exporter);
    assert_true(peer->connection_count <= 3);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_framed),
        cmocka_unit_test(compressed_messages_are_flagged),
        cmocka_unit_test(large_requests_arrive_whole),
        cmocka_unit_test(codes_decide),
        cmocka_unit_test(http_statuses_stand_in_for_codes),
        cmocka_unit_test(retry_info_makes_exhaustion_retryable),
        cmocka_unit_test(back_off_starts_from_the_delay),
        cmocka_unit_test(partial_success_is_told),
        cmocka_unit_test(reset_streams_are_judged_by_their_code),
        cmocka_unit_test(broken_connections_are_tried_again),
        cmocka_unit_test(a_silent_receiver_is_given_up),
        cmocka_unit_test(many_requests_share_connections),
        cmocka_unit_test(long_lived_connections_are_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
