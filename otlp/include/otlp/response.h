/*
 * What a receiver answers: Export<Signal>ServiceResponse with its partial success, and
 * google.rpc.Status with RetryInfo, in protobuf and JSON.
 *
 * Plain structures without pointers: nothing to free. Messages are UTF-8, end in NUL and are cut at
 * a character when they are longer than fits. All functions may be called from any thread.
 */
#ifndef OTLP_RESPONSE_H
#define OTLP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/buffer.h>
#include <otlp/error.h>
#include <otlp/exporter.h>
#include <otlp/signal.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OTLP_RESPONSE_MESSAGE_BYTES 1024 /* the NUL included */

/*
 * The answer to an export. Zeroed: everything was accepted. Nothing rejected but a message present
 * is acceptance with a warning (OTLP specification, "Partial Success"); neither is retried.
 */
struct otlp_response {
    bool is_partial;  /* partial_success was set */
    int64_t rejected; /* spans, data points or log records that were not taken */
    char message[OTLP_RESPONSE_MESSAGE_BYTES];
};

/* gRPC status codes. */
enum otlp_grpc_code {
    OTLP_GRPC_OK = 0,
    OTLP_GRPC_CANCELLED = 1,
    OTLP_GRPC_UNKNOWN = 2,
    OTLP_GRPC_INVALID_ARGUMENT = 3,
    OTLP_GRPC_DEADLINE_EXCEEDED = 4,
    OTLP_GRPC_NOT_FOUND = 5,
    OTLP_GRPC_ALREADY_EXISTS = 6,
    OTLP_GRPC_PERMISSION_DENIED = 7,
    OTLP_GRPC_RESOURCE_EXHAUSTED = 8,
    OTLP_GRPC_FAILED_PRECONDITION = 9,
    OTLP_GRPC_ABORTED = 10,
    OTLP_GRPC_OUT_OF_RANGE = 11,
    OTLP_GRPC_UNIMPLEMENTED = 12,
    OTLP_GRPC_INTERNAL = 13,
    OTLP_GRPC_UNAVAILABLE = 14,
    OTLP_GRPC_DATA_LOSS = 15,
    OTLP_GRPC_UNAUTHENTICATED = 16,
};

/* A google.rpc.Status: the body of an HTTP error, and grpc-status-details-bin. */
struct otlp_status {
    int32_t code;            /* enum otlp_grpc_code; says nothing over HTTP, where it may be 0 */
    bool has_retry_info;     /* a google.rpc.RetryInfo was among the details */
    uint64_t retry_delay_ns; /* its delay; a negative one counts as 0, a huge one as 2^63 - 1 */
    char message[OTLP_RESPONSE_MESSAGE_BYTES];
};

/*
 * Append the encoded message to `out`. A response without a partial success is 0 bytes of protobuf,
 * and {} in JSON. OTLP_EINVAL: no such signal; OTLP_ENOMEM; OTLP_ENOSPC: a fixed buffer is too
 * small (a little more room than the message takes is asked for); out then holds what it held
 * before.
 */
OTLP_API int otlp_response_encode(enum otlp_signal signal, enum otlp_encoding encoding,
                                  const struct otlp_response *response, struct otlp_buffer *out);
OTLP_API int otlp_status_encode(enum otlp_encoding encoding, const struct otlp_status *status,
                                struct otlp_buffer *out);

/*
 * Decode a message of data_len bytes; data may be NULL when that is 0, which is a valid message in
 * protobuf. Unknown fields and other details are skipped. OTLP_EFORMAT: malformed, as decode.h and
 * json.h say, or JSON that is no object; *response or *status is then unchanged.
 */
OTLP_API int otlp_response_decode(enum otlp_signal signal, enum otlp_encoding encoding,
                                  const uint8_t *data, size_t data_len,
                                  struct otlp_response *response);
OTLP_API int otlp_status_decode(enum otlp_encoding encoding, const uint8_t *data, size_t data_len,
                                struct otlp_status *status);

#ifdef __cplusplus
}
#endif

#endif
