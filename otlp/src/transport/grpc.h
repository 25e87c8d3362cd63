/* gRPC over HTTP/2, as far as a client of unary calls needs it (gRPC, "PROTOCOL-HTTP2"). Pure
 * functions. */
#ifndef OTLP_SRC_GRPC_H
#define OTLP_SRC_GRPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum otlp__grpc_code {
    OTLP__GRPC_OK = 0,
    OTLP__GRPC_CANCELLED = 1,
    OTLP__GRPC_UNKNOWN = 2,
    OTLP__GRPC_INVALID_ARGUMENT = 3,
    OTLP__GRPC_DEADLINE_EXCEEDED = 4,
    OTLP__GRPC_NOT_FOUND = 5,
    OTLP__GRPC_ALREADY_EXISTS = 6,
    OTLP__GRPC_PERMISSION_DENIED = 7,
    OTLP__GRPC_RESOURCE_EXHAUSTED = 8,
    OTLP__GRPC_FAILED_PRECONDITION = 9,
    OTLP__GRPC_ABORTED = 10,
    OTLP__GRPC_OUT_OF_RANGE = 11,
    OTLP__GRPC_UNIMPLEMENTED = 12,
    OTLP__GRPC_INTERNAL = 13,
    OTLP__GRPC_UNAVAILABLE = 14,
    OTLP__GRPC_DATA_LOSS = 15,
    OTLP__GRPC_UNAUTHENTICATED = 16,
};

#define OTLP__GRPC_PREFIX_BYTES 5

/* The prefix of a message: whether it is compressed, and its length. */
void otlp__grpc_prefix(bool is_compressed, uint32_t message_bytes,
                       uint8_t prefix[OTLP__GRPC_PREFIX_BYTES]);

/* The value of grpc-timeout: at most 8 digits and a unit, never longer than asked, at least 1 us.
 */
void otlp__grpc_timeout(uint64_t timeout_ns, char text[16]);

/* The code for an HTTP status that came without grpc-status (gRPC, "HTTP to gRPC Status Code
 * Mapping"). */
int otlp__grpc_code_of_http(int status);

/* The code for the error code of RST_STREAM (gRPC, "Errors"). */
int otlp__grpc_code_of_reset(uint32_t http2_error);

/* The value of grpc-status. OTLP__GRPC_UNKNOWN when it is no number from 0 on. */
int otlp__grpc_parse_code(const char *text, size_t len);

/* Decodes grpc-message, percent-encoded, into text of at most `capacity` bytes with its NUL.
 * Escapes that are none stand for themselves. */
void otlp__grpc_parse_message(const char *text, size_t len, char *message, size_t capacity);

/* Decodes base64 with or without padding, as in names that end in -bin, in place. Returns the
 * length, or SIZE_MAX when it is not base64. */
size_t otlp__grpc_parse_binary(char *text, size_t len);

#endif
