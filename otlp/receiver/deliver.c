#include "conn.h"

static void set_timer(struct rx_exchange *exchange, uint64_t delay_ns, event_callback_fn then)
{
    struct rx_conn *conn = exchange->owner;
    struct timeval delay = {.tv_sec = (time_t)(delay_ns / 1000000000u),
                            .tv_usec = (suseconds_t)(delay_ns % 1000000000u / 1000)};
    exchange->timer = evtimer_new(conn->base, then, exchange);
    if (exchange->timer == NULL || event_add(exchange->timer, &delay) != 0) {
        conn->is_reset = true;
    }
}

/* The protocol may be done with the exchange when it has answered. */
static void answer(struct rx_conn *conn, struct rx_exchange *exchange)
{
    bool is_cut = exchange->has_fault && exchange->fault.reset == OTLP_RESET_ANSWER;
    if (exchange->has_fault && exchange->fault.write_bytes_per_s != 0) {
        conn->write_bytes_per_s = exchange->fault.write_bytes_per_s;
    }
    size_t before = conn->out.len;
    conn->protocol->answer(conn, exchange);
    /* Not before the protocol has written it, which it may not do in the middle of its input. */
    if (is_cut && conn->cut_from == SIZE_MAX) {
        conn->cut_from = before;
    }
}

static void on_delay(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct rx_exchange *exchange = argument;
    struct rx_conn *conn = exchange->owner;
    answer(conn, exchange);
    otlp__rx_conn_settle(conn);
}

static void on_stall(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct rx_conn *conn = ((struct rx_exchange *)argument)->owner;
    conn->is_dead = true;
    otlp__rx_conn_settle(conn);
}

static void on_reset(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct rx_conn *conn = ((struct rx_exchange *)argument)->owner;
    conn->is_reset = true;
    otlp__rx_conn_settle(conn);
}

void otlp__rx_conn_deliver(struct rx_conn *conn, struct rx_exchange *exchange)
{
    const struct otlp_receiver_fault *fault = &exchange->fault;
    conn->read_bytes_per_s = 0;
    if (!exchange->has_fault || !exchange->has_ended) {
        answer(conn, exchange);
        return;
    }
    bool resets = fault->reset == OTLP_RESET_UPLOAD || fault->reset == OTLP_RESET_BEFORE;
    if (fault->stall_ns != 0) {
        set_timer(exchange, fault->stall_ns, on_stall);
    } else if (fault->delay_ns != 0 && fault->reset != OTLP_RESET_UPLOAD) {
        set_timer(exchange, fault->delay_ns, resets ? on_reset : on_delay);
    } else if (resets) {
        conn->is_reset = true;
    } else {
        answer(conn, exchange);
    }
}

void otlp__rx_conn_watch(struct rx_conn *conn, struct rx_exchange *exchange)
{
    if (exchange->has_fault && exchange->fault.read_bytes_per_s != 0) {
        conn->read_bytes_per_s = exchange->fault.read_bytes_per_s;
    }
}

void otlp__rx_conn_uploaded(struct rx_conn *conn, const struct rx_exchange *exchange)
{
    if (exchange->has_fault && exchange->fault.reset == OTLP_RESET_UPLOAD) {
        conn->is_reset = true;
    }
}
