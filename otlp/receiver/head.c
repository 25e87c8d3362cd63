#include "head.h"

#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool otlp__rx_is(struct rx_text text, const char *name)
{
    size_t len = strlen(name);
    if (text.data == NULL || text.len != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (lower(text.data[i]) != name[i]) {
            return false;
        }
    }
    return true;
}

struct rx_text otlp__rx_trim(struct rx_text text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

struct rx_text otlp__rx_before_parameters(struct rx_text text)
{
    if (text.data != NULL) {
        const char *end = memchr(text.data, ';', text.len);
        text.len = end != NULL ? (size_t)(end - text.data) : text.len;
        text = otlp__rx_trim(text);
    }
    return text;
}

static void note_connection(struct rx_head *head, struct rx_text value)
{
    while (value.len > 0) {
        const char *comma = memchr(value.data, ',', value.len);
        size_t len = comma != NULL ? (size_t)(comma - value.data) : value.len;
        struct rx_text option = otlp__rx_trim((struct rx_text){value.data, len});
        head->connection_close = head->connection_close || otlp__rx_is(option, "close");
        head->connection_keep_alive =
            head->connection_keep_alive || otlp__rx_is(option, "keep-alive");
        len += comma != NULL;
        value.data += len;
        value.len -= len;
    }
}

bool otlp__rx_head_field(struct rx_head *head, struct rx_text name, struct rx_text value)
{
    if (otlp__rx_is(name, "connection")) {
        note_connection(head, value);
        return true;
    }
#define NOTE(member, text)                                                                         \
    if (otlp__rx_is(name, text)) {                                                                 \
        bool is_first = head->member.data == NULL;                                                 \
        head->member = value;                                                                      \
        return is_first;                                                                           \
    }
    RX_HEAD_FIELDS(NOTE)
#undef NOTE
    return true;
}

bool otlp__rx_head_length(struct rx_head *head)
{
    struct rx_text text = head->content_length_text;
    if (text.data == NULL) {
        return true;
    }
    if (text.len == 0 || text.len > 18) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        head->content_length = head->content_length * 10 + (uint64_t)(text.data[i] - '0');
    }
    head->has_length = true;
    return true;
}
