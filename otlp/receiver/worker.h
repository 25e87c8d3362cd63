/* A thread that serves: an event loop that accepts and owns connections. */
#ifndef OTLP_RECEIVER_WORKER_H
#define OTLP_RECEIVER_WORKER_H

#include <pthread.h>

#include "conn.h"

#define RX_LISTENERS 2 /* gRPC, HTTP */

struct rx_worker {
    struct rx_service *service;
    struct event_base *base;
    struct event *acceptors[RX_LISTENERS];
    struct event *wake;  /* another thread wrote into the pipe */
    struct event *limit; /* of the time for draining */
    struct event *retry; /* accepts again, after descriptors ran out */
    int pipe[2];
    pthread_t thread;
    bool is_running;
    bool is_stopping;
    bool was_cut_off; /* requests were still under way at the end */
    uint64_t drain_ns;
    struct rx_conn *connections;
    unsigned refusals; /* of these, above the limit */
    struct rx_scratch scratch;
};

/* Makes a worker that accepts from the listening sockets, of which negative ones are none; gRPC's
 * is the first. OTLP_ENOMEM, OTLP_EIO. On failure it needs no release. */
int otlp__rx_worker_init(struct rx_worker *worker, struct rx_service *service,
                         const int listeners[RX_LISTENERS]);
int otlp__rx_worker_start(struct rx_worker *worker);

/* Tells it to stop; it ends when its connections have, or after drain_ns. */
void otlp__rx_worker_stop(struct rx_worker *worker, uint64_t drain_ns);

/* Waits for the thread. */
void otlp__rx_worker_join(struct rx_worker *worker);
void otlp__rx_worker_release(struct rx_worker *worker);

#endif
