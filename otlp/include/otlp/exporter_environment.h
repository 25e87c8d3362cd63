/*
 * Exporters configured by the environment (OpenTelemetry specification, "OpenTelemetry Protocol
 * Exporter", Configuration Options).
 *
 *     struct otlp_exporter *exporter;
 *     int error = otlp_exporter_from_env(OTLP_TRACES, NULL, &exporter);
 *
 * Each variable has a form for one signal, such as OTEL_EXPORTER_OTLP_TRACES_TIMEOUT, that wins
 * over the general one, such as OTEL_EXPORTER_OTLP_TIMEOUT. An empty value is as good as none. A
 * value that cannot be understood is told by `warn` and then counts as not set.
 *
 *   ENDPOINT            a base to which v1/traces ... is appended; http://localhost:4318, or
 *                       http://localhost:4317 for gRPC
 *   <SIGNAL>_ENDPOINT   is used as it is
 *   PROTOCOL            http/protobuf (the default), http/json, grpc; in any case
 *   INSECURE            true: no TLS to a gRPC endpoint that is given without http:// or https://
 *   CERTIFICATE         file of the authorities that are trusted, PEM
 *   CLIENT_CERTIFICATE, CLIENT_KEY   for mutual TLS, PEM; only both together
 *   HEADERS             key=value,key=value; values are percent-decoded
 *   COMPRESSION         none (the default), gzip; beyond the specification zstd and br
 *   TIMEOUT             milliseconds of an export; 10000; 0: no limit
 */
#ifndef OTLP_EXPORTER_ENVIRONMENT_H
#define OTLP_EXPORTER_ENVIRONMENT_H

#include <otlp/api.h>
#include <otlp/error.h>
#include <otlp/exporter.h>
#include <otlp/signal.h>
#include <otlp/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where variables come from and warnings go; any member may be NULL. */
struct otlp_env_hooks {
    /* The value of a variable or NULL; it need not live longer than until the next call. NULL:
     * getenv(), with its care for programs that change their environment. */
    const char *(*get)(const char *name, void *data);
    /* Takes one line of text without a line end. The values of headers never appear in it. */
    void (*warn)(const char *text, void *data);
    void *data; /* passed to both */
};

/* What the environment says, as options that may be changed before an exporter is made of them. */
struct otlp_env;

/* Reads the variables for one signal. hooks NULL: getenv() and no warnings. OTLP_ENOMEM. */
OTLP_API int otlp_env_read(enum otlp_signal signal, const struct otlp_env_hooks *hooks,
                           struct otlp_env **env);

/* The options; what they point to lives as long as `env`. */
OTLP_API struct otlp_transport_options *otlp_env_options(struct otlp_env *env);

/* NULL is allowed. */
OTLP_API void otlp_env_free(struct otlp_env *env);

/* An exporter for one signal, as otlp_transport_create() makes it and with its errors. */
OTLP_API int otlp_exporter_from_env(enum otlp_signal signal, const struct otlp_env_hooks *hooks,
                                    struct otlp_exporter **exporter);

#ifdef __cplusplus
}
#endif

#endif
