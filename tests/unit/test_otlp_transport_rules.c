/* The rules behind the transport, where no clock runs: waits, Retry-After, breakers, turns, gRPC's
 * texts, headers, addresses; and options that are refused. */
#include "exporting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/breaker.h"
#include "transport/endpoints.h"
#include "transport/grpc.h"
#include "transport/message.h"
#include "transport/retry.h"
#include "transport/urls.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SECOND       1000000000ull

static void waits_grow_to_a_cap_and_jitter(void **state)
{
    (void)state;
    struct otlp_retry_policy policy = {.first_ns = 100, .cap_ns = 1000, .factor = 2, .jitter = 0.5};
    static const uint64_t wanted[] = {100, 200, 400, 800, 1000, 1000};
    for (uint32_t i = 0; i < COUNT(wanted); i++) {
        assert_int_equal(otlp__retry_wait_ns(&policy, i, 0.5), wanted[i]);
        assert_int_equal(otlp__retry_wait_ns(&policy, i, 0), wanted[i] / 2);
        assert_true(otlp__retry_wait_ns(&policy, i, 0.999999) <= wanted[i] * 3 / 2);
        assert_true(otlp__retry_wait_ns(&policy, i, 0.999999) >= wanted[i] * 149 / 100);
    }
    assert_int_equal(otlp__retry_wait_ns(&policy, UINT32_MAX, 0.5), 1000);
    policy = (struct otlp_retry_policy){.first_ns = 7, .cap_ns = UINT64_MAX, .factor = 10};
    assert_int_equal(otlp__retry_wait_ns(&policy, 4000, 0.9), OTLP__DELAY_MAX_NS);
}

static void retry_after_is_seconds_or_a_date(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool is_good;
        uint64_t delay_s;
    } rows[] = {
        {"0", true, 0},
        {"120", true, 120},
        {" 7 ", true, 7},
        {"99999999999999999999999", true, 365 * 86400},
        {"Fri, 31 Dec 1999 23:59:59 GMT", true, 100}, /* now is 100 s before */
        {"Friday, 31-Dec-99 23:59:59 GMT", true, 100},
        {"Fri Dec 31 23:59:59 1999", true, 100},
        {"Fri, 31 Dec 1999 23:50:00 GMT", true, 0},
        {"", false, 0},
        {"-1", false, 0},
        {"1.5", false, 0},
        {"soon", false, 0},
        {"12:34", false, 0},
        {"1999-12-31T23:59:59Z and a very long tail behind it that is no date at all", false, 0},
    };
    uint64_t now_s = 946684799 - 100;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t delay_ns = 12345;
        bool is_good = otlp__retry_after(rows[i].value, strlen(rows[i].value), now_s, &delay_ns);
        if (is_good != rows[i].is_good) {
            fail_msg("\"%s\"", rows[i].value);
        }
        assert_int_equal(delay_ns, is_good ? rows[i].delay_s * SECOND : 12345);
    }
}

static void a_breaker_is_a_state_machine(void **state)
{
    (void)state;
    struct otlp__breaker breaker = {0};
    struct otlp_breaker_policy policy = {.failures = 3, .open_ns = 100};
    for (int i = 0; i < 2; i++) {
        assert_true(otlp__breaker_allows(&breaker, 10));
        otlp__breaker_begin(&breaker);
        otlp__breaker_fail(&breaker, &policy, 10);
    }
    otlp__breaker_succeed(&breaker); /* only failures in a row count */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(breaker.state, OTLP_BREAKER_CLOSED);
        otlp__breaker_begin(&breaker);
        otlp__breaker_fail(&breaker, &policy, 20);
    }
    assert_int_equal(breaker.state, OTLP_BREAKER_OPEN);
    otlp__breaker_fail(&breaker, &policy, 90); /* late: does not prolong */
    assert_false(otlp__breaker_allows(&breaker, 119));
    assert_true(otlp__breaker_allows(&breaker, 120));
    otlp__breaker_begin(&breaker);
    assert_int_equal(breaker.state, OTLP_BREAKER_HALF_OPEN);
    assert_false(otlp__breaker_allows(&breaker, 121)); /* one at a time */
    otlp__breaker_pass(&breaker);
    assert_true(otlp__breaker_allows(&breaker, 121));
    otlp__breaker_begin(&breaker);
    otlp__breaker_fail(&breaker, &policy, 130);
    assert_int_equal(breaker.state, OTLP_BREAKER_OPEN);
    assert_false(otlp__breaker_allows(&breaker, 229));
    otlp__breaker_begin(&breaker);
    otlp__breaker_succeed(&breaker);
    assert_int_equal(breaker.state, OTLP_BREAKER_CLOSED);
    assert_int_equal(breaker.failures, 0);
    policy.failures = 1;
    policy.open_ns = UINT64_MAX; /* for good */
    otlp__breaker_fail(&breaker, &policy, 10);
    assert_int_equal(breaker.state, OTLP_BREAKER_OPEN);
    assert_false(otlp__breaker_allows(&breaker, 11));
    assert_false(otlp__breaker_allows(&breaker, UINT64_MAX));
    otlp__breaker_succeed(&breaker);
    policy.failures = UINT32_MAX;
    breaker.failures = UINT32_MAX;
    otlp__breaker_fail(&breaker, &policy, 0);
    assert_int_equal(breaker.state, OTLP_BREAKER_CLOSED);
    assert_string_equal(otlp_breaker_state_name(OTLP_BREAKER_HALF_OPEN), "half open");
}

