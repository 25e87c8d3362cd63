#include "pace.h"

#include <string.h>

#define SECOND_NS        1000000000u
#define TICK_NS          20000000u /* between two portions of what is slowed down */
#define BODY_BYTES_PER_S 512       /* a body that comes slower is given up in the end */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* One byte at least, and how long it stands for. */
static size_t portion(uint64_t bytes_per_s)
{
    uint64_t bytes = bytes_per_s / (SECOND_NS / TICK_NS);
    return bytes > 0 ? (size_t)bytes : 1;
}

static uint64_t pause_ns(uint64_t bytes_per_s, size_t bytes)
{
    return (uint64_t)((double)bytes * 1e9 / (double)bytes_per_s);
}

bool otlp__rx_pace_stops_reading(const struct rx_conn *conn)
{
    return conn->read_bytes_per_s != 0 && otlp__rx_now_ns() < conn->read_after_ns;
}

size_t otlp__rx_pace_reading(const struct rx_conn *conn, size_t wanted)
{
    if (conn->read_bytes_per_s == 0 || conn->is_lingering) {
        return wanted;
    }
    size_t most = portion(conn->read_bytes_per_s);
    return wanted < most ? wanted : most;
}

void otlp__rx_pace_has_read(struct rx_conn *conn, size_t bytes)
{
    if (conn->read_bytes_per_s != 0) {
        conn->read_after_ns = otlp__rx_now_ns() + pause_ns(conn->read_bytes_per_s, bytes);
    }
}

size_t otlp__rx_pace_sending(struct rx_conn *conn)
{
    size_t len = otlp__rx_conn_backlog(conn);
    if (conn->write_bytes_per_s != 0) {
        if (otlp__rx_now_ns() < conn->send_after_ns) {
            return 0;
        }
        size_t most = portion(conn->write_bytes_per_s);
        len = len < most ? len : most;
    }
    if (conn->reset_after != SIZE_MAX && len > conn->reset_after - conn->out_sent) {
        len = conn->reset_after - conn->out_sent;
    }
    return len;
}

void otlp__rx_pace_has_sent(struct rx_conn *conn, size_t bytes)
{
    if (conn->write_bytes_per_s != 0) {
        conn->send_after_ns = otlp__rx_now_ns() + pause_ns(conn->write_bytes_per_s, bytes);
    }
    if (conn->reset_after != SIZE_MAX && conn->out_sent >= conn->reset_after) {
        conn->is_reset = true;
    }
}

void otlp__rx_pace_all_sent(struct rx_conn *conn)
{
    conn->write_bytes_per_s = 0;
    conn->send_after_ns = 0;
}

static enum rx_wait waiting(const struct rx_conn *conn)
{
    if (conn->is_shaking) {
        return RX_WAIT_HEAD;
    }
    if (conn->protocol == NULL) {
        return conn->in.len > 0 ? RX_WAIT_HEAD : RX_WAIT_IDLE;
    }
    return conn->protocol->waiting(conn);
}

static uint64_t deadline(struct rx_conn *conn)
{
    const struct otlp_receiver_limits *limits = &conn->scratch->service->options.limits;
    enum rx_wait now_waiting = waiting(conn);
    if (now_waiting != conn->waited) {
        conn->waited = now_waiting;
        conn->waited_since_ns = conn->progress_ns;
        conn->received = 0;
    }
    uint64_t quiet = conn->progress_ns + limits->idle_timeout_ns;
    if (otlp__rx_conn_backlog(conn) > 0) {
        return conn->write_bytes_per_s != 0 ? 0 : quiet;
    }
    switch (now_waiting) {
    case RX_WAIT_HEAD:
        return conn->waited_since_ns + limits->header_timeout_ns;
    case RX_WAIT_BODY:
        if (conn->read_bytes_per_s != 0) {
            return 0;
        }
        return earlier(quiet, conn->waited_since_ns + limits->idle_timeout_ns +
                                  conn->received * (SECOND_NS / BODY_BYTES_PER_S));
    case RX_WAIT_SELF:
        return 0;
    case RX_WAIT_PEER:
    case RX_WAIT_IDLE:
        break;
    }
    return quiet;
}

void otlp__rx_pace_arm(struct rx_conn *conn)
{
    conn->deadline_ns = conn->is_lingering ? conn->linger_until_ns : deadline(conn);
    uint64_t next = conn->deadline_ns;
    if (conn->write_bytes_per_s != 0 && otlp__rx_conn_backlog(conn) > 0) {
        next = earlier(next, conn->send_after_ns);
    }
    if (otlp__rx_pace_stops_reading(conn)) {
        next = earlier(next, conn->read_after_ns);
    }
    if (next == 0 || (conn->armed_ns != 0 && conn->armed_ns <= next)) {
        return; /* it will look again when the timer that is set comes */
    }
    uint64_t now = otlp__rx_now_ns();
    uint64_t in_ns = next > now ? next - now : 0;
    struct timeval in = {.tv_sec = (time_t)(in_ns / SECOND_NS),
                         .tv_usec = (suseconds_t)(in_ns % SECOND_NS / 1000 + 1)};
    evtimer_add(conn->timer, &in);
    conn->armed_ns = next;
}
