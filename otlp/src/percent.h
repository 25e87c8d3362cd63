/* Percent coding of baggage values (W3C Baggage, "value"; RFC 3986, 2.1). */
#ifndef OTLP_SRC_PERCENT_H
#define OTLP_SRC_PERCENT_H

#include <stddef.h>

/* Decodes len bytes into `decoded`, which has room for len, and returns how many were written. A
 * '%' that two hex digits do not follow stands for itself. What is not UTF-8 then becomes U+FFFD,
 * one for each maximal part of a broken sequence (Unicode 15, 3.9, table 3-8). */
size_t otlp__percent_decode(const char *text, size_t len, char *decoded);

/* The length that otlp__percent_encode writes: every byte that is not a baggage-octet, and '%',
 * takes three. */
size_t otlp__percent_encoded_len(const char *text, size_t len);

/* Encodes into `encoded`, which has room for otlp__percent_encoded_len bytes, and returns their
 * end. */
char *otlp__percent_encode(const char *text, size_t len, char *encoded);

#endif
