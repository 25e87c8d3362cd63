/* OTLP/HTTP as a receiver sees it: paths, headers, answers of every kind, retries. */
#include "exporting.h"
#include "peer_http.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void requests_have_path_type_and_content(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.status = 200}};
    struct peer *peer = peer_start_http(steps, 1);
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_PROTOBUF);
    static const char *const paths[] = {"POST /v1/traces HTTP/1.1", "POST /v1/metrics HTTP/1.1",
                                        "POST /v1/logs HTTP/1.1"};
    for (int signal = 0; signal < OTLP_SIGNAL_COUNT; signal++) {
        struct otlp_export request = {.signal = (enum otlp_signal)signal,
                                      .data = (const uint8_t *)"abc",
                                      .data_len = 3,
                                      .items = 1};
        struct otlp_export_result result;
        assert_int_equal(otlp_exporter_send(exporter, &request, &result), OTLP_EXPORT_DELIVERED);
        assert_int_equal(result.status, 200);
        assert_int_equal(result.attempts, 1);
        assert_string_equal(result.message, "");
        const struct peer_request *seen = &peer->requests[signal];
        assert_true(peer_has_line(seen, paths[signal]));
        assert_true(peer_has_line(seen, "content-type: application/x-protobuf"));
        assert_true(peer_has_line(seen, "user-agent: OTel-OTLP-Exporter-C/" OTLP_VERSION));
        assert_true(peer_has_line(seen, "content-length: 3"));
        assert_null(strcasestr(seen->head, "expect:"));
        assert_int_equal(seen->body_len, 3);
        assert_memory_equal(seen->body, "abc", 3);
    }
    stop_exporter(exporter);
    assert_int_equal(peer->connection_count, 1);
    peer_stop(peer);
}

static void json_is_announced(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.status = 200, .body = "{}", .body_len = 2}};
    struct peer *peer = peer_start_http(steps, 1);
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_JSON);
    assert_int_equal(exporter->encoding, OTLP_ENCODING_JSON);
    assert_outcome(send_text(exporter, "{}"), OTLP_EXPORT_DELIVERED);
    assert_true(peer_has_line(&peer->requests[0], "content-type: application/json"));
    stop_exporter(exporter);
    peer_stop(peer);
}

static void headers_and_credentials_are_sent(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.status = 200}};
    struct peer *peer = peer_start_http(steps, 1);
    char url[96];
    snprintf(url, sizeof url, "%s/base?q=1", peer->url);
    struct otlp_endpoint endpoint = {.url = url};
    struct otlp_request_header headers[] = {{"X-Tenant", "a b"}, {"x-empty", ""}};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.headers = headers;
    options.header_count = 2;
    options.api_key = "k-1";
    options.bearer_token = "t-2";
    options.user_agent_prefix = "shop/3";
    struct otlp_exporter *exporter = start_exporter(&options);
    assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_DELIVERED);
    const struct peer_request *seen = &peer->requests[0];
    assert_true(peer_has_line(seen, "POST /base/v1/traces?q=1 HTTP/1.1"));
    assert_true(peer_has_line(seen, "x-tenant: a b"));
    assert_non_null(strcasestr(seen->head, "x-empty:"));
    assert_true(peer_has_line(seen, "api-key: k-1"));
    assert_true(peer_has_line(seen, "authorization: Bearer t-2"));
    assert_true(peer_has_line(seen, "user-agent: shop/3 OTel-OTLP-Exporter-C/" OTLP_VERSION));
    stop_exporter(exporter);
    peer_stop(peer);
}

static size_t count_lines(const struct peer_request *request, const char *start)
{
    size_t count = 0;
    for (const char *at = request->head; (at = strcasestr(at, start)) != NULL; at++) {
        count++;
    }
    return count;
}

