/*
 * Exporters: where encoded requests go.
 *
 * An exporter takes whole requests, already encoded, and answers when they are delivered or given
 * up: retries, back-off and connections are its own business. What makes requests (batch.h) and
 * what carries them (transport.h, file_exporter.h) know each other by this interface alone, and a
 * program may bring an exporter of its own.
 */
#ifndef OTLP_EXPORTER_H
#define OTLP_EXPORTER_H

#include <stddef.h>
#include <stdint.h>

#include <otlp/api.h>
#include <otlp/error.h>
#include <otlp/signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a request is encoded. */
enum otlp_encoding {
    OTLP_ENCODING_PROTOBUF,
    OTLP_ENCODING_JSON,
};

/* One request: an Export<Signal>ServiceRequest. The bytes stay the caller's. */
struct otlp_export {
    enum otlp_signal signal;
    const uint8_t *data;
    size_t data_len;
    size_t items; /* spans, data points or log records in it */
    /* For the whole export, retries included; 0: the exporter's own. Where both are given, the
     * shorter one counts. */
    uint64_t timeout_ns;
};

enum otlp_export_outcome {
    OTLP_EXPORT_DELIVERED = 0, /* all of it was accepted, or all but `rejected` (partial success) */
    OTLP_EXPORT_REFUSED,       /* the receiver said no for good, or the request is too large */
    OTLP_EXPORT_TIMED_OUT,     /* retries went on until the time was up */
    OTLP_EXPORT_UNAVAILABLE,   /* attempts used up, or the circuit breaker is open */
    OTLP_EXPORT_SHUT_DOWN,     /* the exporter was shut down before or meanwhile */
    OTLP_EXPORT_FAILED,        /* memory ran out, or a file could not be written */
};

#define OTLP_EXPORT_OUTCOMES 6

struct otlp_export_result {
    enum otlp_export_outcome outcome;
    size_t rejected;   /* items that a partial success did not take */
    uint32_t attempts; /* requests that were sent, at least in part */
    int status;        /* HTTP status or gRPC code of the last answer; -1: none came */
    char message[256]; /* UTF-8, cut off; from the receiver or about what went wrong; "": none */
};

struct otlp_exporter;

/* What an exporter can do. All but `free` are called by any number of threads at once. */
struct otlp_exporter_ops {
    /* Blocks until the outcome is known, at most until the time-out and a little. Fills *result,
     * and returns its outcome. */
    enum otlp_export_outcome (*send)(struct otlp_exporter *exporter,
                                     const struct otlp_export *request,
                                     struct otlp_export_result *result);
    /* Makes what was accepted durable (a file is synchronised). 0, OTLP_ETIMEOUT, or OTLP_EIO: the
     * disk failed. May be NULL: nothing is held back. */
    int (*flush)(struct otlp_exporter *exporter, uint64_t timeout_ns);
    /* No more retries: exports under way end within the time-out, later ones are
     * OTLP_EXPORT_SHUT_DOWN. 0, OTLP_ETIMEOUT, or OTLP_EIO as flush. Again: 0. */
    int (*shutdown)(struct otlp_exporter *exporter, uint64_t timeout_ns);
    /* After shutdown; no other thread uses it any more. */
    void (*free)(struct otlp_exporter *exporter);
};

/* The head of every exporter; an implementation has it as its first member. */
struct otlp_exporter {
    const struct otlp_exporter_ops *ops;
    enum otlp_encoding encoding; /* of the requests that it wants */
};

static inline enum otlp_export_outcome otlp_exporter_send(struct otlp_exporter *exporter,
                                                          const struct otlp_export *request,
                                                          struct otlp_export_result *result)
{
    return exporter->ops->send(exporter, request, result);
}

static inline int otlp_exporter_flush(struct otlp_exporter *exporter, uint64_t timeout_ns)
{
    return exporter->ops->flush == NULL ? 0 : exporter->ops->flush(exporter, timeout_ns);
}

static inline int otlp_exporter_shutdown(struct otlp_exporter *exporter, uint64_t timeout_ns)
{
    return exporter->ops->shutdown(exporter, timeout_ns);
}

/* NULL is allowed. */
static inline void otlp_exporter_free(struct otlp_exporter *exporter)
{
    if (exporter != NULL) {
        exporter->ops->free(exporter);
    }
}

/* "delivered", "refused", "timed out", "unavailable", "shut down", "failed". Static text. */
OTLP_API const char *otlp_export_outcome_name(enum otlp_export_outcome outcome);

#ifdef __cplusplus
}
#endif

#endif
