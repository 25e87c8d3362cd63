#ifndef OTLP_SRC_MESSAGE_H
#define OTLP_SRC_MESSAGE_H

#include <stddef.h>

#define OTLP__MESSAGE_BYTES 256

/* Copies text, cut at a character to fit with its NUL, control characters as spaces; in what is not
 * UTF-8 bytes above 0x7f become '?'. */
void otlp__message_copy(char message[OTLP__MESSAGE_BYTES], const char *text, size_t text_len);

#endif
