#ifndef OTLP_SRC_RESPONSE_INTERNAL_H
#define OTLP_SRC_RESPONSE_INTERNAL_H

#include <otlp/response.h>

#include "json_read.h"
#include "writer.h"

#define OTLP__RETRY_INFO_URL "type.googleapis.com/google.rpc.RetryInfo"
#define OTLP__NS_PER_S       1000000000u

/* Copies text that is cut at a character when it does not fit, and ends it with NUL. */
void otlp__message_set(char message[OTLP_RESPONSE_MESSAGE_BYTES], const char *text, size_t len);

/* The next member of an object, taken with its colon: false at the end of the object. */
bool otlp__response_next(struct otlp__json *json, bool is_first, char key[64], size_t *key_len);

/* Takes a string as a message. */
void otlp__response_message(struct otlp__json *json, char message[OTLP_RESPONSE_MESSAGE_BYTES]);

/* True when nothing but white space is left and nothing was malformed. */
bool otlp__response_is_over(struct otlp__json *json);

static inline bool otlp__response_is_key(const char *key, size_t key_len, const char *name)
{
    return key_len == strlen(name) && memcmp(key, name, key_len) == 0;
}

#endif
