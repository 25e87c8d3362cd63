#include <otlp/propagate.h>
#include <otlp/span.h>

#include "attributes_quick.h"
#include "clock.h"
#include "span_internal.h"

static int set_attribute(struct otlp_span *span, const struct otlp_attribute *attribute,
                         bool by_reference)
{
    int rc = otlp__span_may_change(span);
    if (rc != 0) {
        return rc < 0 ? rc : 0;
    }
    struct otlp__attribute_array array = {&span->data.attributes, &span->data.attribute_count,
                                          &span->index, &span->arena};
    struct otlp__attribute_rule rule = {span->limits->attribute_count, span->limits->value_length,
                                        by_reference};
    rc = otlp__attribute_put(&array, attribute, rule);
    if (rc == OTLP_ELIMIT) {
        span->data.dropped_attributes++;
    }
    return rc;
}

int otlp_span_set_attribute(struct otlp_span *span, const struct otlp_attribute *attribute)
{
    return set_attribute(span, attribute, false);
}

int otlp_span_set_attribute_ref(struct otlp_span *span, const struct otlp_attribute *attribute)
{
    struct otlp_span_data *data = &span->data;
    enum otlp_value_type type = attribute->value.type;
    bool is_flat = type != OTLP_VALUE_ARRAY && type != OTLP_VALUE_KVLIST &&
                   span->limits->value_length == OTLP_UNLIMITED;
    if (otlp__span_may_change(span) == 0 && attribute->key_len > 0 && attribute->key != NULL &&
        is_flat) {
        uint32_t key_hash = otlp__key_hash(attribute->key, attribute->key_len);
        struct otlp_attribute *place =
            otlp__attribute_place(data->attributes, data->attribute_count, &span->index,
                                  &span->arena, key_hash, span->limits->attribute_count, 0);
        if (place != NULL) {
            *place = *attribute;
            place->key_hash = key_hash;
            otlp__attribute_commit(place, &data->attribute_count, &span->index, &span->arena);
            return 0;
        }
    }
    return set_attribute(span, attribute, true);
}

int otlp_span_set_string_n(struct otlp_span *span, const char *key, size_t key_len,
                           const char *text, size_t text_len)
{
    int rc = otlp__span_may_change(span);
    if (rc != 0) {
        return rc < 0 ? rc : 0;
    }
    struct otlp_span_data *data = &span->data;
    if (key_len > 0 && key != NULL && key_len < UINT16_MAX && text_len < UINT16_MAX &&
        text_len <= span->limits->value_length) {
        uint32_t key_hash = otlp__key_hash(key, key_len);
        struct otlp_attribute *place = otlp__attribute_place(
            data->attributes, data->attribute_count, &span->index, &span->arena, key_hash,
            span->limits->attribute_count, key_len + text_len + 2);
        if (place != NULL) {
            place->key_len = (uint32_t)key_len;
            place->key_hash = key_hash;
            place->value.type = OTLP_VALUE_STRING;
            place->value.len = (uint32_t)text_len;
            place->value.as.string = otlp__attribute_text(&span->arena, text, text_len);
            place->key = otlp__attribute_text(&span->arena, key, key_len);
            otlp__attribute_commit(place, &data->attribute_count, &span->index, &span->arena);
            return 0;
        }
    }
    struct otlp__attribute_array array = {&span->data.attributes, &span->data.attribute_count,
                                          &span->index, &span->arena};
    struct otlp__attribute_rule rule = {span->limits->attribute_count, span->limits->value_length,
                                        false};
    rc = otlp__attribute_put_text(&array, key, key_len, text, text_len, rule);
    if (rc == OTLP_ELIMIT) {
        span->data.dropped_attributes++;
    }
    return rc;
}

static bool is_full(uint32_t count, uint32_t limit)
{
    return count >= limit || count >= UINT16_MAX;
}

