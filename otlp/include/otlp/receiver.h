/*
 * A receiver of OTLP for loopback work: gRPC on one port, HTTP on another, in threads of its own.
 *
 *     struct otlp_receiver_options options = {0};          ports that are free, 127.0.0.1
 *     struct otlp_receiver *receiver;
 *     if (otlp_receiver_start(&options, &receiver, NULL, 0) == 0) {
 *         ... send to 127.0.0.1:otlp_receiver_http_port(receiver) ...
 *         otlp_receiver_stop(receiver, 0, NULL);
 *     }
 *
 * It takes /v1/traces, /v1/metrics and /v1/logs by HTTP/1.1 and HTTP/2 (prior knowledge, or ALPN
 * under TLS), and the three Export methods by gRPC; protobuf and JSON; bodies in gzip, zstd and
 * brotli. It checks each request whole, counts what is in it, and can hand it to a function or
 * write it to a file. What it refuses it refuses as the OTLP specification says. Faults can be
 * ordered: see struct otlp_receiver_fault. GET /stats on the HTTP port gives the counters as JSON.
 *
 * What is checked: that the body is well-formed, as decode.h and json.h say (text need not be
 * UTF-8), and that ids have their length. Spans whose ids are absent or all zero are rejected by a
 * partial success. A gRPC call without `te: trailers` is served, and counted in te_missing.
 *
 * Memory: bodies and what is made of them are within limits.buffered_bytes; beside that a
 * connection holds at most about 256 KiB of answers that its client does not read.
 *
 * It belongs to a library of its own (-lotlp_receiver -lotlp -lnghttp2 -levent -lssl -lcrypto)
 * and its threads block all signals, which are left to the program's own.
 *
 * Threads: every function here may be called by any thread, but otlp_receiver_stop() once, when no
 * other thread uses the receiver any more.
 */
#ifndef OTLP_RECEIVER_H
#define OTLP_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/buffer.h>
#include <otlp/error.h>
#include <otlp/exporter.h>
#include <otlp/signal.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OTLP_RECEIVER_GRPC_PORT 4317
#define OTLP_RECEIVER_HTTP_PORT 4318

/* ---- Faults ---------------------------------------------------------------------------------- */

/* Where a connection is reset (TCP RST; every request on it is lost). */
enum otlp_receiver_reset {
    OTLP_RESET_NONE = 0,
    OTLP_RESET_UPLOAD, /* when the first part of the request's body has come */
    OTLP_RESET_BEFORE, /* when the request is there, before any answer */
    OTLP_RESET_ANSWER, /* after about half of the answer's bytes; the request counts as accepted */
};

/*
 * A rule: which requests are hit, and by what. A zeroed rule hits every request and does nothing.
 * Requests count when they have a known path and method and, where one is wanted, the right token.
 * The rules are asked in the order in which they were added; the first that hits is applied.
 */
struct otlp_receiver_fault {
    /* Which: all that are set must hold. */
    uint64_t first;     /* the first N requests that this rule sees; 0: all */
    uint64_t every;     /* each Nth of them: 3 hits the third, the sixth ...; 0: all */
    double probability; /* of each of them, from the receiver's seed; 0: all; at most 1 */
    uint64_t after_ns;  /* not before this time since the rule was added */
    uint64_t for_ns;    /* not later than this long after after_ns; 0: for ever */
    unsigned signals;   /* 1 << OTLP_TRACES and so on; 0: all */

    /* What: any number of these. */
    uint64_t delay_ns; /* before the answer */
    uint64_t stall_ns; /* no answer at all: the connection is closed after this time */
    int http_status;   /* 200 to 599: the answer; of 200 to 299 it is the usual one. 0: as usual */
    int grpc_code;     /* 1 to 16; 0: as http_status says */
    bool has_retry_after;
    uint64_t retry_after_ns; /* Retry-After in whole seconds, rounded up, or RetryInfo */
    bool is_partial;         /* partial success: */
    int64_t rejected;        /* so many items, which are not counted as accepted */
    char message[128];       /* of a partial success or a status; "": a usual one */
    enum otlp_receiver_reset reset;
    uint64_t read_bytes_per_s;  /* the request's body is read this slowly; 0: at once */
    uint64_t write_bytes_per_s; /* the answer is sent this slowly; 0: at once */
};

