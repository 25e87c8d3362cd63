#include "wire.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t tls_result(SSL *ssl, int rc)
{
    switch (SSL_get_error(ssl, rc)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return RX_WIRE_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return RX_WIRE_END;
    default:
        return RX_WIRE_BROKEN;
    }
}

static ssize_t plain_result(ssize_t rc)
{
    if (rc >= 0) {
        return rc;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? RX_WIRE_AGAIN
                                                                     : RX_WIRE_BROKEN;
}

static int bounded(size_t bytes)
{
    return bytes < INT_MAX ? (int)bytes : INT_MAX;
}

ssize_t otlp__rx_wire_read(struct rx_conn *conn, uint8_t *data, size_t data_bytes)
{
    if (conn->ssl == NULL || conn->is_lingering) {
        return plain_result(recv(conn->fd, data, data_bytes, 0));
    }
    ERR_clear_error();
    int rc = SSL_read(conn->ssl, data, bounded(data_bytes));
    return rc > 0 ? rc : tls_result(conn->ssl, rc);
}

ssize_t otlp__rx_wire_write(struct rx_conn *conn, const uint8_t *data, size_t data_len)
{
    if (conn->ssl == NULL) {
        ssize_t sent = plain_result(send(conn->fd, data, data_len, MSG_NOSIGNAL));
        return sent == 0 ? RX_WIRE_AGAIN : sent;
    }
    ERR_clear_error();
    int rc = SSL_write(conn->ssl, data, bounded(data_len));
    return rc > 0 ? rc : tls_result(conn->ssl, rc);
}

int otlp__rx_wire_shake(struct rx_conn *conn, bool *wants_write)
{
    ERR_clear_error();
    int rc = SSL_do_handshake(conn->ssl);
    if (rc == 1) {
        return 1;
    }
    int error = SSL_get_error(conn->ssl, rc);
    *wants_write = error == SSL_ERROR_WANT_WRITE;
    return error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ ? RX_WIRE_AGAIN
                                                                         : RX_WIRE_BROKEN;
}

void otlp__rx_wire_shut(struct rx_conn *conn)
{
    if (conn->ssl != NULL && !conn->is_shaking) {
        ERR_clear_error();
        SSL_shutdown(conn->ssl);
        ERR_clear_error();
    }
    shutdown(conn->fd, SHUT_WR);
}

void otlp__rx_wire_poison(struct rx_conn *conn)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}
