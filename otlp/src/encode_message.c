#include "encode_internal.h"

static int put_framed(struct otlp__writer *writer, unsigned number,
                      const struct otlp__message *message, const void *base)
{
    size_t start = 0;
    int rc = otlp__room(writer, 1);
    if (rc == 0) {
        otlp__put_byte(&writer->at, (uint8_t)(number << 3 | OTLP__WIRE_BYTES));
        rc = otlp__length_open(writer, message->length_bytes, &start);
    }
    if (rc == 0) {
        rc = otlp__put_message(writer, message, base);
    }
    return rc == 0 ? otlp__length_close(writer, message->length_bytes, start) : rc;
}

/* Without a case that says so, a message is sent when there is something in it. */
static int put_inline(struct otlp__writer *writer, unsigned number, const struct otlp__field *field,
                      const void *base)
{
    const void *inner = otlp__at(base, field->offset);
    if (field->case_value != 0) {
        return put_framed(writer, number, field->message, inner);
    }
    size_t before = otlp__writer_len(writer);
    int rc = put_framed(writer, number, field->message, inner);
    if (rc == 0 && otlp__writer_len(writer) == before + 2) {
        writer->at -= 2;
    }
    return rc;
}

static int put_many(struct otlp__writer *writer, unsigned number, const struct otlp__field *field,
                    const void *base)
{
    const char *items;
    size_t count;
    memcpy(&items, otlp__at(base, field->offset), sizeof(void *));
    memcpy(&count, otlp__at(base, field->other), sizeof count);
    for (size_t i = 0; i < count; i++) {
        int rc = put_framed(writer, number, field->message, items + i * field->message->size);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int put_one(struct otlp__writer *writer, unsigned number, const struct otlp__field *field,
                   const void *base)
{
    const void *inner;
    memcpy(&inner, otlp__at(base, field->offset), sizeof inner);
    return inner != NULL ? put_framed(writer, number, field->message, inner) : 0;
}

static int put_text(struct otlp__writer *writer, uint8_t tag, const struct otlp_text *text)
{
    int rc = otlp__room(writer, text->len + 11);
    if (rc == 0) {
        otlp__put_byte(&writer->at, tag);
        otlp__put_varint(&writer->at, text->len);
        otlp__put_raw(&writer->at, text->data, text->len);
    }
    return rc;
}

static int put_texts(struct otlp__writer *writer, uint8_t tag, const struct otlp_text_list *list)
{
    int rc = 0;
    for (size_t i = 0; i < list->count && rc == 0; i++) {
        rc = put_text(writer, tag, &list->items[i]);
    }
    return rc;
}

static int put_body(struct otlp__writer *writer, uint8_t tag, const struct otlp_value *value)
{
    size_t start = 0;
    if (value->type == OTLP_VALUE_EMPTY) {
        return 0;
    }
    int rc = otlp__room(writer, 1);
    if (rc == 0) {
        otlp__put_byte(&writer->at, tag);
        rc = otlp__length_open(writer, 1, &start);
    }
    if (rc == 0) {
        rc = otlp__put_value(writer, value, 0);
    }
    return rc == 0 ? otlp__length_close(writer, 1, start) : rc;
}

int otlp__put_counts(struct otlp__writer *writer, uint8_t tag, const uint64_t *items, size_t count,
                     bool is_fixed)
{
    size_t start = 0;
    size_t length_bytes = count < 16 ? 1 : 2;
    if (count == 0) {
        return 0;
    }
    if (count > OTLP__MESSAGE_BYTES_MAX / 10) {
        return OTLP_ETOOBIG;
    }
    int rc = otlp__room(writer, count * 10 + 11);
    if (rc != 0) {
        return rc;
    }
    otlp__put_byte(&writer->at, tag);
    rc = otlp__length_open(writer, length_bytes, &start);
    for (size_t i = 0; i < count && rc == 0; i++) {
        if (is_fixed) {
            otlp__put_fixed64(&writer->at, items[i]);
        } else {
            otlp__put_varint(&writer->at, items[i]);
        }
    }
    return rc == 0 ? otlp__length_close(writer, length_bytes, start) : rc;
}

static uint64_t varint_of(const struct otlp__field *field, const void *from)
{
    uint32_t word;
    if (field->kind == OTLP__BOOL) {
        return *(const uint8_t *)from;
    }
    memcpy(&word, from, sizeof word);
    if (field->kind == OTLP__SINT32) {
        return (word << 1) ^ (0u - (word >> 31));
    }
    return field->kind == OTLP__INT32 ? (uint64_t)(int64_t)(int32_t)word : word;
}

static int put_number(struct otlp__writer *writer, unsigned number, const struct otlp__field *field,
                      const void *base)
{
    const void *from = otlp__at(base, field->offset);
    uint64_t value = 0;
    int rc = otlp__room(writer, 12);
    if (rc != 0) {
        return rc;
    }
    if (field->wire == OTLP__WIRE_FIXED64) {
        memcpy(&value, from, sizeof value);
    } else {
        value = varint_of(field, from);
    }
    if (value == 0 && field->case_value == 0) {
        return 0;
    }
    otlp__put_varint(&writer->at, number << 3 | field->wire);
    if (field->wire == OTLP__WIRE_FIXED64) {
        otlp__put_fixed64(&writer->at, value);
    } else if (field->wire == OTLP__WIRE_FIXED32) {
        otlp__put_fixed32(&writer->at, (uint32_t)value);
    } else {
        otlp__put_varint(&writer->at, value);
    }
    return 0;
}

static int put_field(struct otlp__writer *writer, unsigned number, const struct otlp__field *field,
                     const void *base)
{
    const void *from = otlp__at(base, field->offset);
    uint8_t tag = (uint8_t)(number << 3 | field->wire);
    const struct otlp_attributes *attributes = from;
    const struct otlp_text *text = from;
    const struct otlp_counts *counts = from;
    int rc;
    switch ((enum otlp__kind)field->kind) {
    case OTLP__NONE:
        return 0;
    case OTLP__TEXT:
        return text->len > 0 ? put_text(writer, tag, text) : 0;
    case OTLP__TEXTS:
        return put_texts(writer, tag, from);
    case OTLP__TRACE_ID:
        rc = otlp__room(writer, 18);
        if (rc == 0) {
            otlp__put_trace_id(&writer->at, tag, from);
        }
        return rc;
    case OTLP__SPAN_ID:
        rc = otlp__room(writer, 10);
        if (rc == 0) {
            otlp__put_span_id(&writer->at, tag, from);
        }
        return rc;
    case OTLP__ATTRIBUTES:
        return otlp__put_attributes(writer, tag, attributes->items, attributes->count, 0);
    case OTLP__VALUE:
        return put_body(writer, tag, from);
    case OTLP__ONE:
        return put_one(writer, number, field, base);
    case OTLP__INLINE:
        return put_inline(writer, number, field, base);
    case OTLP__MANY:
        return put_many(writer, number, field, base);
    case OTLP__FIXED64S:
    case OTLP__DOUBLES: /* by their bits */
    case OTLP__UINT64S:
        return otlp__put_counts(writer, tag, counts->items, counts->count,
                                field->kind != OTLP__UINT64S);
    default:
        return put_number(writer, number, field, base);
    }
}

int otlp__put_message(struct otlp__writer *writer, const struct otlp__message *message,
                      const void *base)
{
    int rc = 0;
    for (unsigned number = 1; number <= message->field_max && rc == 0; number++) {
        const struct otlp__field *field = &message->fields[number];
        if (field->case_value == 0 ||
            *(const uint8_t *)otlp__at(base, field->other) == field->case_value) {
            rc = put_field(writer, number, field, base);
        }
    }
    return rc;
}
