#include "pipeline/batch_encode.h"

#include <stdlib.h>

#include "pipeline/item.h"

bool otlp__batch_encoder_supports(enum otlp_encoding encoding)
{
    return encoding == OTLP_ENCODING_PROTOBUF;
}

int otlp__batch_encoder_init(struct otlp__batch_encoder *encoder)
{
    *encoder = (struct otlp__batch_encoder){0};
    encoder->packer = otlp_packer_new();
    return encoder->packer != NULL ? 0 : OTLP_ENOMEM;
}

void otlp__batch_encoder_release(struct otlp__batch_encoder *encoder)
{
    otlp_packer_free(encoder->packer);
    otlp_buffer_release(&encoder->request);
    free(encoder->records);
    *encoder = (struct otlp__batch_encoder){0};
}

void otlp__batch_encoder_trim(struct otlp__batch_encoder *encoder)
{
    otlp_buffer_release(&encoder->request);
    free(encoder->records);
    encoder->records = NULL;
    encoder->record_capacity = 0;
    struct otlp_packer *fresh = otlp_packer_new();
    if (fresh != NULL) {
        otlp_packer_free(encoder->packer);
        encoder->packer = fresh;
    }
}

size_t otlp__batch_encoder_bytes(const struct otlp__batch_encoder *encoder)
{
    return encoder->request.capacity + encoder->record_capacity * sizeof *encoder->records +
           (encoder->packer != NULL ? otlp_packer_bytes(encoder->packer) : 0);
}

static int reserve_records(struct otlp__batch_encoder *encoder, size_t count)
{
    if (count <= encoder->record_capacity) {
        return 0;
    }
    struct otlp_log_record *records = realloc(encoder->records, count * sizeof *records);
    if (records == NULL) {
        return OTLP_ENOMEM;
    }
    encoder->records = records;
    encoder->record_capacity = count;
    return 0;
}

static int encode_group(struct otlp__batch_encoder *encoder, enum otlp_signal signal,
                        const struct otlp__origin *origin, void *const *items, size_t count)
{
    if (signal == OTLP_TRACES) {
        return otlp_pack_spans(encoder->packer, origin->resource, &origin->scope,
                               (const struct otlp_span *const *)items, count, &encoder->request);
    }
    int rc = reserve_records(encoder, count);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < count; i++) {
        encoder->records[i] = ((const struct otlp__log_item *)items[i])->record;
    }
    return otlp_pack_logs(encoder->packer, origin->resource, &origin->scope, encoder->records,
                          count, &encoder->request);
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

int otlp__batch_encode(struct otlp__batch_encoder *encoder, enum otlp_signal signal, void **items,
                       size_t count)
{
    encoder->request.len = 0;
    for (size_t done = 0; done < count;) {
        size_t together = gather(signal, items + done, count - done);
        int rc = encode_group(encoder, signal, otlp__item_origin(signal, items[done]), items + done,
                              together);
        if (rc != 0) {
            encoder->request.len = 0;
            return rc;
        }
        done += together;
    }
    return 0;
}

int otlp__batch_encode_metrics(struct otlp__batch_encoder *encoder,
                               const struct otlp_resource *resource, const struct otlp_scope *scope,
                               const struct otlp_metric *metrics, size_t count)
{
    encoder->request.len = 0;
    return otlp_pack_metrics(encoder->packer, resource, scope, metrics, count, &encoder->request);
}