/*
 * A rule from words, as in the tool's --fault: conditions and effects, with commas between them.
 *
 *     first=N every=N probability=P after=TIME for=TIME signal=traces|metrics|logs
 *     delay=TIME stall=TIME status=N grpc=N retry-after=TIME partial=N message=TEXT
 *     reset=upload|before|answer slow-read=BYTES slow-write=BYTES
 *
 * TIME is a number with ns, us, ms or s; message takes the rest of the text, commas included.
 * OTLP_EINVAL: *error_at, when not NULL, is then the offset of the word that is not understood.
 */
OTLP_API int otlp_receiver_fault_parse(const char *text, struct otlp_receiver_fault *fault,
                                       size_t *error_at);

/* ---- Receiving ------------------------------------------------------------------------------- */

/* A request that was accepted (with a partial success, too). The bytes are gone when the function
 * returns. */
struct otlp_receiver_request {
    enum otlp_signal signal;
    enum otlp_encoding encoding;
    const uint8_t *data; /* decompressed */
    size_t data_len;
    size_t items;      /* spans, data points or log records in it */
    size_t rejected;   /* items of these that a partial success rejects */
    size_t wire_bytes; /* of the body as it came */
    bool is_grpc;
};

/* What is kept of what is received. */
enum otlp_receiver_write {
    OTLP_RECEIVER_WRITE_NONE = 0,
    OTLP_RECEIVER_WRITE_JSON, /* OTLP/JSON, a line a request (the form of the file exporter) */
    OTLP_RECEIVER_WRITE_RAW,  /* protobuf, each request after its length as a varint; a file for
                                 each signal: write_path with .traces, .metrics, .logs appended */
};

/* 0 stands for the default that is given with each. */
struct otlp_receiver_limits {
    size_t body_bytes;          /* of a request as it comes; 64 MiB. 413, RESOURCE_EXHAUSTED */
    size_t decompressed_bytes;  /* 64 MiB. 413, RESOURCE_EXHAUSTED */
    size_t header_bytes;        /* of a request's header; 8 KiB. 431, RESOURCE_EXHAUSTED */
    size_t buffered_bytes;      /* of bodies and their trees in all; 512 MiB. 503, UNAVAILABLE */
    unsigned connections;       /* at one time; 512. 503, GOAWAY */
    uint64_t header_timeout_ns; /* for a request's header, and a TLS handshake; 10 s. 408 */
    uint64_t idle_timeout_ns;   /* without a byte in or out; 60 s. 408 within a request */
};

struct otlp_receiver_options {
    const char *host; /* an address, not a name; NULL: 127.0.0.1 */
    int grpc_port;    /* 0: any that is free; negative: none */
    int http_port;    /* likewise */
    unsigned workers; /* threads that serve; 0: 1; at most 64 */
    struct otlp_receiver_limits limits;

    const char *certificate_file; /* PEM, chain included; NULL: no TLS */
    const char *key_file;         /* PEM */
    const char *client_ca_file;   /* PEM; NULL: clients need no certificate */
    const char *bearer_token;     /* NULL: none is wanted */

    const char *write_path; /* the file is written anew */
    enum otlp_receiver_write write;
    uint64_t seed; /* of the faults' probabilities */

    /* Called for each accepted request by the thread that serves it; with several workers, by
     * several at once. NULL: nothing is called. */
    void (*on_request)(void *context, const struct otlp_receiver_request *request);
    void *context;
};

struct otlp_receiver;

/*
 * Starts listening and serving; the options are copied. OTLP_EINVAL: an option is out of range, or
 * both ports are negative; OTLP_EIO: an address cannot be bound, a file cannot be read or written,
 * or a thread cannot be started; OTLP_ENOMEM. message (NULL allowed) then says what is wrong.
 */
