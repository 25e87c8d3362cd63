/*
 * What a fuzzer feeds bytes to. Each target aborts when a property does not hold; a sanitizer finds
 * the rest. `make fuzz` runs them under libFuzzer (fuzzer.c), and the unit tests give them every
 * file of corpus/<target>.
 */
#ifndef TESTS_FUZZ_TARGETS_H
#define TESTS_FUZZ_TARGETS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <otlp.h>

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define FUZZ_DOCUMENT_BYTES_MAX 67108864u

static inline struct otlp_document *fuzz_document(void)
{
    struct otlp_document *document = otlp_document_new();
    REQUIRE(document != NULL);
    otlp_document_limit(document, FUZZ_DOCUMENT_BYTES_MAX);
    return document;
}

/* What was decoded, encoded as protobuf, decodes to the same bytes again. */
static inline void fuzz_protobuf_comes_back(const struct otlp_document *document)
{
    enum otlp_signal signal = otlp_document_signal(document);
    struct otlp_buffer first = {0};
    struct otlp_buffer second = {0};
    struct otlp_document *again = fuzz_document();
    REQUIRE(otlp_document_encode(document, OTLP_ENCODING_PROTOBUF, &first) == 0);
    REQUIRE(otlp_document_decode(again, signal, first.data, first.len, 0) == 0);
    REQUIRE(otlp_document_items(again) == otlp_document_items(document));
    REQUIRE(otlp_document_encode(again, OTLP_ENCODING_PROTOBUF, &second) == 0);
    REQUIRE(second.len == first.len);
    REQUIRE(first.len == 0 || memcmp(first.data, second.data, first.len) == 0);
    otlp_document_free(again);
    otlp_buffer_release(&first);
    otlp_buffer_release(&second);
}

/* What was decoded, written as JSON, is read again and written the same. */
static inline void fuzz_json_comes_back(const struct otlp_document *document)
{
    enum otlp_signal signal = otlp_document_signal(document);
    struct otlp_buffer first = {0};
    struct otlp_buffer second = {0};
    struct otlp_document *again = fuzz_document();
    REQUIRE(otlp_document_encode(document, OTLP_ENCODING_JSON, &first) == 0);
    REQUIRE(otlp_json_decode(again, signal, (const char *)first.data, first.len,
                             OTLP_DECODE_UTF8) == 0);
    REQUIRE(otlp_document_items(again) == otlp_document_items(document));
    REQUIRE(otlp_document_encode(again, OTLP_ENCODING_JSON, &second) == 0);
    REQUIRE(second.len == first.len && memcmp(first.data, second.data, first.len) == 0);
    otlp_document_free(again);
    otlp_buffer_release(&first);
    otlp_buffer_release(&second);
}

/* The first byte: signal and flags; the rest: a request. */
static inline void fuzz_protobuf(const uint8_t *data, size_t len)
{
    if (len == 0) {
        return;
    }
    enum otlp_signal signal = (enum otlp_signal)(data[0] % 3);
    unsigned flags = (data[0] / 3) % 2;
    size_t items = 0;
    struct otlp_document *document = fuzz_document();
    int checked = otlp_request_check(signal, data + 1, len - 1, flags, &items);
    int decoded = otlp_document_decode(document, signal, data + 1, len - 1, flags);
    REQUIRE(checked == decoded || decoded == OTLP_ETOOBIG);
    if (decoded == 0) {
        REQUIRE(otlp_document_items(document) == items);
        fuzz_protobuf_comes_back(document);
        fuzz_json_comes_back(document);
    }
    otlp_document_free(document);
}

/* The first byte: signal and flags; the rest: JSON. */
static inline void fuzz_json(const uint8_t *data, size_t len)
{
    if (len == 0) {
        return;
    }
    enum otlp_signal signal = (enum otlp_signal)(data[0] % 3);
    unsigned flags = (data[0] / 3) % 2;
    struct otlp_document *document = fuzz_document();
    if (otlp_json_decode(document, signal, (const char *)data + 1, len - 1, flags) == 0) {
        fuzz_protobuf_comes_back(document);
        fuzz_json_comes_back(document);
    }
    otlp_document_free(document);
}

