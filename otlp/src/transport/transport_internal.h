/*
 * A transport: callers on one side, its thread on the other.
 *
 * A caller hands its call over through `submitted` and waits for is_done; in between the call is
 * the thread's alone. The thread keeps calls in three lists: `ready` to go as soon as an endpoint
 * has room, `waiting` for a back-off to pass, `active` with libcurl.
 */
#ifndef OTLP_SRC_TRANSPORT_INTERNAL_H
#define OTLP_SRC_TRANSPORT_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include <otlp/exporter.h>
#include <otlp/transport.h>

#include "transport/call.h"
#include "transport/endpoints.h"
#include "transport/settings.h"
#include "transport/squeezer.h"
#include "transport/token_file.h"

#define OTLP__SPARE_CALLS_MAX 64

struct otlp__call_list {
    struct otlp__call *first;
    struct otlp__call **end; /* where the next one goes */
};

struct otlp__transport {
    struct otlp_exporter exporter; /* first: it is what callers hold */
    struct otlp__settings settings;
    struct otlp__squeezer squeezer;
    CURLM *multi;
    pthread_t thread;
    unsigned fork_count; /* of the process that has the thread */

    pthread_mutex_t lock; /* all until the next blank line */
    pthread_cond_t all_done;
    struct otlp__call_list submitted;
    struct otlp__call *spare;
    size_t spare_count;
    uint32_t open_calls; /* those of checks included */
    bool is_shutting_down;
    bool is_aborting;
    struct otlp_transport_metrics counts;
    struct otlp__endpoint_state endpoints[OTLP_ENDPOINTS_MAX];

    /* The thread's own. */
    struct otlp__call_list ready;
    struct otlp__call_list waiting;
    struct otlp__call_list active;
    struct otlp__rotation rotation;
    struct otlp__token_file token_file;
    uint64_t random[4];
    uint64_t check_ns; /* when the endpoints are looked at again; UINT64_MAX: never */
};

void otlp__call_list_init(struct otlp__call_list *list);
void otlp__call_list_append(struct otlp__call_list *list, struct otlp__call *call);
/* NULL: it is empty. */
struct otlp__call *otlp__call_list_shift(struct otlp__call_list *list);
/* Takes out a call that is in it. */
void otlp__call_list_remove(struct otlp__call_list *list, struct otlp__call *call);

/* A call from the spare ones or a new one; NULL: out of memory. And back. Any thread. */
struct otlp__call *otlp__transport_take_call(struct otlp__transport *transport);
void otlp__transport_put_call(struct otlp__transport *transport, struct otlp__call *call);

/* The thread, given its transport; ends when that is shut down and no call is open. */
void *otlp__transport_run(void *context);

/* Queues a request without content to one endpoint. NULL: out of memory or shut down. A detached
 * one is not to be waited for, and returned as a mark only. */
struct otlp__call *otlp__transport_submit_check(struct otlp__transport *transport, size_t endpoint,
                                                uint64_t timeout_ns, bool is_detached,
                                                bool opens_connection);

/* Sends empty requests that keep connections and find out how endpoints are. The thread's. */
void otlp__transport_check_endpoints(struct otlp__transport *transport, uint64_t now_ns);

/* Takes an attempt off its endpoint. The thread's; the lock is held. */
void otlp__transport_end_attempt(struct otlp__transport *transport, struct otlp__call *call);

/* The next attempt of a call, or its end, given what came of the last one. The thread's. */
void otlp__transport_conclude(struct otlp__transport *transport, struct otlp__call *call,
                              CURLcode code, uint64_t now_ns);

/* The outcome is known. `text`: what to say when the receiver said nothing; NULL: nothing. */
void otlp__transport_finish(struct otlp__transport *transport, struct otlp__call *call,
                            enum otlp_export_outcome outcome, const char *text);

#endif
