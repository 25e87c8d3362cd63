/*
 * What the requests of one thread use one after the other: decompressors, the room for what they
 * give, and bodies that are done with.
 */
#ifndef OTLP_RECEIVER_SCRATCH_H
#define OTLP_RECEIVER_SCRATCH_H

#include <otlp/buffer.h>
#include <otlp/compress.h>
#include <otlp/document.h>

#include "service.h"

#define RX_READ_BYTES  (64 * 1024)
#define RX_SPARES      8
#define RX_SPARE_BYTES ((size_t)1024 * 1024) /* larger bodies are not kept */

struct rx_scratch {
    struct rx_service *service;
    struct otlp_decompressor *decompressors[OTLP_COMPRESSION_COUNT]; /* made when first needed */
    struct otlp_buffer plain;
    struct otlp_document *document; /* made when first needed */
    size_t document_charged;
    struct otlp_buffer spares[RX_SPARES];
    size_t spare_count;
    uint8_t read[RX_READ_BYTES];
};

/* A body as it comes. Zeroed: none. */
struct rx_body {
    struct otlp_buffer bytes;
    size_t charged;
};

void otlp__rx_scratch_init(struct rx_scratch *scratch, struct rx_service *service);
void otlp__rx_scratch_release(struct rx_scratch *scratch);

/*
 * Makes room for `extra` more bytes of a body, of which `expected` in all are announced (0: not
 * known; it is believed only in small). OTLP_ELIMIT: the budget of all connections is used up;
 * OTLP_ENOMEM.
 */
int otlp__rx_body_reserve(struct rx_scratch *scratch, struct rx_body *body, size_t extra,
                          size_t expected);

/* The body is done with: its memory serves the next. */
void otlp__rx_body_release(struct rx_scratch *scratch, struct rx_body *body);

/*
 * Decompresses into scratch->plain, of which it is charged until otlp__rx_plain_release. The codes
 * of otlp_decompress_append, and OTLP_ELIMIT when the budget is used up.
 */
int otlp__rx_decompress(struct rx_scratch *scratch, enum otlp_compression compression,
                        const uint8_t *data, size_t data_len);
void otlp__rx_plain_release(struct rx_scratch *scratch);

/* A document that may take so many bytes, which are charged until otlp__rx_document_close.
 * OTLP_ELIMIT: the budget is used up; OTLP_ENOMEM. */
int otlp__rx_document_open(struct rx_scratch *scratch, size_t bytes);
void otlp__rx_document_close(struct rx_scratch *scratch);

#endif