static inline void fuzz_export_response(enum otlp_signal signal, enum otlp_encoding encoding,
                                        const uint8_t *data, size_t len)
{
    struct otlp_response response;
    struct otlp_response again;
    struct otlp_buffer bytes = {0};
    if (otlp_response_decode(signal, encoding, data, len, &response) != 0) {
        return;
    }
    REQUIRE(otlp_response_encode(signal, encoding, &response, &bytes) == 0);
    REQUIRE(otlp_response_decode(signal, encoding, bytes.data, bytes.len, &again) == 0);
    REQUIRE(again.rejected == response.rejected && again.is_partial == response.is_partial);
    otlp_buffer_release(&bytes);
}

static inline void fuzz_status(enum otlp_encoding encoding, const uint8_t *data, size_t len)
{
    struct otlp_status status;
    struct otlp_status again;
    struct otlp_buffer bytes = {0};
    if (otlp_status_decode(encoding, data, len, &status) != 0) {
        return;
    }
    REQUIRE(otlp_status_encode(encoding, &status, &bytes) == 0);
    REQUIRE(otlp_status_decode(encoding, bytes.data, bytes.len, &again) == 0);
    REQUIRE(again.code == status.code && again.has_retry_info == status.has_retry_info);
    otlp_buffer_release(&bytes);
}

/* The first byte: which message and encoding; the rest: the message. */
static inline void fuzz_response(const uint8_t *data, size_t len)
{
    if (len == 0) {
        return;
    }
    enum otlp_encoding encoding = data[0] % 2 == 0 ? OTLP_ENCODING_PROTOBUF : OTLP_ENCODING_JSON;
    if (data[0] >= 128) {
        fuzz_export_response((enum otlp_signal)(data[0] / 2 % 3), encoding, data + 1, len - 1);
    } else {
        fuzz_status(encoding, data + 1, len - 1);
    }
}

/* "name: value" lines, as far as there is room. */
static inline void fuzz_read_headers(const char *at, const char *end, struct otlp_header_list *list)
{
    while (at < end && list->count < list->capacity) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        line = line != NULL ? line : end;
        const char *colon = memchr(at, ':', (size_t)(line - at));
        if (colon != NULL) {
            (void)otlp_header_list_add(list, at, (size_t)(colon - at), colon + 1,
                                       (size_t)(line - colon - 1));
        }
        at = line < end ? line + 1 : end;
    }
}

/* The headers of a carrier, for all propagators at once. */
static inline void fuzz_propagators(const uint8_t *data, size_t len)
{
    static const char names[] = "tracecontext,baggage,b3,b3multi";
    static char text[65536];
    struct otlp_header headers[16];
    struct otlp_header out_headers[16];
    struct otlp_header_list list;
    struct otlp_header_list out;
    size_t unknown = 0;
    otlp_header_list_init(&list, headers, 16, NULL, 0);
    otlp_header_list_init(&out, out_headers, 16, text, sizeof text);
    if (len > 0) {
        fuzz_read_headers((const char *)data, (const char *)data + len, &list);
    }
    struct otlp_composite all = otlp_composite_from_names(names, sizeof names - 1, &unknown);
    struct otlp_propagation context = {0};
    struct otlp_carrier in = otlp_header_list_carrier(&list);
    struct otlp_carrier to = otlp_header_list_carrier(&out);
    (void)otlp_composite_extract(&all, &context, &in);
    (void)otlp_composite_inject(&all, &context, &to);
    otlp_propagation_release(&context);
}

/* The first byte: the algorithm; the rest: compressed bytes. */
static inline void fuzz_decompress(const uint8_t *data, size_t len)
{
    static const enum otlp_compression algorithms[] = {OTLP_COMPRESSION_NONE, OTLP_COMPRESSION_GZIP,
                                                       OTLP_COMPRESSION_ZSTD,
                                                       OTLP_COMPRESSION_BROTLI};
    struct otlp_decompressor *decompressor = NULL;
    struct otlp_buffer out = {0};
    if (len == 0) {
        return;
    }
    REQUIRE(otlp_decompressor_create(algorithms[data[0] % 4], NULL, &decompressor) == 0);
    for (size_t i = 0; i < 2; i++) {
        out.len = 0;
        int rc = otlp_decompress_append(decompressor, data + 1, len - 1, 65536, &out);
        REQUIRE(rc == 0 ? out.len <= 65536 : out.len == 0);
    }
    otlp_buffer_release(&out);
    otlp_decompressor_free(decompressor);
}

#endif
