#include "check.h"

#include "ids.h"

#include <otlp/decode.h>

int otlp__rx_check(enum otlp_signal signal, enum otlp_encoding encoding, const uint8_t *data,
                   size_t data_len, struct rx_findings *findings)
{
    if (encoding != OTLP_ENCODING_PROTOBUF) {
        return OTLP_EUNSUPPORTED;
    }
    findings->invalid = 0;
    int rc = otlp_request_check(signal, data, data_len, 0, &findings->items);
    if (rc == 0 && signal == OTLP_TRACES) {
        findings->invalid = otlp__rx_invalid_ids(data, data_len);
    }
    return rc;
}
