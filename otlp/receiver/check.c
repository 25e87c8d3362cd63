#include "check.h"

#include "ids.h"

#include <otlp/decode.h>
#include <otlp/json.h>

static size_t invalid_spans(const struct otlp_document *document)
{
    size_t invalid = 0;
    size_t count;
    const struct otlp_resource_group *groups = otlp_document_groups(document, &count);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < groups[i].scope_count; j++) {
            const struct otlp_scope_group *scope = &groups[i].scopes[j];
            for (size_t k = 0; k < scope->item_count; k++) {
                const struct otlp_span_view *span = &scope->items.spans[k];
                invalid += !otlp_trace_id_is_valid(span->trace_id) ||
                           !otlp_span_id_is_valid(span->span_id);
            }
        }
    }
    return invalid;
}

int otlp__rx_check(enum otlp_signal signal, enum otlp_encoding encoding, const uint8_t *data,
                   size_t data_len, struct otlp_document *document, struct rx_findings *findings)
{
    findings->invalid = 0;
    if (encoding == OTLP_ENCODING_PROTOBUF) {
        int rc = otlp_request_check(signal, data, data_len, 0, &findings->items);
        if (rc == 0 && signal == OTLP_TRACES) {
            findings->invalid = otlp__rx_invalid_ids(data, data_len);
        }
        return rc;
    }
    int rc = otlp_json_decode(document, signal, (const char *)data, data_len, 0);
    if (rc == 0) {
        findings->items = otlp_document_items(document);
        findings->invalid = signal == OTLP_TRACES ? invalid_spans(document) : 0;
    }
    return rc;
}