static void turns_are_taken_fairly(void **state)
{
    (void)state;
    struct otlp__endpoint_state endpoints[3] = {{.weight = 5}, {.weight = 1}, {.weight = 1}};
    struct otlp__rotation rotation = {.balance = OTLP_BALANCE_WEIGHTED, .in_flight_max = 2};
    char order[8] = "";
    size_t index;
    uint64_t until_ns;
    for (int i = 0; i < 7; i++) {
        assert_int_equal(otlp__endpoints_pick(endpoints, 3, &rotation, 0, 1, &index, &until_ns),
                         OTLP__PICKED);
        order[i] = (char)('a' + index);
    }
    assert_string_equal(order, "aabacaa");
    rotation.balance = OTLP_BALANCE_LEAST_IN_FLIGHT;
    endpoints[0].in_flight = 1;
    endpoints[1].in_flight = 1;
    endpoints[2].in_flight = 2;
    assert_int_equal(otlp__endpoints_pick(endpoints, 3, &rotation, 0, 1, &index, &until_ns),
                     OTLP__PICKED);
    assert_int_equal(index, 0); /* 1 of 5 is less than 1 of 1 */
    /* Who has had it is asked last. */
    assert_int_equal(otlp__endpoints_pick(endpoints, 3, &rotation, 1, 1, &index, &until_ns),
                     OTLP__PICKED);
    assert_int_equal(index, 1);
    /* One that lives and is busy is waited for rather than asking again who has failed. */
    assert_int_equal(otlp__endpoints_pick(endpoints, 3, &rotation, 3, 1, &index, &until_ns),
                     OTLP__PICK_BUSY);
    endpoints[2].breaker = (struct otlp__breaker){.state = OTLP_BREAKER_OPEN, .until_ns = 50};
    assert_int_equal(otlp__endpoints_pick(endpoints, 3, &rotation, 3, 1, &index, &until_ns),
                     OTLP__PICKED);
    endpoints[0].in_flight = endpoints[1].in_flight = 2;
    assert_int_equal(otlp__endpoints_pick(endpoints, 3, &rotation, 0, 1, &index, &until_ns),
                     OTLP__PICK_BUSY);
    for (size_t i = 0; i < 3; i++) {
        endpoints[i].breaker =
            (struct otlp__breaker){.state = OTLP_BREAKER_OPEN, .until_ns = 50 + 10 * i};
    }
    assert_int_equal(otlp__endpoints_pick(endpoints, 3, &rotation, 0, 1, &index, &until_ns),
                     OTLP__PICK_OPEN);
    assert_int_equal(until_ns, 50);
    assert_false(otlp__endpoints_have_other(endpoints, 3, 0, 1));
    assert_true(otlp__endpoints_have_other(endpoints, 3, 1, 60));
    assert_false(otlp__endpoints_have_other(endpoints, 3, 7, 60));
}

