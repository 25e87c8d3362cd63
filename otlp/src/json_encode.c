#include "json_encode.h"

#include "encode_internal.h"
#include "json_write.h"

#define LITERAL(text) (text), sizeof(text) - 1

/* Keys that KeyValue and AnyValue have; the value of an element is without a key. */

static int put_attributes(struct otlp__writer *writer, const struct otlp_attribute *attributes,
                          size_t count, unsigned depth);

static int put_array(struct otlp__writer *writer, const struct otlp_value *array, unsigned depth)
{
    if (array->len == 0) {
        return otlp__json_raw(writer, LITERAL("{}"));
    }
    int rc = otlp__json_raw(writer, LITERAL("{\"values\":["));
    for (uint32_t i = 0; i < array->len && rc == 0; i++) {
        rc = otlp__json_value(writer, &array->as.array[i], depth);
        if (rc == 0) {
            rc = otlp__json_raw(writer, ",", 1);
        }
    }
    return rc == 0 && (rc = otlp__json_close(writer, ']')) == 0 ? otlp__json_raw(writer, "}", 1)
                                                                : rc;
}

static int put_kvlist(struct otlp__writer *writer, const struct otlp_value *list, unsigned depth)
{
    if (list->len == 0) {
        return otlp__json_raw(writer, LITERAL("{}"));
    }
    int rc = otlp__json_raw(writer, LITERAL("{\"values\":"));
    if (rc == 0) {
        rc = put_attributes(writer, list->as.kvlist, list->len, depth);
    }
    return rc == 0 ? otlp__json_raw(writer, "}", 1) : rc;
}

static int put_integer(struct otlp__writer *writer, int64_t integer)
{
    int rc = otlp__room(writer, 24);
    if (rc == 0) {
        otlp__put_byte(&writer->at, '"');
        otlp__json_integer(&writer->at, integer);
        otlp__put_byte(&writer->at, '"');
    }
    return rc;
}

static int put_member(struct otlp__writer *writer, const struct otlp_value *value, unsigned depth)
{
    int rc;
    switch (value->type) {
    case OTLP_VALUE_EMPTY:
        return 0;
    case OTLP_VALUE_STRING:
        rc = otlp__json_raw(writer, LITERAL("\"stringValue\":"));
        return rc == 0 ? otlp__json_string(writer, value->as.string, value->len) : rc;
    case OTLP_VALUE_BOOL:
        return value->as.boolean ? otlp__json_raw(writer, LITERAL("\"boolValue\":true"))
                                 : otlp__json_raw(writer, LITERAL("\"boolValue\":false"));
    case OTLP_VALUE_INT:
        rc = otlp__json_raw(writer, LITERAL("\"intValue\":"));
        return rc == 0 ? put_integer(writer, value->as.integer) : rc;
    case OTLP_VALUE_DOUBLE:
        rc = otlp__json_raw(writer, LITERAL("\"doubleValue\":"));
        return rc == 0 ? otlp__json_double(writer, value->as.real) : rc;
    case OTLP_VALUE_BYTES:
        rc = otlp__json_raw(writer, LITERAL("\"bytesValue\":"));
        return rc == 0 ? otlp__json_base64(writer, value->as.bytes, value->len) : rc;
    case OTLP_VALUE_ARRAY:
        rc = otlp__json_raw(writer, LITERAL("\"arrayValue\":"));
        return rc == 0 ? put_array(writer, value, depth + 1) : rc;
    case OTLP_VALUE_KVLIST:
        rc = otlp__json_raw(writer, LITERAL("\"kvlistValue\":"));
        return rc == 0 ? put_kvlist(writer, value, depth + 1) : rc;
    }
    return OTLP_EINVAL;
}

int otlp__json_value(struct otlp__writer *writer, const struct otlp_value *value, unsigned depth)
{
    if (depth > OTLP_VALUE_DEPTH_MAX) {
        return OTLP_EINVAL;
    }
    int rc = otlp__json_raw(writer, "{", 1);
    if (rc == 0) {
        rc = put_member(writer, value, depth);
    }
    return rc == 0 ? otlp__json_raw(writer, "}", 1) : rc;
}

