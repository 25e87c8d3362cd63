/*
 * The header of a request, of either version of HTTP: what the receiver looks at, as slices of the
 * memory that the header lies in.
 */
#ifndef OTLP_RECEIVER_HEAD_H
#define OTLP_RECEIVER_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rx_text {
    const char *data; /* NULL: the field is absent */
    size_t len;
};

/* X(member, name): fields that may come once. */
#define RX_HEAD_FIELDS(X)                                                                          \
    X(content_type, "content-type")                                                                \
    X(content_encoding, "content-encoding")                                                        \
    X(content_length_text, "content-length")                                                       \
    X(authorization, "authorization")                                                              \
    X(host, "host")                                                                                \
    X(transfer_encoding, "transfer-encoding")                                                      \
    X(expect, "expect")                                                                            \
    X(te, "te")                                                                                    \
    X(grpc_encoding, "grpc-encoding")                                                              \
    X(grpc_timeout, "grpc-timeout")

struct rx_head {
    struct rx_text method;
    struct rx_text path;
#define RX_HEAD_MEMBER(member, name) struct rx_text member;
    RX_HEAD_FIELDS(RX_HEAD_MEMBER)
#undef RX_HEAD_MEMBER
    bool connection_close;
    bool connection_keep_alive;
    bool has_length; /* content_length is known */
    uint64_t content_length;
    bool is_h2;
};

/* Notes a field, whose name is compared without regard to case; one that the receiver does not look
 * at is passed over. false: it may not come twice. */
bool otlp__rx_head_field(struct rx_head *head, struct rx_text name, struct rx_text value);

/* Reads content-length, when there is one, into has_length and content_length. false: it is no
 * number, or one above 2^63. */
bool otlp__rx_head_length(struct rx_head *head);

/* ASCII case ignored; `name` is in lower case. */
bool otlp__rx_is(struct rx_text text, const char *name);

/* The text before a ';', without blanks at its ends: a media type without its parameters. */
struct rx_text otlp__rx_before_parameters(struct rx_text text);

/* Without spaces and tabs at its ends. */
struct rx_text otlp__rx_trim(struct rx_text text);

#endif
