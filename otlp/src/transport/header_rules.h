/* Request headers that come from outside: what may be sent, and the list that libcurl takes. */
#ifndef OTLP_SRC_HEADER_RULES_H
#define OTLP_SRC_HEADER_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

#include <otlp/transport.h>

/* Visible ASCII, bytes from 0x80, spaces and tabs inside; not longer than 64 KiB. */
bool otlp__header_value_is_valid(const char *value);

/* Whether otlp__header_add() takes it. */
bool otlp__header_is_valid(const char *name, const char *value);

/* Whether a list has a header of this name, or of that of a whole line. */
bool otlp__header_has(const struct curl_slist *head, const char *name);

struct otlp__header_list {
    struct curl_slist *head;
    bool is_lower; /* names are made lower-case */
};

/* OTLP_EINVAL: the name is no token, the value not valid, or the header frames the message.
 * OTLP_ENOMEM. The list stays good, and is the caller's to free. */
int otlp__header_add(struct otlp__header_list *list, const char *name, const char *value);

/* Likewise a credential; a header of its name that is in the list already stays in its place. */
int otlp__header_add_key(struct otlp__header_list *list, const char *name, const char *key);
int otlp__header_add_bearer(struct otlp__header_list *list, const char *token);

/* What a protocol always sends, except for names that are in the list already. */
int otlp__header_add_fixed(struct otlp__header_list *list, enum otlp_protocol protocol);

#endif
