#include <otlp/decode.h>

#include "plain_attribute.h"
#include "utf8.h"
#include "wire_read.h"

/* What decode.c and decode_value.c accept, and nothing else. */

struct checker {
    size_t items;
    bool wants_utf8;
};

static bool check_value(const struct checker *checker, const uint8_t *at, const uint8_t *end,
                        unsigned depth);

static bool check_text(const struct checker *checker, const uint8_t *bytes, size_t len)
{
    return !checker->wants_utf8 || otlp__utf8_is_valid((const char *)bytes, len);
}

static bool check_plain(const struct checker *checker, const struct otlp__plain_attribute *plain)
{
    return check_text(checker, plain->key, plain->key_len) &&
           (plain->tag != 0x0a || check_text(checker, plain->value, plain->value_len));
}

static bool check_attribute(const struct checker *checker, const uint8_t *at, const uint8_t *end,
                            unsigned depth)
{
    struct otlp__plain_attribute plain;
    if (depth <= OTLP_VALUE_DEPTH_MAX && otlp__is_plain_attribute(at, end, &plain)) {
        return check_plain(checker, &plain);
    }
    uint32_t number;
    unsigned wire;
    const uint8_t *bytes;
    size_t len;
    while (at < end) {
        if (!otlp__read_tag(&at, end, &number, &wire)) {
            return false;
        }
        if (wire != OTLP__WIRE_BYTES || number > 2) {
            bool is_right = number > 3 || (number == 3 && wire == OTLP__WIRE_VARINT);
            if (!is_right || !otlp__skip_value(&at, end, wire)) {
                return false;
            }
            continue;
        }
        if (!otlp__read_bytes(&at, end, &bytes, &len)) {
            return false;
        }
        bool is_right = number == 1 ? check_text(checker, bytes, len)
                                    : check_value(checker, bytes, bytes + len, depth);
        if (!is_right) {
            return false;
        }
    }
    return true;
}

/* ArrayValue and KeyValueList. */
static bool check_elements(const struct checker *checker, const uint8_t *at, const uint8_t *end,
                           unsigned depth, bool is_array)
{
    const uint8_t *bytes;
    size_t len;
    while (otlp__find_bytes(&at, end, 1, &bytes, &len)) {
        if (bytes == NULL) {
            return true;
        }
        bool is_right = is_array ? check_value(checker, bytes, bytes + len, depth)
                                 : check_attribute(checker, bytes, bytes + len, depth);
        if (!is_right) {
            return false;
        }
    }
    return false;
}

static bool check_value(const struct checker *checker, const uint8_t *at, const uint8_t *end,
                        unsigned depth)
{
    /* Wire types of AnyValue's members by number; -1: none. */
    static const int8_t wires[] = {-1,
                                   OTLP__WIRE_BYTES,
                                   OTLP__WIRE_VARINT,
                                   OTLP__WIRE_VARINT,
                                   OTLP__WIRE_FIXED64,
                                   OTLP__WIRE_BYTES,
                                   OTLP__WIRE_BYTES,
                                   OTLP__WIRE_BYTES,
                                   OTLP__WIRE_VARINT};
    uint32_t number;
    unsigned wire;
    const uint8_t *bytes;
    size_t len;
    if (depth > OTLP_VALUE_DEPTH_MAX) {
        return false;
    }
    while (at < end) {
        if (!otlp__read_tag(&at, end, &number, &wire) ||
            (number < sizeof wires && (int)wire != wires[number])) {
            return false;
        }
        if (wire != OTLP__WIRE_BYTES) {
            if (!otlp__skip_value(&at, end, wire)) {
                return false;
            }
            continue;
        }
        if (!otlp__read_bytes(&at, end, &bytes, &len)) {
            return false;
        }
        bool is_list = number == 5 || number == 6;
        if ((number == 1 && !check_text(checker, bytes, len)) ||
            (is_list && !check_elements(checker, bytes, bytes + len, depth + 1, number == 5))) {
            return false;
        }
    }
    return true;
}

