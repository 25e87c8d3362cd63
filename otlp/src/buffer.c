#include <otlp/buffer.h>

#include <stdlib.h>

#define CAPACITY_FIRST 256

int otlp_buffer_reserve(struct otlp_buffer *buffer, size_t extra)
{
    if (extra <= buffer->capacity - buffer->len) {
        return 0;
    }
    if (buffer->is_fixed) {
        return OTLP_ENOSPC;
    }
    if (extra > SIZE_MAX / 2 - buffer->len) {
        return OTLP_ENOMEM;
    }
    size_t capacity = buffer->capacity < CAPACITY_FIRST ? CAPACITY_FIRST : buffer->capacity;
    while (capacity - buffer->len < extra) {
        capacity *= 2;
    }
    uint8_t *data = realloc(buffer->data, capacity);
    if (data == NULL) {
        return OTLP_ENOMEM;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return 0;
}

void otlp_buffer_release(struct otlp_buffer *buffer)
{
    if (buffer == NULL) {
        return;
    }
    if (!buffer->is_fixed) {
        free(buffer->data);
    }
    *buffer = (struct otlp_buffer){0};
}
