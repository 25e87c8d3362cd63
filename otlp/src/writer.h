/*
 * Appending to a buffer without going through it for every byte: room is made first, for as much as
 * can come, and what is written then is not checked again.
 *
 * A length stands before a message and is known only after it. Room for as many bytes as it mostly
 * takes is left, and filled in afterwards; where that was too much or too little, the message is
 * moved by a byte or two. Lengths are never longer than they need to be.
 */
#ifndef OTLP_SRC_WRITER_H
#define OTLP_SRC_WRITER_H

#include <string.h>

#include <otlp/buffer.h>

#include "arena.h"

#define OTLP__MESSAGE_BYTES_MAX 0x40000000u

struct otlp__writer {
    uint8_t *at;
    uint8_t *limit;
    struct otlp_buffer *buffer;
};

static inline struct otlp__writer otlp__writer_on(struct otlp_buffer *buffer)
{
    struct otlp__writer writer = {buffer->data, buffer->data, buffer};
    if (buffer->data != NULL) {
        writer.at += buffer->len;
        writer.limit += buffer->capacity;
    }
    return writer;
}

/* Bytes in the buffer, what is written included. */
static inline size_t otlp__writer_len(const struct otlp__writer *writer)
{
    return writer->at == NULL ? 0 : (size_t)(writer->at - writer->buffer->data);
}

/* OTLP_ENOMEM, OTLP_ENOSPC. */
int otlp__writer_grow(struct otlp__writer *writer, size_t extra);

static inline int otlp__room(struct otlp__writer *writer, size_t extra)
{
    if (__builtin_expect((size_t)(writer->limit - writer->at) < extra, 0)) {
        return otlp__writer_grow(writer, extra);
    }
    return 0;
}

/* Takes in what was written when rc is 0, and forgets it otherwise; returns rc. */
static inline int otlp__writer_finish(struct otlp__writer *writer, int rc)
{
    if (rc == 0) {
        writer->buffer->len = otlp__writer_len(writer);
    }
    return rc;
}

static inline size_t otlp__varint_size(uint64_t value)
{
    return ((size_t)(63 - __builtin_clzll(value | 1)) * 9 + 73) / 64;
}

/* The functions below write to *at without looking; the caller has made room. */

static inline void otlp__put_varint(uint8_t **at, uint64_t value)
{
    uint8_t *p = *at;
    while (value >= 0x80) {
        *p++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *p++ = (uint8_t)value;
    *at = p;
}

static inline void otlp__put_byte(uint8_t **at, uint8_t byte)
{
    *(*at)++ = byte; /* NOLINT(clang-analyzer-core.NullDereference): room has been made */
}

static inline void otlp__put_fixed64(uint8_t **at, uint64_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    memcpy(*at, &value, sizeof value);
    *at += sizeof value;
}

static inline void otlp__put_fixed32(uint8_t **at, uint32_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap32(value);
#endif
    memcpy(*at, &value, sizeof value);
    *at += sizeof value;
}

static inline void otlp__put_raw(uint8_t **at, const void *bytes, size_t len)
{
    otlp__copy_short((char *)*at, bytes, len);
    *at += len;
}

/* A length-delimited field, left out when it is empty. Room: len + 11. */
static inline void otlp__put_text(uint8_t **at, uint8_t tag, const char *text, size_t len)
{
    if (len > 0) {
        otlp__put_byte(at, tag);
        otlp__put_varint(at, len);
        otlp__put_raw(at, text, len);
    }
}

/* Numbers that are left out when they are 0. Room: 11, 9, 5. */
static inline void otlp__put_nonzero(uint8_t **at, uint8_t tag, uint64_t value)
{
    if (value != 0) {
        otlp__put_byte(at, tag);
        otlp__put_varint(at, value);
    }
}

static inline void otlp__put_nonzero64(uint8_t **at, uint8_t tag, uint64_t value)
{
    if (value != 0) {
        otlp__put_byte(at, tag);
        otlp__put_fixed64(at, value);
    }
}

static inline void otlp__put_double(uint8_t **at, uint8_t tag, double real)
{
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    otlp__put_byte(at, tag);
    otlp__put_fixed64(at, bits);
}

/* Leaves room for a length of `length_bytes` bytes; *start is where the message begins. */
static inline int otlp__length_open(struct otlp__writer *writer, size_t length_bytes, size_t *start)
{
    int rc = otlp__room(writer, length_bytes);
    if (rc == 0) {
        writer->at += length_bytes;
        *start = otlp__writer_len(writer);
    }
    return rc;
}

/* Moves the message to where it belongs and writes its length. */
int otlp__length_move(struct otlp__writer *writer, size_t length_bytes, size_t start);

/* Fills in the length. OTLP_ETOOBIG above OTLP__MESSAGE_BYTES_MAX. */
static inline int otlp__length_close(struct otlp__writer *writer, size_t length_bytes, size_t start)
{
    size_t len = otlp__writer_len(writer) - start;
    if (__builtin_expect(otlp__varint_size(len) != length_bytes, 0)) {
        return otlp__length_move(writer, length_bytes, start);
    }
    uint8_t *at = writer->buffer->data + start - length_bytes;
    otlp__put_varint(&at, len);
    return 0;
}

#endif
