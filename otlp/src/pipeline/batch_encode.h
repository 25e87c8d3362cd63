/* From a batch of items to the bytes of a request. One thread at a time uses an encoder. */
#ifndef OTLP_PIPELINE_BATCH_ENCODE_H
#define OTLP_PIPELINE_BATCH_ENCODE_H

#include <otlp/buffer.h>
#include <otlp/exporter.h>
#include <otlp/metric.h>
#include <otlp/resource.h>

/* A zeroed one writes protobuf, and may be released, too. */
struct otlp__batch_encoder {
    struct otlp_buffer request;
    enum otlp_encoding encoding;
};

void otlp__batch_encoder_release(struct otlp__batch_encoder *encoder);

/* Gives memory back that is not needed to encode again. Nothing is in the request then. */
void otlp__batch_encoder_trim(struct otlp__batch_encoder *encoder);

/* Memory that it holds. */
size_t otlp__batch_encoder_bytes(const struct otlp__batch_encoder *encoder);

/*
 * Writes items (spans or log items) into encoder->request, from its beginning. All are of one
 * resource: a processor belongs to one provider. Items of one scope come together, in order. The
 * array is reordered in doing so: `items` is scratch afterwards, but holds the same pointers. Codes
 * as for otlp_encoder_begin() and the functions after it; nothing is in the request then.
 */
int otlp__batch_encode(struct otlp__batch_encoder *encoder, enum otlp_signal signal, void **items,
                       size_t count);

int otlp__batch_encode_metrics(struct otlp__batch_encoder *encoder,
                               const struct otlp_resource *resource, const struct otlp_scope *scope,
                               const struct otlp_metric *metrics, size_t count);

#endif
