/* The grammar of HTTP/1.1 (RFC 9112), strictly: lines end in CR LF, nothing is folded. */
#ifndef OTLP_RECEIVER_HTTP1_PARSE_H
#define OTLP_RECEIVER_HTTP1_PARSE_H

#include "head.h"

enum {
    RX_PARSE_MORE = 0, /* the header is not whole yet */
    RX_PARSE_BAD = -400,
    RX_PARSE_TARGET = -414,
    RX_PARSE_LARGE = -431,
    RX_PARSE_CODING = -501,
    RX_PARSE_VERSION = -505,
    RX_PARSE_EXPECT = -417,
};

struct rx_http1_head {
    struct rx_head head;
    bool is_http10;
    bool is_chunked;
    bool expects_continue;
};

/* The bytes of the header at the front of the data, its empty line included, or one of the above.
 * The slices point into the data. */
long otlp__rx_http1_parse(const uint8_t *data, size_t data_len, size_t limit_bytes,
                          struct rx_http1_head *parsed);

/* The same for the line of a chunk's size: *chunk_bytes is what follows it. */
long otlp__rx_http1_chunk(const uint8_t *data, size_t data_len, uint64_t *chunk_bytes);

/* The same for one line of the trailer, which is not looked at; *is_last for the empty one. */
long otlp__rx_http1_trailer(const uint8_t *data, size_t data_len, size_t limit_bytes,
                            bool *is_last);

#endif
