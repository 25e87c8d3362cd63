#include "baggage_grammar.h"

#include "ascii.h"
#include "charset.h"

#include <string.h>

/* A text that is read from the front. */
struct cursor {
    const char *at;
    const char *end;
};

static size_t left(const struct cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

static void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->end && otlp__is_space(*cursor->at)) {
        cursor->at++;
    }
}

static bool skip_char(struct cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != c) {
        return false;
    }
    cursor->at++;
    return true;
}

/* Takes what is of a set, and the space after it. */
static size_t take(struct cursor *cursor, unsigned set, const char **text)
{
    *text = cursor->at;
    size_t len = otlp__charset_span(cursor->at, left(cursor), set);
    cursor->at += len;
    skip_space(cursor);
    return len;
}

bool otlp__baggage_key_is_valid(const char *key, size_t key_len)
{
    return key_len > 0 && otlp__charset_span(key, key_len, OTLP__SET_TOKEN) == key_len;
}

bool otlp__baggage_properties(const char *text, size_t text_len, char *clean, size_t *clean_len)
{
    struct cursor cursor = {text, text + text_len};
    char *out = clean;
    do {
        const char *part;
        skip_space(&cursor);
        size_t len = take(&cursor, OTLP__SET_TOKEN, &part);
        if (len == 0) {
            return false;
        }
        if (out != clean) {
            *out++ = ';';
        }
        memcpy(out, part, len);
        out += len;
        if (skip_char(&cursor, '=')) {
            skip_space(&cursor);
            *out++ = '=';
            len = take(&cursor, OTLP__SET_BAGGAGE, &part);
            memcpy(out, part, len);
            out += len;
        }
    } while (skip_char(&cursor, ';'));
    *clean_len = (size_t)(out - clean);
    return cursor.at == cursor.end;
}

static int next_member(struct cursor *member, struct otlp__baggage_parts *parts)
{
    parts->key_len = take(member, OTLP__SET_TOKEN, &parts->key);
    if (parts->key_len == 0 || !skip_char(member, '=')) {
        return OTLP_EFORMAT;
    }
    skip_space(member);
    parts->value_len = take(member, OTLP__SET_BAGGAGE, &parts->value);
    parts->is_escaped = memchr(parts->value, '%', parts->value_len) != NULL;
    parts->properties = skip_char(member, ';') ? member->at : NULL;
    parts->properties_len = left(member);
    return parts->properties != NULL || parts->properties_len == 0 ? 0 : OTLP_EFORMAT;
}

int otlp__baggage_next(const char **text, const char *end, struct otlp__baggage_parts *parts)
{
    const char *comma = memchr(*text, ',', (size_t)(end - *text));
    struct cursor member = {*text, comma != NULL ? comma : end};
    *text = comma != NULL ? comma + 1 : end;
    skip_space(&member);
    if (left(&member) == 0) {
        return OTLP_ENOTFOUND;
    }
    return next_member(&member, parts);
}
