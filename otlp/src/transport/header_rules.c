#include "transport/header_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"

#define VALUE_BYTES_MAX 65536

bool otlp__header_value_is_valid(const char *value)
{
    size_t len = strlen(value);
    if (len > VALUE_BYTES_MAX ||
        (len > 0 && (otlp__is_space(value[0]) || otlp__is_space(value[len - 1])))) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)value[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

/* A token (RFC 9110, 5.6.2). */
static bool name_is_valid(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = otlp__fold(name[i]);
        if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9') &&
            strchr("!#$%&'*+-.^_`|~", byte) == NULL) {
            return false;
        }
    }
    return len > 0 && len <= 256;
}

static bool name_frames(const char *name)
{
    static const char *const names[] = {"content-type",    "content-encoding",
                                        "content-length",  "transfer-encoding",
                                        "connection",      "te",
                                        "expect",          "host",
                                        "trailer",         "upgrade",
                                        "accept-encoding", "keep-alive",
                                        "proxy-connection"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(name, names[i]) == 0) {
            return true;
        }
    }
    return strncasecmp(name, "grpc-", 5) == 0;
}

bool otlp__header_is_valid(const char *name, const char *value)
{
    return name_is_valid(name) && !name_frames(name) && otlp__header_value_is_valid(value);
}

static int append(struct otlp__header_list *list, const char *line)
{
    struct curl_slist *head = curl_slist_append(list->head, line);
    if (head == NULL) {
        return OTLP_ENOMEM;
    }
    list->head = head;
    return 0;
}

bool otlp__header_has(const struct curl_slist *head, const char *name)
{
    size_t name_len = strcspn(name, ":;");
    for (const struct curl_slist *at = head; at != NULL; at = at->next) {
        if (strcspn(at->data, ":;") == name_len && strncasecmp(at->data, name, name_len) == 0) {
            return true;
        }
    }
    return false;
}

static int add_line(struct otlp__header_list *list, const char *name, const char *before,
                    const char *value)
{
    char *line;
    /* libcurl sends a header without a value only when it ends in a semicolon. */
    bool is_empty = value[0] == '\0' && before[0] == '\0';
    int length =
        is_empty ? asprintf(&line, "%s;", name) : asprintf(&line, "%s: %s%s", name, before, value);
    if (length < 0) {
        return OTLP_ENOMEM;
    }
    for (size_t i = 0; list->is_lower && name[i] != '\0'; i++) {
        line[i] = (char)otlp__fold(line[i]);
    }
    int error = append(list, line);
    free(line);
    return error;
}

int otlp__header_add(struct otlp__header_list *list, const char *name, const char *value)
{
    return name == NULL || value == NULL || !otlp__header_is_valid(name, value)
               ? OTLP_EINVAL
               : add_line(list, name, "", value);
}

int otlp__header_add_key(struct otlp__header_list *list, const char *name, const char *key)
{
    if (!otlp__header_is_valid(name, key)) {
        return OTLP_EINVAL;
    }
    return otlp__header_has(list->head, name) ? 0 : add_line(list, name, "", key);
}

int otlp__header_add_bearer(struct otlp__header_list *list, const char *token)
{
    static const char name[] = "authorization";
    if (token[0] == '\0' || !otlp__header_is_valid(name, token)) {
        return OTLP_EINVAL;
    }
    return otlp__header_has(list->head, name) ? 0 : add_line(list, name, "Bearer ", token);
}

int otlp__header_add_fixed(struct otlp__header_list *list, enum otlp_protocol protocol)
{
    /* A name with nothing behind its colon keeps libcurl from sending its own. */
    static const char *const lines[OTLP_PROTOCOL_COUNT][6] = {
        [OTLP_PROTOCOL_HTTP_PROTOBUF] = {"content-type: application/x-protobuf",
                                         "expect:", "accept:"},
        [OTLP_PROTOCOL_HTTP_JSON] = {"content-type: application/json", "expect:", "accept:"},
        [OTLP_PROTOCOL_GRPC] = {"te: trailers", "content-type: application/grpc",
                                "grpc-accept-encoding: identity,gzip", "expect:", "accept:"}};
    int error = 0;
    for (size_t i = 0; i < 6 && lines[protocol][i] != NULL && error == 0; i++) {
        error =
            otlp__header_has(list->head, lines[protocol][i]) ? 0 : append(list, lines[protocol][i]);
    }
    return error;
}
