/* The messages of answers: Export<Signal>ServiceResponse and google.rpc.Status. */
#ifndef OTLP_RECEIVER_REPLY_H
#define OTLP_RECEIVER_REPLY_H

#include "exchange.h"

/* Appends a response; a partial success when there are rejected items or a message. */
int otlp__rx_reply_response(enum otlp_signal signal, enum otlp_encoding encoding, bool is_partial,
                            int64_t rejected, const char *message, struct otlp_buffer *out);

/* Appends a Status with the answer's code, message and, when it has one, its delay. */
int otlp__rx_reply_status(const struct rx_answer *answer, struct otlp_buffer *out);

#endif
