#include "base64.h"
#include "json_decode.h"

/* A list while it grows; its type says which member counts. */
struct list {
    const void *items;
    size_t count;
};

static bool is_key(const char *key, size_t key_len, const char *name)
{
    return key_len == strlen(name) && memcmp(key, name, key_len) == 0;
}

static int decode_entry(struct otlp__json_decoder *decoder, unsigned depth,
                        struct otlp_attribute *attribute)
{
    struct otlp__json *json = &decoder->json;
    int rc = 0;
    otlp__json_expect(json, '{');
    for (bool first = true; rc == 0 && otlp__json_next(json, '}', first); first = false) {
        char key[OTLP__JSON_KEY_BYTES];
        size_t key_len = otlp__json_key(decoder, key);
        bool is_name = is_key(key, key_len, "key");
        if (!is_name && !is_key(key, key_len, "value")) {
            otlp__json_skip(json);
        } else if (otlp__json_take_null(json)) {
            continue;
        } else if (is_name) {
            struct otlp_text text;
            rc = otlp__json_text(decoder, &text);
            attribute->key = text.data;
            attribute->key_len = (uint32_t)text.len;
        } else {
            rc = otlp__json_any_value(decoder, depth, &attribute->value);
        }
    }
    return rc == 0 && json->failed ? OTLP_EFORMAT : rc;
}

/* [...] of values or of entries. depth: of the elements. */
static int decode_items(struct otlp__json_decoder *decoder, bool is_array, unsigned depth,
                        struct list *list)
{
    struct otlp__json *json = &decoder->json;
    size_t item_bytes = is_array ? sizeof(struct otlp_value) : sizeof(struct otlp_attribute);
    int rc = 0;
    otlp__json_expect(json, '[');
    for (bool first = true; rc == 0 && otlp__json_next(json, ']', first); first = false) {
        rc = otlp__json_grow(decoder, &list->items, list->count, item_bytes);
        if (rc == 0) {
            void *next = (char *)(uintptr_t)list->items + list->count++ * item_bytes;
            rc = is_array ? otlp__json_any_value(decoder, depth, next)
                          : decode_entry(decoder, depth, next);
        }
    }
    return rc;
}

/* {"values":[...]} */
static int decode_list(struct otlp__json_decoder *decoder, unsigned depth, struct otlp_value *value)
{
    struct otlp__json *json = &decoder->json;
    bool is_array = value->type == OTLP_VALUE_ARRAY;
    struct list list = {NULL, 0};
    int rc = 0;
    otlp__json_expect(json, '{');
    for (bool first = true; rc == 0 && otlp__json_next(json, '}', first); first = false) {
        char key[OTLP__JSON_KEY_BYTES];
        size_t key_len = otlp__json_key(decoder, key);
        if (!is_key(key, key_len, "values")) {
            otlp__json_skip(json);
        } else if (!otlp__json_take_null(json)) {
            rc = decode_items(decoder, is_array, depth, &list);
        }
    }
    value->as.array = list.items;
    value->len = (uint32_t)list.count;
    return rc == 0 && json->failed ? OTLP_EFORMAT : rc;
}

/* In place, of either alphabet, with or without padding; the length of what was decoded, or
 * SIZE_MAX. */
static size_t decode_base64(char *text, size_t len)
{
    size_t padding = 0;
    while (padding < 2 && len > 0 && text[len - 1] == '=') {
        len--;
        padding++;
    }
    return padding > 0 && (len + padding) % 4 != 0 ? SIZE_MAX
                                                   : otlp__base64_decode(text, len, true);
}

static int decode_bytes(struct otlp__json_decoder *decoder, struct otlp_value *value)
{
    struct otlp_text text;
    int rc = otlp__json_text(decoder, &text);
    if (rc != 0) {
        return rc;
    }
    size_t len = text.len > 0 ? decode_base64((char *)(uintptr_t)text.data, text.len) : 0;
    if (len == SIZE_MAX) {
        return OTLP_EFORMAT;
    }
    *value = otlp_value_bytes((const uint8_t *)text.data, len);
    return 0;
}

static int decode_number(struct otlp__json_decoder *decoder, bool is_double,
                         struct otlp_value *value)
{
    struct otlp__json_token token = otlp__json_take_scalar(&decoder->json);
    int64_t integer = 0;
    double real = 0;
    if (decoder->json.failed ||
        !(is_double ? otlp__json_to_double(token, &real) : otlp__json_to_int64(token, &integer))) {
        return OTLP_EFORMAT;
    }
    *value = is_double ? otlp_value_double(real) : otlp_value_int(integer);
    return 0;
}

static int decode_string(struct otlp__json_decoder *decoder, struct otlp_value *value)
{
    struct otlp_text text;
    int rc = otlp__json_text(decoder, &text);
    *value = otlp_value_string_n(text.data, text.len);
    return rc;
}

enum member { STRING, BOOL, INT, DOUBLE, ARRAY, KVLIST, BYTES, UNKNOWN };

static enum member member_of(const char *key, size_t key_len)
{
    static const char *const names[] = {"stringValue", "boolValue",   "intValue",  "doubleValue",
                                        "arrayValue",  "kvlistValue", "bytesValue"};
    unsigned i = 0;
    while (i < UNKNOWN && !is_key(key, key_len, names[i])) {
        i++;
    }
    return (enum member)i;
}

static int decode_member(struct otlp__json_decoder *decoder, enum member member, unsigned depth,
                         struct otlp_value *value)
{
    switch (member) {
    case STRING:
        return decode_string(decoder, value);
    case BOOL:
        *value = otlp_value_bool(otlp__json_take_bool(&decoder->json));
        return 0;
    case INT:
    case DOUBLE:
        return decode_number(decoder, member == DOUBLE, value);
    case BYTES:
        return decode_bytes(decoder, value);
    case ARRAY:
    case KVLIST:
        *value =
            (struct otlp_value){.type = member == ARRAY ? OTLP_VALUE_ARRAY : OTLP_VALUE_KVLIST};
        return decode_list(decoder, depth + 1, value);
    case UNKNOWN:
        break;
    }
    return OTLP_EFORMAT;
}

int otlp__json_any_value(struct otlp__json_decoder *decoder, unsigned depth,
                         struct otlp_value *value)
{
    struct otlp__json *json = &decoder->json;
    int rc = 0;
    if (depth > OTLP_VALUE_DEPTH_MAX) {
        return OTLP_EFORMAT;
    }
    otlp__json_expect(json, '{');
    for (bool first = true; rc == 0 && otlp__json_next(json, '}', first); first = false) {
        char key[OTLP__JSON_KEY_BYTES];
        size_t key_len = otlp__json_key(decoder, key);
        enum member member = member_of(key, key_len);
        if (member == UNKNOWN) {
            otlp__json_skip(json);
        } else if (!otlp__json_take_null(json)) {
            rc = decode_member(decoder, member, depth, value);
        }
    }
    return rc == 0 && json->failed ? OTLP_EFORMAT : rc;
}

int otlp__json_attributes(struct otlp__json_decoder *decoder, struct otlp_attributes *list)
{
    struct list items = {list->items, list->count};
    int rc = decode_items(decoder, false, 0, &items);
    list->items = items.items;
    list->count = items.count;
    return rc;
}
