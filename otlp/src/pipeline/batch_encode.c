#include "pipeline/batch_encode.h"

#include <otlp/encode.h>

#include "pipeline/item.h"

/* Moves the items of the first one's origin to the front, in order. */
static size_t gather(enum otlp_signal signal, void **items, size_t count)
{
    const struct otlp__origin *origin = otlp__item_origin(signal, items[0]);
    size_t gathered = 1;
    for (size_t i = 1; i < count; i++) {
        if (otlp__item_origin(signal, items[i]) == origin) {
            void *item = items[i];
            items[i] = items[gathered];
            items[gathered++] = item;
        }
    }
    return gathered;
}

static int encode_item(struct otlp_encoder *encoder, enum otlp_signal signal, const void *item)
{
    return signal == OTLP_TRACES
               ? otlp_encoder_span(encoder, otlp_span_get_data(item))
               : otlp_encoder_log(encoder, &((const struct otlp__log_item *)item)->record);
}

static int encode_all(struct otlp_encoder *encoder, enum otlp_signal signal, void **items,
                      size_t count)
{
    for (size_t done = 0; done < count;) {
        size_t together = gather(signal, items + done, count - done);
        int rc = otlp_encoder_scope(encoder, &otlp__item_origin(signal, items[done])->scope);
        for (size_t i = 0; rc == 0 && i < together; i++) {
            rc = encode_item(encoder, signal, items[done + i]);
        }
        if (rc != 0) {
            return rc;
        }
        done += together;
    }
    return 0;
}

/* Ends the request, or takes it back. */
static int finish(struct otlp_encoder *encoder, int rc)
{
    if (rc == 0) {
        rc = otlp_encoder_end(encoder);
    }
    if (rc != 0) {
        otlp_encoder_cancel(encoder);
    }
    return rc;
}

int otlp__batch_encode(struct otlp__batch_encoder *encoder, enum otlp_signal signal,
                       enum otlp_encoding encoding, void **items, size_t count)
{
    struct otlp_encoder writer;
    encoder->request.len = 0;
    int rc = otlp_encoder_begin(&writer, signal, encoding,
                                otlp__item_origin(signal, items[0])->resource, &encoder->request);
    return rc == 0 ? finish(&writer, encode_all(&writer, signal, items, count)) : rc;
}

int otlp__batch_encode_metrics(struct otlp__batch_encoder *encoder, enum otlp_encoding encoding,
                               const struct otlp_resource *resource, const struct otlp_scope *scope,
                               const struct otlp_metric *metrics, size_t count)
{
    struct otlp_encoder writer;
    encoder->request.len = 0;
    int rc = otlp_encoder_begin(&writer, OTLP_METRICS, encoding, resource, &encoder->request);
    if (rc != 0) {
        return rc;
    }
    rc = otlp_encoder_scope(&writer, scope);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = otlp_encoder_metric(&writer, &metrics[i]);
    }
    return finish(&writer, rc);
}
