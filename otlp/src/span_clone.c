#include <otlp/propagate.h>
#include <otlp/span.h>

#include "span_internal.h"

static const struct otlp__attribute_rule copy_all = {UINT32_MAX, OTLP_UNLIMITED, false};

/* Keys are unique and hashed already, so that nothing has to be looked up. */
static int copy_attributes(struct otlp__arena *arena, const struct otlp_attribute *attributes,
                           uint32_t count, const struct otlp_attribute **copies)
{
    if (count == 0) {
        return 0;
    }
    struct otlp_attribute *items = otlp__arena_alloc(arena, count * sizeof *items);
    if (items == NULL) {
        return OTLP_ENOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        items[i] = attributes[i];
        items[i].key = otlp__arena_text(arena, attributes[i].key, attributes[i].key_len);
        int rc = otlp__value_copy(arena, &attributes[i].value, copy_all, &items[i].value);
        if (rc != 0 || items[i].key == NULL) {
            return OTLP_ENOMEM;
        }
    }
    *copies = items;
    return 0;
}

static int copy_events(struct otlp_span *to, const struct otlp_span_data *from)
{
    if (from->event_count == 0) {
        return 0;
    }
    struct otlp_event *events = otlp__arena_alloc(&to->arena, from->event_count * sizeof *events);
    if (events == NULL) {
        return OTLP_ENOMEM;
    }
    for (uint32_t i = 0; i < from->event_count; i++) {
        const struct otlp_event *event = &from->events[i];
        events[i] = *event;
        events[i].name = otlp__arena_text(&to->arena, event->name, event->name_len);
        if (events[i].name == NULL ||
            copy_attributes(&to->arena, event->attributes, event->attribute_count,
                            &events[i].attributes) != 0) {
            return OTLP_ENOMEM;
        }
    }
    to->data.events = events;
    to->data.event_count = from->event_count;
    to->event_capacity = (uint16_t)from->event_count;
    return 0;
}

/* Links are counted one by one: freeing a half-made copy gives back just the references it took. */
static int copy_links(struct otlp_span *to, const struct otlp_span_data *from)
{
    if (from->link_count == 0) {
        return 0;
    }
    struct otlp_link *links = otlp__arena_alloc(&to->arena, from->link_count * sizeof *links);
    if (links == NULL) {
        return OTLP_ENOMEM;
    }
    to->data.links = links;
    to->link_capacity = (uint16_t)from->link_count;
    for (uint32_t i = 0; i < from->link_count; i++) {
        links[i] = from->links[i];
        if (copy_attributes(&to->arena, links[i].attributes, links[i].attribute_count,
                            &links[i].attributes) != 0) {
            return OTLP_ENOMEM;
        }
        (void)otlp_tracestate_ref(links[i].context.tracestate);
        to->data.link_count++;
    }
    return 0;
}

static int copy_texts(struct otlp_span *to, const struct otlp_span_data *from)
{
    to->data.name = otlp__arena_text(&to->arena, from->name, from->name_len);
    if (to->data.name == NULL) {
        return OTLP_ENOMEM;
    }
    if (from->status_message != NULL) {
        to->data.status_message =
            otlp__arena_text(&to->arena, from->status_message, from->status_message_len);
        return to->data.status_message != NULL ? 0 : OTLP_ENOMEM;
    }
    return 0;
}

/* The table of a span with many attributes holds positions only: it is copied as it is. A span that
 * has ended looks nothing up any more. */
static int copy_index(struct otlp_span *to, const struct otlp_span *from)
{
    if (from->is_ended) {
        return 0;
    }
    to->index = from->index;
    to->index.capacity = (uint16_t)from->data.attribute_count;
    if (from->index.log2_slots == 0) {
        return 0;
    }
    size_t bytes = sizeof(uint16_t) << from->index.log2_slots;
    to->index.keys.slots = otlp__arena_alloc(&to->arena, bytes);
    if (to->index.keys.slots == NULL) {
        return OTLP_ENOMEM;
    }
    memcpy(to->index.keys.slots, from->index.keys.slots, bytes);
    return 0;
}

struct otlp_span *otlp_span_clone(const struct otlp_span *span)
{
    struct otlp_span *clone = otlp__span_allocate(OTLP__BLOCK_SMALLEST);
    if (clone == NULL) {
        return NULL;
    }
    const struct otlp_span_data *from = &span->data;
    clone->data = *from;
    clone->data.event_count = 0;
    clone->data.link_count = 0;
    (void)otlp_tracestate_ref(from->context.tracestate);
    clone->limits = span->limits;
    clone->is_sampled = span->is_sampled;
    clone->is_ended = span->is_ended;
    if (copy_texts(clone, from) != 0 ||
        copy_attributes(&clone->arena, from->attributes, from->attribute_count,
                        &clone->data.attributes) != 0 ||
        copy_events(clone, from) != 0 || copy_links(clone, from) != 0 ||
        copy_index(clone, span) != 0) {
        otlp_span_free(clone);
        return NULL;
    }
    return clone;
}
