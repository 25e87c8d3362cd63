#include "accept.h"

#include <otlp/decode.h>

/* A tree of protobuf may be so many times as large: a span of the fewest bytes. */
#define TREE_FACTOR 24
#define TREE_BYTES  ((size_t)1024 * 1024)

/* Writes the request in the other encoding. OTLP_EIO when the file failed; else it was not taken
 * to be written. */
static int write_converted(struct rx_scratch *scratch, const struct otlp_receiver_request *request,
                           const struct otlp_document *document, enum otlp_encoding encoding)
{
    struct otlp_buffer text = {0};
    struct otlp_receiver_request converted = *request;
    bool is_open = document == NULL;
    int rc = 0;
    if (is_open) {
        rc = otlp__rx_document_open(scratch, TREE_FACTOR * request->data_len + TREE_BYTES);
        if (rc != 0) {
            return rc;
        }
        rc = otlp_document_decode(scratch->document, request->signal, request->data,
                                  request->data_len, 0);
        document = scratch->document;
    }
    if (rc == 0) {
        rc = otlp_document_encode(document, encoding, &text);
    }
    if (rc == 0) {
        converted.encoding = encoding;
        converted.data = text.data;
        converted.data_len = text.len;
        rc = otlp__rx_writer_put(&scratch->service->writer, &converted);
    }
    otlp_buffer_release(&text);
    if (is_open) {
        otlp__rx_document_close(scratch);
    }
    return rc;
}

static int write_request(struct rx_scratch *scratch, const struct otlp_receiver_request *request,
                         const struct otlp_document *document)
{
    struct rx_writer *writer = &scratch->service->writer;
    if (writer->form == OTLP_RECEIVER_WRITE_NONE) {
        return 0;
    }
    enum otlp_encoding wanted =
        writer->form == OTLP_RECEIVER_WRITE_JSON ? OTLP_ENCODING_JSON : OTLP_ENCODING_PROTOBUF;
    return wanted == request->encoding ? otlp__rx_writer_put(writer, request)
                                       : write_converted(scratch, request, document, wanted);
}

int otlp__rx_accept(struct rx_scratch *scratch, const struct otlp_receiver_request *request,
                    const struct otlp_document *document)
{
    struct rx_service *service = scratch->service;
    struct rx_counters *counters = &service->counters;
    /* Before the counters tell of it, so that who waits for them finds the file complete. */
    int rc = write_request(scratch, request, document);
    if (rc == OTLP_EIO) {
        otlp__rx_add(&counters->write_failures, 1);
    } else if (rc != 0) {
        return rc;
    }
    otlp__rx_add(&counters->signals[request->signal].items, request->items - request->rejected);
    otlp__rx_add(&counters->signals[request->signal].rejected, request->rejected);
    otlp__rx_add(&counters->signals[request->signal].bytes, request->data_len);
    otlp__rx_add(&counters->signals[request->signal].wire_bytes, request->wire_bytes);
    otlp__rx_add(&counters->signals[request->signal].requests, 1);
    if (service->options.on_request != NULL) {
        service->options.on_request(service->options.context, request);
    }
    return 0;
}