static bool check_numbers(enum otlp__kind kind, unsigned wire, const uint8_t **at,
                          const uint8_t *end)
{
    const uint8_t *bytes;
    size_t len;
    uint64_t value;
    if (wire != OTLP__WIRE_BYTES) {
        return wire == otlp__element_wire(kind) && otlp__skip_value(at, end, wire);
    }
    if (!otlp__read_bytes(at, end, &bytes, &len)) {
        return false;
    }
    if (kind != OTLP__UINT64S) {
        return len % 8 == 0;
    }
    const uint8_t *last = bytes + len;
    while (bytes < last) {
        if (!otlp__read_varint(&bytes, last, &value)) {
            return false;
        }
    }
    return true;
}

static bool check_message(struct checker *checker, const struct otlp__message *message,
                          const uint8_t *at, const uint8_t *end);

static bool check_element(struct checker *checker, const struct otlp__field *field,
                          const uint8_t *bytes, size_t len)
{
    switch ((enum otlp__kind)field->kind) {
    case OTLP__TEXT:
    case OTLP__TEXTS:
        return check_text(checker, bytes, len);
    case OTLP__TRACE_ID:
        return len == 0 || len == OTLP_TRACE_ID_BYTES;
    case OTLP__SPAN_ID:
        return len == 0 || len == OTLP_SPAN_ID_BYTES;
    case OTLP__ATTRIBUTES:
        return check_attribute(checker, bytes, bytes + len, 0);
    case OTLP__VALUE:
        return check_value(checker, bytes, bytes + len, 0);
    case OTLP__MANY:
        checker->items += field->message->is_item;
        return check_message(checker, field->message, bytes, bytes + len);
    case OTLP__ONE:
    case OTLP__INLINE:
        return check_message(checker, field->message, bytes, bytes + len);
    default:
        return false;
    }
}

/* A member of a oneof that another one replaces takes its points with it. */
struct replaced {
    size_t items_before;
    uint8_t chosen;
};

static void replace(struct checker *checker, const struct otlp__field *field,
                    struct replaced *replaced)
{
    if (field->kind != OTLP__INLINE || field->case_value == 0 ||
        field->case_value == replaced->chosen) {
        return;
    }
    if (replaced->chosen != 0) {
        checker->items = replaced->items_before;
    }
    replaced->chosen = field->case_value;
}

static bool check_message(struct checker *checker, const struct otlp__message *message,
                          const uint8_t *at, const uint8_t *end)
{
    uint32_t number;
    unsigned wire;
    const uint8_t *bytes;
    size_t len;
    struct replaced replaced = {checker->items, 0};
    while (at < end) {
        if (!otlp__read_tag(&at, end, &number, &wire)) {
            return false;
        }
        const struct otlp__field *field =
            number <= message->field_max ? &message->fields[number] : NULL;
        bool is_known = field != NULL && field->kind != OTLP__NONE;
        bool is_right;
        if (is_known && otlp__is_number_list((enum otlp__kind)field->kind)) {
            is_right = check_numbers((enum otlp__kind)field->kind, wire, &at, end);
        } else if (is_known && wire != field->wire) {
            is_right = false;
        } else if (is_known && wire == OTLP__WIRE_BYTES) {
            replace(checker, field, &replaced);
            is_right = otlp__read_bytes(&at, end, &bytes, &len) &&
                       check_element(checker, field, bytes, len);
        } else {
            is_right = otlp__skip_value(&at, end, wire);
        }
        if (!is_right) {
            return false;
        }
    }
    return true;
}

int otlp_request_check(enum otlp_signal signal, const uint8_t *data, size_t data_len,
                       unsigned flags, size_t *items)
{
    const struct otlp__message *message = otlp__request_message(signal);
    if (message == NULL) {
        return OTLP_EINVAL;
    }
    if (data_len > OTLP_REQUEST_BYTES_MAX) {
        return OTLP_ETOOBIG;
    }
    struct checker checker = {0, (flags & OTLP_DECODE_UTF8) != 0};
    if (data_len > 0 && !check_message(&checker, message, data, data + data_len)) {
        return OTLP_EFORMAT;
    }
    if (items != NULL) {
        *items = checker.items;
    }
    return 0;
}
