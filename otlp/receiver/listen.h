/* Sockets that listen. */
#ifndef OTLP_RECEIVER_LISTEN_H
#define OTLP_RECEIVER_LISTEN_H

/* Listens on a numeric address, IPv4 or IPv6, and a port (0: any that is free); *bound is the port
 * then. The socket, or -1 with errno; EINVAL: that is no address. */
int otlp__rx_listen(const char *host, int port, int *bound);

#endif
