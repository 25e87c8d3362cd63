/* The thread of a transport: what it does between two waits. */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "monotonic.h"
#include "transport/retry.h"
#include "transport/transport_internal.h"

/* It looks after itself this often even when nothing happens. */
#define WAIT_MS_MAX 1000

/* How much longer than its time an attempt is left to libcurl. */
#define GRACE_NS 20000000u

/* Takes over what callers have handed in. */
static void take_submitted(struct otlp__transport *transport, bool *is_shutting_down,
                           bool *is_aborting)
{
    struct otlp__call *call;
    pthread_mutex_lock(&transport->lock);
    while ((call = otlp__call_list_shift(&transport->submitted)) != NULL) {
        otlp__call_list_append(&transport->ready, call);
    }
    *is_shutting_down = transport->is_shutting_down;
    *is_aborting = transport->is_aborting;
    pthread_mutex_unlock(&transport->lock);
}

static void wake_waiting(struct otlp__transport *transport, uint64_t now_ns)
{
    struct otlp__call *next;
    for (struct otlp__call *call = transport->waiting.first; call != NULL; call = next) {
        next = call->next;
        if (call->wake_ns <= now_ns) {
            otlp__call_list_remove(&transport->waiting, call);
            otlp__call_list_append(&transport->ready, call);
        }
    }
}

static void finish_all(struct otlp__transport *transport, struct otlp__call_list *list)
{
    struct otlp__call *call;
    while ((call = otlp__call_list_shift(list)) != NULL) {
        otlp__transport_finish(transport, call, OTLP_EXPORT_SHUT_DOWN, "shut down");
    }
}

static void break_off(struct otlp__transport *transport, struct otlp__call *call)
{
    curl_multi_remove_handle(transport->multi, call->easy);
    otlp__call_list_remove(&transport->active, call);
    pthread_mutex_lock(&transport->lock);
    otlp__transport_end_attempt(transport, call);
    otlp__breaker_pass(&transport->endpoints[call->endpoint].breaker);
    pthread_mutex_unlock(&transport->lock);
    otlp__transport_finish(transport, call, OTLP_EXPORT_SHUT_DOWN,
                           "shut down before the answer came");
}

/* No more retries, no checks that nobody waits for, and in the end no more attempts. */
static void end_calls(struct otlp__transport *transport, bool is_aborting)
{
    struct otlp__call *next;
    finish_all(transport, &transport->waiting);
    for (struct otlp__call *call = transport->ready.first; call != NULL; call = next) {
        next = call->next;
        if (call->is_check || call->result.attempts > 0 || is_aborting) {
            otlp__call_list_remove(&transport->ready, call);
            otlp__transport_finish(transport, call, OTLP_EXPORT_SHUT_DOWN, "shut down");
        }
    }
    for (struct otlp__call *call = transport->active.first; call != NULL; call = next) {
        next = call->next;
        if (is_aborting || (call->is_check && call->is_detached)) {
            break_off(transport, call);
        }
    }
}

static void count_attempt(struct otlp__transport *transport, struct otlp__call *call)
{
    struct otlp_transport_metrics *counts = &transport->counts;
    if (!call->is_check) {
        counts->attempts++;
        counts->retries += call->result.attempts > 0;
        counts->payload_bytes += call->payload_bytes;
        counts->wire_bytes += call->prefix_bytes + call->body_bytes;
    }
}

/* Whether an attempt is to open a connection, where libcurl does not decide that well. */
static bool wants_connection(const struct otlp__transport *transport, const struct otlp__call *call,
                             size_t index)
{
    const struct otlp__endpoint_state *endpoint = &transport->endpoints[index];
    const struct otlp_pool_policy *pool = &transport->settings.options.pool;
    if (call->must_open || !transport->settings.targets[index].opens_by_order) {
        return call->must_open;
    }
    uint32_t connections =
        atomic_load_explicit(&endpoint->connections, memory_order_relaxed) + endpoint->opening;
    return connections < pool->connections_max &&
           endpoint->in_flight >= connections * pool->streams_max;
}

/* Sends a call to an endpoint. */
static void begin(struct otlp__transport *transport, struct otlp__call *call, size_t index,
                  uint64_t now_ns)
{
    const struct otlp_transport_options *options = &transport->settings.options;
    struct otlp__endpoint_state *endpoint = &transport->endpoints[index];
    uint64_t left_ns = call->deadline_ns - now_ns;
    uint64_t limit_ns = options->attempt_timeout_ns;
    const char *token = otlp__token_file_get(&transport->token_file);
    call->opens_connection = wants_connection(transport, call, index);
    call->must_open = false;
    uint64_t timeout_ns = limit_ns == 0 || limit_ns > left_ns ? left_ns : limit_ns;
    int error = otlp__call_prepare(call, &transport->settings, endpoint, index, token, timeout_ns);
    if (error != 0 || curl_multi_add_handle(transport->multi, call->easy) != CURLM_OK) {
        otlp__transport_finish(transport, call, OTLP_EXPORT_FAILED, "out of memory");
        return;
    }
    call->endpoint = index;
    call->attempt_end_ns = otlp__monotonic_after(now_ns, timeout_ns);
    endpoint->opening += call->opens_connection;
    otlp__call_list_append(&transport->active, call);
    pthread_mutex_lock(&transport->lock);
    otlp__breaker_begin(&endpoint->breaker);
    endpoint->in_flight++;
    endpoint->used_ns = now_ns;
    count_attempt(transport, call);
    pthread_mutex_unlock(&transport->lock);
    call->result.attempts++;
}

