#include "answer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define SECOND_NS 1000000000u

const char *otlp__rx_media_type(enum otlp_encoding encoding)
{
    return encoding == OTLP_ENCODING_JSON ? "application/json" : "application/x-protobuf";
}

static void put(struct rx_answer_field *field, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void put(struct rx_answer_field *field, const char *name, const char *format, ...)
{
    va_list arguments;
    field->name = name;
    va_start(arguments, format);
    vsnprintf(field->value, sizeof field->value, format, arguments);
    va_end(arguments);
}

size_t otlp__rx_answer_fields(const struct rx_answer *answer,
                              struct rx_answer_field fields[RX_ANSWER_FIELDS_MAX])
{
    size_t count = 0;
    if (answer->has_retry_after) {
        uint64_t seconds = answer->retry_after_ns / SECOND_NS;
        seconds += answer->retry_after_ns % SECOND_NS != 0;
        put(&fields[count++], "retry-after", "%" PRIu64, seconds);
    }
    if (answer->status == 405) {
        put(&fields[count++], "allow", "%s", answer->allows_get ? "GET" : "POST");
    }
    if (answer->names_codings) {
        put(&fields[count++], "accept-encoding", RX_CODINGS);
    }
    if (answer->challenges) {
        put(&fields[count++], "www-authenticate", "Bearer");
    }
    return count;
}