static void put_literal(uint8_t **at, const char *text, size_t len)
{
    memcpy(*at, text, len);
    *at += len;
}

/* Short keys with short text or an integer, as most attributes are: room is made once. */
static bool is_short(const struct otlp_attribute *attribute)
{
    return attribute->key_len <= OTLP__JSON_SHORT && (attribute->value.type == OTLP_VALUE_INT ||
                                                      (attribute->value.type == OTLP_VALUE_STRING &&
                                                       attribute->value.len <= OTLP__JSON_SHORT));
}

static int put_short_attribute(struct otlp__writer *writer, const struct otlp_attribute *attribute)
{
    const struct otlp_value *value = &attribute->value;
    int rc = otlp__room(writer, 6 * ((size_t)attribute->key_len + value->len) + 96);
    if (rc != 0) {
        return rc;
    }
    uint8_t *at = writer->at;
    put_literal(&at, LITERAL("{\"key\":"));
    otlp__json_put_short(&at, attribute->key, attribute->key_len);
    if (value->type == OTLP_VALUE_STRING) {
        put_literal(&at, LITERAL(",\"value\":{\"stringValue\":"));
        otlp__json_put_short(&at, value->as.string, value->len);
        put_literal(&at, LITERAL("}},"));
    } else {
        put_literal(&at, LITERAL(",\"value\":{\"intValue\":\""));
        otlp__json_integer(&at, value->as.integer);
        put_literal(&at, LITERAL("\"}},"));
    }
    writer->at = at;
    return 0;
}

static int put_attribute(struct otlp__writer *writer, const struct otlp_attribute *attribute,
                         unsigned depth)
{
    if (depth <= OTLP_VALUE_DEPTH_MAX && is_short(attribute)) {
        return put_short_attribute(writer, attribute);
    }
    int rc = otlp__json_raw(writer, LITERAL("{\"key\":"));
    if (rc == 0) {
        rc = otlp__json_string(writer, attribute->key, attribute->key_len);
    }
    if (rc == 0) {
        rc = otlp__json_raw(writer, LITERAL(",\"value\":"));
    }
    if (rc == 0) {
        rc = otlp__json_value(writer, &attribute->value, depth);
    }
    return rc == 0 ? otlp__json_raw(writer, LITERAL("},")) : rc;
}

static int put_attributes(struct otlp__writer *writer, const struct otlp_attribute *attributes,
                          size_t count, unsigned depth)
{
    int rc = otlp__json_raw(writer, "[", 1);
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = put_attribute(writer, &attributes[i], depth);
    }
    return rc == 0 ? otlp__json_close(writer, ']') : rc;
}

static int put_key(struct otlp__writer *writer, const struct otlp__field *field)
{
    return otlp__json_raw(writer, field->json_key, field->json_key_len);
}

/* Ends a member: a comma, which the end of the object may take the place of. */
static int end_member(struct otlp__writer *writer, int rc)
{
    return rc == 0 ? otlp__json_raw(writer, ",", 1) : rc;
}

static int put_keyed_string(struct otlp__writer *writer, const struct otlp__field *field,
                            const struct otlp_text *text)
{
    int rc = put_key(writer, field);
    return end_member(writer, rc == 0 ? otlp__json_string(writer, text->data, text->len) : rc);
}

static int put_id(struct otlp__writer *writer, const struct otlp__field *field, const uint8_t *id,
                  size_t id_bytes)
{
    uint8_t any = 0;
    for (size_t i = 0; i < id_bytes; i++) {
        any |= id[i];
    }
    if (any == 0) {
        return 0;
    }
    int rc = put_key(writer, field);
    return end_member(writer, rc == 0 ? otlp__json_hex(writer, id, id_bytes) : rc);
}

