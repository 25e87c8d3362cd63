#include "reply.h"

#include <otlp/response.h>
#include <stdio.h>

int otlp__rx_reply_response(enum otlp_signal signal, enum otlp_encoding encoding, bool is_partial,
                            int64_t rejected, const char *message, struct otlp_buffer *out)
{
    struct otlp_response response = {.is_partial = is_partial, .rejected = rejected};
    snprintf(response.message, sizeof response.message, "%s", message);
    return otlp_response_encode(signal, encoding, &response, out);
}

int otlp__rx_reply_status(const struct rx_answer *answer, struct otlp_buffer *out)
{
    struct otlp_status status = {.code = answer->grpc_code,
                                 .has_retry_info = answer->has_retry_after,
                                 .retry_delay_ns = answer->retry_after_ns};
    snprintf(status.message, sizeof status.message, "%s", answer->message);
    return otlp_status_encode(answer->encoding, &status, out);
}
