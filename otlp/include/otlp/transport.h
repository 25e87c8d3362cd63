/*
 * The exporter that sends over the network: OTLP/HTTP with protobuf or JSON, and OTLP/gRPC.
 *
 *     struct otlp_endpoint endpoint = {.url = "http://localhost:4318"};
 *     struct otlp_transport_options options = {.endpoints = &endpoint, .endpoint_count = 1};
 *     struct otlp_exporter *exporter;
 *     int error = otlp_transport_create(&options, &exporter);
 *     ... otlp_exporter_send(exporter, &request, &result) from any thread ...
 *     otlp_exporter_shutdown(exporter, 5000000000u);
 *     otlp_exporter_free(exporter);
 *
 * One thread inside does all the input and output; any number of threads may send at once, and each
 * waits for its own outcome. Requests are encoded as exporter->encoding says.
 *
 * What becomes of a request (OTLP specification, "OTLP/HTTP Response", "OTLP/gRPC Response"):
 *   - Any 2xx, or grpc-status 0, is success. What a partial success did not take is in
 *     result.rejected, and is never sent again.
 *   - HTTP 429, 502, 503, 504; gRPC CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE,
 * UNAVAILABLE, DATA_LOSS, and RESOURCE_EXHAUSTED with RetryInfo; no connection; a connection that
 * ended before the answer did: sent again after a wait, while the time lasts. The wait is the
 * greater of otlp_retry_policy and what the receiver asked for (Retry-After, RetryInfo). An
 * endpoint that could not be reached, or gave no wait, is followed at once by another one that has
 * not had this request yet.
 *   - Everything else, a certificate that does not hold included: refused at once.
 * A wait that would end after the request's time is not begun: the outcome is known at once. A kept
 * connection that turns out to have ended is replaced without a wait.
 *
 * Redirects are not followed. Proxies are taken from the environment as libcurl does (http_proxy,
 * https_proxy, no_proxy), except for receivers on this machine and for gRPC without TLS.
 *
 * libcurl is initialised (curl_global_init) by the first exporter and stays so; a program that uses
 * it itself, at a version older than 7.84, does that before, while it has one thread.
 *
 * fork(): an exporter works in the process that made it only; a child makes one of its own. In the
 * child one of the parent's takes no requests (OTLP_EXPORT_SHUT_DOWN, at once), has nothing to shut
 * down (0), checks nothing (OTLP_EENDED) and knows no figures (0), and the parent's goes on
 * undisturbed. To free it there leaves its connections and most of its memory until the child ends.
 *
 * Signals: the library never raises SIGPIPE, and its thread has all signals blocked.
 */
#ifndef OTLP_TRANSPORT_H
#define OTLP_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/compress.h>
#include <otlp/error.h>
#include <otlp/exporter.h>

