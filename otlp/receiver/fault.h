/* The rules of faults, and which of them hits a request. Any thread. */
#ifndef OTLP_RECEIVER_FAULT_H
#define OTLP_RECEIVER_FAULT_H

#include <pthread.h>
#include <stdatomic.h>

#include <otlp/receiver.h>

struct rx_rule {
    struct otlp_receiver_fault fault;
    uint64_t added_ns;
    uint64_t seen;   /* requests that its signal and time let through */
    uint64_t stream; /* of its random numbers */
};

struct rx_faults {
    pthread_mutex_t mutex; /* of what follows, but of count for reading */
    atomic_uint count;
    uint64_t seed;
    uint64_t added; /* ever */
    struct rx_rule rules[OTLP_RECEIVER_FAULTS_MAX];
};

void otlp__rx_faults_init(struct rx_faults *faults, uint64_t seed);
void otlp__rx_faults_release(struct rx_faults *faults);

/* OTLP_EINVAL, OTLP_ELIMIT. */
int otlp__rx_faults_add(struct rx_faults *faults, const struct otlp_receiver_fault *fault);
void otlp__rx_faults_clear(struct rx_faults *faults);

/* The rule that hits a request of that signal now; false: none. Each call is one request. */
bool otlp__rx_faults_draw(struct rx_faults *faults, enum otlp_signal signal,
                          struct otlp_receiver_fault *fault);

#endif
