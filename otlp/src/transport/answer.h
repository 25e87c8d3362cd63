/* What comes back for one attempt, and what it means. */
#ifndef OTLP_SRC_ANSWER_H
#define OTLP_SRC_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include <otlp/buffer.h>
#include <otlp/compress.h>
#include <otlp/signal.h>
#include <otlp/transport.h>

#include "transport/message.h"

/* All zero: nothing has come yet. */
struct otlp__answer {
    int http_status; /* 0: none */
    bool has_grpc_code;
    int grpc_code;
    bool has_delay; /* Retry-After */
    uint64_t delay_ns;
    char message[OTLP__MESSAGE_BYTES]; /* grpc-message */
    struct otlp_buffer details;        /* grpc-status-details-bin, decoded */
    struct otlp_buffer body;
    enum otlp_compression body_compression; /* grpc-encoding */
    bool body_is_unreadable;                /* an encoding that nobody here knows */
    bool body_is_too_large;
    bool is_out_of_memory;
};

/* Forgets what came and keeps the memory. */
void otlp__answer_clear(struct otlp__answer *answer);
void otlp__answer_release(struct otlp__answer *answer);

/* Takes one header line, or trailer, with or without its line end. A new status line forgets the
 * headers before it. */
void otlp__answer_header(struct otlp__answer *answer, const char *line, size_t line_len,
                         uint64_t now_unix_s);

/* Takes a piece of the body. False: no more is wanted. */
bool otlp__answer_body(struct otlp__answer *answer, const void *data, size_t data_len,
                       size_t bytes_max);

enum otlp__fate {
    OTLP__FATE_DELIVERED,
    OTLP__FATE_REFUSED,
    OTLP__FATE_RETRY,
    OTLP__FATE_FAILED, /* memory ran out */
};

/* What it says about the endpoint. */
enum otlp__omen {
    OTLP__OMEN_GOOD,
    OTLP__OMEN_BAD,
    OTLP__OMEN_NONE,
};

struct otlp__verdict {
    enum otlp__fate fate;
    enum otlp__omen omen;
    int status;     /* HTTP status or gRPC code; -1: none came */
    bool has_delay; /* the receiver asked to wait */
    uint64_t delay_ns;
    bool is_partial;
    uint64_t rejected;
    bool is_too_large; /* the answer was */
    char message[OTLP__MESSAGE_BYTES];
};

/* `code` and `error` (at least "") are libcurl's for the attempt. */
void otlp__judge(struct otlp__answer *answer, enum otlp_protocol protocol, enum otlp_signal signal,
                 CURLcode code, const char *error, size_t response_bytes_max,
                 struct otlp__verdict *verdict);

#endif
