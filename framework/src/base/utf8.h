/* UTF-8 (RFC 3629) in texts that others wrote, where any byte may stand. */
#ifndef ASSAY_BASE_UTF8_H
#define ASSAY_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* What stands for bytes that are no UTF-8. */
#define UTF8_REPLACEMENT 0xfffd

/* Bytes of the sequence that starts at text, or 0 when it is none (overlong, surrogate, cut off).
 * text ends with a zero byte, which is a sequence of one byte itself. */
size_t utf8_length(const char *text);

/* The code point at *at, which moves behind it; 0 at the end, where it stays. A byte that starts no
 * sequence is UTF8_REPLACEMENT. */
uint32_t utf8_next(const char **at);

#endif
