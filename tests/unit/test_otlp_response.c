/*
 * Answers of a receiver: partial success and status, written and read in both encodings, by
 * protobuf-c and from the texts of others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h>

#include <otlp.h>

#include "guarded.h"

#define NS_PER_S UINT64_C(1000000000)

static void round_trip(enum otlp_encoding encoding, const struct otlp_response *response)
{
    for (int signal = OTLP_TRACES; signal <= OTLP_LOGS; signal++) {
        struct otlp_buffer out = {0};
        struct otlp_response read = {.rejected = 99};
        assert_int_equal(otlp_response_encode((enum otlp_signal)signal, encoding, response, &out),
                         0);
        assert_int_equal(
            otlp_response_decode((enum otlp_signal)signal, encoding, out.data, out.len, &read), 0);
        assert_int_equal(read.is_partial, response->is_partial);
        assert_true(read.rejected == response->rejected);
        assert_string_equal(read.message, response->message);
        otlp_buffer_release(&out);
    }
}

static void test_responses_come_back(void **state)
{
    static const struct otlp_response responses[] = {
        {0},
        {.is_partial = true, .rejected = 5, .message = "too \"old\"\n"},
        {.is_partial = true, .message = "a warning"},
        {.is_partial = true, .rejected = INT64_MAX},
        {.is_partial = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof responses / sizeof responses[0]; i++) {
        round_trip(OTLP_ENCODING_PROTOBUF, &responses[i]);
        round_trip(OTLP_ENCODING_JSON, &responses[i]);
    }
}

static void test_response_as_protobuf_c(void **state)
{
    const struct otlp_response response = {.is_partial = true, .rejected = 300, .message = "m"};
    struct otlp_buffer out = {0};
    (void)state;
    assert_int_equal(otlp_response_encode(OTLP_TRACES, OTLP_ENCODING_PROTOBUF, &response, &out), 0);
    Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceResponse *message =
        opentelemetry__proto__collector__trace__v1__export_trace_service_response__unpack(
            NULL, out.len, out.data);
    assert_non_null(message);
    assert_int_equal(message->partial_success->rejected_spans, 300);
    assert_string_equal(message->partial_success->error_message, "m");
    opentelemetry__proto__collector__trace__v1__export_trace_service_response__free_unpacked(
        message, NULL);
    otlp_buffer_release(&out);
}

static void test_empty_is_success(void **state)
{
    const struct otlp_response none = {0};
    struct otlp_response read = {.is_partial = true};
    struct otlp_buffer out = {0};
    (void)state;
    assert_int_equal(otlp_response_encode(OTLP_LOGS, OTLP_ENCODING_PROTOBUF, &none, &out), 0);
    assert_int_equal(out.len, 0);
    assert_int_equal(otlp_response_decode(OTLP_LOGS, OTLP_ENCODING_PROTOBUF, NULL, 0, &read), 0);
    assert_false(read.is_partial);
    assert_int_equal(otlp_response_encode(OTLP_LOGS, OTLP_ENCODING_JSON, &none, &out), 0);
    assert_int_equal(out.len, 2);
    assert_memory_equal(out.data, "{}", 2);
    assert_int_equal(otlp_response_decode(OTLP_LOGS, OTLP_ENCODING_JSON, NULL, 0, &read),
                     OTLP_EFORMAT);
    otlp_buffer_release(&out);
}

static int decode_status(const char *text, struct otlp_status *status)
{
    struct guarded copy = guarded_copy(text, strlen(text));
    int rc = otlp_status_decode(OTLP_ENCODING_JSON, (const uint8_t *)copy.text, copy.len, status);
    guarded_free(&copy);
    return rc;
}

static void test_statuses_come_back(void **state)
{
    static const struct otlp_status statuses[] = {
        {0},
        {.code = OTLP_GRPC_UNAVAILABLE, .message = "busy"},
        {.code = -1, .has_retry_info = true},
        {.has_retry_info = true, .retry_delay_ns = 1},
        {.has_retry_info = true, .retry_delay_ns = 1500000000},
        {.has_retry_info = true, .retry_delay_ns = 3600 * NS_PER_S + 7},
    };
    (void)state;
    for (size_t i = 0; i < 2 * (sizeof statuses / sizeof statuses[0]); i++) {
        enum otlp_encoding encoding = i % 2 == 0 ? OTLP_ENCODING_PROTOBUF : OTLP_ENCODING_JSON;
        struct otlp_buffer out = {0};
        struct otlp_status read = {.code = 99};
        assert_int_equal(otlp_status_encode(encoding, &statuses[i / 2], &out), 0);
        assert_int_equal(otlp_status_decode(encoding, out.data, out.len, &read), 0);
        assert_int_equal(read.code, statuses[i / 2].code);
        assert_int_equal(read.has_retry_info, statuses[i / 2].has_retry_info);
        assert_true(read.retry_delay_ns == statuses[i / 2].retry_delay_ns);
        assert_string_equal(read.message, statuses[i / 2].message);
        otlp_buffer_release(&out);
    }
}

static void test_golden_status(void **state)
{
    static const uint8_t expected[] = "\x08\x0e\x12\x01m\x1a\x36\x0a\x28"
                                      "type.googleapis.com/google.rpc.RetryInfo"
                                      "\x12\x0a\x0a\x08\x08\x01\x10\x80\xca\xb5\xee\x01";
    const struct otlp_status status = {OTLP_GRPC_UNAVAILABLE, true, 1500000000, "m"};
    struct otlp_buffer out = {0};
    (void)state;
    assert_int_equal(otlp_status_encode(OTLP_ENCODING_PROTOBUF, &status, &out), 0);
    assert_int_equal(out.len, sizeof expected - 1);
    assert_memory_equal(out.data, expected, out.len);
    struct otlp_status read;
    assert_int_equal(otlp_status_decode(OTLP_ENCODING_PROTOBUF, out.data, out.len, &read), 0);
    assert_true(read.retry_delay_ns == status.retry_delay_ns);
    for (size_t len = 1; len < out.len; len++) {
        struct guarded copy = guarded_copy(out.data, len);
        int rc = otlp_status_decode(OTLP_ENCODING_PROTOBUF, (const uint8_t *)copy.text, len, &read);
        assert_int_equal(rc, len == 2 || len == 5 ? 0 : OTLP_EFORMAT);
        guarded_free(&copy);
    }
    otlp_buffer_release(&out);
}

static void test_statuses_of_others(void **state)
{
    static const struct {
        const char *text;
        bool has_retry_info;
        uint64_t delay_ns;
    } texts[] = {
        {"{}", false, 0},
        {"{\"code\":14,\"message\":null,\"details\":[{\"@type\":\"type.googleapis.com/"
         "google.rpc.BadRequest\",\"retryDelay\":\"5s\"}]}",
         false, 0},
        {"{\"details\":[{\"@type\":\"type.googleapis.com\\/google.rpc.RetryInfo\","
         "\"retryDelay\":\"0.9999999999s\"}]}",
         true, NS_PER_S},
        {"{\"details\":[{\"retryDelay\":\"2.000000001s\",\"@type\":\"x/google.rpc.RetryInfo\"}]}",
         true, 2 * NS_PER_S + 1},
        {"{\"details\":[{\"@type\":\"x/google.rpc.RetryInfo\"}],\"x\":[{}]}", true, 0},
        {"{\"details\":[{\"@type\":\"x/google.rpc.RetryInfo\",\"retryDelay\":\"-3s\"}]}", true, 0},
        {"{\"details\":[{\"@type\":\"x/google.rpc.RetryInfo\",\"retryDelay\":\"1e300s\"}]}", true,
         INT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct otlp_status status;
        assert_int_equal(decode_status(texts[i].text, &status), 0);
        assert_int_equal(status.has_retry_info, texts[i].has_retry_info);
        assert_true(status.retry_delay_ns == texts[i].delay_ns);
    }
}

static void test_what_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "5",
        "{\"code\":\"x\"}",
        "{\"code\":",
        "{\"message\":5}",
        "{\"details\":{}}",
        "{\"details\":[5]}",
        "{} {}",
        "{\"details\":[{\"@type\":\"x/google.rpc.RetryInfo\",\"retryDelay\":\"soon\"}]}"};
    struct otlp_status status = {.code = 42};
    struct otlp_response response = {.rejected = 42};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(decode_status(bad[i], &status), OTLP_EFORMAT);
    }
    assert_int_equal(status.code, 42);
    const char *text = "{\"partialSuccess\":{\"rejectedSpans\":\"many\"}}";
    assert_int_equal(otlp_response_decode(OTLP_TRACES, OTLP_ENCODING_JSON, (const uint8_t *)text,
                                          strlen(text), &response),
                     OTLP_EFORMAT);
    assert_int_equal(otlp_response_decode(OTLP_TRACES, OTLP_ENCODING_PROTOBUF,
                                          (const uint8_t *)"\x0a\x02\x08", 3, &response),
                     OTLP_EFORMAT);
    assert_int_equal(response.rejected, 42);
}

/* A message that is too long is cut at a character. */
static void test_long_message_is_cut(void **state)
{
    char text[4096];
    struct otlp_status status;
    (void)state;
    size_t len = (size_t)snprintf(text, sizeof text, "{\"message\":\"%s", "xx");
    for (size_t i = 0; i < 600; i++) {
        memcpy(text + len, "\xc3\xa9", 2);
        len += 2;
    }
    memcpy(text + len, "\"}", 3);
    assert_int_equal(decode_status(text, &status), 0);
    assert_int_equal(strlen(status.message), OTLP_RESPONSE_MESSAGE_BYTES - 2);
    assert_memory_equal(status.message, "xx\xc3\xa9", 4);
}

static void test_fixed_buffer(void **state)
{
    uint8_t memory[3];
    const struct otlp_response response = {.is_partial = true, .message = "a message"};
    struct otlp_buffer out = otlp_buffer_fixed(memory, sizeof memory);
    (void)state;
    assert_int_equal(otlp_response_encode(OTLP_LOGS, OTLP_ENCODING_PROTOBUF, &response, &out),
                     OTLP_ENOSPC);
    assert_int_equal(otlp_response_encode(OTLP_LOGS, OTLP_ENCODING_JSON, &response, &out),
                     OTLP_ENOSPC);
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_responses_come_back), cmocka_unit_test(test_response_as_protobuf_c),
        cmocka_unit_test(test_empty_is_success),    cmocka_unit_test(test_statuses_come_back),
        cmocka_unit_test(test_golden_status),       cmocka_unit_test(test_statuses_of_others),
        cmocka_unit_test(test_what_is_refused),     cmocka_unit_test(test_long_message_is_cut),
        cmocka_unit_test(test_fixed_buffer),
    };
    return cmocka_run_group_tests_name("otlp_response", tests, NULL, NULL);
}
