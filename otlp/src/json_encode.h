#ifndef OTLP_SRC_JSON_ENCODE_H
#define OTLP_SRC_JSON_ENCODE_H

#include "json_write.h"
#include "message.h"

/* A message as an object, and its members alone, each with a comma behind it. */
int otlp__json_message(struct otlp__writer *writer, const struct otlp__message *message,
                       const void *base);
int otlp__json_members(struct otlp__writer *writer, const struct otlp__message *message,
                       const void *base);

/* An AnyValue. depth: of arrays and maps around it. */
int otlp__json_value(struct otlp__writer *writer, const struct otlp_value *value, unsigned depth);

#endif
