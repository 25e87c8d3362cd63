#include "pipeline/batch_encode.h"

#include <otlp/encode.h>

#include "pipeline/item.h"

void otlp__batch_encoder_release(struct otlp__batch_encoder *encoder)
{
    otlp_buffer_release(&encoder->request);
}

void otlp__batch_encoder_trim(struct otlp__batch_encoder *encoder)
{
    otlp_buffer_release(&encoder->request);
}

size_t otlp__batch_encoder_bytes(const struct otlp__batch_encoder *encoder)
{
    return encoder->request.capacity;
}

static int append(struct otlp_encoder *request, enum otlp_signal signal, const void *item)
{
    if (signal == OTLP_TRACES) {
        return otlp_encoder_span(request, otlp_span_get_data(item));
    }
    const struct otlp__log_item *log = item;
    return otlp_encoder_log(request, &log->record);
}

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

/* The request whole, or nothing. */
static int finish(struct otlp_encoder *request, int rc)
{
    if (rc == 0) {
        rc = otlp_encoder_end(request);
    }
    if (rc != 0) {
        otlp_encoder_cancel(request);
    }
    return rc;
}

int otlp__batch_encode(struct otlp__batch_encoder *encoder, enum otlp_signal signal, void **items,
                       size_t count)
{
    struct otlp_encoder request;
    encoder->request.len = 0;
    const struct otlp_resource *resource = otlp__item_origin(signal, items[0])->resource;
    int rc = otlp_encoder_begin(&request, signal, encoder->encoding, resource, &encoder->request);
    if (rc != 0) {
        return rc;
    }
    for (size_t done = 0; done < count && rc == 0;) {
        size_t together = gather(signal, items + done, count - done);
        rc = otlp_encoder_scope(&request, &otlp__item_origin(signal, items[done])->scope);
        for (size_t end = done + together; done < end && rc == 0; done++) {
            rc = append(&request, signal, items[done]);
        }
    }
    return finish(&request, rc);
}

int otlp__batch_encode_metrics(struct otlp__batch_encoder *encoder,
                               const struct otlp_resource *resource, const struct otlp_scope *scope,
                               const struct otlp_metric *metrics, size_t count)
{
    struct otlp_encoder request;
    encoder->request.len = 0;
    int rc =
        otlp_encoder_begin(&request, OTLP_METRICS, encoder->encoding, resource, &encoder->request);
    if (rc != 0) {
        return rc;
    }
    rc = otlp_encoder_scope(&request, scope);
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = otlp_encoder_metric(&request, &metrics[i]);
    }
    return finish(&request, rc);
}
