#include "decode_internal.h"

#include "plain_attribute.h"

/* Numbers of AnyValue's fields. */
enum {
    STRING = 1,
    BOOL = 2,
    INT = 3,
    DOUBLE = 4,
    ARRAY = 5,
    KVLIST = 6,
    BYTES = 7,
    STRING_INDEX = 8,
};

size_t otlp__count_field(const uint8_t *at, const uint8_t *end, uint32_t number)
{
    size_t count = 0;
    uint32_t found;
    unsigned wire;
    while (at < end && otlp__read_tag(&at, end, &found, &wire) &&
           otlp__skip_value(&at, end, wire)) {
        count += found == number;
    }
    return count;
}

static int decode_elements(struct otlp__decoder *decoder, const uint8_t *at, const uint8_t *end,
                           unsigned depth, struct otlp_value *value)
{
    bool is_array = value->type == OTLP_VALUE_ARRAY;
    size_t item_bytes = is_array ? sizeof(struct otlp_value) : sizeof(struct otlp_attribute);
    size_t extra = otlp__count_field(at, end, 1);
    const void *items = is_array ? (const void *)value->as.array : value->as.kvlist;
    if (extra > 0) {
        int rc = otlp__document_extend(decoder->document, &items, value->len, extra, item_bytes);
        if (rc != 0) {
            return rc;
        }
        value->as.array = items;
    }
    char *next = items != NULL ? (char *)(uintptr_t)items + value->len * item_bytes : NULL;
    while (at < end) {
        uint32_t number;
        unsigned wire;
        const uint8_t *bytes;
        size_t len;
        if (!otlp__read_tag(&at, end, &number, &wire)) {
            return OTLP_EFORMAT;
        }
        if (number != 1 || next == NULL) {
            if (!otlp__skip_value(&at, end, wire)) {
                return OTLP_EFORMAT;
            }
            continue;
        }
        if (wire != OTLP__WIRE_BYTES || !otlp__read_bytes(&at, end, &bytes, &len)) {
            return OTLP_EFORMAT;
        }
        int rc = is_array
                     ? otlp__decode_value(decoder, bytes, bytes + len, depth + 1, (void *)next)
                     : otlp__decode_attribute(decoder, bytes, bytes + len, depth + 1, (void *)next);
        if (rc != 0) {
            return rc;
        }
        next += item_bytes;
        value->len++;
    }
    return 0;
}

/* Another member of the oneof takes the place of what was there; the same list is continued. */
static void choose(struct otlp_value *value, enum otlp_value_type type)
{
    if (value->type != type) {
        *value = (struct otlp_value){.type = type};
    }
}

static int decode_member(struct otlp__decoder *decoder, uint32_t number, const uint8_t *bytes,
                         size_t len, unsigned depth, struct otlp_value *value)
{
    switch (number) {
    case STRING:
        *value = otlp_value_string_n((const char *)bytes, len);
        return otlp__text_is_good(decoder, bytes, len) ? 0 : OTLP_EFORMAT;
    case BYTES:
        *value = otlp_value_bytes(bytes, len);
        return 0;
    case ARRAY:
        choose(value, OTLP_VALUE_ARRAY);
        return decode_elements(decoder, bytes, bytes + len, depth, value);
    case KVLIST:
        choose(value, OTLP_VALUE_KVLIST);
        return decode_elements(decoder, bytes, bytes + len, depth, value);
    default:
        return number <= STRING_INDEX ? OTLP_EFORMAT : 0;
    }
}

static bool decode_scalar(uint32_t number, unsigned wire, const uint8_t **at, const uint8_t *end,
                          struct otlp_value *value)
{
    uint64_t word;
    bool is_double = number == DOUBLE;
    if (number > STRING_INDEX) {
        return otlp__skip_value(at, end, wire);
    }
    if (wire == OTLP__WIRE_FIXED64 && is_double && otlp__read_fixed64(at, end, &word)) {
        double real;
        memcpy(&real, &word, sizeof real);
        *value = otlp_value_double(real);
        return true;
    }
    if (wire != OTLP__WIRE_VARINT || is_double || !otlp__read_varint(at, end, &word)) {
        return false;
    }
    switch (number) {
    case BOOL:
        *value = otlp_value_bool(word != 0);
        return true;
    case INT:
        *value = otlp_value_int((int64_t)word);
        return true;
    case STRING_INDEX:
        *value = (struct otlp_value){OTLP_VALUE_EMPTY, 0, {NULL}};
        return true;
    default:
        return false;
    }
}

