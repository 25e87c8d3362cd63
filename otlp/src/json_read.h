/*
 * A scanner of JSON text (RFC 8259). It reads one token at a time and never past the end; what is
 * malformed makes `failed` true and stays so, with every later call doing nothing.
 */
#ifndef OTLP_SRC_JSON_READ_H
#define OTLP_SRC_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct otlp__json {
    const char *at;
    const char *end;
    bool failed;
    bool wants_utf8;
};

/* A string as it stands between its quotes, or a number as it stands. */
struct otlp__json_token {
    const char *text;
    size_t len;
    bool is_string;
    bool has_escapes;
};

/* The next character that is not white space, without taking it; 0 at the end. */
char otlp__json_peek(struct otlp__json *json);

/* Takes this character, or fails. */
void otlp__json_expect(struct otlp__json *json, char character);

/* After `{` or `[` (first) and after each member: true when another one follows. Takes the comma,
 * or the closing bracket. */
bool otlp__json_next(struct otlp__json *json, char closing, bool is_first);

/* Takes a string. */
struct otlp__json_token otlp__json_take_string(struct otlp__json *json);

/* Takes a key with its colon. */
struct otlp__json_token otlp__json_take_key(struct otlp__json *json);

/* Takes a string or a number; anything else fails. */
struct otlp__json_token otlp__json_take_scalar(struct otlp__json *json);

/* Takes true or false. */
bool otlp__json_take_bool(struct otlp__json *json);

/* Takes null when it is there. */
bool otlp__json_take_null(struct otlp__json *json);

/* Takes any value whatever it is, nested at most OTLP_JSON_DEPTH_MAX deep. */
void otlp__json_skip(struct otlp__json *json);

/* Writes the text of a string to `to`, which has room for token.len bytes (escapes never grow), and
 * returns its length. */
size_t otlp__json_unescape(struct otlp__json *json, struct otlp__json_token token, char *to);

/* Numbers from a token, be it a string or a number. False: not one, or out of range. Integers may
 * be written with a fraction of zeros or an exponent. */
bool otlp__json_to_int64(struct otlp__json_token token, int64_t *value);
bool otlp__json_to_uint64(struct otlp__json_token token, uint64_t *value);
bool otlp__json_to_double(struct otlp__json_token token, double *value);

#endif
