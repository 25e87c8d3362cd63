/*
 * What all connections of a receiver share: options, counters, faults, the budget of memory. Every
 * function here is safe in any thread.
 */
#ifndef OTLP_RECEIVER_SERVICE_H
#define OTLP_RECEIVER_SERVICE_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include <otlp/receiver.h>

#include "fault.h"
#include "writer.h"

struct rx_counters {
    struct {
        atomic_ullong requests;
        atomic_ullong items;
        atomic_ullong rejected;
        atomic_ullong bytes;
        atomic_ullong wire_bytes;
    } signals[OTLP_SIGNAL_COUNT];
#define RX_COUNTER_MEMBER(name) atomic_ullong name;
    OTLP_RECEIVER_COUNTERS(RX_COUNTER_MEMBER)
#undef RX_COUNTER_MEMBER
};

struct rx_service {
    struct otlp_receiver_options options; /* with every default filled in; the texts are owned */
    struct rx_counters counters;
    struct rx_faults faults;
    struct rx_writer writer;
    SSL_CTX *tls; /* NULL: none */
};

/* Copies the options and opens what they name. OTLP_EINVAL, OTLP_EIO, OTLP_ENOMEM; message as in
 * otlp_receiver_start. */
int otlp__rx_service_init(struct rx_service *service, const struct otlp_receiver_options *options,
                          char *message, size_t message_bytes);

/* OTLP_EIO when the file could not be written whole. */
int otlp__rx_service_release(struct rx_service *service);

/* Takes bytes of the budget; false: there are not so many. Each is given back. */
bool otlp__rx_charge(struct rx_service *service, size_t bytes);
void otlp__rx_discharge(struct rx_service *service, size_t bytes);

/* How many bytes could be taken now; another thread may be faster. */
size_t otlp__rx_budget_left(const struct rx_service *service);

/* A copy that can be read at leisure. */
void otlp__rx_counters_read(const struct rx_counters *counters, struct otlp_receiver_counters *out);

static inline void otlp__rx_add(atomic_ullong *counter, unsigned long long by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

/* Writes what went wrong for the caller of otlp_receiver_start; gives `error` back. */
int otlp__rx_say(int error, char *message, size_t message_bytes, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
