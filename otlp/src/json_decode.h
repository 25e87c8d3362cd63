#ifndef OTLP_SRC_JSON_DECODE_H
#define OTLP_SRC_JSON_DECODE_H

#include <otlp/decode.h>
#include <otlp/json.h>

#include "document_internal.h"
#include "json_read.h"

/* The longest key that is known is far shorter. */
#define OTLP__JSON_KEY_BYTES 64

/* Functions return 0 when the text is malformed as well: json.failed tells, and is looked at when
 * an object ends. */
struct otlp__json_decoder {
    struct otlp__json json;
    struct otlp_document *document;
};

/* Takes a key with its colon; 0 for one that is too long to be known. */
size_t otlp__json_key(struct otlp__json_decoder *decoder, char key[OTLP__JSON_KEY_BYTES]);

/* Takes a string into memory of the document. */
int otlp__json_text(struct otlp__json_decoder *decoder, struct otlp_text *text);

/* Makes room for one more item behind `count`. */
int otlp__json_grow(struct otlp__json_decoder *decoder, const void **items, size_t count,
                    size_t item_bytes);

/* An AnyValue, and a list of KeyValue messages that is appended. */
int otlp__json_any_value(struct otlp__json_decoder *decoder, unsigned depth,
                         struct otlp_value *value);
int otlp__json_attributes(struct otlp__json_decoder *decoder, struct otlp_attributes *list);

#endif
