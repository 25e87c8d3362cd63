/* A receiver whose connection ends while a request is on its way, over either protocol. */
#ifndef TESTS_UNIT_PEER_CLOSING_H
#define TESTS_UNIT_PEER_CLOSING_H

#include <otlp/transport.h>

#include "peer_grpc.h"
#include "peer_http.h"

/* It takes a request, closes the connection on the next one, and takes the third. */
static inline struct peer *start_closing_peer(enum otlp_protocol protocol)
{
    static const struct peer_step http_steps[] = {
        {.status = 200}, {.act = PEER_CLOSE}, {.status = 200}};
    static const struct peer_step grpc_steps[] = {
        {.headers = "grpc-status: 0\n", .body = "\0\0\0\0", .body_len = 5},
        {.act = PEER_CLOSE},
        {.headers = "grpc-status: 0\n", .body = "\0\0\0\0", .body_len = 5}};
    return protocol == OTLP_PROTOCOL_GRPC ? peer_start_grpc(grpc_steps, 3)
                                          : peer_start_http(http_steps, 3);
}

#endif
