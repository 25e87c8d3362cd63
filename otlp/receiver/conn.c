#include "conn.h"

#include "pace.h"
#include "tls.h"
#include "wire.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READS_PER_EVENT  8
#define OUT_BYTES_KEPT   ((size_t)32 * 1024)
#define LINGER_NS        2000000000u
#define H2_PREFACE       "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define H2_PREFACE_BYTES 24

/* ---- Beginning and end ------------------------------------------------------------------------*/

static void on_readable(evutil_socket_t fd, short what, void *argument);

static void on_writable(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct rx_conn *conn = argument;
    if (conn->is_shaking) {
        on_readable(fd, what, argument);
    } else {
        otlp__rx_conn_settle(conn);
    }
}

static void on_timer(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct rx_conn *conn = argument;
    conn->armed_ns = 0;
    uint64_t now = otlp__rx_now_ns();
    if (conn->is_lingering) {
        conn->is_dead = now >= conn->linger_until_ns;
    } else if (conn->deadline_ns != 0 && now >= conn->deadline_ns) {
        otlp__rx_add(&conn->scratch->service->counters.timeouts, 1);
        if (conn->protocol == NULL || otlp__rx_conn_backlog(conn) > 0 || conn->is_ending) {
            conn->is_dead = true;
        } else {
            conn->protocol->timed_out(conn);
        }
    }
    otlp__rx_conn_settle(conn);
}

static bool make_events(struct rx_conn *conn)
{
    if (conn->fd < 0) {
        return true;
    }
    conn->readable = event_new(conn->base, conn->fd, EV_READ | EV_PERSIST, on_readable, conn);
    conn->writable = event_new(conn->base, conn->fd, EV_WRITE, on_writable, conn);
    conn->timer = evtimer_new(conn->base, on_timer, conn);
    return conn->readable != NULL && conn->writable != NULL && conn->timer != NULL &&
           event_add(conn->readable, NULL) == 0;
}

static void free_events(struct rx_conn *conn)
{
    struct event *const events[] = {conn->readable, conn->writable, conn->timer};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (events[i] != NULL) {
            event_free(events[i]);
        }
    }
}

static void link_in(struct rx_conn *conn)
{
    conn->next = *conn->list;
    if (conn->next != NULL) {
        conn->next->previous = conn;
    }
    *conn->list = conn;
}

static void link_out(struct rx_conn *conn)
{
    if (conn->previous != NULL) {
        conn->previous->next = conn->next;
    } else {
        *conn->list = conn->next;
    }
    if (conn->next != NULL) {
        conn->next->previous = conn->previous;
    }
}

/* What a connection above the limit is told. */
static void say_too_many(struct rx_conn *conn)
{
    static const char http[] = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n"
                               "connection: close\r\ncontent-length: 0\r\n\r\n";
    /* An empty SETTINGS frame, and GOAWAY: no stream was processed, ENHANCE_YOUR_CALM. */
    static const uint8_t http2[] = {0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 7,
                                    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11};
    if (conn->scratch->service->tls != NULL) {
        conn->is_dead = true;
    } else if (conn->grpc_only) {
        otlp__rx_conn_send(conn, http2, sizeof http2);
    } else {
        otlp__rx_conn_send(conn, http, sizeof http - 1);
    }
    otlp__rx_conn_end(conn);
}

struct rx_conn *otlp__rx_conn_new(struct rx_conn **list, struct event_base *base,
                                  struct rx_scratch *scratch, int fd, bool grpc_only,
                                  bool is_over_limit)
{
    struct rx_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL) {
        return NULL;
    }
    conn->list = list;
    conn->scratch = scratch;
    conn->base = base;
    conn->fd = fd;
    conn->grpc_only = grpc_only;
    conn->is_over_limit = is_over_limit;
    conn->cut_from = SIZE_MAX;
    conn->reset_after = SIZE_MAX;
    conn->progress_ns = otlp__rx_now_ns();
    conn->waited_since_ns = conn->progress_ns;
    if (scratch->service->tls != NULL && fd >= 0 && !is_over_limit) {
        conn->ssl = otlp__rx_tls_accept(scratch->service->tls, fd, grpc_only);
        conn->is_shaking = true;
    }
    if ((conn->is_shaking && conn->ssl == NULL) || !make_events(conn)) {
        SSL_free(conn->ssl);
        free_events(conn);
        free(conn);
        return NULL;
    }
    link_in(conn);
    if (is_over_limit) {
        say_too_many(conn);
    }
    return conn;
}

