#include "requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED 20260105

/* What a request of an HTTP client carries besides the context. */
static const struct otlp_header other_headers[] = {
    {"host", 4, "checkout.svc.cluster.local:8080", 31},
    {"user-agent", 10, "shop-gateway/4.2", 16},
    {"accept", 6, "application/json", 16},
    {"accept-encoding", 15, "gzip, zstd", 10},
    {"content-type", 12, "application/json", 16},
    {"content-length", 14, "1834", 4},
    {"authorization", 13, "Bearer 5c1e2f", 13},
    {"x-request-id", 12, "b7ad6b7169203331", 16},
};

#define OTHER_COUNT (sizeof other_headers / sizeof other_headers[0])

size_t requests_write_tracestate(char *text, size_t members)
{
    size_t len = 0;
    for (size_t i = 0; i < members; i++) {
        len +=
            (size_t)snprintf(text + len, REQUEST_VALUE_BYTES - len, "%svendor%02zu@sys=%08zx%04zx",
                             i > 0 ? "," : "", i, i * 2654435761u % 0xffffffffu, i * 7919);
    }
    return len;
}

static size_t write_baggage(char *text, size_t members)
{
    size_t len = 0;
    for (size_t i = 0; i < members; i++) {
        len += (size_t)snprintf(text + len, REQUEST_VALUE_BYTES - len, "%skey%02zu=%s%05zu%s",
                                i > 0 ? "," : "", i, i % 3 == 2 ? "caf%C3%A9%20" : "tenant-",
                                i * 7919 % 99991, i % 8 == 7 ? ";ttl=30" : "");
    }
    return len;
}

void request_add(struct request *request, const char *name, const char *value, size_t value_len)
{
    (void)otlp_header_list_add(&request->list, name, strlen(name), value, value_len);
}

struct requests *requests_new(size_t tracestate_members, size_t baggage_members)
{
    struct requests *requests = calloc(1, sizeof *requests);
    if (requests == NULL) {
        return NULL;
    }
    struct otlp_id_generator ids;
    otlp_id_generator_seed(&ids, SEED);
    requests->tracestate_len = requests_write_tracestate(requests->tracestate, tracestate_members);
    requests->baggage_len = write_baggage(requests->baggage, baggage_members);
    for (size_t i = 0; i < REQUEST_COUNT; i++) {
        struct request *request = &requests->incoming[i];
        request->span.trace_id = otlp_id_generator_trace_id(&ids);
        request->span.span_id = otlp_id_generator_span_id(&ids);
        request->span.flags = i % 2 == 0 ? OTLP_FLAG_SAMPLED | OTLP_FLAG_RANDOM : OTLP_FLAG_RANDOM;
        otlp_traceparent_format(&request->span, request->traceparent);
        otlp_header_list_init(&request->list, request->headers, REQUEST_HEADERS_MAX, request->text,
                              sizeof request->text);
        for (size_t k = 0; k < OTHER_COUNT; k++) {
            request->headers[request->list.count++] = other_headers[k];
        }
        request->carrier = otlp_header_list_carrier(&request->list);
    }
    otlp_header_list_init(&requests->outgoing, requests->outgoing_headers, REQUEST_HEADERS_MAX,
                          requests->outgoing_text, sizeof requests->outgoing_text);
    requests->outgoing_carrier = otlp_header_list_carrier(&requests->outgoing);
    return requests;
}

void requests_free(struct requests *requests)
{
    if (requests != NULL) {
        otlp_propagation_release(&requests->context);
        free(requests);
    }
}

void requests_add_w3c(struct requests *requests)
{
    for (size_t i = 0; i < REQUEST_COUNT; i++) {
        struct request *request = &requests->incoming[i];
        request_add(request, "traceparent", request->traceparent, sizeof request->traceparent);
        if (requests->tracestate_len > 0) {
            request_add(request, "tracestate", requests->tracestate, requests->tracestate_len);
        }
        if (requests->baggage_len > 0) {
            request_add(request, "baggage", requests->baggage, requests->baggage_len);
        }
    }
}

void requests_add_format(struct requests *requests, const struct otlp_propagator *propagator)
{
    for (size_t i = 0; i < REQUEST_COUNT; i++) {
        struct otlp_propagation own = {.span = requests->incoming[i].span};
        (void)propagator->inject(&own, &requests->incoming[i].carrier);
    }
}

bool requests_same_span(const struct otlp_span_context *a, const struct otlp_span_context *b)
{
    return otlp_trace_id_equal(a->trace_id, b->trace_id) &&
           otlp_span_id_equal(a->span_id, b->span_id) &&
           (a->flags & OTLP_FLAG_SAMPLED) == (b->flags & OTLP_FLAG_SAMPLED);
}

bool requests_sent(const struct requests *requests, const char *name, const char *value,
                   size_t value_len)
{
    const struct otlp_header *header =
        otlp_header_list_find(&requests->outgoing, name, strlen(name));
    return header != NULL && header->value_len == value_len &&
           memcmp(header->value, value, value_len) == 0;
}

const char *requests_check_extract(struct requests *requests, const struct otlp_composite *formats,
                                   size_t tracestate_members, size_t baggage_members)
{
    for (size_t i = 0; i < REQUEST_COUNT; i++) {
        otlp_propagation_clear(&requests->context);
        if (otlp_composite_extract(formats, &requests->context, &requests->incoming[i].carrier) !=
            0) {
            return "extract refused a valid request";
        }
        if (!requests_same_span(&requests->context.span, &requests->incoming[i].span)) {
            return "extract gave another span than was sent";
        }
        if (otlp_tracestate_count(requests->context.span.tracestate) != tracestate_members ||
            otlp_baggage_count(&requests->context.baggage) != baggage_members) {
            return "extract gave another number of members than was sent";
        }
    }
    return NULL;
}
