#include <otlp/receiver.h>

#include "listen.h"
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct otlp_receiver {
    struct rx_service service;
    int listeners[RX_LISTENERS]; /* gRPC, HTTP */
    int ports[RX_LISTENERS];
    unsigned worker_count;
    struct rx_worker *workers[];
};

static int open_ports(struct otlp_receiver *receiver, char *message, size_t message_bytes)
{
    const struct otlp_receiver_options *options = &receiver->service.options;
    const int wanted[RX_LISTENERS] = {options->grpc_port, options->http_port};
    for (size_t i = 0; i < RX_LISTENERS; i++) {
        if (wanted[i] < 0) {
            continue;
        }
        receiver->listeners[i] = otlp__rx_listen(options->host, wanted[i], &receiver->ports[i]);
        if (receiver->listeners[i] < 0) {
            return otlp__rx_say(OTLP_EIO, message, message_bytes, "%s port %d: %s", options->host,
                                wanted[i],
                                errno == EINVAL ? "this is no address" : strerror(errno));
        }
    }
    return 0;
}

static int start_workers(struct otlp_receiver *receiver)
{
    while (receiver->worker_count < receiver->service.options.workers) {
        struct rx_worker *worker = malloc(sizeof *worker);
        if (worker == NULL) {
            return OTLP_ENOMEM;
        }
        int rc = otlp__rx_worker_init(worker, &receiver->service, receiver->listeners);
        if (rc != 0) {
            free(worker);
            return rc;
        }
        receiver->workers[receiver->worker_count++] = worker;
        rc = otlp__rx_worker_start(worker);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

int otlp_receiver_start(const struct otlp_receiver_options *options,
                        struct otlp_receiver **receiver, char *message, size_t message_bytes)
{
    size_t workers = options->workers != 0 ? options->workers : 1;
    struct otlp_receiver *made =
        calloc(1, sizeof *made + (workers <= 64 ? workers : 0) * sizeof made->workers[0]);
    if (made == NULL) {
        return otlp__rx_say(OTLP_ENOMEM, message, message_bytes, "out of memory");
    }
    for (size_t i = 0; i < RX_LISTENERS; i++) {
        made->listeners[i] = -1;
        made->ports[i] = -1;
    }
    int rc = otlp__rx_service_init(&made->service, options, message, message_bytes);
    if (rc != 0) {
        free(made);
        return rc;
    }
    rc = open_ports(made, message, message_bytes);
    if (rc == 0) {
        rc = start_workers(made);
        if (rc != 0) {
            otlp__rx_say(rc, message, message_bytes, "a thread cannot be started: %s",
                         otlp_error_text(rc));
        }
    }
    if (rc != 0) {
        otlp_receiver_stop(made, 0, NULL);
        return rc;
    }
    *receiver = made;
    return 0;
}

int otlp_receiver_grpc_port(const struct otlp_receiver *receiver)
{
    return receiver->ports[0];
}

int otlp_receiver_http_port(const struct otlp_receiver *receiver)
{
    return receiver->ports[1];
}

int otlp_receiver_add_fault(struct otlp_receiver *receiver, const struct otlp_receiver_fault *fault)
{
    return otlp__rx_faults_add(&receiver->service.faults, fault);
}

void otlp_receiver_clear_faults(struct otlp_receiver *receiver)
{
    otlp__rx_faults_clear(&receiver->service.faults);
}

void otlp_receiver_count(const struct otlp_receiver *receiver,
                         struct otlp_receiver_counters *counters)
{
    otlp__rx_counters_read(&receiver->service.counters, counters);
}

int otlp_receiver_stop(struct otlp_receiver *receiver, uint64_t drain_ns,
                       struct otlp_receiver_counters *counters)
{
    if (receiver == NULL) {
        return 0;
    }
    bool was_cut_off = false;
    for (unsigned i = 0; i < receiver->worker_count; i++) {
        otlp__rx_worker_stop(receiver->workers[i], drain_ns);
    }
    /* Who connects from now on is refused; the sockets are the workers' until they have ended. */
    for (size_t i = 0; i < RX_LISTENERS; i++) {
        if (receiver->listeners[i] >= 0) {
            shutdown(receiver->listeners[i], SHUT_RD);
        }
    }
    for (unsigned i = 0; i < receiver->worker_count; i++) {
        otlp__rx_worker_join(receiver->workers[i]);
        was_cut_off = was_cut_off || receiver->workers[i]->was_cut_off;
        otlp__rx_worker_release(receiver->workers[i]);
        free(receiver->workers[i]);
    }
    for (size_t i = 0; i < RX_LISTENERS; i++) {
        if (receiver->listeners[i] >= 0) {
            close(receiver->listeners[i]);
        }
    }
    if (counters != NULL) {
        otlp_receiver_count(receiver, counters);
    }
    int rc = otlp__rx_service_release(&receiver->service);
    free(receiver);
    return rc != 0 ? rc : was_cut_off ? OTLP_ETIMEOUT : 0;
}