void otlp__rx_conn_free(struct rx_conn *conn)
{
    if (conn->protocol != NULL) {
        conn->protocol->close(conn);
    }
    link_out(conn);
    free_events(conn);
    SSL_free(conn->ssl);
    if (conn->fd >= 0) {
        close(conn->fd);
    }
    otlp__rx_discharge(conn->scratch->service, conn->in.capacity);
    otlp_buffer_release(&conn->in);
    otlp_buffer_release(&conn->out);
    if (conn->refusals != NULL) {
        (*conn->refusals)--;
    }
    if (!conn->is_over_limit) {
        atomic_fetch_sub(&conn->scratch->service->counters.connections_open, 1);
    }
    free(conn);
}

void otlp__rx_conn_end(struct rx_conn *conn)
{
    conn->is_ending = true;
}

void otlp__rx_conn_drain(struct rx_conn *conn)
{
    conn->is_draining = true;
    if (conn->protocol != NULL) {
        conn->protocol->drain(conn);
    } else if (conn->in.len == 0) {
        conn->is_dead = true;
    }
    otlp__rx_conn_settle(conn);
}

/* ---- In ---------------------------------------------------------------------------------------*/

/* Which protocol the first bytes are of. false: there must be more. */
static bool choose_protocol(struct rx_conn *conn, const uint8_t *data, size_t data_len)
{
    size_t len = data_len < H2_PREFACE_BYTES ? data_len : H2_PREFACE_BYTES;
    bool is_h2 = memcmp(data, H2_PREFACE, len) == 0;
    if (is_h2 && len < H2_PREFACE_BYTES) {
        return false;
    }
    const struct rx_protocol *protocol = is_h2 ? &otlp__rx_http2 : &otlp__rx_http1;
    if (protocol->open(conn) != 0) {
        conn->is_dead = true;
        return false;
    }
    conn->protocol = protocol;
    if (conn->is_draining) {
        protocol->drain(conn);
    }
    return true;
}

static size_t feed(struct rx_conn *conn, const uint8_t *data, size_t data_len)
{
    if (conn->protocol == NULL && !choose_protocol(conn, data, data_len)) {
        return 0;
    }
    return conn->protocol->feed(conn, data, data_len);
}

static bool keep(struct rx_conn *conn, const uint8_t *data, size_t data_len)
{
    if (data_len == 0) {
        return true;
    }
    /* The most that growing may make of it; what is more than it became is given back. */
    size_t before = conn->in.capacity;
    size_t most = conn->in.len + data_len > before ? 2 * (conn->in.len + data_len) + 256 : before;
    if (!otlp__rx_charge(conn->scratch->service, most - before)) {
        otlp__rx_add(&conn->scratch->service->counters.overloaded, 1);
        return false;
    }
    int rc = otlp_buffer_reserve(&conn->in, data_len);
    otlp__rx_discharge(conn->scratch->service, most - conn->in.capacity);
    if (rc != 0) {
        return false;
    }
    memcpy(conn->in.data + conn->in.len, data, data_len);
    conn->in.len += data_len;
    return true;
}

/* What was kept goes to the protocol. */
static void digest(struct rx_conn *conn)
{
    size_t used = conn->in.len > 0 ? feed(conn, conn->in.data, conn->in.len) : 0;
    conn->in.len -= used;
    if (conn->in.len > 0 && used > 0) {
        memmove(conn->in.data, conn->in.data + used, conn->in.len);
    } else if (conn->in.len == 0 && conn->in.capacity > 0) {
        otlp__rx_discharge(conn->scratch->service, conn->in.capacity);
        otlp_buffer_release(&conn->in);
    }
}

void otlp__rx_conn_take(struct rx_conn *conn, const uint8_t *data, size_t data_len)
{
    conn->progress_ns = otlp__rx_now_ns();
    conn->received += data_len;
    if (conn->is_lingering || conn->is_ending || conn->is_dead) {
        return;
    }
    if (conn->in.len > 0) {
        conn->is_dead = !keep(conn, data, data_len);
        if (!conn->is_held && !conn->is_dead) {
            digest(conn);
        }
        return;
    }
    size_t used = conn->is_held ? 0 : feed(conn, data, data_len);
    if (!conn->is_ending && !keep(conn, data + used, data_len - used)) {
        conn->is_dead = true;
    }
}

