#ifndef OTLP_SRC_UTF8_H
#define OTLP_SRC_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Length of the well-formed character that starts at text[0] (Unicode, table 3-7): 1 to 4; 0 when
 * there is none. len is at least 1. */
size_t otlp__utf8_character(const char *text, size_t len);

/* True for well-formed UTF-8 (RFC 3629): no surrogates, nothing overlong, at most U+10FFFF. */
bool otlp__utf8_is_valid(const char *text, size_t len);

#endif
