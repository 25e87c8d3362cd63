/* The addresses of requests. */
#ifndef OTLP_SRC_URLS_H
#define OTLP_SRC_URLS_H

#include <stdbool.h>

#include <otlp/signal.h>
#include <otlp/transport.h>

/* The URL to which requests of a signal go. OTLP_EINVAL: `url` is no http or https URL with a host.
 * OTLP_ENOMEM. free() it. */
int otlp__request_url(const char *url, enum otlp_protocol protocol, bool is_complete,
                      enum otlp_signal signal, char **request_url);

bool otlp__url_is_https(const char *url);

/* Whether its host is this machine: localhost, 127.0.0.0/8, ::1. */
bool otlp__url_is_local(const char *url);

/* A copy for people to read: "***" takes the place of user and password, and of all else between
 * the scheme and the last "@". NULL: out of memory. free() it. */
char *otlp__url_to_show(const char *url);

/* Whether it begins with a scheme and "://". */
bool otlp__url_has_scheme(const char *url);

#endif
