/* The grammar of baggage members (W3C Baggage, "Header Content"). */
#ifndef OTLP_SRC_BAGGAGE_GRAMMAR_H
#define OTLP_SRC_BAGGAGE_GRAMMAR_H

#include <otlp/propagate.h>

bool otlp__baggage_key_is_valid(const char *key, size_t key_len);

/*
 * Checks a list of properties, as it stands after the first ';', and writes it without optional
 * space to `clean` (room for text_len). *clean_len is what was written. False when it is malformed.
 */
bool otlp__baggage_properties(const char *text, size_t text_len, char *clean, size_t *clean_len);

/* Parts of a member as views into the header; the value still encoded, the properties not yet
 * checked. */
struct otlp__baggage_parts {
    const char *key;
    size_t key_len;
    const char *value;
    size_t value_len;
    const char *properties; /* NULL: none */
    size_t properties_len;
    bool is_escaped; /* the value holds a '%' */
};

/*
 * Reads the member at *text and moves *text past it and its comma. *text must be below `end`.
 * OTLP_ENOTFOUND for an empty member; OTLP_EFORMAT for one that breaks the grammar.
 */
int otlp__baggage_next(const char **text, const char *end, struct otlp__baggage_parts *parts);

#endif
