/* What becomes of a request that is taken: it is counted, written, and handed on. */
#ifndef OTLP_RECEIVER_ACCEPT_H
#define OTLP_RECEIVER_ACCEPT_H

#include "scratch.h"

/* `document` holds the request, or is NULL when there is no tree of it. When it cannot be converted
 * to what is to be written (OTLP_ELIMIT, OTLP_ENOMEM, ...) it is not taken. */
int otlp__rx_accept(struct rx_scratch *scratch, const struct otlp_receiver_request *request,
                    const struct otlp_document *document);

#endif