static void grpc_timeouts_fit_in_eight_digits(void **state)
{
    (void)state;
    static const struct {
        uint64_t timeout_ns;
        const char *text;
    } rows[] = {{0, "1u"},
                {1, "1u"},
                {1999, "1u"},
                {10 * SECOND, "10000000u"},
                {99999999999, "99999999u"},
                {100 * SECOND, "100000m"},
                {100000 * SECOND, "100000S"},
                {UINT64_MAX, "99999999M"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[16];
        otlp__grpc_timeout(rows[i].timeout_ns, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void grpc_messages_are_percent_coded(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {{"", ""},         {"plain", "plain"}, {"a%20b%C3%A4", "a b\xc3\xa4"},
                {"100%", "100%"}, {"%4", "%4"},       {"%zz%41", "%zzA"},
                {"%25%32", "%2"}};
    char message[8];
    for (size_t i = 0; i < COUNT(rows); i++) {
        otlp__grpc_parse_message(rows[i].text, strlen(rows[i].text), message, sizeof message);
        assert_string_equal(message, rows[i].message);
    }
    otlp__grpc_parse_message("123456789", 9, message, sizeof message);
    assert_string_equal(message, "1234567");
}

static void grpc_binary_values_may_be_padded(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *bytes;
    } rows[] = {{"", ""},       {"Zg", "f"},     {"Zg==", "f"},      {"Zm8", "fo"},
                {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg", "foob"}, {"Pz8/", "???"}};
    static const char *const bad[] = {"Z", "Zm9vY", "Zm-v", "Zm v", "=Zg="};
    char text[32];
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(text, sizeof text, "%s", rows[i].text);
        assert_int_equal(otlp__grpc_parse_binary(text, strlen(text)), strlen(rows[i].bytes));
        assert_memory_equal(text, rows[i].bytes, strlen(rows[i].bytes));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        snprintf(text, sizeof text, "%s", bad[i]);
        assert_true(otlp__grpc_parse_binary(text, strlen(text)) == SIZE_MAX);
    }
    assert_int_equal(otlp__grpc_parse_code("7", 1), 7);
    assert_int_equal(otlp__grpc_parse_code("", 0), OTLP__GRPC_UNKNOWN);
    assert_int_equal(otlp__grpc_parse_code("-1", 2), OTLP__GRPC_UNKNOWN);
    assert_int_equal(otlp__grpc_parse_code("99999999999", 11), OTLP__GRPC_UNKNOWN);
}

static void messages_are_cut_at_characters(void **state)
{
    (void)state;
    char message[OTLP__MESSAGE_BYTES];
    char text[300];
    memset(text, 'x', sizeof text);
    memcpy(text + 253, "\xe2\x82\xac", 3); /* the last byte does not fit */
    otlp__message_copy(message, text, sizeof text);
    assert_int_equal(strlen(message), 253);
    otlp__message_copy(message,
                       "a\nb\xff"
                       "c",
                       5);
    assert_string_equal(message, "a b?c");
}

static void credentials_of_urls_are_not_shown(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"http://host:4318/a", "http://host:4318/a"},
                                          {"http://me:pass@host:4318/a", "http://***@host:4318/a"},
                                          {"https://me:p/a@ss@host", "https://***@host"},
                                          {"me:pass@host:4317", "***@host:4317"},
                                          {"http:/me:pass@host", "***@host"},
                                          {"", ""}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *shown = otlp__url_to_show(rows[i][0]);
        assert_string_equal(shown, rows[i][1]);
        free(shown);
    }
}

static void urls_are_bases_or_complete(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        enum otlp_protocol protocol;
        bool is_complete;
        const char *request_url; /* NULL: refused */
    } rows[] = {
        {"http://h:1", OTLP_PROTOCOL_HTTP_PROTOBUF, false, "http://h:1/v1/logs"},
        {"http://h/", OTLP_PROTOCOL_HTTP_JSON, false, "http://h/v1/logs"},
        {"https://h/a/b", OTLP_PROTOCOL_HTTP_PROTOBUF, false, "https://h/a/b/v1/logs"},
        {"http://h?q=1#f", OTLP_PROTOCOL_HTTP_PROTOBUF, false, "http://h/v1/logs?q=1"},
        {"http://[::1]:4318", OTLP_PROTOCOL_HTTP_PROTOBUF, true, "http://[::1]:4318/"},
        {"http://h/x", OTLP_PROTOCOL_HTTP_PROTOBUF, true, "http://h/x"},
        {"HTTP://h:2/x?y", OTLP_PROTOCOL_GRPC, true,
         "http://h:2/opentelemetry.proto.collector.logs.v1.LogsService/Export"},
        {"h:4318", OTLP_PROTOCOL_HTTP_PROTOBUF, false, NULL},
        {"ftp://h", OTLP_PROTOCOL_HTTP_PROTOBUF, false, NULL},
        {"http://", OTLP_PROTOCOL_HTTP_PROTOBUF, false, NULL},
        {"http://h:99999", OTLP_PROTOCOL_HTTP_PROTOBUF, false, NULL},
        {"", OTLP_PROTOCOL_GRPC, false, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *request_url = NULL;
        int error = otlp__request_url(rows[i].url, rows[i].protocol, rows[i].is_complete, OTLP_LOGS,
                                      &request_url);
        if (rows[i].request_url == NULL) {
            assert_int_equal(error, OTLP_EINVAL);
        } else {
            assert_int_equal(error, 0);
            assert_string_equal(request_url, rows[i].request_url);
        }
        free(request_url);
    }
}

static void this_machine_has_several_names(void **state)
{
    (void)state;
    static const char *const local[] = {"http://localhost", "https://LOCALHOST:1/x",
                                        "http://127.0.0.1:4318", "http://127.1.2.3",
                                        "http://[::1]:4317"};
    static const char *const remote[] = {"http://localhost.example", "http://127.example",
                                         "http://128.0.0.1", "http://[::2]", "http://h"};
    for (size_t i = 0; i < COUNT(local); i++) {
        assert_true(otlp__url_is_local(local[i]));
    }
    for (size_t i = 0; i < COUNT(remote); i++) {
        assert_false(otlp__url_is_local(remote[i]));
    }
}

static void assert_refused(const struct otlp_transport_options *options)
{
    struct otlp_exporter *exporter;
    assert_int_equal(otlp_transport_create(options, &exporter), OTLP_EINVAL);
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    struct otlp_endpoint endpoint = {.url = "localhost:4318"};
    struct otlp_transport_options options = {.endpoints = &endpoint, .endpoint_count = 1};
    assert_refused(&options);
    endpoint.url = NULL;
    assert_refused(&options);
    options.endpoint_count = OTLP_ENDPOINTS_MAX + 1;
    assert_refused(&options);
    const struct otlp_transport_options bad[] = {
        {.protocol = (enum otlp_protocol)9},
        {.balance = (enum otlp_balance)9},
        {.retry.factor = 0.5},
        {.retry.jitter = 1.5},
        {.pool = {.connections_min = 3, .connections_max = 2}},
        {.pool.connections_max = 100000},
        {.compression = {.algorithm = OTLP_COMPRESSION_GZIP, .level = 99}},
        {.compression_is_adaptive = true, .candidate_count = OTLP_CANDIDATES_MAX + 1},
        {.bearer_token = ""},
        {.bearer_token = "a\nb"},
        {.bearer_token = "a", .bearer_token_file = "/dev/null"},
        {.user_agent_prefix = "a\r\nb: c"},
        {.api_key = "a\x7f"},
        {.api_key = "a", .api_key_header = "a b"},
        {.request_bytes_max = SIZE_MAX},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_refused(&bad[i]);
    }
    static const struct otlp_request_header headers[] = {{"", "v"},
                                                         {"a:b", "v"},
                                                         {"content-type", "text/plain"},
                                                         {"TE", "gzip"},
                                                         {"grpc-timeout", "1S"},
                                                         {"x", " v"},
                                                         {"x", "v\r\ny: z"},
                                                         {NULL, "v"},
                                                         {"x", NULL}};
    for (size_t i = 0; i < COUNT(headers); i++) {
        options = (struct otlp_transport_options){.headers = &headers[i], .header_count = 1};
        assert_refused(&options);
    }
}

static void everything_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(otlp_protocol_name(OTLP_PROTOCOL_GRPC), "grpc");
    assert_string_equal(otlp_export_outcome_name(OTLP_EXPORT_SHUT_DOWN), "shut down");
    assert_int_equal(OTLP_EXPORT_FAILED + 1, OTLP_EXPORT_OUTCOMES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_grow_to_a_cap_and_jitter),
        cmocka_unit_test(retry_after_is_seconds_or_a_date),
        cmocka_unit_test(a_breaker_is_a_state_machine),
        cmocka_unit_test(turns_are_taken_fairly),
        cmocka_unit_test(grpc_timeouts_fit_in_eight_digits),
        cmocka_unit_test(grpc_messages_are_percent_coded),
        cmocka_unit_test(grpc_binary_values_may_be_padded),
        cmocka_unit_test(messages_are_cut_at_characters),
        cmocka_unit_test(credentials_of_urls_are_not_shown),
        cmocka_unit_test(urls_are_bases_or_complete),
        cmocka_unit_test(this_machine_has_several_names),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(everything_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
