/*
 * A receiver for tests of exporters that does what its script says: answers, waits, breaks off. One
 * thread accepts, one serves each connection; HTTP/1.1 (peer_http.h) or gRPC (peer_grpc.h), in
 * clear text or with TLS. Everything it has received can be looked at.
 */
#ifndef TESTS_UNIT_PEER_H
#define TESTS_UNIT_PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

/* What a thread of the peer does first. */
#ifndef PEER_THREAD_BEGINS
#define PEER_THREAD_BEGINS() ((void)0)
#endif

#ifndef PEER_REQUESTS_MAX
#define PEER_REQUESTS_MAX 256
#endif
#define PEER_CONNECTIONS_MAX 1024

enum peer_act {
    PEER_ANSWER = 0,
    PEER_CLOSE,      /* the connection, without an answer */
    PEER_RESET,      /* likewise, with RST */
    PEER_RESET_BODY, /* RST in the middle of the request's body; it is not counted as received */
    PEER_CUT_ANSWER, /* RST in the middle of the answer's body */
    PEER_STALL,      /* never answer */
    PEER_RST_STREAM, /* gRPC: with error code `status` */
    PEER_GOAWAY,     /* gRPC: nothing was processed; then the connection ends */
};

/* What to do with one request. */
struct peer_step {
    enum peer_act act;
    int status;          /* HTTP; 0: 200 */
    const char *headers; /* more lines, each with "\r\n"; for gRPC trailers, each with "\n" */
    const char *body;
    size_t body_len;
    unsigned delay_ms; /* before the answer */
    bool is_trailers_only;
};

struct peer_request {
    char head[4096]; /* request line and headers, a line each with "\n" */
    uint8_t *body;
    size_t body_len;
    int connection; /* counted from 0 */
};

struct peer;

struct peer_stream {
    int fd;
    SSL *ssl;
    struct peer *peer;
    int connection;
    pthread_t thread;
};

struct peer {
    int fd;
    int port;
    SSL_CTX *tls; /* NULL: clear text */
    void (*serve)(struct peer_stream *stream);
    const struct peer_step *steps; /* one for each request; the last one for all after it */
    size_t step_count;
    atomic_bool is_stopping;
    pthread_t thread;
    pthread_mutex_t lock;
    size_t step_next;
    struct peer_request requests[PEER_REQUESTS_MAX];
    size_t request_count;
    struct peer_stream streams[PEER_CONNECTIONS_MAX];
    int connection_count;
    char url[64];
};

