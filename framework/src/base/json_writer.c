#include "base/json_writer.h"
#include "base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_writer_init(struct json_writer *w, struct str *out)
{
    memset(w, 0, sizeof *w);
    w->out = out;
}

static void new_line(struct json_writer *w)
{
    str_add_char(w->out, '\n');
    for (int i = 0; i < w->depth; i++) {
        str_add(w->out, "  ");
    }
}

static void add_quoted(struct str *out, const char *text)
{
    str_add_char(out, '"');
    for (const char *s = text; *s != '\0';) {
        size_t length = utf8_length(s);
        if (length == 0) {
            str_add(out, "\xef\xbf\xbd"); /* U+FFFD */
            length = 1;
        } else if (*s == '"' || *s == '\\') {
            str_add_char(out, '\\');
            str_add_char(out, *s);
        } else if ((unsigned char)*s < 0x20) {
            str_format(out, "\\u%04x", (unsigned)*s);
        } else {
            str_add_bytes(out, s, length);
        }
        s += length;
    }
    str_add_char(out, '"');
}

/* Comma, line break and key: all that stands before a value. */
static void before_value(struct json_writer *w, const char *key)
{
    if (w->depth > 0) {
        bool first = !w->level[w->depth - 1].filled;
        w->level[w->depth - 1].filled = true;
        if (!first) {
            str_add_char(w->out, ',');
        }
        if (!w->level[w->depth - 1].on_one_line) {
            new_line(w);
        } else if (!first) {
            str_add_char(w->out, ' ');
        }
    }
    if (key != NULL) {
        add_quoted(w->out, key);
        str_add(w->out, ": ");
    }
}

static void begin(struct json_writer *w, const char *key, char open, char close, bool on_one_line)
{
    assert(w->depth < JSON_DEPTH_MAX);
    before_value(w, key);
    str_add_char(w->out, open);
    bool inherited = w->depth > 0 && w->level[w->depth - 1].on_one_line;
    w->level[w->depth].close = close;
    w->level[w->depth].filled = false;
    w->level[w->depth].on_one_line = on_one_line || inherited;
    w->depth++;
}

void json_begin_object(struct json_writer *w, const char *key)
{
    begin(w, key, '{', '}', false);
}

void json_begin_array(struct json_writer *w, const char *key)
{
    begin(w, key, '[', ']', false);
}

void json_begin_object_line(struct json_writer *w, const char *key)
{
    begin(w, key, '{', '}', true);
}

void json_begin_array_line(struct json_writer *w, const char *key)
{
    begin(w, key, '[', ']', true);
}

void json_end(struct json_writer *w)
{
    assert(w->depth > 0);
    w->depth--;
    if (w->level[w->depth].filled && !w->level[w->depth].on_one_line) {
        new_line(w);
    }
    str_add_char(w->out, w->level[w->depth].close);
}

void json_add_text(struct json_writer *w, const char *key, const char *text)
{
    before_value(w, key);
    if (text == NULL) {
        str_add(w->out, "null");
    } else {
        add_quoted(w->out, text);
    }
}

void json_add_int(struct json_writer *w, const char *key, int64_t value)
{
    before_value(w, key);
    str_format(w->out, "%" PRId64, value);
}

void json_add_double(struct json_writer *w, const char *key, double value)
{
    assert(isfinite(value));
    before_value(w, key);
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    str_add(w->out, value == 0.0 ? "0" : text);
}

void json_add_bool(struct json_writer *w, const char *key, bool value)
{
    before_value(w, key);
    str_add(w->out, value ? "true" : "false");
}

void json_add_null(struct json_writer *w, const char *key)
{
    before_value(w, key);
    str_add(w->out, "null");
}

void json_add_value(struct json_writer *w, const char *key, const json_t *value)
{
    const char *name;
    json_t *member;
    size_t index;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        json_begin_object_line(w, key);
        json_object_foreach((json_t *)(uintptr_t)value, name, member)
        {
            json_add_value(w, name, member);
        }
        json_end(w);
        break;
    case JSON_ARRAY:
        json_begin_array_line(w, key);
        json_array_foreach(value, index, member)
        {
            json_add_value(w, NULL, member);
        }
        json_end(w);
        break;
    case JSON_STRING:
        json_add_text(w, key, json_string_value(value));
        break;
    case JSON_INTEGER:
        json_add_int(w, key, json_integer_value(value));
        break;
    case JSON_REAL:
        json_add_double(w, key, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        json_add_bool(w, key, json_is_true(value));
        break;
    case JSON_NULL:
        json_add_null(w, key);
        break;
    }
}
