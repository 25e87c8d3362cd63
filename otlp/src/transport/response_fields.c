#include "transport/response_fields.h"

#include <string.h>

#include "percent.h"
#include "transport/retry.h"
#include "utf8.h"

void otlp__message_copy(char message[OTLP__MESSAGE_BYTES], const char *text, size_t text_len)
{
    size_t len = text_len < OTLP__MESSAGE_BYTES - 1 ? text_len : OTLP__MESSAGE_BYTES - 1;
    while (len > 0 && len < text_len && ((unsigned char)text[len] & 0xc0) == 0x80) {
        len--;
    }
    bool is_utf8 = otlp__utf8_is_valid(text, len);
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        message[i] = byte < 0x20 || byte == 0x7f ? ' ' : byte >= 0x80 && !is_utf8 ? '?' : text[i];
    }
    message[len] = '\0';
}

/* One field of a message: a number, or bytes (a string, a message). */
struct field {
    uint32_t number;
    uint64_t value;
    const uint8_t *bytes; /* NULL: a number */
    size_t bytes_len;
};

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

static bool read_varint(struct reader *reader, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
        uint8_t byte = *reader->at++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

static bool skip(struct reader *reader, size_t bytes)
{
    if ((size_t)(reader->end - reader->at) < bytes) {
        return false;
    }
    reader->at += bytes;
    return true;
}

/* False when the input is malformed. */
static bool read_field(struct reader *reader, struct field *field)
{
    uint64_t tag;
    *field = (struct field){0};
    if (!read_varint(reader, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff) {
        return false;
    }
    field->number = (uint32_t)(tag >> 3);
    switch (tag & 7) {
    case 0:
        return read_varint(reader, &field->value);
    case 1:
        return skip(reader, 8);
    case 2:
        if (!read_varint(reader, &field->value) ||
            field->value > (uint64_t)(reader->end - reader->at)) {
            return false;
        }
        field->bytes = reader->at;
        field->bytes_len = (size_t)field->value;
        return skip(reader, field->bytes_len);
    case 5:
        return skip(reader, 4);
    default:
        return false;
    }
}

static bool partial_fields(struct reader reader, struct otlp__partial_success *partial)
{
    struct field field;
    while (reader.at < reader.end) {
        if (!read_field(&reader, &field)) {
            return false;
        }
        if (field.number == 1 && field.bytes == NULL) {
            partial->rejected = field.value <= INT64_MAX ? field.value : 0;
        } else if (field.number == 2 && field.bytes != NULL) {
            otlp__message_copy(partial->message, (const char *)field.bytes, field.bytes_len);
        }
    }
    return true;
}

static bool response_fields(struct reader reader, struct otlp__partial_success *partial)
{
    struct field field;
    while (reader.at < reader.end) {
        if (!read_field(&reader, &field)) {
            return false;
        }
        if (field.number == 1 && field.bytes != NULL &&
            !partial_fields((struct reader){field.bytes, field.bytes + field.bytes_len}, partial)) {
            return false;
        }
    }
    return true;
}

/* google.protobuf.Duration; a negative one is none. */
static bool duration_fields(struct reader reader, uint64_t *duration_ns)
{
    struct field field;
    int64_t seconds = 0;
    int64_t nanos = 0;
    while (reader.at < reader.end) {
        if (!read_field(&reader, &field)) {
            return false;
        }
        if (field.number == 1 && field.bytes == NULL) {
            seconds = (int64_t)field.value;
        } else if (field.number == 2 && field.bytes == NULL) {
            nanos = (int32_t)field.value;
        }
    }
    if (seconds < 0 || nanos < 0) {
        *duration_ns = 0;
    } else if ((uint64_t)seconds >= OTLP__DELAY_MAX_NS / OTLP__SECOND_NS) {
        *duration_ns = OTLP__DELAY_MAX_NS;
    } else {
        *duration_ns = (uint64_t)seconds * OTLP__SECOND_NS + (uint64_t)nanos;
    }
    return true;
}

static bool retry_info_fields(struct reader reader, struct otlp__status_fields *status)
{
    struct field field;
    status->has_retry_delay = true;
    while (reader.at < reader.end) {
        if (!read_field(&reader, &field)) {
            return false;
        }
        if (field.number == 1 && field.bytes != NULL &&
            !duration_fields((struct reader){field.bytes, field.bytes + field.bytes_len},
                             &status->retry_delay_ns)) {
            return false;
        }
    }
    return true;
}

/* google.protobuf.Any: its type's name counts from the last '/'. */
static bool detail_fields(struct reader reader, struct otlp__status_fields *status)
{
    static const char type[] = "/google.rpc.RetryInfo";
    struct field field;
    bool is_retry_info = false;
    struct reader value = {0};
    while (reader.at < reader.end) {
        if (!read_field(&reader, &field)) {
            return false;
        }
        if (field.number == 1 && field.bytes != NULL) {
            is_retry_info = field.bytes_len >= sizeof type - 1 &&
                            memcmp(field.bytes + field.bytes_len - (sizeof type - 1), type,
                                   sizeof type - 1) == 0;
        } else if (field.number == 2 && field.bytes != NULL) {
            value = (struct reader){field.bytes, field.bytes + field.bytes_len};
        }
    }
    return !is_retry_info || retry_info_fields(value, status);
}

static bool status_fields(struct reader reader, struct otlp__status_fields *status)
{
    struct field field;
    while (reader.at < reader.end) {
        if (!read_field(&reader, &field)) {
            return false;
        }
        if (field.number == 2 && field.bytes != NULL) {
            otlp__message_copy(status->message, (const char *)field.bytes, field.bytes_len);
        } else if (field.number == 3 && field.bytes != NULL &&
                   !detail_fields((struct reader){field.bytes, field.bytes + field.bytes_len},
                                  status)) {
            return false;
        }
    }
    return true;
}

int otlp__partial_success_parse(enum otlp_encoding encoding, const uint8_t *data, size_t data_len,
                                struct otlp__partial_success *partial)
{
    *partial = (struct otlp__partial_success){0};
    if (data_len == 0) {
        return 0;
    }
    if (encoding != OTLP_ENCODING_PROTOBUF) {
        return OTLP_EFORMAT;
    }
    bool is_good = response_fields((struct reader){data, data + data_len}, partial);
    partial->is_present = partial->rejected > 0 || partial->message[0] != '\0';
    return is_good ? 0 : OTLP_EFORMAT;
}

int otlp__status_parse(enum otlp_encoding encoding, const uint8_t *data, size_t data_len,
                       struct otlp__status_fields *status)
{
    *status = (struct otlp__status_fields){0};
    if (data_len == 0) {
        return 0;
    }
    if (encoding != OTLP_ENCODING_PROTOBUF) {
        return OTLP_EFORMAT;
    }
    return status_fields((struct reader){data, data + data_len}, status) ? 0 : OTLP_EFORMAT;
}
