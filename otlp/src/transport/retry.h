/* When to try again: back-off, and what receivers ask for. Pure functions. */
#ifndef OTLP_SRC_RETRY_H
#define OTLP_SRC_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otlp/transport.h>

#define OTLP__SECOND_NS 1000000000u

/* Longer delays than a year are taken for a year. */
#define OTLP__DELAY_MAX_NS (365u * 86400u * (uint64_t)OTLP__SECOND_NS)

/* The wait after the failure with this number, counted from 0. `random` is from [0, 1). The policy
 * is complete: no member stands for its default. */
uint64_t otlp__retry_wait_ns(const struct otlp_retry_policy *policy, uint32_t failure,
                             double random);

/* The value of Retry-After (RFC 9110, 10.2.3): whole seconds or an HTTP-date; a date that has
 * passed is 0. False: it is neither. */
bool otlp__retry_after(const char *value, size_t value_len, uint64_t now_unix_s,
                       uint64_t *delay_ns);

/* HTTP status codes that are tried again (OTLP specification, "Retryable Response Codes"). */
bool otlp__http_is_retryable(int status);

/* gRPC status codes that are (OTLP specification, "OTLP/gRPC Response"). */
bool otlp__grpc_is_retryable(int code, bool has_retry_info);

#endif
