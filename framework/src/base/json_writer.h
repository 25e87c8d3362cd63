/* Writes JSON, a value at a time, into a text. The same calls give the same bytes. Doubles are
 * written in the fewest digits that read back as the same number; a double that is not finite is a
 * programming error and is caught by an assertion, so no document holds NaN.
 *
 *     json_begin_object(w, NULL); json_add_int(w, "n", 3); json_end(w);      {"n": 3}
 *
 * `key` names the value inside an object and is NULL inside an array and at the top. */
#ifndef ASSAY_BASE_JSON_WRITER_H
#define ASSAY_BASE_JSON_WRITER_H

#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 2112 /* jansson reads 2048, and a document is put inside another */

struct json_writer {
    struct str *out;
    int depth;
    struct {
        char close;
        bool filled;
        bool on_one_line;
    } level[JSON_DEPTH_MAX];
};

void json_writer_init(struct json_writer *w, struct str *out);
void json_begin_object(struct json_writer *w, const char *key);
void json_begin_array(struct json_writer *w, const char *key);
/* Members of the object or array that begins next stand on one line (also what is inside them). */
void json_begin_object_line(struct json_writer *w, const char *key);
void json_begin_array_line(struct json_writer *w, const char *key);
void json_end(struct json_writer *w);
/* NULL text is written as null. Bytes that are not UTF-8 are written as U+FFFD. */
void json_add_text(struct json_writer *w, const char *key, const char *text);
void json_add_int(struct json_writer *w, const char *key, int64_t value);
void json_add_double(struct json_writer *w, const char *key, double value);
void json_add_bool(struct json_writer *w, const char *key, bool value);
void json_add_null(struct json_writer *w, const char *key);
/* Any value that was read, members in the order of the document. */
void json_add_value(struct json_writer *w, const char *key, const json_t *value);

#endif
