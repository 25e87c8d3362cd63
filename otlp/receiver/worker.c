#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPTS_PER_EVENT 16
#define REFUSALS_MAX      64 /* connections above the limit that are told so at one time */
#define RETRY_MS          100

static void stop_accepting(struct rx_worker *worker)
{
    for (size_t i = 0; i < RX_LISTENERS; i++) {
        if (worker->acceptors[i] != NULL) {
            event_free(worker->acceptors[i]);
            worker->acceptors[i] = NULL;
        }
    }
}

static bool is_grpc(const struct rx_worker *worker, int listener)
{
    return worker->acceptors[0] != NULL && event_get_fd(worker->acceptors[0]) == listener;
}

static void take(struct rx_worker *worker, int fd, bool grpc_only)
{
    struct rx_counters *counters = &worker->service->counters;
    unsigned long long open = atomic_fetch_add(&counters->connections_open, 1);
    bool is_over_limit = open >= worker->service->options.limits.connections;
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (is_over_limit) {
        atomic_fetch_sub(&counters->connections_open, 1);
        otlp__rx_add(&counters->connections_refused, 1);
        if (worker->refusals >= REFUSALS_MAX) {
            close(fd);
            return;
        }
    }
    struct rx_conn *conn = otlp__rx_conn_new(&worker->connections, worker->base, &worker->scratch,
                                             fd, grpc_only, is_over_limit);
    if (conn == NULL) {
        if (!is_over_limit) {
            atomic_fetch_sub(&counters->connections_open, 1);
        }
        close(fd);
        return;
    }
    if (is_over_limit) {
        conn->refusals = &worker->refusals;
        worker->refusals++;
    } else {
        otlp__rx_add(&counters->connections, 1);
    }
    otlp__rx_conn_settle(conn);
}

static void on_retry(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct rx_worker *worker = argument;
    for (size_t i = 0; i < RX_LISTENERS; i++) {
        if (worker->acceptors[i] != NULL) {
            event_add(worker->acceptors[i], NULL);
        }
    }
}

/* No descriptor is left: the socket would go on being readable. */
static void pause_accepting(struct rx_worker *worker)
{
    struct timeval wait = {.tv_usec = RETRY_MS * 1000};
    for (size_t i = 0; i < RX_LISTENERS; i++) {
        if (worker->acceptors[i] != NULL) {
            event_del(worker->acceptors[i]);
        }
    }
    event_add(worker->retry, &wait);
}

static void on_accept(evutil_socket_t listener, short what, void *argument)
{
    (void)what;
    struct rx_worker *worker = argument;
    for (int i = 0; i < ACCEPTS_PER_EVENT; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take(worker, fd, is_grpc(worker, listener));
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_accepting(worker);
            break;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            break;
        }
    }
}

static void close_all(struct rx_worker *worker)
{
    while (worker->connections != NULL) {
        otlp__rx_conn_free(worker->connections);
    }
}

static void on_limit(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct rx_worker *worker = argument;
    for (const struct rx_conn *conn = worker->connections; conn != NULL; conn = conn->next) {
        worker->was_cut_off = worker->was_cut_off || !conn->is_lingering;
    }
    event_base_loopbreak(worker->base);
}

static void on_wake(evutil_socket_t fd, short what, void *argument)
{
    (void)what;
    struct rx_worker *worker = argument;
    uint64_t drain_ns;
    if (read(fd, &drain_ns, sizeof drain_ns) != sizeof drain_ns) {
        return;
    }
    worker->is_stopping = true;
    stop_accepting(worker);
    event_del(worker->retry);
    for (struct rx_conn *conn = worker->connections, *next; conn != NULL; conn = next) {
        next = conn->next;
        otlp__rx_conn_drain(conn);
    }
    struct timeval limit = {.tv_sec = (time_t)(drain_ns / 1000000000u),
                            .tv_usec = (suseconds_t)(drain_ns % 1000000000u / 1000)};
    event_add(worker->limit, &limit);
}

static void *run(void *argument)
{
    struct rx_worker *worker = argument;
    while (!worker->is_stopping || worker->connections != NULL) {
        if (event_base_loop(worker->base, EVLOOP_ONCE) != 0 || event_base_got_break(worker->base)) {
            break;
        }
    }
    close_all(worker);
    return NULL;
}

static bool make_events(struct rx_worker *worker, const int listeners[RX_LISTENERS])
{
    worker->wake = event_new(worker->base, worker->pipe[0], EV_READ | EV_PERSIST, on_wake, worker);
    worker->limit = evtimer_new(worker->base, on_limit, worker);
    worker->retry = evtimer_new(worker->base, on_retry, worker);
    if (worker->wake == NULL || worker->limit == NULL || worker->retry == NULL ||
        event_add(worker->wake, NULL) != 0) {
        return false;
    }
    for (size_t i = 0; i < RX_LISTENERS; i++) {
        if (listeners[i] >= 0) {
            worker->acceptors[i] =
                event_new(worker->base, listeners[i], EV_READ | EV_PERSIST, on_accept, worker);
            if (worker->acceptors[i] == NULL || event_add(worker->acceptors[i], NULL) != 0) {
                return false;
            }
        }
    }
    return true;
}

int otlp__rx_worker_init(struct rx_worker *worker, struct rx_service *service,
                         const int listeners[RX_LISTENERS])
{
    memset(worker, 0, sizeof *worker);
    worker->service = service;
    worker->pipe[0] = worker->pipe[1] = -1;
    otlp__rx_scratch_init(&worker->scratch, service);
    if (pipe2(worker->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        return OTLP_EIO;
    }
    worker->base = event_base_new();
    if (worker->base == NULL || !make_events(worker, listeners)) {
        otlp__rx_worker_release(worker);
        return OTLP_ENOMEM;
    }
    return 0;
}

int otlp__rx_worker_start(struct rx_worker *worker)
{
    /* Signals are for the program's own threads. */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    worker->is_running = pthread_create(&worker->thread, NULL, run, worker) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return worker->is_running ? 0 : OTLP_EIO;
}

void otlp__rx_worker_stop(struct rx_worker *worker, uint64_t drain_ns)
{
    /* The pipe is empty but for this, so that it takes all of it. */
    ssize_t written = write(worker->pipe[1], &drain_ns, sizeof drain_ns);
    (void)written;
}

void otlp__rx_worker_join(struct rx_worker *worker)
{
    if (worker->is_running) {
        pthread_join(worker->thread, NULL);
        worker->is_running = false;
    }
}

void otlp__rx_worker_release(struct rx_worker *worker)
{
    close_all(worker);
    stop_accepting(worker);
    struct event *const events[] = {worker->wake, worker->limit, worker->retry};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (events[i] != NULL) {
            event_free(events[i]);
        }
    }
    if (worker->base != NULL) {
        event_base_free(worker->base);
    }
    otlp__rx_scratch_release(&worker->scratch);
    for (size_t i = 0; i < 2; i++) {
        if (worker->pipe[i] >= 0) {
            close(worker->pipe[i]);
        }
    }
}
