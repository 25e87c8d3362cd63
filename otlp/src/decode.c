#include "decode_internal.h"

/* Fields of one message of which the elements were counted already: bits by number. */
typedef uint32_t counted;

static int decode_message(struct otlp__decoder *decoder, const struct otlp__message *message,
                          const uint8_t *at, const uint8_t *end, void *base);

static void *member(void *base, size_t offset)
{
    return (char *)base + offset;
}

/* At the first element of a field all that follow are counted, so that they get one array. */
static int make_room(struct otlp__decoder *decoder, uint32_t number, counted *done,
                     const uint8_t *rest, const uint8_t *end, const void **items, size_t count,
                     size_t item_bytes)
{
    if ((*done & (1u << number)) != 0) {
        return 0;
    }
    *done |= 1u << number;
    size_t extra = 1 + otlp__count_field(rest, end, number);
    return otlp__document_extend(decoder->document, items, count, extra, item_bytes);
}

struct element {
    const uint8_t *bytes;
    size_t len;
    const uint8_t *rest; /* what follows in the message around it */
    const uint8_t *end;
    uint32_t number;
};

static int decode_attributes(struct otlp__decoder *decoder, const struct element *element,
                             counted *done, struct otlp_attributes *list)
{
    const void *items = list->items;
    int rc = make_room(decoder, element->number, done, element->rest, element->end, &items,
                       list->count, sizeof(struct otlp_attribute));
    if (rc != 0) {
        return rc;
    }
    list->items = items;
    struct otlp_attribute *next = (struct otlp_attribute *)(uintptr_t)&list->items[list->count++];
    return otlp__decode_attribute(decoder, element->bytes, element->bytes + element->len, 0, next);
}

static int decode_texts(struct otlp__decoder *decoder, const struct element *element, counted *done,
                        struct otlp_text_list *list)
{
    const void *items = list->items;
    int rc = make_room(decoder, element->number, done, element->rest, element->end, &items,
                       list->count, sizeof(struct otlp_text));
    if (rc != 0) {
        return rc;
    }
    list->items = items;
    struct otlp_text *next = (struct otlp_text *)(uintptr_t)&list->items[list->count++];
    *next = (struct otlp_text){(const char *)element->bytes, element->len};
    return otlp__text_is_good(decoder, element->bytes, element->len) ? 0 : OTLP_EFORMAT;
}

static int decode_many(struct otlp__decoder *decoder, const struct otlp__field *field,
                       const struct element *element, counted *done, void *base)
{
    const void **items = member(base, field->offset);
    size_t *count = member(base, field->other);
    size_t item_bytes = field->message->size;
    int rc = make_room(decoder, element->number, done, element->rest, element->end, items, *count,
                       item_bytes);
    if (rc != 0) {
        return rc;
    }
    char *next = (char *)(uintptr_t)*items + *count * item_bytes;
    ++*count;
    decoder->document->items += field->message->is_item;
    return decode_message(decoder, field->message, element->bytes, element->bytes + element->len,
                          next);
}

static int decode_one(struct otlp__decoder *decoder, const struct otlp__field *field,
                      const struct element *element, void *base)
{
    void **slot = member(base, field->offset);
    if (*slot == NULL) {
        int rc = otlp__document_take(decoder->document, field->message->size, slot);
        if (rc != 0) {
            *slot = NULL;
            return rc;
        }
    }
    return decode_message(decoder, field->message, element->bytes, element->bytes + element->len,
                          *slot);
}

/* Points of a member that another one replaces are no longer in the document. */
static int decode_inline(struct otlp__decoder *decoder, const struct otlp__field *field,
                         const struct element *element, void *base)
{
    void *inner = member(base, field->offset);
    if (field->case_value != 0) {
        uint8_t *chosen = member(base, field->other);
        if (*chosen != field->case_value) {
            struct otlp_metric_data *data = inner;
            decoder->document->items -= data->point_count;
            memset(data, 0, sizeof *data);
            *chosen = field->case_value;
        }
    }
    return decode_message(decoder, field->message, element->bytes, element->bytes + element->len,
                          inner);
}

static int decode_id(const struct element *element, uint8_t *id, size_t id_bytes)
{
    if (element->len == id_bytes) {
        memcpy(id, element->bytes, id_bytes);
        return 0;
    }
    memset(id, 0, id_bytes);
    return element->len == 0 ? 0 : OTLP_EFORMAT;
}

