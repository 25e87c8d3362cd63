#ifndef OTLP_SRC_ENCODE_INTERNAL_H
#define OTLP_SRC_ENCODE_INTERNAL_H

#include <otlp/encode.h>

#include "message.h"
#include "writer.h"

/* Each appends to the writer; on failure what was written is to be forgotten. */

/* KeyValue messages, each with this tag before it. depth: of arrays and maps around them. */
int otlp__put_attributes(struct otlp__writer *writer, uint8_t tag,
                         const struct otlp_attribute *attributes, size_t count, unsigned depth);

/* The body of an AnyValue. */
int otlp__put_value(struct otlp__writer *writer, const struct otlp_value *value, unsigned depth);

/* Bodies of messages, from the model. */
int otlp__put_resource(struct otlp__writer *writer, const struct otlp_resource *resource);
int otlp__put_scope(struct otlp__writer *writer, const struct otlp_scope *scope);
int otlp__put_span(struct otlp__writer *writer, const struct otlp_span_data *span);
int otlp__put_log(struct otlp__writer *writer, const struct otlp_log_record *record);
int otlp__put_metric(struct otlp__writer *writer, const struct otlp_metric *metric);

/* A packed list of 64-bit numbers, as fixed64 or as varints; nothing when there are none. */
int otlp__put_counts(struct otlp__writer *writer, uint8_t tag, const uint64_t *items, size_t count,
                     bool is_fixed);

/* Any message, from a document. */
int otlp__put_message(struct otlp__writer *writer, const struct otlp__message *message,
                      const void *base);

static inline size_t otlp__text_len(const char *text)
{
    return text != NULL ? strlen(text) : 0;
}

static inline void otlp__put_trace_id(uint8_t **at, uint8_t tag, const struct otlp_trace_id *id)
{
    if (otlp_trace_id_is_valid(*id)) {
        otlp__put_byte(at, tag);
        otlp__put_byte(at, sizeof id->bytes);
        memcpy(*at, id->bytes, sizeof id->bytes);
        *at += sizeof id->bytes;
    }
}

static inline void otlp__put_span_id(uint8_t **at, uint8_t tag, const struct otlp_span_id *id)
{
    if (otlp_span_id_is_valid(*id)) {
        otlp__put_byte(at, tag);
        otlp__put_byte(at, sizeof id->bytes);
        memcpy(*at, id->bytes, sizeof id->bytes);
        *at += sizeof id->bytes;
    }
}

#endif
