/* One request on its way, from send to outcome, with the libcurl handle that carries it. */
#ifndef OTLP_SRC_CALL_H
#define OTLP_SRC_CALL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include <otlp/buffer.h>
#include <otlp/compress.h>
#include <otlp/exporter.h>

#include "transport/answer.h"
#include "transport/endpoints.h"
#include "transport/grpc.h"
#include "transport/settings.h"

#define OTLP__NO_ENDPOINT SIZE_MAX

struct otlp__call {
    struct otlp__call *next; /* in whichever list it is */
    CURL *easy;
    char error[CURL_ERROR_SIZE];

    enum otlp_signal signal;
    size_t items;
    size_t payload_bytes;
    const uint8_t *body; /* the caller's, or squeezed */
    size_t body_bytes;
    struct otlp_buffer squeezed;
    enum otlp_compression compression;
    uint8_t prefix[OTLP__GRPC_PREFIX_BYTES];
    size_t prefix_bytes; /* 0 but for gRPC */
    size_t read_bytes;   /* of prefix and body, by libcurl */

    uint64_t began_ns;
    uint64_t deadline_ns;
    uint64_t attempt_end_ns; /* of the attempt under way */
    uint64_t floor_ns;       /* no wait is shorter, since the receiver asked for one */
    uint64_t wake_ns;        /* while it waits to be tried again */
    size_t only;             /* the endpoint of a check; OTLP__NO_ENDPOINT: any */
    size_t endpoint;         /* of the attempt under way */
    struct otlp__endpoint_state *endpoint_state; /* likewise */
    uint32_t tried;                              /* a bit for each endpoint that has failed at it */
    uint32_t failures;
    uint32_t attempts_max; /* 0: any number */
    bool is_check;
    bool is_detached;       /* nobody waits for the outcome */
    bool must_open;         /* the next attempt is made on a new connection */
    bool opens_connection;  /* this attempt is */
    bool has_opened;        /* and has got as far as its socket */
    bool reuses_only;       /* this attempt may not open one */
    uint32_t resends;       /* of this attempt, by libcurl: the connection that it kept had ended */
    bool was_started_over;  /* since it last waited */
    bool was_read;          /* some of the body has gone to libcurl */
    bool lacked_connection; /* and there was none to use again */

    struct curl_slist lines[4]; /* headers of this attempt, before those of the settings */
    char encoding_line[48];
    char timeout_line[48];
    char *authorization_line;

    struct otlp__answer answer;
    size_t answer_bytes_max;
    struct otlp_export_result result;
    pthread_cond_t done;
    bool is_done; /* guarded by the transport's lock, as `done` */
};

/* NULL: out of memory. */
struct otlp__call *otlp__call_new(const struct otlp__settings *settings);

/* NULL is allowed. */
void otlp__call_free(struct otlp__call *call);

/* Whether a request that went out may go out once more. */
bool otlp__call_may_resend(const struct otlp__call *call);

/* Makes it as new for another request, and lets go of memory that is uncommonly large. */
void otlp__call_reset(struct otlp__call *call);

/*
 * Sets the handle up for an attempt at an endpoint that ends after timeout_ns. `token`: the bearer
 * token of a file, or NULL. OTLP_ENOMEM.
 */
int otlp__call_prepare(struct otlp__call *call, const struct otlp__settings *settings,
                       struct otlp__endpoint_state *endpoint, size_t index, const char *token,
                       uint64_t timeout_ns);

#endif
