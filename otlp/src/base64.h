/* Base64 to bytes (RFC 4648). */
#ifndef OTLP_SRC_BASE64_H
#define OTLP_SRC_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Decodes in place what stands before the padding, which is the caller's to judge and cut off. With
 * `takes_url` the two digits of the URL alphabet are taken as well. Bits beyond the last whole byte
 * are not looked at. Returns the length, or SIZE_MAX when it is not base64.
 */
size_t otlp__base64_decode(char *text, size_t len, bool takes_url);

#endif