#ifdef __cplusplus
extern "C" {
#endif

enum otlp_protocol {
    OTLP_PROTOCOL_HTTP_PROTOBUF = 0, /* HTTP/1.1 */
    OTLP_PROTOCOL_HTTP_JSON,         /* HTTP/1.1 */
    OTLP_PROTOCOL_GRPC,              /* HTTP/2: in clear text with prior knowledge, or by ALPN */
};

#define OTLP_PROTOCOL_COUNT 3

/* "http/protobuf", "http/json", "grpc", as in OTEL_EXPORTER_OTLP_PROTOCOL. Static text. */
OTLP_API const char *otlp_protocol_name(enum otlp_protocol protocol);

/* ---- Where to -------------------------------------------------------------------------------- */

/* A receiver. For HTTP the URL is a base to which v1/traces, v1/metrics or v1/logs is appended; for
 * gRPC only scheme, host and port count. The scheme is http (no TLS) or https. */
struct otlp_endpoint {
    const char *url;
    bool url_is_complete; /* HTTP: use it as it is, for every signal */
    uint32_t weight;      /* for OTLP_BALANCE_WEIGHTED and _LEAST_IN_FLIGHT; 0: 1 */
};

#define OTLP_ENDPOINTS_MAX 32

/* Which endpoint a request goes to. One whose circuit breaker is open is never chosen, and one that
 * this request has failed at already only when there is no other. */
enum otlp_balance {
    OTLP_BALANCE_ROUND_ROBIN = 0,
    OTLP_BALANCE_WEIGHTED,        /* in turn, each as often as its weight says, evenly mixed */
    OTLP_BALANCE_LEAST_IN_FLIGHT, /* fewest requests under way, divided by the weight */
};

struct otlp_request_header {
    const char *name;
    const char *value;
};

/* ---- How often, how long, how many ----------------------------------------------------------- */

/*
 * wait = min(cap, first * factor^failures) * uniform(1 - jitter, 1 + jitter), where failures counts
 * from 0. The protocol asks for exponential back-off with jitter and names no figures.
 */
struct otlp_retry_policy {
    uint64_t first_ns;     /* 0: 1 s */
    uint64_t cap_ns;       /* 0: 5 s; never below first_ns */
    double factor;         /* 0: 1.5; at least 1 */
    double jitter;         /* 0: 0.2; at most 1. Below 0: none */
    uint32_t attempts_max; /* the first one included; 0: as many as the time allows */
};

/*
 * One circuit breaker for each endpoint. Closed: requests go. After `failures` attempts in a row
 * without a useful answer it opens: for `open_ns` nothing is sent there. Then it is half open: one
 * request at a time may try, the first success closes it, a failure opens it again. Failures are a
 * missing or broken answer, 5xx, gRPC's retryable codes, UNKNOWN and INTERNAL. An answer that asks
 * to wait (429, or with Retry-After or RetryInfo) is neither failure nor success.
 *
 * A new request that finds all breakers open is OTLP_EXPORT_UNAVAILABLE at once; one that has been
 * tried waits for the first breaker to let it through, if its time allows.
 */
struct otlp_breaker_policy {
    uint32_t failures; /* 0: 10; UINT32_MAX: never opens */
    uint64_t open_ns;  /* 0: 5 s; UINT64_MAX: for good */
};

/* Connections to each endpoint. */
struct otlp_pool_policy {
    uint32_t connections_max; /* 0: 8, or 2 for gRPC with several requests on one */
    /* Opened when the exporter is made, by empty requests, and opened again when `check_ns` finds
     * fewer. At most connections_max. */
    uint32_t connections_min;
    /* gRPC: requests at a time on one connection; 0: 16. The receiver may allow fewer. With a
     * libcurl before 8.1, which cannot tell their answers apart well, it is always 1. */
    uint32_t streams_max;
    uint64_t idle_ns;     /* unused for so long, a connection is not used again; 0: 60 s */
    uint64_t lifetime_ns; /* so old, it is not used again; 0: no limit */
    /* How often every endpoint that has nothing under way is sent an empty request, which keeps
     * connections, finds dead endpoints, and closes breakers that are half open; 0: never. */
    uint64_t check_ns;
};

/* ---- The exporter ---------------------------------------------------------------------------- */

/* Files of TLS, in PEM. NULL: not given. Without ca_file the system's authorities are trusted. */
struct otlp_tls_options {
    const char *ca_file;
    const char *certificate_file; /* of the client, for mutual TLS; with key_file */
    const char *key_file;
    bool accept_any_server; /* no check of the server's certificate: for experiments only */
};

/* All zero is a client of http://localhost:4318 that sends protobuf without compression. Everything
 * that is pointed to is copied. */
struct otlp_transport_options {
    enum otlp_protocol protocol;
    /* endpoint_count 0: http://localhost:4318, or http://localhost:4317 for gRPC. */
    const struct otlp_endpoint *endpoints;
    size_t endpoint_count;
    enum otlp_balance balance;

    /* Sent with every request; of a name that the exporter sets itself yours is sent, except for
     * those that frame the message (content-type, content-encoding, content-length, te, grpc-...),
     * which are OTLP_EINVAL. So it is with the credentials below: of one name the first one of
     * headers, api_key and bearer_token or bearer_token_file is sent. For gRPC names are made
     * lower-case. */
    const struct otlp_request_header *headers;
    size_t header_count;
    const char *api_key;           /* NULL: none */
    const char *api_key_header;    /* NULL: "api-key" */
    const char *bearer_token;      /* as "authorization: Bearer ..."; NULL: none */
    const char *bearer_token_file; /* its first line; read again when the file has changed */
    const char *user_agent_prefix; /* product token of a distribution, before the exporter's own */
    struct otlp_tls_options tls;

    /* A dictionary is borrowed for the life of the exporter. */
    struct otlp_compressor_options compression;
    /* Chooses for each request among `candidates` (a count of 0: gzip 1 and zstd 1), by measuring
     * them on the first payload and following what each export shows; see
     * otlp_compression_choose(). `compression` is then ignored. */
    bool compression_is_adaptive;
    const struct otlp_compression_candidate *candidates;
    size_t candidate_count;

    /* Of an export, retries included; 0: 10 s. A request, such as that of a processor, may ask for
     * a shorter time, and not for a longer one. */
    uint64_t timeout_ns;
    uint64_t attempt_timeout_ns; /* of one request; 0: what is left of the export's */
    uint64_t connect_timeout_ns; /* of a connection; 0: as the attempt */
    struct otlp_retry_policy retry;
    struct otlp_breaker_policy breaker;
    struct otlp_pool_policy pool;

    size_t request_bytes_max;  /* before compression; 0: 64 MiB. Larger ones are refused unsent */
    size_t response_bytes_max; /* decompressed; 0: 4 MiB. A larger one: refused, no retry */
};

#define OTLP_CANDIDATES_MAX 8

/*
 * Makes an exporter and starts its thread. Nothing is sent before the first request, except by
 * pool.connections_min and pool.check_ns.
 *
 * OTLP_EINVAL: a value out of its range, a URL that is none, a header name or value that HTTP does
 * not allow, a certificate without its key. OTLP_EIO: a file of TLS or the token's cannot be read.
 * OTLP_EUNSUPPORTED: the libcurl at hand knows no TLS or HTTP/2 though they are needed.
 * OTLP_ENOMEM: also when a thread cannot be started.
 */
OTLP_API int otlp_transport_create(const struct otlp_transport_options *options,
                                   struct otlp_exporter **exporter);

/* ---- What it has done, and how it is --------------------------------------------------------- */

/* Latencies of exports, retries included: bucket i counts those of less than 2^i * 100 us (and no
 * less than the bound before), the last one all others. */
#define OTLP_LATENCY_BUCKETS 20

/* Counts since the exporter was made. Every request is counted once in exports[], every item once
 * in items_delivered, items_rejected or items_dropped. Requests of checks are counted nowhere here.
 */
struct otlp_transport_metrics {
    uint64_t exports[OTLP_EXPORT_OUTCOMES]; /* requests by outcome */
    uint64_t items_delivered;
    uint64_t items_rejected; /* by partial success */
    uint64_t items_dropped;  /* of requests with any outcome but delivered */
    uint64_t partial;        /* answers with a partial success or a warning */
    uint64_t attempts;       /* requests that went out */
    uint64_t retries;        /* attempts but the first of a request */
    uint64_t throttled;      /* answers that asked to wait */
    uint64_t requests_too_large;
    uint64_t responses_too_large;
    uint64_t payload_bytes; /* of attempts, before compression */
    uint64_t wire_bytes;    /* of attempts: bodies as sent */
    uint64_t connections_opened;
    uint32_t connections; /* open now */
    uint32_t in_flight;   /* requests between send and outcome, now */
    uint32_t in_flight_max;
    uint64_t latency_sum_ns;
    uint64_t latency[OTLP_LATENCY_BUCKETS];
};

/* A snapshot. The exporter must come from otlp_transport_create(). Any thread. */
OTLP_API void otlp_transport_metrics(struct otlp_exporter *exporter,
                                     struct otlp_transport_metrics *metrics);

enum otlp_breaker_state {
    OTLP_BREAKER_CLOSED = 0,
    OTLP_BREAKER_OPEN,
    OTLP_BREAKER_HALF_OPEN,
};

/* "closed", "open", "half open". Static text. */
OTLP_API const char *otlp_breaker_state_name(enum otlp_breaker_state state);

struct otlp_endpoint_health {
    /* As it was given, but that all between "://" and the last "@" is "***". Lives as long as the
     * exporter. */
    const char *url;
    enum otlp_breaker_state breaker;
    uint32_t failures_in_row;
    uint32_t in_flight;
    uint32_t connections;
    uint64_t answers;  /* attempts that were no failure */
    uint64_t failures; /* attempts that were (see otlp_breaker_policy) */
    char message[256]; /* of the last failure; "" before the first */
};

/* Fills at most `capacity` entries from what is known, without sending; returns the number of
 * endpoints. Any thread. */
OTLP_API size_t otlp_transport_health(struct otlp_exporter *exporter,
                                      struct otlp_endpoint_health *health, size_t capacity);

/*
 * Sends every endpoint an empty request, breakers notwithstanding, and waits for the answers. 0: at
 * least one endpoint accepted it. OTLP_EIO: none did (otlp_transport_health() tells why).
 * OTLP_ETIMEOUT: no answer in time. OTLP_EENDED: it was shut down. OTLP_ENOMEM. timeout_ns 0: the
 * exporter's time-out.
 */
OTLP_API int otlp_transport_check(struct otlp_exporter *exporter, uint64_t timeout_ns);

#ifdef __cplusplus
}
#endif

#endif
