/* The messages of answers. */
#ifndef OTLP_RECEIVER_REPLY_H
#define OTLP_RECEIVER_REPLY_H

#include "exchange.h"

/* Appends an Export<Signal>ServiceResponse; OTLP_ENOMEM. */
int otlp__rx_reply_response(enum otlp_signal signal, enum otlp_encoding encoding, bool is_partial,
                            int64_t rejected, const char *message, struct otlp_buffer *out);

/* Appends a google.rpc.Status with the answer's code, message and, when it has one, its delay;
 * OTLP_ENOMEM. */
int otlp__rx_reply_status(const struct rx_answer *answer, struct otlp_buffer *out);

#endif
