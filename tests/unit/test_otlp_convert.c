/*
 * Documents as they are converted, and a converter for tests in Python: with OTLP_CONVERT in the
 * environment ("traces protobuf json": signal, encoding of the input, encoding of the output) the
 * program converts standard input to standard output and runs no test. It answers malformed input
 * with status 3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <otlp.h>

static int decode(struct otlp_document *document, enum otlp_signal signal, bool is_json,
                  const struct otlp_buffer *bytes)
{
    return is_json
               ? otlp_json_decode(document, signal, (const char *)bytes->data, bytes->len,
                                  OTLP_DECODE_UTF8)
               : otlp_document_decode(document, signal, bytes->data, bytes->len, OTLP_DECODE_UTF8);
}

static int read_all(struct otlp_buffer *bytes)
{
    size_t got;
    do {
        if (otlp_buffer_reserve(bytes, 65536) != 0) {
            return 1;
        }
        got = fread(bytes->data + bytes->len, 1, 65536, stdin);
        bytes->len += got;
    } while (got > 0);
    return ferror(stdin);
}

static int convert(const char *what)
{
    char signal_name[16];
    char from[16];
    char to[16];
    struct otlp_buffer in = {0};
    struct otlp_buffer out = {0};
    enum otlp_signal signal = OTLP_TRACES;
    if (sscanf(what, "%15s %15s %15s", signal_name, from, to) != 3 || read_all(&in) != 0) {
        return 2;
    }
    while (signal < OTLP_LOGS && strcmp(otlp_signal_name(signal), signal_name) != 0) {
        signal++;
    }
    struct otlp_document *document = otlp_document_new();
    bool is_json = strcmp(from, "json") == 0;
    int status = document == NULL || decode(document, signal, is_json, &in) != 0 ? 3 : 0;
    if (status == 0 &&
        otlp_document_encode(document,
                             strcmp(to, "json") == 0 ? OTLP_ENCODING_JSON : OTLP_ENCODING_PROTOBUF,
                             &out) != 0) {
        status = 4;
    }
    if (status == 0 && fwrite(out.data, 1, out.len, stdout) != out.len) {
        status = 5;
    }
    otlp_document_free(document);
    otlp_buffer_release(&in);
    otlp_buffer_release(&out);
    return status;
}

static void convert_text(enum otlp_signal signal, const char *json, struct otlp_buffer *again)
{
    struct otlp_buffer in = {(uint8_t *)(uintptr_t)json, strlen(json), 0, true};
    struct otlp_buffer bytes = {0};
    struct otlp_document *document = otlp_document_new();
    assert_int_equal(decode(document, signal, true, &in), 0);
    assert_int_equal(otlp_document_encode(document, OTLP_ENCODING_PROTOBUF, &bytes), 0);
    size_t items = otlp_document_items(document);
    size_t checked = 0;
    assert_int_equal(otlp_request_check(signal, bytes.data, bytes.len, 0, &checked), 0);
    assert_int_equal(checked, items);
    assert_int_equal(decode(document, signal, false, &bytes), 0);
    assert_int_equal(otlp_document_items(document), items);
    again->len = 0;
    assert_int_equal(otlp_document_encode(document, OTLP_ENCODING_JSON, again), 0);
    otlp_document_free(document);
    otlp_buffer_release(&bytes);
}

/* As written here, so they come back: by way of a document, protobuf and another document. */
static void test_json_comes_back(void **state)
{
    static const struct {
        enum otlp_signal signal;
        const char *json;
    } texts[] = {
        {OTLP_TRACES, "{}"},
        {OTLP_TRACES,
         "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"a\",\"value\":{"
         "\"stringValue\":\"x\\ny\\\"\\u0001\"}}],\"droppedAttributesCount\":1,\"entityRefs\":[{"
         "\"schemaUrl\":\"u\",\"type\":\"t\",\"idKeys\":[\"i\",\"j\"],\"descriptionKeys\":[\"d\"]}]"
         "},\"scopeSpans\":[{\"scope\":{\"name\":\"n\",\"version\":\"v\"},\"spans\":[{\"traceId\":"
         "\"4bf92f3577b34da6a3ce929d0e0e4736\",\"spanId\":\"00f067aa0ba902b7\",\"name\":\"s\","
         "\"kind\":2,\"startTimeUnixNano\":\"18446744073709551615\",\"status\":{\"code\":2},"
         "\"flags\":769}]}],\"schemaUrl\":\"https://s\"}]}"},
        {OTLP_METRICS,
         "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"m\",\"sum\":{"
         "\"dataPoints\":[{\"asInt\":\"-5\"},{\"asDouble\":0.1},{\"asDouble\":\"NaN\"},{"
         "\"asDouble\":\"-Infinity\",\"flags\":1}],\"aggregationTemporality\":1,"
         "\"isMonotonic\":true}},{\"exponentialHistogram\":{\"dataPoints\":[{\"count\":\"3\","
         "\"sum\":0,\"scale\":-2,\"zeroCount\":\"1\",\"positive\":{\"offset\":-7,"
         "\"bucketCounts\":[\"1\",\"0\",\"1\"]},\"zeroThreshold\":0.0000001}]}},{\"summary\":{"
         "\"dataPoints\":[{\"quantileValues\":[{\"quantile\":0.5,\"value\":2}]}]}},{\"gauge\":{}}]"
         "}]}]}"},
        {OTLP_LOGS, "{\"resourceLogs\":[{\"resource\":{},\"scopeLogs\":[{\"scope\":{},"
                    "\"logRecords\":[{\"severityNumber\":9,\"body\":{\"kvlistValue\":{\"values\":[{"
                    "\"key\":\"k\",\"value\":{\"arrayValue\":{\"values\":[{\"intValue\":"
                    "\"-9223372036854775808\"},{\"boolValue\":false},{\"bytesValue\":\"AP9/\"},{}]"
                    "}}}]}},\"eventName\":\"e\"},{}]}]}]}"},
    };
    struct otlp_buffer again = {0};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        convert_text(texts[i].signal, texts[i].json, &again);
        assert_int_equal(again.len, strlen(texts[i].json));
        assert_memory_equal(again.data, texts[i].json, again.len);
    }
    otlp_buffer_release(&again);
}

int main(void)
{
    const char *what = getenv("OTLP_CONVERT");
    if (what != NULL) {
        return convert(what);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_comes_back),
    };
    return cmocka_run_group_tests_name("otlp_convert", tests, NULL, NULL);
}
