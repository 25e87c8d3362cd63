/* The status codes of gRPC, and what they are in HTTP. */
#ifndef OTLP_RECEIVER_GRPC_CODE_H
#define OTLP_RECEIVER_GRPC_CODE_H

#include <otlp/response.h>

/* What a server that means this status says in gRPC. */
enum otlp_grpc_code otlp__rx_grpc_of_http(int status);

/* What a server that means this code says in HTTP. */
int otlp__rx_http_of_grpc(int grpc_code);

#endif
