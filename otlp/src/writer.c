#include "writer.h"

int otlp__writer_grow(struct otlp__writer *writer, size_t extra)
{
    struct otlp_buffer *buffer = writer->buffer;
    size_t len = otlp__writer_len(writer);
    size_t content = buffer->len;
    buffer->len = len;
    int rc = otlp_buffer_reserve(buffer, extra);
    buffer->len = content;
    if (rc == 0) {
        writer->at = buffer->data + len;
        writer->limit = buffer->data + buffer->capacity;
    }
    return rc;
}

int otlp__length_move(struct otlp__writer *writer, size_t length_bytes, size_t start)
{
    size_t len = otlp__writer_len(writer) - start;
    if (len > OTLP__MESSAGE_BYTES_MAX) {
        return OTLP_ETOOBIG;
    }
    size_t needed = otlp__varint_size(len);
    if (needed > length_bytes) {
        int rc = otlp__room(writer, needed - length_bytes);
        if (rc != 0) {
            return rc;
        }
    }
    uint8_t *at = writer->buffer->data + start - length_bytes;
    memmove(at + needed, at + length_bytes, len);
    otlp__put_varint(&at, len);
    writer->at = at + len;
    return 0;
}
