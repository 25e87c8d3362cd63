#include "encode_internal.h"

/* Tags within AnyValue and KeyValue. */
enum {
    KEY = 0x0a,
    VALUE = 0x12,
    ELEMENT = 0x0a,
    STRING = 0x0a,
    BOOL = 0x10,
    INT = 0x18,
    DOUBLE = 0x21,
    ARRAY = 0x2a,
    KVLIST = 0x32,
    BYTES = 0x3a,
};

static bool is_nested(const struct otlp_value *value)
{
    return value->type == OTLP_VALUE_ARRAY || value->type == OTLP_VALUE_KVLIST;
}

/* Bytes of an AnyValue that is not nested. */
static size_t leaf_size(const struct otlp_value *value)
{
    switch (value->type) {
    case OTLP_VALUE_STRING:
    case OTLP_VALUE_BYTES:
        return 1 + otlp__varint_size(value->len) + value->len;
    case OTLP_VALUE_BOOL:
        return 2;
    case OTLP_VALUE_INT:
        return 1 + otlp__varint_size((uint64_t)value->as.integer);
    case OTLP_VALUE_DOUBLE:
        return 9;
    default:
        return 0;
    }
}

static void put_leaf(uint8_t **at, const struct otlp_value *value)
{
    switch (value->type) {
    case OTLP_VALUE_STRING:
    case OTLP_VALUE_BYTES:
        otlp__put_byte(at, value->type == OTLP_VALUE_STRING ? STRING : BYTES);
        otlp__put_varint(at, value->len);
        otlp__put_raw(at, value->as.string, value->len);
        break;
    case OTLP_VALUE_BOOL:
        otlp__put_byte(at, BOOL);
        otlp__put_byte(at, value->as.boolean);
        break;
    case OTLP_VALUE_INT:
        otlp__put_byte(at, INT);
        otlp__put_varint(at, (uint64_t)value->as.integer);
        break;
    case OTLP_VALUE_DOUBLE:
        otlp__put_double(at, DOUBLE, value->as.real);
        break;
    default:
        break;
    }
}

/* depth: of the elements. */
static int put_array(struct otlp__writer *writer, const struct otlp_value *array, unsigned depth)
{
    int rc = 0;
    for (uint32_t i = 0; i < array->len && rc == 0; i++) {
        const struct otlp_value *element = &array->as.array[i];
        if (!is_nested(element)) {
            size_t size = leaf_size(element);
            rc = otlp__room(writer, size + 11);
            if (rc == 0) {
                otlp__put_byte(&writer->at, ELEMENT);
                otlp__put_varint(&writer->at, size);
                rc = otlp__put_value(writer, element, depth);
            }
            continue;
        }
        size_t start = 0;
        rc = otlp__room(writer, 1);
        if (rc == 0) {
            otlp__put_byte(&writer->at, ELEMENT);
            rc = otlp__length_open(writer, 1, &start);
        }
        if (rc == 0) {
            rc = otlp__put_value(writer, element, depth);
        }
        if (rc == 0) {
            rc = otlp__length_close(writer, 1, start);
        }
    }
    return rc;
}

int otlp__put_value(struct otlp__writer *writer, const struct otlp_value *value, unsigned depth)
{
    if (depth > OTLP_VALUE_DEPTH_MAX || value->type > OTLP_VALUE_KVLIST) {
        return OTLP_EINVAL;
    }
    int rc = otlp__room(writer, 12 + (is_nested(value) ? 0 : (size_t)value->len));
    if (rc != 0) {
        return rc;
    }
    if (!is_nested(value)) {
        put_leaf(&writer->at, value);
        return 0;
    }
    bool is_array = value->type == OTLP_VALUE_ARRAY;
    size_t start = 0;
    otlp__put_byte(&writer->at, is_array ? ARRAY : KVLIST);
    rc = otlp__length_open(writer, 1, &start);
    if (rc == 0) {
        rc = is_array
                 ? put_array(writer, value, depth + 1)
                 : otlp__put_attributes(writer, ELEMENT, value->as.kvlist, value->len, depth + 1);
    }
    return rc == 0 ? otlp__length_close(writer, 1, start) : rc;
}

static int put_nested(struct otlp__writer *writer, uint8_t tag,
                      const struct otlp_attribute *attribute, unsigned depth)
{
    size_t start = 0;
    size_t value_start = 0;
    int rc = otlp__room(writer, 32 + (size_t)attribute->key_len);
    if (rc != 0) {
        return rc;
    }
    otlp__put_byte(&writer->at, tag);
    rc = otlp__length_open(writer, 1, &start);
    if (rc != 0) {
        return rc;
    }
    otlp__put_text(&writer->at, KEY, attribute->key, attribute->key_len);
    otlp__put_byte(&writer->at, VALUE);
    rc = otlp__length_open(writer, 1, &value_start);
    if (rc == 0) {
        rc = otlp__put_value(writer, &attribute->value, depth);
    }
    if (rc == 0) {
        rc = otlp__length_close(writer, 1, value_start);
    }
    return rc == 0 ? otlp__length_close(writer, 1, start) : rc;
}

int otlp__put_attributes(struct otlp__writer *writer, uint8_t tag,
                         const struct otlp_attribute *attributes, size_t count, unsigned depth)
{
    if (count > 0 && depth > OTLP_VALUE_DEPTH_MAX) {
        return OTLP_EINVAL;
    }
    for (size_t i = 0; i < count; i++) {
        const struct otlp_attribute *attribute = &attributes[i];
        if (__builtin_expect(attribute->value.type >= OTLP_VALUE_ARRAY, 0)) {
            int rc = attribute->value.type > OTLP_VALUE_KVLIST
                         ? OTLP_EINVAL
                         : put_nested(writer, tag, attribute, depth);
            if (rc != 0) {
                return rc;
            }
            continue;
        }
        size_t value_size = leaf_size(&attribute->value);
        size_t key_len = attribute->key_len;
        size_t key_size = key_len > 0 ? 1 + otlp__varint_size(key_len) + key_len : 0;
        size_t size = key_size + 1 + otlp__varint_size(value_size) + value_size;
        int rc = otlp__room(writer, size + 11);
        if (rc != 0) {
            return rc;
        }
        otlp__put_byte(&writer->at, tag);
        otlp__put_varint(&writer->at, size);
        otlp__put_text(&writer->at, KEY, attribute->key, key_len);
        otlp__put_byte(&writer->at, VALUE);
        otlp__put_varint(&writer->at, value_size);
        put_leaf(&writer->at, &attribute->value);
    }
    return 0;
}
