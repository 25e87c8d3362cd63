/*
 * A connection: bytes in and out of a socket (with TLS or without), time-outs, and one of the two
 * protocols on top. A connection belongs to the thread of its worker.
 */
#ifndef OTLP_RECEIVER_CONN_H
#define OTLP_RECEIVER_CONN_H

#include <event2/event.h>
#include <openssl/ssl.h>

#include "clock.h"
#include "exchange.h"

#define RX_BACKLOG_BYTES_MAX ((size_t)128 * 1024) /* above it nothing more is read */

struct rx_conn;

/* What a connection is waiting for, and so how long. */
enum rx_wait {
    RX_WAIT_IDLE, /* for a request */
    RX_WAIT_HEAD, /* for the rest of a header */
    RX_WAIT_BODY, /* for the rest of a body */
    RX_WAIT_SELF, /* for an answer that is being made */
    RX_WAIT_PEER, /* for the other side to let answers through */
};

struct rx_protocol {
    /* The protocol's state becomes conn->state. OTLP_ENOMEM. */
    int (*open)(struct rx_conn *conn);
    void (*close)(struct rx_conn *conn);
    /* Takes bytes from the front of the data, as many as it can do with now; how many. */
    size_t (*feed)(struct rx_conn *conn, const uint8_t *data, size_t data_len);
    /* Optional: where bytes may be read to instead, and that they are there. */
    uint8_t *(*room)(struct rx_conn *conn, size_t *room_bytes);
    void (*filled)(struct rx_conn *conn, size_t bytes);
    /* The answer of an exchange of this connection is due. */
    void (*answer)(struct rx_conn *conn, struct rx_exchange *exchange);
    /* Optional: puts into conn->out what is waiting to be sent. */
    void (*pump)(struct rx_conn *conn);
    enum rx_wait (*waiting)(const struct rx_conn *conn);
    /* No new requests are taken; the connection ends when those under way are answered. */
    void (*drain)(struct rx_conn *conn);
    /* The time for what is being waited for is up: a last word, if the protocol has one. */
    void (*timed_out)(struct rx_conn *conn);
};

extern const struct rx_protocol otlp__rx_http1;
extern const struct rx_protocol otlp__rx_http2;

struct rx_conn {
    struct rx_conn *next;
    struct rx_conn *previous;
    struct rx_conn **list; /* that it is in */
    struct rx_scratch *scratch;
    struct event_base *base;
    int fd; /* negative: none; what is sent stays in `out` */
    SSL *ssl;
    struct event *readable;
    struct event *writable;
    struct event *timer;
    const struct rx_protocol *protocol; /* NULL: not known yet */
    void *state;
    struct otlp_buffer in;  /* bytes that the protocol could not take yet */
    struct otlp_buffer out; /* bytes to send, from out_sent */
    size_t out_sent;
    uint64_t deadline_ns; /* 0: none */
    uint64_t progress_ns; /* when bytes last moved */
    enum rx_wait waited;
    uint64_t waited_since_ns;
    uint64_t linger_until_ns;
    uint64_t armed_ns;          /* when the timer comes; 0: it does not */
    uint64_t received;          /* bytes, since waited_since_ns */
    uint64_t write_bytes_per_s; /* until what is in `out` is sent; 0: at once */
    uint64_t send_after_ns;
    uint64_t read_bytes_per_s; /* likewise, until the request is there */
    uint64_t read_after_ns;
    size_t
        cut_from; /* SIZE_MAX, or where in `out` an answer begins that is to be cut in its middle */
    size_t reset_after; /* SIZE_MAX, or the connection is reset when so much of `out` is sent */
    bool grpc_only;
    bool is_over_limit; /* it only hears that there are too many */
    unsigned *refusals; /* counts such ones */
    bool is_shaking;    /* in the TLS handshake */
    bool is_held;       /* the protocol takes no bytes until its answer is out */
    bool is_released;   /* it takes bytes again, and may have some to take */
    bool is_choked;     /* the protocol left bytes until the backlog is smaller */
    bool is_ending;     /* closed when `out` is sent */
    bool is_lingering;  /* our side is closed, and what still comes is thrown away */
    bool is_reset;      /* to be reset now */
    bool is_dead;       /* to be freed now */
    bool is_draining;
    bool saw_end; /* the other side sends no more */
};

/* Takes over a socket; the connection is in the list until it ends. With fd -1 there is no socket,
 * and otlp__rx_conn_take is the only way in. NULL: out of memory, and the socket is left alone. */
struct rx_conn *otlp__rx_conn_new(struct rx_conn **list, struct event_base *base,
                                  struct rx_scratch *scratch, int fd, bool grpc_only,
                                  bool is_over_limit);

/* No new requests: it ends when those under way are answered. It may be gone afterwards. */
void otlp__rx_conn_drain(struct rx_conn *conn);

/* Closes and frees it at once. */
void otlp__rx_conn_free(struct rx_conn *conn);

/* Bytes have come. */
void otlp__rx_conn_take(struct rx_conn *conn, const uint8_t *data, size_t data_len);

/* Sends, closes, and sees to what to wait for next; every way into a connection ends here. The
 * connection may be gone afterwards. */
void otlp__rx_conn_settle(struct rx_conn *conn);

/* ---- For protocols ---------------------------------------------------------------------------*/

/* Queues bytes. Without memory the connection is reset. */
void otlp__rx_conn_send(struct rx_conn *conn, const void *data, size_t data_len);

/* The connection ends when everything is sent. */
void otlp__rx_conn_end(struct rx_conn *conn);

/* The answer of an exchange is there: sees to it that protocol->answer is called, at once or when
 * its delay is over, or never when its fault says so. */
void otlp__rx_conn_deliver(struct rx_conn *conn, struct rx_exchange *exchange);

/* Called when a header has come and its body is still to come: the faults that begin there. */
void otlp__rx_conn_watch(struct rx_conn *conn, struct rx_exchange *exchange);

/* Called when part of a body has come. */
void otlp__rx_conn_uploaded(struct rx_conn *conn, const struct rx_exchange *exchange);

/* Bytes that wait to be sent. */
static inline size_t otlp__rx_conn_backlog(const struct rx_conn *conn)
{
    return conn->out.len - conn->out_sent;
}

#endif
