/* What both versions of HTTP say about an answer besides its length. */
#ifndef OTLP_RECEIVER_ANSWER_H
#define OTLP_RECEIVER_ANSWER_H

#include "exchange.h"

#define RX_ANSWER_FIELDS_MAX 5

struct rx_answer_field {
    const char *name; /* static */
    char value[48];
};

/* The fields that go with the answer; how many. */
size_t otlp__rx_answer_fields(const struct rx_answer *answer,
                              struct rx_answer_field fields[RX_ANSWER_FIELDS_MAX]);

/* Static text. */
const char *otlp__rx_media_type(enum otlp_encoding encoding);

#define RX_CODINGS "gzip, zstd, br"

/* Whether answers of that status have content (RFC 9110, 15.3.5, 15.3.6 and 15.4.5). */
static inline bool otlp__rx_has_content(int status)
{
    return status != 204 && status != 205 && status != 304;
}

#endif