int otlp__decode_value(struct otlp__decoder *decoder, const uint8_t *at, const uint8_t *end,
                       unsigned depth, struct otlp_value *value)
{
    if (depth > OTLP_VALUE_DEPTH_MAX) {
        return OTLP_EFORMAT;
    }
    while (at < end) {
        uint32_t number;
        unsigned wire;
        if (!otlp__read_tag(&at, end, &number, &wire)) {
            return OTLP_EFORMAT;
        }
        if (wire != OTLP__WIRE_BYTES) {
            if (!decode_scalar(number, wire, &at, end, value)) {
                return OTLP_EFORMAT;
            }
            continue;
        }
        const uint8_t *bytes;
        size_t len;
        if (!otlp__read_bytes(&at, end, &bytes, &len)) {
            return OTLP_EFORMAT;
        }
        int rc = decode_member(decoder, number, bytes, len, depth, value);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int decode_entry(struct otlp__decoder *decoder, uint32_t number, const uint8_t *bytes,
                        size_t len, unsigned depth, struct otlp_attribute *attribute)
{
    switch (number) {
    case 1:
        attribute->key = (const char *)bytes;
        attribute->key_len = (uint32_t)len;
        return otlp__text_is_good(decoder, bytes, len) ? 0 : OTLP_EFORMAT;
    case 2:
        return otlp__decode_value(decoder, bytes, bytes + len, depth, &attribute->value);
    case 3: /* key_strindex, of profiles: a varint */
        return OTLP_EFORMAT;
    default:
        return 0;
    }
}

static int decode_plain(const struct otlp__decoder *decoder,
                        const struct otlp__plain_attribute *plain, struct otlp_attribute *attribute)
{
    uint64_t word;
    attribute->key = (const char *)plain->key;
    attribute->key_len = plain->key_len;
    switch (plain->tag) {
    case 0x0a:
        attribute->value = otlp_value_string_n((const char *)plain->value, plain->value_len);
        break;
    case 0x3a:
        attribute->value = otlp_value_bytes(plain->value, plain->value_len);
        break;
    case 0x10:
        attribute->value = otlp_value_bool(plain->value[0] != 0);
        break;
    case 0x18:
        attribute->value = otlp_value_int(plain->value[0]);
        break;
    default:
        word = otlp__load_le64(plain->value);
        attribute->value.type = OTLP_VALUE_DOUBLE;
        memcpy(&attribute->value.as.real, &word, sizeof word);
        break;
    }
    bool is_good =
        otlp__text_is_good(decoder, plain->key, plain->key_len) &&
        (plain->tag != 0x0a || otlp__text_is_good(decoder, plain->value, plain->value_len));
    return is_good ? 0 : OTLP_EFORMAT;
}

int otlp__decode_attribute(struct otlp__decoder *decoder, const uint8_t *at, const uint8_t *end,
                           unsigned depth, struct otlp_attribute *attribute)
{
    struct otlp__plain_attribute plain;
    if (depth <= OTLP_VALUE_DEPTH_MAX && otlp__is_plain_attribute(at, end, &plain)) {
        return decode_plain(decoder, &plain, attribute);
    }
    while (at < end) {
        uint32_t number;
        unsigned wire;
        if (!otlp__read_tag(&at, end, &number, &wire)) {
            return OTLP_EFORMAT;
        }
        if (wire != OTLP__WIRE_BYTES) {
            bool is_right = number > 3 || (number == 3 && wire == OTLP__WIRE_VARINT);
            if (!is_right || !otlp__skip_value(&at, end, wire)) {
                return OTLP_EFORMAT;
            }
            continue;
        }
        const uint8_t *bytes;
        size_t len;
        if (!otlp__read_bytes(&at, end, &bytes, &len)) {
            return OTLP_EFORMAT;
        }
        int rc = decode_entry(decoder, number, bytes, len, depth, attribute);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int read_numbers(enum otlp__kind kind, const uint8_t *at, const uint8_t *end, uint64_t *to)
{
    while (at < end) {
        bool is_read = kind == OTLP__UINT64S ? otlp__read_varint(&at, end, to)
                                             : otlp__read_fixed64(&at, end, to);
        if (!is_read) {
            return OTLP_EFORMAT;
        }
        to++;
    }
    return 0;
}

/* Lists have room for a power of two, so that one which comes element by element is not copied for
 * each of them. */
static size_t room_for(size_t count)
{
    size_t room = 1;
    while (room < count) {
        room *= 2;
    }
    return room;
}

static int append_numbers(struct otlp__decoder *decoder, enum otlp__kind kind, const uint8_t *bytes,
                          size_t len, size_t count, struct otlp_counts *list)
{
    size_t total = list->count + count;
    if (list->count == 0 || room_for(total) != room_for(list->count)) {
        const void *items = list->items;
        int rc = otlp__document_extend(decoder->document, &items, list->count,
                                       room_for(total) - list->count, sizeof(uint64_t));
        if (rc != 0) {
            return rc;
        }
        list->items = items;
    }
    uint64_t *next = (uint64_t *)(uintptr_t)list->items + list->count;
    list->count = total;
    return read_numbers(kind, bytes, bytes + len, next);
}

int otlp__decode_numbers(struct otlp__decoder *decoder, enum otlp__kind kind, unsigned wire,
                         const uint8_t **at, const uint8_t *end, struct otlp_counts *list)
{
    const uint8_t *bytes = *at;
    size_t len = 0;
    if (wire == OTLP__WIRE_BYTES) {
        if (!otlp__read_bytes(at, end, &bytes, &len)) {
            return OTLP_EFORMAT;
        }
    } else {
        if (wire != otlp__element_wire(kind) || !otlp__skip_value(at, end, wire)) {
            return OTLP_EFORMAT;
        }
        len = (size_t)(*at - bytes);
    }
    size_t count = kind == OTLP__UINT64S ? otlp__count_varints(bytes, len) : len / 8;
    if (kind != OTLP__UINT64S && len % 8 != 0) {
        return OTLP_EFORMAT;
    }
    if (count == 0) {
        return len == 0 ? 0 : OTLP_EFORMAT;
    }
    return append_numbers(decoder, kind, bytes, len, count, list);
}
