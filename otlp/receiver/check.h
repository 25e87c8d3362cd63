/* What is in a decoded body, and whether it is what it should be. */
#ifndef OTLP_RECEIVER_CHECK_H
#define OTLP_RECEIVER_CHECK_H

#include <otlp/document.h>
#include <otlp/exporter.h>

struct rx_findings {
    size_t items;
    size_t invalid; /* of these: spans whose ids are absent or all zero */
};

/* OTLP_EFORMAT: not a request of this signal; OTLP_ETOOBIG; OTLP_ENOMEM. The document is needed for
 * JSON, and holds the request then. */
int otlp__rx_check(enum otlp_signal signal, enum otlp_encoding encoding, const uint8_t *data,
                   size_t data_len, struct otlp_document *document, struct rx_findings *findings);

#endif
