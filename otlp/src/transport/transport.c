#include <otlp/transport.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fork_count.h"
#include "monotonic.h"
#include "random.h"
#include "thread.h"
#include "transport/transport_internal.h"

static struct otlp__transport *transport_of(struct otlp_exporter *exporter)
{
    return (struct otlp__transport *)(void *)exporter;
}

/* Whether this is a child of the process that made it: the thread is not here, and locks, lists and
 * what libcurl has may have been copied halfway through a change. */
static bool is_forked(const struct otlp__transport *transport)
{
    return transport->fork_count != otlp__fork_count();
}

/* ---- Calls ----------------------------------------------------------------------------------- */

struct otlp__call *otlp__transport_take_call(struct otlp__transport *transport)
{
    pthread_mutex_lock(&transport->lock);
    struct otlp__call *call = transport->spare;
    if (call != NULL) {
        transport->spare = call->next;
        transport->spare_count--;
        call->next = NULL;
    }
    pthread_mutex_unlock(&transport->lock);
    return call != NULL ? call : otlp__call_new(&transport->settings);
}

void otlp__transport_put_call(struct otlp__transport *transport, struct otlp__call *call)
{
    otlp__call_reset(call);
    pthread_mutex_lock(&transport->lock);
    if (transport->spare_count < OTLP__SPARE_CALLS_MAX) {
        call->next = transport->spare;
        transport->spare = call;
        transport->spare_count++;
        call = NULL;
    }
    pthread_mutex_unlock(&transport->lock);
    otlp__call_free(call);
}

/* ---- Sending --------------------------------------------------------------------------------- */

/* Ends a request that never became a call. */
static enum otlp_export_outcome end_unsent(struct otlp__transport *transport,
                                           const struct otlp_export *request,
                                           struct otlp_export_result *result,
                                           enum otlp_export_outcome outcome, const char *text)
{
    *result = (struct otlp_export_result){.outcome = outcome, .status = -1};
    snprintf(result->message, sizeof result->message, "%s", text);
    pthread_mutex_lock(&transport->lock);
    transport->counts.exports[outcome]++;
    transport->counts.items_dropped += request->items;
    transport->counts.latency[0]++;
    pthread_mutex_unlock(&transport->lock);
    return outcome;
}

static int load(struct otlp__transport *transport, struct otlp__call *call,
                const struct otlp_export *request)
{
    const struct otlp_transport_options *options = &transport->settings.options;
    uint64_t timeout_ns = options->timeout_ns;
    if (request->timeout_ns != 0 && request->timeout_ns < timeout_ns) {
        timeout_ns = request->timeout_ns;
    }
    call->began_ns = otlp__monotonic_ns();
    call->deadline_ns = otlp__monotonic_after(call->began_ns, timeout_ns);
    call->signal = request->signal;
    call->items = request->items;
    call->payload_bytes = request->data_len;
    int error = otlp__squeeze(&transport->squeezer, request->data, request->data_len,
                              &call->squeezed, &call->compression);
    if (error != 0) {
        return error;
    }
    bool is_squeezed = call->compression != OTLP_COMPRESSION_NONE;
    call->body = is_squeezed ? call->squeezed.data : request->data;
    call->body_bytes = is_squeezed ? call->squeezed.len : request->data_len;
    if (options->protocol == OTLP_PROTOCOL_GRPC) {
        call->prefix_bytes = OTLP__GRPC_PREFIX_BYTES;
        otlp__grpc_prefix(is_squeezed, (uint32_t)call->body_bytes, call->prefix);
    }
    return 0;
}

/* False: it is shut down. */
static bool submit(struct otlp__transport *transport, struct otlp__call *call)
{
    struct otlp_transport_metrics *counts = &transport->counts;
    pthread_mutex_lock(&transport->lock);
    bool is_open = !transport->is_shutting_down;
    bool is_first = transport->submitted.first == NULL;
    if (is_open) {
        transport->open_calls++;
        counts->in_flight++;
        if (counts->in_flight > counts->in_flight_max) {
            counts->in_flight_max = counts->in_flight;
        }
        otlp__call_list_append(&transport->submitted, call);
    }
    pthread_mutex_unlock(&transport->lock);
    if (is_open && is_first) {
        curl_multi_wakeup(transport->multi);
    }
    return is_open;
}

