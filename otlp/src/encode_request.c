#include <otlp/encode.h>
#include <otlp/json.h>

#include "encode_internal.h"
#include "json_envelope.h"

/* The items of one request, of whichever signal. */
struct items {
    enum otlp_signal signal;
    enum otlp_encoding encoding;
    const struct otlp_resource *resource;
    const struct otlp_scope *scope;
    const struct otlp_span *const *spans;
    const struct otlp_log_record *records;
    const struct otlp_metric *metrics;
    size_t count;
};

static int append(struct otlp_encoder *encoder, const struct items *items, size_t i)
{
    switch (items->signal) {
    case OTLP_TRACES:
        return otlp_encoder_span(encoder, otlp_span_get_data(items->spans[i]));
    case OTLP_METRICS:
        return otlp_encoder_metric(encoder, &items->metrics[i]);
    case OTLP_LOGS:
        return otlp_encoder_log(encoder, &items->records[i]);
    }
    return OTLP_EINVAL;
}

static int encode_into(const struct items *items, struct otlp_buffer *out)
{
    struct otlp_encoder encoder;
    size_t before = out->len;
    int rc = otlp_encoder_begin(&encoder, items->signal, items->encoding, items->resource, out);
    if (rc == 0 && items->count > 0) {
        rc = otlp_encoder_scope(&encoder, items->scope);
    }
    for (size_t i = 0; i < items->count && rc == 0; i++) {
        rc = append(&encoder, items, i);
    }
    if (rc == 0) {
        rc = otlp_encoder_end(&encoder);
    }
    if (rc != 0) {
        out->len = before;
    }
    return rc;
}

static int copy_over(const struct otlp_buffer *from, struct otlp_buffer *out)
{
    int rc = otlp_buffer_reserve(out, from->len);
    if (rc == 0 && from->len > 0) {
        memcpy(out->data + out->len, from->data, from->len);
        out->len += from->len;
    }
    return rc;
}

/* The encoder asks for a little more than it needs. Where there is no more, elsewhere. */
static int encode(const struct items *items, struct otlp_buffer *out)
{
    int rc = encode_into(items, out);
    if (rc == OTLP_ENOSPC) {
        struct otlp_buffer elsewhere = {0};
        rc = encode_into(items, &elsewhere);
        if (rc == 0) {
            rc = copy_over(&elsewhere, out);
        }
        otlp_buffer_release(&elsewhere);
    }
    return rc;
}

int otlp_encode_spans(const struct otlp_resource *resource, const struct otlp_scope *scope,
                      const struct otlp_span *const *spans, size_t count, struct otlp_buffer *out)
{
    const struct items items = {.signal = OTLP_TRACES,
                                .resource = resource,
                                .scope = scope,
                                .spans = spans,
                                .count = count};
    return encode(&items, out);
}

int otlp_encode_logs(const struct otlp_resource *resource, const struct otlp_scope *scope,
                     const struct otlp_log_record *records, size_t count, struct otlp_buffer *out)
{
    const struct items items = {.signal = OTLP_LOGS,
                                .resource = resource,
                                .scope = scope,
                                .records = records,
                                .count = count};
    return encode(&items, out);
}

int otlp_encode_metrics(const struct otlp_resource *resource, const struct otlp_scope *scope,
                        const struct otlp_metric *metrics, size_t count, struct otlp_buffer *out)
{
    const struct items items = {.signal = OTLP_METRICS,
                                .resource = resource,
                                .scope = scope,
                                .metrics = metrics,
                                .count = count};
    return encode(&items, out);
}

int otlp_json_encode_spans(const struct otlp_resource *resource, const struct otlp_scope *scope,
                           const struct otlp_span *const *spans, size_t count,
                           struct otlp_buffer *out)
{
    const struct items items = {.signal = OTLP_TRACES,
                                .encoding = OTLP_ENCODING_JSON,
                                .resource = resource,
                                .scope = scope,
                                .spans = spans,
                                .count = count};
    return encode(&items, out);
}

int otlp_json_encode_logs(const struct otlp_resource *resource, const struct otlp_scope *scope,
                          const struct otlp_log_record *records, size_t count,
                          struct otlp_buffer *out)
{
    const struct items items = {.signal = OTLP_LOGS,
                                .encoding = OTLP_ENCODING_JSON,
                                .resource = resource,
                                .scope = scope,
                                .records = records,
                                .count = count};
    return encode(&items, out);
}

int otlp_json_encode_metrics(const struct otlp_resource *resource, const struct otlp_scope *scope,
                             const struct otlp_metric *metrics, size_t count,
                             struct otlp_buffer *out)
{
    const struct items items = {.signal = OTLP_METRICS,
                                .encoding = OTLP_ENCODING_JSON,
                                .resource = resource,
                                .scope = scope,
                                .metrics = metrics,
                                .count = count};
    return encode(&items, out);
}

int otlp_encode_span(const struct otlp_span_data *span, struct otlp_buffer *out)
{
    struct otlp__writer writer = otlp__writer_on(out);
    return otlp__writer_finish(&writer, otlp__put_span(&writer, span));
}

int otlp_encode_log(const struct otlp_log_record *record, struct otlp_buffer *out)
{
    struct otlp__writer writer = otlp__writer_on(out);
    return otlp__writer_finish(&writer, otlp__put_log(&writer, record));
}

int otlp_encode_metric(const struct otlp_metric *metric, struct otlp_buffer *out)
{
    struct otlp__writer writer = otlp__writer_on(out);
    return otlp__writer_finish(&writer, otlp__put_metric(&writer, metric));
}
