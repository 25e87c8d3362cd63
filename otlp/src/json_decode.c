#include "json_decode.h"

#include "hex.h"
#include "message.h"

static int decode_object(struct otlp__json_decoder *decoder, const struct otlp__message *message,
                         void *base);

static void *member(void *base, size_t offset)
{
    return (char *)base + offset;
}

size_t otlp__json_key(struct otlp__json_decoder *decoder, char key[OTLP__JSON_KEY_BYTES])
{
    struct otlp__json_token token = otlp__json_take_key(&decoder->json);
    if (decoder->json.failed || token.len > OTLP__JSON_KEY_BYTES) {
        return 0;
    }
    if (token.has_escapes) {
        return otlp__json_unescape(&decoder->json, token, key);
    }
    memcpy(key, token.text, token.len);
    return token.len;
}

int otlp__json_text(struct otlp__json_decoder *decoder, struct otlp_text *text)
{
    struct otlp__json_token token = otlp__json_take_string(&decoder->json);
    struct otlp_document *document = decoder->document;
    *text = (struct otlp_text){NULL, 0};
    if (decoder->json.failed || token.len == 0) {
        return 0;
    }
    if (token.len > document->left_bytes) {
        return OTLP_ETOOBIG;
    }
    document->left_bytes -= token.len;
    char *memory = otlp__arena_alloc(&document->arena, token.len);
    if (memory == NULL) {
        return OTLP_ENOMEM;
    }
    text->data = memory;
    text->len = token.len;
    if (token.has_escapes) {
        text->len = otlp__json_unescape(&decoder->json, token, memory);
    } else {
        memcpy(memory, token.text, token.len);
    }
    return 0;
}

/* Lists have room for a power of two. */
int otlp__json_grow(struct otlp__json_decoder *decoder, const void **items, size_t count,
                    size_t item_bytes)
{
    if ((count & (count - 1)) != 0) {
        return 0;
    }
    return otlp__document_extend(decoder->document, items, count, count > 0 ? count : 1,
                                 item_bytes);
}

static int decode_id(struct otlp__json_decoder *decoder, uint8_t *id, size_t id_bytes)
{
    struct otlp__json_token token = otlp__json_take_string(&decoder->json);
    memset(id, 0, id_bytes);
    if (decoder->json.failed || token.len == 0) {
        return 0;
    }
    if (token.len != 2 * id_bytes) {
        return OTLP_EFORMAT;
    }
    for (size_t i = 0; i < id_bytes; i++) {
        int byte = otlp__hex_pair_any(token.text + 2 * i);
        if (byte < 0) {
            return OTLP_EFORMAT;
        }
        id[i] = (uint8_t)byte;
    }
    return 0;
}

/* One number of any kind, to where 8 bytes are for a 64-bit one and 4 for others. */
static int decode_number(struct otlp__json_decoder *decoder, enum otlp__kind kind, void *to)
{
    struct otlp__json_token token = otlp__json_take_scalar(&decoder->json);
    int64_t integer = 0;
    uint32_t word;
    if (decoder->json.failed) {
        return OTLP_EFORMAT;
    }
    switch (kind) {
    case OTLP__FIXED64:
    case OTLP__FIXED64S:
    case OTLP__UINT64S:
        return otlp__json_to_uint64(token, to) ? 0 : OTLP_EFORMAT;
    case OTLP__SFIXED64:
        return otlp__json_to_int64(token, to) ? 0 : OTLP_EFORMAT;
    case OTLP__DOUBLE:
    case OTLP__DOUBLES:
        return otlp__json_to_double(token, to) ? 0 : OTLP_EFORMAT;
    case OTLP__INT32: /* enums: never strings */
        if (token.is_string) {
            return OTLP_EFORMAT;
        }
        break;
    default:
        break;
    }
    bool is_signed = kind == OTLP__INT32 || kind == OTLP__SINT32;
    if (!otlp__json_to_int64(token, &integer) || integer < (is_signed ? INT32_MIN : 0) ||
        integer > (is_signed ? INT32_MAX : (int64_t)UINT32_MAX)) {
        return OTLP_EFORMAT;
    }
    word = (uint32_t)integer;
    memcpy(to, &word, sizeof word);
    return 0;
}

static int decode_numbers(struct otlp__json_decoder *decoder, enum otlp__kind kind,
                          struct otlp_counts *list)
{
    int rc = 0;
    otlp__json_expect(&decoder->json, '[');
    for (bool first = true; rc == 0 && otlp__json_next(&decoder->json, ']', first); first = false) {
        const void *items = list->items;
        rc = otlp__json_grow(decoder, &items, list->count, sizeof(uint64_t));
        if (rc == 0) {
            list->items = items;
            rc = decode_number(decoder, kind, (uint64_t *)(uintptr_t)&list->items[list->count++]);
        }
    }
    return rc;
}

static int decode_texts(struct otlp__json_decoder *decoder, struct otlp_text_list *list)
{
    int rc = 0;
    otlp__json_expect(&decoder->json, '[');
    for (bool first = true; rc == 0 && otlp__json_next(&decoder->json, ']', first); first = false) {
        const void *items = list->items;
        rc = otlp__json_grow(decoder, &items, list->count, sizeof(struct otlp_text));
        if (rc == 0) {
            list->items = items;
            rc = otlp__json_text(decoder,
                                 (struct otlp_text *)(uintptr_t)&list->items[list->count++]);
        }
    }
    return rc;
}