static void await(struct otlp__transport *transport, struct otlp__call *call)
{
    pthread_mutex_lock(&transport->lock);
    while (!call->is_done) {
        pthread_cond_wait(&call->done, &transport->lock);
    }
    pthread_mutex_unlock(&transport->lock);
}

static enum otlp_export_outcome transport_send(struct otlp_exporter *exporter,
                                               const struct otlp_export *request,
                                               struct otlp_export_result *result)
{
    struct otlp__transport *transport = transport_of(exporter);
    if (is_forked(transport)) {
        *result = (struct otlp_export_result){.outcome = OTLP_EXPORT_SHUT_DOWN,
                                              .status = -1,
                                              .message = "forked: the exporter is the parent's"};
        return result->outcome;
    }
    if (request->data_len > transport->settings.options.request_bytes_max) {
        pthread_mutex_lock(&transport->lock);
        transport->counts.requests_too_large++;
        pthread_mutex_unlock(&transport->lock);
        return end_unsent(transport, request, result, OTLP_EXPORT_REFUSED,
                          "the request is larger than permitted");
    }
    struct otlp__call *call = otlp__transport_take_call(transport);
    int error = call == NULL ? OTLP_ENOMEM : load(transport, call, request);
    if (error != 0) {
        if (call != NULL) {
            otlp__transport_put_call(transport, call);
        }
        return end_unsent(transport, request, result, OTLP_EXPORT_FAILED, otlp_error_text(error));
    }
    if (!submit(transport, call)) {
        otlp__transport_put_call(transport, call);
        return end_unsent(transport, request, result, OTLP_EXPORT_SHUT_DOWN, "shut down");
    }
    await(transport, call);
    *result = call->result;
    otlp__transport_put_call(transport, call);
    return result->outcome;
}

/* ---- Shutdown -------------------------------------------------------------------------------- */

/* Once the time is up, attempts are broken off, which takes no longer than this. */
#define ABORT_NS 1000000000u

/* Waits until no call is open. The lock is held. */
static bool await_all(struct otlp__transport *transport, uint64_t timeout_ns)
{
    struct timespec until = otlp__timespec(otlp__monotonic_after(otlp__monotonic_ns(), timeout_ns));
    int error = 0;
    while (transport->open_calls > 0 && error == 0) {
        error = pthread_cond_timedwait(&transport->all_done, &transport->lock, &until);
    }
    return transport->open_calls == 0;
}

static int transport_shutdown(struct otlp_exporter *exporter, uint64_t timeout_ns)
{
    struct otlp__transport *transport = transport_of(exporter);
    if (is_forked(transport)) {
        return 0;
    }
    pthread_mutex_lock(&transport->lock);
    transport->is_shutting_down = true;
    curl_multi_wakeup(transport->multi);
    bool is_done = await_all(transport, timeout_ns);
    if (!is_done) {
        is_done = transport->counts.in_flight == 0; /* but for checks */
        transport->is_aborting = true;
        curl_multi_wakeup(transport->multi);
        await_all(transport, ABORT_NS);
    }
    pthread_mutex_unlock(&transport->lock);
    return is_done ? 0 : OTLP_ETIMEOUT;
}

/* ---- Making and freeing ---------------------------------------------------------------------- */

static void release(struct otlp__transport *transport)
{
    struct otlp__call *call;
    while ((call = transport->spare) != NULL) {
        transport->spare = call->next;
        otlp__call_free(call);
    }
    curl_multi_cleanup(transport->multi);
    otlp__token_file_release(&transport->token_file);
    otlp__squeezer_release(&transport->squeezer);
    otlp__settings_release(&transport->settings);
    pthread_cond_destroy(&transport->all_done);
    pthread_mutex_destroy(&transport->lock);
    free(transport);
}

