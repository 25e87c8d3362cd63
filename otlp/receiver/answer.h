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

#endif
