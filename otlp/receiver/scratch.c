#include "scratch.h"

#include <stdlib.h>
#include <string.h>

#define BODY_BYTES_FIRST ((size_t)16 * 1024)
#define TRUSTED_BYTES    ((size_t)512 * 1024) /* of an announced length, before a byte has come */
#define ROOM_BYTES_KEPT  ((size_t)4 * 1024 * 1024)

void otlp__rx_scratch_init(struct rx_scratch *scratch, struct rx_service *service)
{
    memset(scratch, 0, sizeof *scratch);
    scratch->service = service;
}

void otlp__rx_scratch_release(struct rx_scratch *scratch)
{
    for (size_t i = 0; i < OTLP_COMPRESSION_COUNT; i++) {
        otlp_decompressor_free(scratch->decompressors[i]);
    }
    for (size_t i = 0; i < scratch->spare_count; i++) {
        otlp_buffer_release(&scratch->spares[i]);
    }
    otlp_buffer_release(&scratch->plain);
    otlp_document_free(scratch->document);
}

/* The spare that fits best: the smallest that is large enough, or else the largest. */
static void take_spare(struct rx_scratch *scratch, struct rx_body *body, size_t wanted)
{
    size_t best = 0;
    for (size_t i = 1; i < scratch->spare_count; i++) {
        size_t capacity = scratch->spares[i].capacity;
        size_t chosen = scratch->spares[best].capacity;
        if (chosen < wanted ? capacity > chosen : capacity >= wanted && capacity < chosen) {
            best = i;
        }
    }
    if (scratch->spare_count == 0 ||
        !otlp__rx_charge(scratch->service, scratch->spares[best].capacity)) {
        return;
    }
    body->bytes = scratch->spares[best];
    body->charged = body->bytes.capacity;
    scratch->spares[best] = scratch->spares[--scratch->spare_count];
}

static int grow(struct rx_scratch *scratch, struct rx_body *body, size_t capacity)
{
    size_t extra = capacity - body->charged;
    if (!otlp__rx_charge(scratch->service, extra)) {
        return OTLP_ELIMIT;
    }
    uint8_t *data = realloc(body->bytes.data, capacity);
    if (data == NULL) {
        otlp__rx_discharge(scratch->service, extra);
        return OTLP_ENOMEM;
    }
    body->bytes.data = data;
    body->bytes.capacity = capacity;
    body->charged = capacity;
    return 0;
}

int otlp__rx_body_reserve(struct rx_scratch *scratch, struct rx_body *body, size_t extra,
                          size_t expected)
{
    size_t needed = body->bytes.len + extra;
    size_t trusted = expected < TRUSTED_BYTES ? expected : TRUSTED_BYTES;
    size_t wanted = needed > trusted ? needed : trusted;
    if (body->bytes.data == NULL) {
        take_spare(scratch, body, wanted);
    }
    if (needed <= body->bytes.capacity) {
        return 0;
    }
    size_t capacity = body->bytes.capacity * 2;
    capacity = capacity > BODY_BYTES_FIRST ? capacity : BODY_BYTES_FIRST;
    capacity = capacity > expected && expected >= needed ? expected : capacity;
    return grow(scratch, body, capacity > wanted ? capacity : wanted);
}

void otlp__rx_body_release(struct rx_scratch *scratch, struct rx_body *body)
{
    otlp__rx_discharge(scratch->service, body->charged);
    if (body->bytes.capacity > 0 && body->bytes.capacity <= RX_SPARE_BYTES &&
        scratch->spare_count < RX_SPARES) {
        body->bytes.len = 0;
        scratch->spares[scratch->spare_count++] = body->bytes;
    } else {
        otlp_buffer_release(&body->bytes);
    }
    *body = (struct rx_body){0};
}

int otlp__rx_decompress(struct rx_scratch *scratch, enum otlp_compression compression,
                        const uint8_t *data, size_t data_len)
{
    struct otlp_decompressor **decompressor = &scratch->decompressors[compression];
    if (*decompressor == NULL) {
        int rc = otlp_decompressor_create(compression, NULL, decompressor);
        if (rc != 0) {
            return rc;
        }
    }
    size_t limit = scratch->service->options.limits.decompressed_bytes;
    size_t left = otlp__rx_budget_left(scratch->service);
    scratch->plain.len = 0;
    int rc = otlp_decompress_append(*decompressor, data, data_len, left < limit ? left : limit,
                                    &scratch->plain);
    if (rc == OTLP_ETOOBIG && left < limit) {
        rc = OTLP_ELIMIT;
    }
    if (rc == 0 && !otlp__rx_charge(scratch->service, scratch->plain.len)) {
        scratch->plain.len = 0;
        rc = OTLP_ELIMIT;
    }
    if (rc != 0) {
        otlp__rx_plain_release(scratch);
    }
    return rc;
}

void otlp__rx_plain_release(struct rx_scratch *scratch)
{
    otlp__rx_discharge(scratch->service, scratch->plain.len);
    scratch->plain.len = 0;
    if (scratch->plain.capacity > ROOM_BYTES_KEPT) {
        otlp_buffer_release(&scratch->plain);
    }
}

int otlp__rx_document_open(struct rx_scratch *scratch, size_t bytes)
{
    if (scratch->document == NULL) {
        scratch->document = otlp_document_new();
        if (scratch->document == NULL) {
            return OTLP_ENOMEM;
        }
    }
    if (!otlp__rx_charge(scratch->service, bytes)) {
        return OTLP_ELIMIT;
    }
    scratch->document_charged = bytes;
    otlp_document_limit(scratch->document, bytes);
    return 0;
}

void otlp__rx_document_close(struct rx_scratch *scratch)
{
    otlp__rx_discharge(scratch->service, scratch->document_charged);
    scratch->document_charged = 0;
    otlp_document_clear(scratch->document);
    if (otlp_document_bytes(scratch->document) > ROOM_BYTES_KEPT) {
        otlp_document_free(scratch->document);
        scratch->document = NULL;
    }
}