static int put_texts(struct otlp__writer *writer, const struct otlp__field *field,
                     const struct otlp_text_list *list)
{
    if (list->count == 0) {
        return 0;
    }
    int rc = put_key(writer, field);
    if (rc == 0) {
        rc = otlp__json_raw(writer, "[", 1);
    }
    for (size_t i = 0; i < list->count && rc == 0; i++) {
        rc = end_member(writer, otlp__json_string(writer, list->items[i].data, list->items[i].len));
    }
    return end_member(writer, rc == 0 ? otlp__json_close(writer, ']') : rc);
}

/* Counts are strings, doubles are numbers. */
static int put_numbers(struct otlp__writer *writer, const struct otlp__field *field,
                       const struct otlp_counts *list)
{
    if (list->count == 0) {
        return 0;
    }
    int rc = put_key(writer, field);
    if (rc == 0) {
        rc = otlp__json_raw(writer, "[", 1);
    }
    for (size_t i = 0; i < list->count && rc == 0; i++) {
        if (field->kind == OTLP__DOUBLES) {
            double real;
            memcpy(&real, &list->items[i], sizeof real);
            rc = end_member(writer, otlp__json_double(writer, real));
        } else if ((rc = otlp__room(writer, 24)) == 0) {
            otlp__put_byte(&writer->at, '"');
            otlp__json_digits(&writer->at, list->items[i]);
            otlp__put_byte(&writer->at, '"');
            otlp__put_byte(&writer->at, ',');
        }
    }
    return end_member(writer, rc == 0 ? otlp__json_close(writer, ']') : rc);
}

static int put_many(struct otlp__writer *writer, const struct otlp__field *field, const void *base)
{
    const char *items;
    size_t count;
    memcpy(&items, otlp__at(base, field->offset), sizeof(void *));
    memcpy(&count, otlp__at(base, field->other), sizeof count);
    if (count == 0) {
        return 0;
    }
    int rc = put_key(writer, field);
    if (rc == 0) {
        rc = otlp__json_raw(writer, "[", 1);
    }
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = end_member(
            writer, otlp__json_message(writer, field->message, items + i * field->message->size));
    }
    return end_member(writer, rc == 0 ? otlp__json_close(writer, ']') : rc);
}

/* A message that is not chosen by a case goes when nothing is in it. */
static int put_inline(struct otlp__writer *writer, const struct otlp__field *field,
                      const void *inner)
{
    size_t before = otlp__writer_len(writer);
    int rc = put_key(writer, field);
    size_t start = otlp__writer_len(writer);
    if (rc == 0) {
        rc = otlp__json_message(writer, field->message, inner);
    }
    if (rc == 0 && field->case_value == 0 && otlp__writer_len(writer) == start + 2) {
        writer->at -= otlp__writer_len(writer) - before;
        return 0;
    }
    return end_member(writer, rc);
}

static int put_one(struct otlp__writer *writer, const struct otlp__field *field, const void *base)
{
    const void *inner;
    memcpy(&inner, otlp__at(base, field->offset), sizeof inner);
    if (inner == NULL) {
        return 0;
    }
    int rc = put_key(writer, field);
    return end_member(writer, rc == 0 ? otlp__json_message(writer, field->message, inner) : rc);
}

/* 64-bit integers are strings. */
static int put_long(struct otlp__writer *writer, const struct otlp__field *field, const void *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof value);
    if (value == 0 && field->case_value == 0) {
        return 0;
    }
    int rc = otlp__room(writer, field->json_key_len + 24u);
    if (rc != 0) {
        return rc;
    }
    otlp__put_raw(&writer->at, field->json_key, field->json_key_len);
    if (field->kind == OTLP__DOUBLE) {
        double real;
        memcpy(&real, from, sizeof real);
        return end_member(writer, otlp__json_double(writer, real));
    }
    otlp__put_byte(&writer->at, '"');
    if (field->kind == OTLP__SFIXED64) {
        otlp__json_integer(&writer->at, (int64_t)value);
    } else {
        otlp__json_digits(&writer->at, value);
    }
    otlp__put_byte(&writer->at, '"');
    otlp__put_byte(&writer->at, ',');
    return 0;
}

