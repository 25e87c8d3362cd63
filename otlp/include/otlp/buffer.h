/*
 * Bytes that are written by the library: into memory of the caller, or into memory that grows.
 */
#ifndef OTLP_BUFFER_H
#define OTLP_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Bytes. A zeroed structure is an empty buffer that grows as needed (release it with
 * otlp_buffer_release()); otlp_buffer_fixed() wraps memory of the caller, which never grows.
 * data[0 .. len) is the content; set len = 0 to use the memory again.
 */
struct otlp_buffer {
    uint8_t *data;
    size_t len;
    size_t capacity;
    bool is_fixed;
};

static inline struct otlp_buffer otlp_buffer_fixed(uint8_t *memory, size_t memory_bytes)
{
    struct otlp_buffer buffer;
    buffer.data = memory;
    buffer.len = 0;
    buffer.capacity = memory_bytes;
    buffer.is_fixed = true;
    return buffer;
}

/* Makes room for `extra` more bytes after len; the memory at least doubles when it has to grow.
 * OTLP_ENOSPC: a fixed buffer is too small; OTLP_ENOMEM. The content stays. */
OTLP_API int otlp_buffer_reserve(struct otlp_buffer *buffer, size_t extra);

/* Frees the memory of a growing buffer and leaves any buffer zeroed. NULL is allowed. */
OTLP_API void otlp_buffer_release(struct otlp_buffer *buffer);

#ifdef __cplusplus
}
#endif

#endif