int otlp_span_add_event(struct otlp_span *span, const char *name, uint64_t time_unix_ns,
                        const struct otlp_attribute *attributes, size_t count)
{
    int rc = otlp__span_may_change(span);
    if (rc != 0) {
        return rc < 0 ? rc : 0;
    }
    if (is_full(span->data.event_count, span->limits->event_count)) {
        span->data.dropped_events++;
        return OTLP_ELIMIT;
    }
    struct otlp__attribute_rule rule = {span->limits->event_attribute_count,
                                        span->limits->value_length, false};
    struct otlp_event event = {
        .time_unix_ns = time_unix_ns != 0 ? time_unix_ns : otlp__now_unix_ns(),
        .name_len = (uint32_t)strlen(name),
    };
    event.name = otlp__arena_text(&span->arena, name, event.name_len);
    if (event.name == NULL) {
        return OTLP_ENOMEM;
    }
    rc = otlp__attributes_copy(&span->arena, attributes, count, rule, &event.attributes,
                               &event.attribute_count, &event.dropped_attributes);
    if (rc != 0) {
        return rc;
    }
    struct otlp_event *events = otlp__arena_grow(&span->arena, span->data.events, sizeof event,
                                                 span->data.event_count, &span->event_capacity);
    if (events == NULL) {
        return OTLP_ENOMEM;
    }
    events[span->data.event_count++] = event;
    span->data.events = events;
    return 0;
}

int otlp_span_add_link(struct otlp_span *span, const struct otlp_span_context *context,
                       const struct otlp_attribute *attributes, size_t count)
{
    int rc = otlp__span_may_change(span);
    if (rc != 0) {
        return rc < 0 ? rc : 0;
    }
    if (!otlp_span_context_is_valid(context)) {
        return OTLP_EINVAL;
    }
    if (is_full(span->data.link_count, span->limits->link_count)) {
        span->data.dropped_links++;
        return OTLP_ELIMIT;
    }
    struct otlp__attribute_rule rule = {span->limits->link_attribute_count,
                                        span->limits->value_length, false};
    struct otlp_link link = {.context = *context};
    rc = otlp__attributes_copy(&span->arena, attributes, count, rule, &link.attributes,
                               &link.attribute_count, &link.dropped_attributes);
    if (rc != 0) {
        return rc;
    }
    struct otlp_link *links = otlp__arena_grow(&span->arena, span->data.links, sizeof link,
                                               span->data.link_count, &span->link_capacity);
    if (links == NULL) {
        return OTLP_ENOMEM;
    }
    (void)otlp_tracestate_ref(context->tracestate);
    links[span->data.link_count++] = link;
    span->data.links = links;
    return 0;
}

int otlp_span_set_status(struct otlp_span *span, enum otlp_status_code code, const char *message)
{
    int rc = otlp__span_may_change(span);
    if (rc != 0) {
        return rc < 0 ? rc : 0;
    }
    if (code != OTLP_STATUS_UNSET && code != OTLP_STATUS_OK && code != OTLP_STATUS_ERROR) {
        return OTLP_EINVAL;
    }
    if (code == OTLP_STATUS_UNSET || span->data.status_code == OTLP_STATUS_OK) {
        return 0;
    }
    char *text = NULL;
    size_t text_len = 0;
    if (code == OTLP_STATUS_ERROR && message != NULL) {
        text_len = strlen(message);
        text = otlp__arena_text(&span->arena, message, text_len);
        if (text == NULL) {
            return OTLP_ENOMEM;
        }
    }
    span->data.status_code = (uint8_t)code;
    span->data.status_message = text;
    span->data.status_message_len = (uint32_t)text_len;
    return 0;
}

int otlp_span_set_name(struct otlp_span *span, const char *name)
{
    int rc = otlp__span_may_change(span);
    if (rc != 0) {
        return rc < 0 ? rc : 0;
    }
    size_t name_len = strlen(name);
    char *text = otlp__arena_text(&span->arena, name, name_len);
    if (text == NULL) {
        return OTLP_ENOMEM;
    }
    span->data.name = text;
    span->data.name_len = (uint32_t)name_len;
    return 0;
}