/* However the exporter comes by credentials, a header of the program's own takes their place. */
static void own_headers_win_over_credentials(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.status = 200}};
    struct peer *peer = peer_start_http(steps, 1);
    char name[] = "/tmp/otlp-token-XXXXXX";
    int fd = mkstemp(name);
    assert_int_equal(write(fd, "file\n", 5), 5);
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_request_header headers[] = {{"Authorization", "Basic own"}, {"API-Key", "own"}};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.headers = headers;
    options.header_count = 2;
    options.api_key = "other";
    for (size_t i = 0; i < 2; i++) {
        options.bearer_token = i == 0 ? "other" : NULL;
        options.bearer_token_file = i == 0 ? NULL : name;
        struct otlp_exporter *exporter = start_exporter(&options);
        assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_DELIVERED);
        const struct peer_request *seen = &peer->requests[i];
        assert_true(peer_has_line(seen, "authorization: Basic own"));
        assert_true(peer_has_line(seen, "api-key: own"));
        assert_int_equal(count_lines(seen, "\nauthorization:"), 1);
        assert_int_equal(count_lines(seen, "\napi-key:"), 1);
        stop_exporter(exporter);
    }
    /* What is not sent is looked at all the same. */
    struct otlp_exporter *exporter = NULL;
    options.api_key = "line\nbreak";
    assert_int_equal(otlp_transport_create(&options, &exporter), OTLP_EINVAL);
    close(fd);
    unlink(name);
    peer_stop(peer);
}

static void a_complete_url_is_used_as_it_is(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.status = 200}};
    struct peer *peer = peer_start_http(steps, 1);
    char url[96];
    struct otlp_endpoint endpoint = {.url = url, .url_is_complete = true};
    static const char *const given[] = {"", "/in/", "/v1/traces"};
    static const char *const wanted[] = {"POST / HTTP/1.1", "POST /in/ HTTP/1.1",
                                         "POST /v1/traces HTTP/1.1"};
    for (size_t i = 0; i < COUNT(given); i++) {
        snprintf(url, sizeof url, "%s%s", peer->url, given[i]);
        struct otlp_transport_options options = quick_options(&endpoint, 1);
        struct otlp_exporter *exporter = start_exporter(&options);
        assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_DELIVERED);
        assert_true(peer_has_line(&peer->requests[i], wanted[i]));
        stop_exporter(exporter);
    }
    peer_stop(peer);
}

static bool is_tried_again(int status)
{
    return status == 429 || status == 502 || status == 503 || status == 504;
}

/* 204 and 304 have no body, and a length of one has no meaning there. */
static bool is_left_out(int status)
{
    return status == 204 || status == 304;
}

static void status_codes_decide(void **state)
{
    (void)state;
    struct peer_step steps[512] = {{0}};
    size_t count = 0;
    for (int status = 200; status <= 599; status++) {
        if (!is_left_out(status)) {
            steps[count].status = status;
            count += is_tried_again(status) ? 2 : 1; /* the second time it is 200 */
        }
    }
    struct peer *peer = peer_start_http(steps, count);
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.breaker.failures = UINT32_MAX;
    struct otlp_exporter *exporter = start_exporter(&options);
    for (int status = 200; status <= 599; status++) {
        if (is_left_out(status)) {
            continue;
        }
        struct otlp_export_result result = send_text(exporter, "abc");
        bool is_good = status <= 299 || is_tried_again(status);
        assert_outcome(result, is_good ? OTLP_EXPORT_DELIVERED : OTLP_EXPORT_REFUSED);
        assert_int_equal(result.attempts, is_tried_again(status) ? 2 : 1);
        assert_int_equal(result.status, is_tried_again(status) ? 200 : status);
    }
    stop_exporter(exporter);
    peer_stop(peer);
}

static void what_a_receiver_says_is_passed_on(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {
        {.status = 400, .body = "\x08\x03\x12\x09no spans!", .body_len = 13},
        {.status = 403, .body = "<html>no</html>", .body_len = 15}};
    struct peer *peer = peer_start_http(steps, 2);
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_PROTOBUF);
    struct otlp_export_result result = send_text(exporter, "abc");
    assert_outcome(result, OTLP_EXPORT_REFUSED);
    assert_string_equal(result.message, "no spans!");
    result = send_text(exporter, "abc");
    assert_outcome(result, OTLP_EXPORT_REFUSED);
    assert_string_equal(result.message, "HTTP status 403");
    stop_exporter(exporter);
    peer_stop(peer);
}

