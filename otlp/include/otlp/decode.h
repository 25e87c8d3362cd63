/*
 * Decoding protobuf: Export<Signal>ServiceRequest from a peer that is not trusted.
 *
 * Never reads past the input, recurses at most as deep as OTLP's messages and
 * OTLP_VALUE_DEPTH_MAX nested values, takes time linear in the input (and memory as
 * otlp_document_limit() says). Refused as OTLP_EFORMAT: an input that ends within a field, a length
 * that leads out of its message, a varint above ten bytes, field number 0 or above 2^29 - 1, groups
 * (wire types 3 and 4), a known field with another wire type, an id of a wrong length, values
 * nested too deep. Unknown fields are skipped. Packed lists are taken unpacked as well. Of a field
 * that occurs again the last value counts, and messages are merged (protobuf encoding, "Last One
 * Wins"), so that requests that were put one after the other decode as one.
 */
#ifndef OTLP_DECODE_H
#define OTLP_DECODE_H

#include <otlp/document.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The largest input: lengths fit 32 bits well. */
#define OTLP_REQUEST_BYTES_MAX 0x40000000u

enum otlp_decode_flags {
    OTLP_DECODE_UTF8 = 1, /* text that is not UTF-8 is OTLP_EFORMAT (keys and names included) */
};

/*
 * Decodes a request into the document, whose former content goes. flags: OTLP_DECODE_* or 0. data
 * may be NULL when data_len is 0: an empty request. The document points into data.
 * OTLP_EFORMAT; OTLP_ETOOBIG: the input or the tree is larger than permitted; OTLP_ENOMEM;
 * OTLP_EINVAL: no such signal. On failure the document is empty.
 */
OTLP_API int otlp_document_decode(struct otlp_document *document, enum otlp_signal signal,
                                  const uint8_t *data, size_t data_len, unsigned flags);

/*
 * Says whether a request is well-formed, without making a tree or taking memory: 0 exactly when
 * otlp_document_decode() would give 0 with unlimited memory. *items (NULL is allowed) becomes the
 * number of spans, data points or log records. OTLP_EFORMAT; OTLP_ETOOBIG; OTLP_EINVAL: no such
 * signal. Any thread.
 */
OTLP_API int otlp_request_check(enum otlp_signal signal, const uint8_t *data, size_t data_len,
                                unsigned flags, size_t *items);

#ifdef __cplusplus
}
#endif

#endif