static int decode_element(struct otlp__decoder *decoder, const struct otlp__field *field,
                          const struct element *element, counted *done, void *base)
{
    void *to = member(base, field->offset);
    switch ((enum otlp__kind)field->kind) {
    case OTLP__TEXT:
        *(struct otlp_text *)to = (struct otlp_text){(const char *)element->bytes, element->len};
        return otlp__text_is_good(decoder, element->bytes, element->len) ? 0 : OTLP_EFORMAT;
    case OTLP__TRACE_ID:
        return decode_id(element, to, OTLP_TRACE_ID_BYTES);
    case OTLP__SPAN_ID:
        return decode_id(element, to, OTLP_SPAN_ID_BYTES);
    case OTLP__ATTRIBUTES:
        return decode_attributes(decoder, element, done, to);
    case OTLP__VALUE:
        return otlp__decode_value(decoder, element->bytes, element->bytes + element->len, 0, to);
    case OTLP__TEXTS:
        return decode_texts(decoder, element, done, to);
    case OTLP__ONE:
        return decode_one(decoder, field, element, base);
    case OTLP__INLINE:
        return decode_inline(decoder, field, element, base);
    case OTLP__MANY:
        return decode_many(decoder, field, element, done, base);
    default:
        return OTLP_EFORMAT;
    }
}

static bool decode_varint(const struct otlp__field *field, const uint8_t **at, const uint8_t *end,
                          void *to)
{
    uint64_t value;
    if (!otlp__read_varint(at, end, &value)) {
        return false;
    }
    uint32_t word = (uint32_t)value;
    if (field->kind == OTLP__BOOL) {
        *(uint8_t *)to = value != 0;
        return true;
    }
    if (field->kind == OTLP__SINT32) {
        word = (word >> 1) ^ (0u - (word & 1u));
    }
    memcpy(to, &word, sizeof word);
    return true;
}

/* Numbers and lists of numbers. */
static int decode_number(struct otlp__decoder *decoder, const struct otlp__field *field,
                         unsigned wire, const uint8_t **at, const uint8_t *end, void *base)
{
    void *to = member(base, field->offset);
    if (otlp__is_number_list((enum otlp__kind)field->kind)) {
        return otlp__decode_numbers(decoder, (enum otlp__kind)field->kind, wire, at, end, to);
    }
    if (wire != field->wire) {
        return OTLP_EFORMAT;
    }
    bool is_read = wire == OTLP__WIRE_FIXED64   ? otlp__read_fixed64(at, end, to)
                   : wire == OTLP__WIRE_FIXED32 ? otlp__read_fixed32(at, end, to)
                                                : decode_varint(field, at, end, to);
    if (is_read && field->case_value != 0) {
        *(uint8_t *)member(base, field->other) = field->case_value;
    }
    return is_read ? 0 : OTLP_EFORMAT;
}

static int decode_message(struct otlp__decoder *decoder, const struct otlp__message *message,
                          const uint8_t *at, const uint8_t *end, void *base)
{
    counted done = 0;
    int rc = 0;
    while (at < end && rc == 0) {
        struct element element = {.end = end};
        unsigned wire;
        if (!otlp__read_tag(&at, end, &element.number, &wire)) {
            return OTLP_EFORMAT;
        }
        const struct otlp__field *field =
            element.number <= message->field_max ? &message->fields[element.number] : NULL;
        if (field == NULL || field->kind == OTLP__NONE) {
            rc = otlp__skip_value(&at, end, wire) ? 0 : OTLP_EFORMAT;
        } else if (wire == OTLP__WIRE_BYTES && field->wire == OTLP__WIRE_BYTES &&
                   !otlp__is_number_list((enum otlp__kind)field->kind)) {
            if (!otlp__read_bytes(&at, end, &element.bytes, &element.len)) {
                return OTLP_EFORMAT;
            }
            element.rest = at;
            rc = decode_element(decoder, field, &element, &done, base);
        } else {
            rc = decode_number(decoder, field, wire, &at, end, base);
        }
    }
    return rc;
}

int otlp_document_decode(struct otlp_document *document, enum otlp_signal signal,
                         const uint8_t *data, size_t data_len, unsigned flags)
{
    const struct otlp__message *message = otlp__request_message(signal);
    otlp_document_clear(document);
    if (message == NULL) {
        return OTLP_EINVAL;
    }
    if (data_len > OTLP_REQUEST_BYTES_MAX) {
        return OTLP_ETOOBIG;
    }
    if (data_len == 0) {
        document->signal = signal;
        return 0;
    }
    struct otlp__decoder decoder = {document, (flags & OTLP_DECODE_UTF8) != 0};
    otlp__document_begin(document, signal, data_len);
    int rc = decode_message(&decoder, message, data, data + data_len, &document->request);
    return otlp__document_finish(document, rc);
}
