/*
 * Writing of JSON's parts. A list or an object is written with a comma behind each member; what
 * closes it takes the place of the last comma.
 */
#ifndef OTLP_SRC_JSON_WRITE_H
#define OTLP_SRC_JSON_WRITE_H

#include "writer.h"

/* A string with its quotes. What is not UTF-8 becomes U+FFFD. */
int otlp__json_string(struct otlp__writer *writer, const char *text, size_t len);

/* Base64 with padding, and its quotes. */
int otlp__json_base64(struct otlp__writer *writer, const uint8_t *bytes, size_t len);

/* Lower-case hex with its quotes. */
int otlp__json_hex(struct otlp__writer *writer, const uint8_t *bytes, size_t len);

/* A number, or a string for what is not finite. */
int otlp__json_double(struct otlp__writer *writer, double real);

/* Decimal digits. Room: 20, and 8 for fewer than 8 digits as well. */
void otlp__json_digits(uint8_t **at, uint64_t value);

static inline void otlp__json_integer(uint8_t **at, int64_t value)
{
    uint64_t magnitude = (uint64_t)value;
    if (value < 0) {
        otlp__put_byte(at, '-');
        magnitude = 0 - magnitude;
    }
    otlp__json_digits(at, magnitude);
}

static inline int otlp__json_raw(struct otlp__writer *writer, const char *text, size_t len)
{
    int rc = otlp__room(writer, len);
    if (rc == 0) {
        otlp__put_raw(&writer->at, text, len);
    }
    return rc;
}

/* Text of at most OTLP__JSON_SHORT bytes with its quotes. Room: 6 * len + 10. */
#define OTLP__JSON_SHORT 1024u
void otlp__json_put_short(uint8_t **at, const char *text, size_t len);

/* Closes a list or an object that was opened as the last byte or has a comma there. */
static inline int otlp__json_close(struct otlp__writer *writer, char bracket)
{
    if (writer->at[-1] == ',') {
        writer->at[-1] = (uint8_t)bracket;
        return 0;
    }
    return otlp__json_raw(writer, &bracket, 1);
}

#endif
