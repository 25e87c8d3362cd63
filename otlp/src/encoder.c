#include "encode_internal.h"
#include "json_envelope.h"

/* Tags of ResourceSpans in a request, of ScopeSpans and of items in what is around them, and of
 * the members beside those; the same for all signals. */
enum {
    RESOURCE_GROUP = 0x0a,
    RESOURCE = 0x0a,
    SCOPE_GROUP = 0x12,
    SCOPE = 0x0a,
    ITEM = 0x12,
    SCHEMA_URL = 0x1a,
};

#define GROUP_LENGTH_BYTES 3

static int put_schema_url(struct otlp__writer *writer, const char *schema_url)
{
    size_t len = otlp__text_len(schema_url);
    int rc = otlp__room(writer, len + 11);
    if (rc == 0) {
        otlp__put_text(&writer->at, SCHEMA_URL, schema_url, len);
    }
    return rc;
}

static int open_framed(struct otlp__writer *writer, uint8_t tag, size_t length_bytes, size_t *start)
{
    int rc = otlp__room(writer, 1);
    if (rc == 0) {
        otlp__put_byte(&writer->at, tag);
        rc = otlp__length_open(writer, length_bytes, start);
    }
    return rc;
}

static int open_resource(struct otlp__writer *writer, const struct otlp_resource *resource,
                         size_t *group_at)
{
    size_t start = 0;
    int rc = open_framed(writer, RESOURCE_GROUP, GROUP_LENGTH_BYTES, group_at);
    if (rc != 0 || resource == NULL) {
        return rc;
    }
    rc = open_framed(writer, RESOURCE, 2, &start);
    if (rc == 0) {
        rc = otlp__put_resource(writer, resource);
    }
    return rc == 0 ? otlp__length_close(writer, 2, start) : rc;
}

static int open_scope(struct otlp__writer *writer, const struct otlp_scope *scope, size_t *group_at)
{
    size_t start = 0;
    int rc = open_framed(writer, SCOPE_GROUP, GROUP_LENGTH_BYTES, group_at);
    if (rc != 0 || scope == NULL) {
        return rc;
    }
    rc = open_framed(writer, SCOPE, 1, &start);
    if (rc == 0) {
        rc = otlp__put_scope(writer, scope);
    }
    return rc == 0 ? otlp__length_close(writer, 1, start) : rc;
}

int otlp_encoder_begin(struct otlp_encoder *encoder, enum otlp_signal signal,
                       enum otlp_encoding encoding, const struct otlp_resource *resource,
                       struct otlp_buffer *out)
{
    struct otlp__writer writer = otlp__writer_on(out);
    *encoder = (struct otlp_encoder){
        .out = out,
        .resource_url = resource != NULL ? resource->schema_url : NULL,
        .start = out->len,
        .signal = signal,
        .encoding = encoding,
    };
    int rc = signal > OTLP_LOGS || encoding > OTLP_ENCODING_JSON ? OTLP_EINVAL
             : encoding == OTLP_ENCODING_JSON
                 ? otlp__json_open_resource(&writer, signal, resource)
                 : open_resource(&writer, resource, &encoder->resource_at);
    return otlp__writer_finish(&writer, rc);
}

/* A scope in which nothing is goes. */
static int close_scope(struct otlp_encoder *encoder)
{
    if (encoder->scope_at == 0) {
        return 0;
    }
    if (encoder->messages == 0) {
        encoder->out->len = encoder->scope_start;
        encoder->scope_at = 0;
        return 0;
    }
    struct otlp__writer writer = otlp__writer_on(encoder->out);
    int rc;
    if (encoder->encoding == OTLP_ENCODING_JSON) {
        rc = otlp__json_close_scope(&writer, encoder->scope_url);
    } else {
        rc = put_schema_url(&writer, encoder->scope_url);
        if (rc == 0) {
            rc = otlp__length_close(&writer, GROUP_LENGTH_BYTES, encoder->scope_at);
        }
    }
    if (rc == 0) {
        encoder->scope_at = 0;
        encoder->messages = 0;
        encoder->scopes++;
    }
    return otlp__writer_finish(&writer, rc);
}

int otlp_encoder_scope(struct otlp_encoder *encoder, const struct otlp_scope *scope)
{
    int rc = close_scope(encoder);
    if (rc != 0) {
        return rc;
    }
    struct otlp__writer writer = otlp__writer_on(encoder->out);
    size_t group_at = 0;
    if (encoder->encoding == OTLP_ENCODING_JSON) {
        rc = otlp__json_open_scope(&writer, encoder->signal, scope, encoder->scopes == 0);
        group_at = otlp__writer_len(&writer);
    } else {
        rc = open_scope(&writer, scope, &group_at);
    }
    if (rc == 0) {
        encoder->scope_start = encoder->out->len;
        encoder->scope_at = group_at;
        encoder->scope_url = scope != NULL ? scope->schema_url : NULL;
    }
    return otlp__writer_finish(&writer, rc);
}

/* What an item may be appended to. */
static int check_open(const struct otlp_encoder *encoder, enum otlp_signal signal)
{
    return encoder->scope_at != 0 && encoder->signal == signal ? 0 : OTLP_EINVAL;
}

/* JSON: what stands before an item. */
static int put_comma(const struct otlp_encoder *encoder, struct otlp__writer *writer)
{
    return encoder->messages > 0 ? otlp__json_raw(writer, ",", 1) : 0;
}