static void transport_free(struct otlp_exporter *exporter)
{
    struct otlp__transport *transport = transport_of(exporter);
    if (is_forked(transport)) {
        /* Of all that it has, only this never changes. */
        otlp__settings_release(&transport->settings);
        free(transport);
        return;
    }
    transport_shutdown(exporter, 0);
    pthread_join(transport->thread, NULL);
    release(transport);
}

static const struct otlp_exporter_ops transport_ops = {
    .send = transport_send, .shutdown = transport_shutdown, .free = transport_free};

static int init_lock(struct otlp__transport *transport)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return OTLP_ENOMEM;
    }
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int error = pthread_mutex_init(&transport->lock, NULL);
    if (error == 0) {
        error = pthread_cond_init(&transport->all_done, &attributes);
        if (error != 0) {
            pthread_mutex_destroy(&transport->lock);
        }
    }
    pthread_condattr_destroy(&attributes);
    return error == 0 ? 0 : OTLP_ENOMEM;
}

static void init_state(struct otlp__transport *transport)
{
    const struct otlp_transport_options *options = &transport->settings.options;
    const struct otlp_pool_policy *pool = &options->pool;
    bool is_json = options->protocol == OTLP_PROTOCOL_HTTP_JSON;
    transport->exporter.ops = &transport_ops;
    transport->fork_count = otlp__fork_count();
    transport->exporter.encoding = is_json ? OTLP_ENCODING_JSON : OTLP_ENCODING_PROTOBUF;
    otlp__call_list_init(&transport->submitted);
    otlp__call_list_init(&transport->ready);
    otlp__call_list_init(&transport->waiting);
    otlp__call_list_init(&transport->active);
    transport->rotation = (struct otlp__rotation){
        .balance = options->balance, .in_flight_max = pool->connections_max * pool->streams_max};
    transport->token_file.name = transport->settings.bearer_token_file;
    otlp__random_seed(transport->random, otlp__random_next(otlp__thread_generator()->state));
    for (size_t i = 0; i < transport->settings.target_count; i++) {
        transport->endpoints[i].weight = transport->settings.targets[i].weight;
    }
    transport->check_ns = pool->connections_min > 0 ? 0
                          : pool->check_ns > 0
                              ? otlp__monotonic_after(otlp__monotonic_ns(), pool->check_ns)
                              : UINT64_MAX;
}

/* How many connections libcurl keeps. How many there are at a time follows from how many requests
 * it is given; it is not told a limit, as it has no time-out for requests that wait for a
 * connection. */
static int init_multi(struct otlp__transport *transport)
{
    const struct otlp_pool_policy *pool = &transport->settings.options.pool;
    long total = (long)(pool->connections_max * transport->settings.target_count);
    transport->multi = curl_multi_init();
    if (transport->multi == NULL ||
        curl_multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, total) != CURLM_OK ||

        curl_multi_setopt(transport->multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
                          (long)pool->streams_max) != CURLM_OK) {
        return OTLP_ENOMEM;
    }
    return 0;
}

static int start_thread(struct otlp__transport *transport)
{
    return otlp__thread_start(&transport->thread, otlp__transport_run, transport) ? 0 : OTLP_ENOMEM;
}

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_state = CURLE_FAILED_INIT;