static void meet_end(struct rx_conn *conn)
{
    conn->saw_end = true;
    enum rx_wait waited = conn->protocol != NULL ? conn->protocol->waiting(conn) : RX_WAIT_IDLE;
    bool is_broken = waited == RX_WAIT_HEAD || waited == RX_WAIT_BODY ||
                     (conn->protocol == NULL && conn->in.len > 0);
    if (is_broken && !conn->is_ending) {
        otlp__rx_add(&conn->scratch->service->counters.protocol_errors, 1);
    }
    if (conn->is_lingering || otlp__rx_conn_backlog(conn) == 0 || is_broken) {
        conn->is_dead = true;
    } else {
        otlp__rx_conn_end(conn);
    }
}

/* Whether reading makes sense now. */
static bool wants_bytes(const struct rx_conn *conn)
{
    if (conn->is_lingering || conn->is_shaking) {
        return !conn->saw_end;
    }
    return !conn->is_held && !conn->is_ending && !conn->saw_end && !conn->is_dead &&
           !conn->is_reset && otlp__rx_conn_backlog(conn) < RX_BACKLOG_BYTES_MAX &&
           !otlp__rx_pace_stops_reading(conn);
}

static void read_some(struct rx_conn *conn)
{
    for (int i = 0; i < READS_PER_EVENT && wants_bytes(conn); i++) {
        size_t room = 0;
        uint8_t *to = NULL;
        if (conn->protocol != NULL && conn->protocol->room != NULL && conn->in.len == 0 &&
            !conn->is_lingering) {
            to = conn->protocol->room(conn, &room);
        }
        bool is_direct = to != NULL;
        if (!is_direct) {
            to = conn->scratch->read;
            room = RX_READ_BYTES;
        }
        room = otlp__rx_pace_reading(conn, room);
        ssize_t got = otlp__rx_wire_read(conn, to, room);
        if (got == RX_WIRE_AGAIN) {
            break;
        }
        if (got <= 0) {
            conn->is_dead = got == RX_WIRE_BROKEN;
            meet_end(conn);
            break;
        }
        otlp__rx_pace_has_read(conn, (size_t)got);
        if (is_direct) {
            conn->progress_ns = otlp__rx_now_ns();
            conn->received += (size_t)got;
            conn->protocol->filled(conn, (size_t)got);
        } else {
            otlp__rx_conn_take(conn, to, (size_t)got);
        }
        if ((size_t)got < room && conn->ssl == NULL) {
            break;
        }
    }
}