static void partial_success_is_told_and_not_sent_again(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {
        {.body = "\x0a\x08\x08\x02\x12\x04late", .body_len = 10},
        {.body = "\x0a\x06\x12\x04hint", .body_len = 8},
        {.body = "\x0a\x02\x08\x63", .body_len = 4},
        {.body = "\x0a\x7f", .body_len = 2}};
    struct peer *peer = peer_start_http(steps, COUNT(steps));
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_PROTOBUF);
    static const struct {
        size_t rejected;
        const char *message;
    } wanted[] = {
        {2, "late"}, {0, "hint"}, {7, ""}, {0, "accepted, with an answer that cannot be decoded"}};
    for (size_t i = 0; i < COUNT(wanted); i++) {
        struct otlp_export_result result = send_text(exporter, "abc");
        assert_outcome(result, OTLP_EXPORT_DELIVERED);
        assert_int_equal(result.rejected, wanted[i].rejected);
        assert_string_equal(result.message, wanted[i].message);
    }
    struct otlp_transport_metrics metrics;
    otlp_transport_metrics(exporter, &metrics);
    assert_int_equal(metrics.partial, 3);
    assert_int_equal(metrics.items_rejected, 9);
    assert_int_equal(metrics.items_delivered, 4 * 7 - 9);
    assert_int_equal(metrics.retries, 0);
    stop_exporter(exporter);
    assert_int_equal(peer->request_count, 4);
    peer_stop(peer);
}

static void answers_in_json_are_understood(void **state)
{
    (void)state;
    static const char partial[] =
        "{\"partialSuccess\":{\"rejectedLogRecords\":\"2\",\"errorMessage\":\"late\"}}";
    static const char status[] = "{\"code\":3,\"message\":\"no logs!\"}";
    static const char busy[] =
        "{\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
        "\"retryDelay\":\"0.100s\"}]}";
    static const struct peer_step steps[] = {
        {.body = partial, .body_len = sizeof partial - 1},
        {.status = 400, .body = status, .body_len = sizeof status - 1},
        {.status = 503, .body = busy, .body_len = sizeof busy - 1},
        {.body = "{}", .body_len = 2}};
    struct peer *peer = peer_start_http(steps, COUNT(steps));
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_JSON);
    struct otlp_export request = {
        .signal = OTLP_LOGS, .data = (const uint8_t *)"{}", .data_len = 2, .items = 5};
    struct otlp_export_result result;
    otlp_exporter_send(exporter, &request, &result);
    assert_outcome(result, OTLP_EXPORT_DELIVERED);
    assert_int_equal(result.rejected, 2);
    assert_string_equal(result.message, "late");
    otlp_exporter_send(exporter, &request, &result);
    assert_outcome(result, OTLP_EXPORT_REFUSED);
    assert_string_equal(result.message, "no logs!");
    uint64_t began = peer_now_ms();
    otlp_exporter_send(exporter, &request, &result);
    assert_outcome(result, OTLP_EXPORT_DELIVERED);
    assert_int_equal(result.attempts, 2);
    assert_true(peer_now_ms() - began >= 100);
    stop_exporter(exporter);
    peer_stop(peer);
}

/* The limit of the answer's size counts what it unpacks to. */
static void answers_may_be_compressed(void **state)
{
    (void)state;
    struct otlp_compressor *compressor;
    struct otlp_compressor_options gzip = {.algorithm = OTLP_COMPRESSION_GZIP};
    struct otlp_buffer small = {0};
    struct otlp_buffer bomb = {0};
    size_t bomb_bytes = (size_t)5 << 20;
    uint8_t *zeros = calloc(1, bomb_bytes);
    assert_int_equal(otlp_compressor_create(&gzip, &compressor), 0);
    assert_int_equal(otlp_compress_append(compressor, "\x0a\x02\x08\x03", 4, &small), 0);
    assert_int_equal(otlp_compress_append(compressor, zeros, bomb_bytes, &bomb), 0);
    otlp_compressor_free(compressor);
    free(zeros);
    struct peer_step steps[] = {{.headers = "content-encoding: gzip\r\n",
                                 .body = (const char *)small.data,
                                 .body_len = small.len},
                                {.headers = "content-encoding: gzip\r\n",
                                 .body = (const char *)bomb.data,
                                 .body_len = bomb.len}};
    struct peer *peer = peer_start_http(steps, COUNT(steps));
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_PROTOBUF);
    struct otlp_export_result result = send_text(exporter, "abc");
    assert_outcome(result, OTLP_EXPORT_DELIVERED);
    assert_int_equal(result.rejected, 3);
    assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_REFUSED);
    stop_exporter(exporter);
    peer_stop(peer);
    otlp_buffer_release(&small);
    otlp_buffer_release(&bomb);
}

