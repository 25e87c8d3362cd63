/* Spans whose ids are not valid: absent, or all zero. */
#ifndef OTLP_RECEIVER_IDS_H
#define OTLP_RECEIVER_IDS_H

#include <stddef.h>
#include <stdint.h>

/* How many of the spans in a traces request, which is known to be well-formed protobuf. */
size_t otlp__rx_invalid_ids(const uint8_t *data, size_t data_len);

#endif