static void shake(struct rx_conn *conn)
{
    bool wants_write = false;
    int rc = otlp__rx_wire_shake(conn, &wants_write);
    if (rc == 1) {
        conn->is_shaking = false;
        conn->progress_ns = otlp__rx_now_ns();
        conn->waited_since_ns = conn->progress_ns;
    } else if (rc == RX_WIRE_BROKEN) {
        otlp__rx_add(&conn->scratch->service->counters.tls_failures, 1);
        /* The alert is out; what else the client said is left unread until it has seen that. */
        SSL_free(conn->ssl);
        conn->ssl = NULL;
        conn->is_shaking = false;
        otlp__rx_conn_end(conn);
    } else if (wants_write) {
        event_add(conn->writable, NULL);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct rx_conn *conn = argument;
    if (conn->is_shaking) {
        shake(conn);
    }
    if (!conn->is_shaking) {
        read_some(conn);
    }
    otlp__rx_conn_settle(conn);
}

/* ---- Out --------------------------------------------------------------------------------------*/

void otlp__rx_conn_send(struct rx_conn *conn, const void *data, size_t data_len)
{
    if (otlp_buffer_reserve(&conn->out, data_len) != 0) {
        conn->is_reset = true;
        return;
    }
    memcpy(conn->out.data + conn->out.len, data, data_len);
    conn->out.len += data_len;
}

/* What is sent already makes room for what comes, so that a client that never reads all of it
 * does not let it grow. */
static void compact(struct rx_conn *conn)
{
    size_t sent = conn->out_sent;
    if (sent <= conn->out.len / 2) {
        return;
    }
    conn->out.len -= sent;
    memmove(conn->out.data, conn->out.data + sent, conn->out.len);
    conn->out_sent = 0;
    if (conn->reset_after != SIZE_MAX) {
        conn->reset_after -= sent;
    }
}

/* Sends what may be sent now. true: all of it is out. */
static bool flush(struct rx_conn *conn)
{
    while (conn->fd >= 0 && otlp__rx_conn_backlog(conn) > 0) {
        size_t len = otlp__rx_pace_sending(conn);
        if (len == 0) {
            compact(conn);
            return false;
        }
        ssize_t sent = otlp__rx_wire_write(conn, conn->out.data + conn->out_sent, len);
        if (sent == RX_WIRE_AGAIN) {
            event_add(conn->writable, NULL);
            compact(conn);
            return false;
        }
        if (sent <= 0) {
            conn->is_dead = true;
            return false;
        }
        conn->out_sent += (size_t)sent;
        conn->progress_ns = otlp__rx_now_ns();
        otlp__rx_pace_has_sent(conn, (size_t)sent);
        if (conn->is_reset) {
            return false;
        }
    }
    if (conn->fd >= 0) {
        conn->out.len = 0;
        conn->out_sent = 0;
        if (conn->out.capacity > OUT_BYTES_KEPT) {
            otlp_buffer_release(&conn->out);
        }
        otlp__rx_pace_all_sent(conn);
    }
    return true;
}

static void begin_linger(struct rx_conn *conn)
{
    if (conn->saw_end || conn->fd < 0) {
        conn->is_dead = true;
        return;
    }
    otlp__rx_wire_shut(conn);
    conn->is_lingering = true;
    conn->linger_until_ns = otlp__rx_now_ns() + LINGER_NS;
}

static void wait_for_more(struct rx_conn *conn)
{
    bool wants = wants_bytes(conn);
    bool has = event_pending(conn->readable, EV_READ, NULL) != 0;
    if (wants && !has) {
        event_add(conn->readable, NULL);
    } else if (!wants && has) {
        event_del(conn->readable);
    }
    if (wants && conn->ssl != NULL && !conn->is_shaking && SSL_pending(conn->ssl) > 0) {
        event_active(conn->readable, EV_READ, 1);
    }
    otlp__rx_pace_arm(conn);
}

static void digest_released(struct rx_conn *conn)
{
    while (conn->is_released && !conn->is_held && !conn->is_ending && !conn->is_dead) {
        conn->is_released = false;
        digest(conn);
    }
}

/* Where the connection is to be reset, now that the answer lies in `out` whole. */
static void place_cut(struct rx_conn *conn)
{
    if (conn->cut_from == SIZE_MAX) {
        return;
    }
    size_t len = conn->out.len - conn->cut_from;
    if (len < 2) {
        conn->is_reset = true;
    } else {
        conn->reset_after = conn->cut_from + len / 2;
    }
    conn->cut_from = SIZE_MAX;
}

/* Sends what is waiting. true: all of it is out. */
static bool send_all(struct rx_conn *conn)
{
    bool is_out = true;
    while (!conn->is_dead && !conn->is_reset && !conn->is_lingering && is_out) {
        if (conn->protocol != NULL && conn->protocol->pump != NULL) {
            conn->protocol->pump(conn);
        }
        place_cut(conn);
        bool had_any = otlp__rx_conn_backlog(conn) > 0;
        is_out = flush(conn);
        if (!had_any || conn->fd < 0) {
            break;
        }
    }
    return is_out;
}

/* The protocol left bytes for want of room for their answers, and now there is room. */
static bool goes_on(struct rx_conn *conn)
{
    if (!conn->is_choked || conn->is_dead || conn->is_reset ||
        otlp__rx_conn_backlog(conn) >= RX_BACKLOG_BYTES_MAX) {
        return false;
    }
    conn->is_choked = false;
    conn->is_released = true;
    return true;
}

void otlp__rx_conn_settle(struct rx_conn *conn)
{
    bool is_out = true;
    do {
        digest_released(conn);
        is_out = send_all(conn);
    } while (goes_on(conn));
    if (conn->is_reset && conn->fd >= 0) {
        otlp__rx_wire_poison(conn);
    }
    if (conn->is_ending && !conn->is_lingering && !conn->is_dead && is_out) {
        begin_linger(conn);
    }
    if (conn->is_dead || conn->is_reset) {
        otlp__rx_conn_free(conn);
    } else if (conn->fd >= 0) {
        wait_for_more(conn);
    }
}
