#ifndef OTLP_SRC_DOCUMENT_INTERNAL_H
#define OTLP_SRC_DOCUMENT_INTERNAL_H

#include <otlp/document.h>

#include "arena.h"
#include "message.h"

struct otlp_document {
    struct otlp__request_view request;
    enum otlp_signal signal;
    size_t items;
    size_t limit_bytes; /* 0: by the size of the input */
    size_t left_bytes;  /* until the limit, while decoding */
    struct otlp__arena arena;
};

/* Empties the document and sets what may be taken for an input of this size. */
void otlp__document_begin(struct otlp_document *document, enum otlp_signal signal,
                          size_t input_bytes);

/* Returns rc, and empties the document when that is an error. */
int otlp__document_finish(struct otlp_document *document, int rc);

/* `bytes` zeroed bytes: 0, OTLP_ETOOBIG or OTLP_ENOMEM. */
static inline int otlp__document_take(struct otlp_document *document, size_t bytes, void **memory)
{
    if (bytes > document->left_bytes) {
        return OTLP_ETOOBIG;
    }
    document->left_bytes -= bytes;
    *memory = otlp__arena_alloc(&document->arena, bytes);
    if (*memory == NULL) {
        return OTLP_ENOMEM;
    }
    memset(*memory, 0, bytes);
    return 0;
}

/* Makes room behind `count` items for `extra` more, zeroed; *items becomes the new array. */
int otlp__document_extend(struct otlp_document *document, const void **items, size_t count,
                          size_t extra, size_t item_bytes);

#endif