static int put_short(struct otlp__writer *writer, const struct otlp__field *field, const void *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof value);
    if (value == 0) {
        return 0;
    }
    int rc = otlp__room(writer, field->json_key_len + 24u);
    if (rc == 0) {
        bool is_signed = field->kind == OTLP__INT32 || field->kind == OTLP__SINT32;
        otlp__put_raw(&writer->at, field->json_key, field->json_key_len);
        otlp__json_integer(&writer->at, is_signed ? (int32_t)value : (int64_t)value);
        otlp__put_byte(&writer->at, ',');
    }
    return rc;
}

static int put_bool(struct otlp__writer *writer, const struct otlp__field *field,
                    const uint8_t *from)
{
    if (*from == 0) {
        return 0;
    }
    int rc = put_key(writer, field);
    return rc == 0 ? otlp__json_raw(writer, LITERAL("true,")) : rc;
}

static int put_keyed_value(struct otlp__writer *writer, const struct otlp__field *field,
                           const struct otlp_value *value)
{
    if (value->type == OTLP_VALUE_EMPTY) {
        return 0;
    }
    int rc = put_key(writer, field);
    return end_member(writer, rc == 0 ? otlp__json_value(writer, value, 0) : rc);
}

static int put_keyed_attributes(struct otlp__writer *writer, const struct otlp__field *field,
                                const struct otlp_attributes *list)
{
    if (list->count == 0) {
        return 0;
    }
    int rc = put_key(writer, field);
    return end_member(writer, rc == 0 ? put_attributes(writer, list->items, list->count, 0) : rc);
}

static int put_field(struct otlp__writer *writer, const struct otlp__field *field, const void *base)
{
    const void *from = otlp__at(base, field->offset);
    const struct otlp_text *text = from;
    switch ((enum otlp__kind)field->kind) {
    case OTLP__NONE:
        return 0;
    case OTLP__TEXT:
        return text->len > 0 ? put_keyed_string(writer, field, text) : 0;
    case OTLP__TEXTS:
        return put_texts(writer, field, from);
    case OTLP__TRACE_ID:
        return put_id(writer, field, from, OTLP_TRACE_ID_BYTES);
    case OTLP__SPAN_ID:
        return put_id(writer, field, from, OTLP_SPAN_ID_BYTES);
    case OTLP__ATTRIBUTES:
        return put_keyed_attributes(writer, field, from);
    case OTLP__VALUE:
        return put_keyed_value(writer, field, from);
    case OTLP__ONE:
        return put_one(writer, field, base);
    case OTLP__INLINE:
        return put_inline(writer, field, from);
    case OTLP__MANY:
        return put_many(writer, field, base);
    case OTLP__FIXED64S:
    case OTLP__DOUBLES:
    case OTLP__UINT64S:
        return put_numbers(writer, field, from);
    case OTLP__FIXED64:
    case OTLP__SFIXED64:
    case OTLP__DOUBLE:
        return put_long(writer, field, from);
    case OTLP__BOOL:
        return put_bool(writer, field, from);
    case OTLP__FIXED32:
    case OTLP__UINT32:
    case OTLP__INT32:
    case OTLP__SINT32:
        return put_short(writer, field, from);
    }
    return 0;
}

int otlp__json_members(struct otlp__writer *writer, const struct otlp__message *message,
                       const void *base)
{
    int rc = 0;
    for (unsigned number = 1; number <= message->field_max && rc == 0; number++) {
        const struct otlp__field *field = &message->fields[number];
        if (field->case_value == 0 ||
            *(const uint8_t *)otlp__at(base, field->other) == field->case_value) {
            rc = put_field(writer, field, base);
        }
    }
    return rc;
}

int otlp__json_message(struct otlp__writer *writer, const struct otlp__message *message,
                       const void *base)
{
    int rc = otlp__json_raw(writer, "{", 1);
    if (rc == 0) {
        rc = otlp__json_members(writer, message, base);
    }
    return rc == 0 ? otlp__json_close(writer, '}') : rc;
}
