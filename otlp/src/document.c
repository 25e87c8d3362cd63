#include "document_internal.h"

#include <stdlib.h>

#define LIMIT_BYTES_LEAST 1048576u
#define LIMIT_FACTOR      24u

struct otlp_document *otlp_document_new(void)
{
    return calloc(1, sizeof(struct otlp_document));
}

void otlp_document_free(struct otlp_document *document)
{
    if (document != NULL) {
        otlp__arena_release(&document->arena);
        free(document);
    }
}

void otlp_document_clear(struct otlp_document *document)
{
    otlp__arena_reset(&document->arena);
    document->request = (struct otlp__request_view){NULL, 0};
    document->items = 0;
}

void otlp_document_limit(struct otlp_document *document, size_t max_bytes)
{
    document->limit_bytes = max_bytes;
}

size_t otlp_document_bytes(const struct otlp_document *document)
{
    return sizeof *document + otlp__arena_bytes(&document->arena);
}

enum otlp_signal otlp_document_signal(const struct otlp_document *document)
{
    return document->signal;
}

const struct otlp_resource_group *otlp_document_groups(const struct otlp_document *document,
                                                       size_t *count)
{
    *count = document->request.group_count;
    return document->request.groups;
}

size_t otlp_document_items(const struct otlp_document *document)
{
    return document->items;
}

void otlp__document_begin(struct otlp_document *document, enum otlp_signal signal,
                          size_t input_bytes)
{
    otlp_document_clear(document);
    document->signal = signal;
    document->left_bytes = document->limit_bytes != 0
                               ? document->limit_bytes
                               : LIMIT_BYTES_LEAST + LIMIT_FACTOR * input_bytes;
}

int otlp__document_finish(struct otlp_document *document, int rc)
{
    if (rc != 0) {
        otlp_document_clear(document);
    }
    return rc;
}

int otlp__document_extend(struct otlp_document *document, const void **items, size_t count,
                          size_t extra, size_t item_bytes)
{
    if (extra > SIZE_MAX / 2 / item_bytes) {
        return OTLP_ETOOBIG;
    }
    void *memory;
    int rc = otlp__document_take(document, (count + extra) * item_bytes, &memory);
    if (rc != 0) {
        return rc;
    }
    if (count > 0) {
        memcpy(memory, *items, count * item_bytes);
    }
    *items = memory;
    return 0;
}