static int finish_item(struct otlp_encoder *encoder, struct otlp__writer *writer, size_t items,
                       int rc)
{
    if (rc == 0) {
        encoder->messages++;
        encoder->items += items;
    }
    return otlp__writer_finish(writer, rc);
}

/* Mostly right: a wrong guess costs a move of the item. */
static size_t guess_length_bytes(size_t bytes)
{
    return bytes < 128 ? 1 : bytes < 16384 ? 2 : 3;
}

int otlp_encoder_span(struct otlp_encoder *encoder, const struct otlp_span_data *span)
{
    int rc = check_open(encoder, OTLP_TRACES);
    if (rc != 0) {
        return rc;
    }
    struct otlp__writer writer = otlp__writer_on(encoder->out);
    if (encoder->encoding == OTLP_ENCODING_JSON) {
        rc = put_comma(encoder, &writer);
        rc = rc == 0 ? otlp__json_span(&writer, span) : rc;
        return finish_item(encoder, &writer, 1, rc);
    }
    size_t length_bytes =
        guess_length_bytes(72 + span->name_len +
                           28 * ((size_t)span->attribute_count + 2 * (size_t)span->event_count +
                                 2 * (size_t)span->link_count));
    size_t start = 0;
    rc = open_framed(&writer, ITEM, length_bytes, &start);
    if (rc == 0) {
        rc = otlp__put_span(&writer, span);
    }
    if (rc == 0) {
        rc = otlp__length_close(&writer, length_bytes, start);
    }
    return finish_item(encoder, &writer, 1, rc);
}

int otlp_encoder_log(struct otlp_encoder *encoder, const struct otlp_log_record *record)
{
    int rc = check_open(encoder, OTLP_LOGS);
    if (rc != 0) {
        return rc;
    }
    struct otlp__writer writer = otlp__writer_on(encoder->out);
    if (encoder->encoding == OTLP_ENCODING_JSON) {
        rc = put_comma(encoder, &writer);
        rc = rc == 0 ? otlp__json_log(&writer, record) : rc;
        return finish_item(encoder, &writer, 1, rc);
    }
    size_t length_bytes =
        guess_length_bytes(50 + record->body.len + 28 * (size_t)record->attribute_count);
    size_t start = 0;
    rc = open_framed(&writer, ITEM, length_bytes, &start);
    if (rc == 0) {
        rc = otlp__put_log(&writer, record);
    }
    if (rc == 0) {
        rc = otlp__length_close(&writer, length_bytes, start);
    }
    return finish_item(encoder, &writer, 1, rc);
}

int otlp_encoder_metric(struct otlp_encoder *encoder, const struct otlp_metric *metric)
{
    int rc = check_open(encoder, OTLP_METRICS);
    if (rc != 0) {
        return rc;
    }
    struct otlp__writer writer = otlp__writer_on(encoder->out);
    if (encoder->encoding == OTLP_ENCODING_JSON) {
        rc = put_comma(encoder, &writer);
        rc = rc == 0 ? otlp__json_metric(&writer, metric) : rc;
        return finish_item(encoder, &writer, metric->point_count, rc);
    }
    size_t start = 0;
    rc = open_framed(&writer, ITEM, 2, &start);
    if (rc == 0) {
        rc = otlp__put_metric(&writer, metric);
    }
    if (rc == 0) {
        rc = otlp__length_close(&writer, 2, start);
    }
    return finish_item(encoder, &writer, metric->point_count, rc);
}

int otlp_encoder_message(struct otlp_encoder *encoder, const uint8_t *body, size_t body_len,
                         size_t items)
{
    if (encoder->scope_at == 0 || encoder->encoding != OTLP_ENCODING_PROTOBUF) {
        return OTLP_EINVAL;
    }
    if (body_len > OTLP__MESSAGE_BYTES_MAX) {
        return OTLP_ETOOBIG;
    }
    struct otlp__writer writer = otlp__writer_on(encoder->out);
    int rc = otlp__room(&writer, body_len + 11);
    if (rc == 0) {
        otlp__put_byte(&writer.at, ITEM);
        otlp__put_varint(&writer.at, body_len);
        otlp__put_raw(&writer.at, body, body_len);
    }
    return finish_item(encoder, &writer, items, rc);
}

/* Nothing in it: not even the resource is sent. */
static int end_empty(struct otlp_encoder *encoder)
{
    encoder->out->len = encoder->start;
    struct otlp__writer writer = otlp__writer_on(encoder->out);
    int rc = encoder->encoding == OTLP_ENCODING_JSON ? otlp__json_raw(&writer, "{}", 2) : 0;
    return otlp__writer_finish(&writer, rc);
}

int otlp_encoder_end(struct otlp_encoder *encoder)
{
    int rc = close_scope(encoder);
    if (rc != 0) {
        return rc;
    }
    if (encoder->scopes == 0) {
        return end_empty(encoder);
    }
    struct otlp__writer writer = otlp__writer_on(encoder->out);
    if (encoder->encoding == OTLP_ENCODING_JSON) {
        rc = otlp__json_close_resource(&writer, encoder->resource_url);
    } else {
        rc = put_schema_url(&writer, encoder->resource_url);
        if (rc == 0) {
            rc = otlp__length_close(&writer, GROUP_LENGTH_BYTES, encoder->resource_at);
        }
    }
    return otlp__writer_finish(&writer, rc);
}

void otlp_encoder_cancel(struct otlp_encoder *encoder)
{
    encoder->out->len = encoder->start;
}