static inline void peer_sleep_ms(unsigned ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

static inline uint64_t peer_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Sleeps unless the peer is stopped. */
static inline void peer_wait(struct peer *peer, unsigned ms)
{
    for (unsigned i = 0; i < ms && !atomic_load(&peer->is_stopping); i += 2) {
        peer_sleep_ms(2);
    }
}

/* At least one byte; 0 at the end, when it failed or when the peer is stopped. */
static inline size_t peer_read(struct peer_stream *stream, void *data, size_t room)
{
    while (!atomic_load(&stream->peer->is_stopping)) {
        struct pollfd entry = {.fd = stream->fd, .events = POLLIN};
        bool is_pending = stream->ssl != NULL && SSL_pending(stream->ssl) > 0;
        if (!is_pending && poll(&entry, 1, 5) <= 0) {
            continue;
        }
        if (stream->ssl != NULL) {
            int got = SSL_read(stream->ssl, data, (int)room);
            return got > 0 ? (size_t)got : 0;
        }
        ssize_t got = recv(stream->fd, data, room, 0);
        return got > 0 ? (size_t)got : 0;
    }
    return 0;
}

static inline bool peer_write(struct peer_stream *stream, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t sent = stream->ssl != NULL ? SSL_write(stream->ssl, at, (int)len)
                                           : send(stream->fd, at, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        at += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* The next close() sends RST. */
static inline void peer_arm_reset(struct peer_stream *stream)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static inline const struct peer_step *peer_look_ahead(struct peer *peer, size_t taken)
{
    pthread_mutex_lock(&peer->lock);
    size_t index = peer->step_next < peer->step_count ? peer->step_next : peer->step_count - 1;
    peer->step_next += taken;
    pthread_mutex_unlock(&peer->lock);
    return &peer->steps[index];
}

static inline const struct peer_step *peer_next_step(struct peer *peer)
{
    return peer_look_ahead(peer, 1);
}

static inline void peer_record(struct peer_stream *stream, const char *head, const uint8_t *body,
                               size_t body_len)
{
    struct peer *peer = stream->peer;
    pthread_mutex_lock(&peer->lock);
    if (peer->request_count < PEER_REQUESTS_MAX) {
        struct peer_request *request = &peer->requests[peer->request_count++];
        snprintf(request->head, sizeof request->head, "%s", head);
        request->body = malloc(body_len + 1);
        if (body_len > 0) {
            memcpy(request->body, body, body_len);
        }
        request->body_len = body_len;
        request->connection = stream->connection;
    }
    pthread_mutex_unlock(&peer->lock);
}

static inline size_t peer_requests(struct peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    size_t count = peer->request_count;
    pthread_mutex_unlock(&peer->lock);
    return count;
}

static inline int peer_connections(struct peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    int count = peer->connection_count;
    pthread_mutex_unlock(&peer->lock);
    return count;
}

/* Waits until so many requests have come, at most ten seconds. */
static inline bool peer_await(struct peer *peer, size_t count)
{
    for (int i = 0; i < 5000 && peer_requests(peer) < count; i++) {
        peer_sleep_ms(2);
    }
    return peer_requests(peer) >= count;
}

/* Whether a request had this line, such as "content-type: text/plain"; the case of the name does
 * not count. */
static inline bool peer_has_line(const struct peer_request *request, const char *line)
{
    size_t len = strlen(line);
    for (const char *at = request->head; at != NULL && *at != '\0';) {
        const char *end = strchr(at, '\n');
        size_t at_len = end == NULL ? strlen(at) : (size_t)(end - at);
        if (at_len == len && strncasecmp(at, line, len) == 0) {
            return true;
        }
        at = end == NULL ? NULL : end + 1;
    }
    return false;
}

static inline void *peer_serve(void *context)
{
    struct peer_stream *stream = context;
    bool is_good = true;
    PEER_THREAD_BEGINS();
    sigset_t broken_pipes; /* OpenSSL writes without MSG_NOSIGNAL */
    sigemptyset(&broken_pipes);
    sigaddset(&broken_pipes, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipes, NULL);
    if (stream->peer->tls != NULL) {
        struct timeval limit = {.tv_sec = 5};
        setsockopt(stream->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        stream->ssl = SSL_new(stream->peer->tls);
        SSL_set_fd(stream->ssl, stream->fd);
        is_good = SSL_accept(stream->ssl) == 1;
    }
    if (is_good) {
        stream->peer->serve(stream);
    }
    SSL_free(stream->ssl);
    close(stream->fd);
    return NULL;
}

static inline void *peer_accept(void *context)
{
    struct peer *peer = context;
    PEER_THREAD_BEGINS();
    while (!atomic_load(&peer->is_stopping)) {
        struct pollfd entry = {.fd = peer->fd, .events = POLLIN};
        if (poll(&entry, 1, 5) <= 0) {
            continue;
        }
        int fd = accept4(peer->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0 || peer->connection_count >= PEER_CONNECTIONS_MAX) {
            close(fd);
            continue;
        }
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        pthread_mutex_lock(&peer->lock);
        struct peer_stream *stream = &peer->streams[peer->connection_count];
        *stream =
            (struct peer_stream){.fd = fd, .peer = peer, .connection = peer->connection_count};
        pthread_create(&stream->thread, NULL, peer_serve, stream);
        peer->connection_count++;
        pthread_mutex_unlock(&peer->lock);
    }
    return NULL;
}

/* A listening socket on a port of the system's choice, or on `port` again. */
static inline int peer_listen(int port, int *chosen)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    if (bind(fd, (struct sockaddr *)(void *)&address, len) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)(void *)&address, &len) != 0) {
        abort();
    }
    *chosen = ntohs(address.sin_port);
    return fd;
}

/* The script is borrowed. */
static inline struct peer *peer_start_at(int port, void (*serve)(struct peer_stream *),
                                         SSL_CTX *tls, const struct peer_step *steps,
                                         size_t step_count)
{
    struct peer *peer = calloc(1, sizeof *peer);
    peer->serve = serve;
    peer->tls = tls;
    peer->steps = steps;
    peer->step_count = step_count;
    pthread_mutex_init(&peer->lock, NULL);
    peer->fd = peer_listen(port, &peer->port);
    snprintf(peer->url, sizeof peer->url, "%s://127.0.0.1:%d", tls != NULL ? "https" : "http",
             peer->port);
    pthread_create(&peer->thread, NULL, peer_accept, peer);
    return peer;
}

static inline void peer_stop(struct peer *peer)
{
    atomic_store(&peer->is_stopping, true);
    pthread_join(peer->thread, NULL);
    for (int i = 0; i < peer->connection_count; i++) {
        pthread_join(peer->streams[i].thread, NULL);
    }
    close(peer->fd);
    for (size_t i = 0; i < peer->request_count; i++) {
        free(peer->requests[i].body);
    }
    pthread_mutex_destroy(&peer->lock);
    free(peer);
}

/* A port of 127.0.0.1 where nobody listens. */
static inline int peer_closed_port(void)
{
    int port;
    close(peer_listen(0, &port));
    return port;
}

/* Descriptors that this process has open. */
static inline int peer_open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        count += fcntl(fd, F_GETFD) != -1;
    }
    return count;
}

#endif
