/*
 * Incoming HTTP requests that carry a context, and room for an outgoing one.
 *
 * 64 requests with seeded spans, so that a kernel that rotates over them meets no input twice in a
 * row. Each begins with eight headers that any client sends; those of the context are added by
 * format. All share one tracestate and one baggage of a given number of members:
 *
 *   tracestate  vendor00@sys=<12 hex digits>, 26 characters a member
 *   baggage     key00=tenant-<5 digits>; every third value is "café " and digits instead, which
 * needs percent-encoding; every eighth member has a property
 *
 * The same arguments give the same requests. Nothing here depends on the framework.
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <stdbool.h>
#include <stddef.h>

#include <otlp.h>

#define REQUEST_COUNT              64 /* a power of two: rotating is one AND */
#define REQUEST_HEADERS_MAX        16
#define REQUEST_TRACESTATE_MEMBERS 32 /* the most there can be */
#define REQUEST_VALUE_BYTES        4096
#define REQUEST_OUTGOING_BYTES     24576

/* One incoming request: its headers, and the span that they stand for. */
struct request {
    struct otlp_header_list list;
    struct otlp_carrier carrier;
    struct otlp_span_context span;
    struct otlp_header headers[REQUEST_HEADERS_MAX];
    char traceparent[OTLP_TRACEPARENT_LEN];
    char text[512]; /* of headers that an injection wrote */
};

struct requests {
    struct request incoming[REQUEST_COUNT];
    char tracestate[REQUEST_VALUE_BYTES];
    size_t tracestate_len;
    char baggage[REQUEST_VALUE_BYTES];
    size_t baggage_len;
    struct otlp_propagation context; /* what a request is extracted to */
    struct otlp_header_list outgoing;
    struct otlp_carrier outgoing_carrier;
    struct otlp_header outgoing_headers[REQUEST_HEADERS_MAX];
    char outgoing_text[REQUEST_OUTGOING_BYTES];
};

/* Requests without context headers; tracestate up to 32 members, baggage up to 64. NULL: out of
 * memory. */
struct requests *requests_new(size_t tracestate_members, size_t baggage_members);

/* NULL is allowed. */
void requests_free(struct requests *requests);

/* Writes a tracestate of that many members; text has room for REQUEST_VALUE_BYTES. The length. */
size_t requests_write_tracestate(char *text, size_t members);

/* Appends a header to a request; the texts are borrowed. */
void request_add(struct request *request, const char *name, const char *value, size_t value_len);

/* Adds traceparent, and tracestate and baggage when they have members, to every request. */
void requests_add_w3c(struct requests *requests);

/* Adds the headers that a propagator writes for its span to every request. */
void requests_add_format(struct requests *requests, const struct otlp_propagator *propagator);

/* True for the same ids and the same sampling decision. */
bool requests_same_span(const struct otlp_span_context *a, const struct otlp_span_context *b);

/* True when the outgoing request has that header with exactly that value. */
bool requests_sent(const struct requests *requests, const char *name, const char *value,
                   size_t value_len);

/* Extracts every request once and compares with what was put in. NULL when all is right, otherwise
 * what is wrong (static text). The context is left with the last one. */
const char *requests_check_extract(struct requests *requests, const struct otlp_composite *formats,
                                   size_t tracestate_members, size_t baggage_members);

#endif