static void broken_answers_are_tried_again(void **state)
{
    (void)state;
    static const char body[64];
    static const struct peer_step steps[] = {{.act = PEER_CLOSE},
                                             {.act = PEER_RESET},
                                             {.act = PEER_RESET_BODY},
                                             {.act = PEER_CUT_ANSWER, .body = body, .body_len = 64},
                                             {.status = 200}};
    struct peer *peer = peer_start_http(steps, COUNT(steps));
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_PROTOBUF);
    size_t data_len = (size_t)8 << 20;
    uint8_t *data = calloc(1, data_len);
    struct otlp_export_result result = send_bytes(exporter, data, data_len, 1);
    assert_outcome(result, OTLP_EXPORT_DELIVERED);
    assert_int_equal(result.attempts, COUNT(steps));
    assert_int_equal(peer->requests[peer->request_count - 1].body_len, data_len);
    free(data);
    stop_exporter(exporter);
    peer_stop(peer);
}

static void a_large_answer_is_refused(void **state)
{
    (void)state;
    size_t limit = 100000;
    char *body = calloc(1, limit + 1);
    struct peer_step steps[] = {{.body = body, .body_len = limit + 1}, {.status = 200}};
    struct peer *peer = peer_start_http(steps, 2);
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.response_bytes_max = limit;
    struct otlp_exporter *exporter = start_exporter(&options);
    struct otlp_export_result result = send_text(exporter, "abc");
    assert_outcome(result, OTLP_EXPORT_REFUSED);
    assert_int_equal(result.attempts, 1);
    struct otlp_transport_metrics metrics;
    otlp_transport_metrics(exporter, &metrics);
    assert_int_equal(metrics.responses_too_large, 1);
    assert_int_equal(metrics.items_dropped, 7);
    assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_DELIVERED);
    stop_exporter(exporter);
    peer_stop(peer);
    free(body);
}

static void a_large_request_stays_here(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.status = 200}};
    struct peer *peer = peer_start_http(steps, 1);
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_PROTOBUF);
    size_t limit = (size_t)64 << 20;
    uint8_t *data = calloc(1, limit + 1);
    struct otlp_export_result result = send_bytes(exporter, data, limit + 1, 5);
    assert_outcome(result, OTLP_EXPORT_REFUSED);
    assert_int_equal(result.attempts, 0);
    assert_int_equal(result.status, -1);
    assert_outcome(send_bytes(exporter, data, limit, 5), OTLP_EXPORT_DELIVERED);
    struct otlp_transport_metrics metrics;
    otlp_transport_metrics(exporter, &metrics);
    assert_int_equal(metrics.requests_too_large, 1);
    assert_int_equal(metrics.exports[OTLP_EXPORT_REFUSED], 1);
    assert_int_equal(metrics.items_dropped, 5);
    free(data);
    stop_exporter(exporter);
    assert_int_equal(peer->request_count, 1);
    peer_stop(peer);
}

static void receivers_that_ask_to_wait_are_waited_for(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.status = 503, .headers = "retry-after: 1\r\n"},
                                             {.status = 200}};
    struct peer *peer = peer_start_http(steps, 2);
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_PROTOBUF);
    uint64_t began = peer_now_ms();
    assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_DELIVERED);
    assert_true(peer_now_ms() - began >= 1000);
    struct otlp_transport_metrics metrics;
    otlp_transport_metrics(exporter, &metrics);
    assert_int_equal(metrics.throttled, 1);
    assert_int_equal(metrics.retries, 1);
    stop_exporter(exporter);
    peer_stop(peer);
}

/* A wait that would end too late is not begun. */
static void long_waits_are_given_up_at_once(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {
        {.status = 429, .headers = "retry-after: 3600\r\n"},
        {.status = 429, .headers = "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n"}};
    struct peer *peer = peer_start_http(steps, 2);
    struct otlp_exporter *exporter = start_exporter_to(peer->url, OTLP_PROTOCOL_HTTP_PROTOBUF);
    for (int i = 0; i < 2; i++) {
        struct otlp_export_result result = send_text(exporter, "abc");
        assert_outcome(result, OTLP_EXPORT_TIMED_OUT);
        assert_int_equal(result.attempts, 1);
        assert_int_equal(result.status, 429);
    }
    stop_exporter(exporter);
    peer_stop(peer);
}

