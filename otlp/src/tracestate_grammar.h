/* The grammar of tracestate members (W3C Trace Context level 2, "tracestate Header Field Values").
 */
#ifndef OTLP_SRC_TRACESTATE_GRAMMAR_H
#define OTLP_SRC_TRACESTATE_GRAMMAR_H

#include <otlp/propagate.h>

bool otlp__tracestate_key_is_valid(const char *key, size_t key_len);
bool otlp__tracestate_value_is_valid(const char *value, size_t value_len);

/*
 * Reads the member at *text and moves *text past it and its comma. *text must be below `end`.
 * OTLP_ENOTFOUND for an empty member; OTLP_EFORMAT for one that breaks the grammar.
 */
int otlp__tracestate_next(const char **text, const char *end,
                          struct otlp_tracestate_member *member);

#endif
