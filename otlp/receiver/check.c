#include "check.h"

#include <otlp/pack.h>

int otlp__rx_check(enum otlp_signal signal, enum otlp_encoding encoding, const uint8_t *data,
                   size_t data_len, struct rx_findings *findings)
{
    if (encoding != OTLP_ENCODING_PROTOBUF) {
        return OTLP_EUNSUPPORTED;
    }
    struct otlp_request *request;
    int rc = otlp_request_unpack(signal, data, data_len, &request);
    if (rc == 0) {
        *findings = (struct rx_findings){.items = otlp_request_items(request)};
        otlp_request_free(request);
    }
    return rc;
}
