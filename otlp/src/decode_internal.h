#ifndef OTLP_SRC_DECODE_INTERNAL_H
#define OTLP_SRC_DECODE_INTERNAL_H

#include <otlp/decode.h>

#include "document_internal.h"
#include "utf8.h"
#include "wire_read.h"

struct otlp__decoder {
    struct otlp_document *document;
    bool wants_utf8;
};

static inline bool otlp__text_is_good(const struct otlp__decoder *decoder, const uint8_t *bytes,
                                      size_t len)
{
    return !decoder->wants_utf8 || otlp__utf8_is_valid((const char *)bytes, len);
}

/* Elements of the field `number` from `at` on, and no further than malformed bytes. */
size_t otlp__count_field(const uint8_t *at, const uint8_t *end, uint32_t number);

/* One KeyValue or AnyValue into a zeroed structure. depth: of arrays and maps around it. */
int otlp__decode_attribute(struct otlp__decoder *decoder, const uint8_t *at, const uint8_t *end,
                           unsigned depth, struct otlp_attribute *attribute);
int otlp__decode_value(struct otlp__decoder *decoder, const uint8_t *at, const uint8_t *end,
                       unsigned depth, struct otlp_value *value);

/* The elements of one occurrence of a list of numbers, which is packed when wire says so; *at
 * stands at its value. */
int otlp__decode_numbers(struct otlp__decoder *decoder, enum otlp__kind kind, unsigned wire,
                         const uint8_t **at, const uint8_t *end, struct otlp_counts *list);

#endif
