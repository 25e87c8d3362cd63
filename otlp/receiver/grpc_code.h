/* The status codes of gRPC, and what they are in HTTP. */
#ifndef OTLP_RECEIVER_GRPC_CODE_H
#define OTLP_RECEIVER_GRPC_CODE_H

enum rx_grpc_code {
    RX_GRPC_OK = 0,
    RX_GRPC_CANCELLED = 1,
    RX_GRPC_UNKNOWN = 2,
    RX_GRPC_INVALID_ARGUMENT = 3,
    RX_GRPC_DEADLINE_EXCEEDED = 4,
    RX_GRPC_NOT_FOUND = 5,
    RX_GRPC_ALREADY_EXISTS = 6,
    RX_GRPC_PERMISSION_DENIED = 7,
    RX_GRPC_RESOURCE_EXHAUSTED = 8,
    RX_GRPC_FAILED_PRECONDITION = 9,
    RX_GRPC_ABORTED = 10,
    RX_GRPC_OUT_OF_RANGE = 11,
    RX_GRPC_UNIMPLEMENTED = 12,
    RX_GRPC_INTERNAL = 13,
    RX_GRPC_UNAVAILABLE = 14,
    RX_GRPC_DATA_LOSS = 15,
    RX_GRPC_UNAUTHENTICATED = 16,
};

/* What a server that means this status says in gRPC. */
enum rx_grpc_code otlp__rx_grpc_of_http(int status);

/* What a server that means this code says in HTTP. */
int otlp__rx_http_of_grpc(int grpc_code);

#endif
