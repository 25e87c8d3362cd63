/* What a request's header asks for. */
#ifndef OTLP_RECEIVER_ROUTE_H
#define OTLP_RECEIVER_ROUTE_H

#include "exchange.h"

/* Judges the header: fills in what the exchange is about, or refuses it. */
void otlp__rx_route(struct rx_exchange *exchange, const struct rx_head *head, bool grpc_only);

#endif
