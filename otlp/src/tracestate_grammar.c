#include "tracestate_grammar.h"

#include "ascii.h"
#include "charset.h"

bool otlp__tracestate_key_is_valid(const char *key, size_t key_len)
{
    return key_len > 0 && key_len <= OTLP_TRACESTATE_KEY_MAX &&
           otlp__charset_span(key, 1, OTLP__SET_STATE_KEY_FIRST) == 1 &&
           otlp__charset_span(key, key_len, OTLP__SET_STATE_KEY) == key_len;
}

bool otlp__tracestate_value_is_valid(const char *value, size_t value_len)
{
    return value_len > 0 && value_len <= OTLP_TRACESTATE_VALUE_MAX && value[value_len - 1] != ' ' &&
           otlp__charset_span(value, value_len, OTLP__SET_STATE_VALUE) == value_len;
}

int otlp__tracestate_next(const char **text, const char *end, struct otlp_tracestate_member *member)
{
    const char *at = *text;
    while (at < end && otlp__is_space(*at)) {
        at++;
    }
    if (at == end || *at == ',') {
        *text = at == end ? end : at + 1;
        return OTLP_ENOTFOUND;
    }
    const char *key = at;
    size_t key_len = otlp__charset_span(at, (size_t)(end - at), OTLP__SET_STATE_KEY);
    at += key_len;
    bool key_is_valid = key_len > 0 && key_len <= OTLP_TRACESTATE_KEY_MAX &&
                        otlp__charset_span(key, 1, OTLP__SET_STATE_KEY_FIRST) == 1;
    if (!key_is_valid || at == end || *at != '=') {
        return OTLP_EFORMAT;
    }
    at++;
    const char *value = at;
    size_t value_len = otlp__charset_span(at, (size_t)(end - at), OTLP__SET_STATE_VALUE);
    at += value_len;
    while (value_len > 0 && value[value_len - 1] == ' ') {
        value_len--;
    }
    while (at < end && otlp__is_space(*at)) {
        at++;
    }
    if (value_len == 0 || value_len > OTLP_TRACESTATE_VALUE_MAX || (at < end && *at != ',')) {
        return OTLP_EFORMAT;
    }
    *member = (struct otlp_tracestate_member){key, key_len, value, value_len};
    *text = at < end ? at + 1 : end;
    return 0;
}
