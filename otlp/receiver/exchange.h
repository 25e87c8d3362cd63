/*
 * One request and its answer, whatever carried them: routing, refusals, the body, its check, and
 * what faults make of it. A protocol calls begin, data any number of times, and end; as soon as
 * is_answered is true, `answer` is what to send.
 */
#ifndef OTLP_RECEIVER_EXCHANGE_H
#define OTLP_RECEIVER_EXCHANGE_H

#include <event2/event.h>

#include "head.h"
#include "scratch.h"

struct rx_answer {
    int status;         /* of HTTP; for gRPC 200, or what else the call's kind deserves */
    int grpc_code;      /* for gRPC */
    bool allows_get;    /* of the methods in Allow */
    bool names_codings; /* the request's compression is not known: say which are */
    bool challenges;    /* a token is wanted */
    bool has_retry_after;
    uint64_t retry_after_ns;
    char message[160];
    enum otlp_encoding encoding;
    /* The message: a response, or for an error a google.rpc.Status. */
    struct otlp_buffer body;
};

struct rx_exchange {
    struct rx_scratch *scratch;
    bool is_grpc;
    bool is_stats;
    bool has_ended; /* the request is there whole */
    bool is_answered;
    bool has_fault;
    enum otlp_signal signal;
    enum otlp_encoding encoding;
    enum otlp_compression compression;
    bool has_grpc_encoding;
    uint64_t grpc_timeout_ns; /* 0: none */
    uint8_t prefix[5];        /* of the gRPC message */
    size_t prefix_len;
    size_t expected_bytes; /* of the body; 0: not known */
    struct otlp_receiver_fault fault;
    struct rx_body body;
    struct rx_answer answer;
    struct event *timer; /* of an answer that is put off; owned */
    void *owner;         /* the protocol's */
};

/* Zeroes it first. `grpc_only`: the port takes nothing else. */
void otlp__rx_exchange_begin(struct rx_exchange *exchange, struct rx_scratch *scratch,
                             const struct rx_head *head, bool grpc_only);

/* Part of the body. What comes after the answer is passed over. */
void otlp__rx_exchange_data(struct rx_exchange *exchange, const uint8_t *data, size_t data_len);

/* Room to put the next bytes of the body right where they belong, at most `wanted`; NULL: there is
 * none, or they are not wanted, and otlp__rx_exchange_data must have them. */
uint8_t *otlp__rx_exchange_room(struct rx_exchange *exchange, size_t wanted);
void otlp__rx_exchange_filled(struct rx_exchange *exchange, size_t bytes);

/* The request is there whole: is_answered is true afterwards. */
void otlp__rx_exchange_end(struct rx_exchange *exchange);

/* Makes the answer an error, unless there is one: what HTTP says and what gRPC says. */
void otlp__rx_exchange_refuse(struct rx_exchange *exchange, int status, int grpc_code,
                              const char *message);

/* Gives back what it holds. */
void otlp__rx_exchange_release(struct rx_exchange *exchange);

#endif