static int decode_many(struct otlp__json_decoder *decoder, const struct otlp__field *field,
                       void *base)
{
    const void **items = member(base, field->offset);
    size_t *count = member(base, field->other);
    size_t item_bytes = field->message->size;
    int rc = 0;
    otlp__json_expect(&decoder->json, '[');
    for (bool first = true; rc == 0 && otlp__json_next(&decoder->json, ']', first); first = false) {
        rc = otlp__json_grow(decoder, items, *count, item_bytes);
        if (rc == 0) {
            char *next = (char *)(uintptr_t)*items + (*count)++ * item_bytes;
            decoder->document->items += field->message->is_item;
            rc = decode_object(decoder, field->message, next);
        }
    }
    return rc;
}

static int decode_one(struct otlp__json_decoder *decoder, const struct otlp__field *field,
                      void *base)
{
    void **slot = member(base, field->offset);
    if (*slot == NULL) {
        int rc = otlp__document_take(decoder->document, field->message->size, slot);
        if (rc != 0) {
            *slot = NULL;
            return rc;
        }
    }
    return decode_object(decoder, field->message, *slot);
}

/* Points of a member that another one replaces are no longer in the document. */
static int decode_inline(struct otlp__json_decoder *decoder, const struct otlp__field *field,
                         void *base)
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
    return decode_object(decoder, field->message, inner);
}

static int decode_field(struct otlp__json_decoder *decoder, const struct otlp__field *field,
                        void *base)
{
    void *to = member(base, field->offset);
    switch ((enum otlp__kind)field->kind) {
    case OTLP__TEXT:
        return otlp__json_text(decoder, to);
    case OTLP__TEXTS:
        return decode_texts(decoder, to);
    case OTLP__TRACE_ID:
        return decode_id(decoder, to, OTLP_TRACE_ID_BYTES);
    case OTLP__SPAN_ID:
        return decode_id(decoder, to, OTLP_SPAN_ID_BYTES);
    case OTLP__ATTRIBUTES:
        return otlp__json_attributes(decoder, to);
    case OTLP__VALUE:
        return otlp__json_any_value(decoder, 0, to);
    case OTLP__ONE:
        return decode_one(decoder, field, base);
    case OTLP__INLINE:
        return decode_inline(decoder, field, base);
    case OTLP__MANY:
        return decode_many(decoder, field, base);
    case OTLP__FIXED64S:
    case OTLP__DOUBLES:
    case OTLP__UINT64S:
        return decode_numbers(decoder, (enum otlp__kind)field->kind, to);
    case OTLP__BOOL:
        *(uint8_t *)to = otlp__json_take_bool(&decoder->json);
        return 0;
    default:
        break;
    }
    int rc = decode_number(decoder, (enum otlp__kind)field->kind, to);
    if (rc == 0 && field->case_value != 0) {
        *(uint8_t *)member(base, field->other) = field->case_value;
    }
    return rc;
}

static const struct otlp__field *find_field(const struct otlp__message *message, const char *key,
                                            size_t key_len)
{
    for (unsigned number = 1; number <= message->field_max; number++) {
        const struct otlp__field *field = &message->fields[number];
        if (field->kind != OTLP__NONE && field->json_key_len == key_len + 3 &&
            memcmp(field->json_key + 1, key, key_len) == 0) {
            return field;
        }
    }
    return NULL;
}

static int decode_object(struct otlp__json_decoder *decoder, const struct otlp__message *message,
                         void *base)
{
    struct otlp__json *json = &decoder->json;
    int rc = 0;
    otlp__json_expect(json, '{');
    for (bool first = true; rc == 0 && otlp__json_next(json, '}', first); first = false) {
        char key[OTLP__JSON_KEY_BYTES];
        size_t key_len = otlp__json_key(decoder, key);
        const struct otlp__field *field = find_field(message, key, key_len);
        if (field == NULL) {
            otlp__json_skip(json);
        } else if (!otlp__json_take_null(json)) {
            rc = decode_field(decoder, field, base);
        }
    }
    return rc == 0 && json->failed ? OTLP_EFORMAT : rc;
}

int otlp_json_decode(struct otlp_document *document, enum otlp_signal signal, const char *text,
                     size_t text_len, unsigned flags)
{
    const struct otlp__message *message = otlp__request_message(signal);
    otlp_document_clear(document);
    if (message == NULL) {
        return OTLP_EINVAL;
    }
    if (text_len > OTLP_REQUEST_BYTES_MAX) {
        return OTLP_ETOOBIG;
    }
    if (text_len == 0) {
        return OTLP_EFORMAT;
    }
    struct otlp__json_decoder decoder = {
        .json = {text, text + text_len, false, (flags & OTLP_DECODE_UTF8) != 0},
        .document = document,
    };
    otlp__document_begin(document, signal, text_len);
    int rc = decode_object(&decoder, message, &document->request);
    if (rc == 0 &&
        (otlp__json_peek(&decoder.json) != '\0' || decoder.json.at != decoder.json.end)) {
        rc = OTLP_EFORMAT;
    }
    return otlp__document_finish(document, rc);
}