OTLP_API int otlp_receiver_start(const struct otlp_receiver_options *options,
                                 struct otlp_receiver **receiver, char *message,
                                 size_t message_bytes);

/* The ports it listens on; -1: none. */
OTLP_API int otlp_receiver_grpc_port(const struct otlp_receiver *receiver);
OTLP_API int otlp_receiver_http_port(const struct otlp_receiver *receiver);

/* Adds a rule after those that are there. OTLP_EINVAL: out of range; OTLP_ELIMIT: more than
 * OTLP_RECEIVER_FAULTS_MAX. */
#define OTLP_RECEIVER_FAULTS_MAX 32
OTLP_API int otlp_receiver_add_fault(struct otlp_receiver *receiver,
                                     const struct otlp_receiver_fault *fault);

/* Removes all rules; what they did to requests under way goes on. */
OTLP_API void otlp_receiver_clear_faults(struct otlp_receiver *receiver);

/* What was accepted of a signal. */
struct otlp_receiver_signal_counters {
    uint64_t requests; /* answered with success, or partial success */
    uint64_t items;    /* in these, without the rejected */
    uint64_t rejected; /* items that were rejected by partial success */
    uint64_t bytes;    /* decompressed */
    uint64_t wire_bytes;
};

/* X(name): each is a member of struct otlp_receiver_counters and of the JSON text. */
#define OTLP_RECEIVER_COUNTERS(X)                                                                  \
    X(connections)         /* taken */                                                             \
    X(connections_refused) /* above the limit */                                                   \
    X(connections_open)    /* now */                                                               \
    X(http_requests)       /* whose header has come, without /stats */                             \
    X(grpc_requests)                                                                               \
    X(refused)         /* answered with an error that no fault ordered */                          \
    X(malformed)       /* of these: a body that is not what it says */                             \
    X(invalid_items)   /* items with ids that must not be */                                       \
    X(too_large)       /* of the refused: over a limit of bytes */                                 \
    X(overloaded)      /* refused or closed: buffered_bytes was reached */                         \
    X(unauthenticated) /* of the refused */                                                        \
    X(faults)          /* requests hit by a rule */                                                \
    X(protocol_errors) /* bytes that are neither HTTP/1 nor HTTP/2, or broken off */               \
    X(timeouts)        /* connections that were too slow */                                        \
    X(tls_failures)    /* handshakes */                                                            \
    X(te_missing)      /* gRPC requests without `te: trailers`; they are served */                 \
    X(write_failures)  /* requests that could not be written to the file */                        \
    X(buffered_bytes)  /* now */                                                                   \
    X(buffered_bytes_peak)

struct otlp_receiver_counters {
    struct otlp_receiver_signal_counters signals[OTLP_SIGNAL_COUNT];
#define OTLP_RECEIVER_COUNTER_MEMBER(name) uint64_t name;
    OTLP_RECEIVER_COUNTERS(OTLP_RECEIVER_COUNTER_MEMBER)
#undef OTLP_RECEIVER_COUNTER_MEMBER
};

/* A copy of the counters; those of one request may be seen in part. */
OTLP_API void otlp_receiver_count(const struct otlp_receiver *receiver,
                                  struct otlp_receiver_counters *counters);

/* Appends the counters as one JSON object, without a line end:
 * {"traces":{"requests":1,...},"metrics":{...},"logs":{...},"connections":1,...}.
 * OTLP_ENOMEM; OTLP_ENOSPC. */
OTLP_API int otlp_receiver_counters_json(const struct otlp_receiver_counters *counters,
                                         struct otlp_buffer *out);

/*
 * Stops accepting, lets requests under way finish for at most `drain_ns` (0: not at all), closes
 * everything, and frees the receiver, whose counters at the end are in *counters when that is not
 * NULL. OTLP_ETIMEOUT: some were cut off; OTLP_EIO: the file could not be written whole. The
 * receiver is gone in any case. NULL is allowed.
 */
OTLP_API int otlp_receiver_stop(struct otlp_receiver *receiver, uint64_t drain_ns,
                                struct otlp_receiver_counters *counters);

#ifdef __cplusplus
}
#endif

#endif
