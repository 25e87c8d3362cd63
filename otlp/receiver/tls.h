/* The TLS side of a receiver: TLS 1.2 and later, ALPN h2 and http/1.1, certificates of clients. */
#ifndef OTLP_RECEIVER_TLS_H
#define OTLP_RECEIVER_TLS_H

#include <openssl/ssl.h>

#include <otlp/receiver.h>

/* *context: NULL when no certificate is given. OTLP_EIO: a file cannot be used; OTLP_ENOMEM. */
int otlp__rx_tls_create(const struct otlp_receiver_options *options, SSL_CTX **context,
                        char *message, size_t message_bytes);

/* What follows from a handshake that has ended: true when the client chose HTTP/2. */
bool otlp__rx_tls_is_h2(const SSL *ssl);

/* Makes the side of a connection on a socket; with h2_only no other protocol is agreed to. NULL:
 * out of memory. */
SSL *otlp__rx_tls_accept(SSL_CTX *context, int fd, bool h2_only);

#endif
