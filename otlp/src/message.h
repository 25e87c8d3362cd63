/*
 * OTLP's messages as tables: for each field its number, its kind, its name in JSON, and where its
 * value lies in the structure of document.h that mirrors the message. Decoders, encoders and the
 * check walk these tables, so that a field is described once.
 *
 * AnyValue and KeyValue are not in the tables: they are what most bytes consist of, and have code
 * of their own.
 */
#ifndef OTLP_SRC_MESSAGE_H
#define OTLP_SRC_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <otlp/document.h>

enum otlp__kind {
    OTLP__NONE, /* no such field */
    OTLP__TEXT,
    OTLP__TRACE_ID,
    OTLP__SPAN_ID,
    OTLP__FIXED64,
    OTLP__SFIXED64,
    OTLP__DOUBLE,
    OTLP__FIXED32,
    OTLP__UINT32,
    OTLP__INT32, /* enums, too */
    OTLP__SINT32,
    OTLP__BOOL,
    OTLP__ONE,    /* a message, by pointer: NULL is "not given" */
    OTLP__INLINE, /* a message that lies in the structure itself */
    OTLP__MANY,   /* messages */
    OTLP__ATTRIBUTES,
    OTLP__VALUE,
    OTLP__TEXTS,
    OTLP__FIXED64S,
    OTLP__DOUBLES,
    OTLP__UINT64S,
};

enum otlp__wire {
    OTLP__WIRE_VARINT = 0,
    OTLP__WIRE_FIXED64 = 1,
    OTLP__WIRE_BYTES = 2,
    OTLP__WIRE_FIXED32 = 5,
};

struct otlp__message;

struct otlp__field {
    const char *json_key; /* with quotes and colon */
    const struct otlp__message *message;
    uint16_t offset;
    uint16_t other; /* MANY: offset of the count; with case_value: of the byte that holds it */
    uint8_t json_key_len;
    uint8_t kind;
    uint8_t wire;       /* wire type; of lists the packed one */
    uint8_t case_value; /* 0: sent when it is not zero; else sent when *other has this value */
};

struct otlp__message {
    const struct otlp__field *fields; /* by number, 0 to field_max */
    uint16_t size;                    /* of the structure */
    uint8_t field_max;
    uint8_t length_bytes; /* that a length of this message mostly takes */
    bool is_item;         /* a span, a data point or a log record */
};

/* Export<Signal>ServiceRequest; NULL for a value that is no signal. */
const struct otlp__message *otlp__request_message(enum otlp_signal signal);

/* The structure that a request decodes to. */
struct otlp__request_view {
    const struct otlp_resource_group *groups;
    size_t group_count;
};

extern const struct otlp__message otlp__resource_message;
extern const struct otlp__message otlp__scope_message;
extern const struct otlp__message otlp__span_message;
extern const struct otlp__message otlp__event_message;
extern const struct otlp__message otlp__link_message;
extern const struct otlp__message otlp__log_message;
extern const struct otlp__message otlp__metric_message;
extern const struct otlp__message otlp__number_point_message;
extern const struct otlp__message otlp__histogram_point_message;
extern const struct otlp__message otlp__exponential_point_message;

static inline const void *otlp__at(const void *base, size_t offset)
{
    return (const char *)base + offset;
}

#endif
