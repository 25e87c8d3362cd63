/* Bytes in and out of a connection's socket, with TLS or without. */
#ifndef OTLP_RECEIVER_WIRE_H
#define OTLP_RECEIVER_WIRE_H

#include <sys/types.h>

#include "conn.h"

enum {
    RX_WIRE_END = 0,
    RX_WIRE_AGAIN = -1, /* nothing now */
    RX_WIRE_BROKEN = -2,
};

/* At least one byte, or one of the above. */
ssize_t otlp__rx_wire_read(struct rx_conn *conn, uint8_t *data, size_t data_bytes);
ssize_t otlp__rx_wire_write(struct rx_conn *conn, const uint8_t *data, size_t data_len);

/* Goes on with the TLS handshake: 1 when it has ended well, or AGAIN or BROKEN. *wants_write tells
 * what to wait for. */
int otlp__rx_wire_shake(struct rx_conn *conn, bool *wants_write);

/* Tells the other side that nothing more will come. */
void otlp__rx_wire_shut(struct rx_conn *conn);

/* Closing the socket will reset the connection. */
void otlp__rx_wire_poison(struct rx_conn *conn);

#endif