static void init_curl(void)
{
    curl_state = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int otlp_transport_create(const struct otlp_transport_options *options,
                          struct otlp_exporter **exporter)
{
    pthread_once(&curl_once, init_curl);
    if (curl_state != CURLE_OK || otlp__fork_watch() != 0) {
        return OTLP_ENOMEM;
    }
    struct otlp__transport *transport = calloc(1, sizeof *transport);
    if (transport == NULL) {
        return OTLP_ENOMEM;
    }
    int error = otlp__settings_init(&transport->settings, options);
    if (error != 0) {
        goto no_settings;
    }
    error = init_lock(transport);
    if (error != 0) {
        goto no_lock;
    }
    error =
        otlp__squeezer_init(&transport->squeezer, transport->settings.candidates,
                            transport->settings.candidate_count, options->compression_is_adaptive);
    if (error != 0) {
        goto no_squeezer;
    }
    init_state(transport);
    error = init_multi(transport);
    if (error == 0) {
        error = start_thread(transport);
    }
    if (error != 0) {
        release(transport);
        return error;
    }
    *exporter = &transport->exporter;
    return 0;

no_squeezer:
    pthread_cond_destroy(&transport->all_done);
    pthread_mutex_destroy(&transport->lock);
no_lock:
    otlp__settings_release(&transport->settings);
no_settings:
    free(transport);
    return error;
}

/* ---- What it has done, and how it is --------------------------------------------------------- */

void otlp_transport_metrics(struct otlp_exporter *exporter, struct otlp_transport_metrics *metrics)
{
    struct otlp__transport *transport = transport_of(exporter);
    if (is_forked(transport)) {
        *metrics = (struct otlp_transport_metrics){0};
        return;
    }
    pthread_mutex_lock(&transport->lock);
    *metrics = transport->counts;
    pthread_mutex_unlock(&transport->lock);
    for (size_t i = 0; i < transport->settings.target_count; i++) {
        metrics->connections += atomic_load(&transport->endpoints[i].connections);
        metrics->connections_opened += atomic_load(&transport->endpoints[i].connections_opened);
    }
}

size_t otlp_transport_health(struct otlp_exporter *exporter, struct otlp_endpoint_health *health,
                             size_t capacity)
{
    struct otlp__transport *transport = transport_of(exporter);
    size_t count = transport->settings.target_count;
    if (is_forked(transport)) {
        for (size_t i = 0; i < count && i < capacity; i++) {
            health[i] =
                (struct otlp_endpoint_health){.url = transport->settings.targets[i].shown_url};
        }
        return count;
    }
    pthread_mutex_lock(&transport->lock);
    for (size_t i = 0; i < count && i < capacity; i++) {
        struct otlp__endpoint_state *endpoint = &transport->endpoints[i];
        health[i] =
            (struct otlp_endpoint_health){.url = transport->settings.targets[i].shown_url,
                                          .breaker = endpoint->breaker.state,
                                          .failures_in_row = endpoint->breaker.failures,
                                          .in_flight = endpoint->in_flight,
                                          .connections = atomic_load(&endpoint->connections),
                                          .answers = endpoint->answers,
                                          .failures = endpoint->failures};
        memcpy(health[i].message, endpoint->message, sizeof health[i].message);
    }
    pthread_mutex_unlock(&transport->lock);
    return count;
}

/* Of several endpoints the best one counts. */
static int better(int error, enum otlp_export_outcome outcome)
{
    static const int errors[OTLP_EXPORT_OUTCOMES] = {[OTLP_EXPORT_REFUSED] = OTLP_EIO,
                                                     [OTLP_EXPORT_TIMED_OUT] = OTLP_ETIMEOUT,
                                                     [OTLP_EXPORT_UNAVAILABLE] = OTLP_EIO,
                                                     [OTLP_EXPORT_SHUT_DOWN] = OTLP_EENDED,
                                                     [OTLP_EXPORT_FAILED] = OTLP_ENOMEM};
    if (outcome == OTLP_EXPORT_DELIVERED || error == 0) {
        return 0;
    }
    return error == OTLP_EENDED || errors[outcome] == OTLP_EIO ? errors[outcome] : error;
}

int otlp_transport_check(struct otlp_exporter *exporter, uint64_t timeout_ns)
{
    struct otlp__transport *transport = transport_of(exporter);
    size_t count = transport->settings.target_count;
    struct otlp__call *calls[OTLP_ENDPOINTS_MAX];
    int error = OTLP_EENDED;
    if (is_forked(transport)) {
        return error;
    }
    if (timeout_ns == 0) {
        timeout_ns = transport->settings.options.timeout_ns;
    }
    for (size_t i = 0; i < count; i++) {
        calls[i] = otlp__transport_submit_check(transport, i, timeout_ns, false, false);
    }
    curl_multi_wakeup(transport->multi);
    for (size_t i = 0; i < count; i++) {
        if (calls[i] == NULL) {
            continue;
        }
        await(transport, calls[i]);
        error = better(error, calls[i]->result.outcome);
        otlp__transport_put_call(transport, calls[i]);
    }
    return error;
}