/* Finds an endpoint for a call that is ready. False: it stays in the list. */
static bool dispatch(struct otlp__transport *transport, struct otlp__call *call, uint64_t now_ns)
{
    size_t index = call->only;
    uint64_t until_ns = 0;
    enum otlp__pick pick = OTLP__PICKED;
    if (now_ns >= call->deadline_ns) {
        otlp__call_list_remove(&transport->ready, call);
        otlp__transport_finish(transport, call, OTLP_EXPORT_TIMED_OUT,
                               "timed out before it could be sent");
        return true;
    }
    if (index == OTLP__NO_ENDPOINT) {
        pthread_mutex_lock(&transport->lock);
        pick = otlp__endpoints_pick(transport->endpoints, transport->settings.target_count,
                                    &transport->rotation, call->tried, now_ns, &index, &until_ns);
        pthread_mutex_unlock(&transport->lock);
    }
    if (pick == OTLP__PICK_BUSY) {
        return false;
    }
    otlp__call_list_remove(&transport->ready, call);
    if (pick == OTLP__PICKED) {
        begin(transport, call, index, now_ns);
    } else if (call->result.attempts == 0 || until_ns >= call->deadline_ns) {
        otlp__transport_finish(transport, call, OTLP_EXPORT_UNAVAILABLE,
                               "the circuit breaker is open");
    } else {
        call->wake_ns = until_ns;
        otlp__call_list_append(&transport->waiting, call);
    }
    return true;
}

static void dispatch_ready(struct otlp__transport *transport, uint64_t now_ns)
{
    struct otlp__call *next;
    for (struct otlp__call *call = transport->ready.first; call != NULL; call = next) {
        next = call->next;
        dispatch(transport, call, now_ns);
    }
}

/* Ends the connection of an attempt that is over when it has served often enough: libcurl, which
 * may have it still, finds it dead when it is needed again. */
static void note_use(const struct otlp__transport *transport, struct otlp__call *call)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (transport->settings.uses_max == 0 ||
        curl_easy_getinfo(call->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
        fd == CURL_SOCKET_BAD) {
        return;
    }
    uint16_t *uses = &call->endpoint_state->uses[fd % OTLP__USES];
    if (++*uses >= transport->settings.uses_max) {
        shutdown(fd, SHUT_RDWR);
    }
}

/* What libcurl has finished. Returns how many. */
static unsigned collect(struct otlp__transport *transport, uint64_t now_ns)
{
    CURLMsg *message;
    int left;
    unsigned count = 0;
    while ((message = curl_multi_info_read(transport->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        struct otlp__call *call = NULL;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        note_use(transport, call);
        curl_multi_remove_handle(transport->multi, call->easy);
        otlp__call_list_remove(&transport->active, call);
        otlp__transport_conclude(transport, call, code, now_ns);
        count++;
    }
    return count;
}

/* libcurl ends attempts in time, except while they wait for a connection. */
static void expire_active(struct otlp__transport *transport, uint64_t now_ns)
{
    struct otlp__call *next;
    for (struct otlp__call *call = transport->active.first; call != NULL; call = next) {
        next = call->next;
        if (now_ns >= otlp__monotonic_after(call->attempt_end_ns, GRACE_NS)) {
            curl_multi_remove_handle(transport->multi, call->easy);
            otlp__call_list_remove(&transport->active, call);
            otlp__transport_conclude(transport, call, CURLE_OPERATION_TIMEDOUT, now_ns);
        }
    }
}

static int wait_ms(const struct otlp__transport *transport, uint64_t now_ns)
{
    uint64_t until_ns = transport->check_ns;
    for (const struct otlp__call *call = transport->waiting.first; call != NULL;
         call = call->next) {
        until_ns = call->wake_ns < until_ns ? call->wake_ns : until_ns;
    }
    for (const struct otlp__call *call = transport->active.first; call != NULL; call = call->next) {
        uint64_t end_ns = otlp__monotonic_after(call->attempt_end_ns, GRACE_NS);
        until_ns = end_ns < until_ns ? end_ns : until_ns;
    }
    for (const struct otlp__call *call = transport->ready.first; call != NULL; call = call->next) {
        until_ns = call->deadline_ns < until_ns ? call->deadline_ns : until_ns;
    }
    uint64_t wait_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    uint64_t wait = wait_ns / 1000000u + (wait_ns % 1000000u != 0);
    return wait < WAIT_MS_MAX ? (int)wait : WAIT_MS_MAX;
}

static bool is_idle(struct otlp__transport *transport)
{
    pthread_mutex_lock(&transport->lock);
    bool is_idle = transport->open_calls == 0;
    pthread_mutex_unlock(&transport->lock);
    return is_idle;
}

void *otlp__transport_run(void *context)
{
    struct otlp__transport *transport = context;
    bool is_shutting_down = false;
    bool is_aborting = false;
    int running;
    do {
        take_submitted(transport, &is_shutting_down, &is_aborting);
        uint64_t now_ns = otlp__monotonic_ns();
        if (is_shutting_down) {
            end_calls(transport, is_aborting);
            transport->check_ns = UINT64_MAX;
        }
        wake_waiting(transport, now_ns);
        if (now_ns >= transport->check_ns) {
            otlp__transport_check_endpoints(transport, now_ns);
            continue;
        }
        dispatch_ready(transport, now_ns);
        curl_multi_perform(transport->multi, &running);
        unsigned collected = collect(transport, otlp__monotonic_ns());
        expire_active(transport, now_ns);
        if (collected == 0 || transport->ready.first == NULL) {
            int timeout_ms =
                is_shutting_down && is_idle(transport) ? 0 : wait_ms(transport, now_ns);
            curl_multi_poll(transport->multi, NULL, 0, timeout_ms, NULL);
        }
    } while (!is_shutting_down || !is_idle(transport));
    return NULL;
}
