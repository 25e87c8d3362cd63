/* Attributes of every type, shared by the specimens of each kind. */
#ifndef INTEROP_SPECIMEN_VALUES_H
#define INTEROP_SPECIMEN_VALUES_H

#include <otlp.h>

#define KEY(text) .key = text, .key_len = sizeof text - 1
#define STRING(text)                                                                               \
    {                                                                                              \
        .type = OTLP_VALUE_STRING, .len = sizeof text - 1, .as.string = text                       \
    }
#define INT(number)                                                                                \
    {                                                                                              \
        .type = OTLP_VALUE_INT, .as.integer = number                                               \
    }
#define REAL(number)                                                                               \
    {                                                                                              \
        .type = OTLP_VALUE_DOUBLE, .as.real = number                                               \
    }
#define BOOL(value)                                                                                \
    {                                                                                              \
        .type = OTLP_VALUE_BOOL, .as.boolean = value                                               \
    }
#define BYTES(data)                                                                                \
    {                                                                                              \
        .type = OTLP_VALUE_BYTES, .len = sizeof data, .as.bytes = data                             \
    }
#define ARRAY(list)                                                                                \
    {                                                                                              \
        .type = OTLP_VALUE_ARRAY, .len = COUNT(list), .as.array = list                             \
    }
#define KVLIST(list)                                                                               \
    {                                                                                              \
        .type = OTLP_VALUE_KVLIST, .len = COUNT(list), .as.kvlist = list                           \
    }
#define COUNT(list) (sizeof(list) / sizeof *(list))

#define SPECIMEN_TEXT                                                                              \
    "k\xc5\xaf\xc5\x88 \xf0\x9f\x90\x8e \"quoted\" \\ / \b\f\n\r\t\x01\x7f nul \0 <end>"

#define SPECIMEN_ATTRIBUTES 20
extern const struct otlp_attribute specimen_attributes[SPECIMEN_ATTRIBUTES];

#define START_NS UINT64_C(1790000000000000000)

/* 0123456789abcdef0123456789abcdef and fedcba9876543210 */
extern const struct otlp_trace_id specimen_trace_id;
extern const struct otlp_span_id specimen_span_id;

#endif
