/* From a batch of items to the bytes of a request. One thread at a time uses an encoder. */
#ifndef OTLP_PIPELINE_BATCH_ENCODE_H
#define OTLP_PIPELINE_BATCH_ENCODE_H

#include <otlp/buffer.h>
#include <otlp/exporter.h>
#include <otlp/metric.h>
#include <otlp/resource.h>

/* Zeroed: ready for use, without memory. */
struct otlp__batch_encoder {
    struct otlp_buffer request;
};

static inline void otlp__batch_encoder_release(struct otlp__batch_encoder *encoder)
{
    otlp_buffer_release(&encoder->request);
}

/* Memory that it holds. */
static inline size_t otlp__batch_encoder_bytes(const struct otlp__batch_encoder *encoder)
{
    return encoder->request.capacity;
}

/*
 * Writes items (spans or log items) of one provider into encoder->request, from its beginning.
 * Items of one origin come together, in order; the array is reordered in doing so. Codes as for
 * otlp_encoder_span(); nothing is in the request then.
 */
int otlp__batch_encode(struct otlp__batch_encoder *encoder, enum otlp_signal signal,
                       enum otlp_encoding encoding, void **items, size_t count);

int otlp__batch_encode_metrics(struct otlp__batch_encoder *encoder, enum otlp_encoding encoding,
                               const struct otlp_resource *resource, const struct otlp_scope *scope,
                               const struct otlp_metric *metrics, size_t count);

#endif
