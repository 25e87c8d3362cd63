#include "answer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

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

/* In the words of RFC 9110, 5.6.7, whatever the locale. */
static void put_date(struct rx_answer_field *field)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    put(field, "date", "%s, %02d %s %d %02d:%02d:%02d GMT", days[utc.tm_wday], utc.tm_mday,
        months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

size_t otlp__rx_answer_fields(const struct rx_answer *answer,
                              struct rx_answer_field fields[RX_ANSWER_FIELDS_MAX])
{
    size_t count = 0;
    put_date(&fields[count++]);
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
