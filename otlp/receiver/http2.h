/* The streams of an HTTP/2 connection, and the answers on them. */
#ifndef OTLP_RECEIVER_HTTP2_H
#define OTLP_RECEIVER_HTTP2_H

#include <nghttp2/nghttp2.h>

#include "conn.h"

struct rx_stream {
    struct rx_exchange exchange; /* first: an exchange is its stream */
    struct rx_stream *next;
    struct rx_stream *previous;
    int32_t id;
    bool is_head;            /* HEAD: the answer has no body */
    struct otlp_buffer sent; /* what DATA frames carry: the message, for gRPC with its prefix */
    size_t sent_bytes;
};

struct rx_http2 {
    nghttp2_session *session;
    struct rx_stream *streams;
    size_t stream_count;
    bool is_draining;
    /* The header that is coming in: there is only ever one. */
    struct rx_head head;
    char *head_text; /* header_bytes of room */
    size_t head_len;
    size_t head_bytes; /* as RFC 9113 counts them */
    bool is_bad;       /* a field came twice that may not */
    bool is_large;
    bool is_excessive; /* far above the limit, which ends the connection */
};

/* Submits the answer of a stream's exchange to the session. A code of nghttp2. */
int otlp__rx_http2_submit(struct rx_http2 *http2, struct rx_stream *stream);

#endif