static void compressed_requests_say_so(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.status = 200}};
    static const char *const lines[] = {"content-encoding: gzip", "content-encoding: zstd",
                                        "content-encoding: br"};
    struct peer *peer = peer_start_http(steps, 1);
    struct otlp_endpoint endpoint = {.url = peer->url};
    char text[5000];
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 3; i++) {
        struct otlp_transport_options options = quick_options(&endpoint, 1);
        options.compression.algorithm = (enum otlp_compression)(OTLP_COMPRESSION_GZIP + i);
        struct otlp_exporter *exporter = start_exporter(&options);
        assert_outcome(send_bytes(exporter, text, sizeof text, 1), OTLP_EXPORT_DELIVERED);
        const struct peer_request *seen = &peer->requests[i];
        assert_true(peer_has_line(seen, lines[i]));
        struct otlp_decompressor *decompressor;
        char plain[sizeof text];
        size_t plain_bytes;
        assert_int_equal(
            otlp_decompressor_create(options.compression.algorithm, NULL, &decompressor), 0);
        assert_int_equal(otlp_decompress(decompressor, seen->body, seen->body_len, plain,
                                         sizeof plain, &plain_bytes),
                         0);
        assert_int_equal(plain_bytes, sizeof text);
        assert_memory_equal(plain, text, sizeof text);
        otlp_decompressor_free(decompressor);
        stop_exporter(exporter);
    }
    peer_stop(peer);
}

static void adaptive_compression_leaves_small_requests_alone(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.status = 200}};
    struct peer *peer = peer_start_http(steps, 1);
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.compression_is_adaptive = true;
    struct otlp_exporter *exporter = start_exporter(&options);
    char text[50000];
    memset(text, 'x', sizeof text);
    assert_outcome(send_bytes(exporter, text, 100, 1), OTLP_EXPORT_DELIVERED);
    assert_outcome(send_bytes(exporter, text, sizeof text, 1), OTLP_EXPORT_DELIVERED);
    assert_int_equal(peer->requests[0].body_len, 100);
    assert_true(peer->requests[1].body_len < 5000);
    assert_non_null(strcasestr(peer->requests[1].head, "content-encoding: "));
    stop_exporter(exporter);
    peer_stop(peer);
}

static void a_token_file_is_read_again(void **state)
{
    (void)state;
    static const struct peer_step steps[] = {{.status = 200}};
    struct peer *peer = peer_start_http(steps, 1);
    char name[] = "/tmp/otlp-token-XXXXXX";
    int fd = mkstemp(name);
    assert_int_equal(write(fd, "one\nmore\n", 9), 9);
    struct otlp_endpoint endpoint = {.url = peer->url};
    struct otlp_transport_options options = quick_options(&endpoint, 1);
    options.bearer_token_file = name;
    struct otlp_exporter *exporter = start_exporter(&options);
    assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_DELIVERED);
    assert_true(peer_has_line(&peer->requests[0], "authorization: Bearer one"));
    assert_int_equal(pwrite(fd, "other\n", 6, 0), 6);
    assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_DELIVERED);
    assert_true(peer_has_line(&peer->requests[1], "authorization: Bearer other"));
    unlink(name);
    assert_outcome(send_text(exporter, "abc"), OTLP_EXPORT_DELIVERED);
    assert_true(peer_has_line(&peer->requests[2], "authorization: Bearer other"));
    close(fd);
    stop_exporter(exporter);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_have_path_type_and_content),
        cmocka_unit_test(json_is_announced),
        cmocka_unit_test(headers_and_credentials_are_sent),
        cmocka_unit_test(own_headers_win_over_credentials),
        cmocka_unit_test(a_complete_url_is_used_as_it_is),
        cmocka_unit_test(status_codes_decide),
        cmocka_unit_test(what_a_receiver_says_is_passed_on),
        cmocka_unit_test(partial_success_is_told_and_not_sent_again),
        cmocka_unit_test(answers_in_json_are_understood),
        cmocka_unit_test(answers_may_be_compressed),
        cmocka_unit_test(broken_answers_are_tried_again),
        cmocka_unit_test(a_large_answer_is_refused),
        cmocka_unit_test(a_large_request_stays_here),
        cmocka_unit_test(receivers_that_ask_to_wait_are_waited_for),
        cmocka_unit_test(long_waits_are_given_up_at_once),
        cmocka_unit_test(compressed_requests_say_so),
        cmocka_unit_test(adaptive_compression_leaves_small_requests_alone),
        cmocka_unit_test(a_token_file_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
