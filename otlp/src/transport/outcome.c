/* What becomes of a call: its next attempt, or its end. */
#include <stdio.h>
#include <string.h>

#include "monotonic.h"
#include "random.h"
#include "transport/retry.h"
#include "transport/transport_internal.h"

static void say(struct otlp_export_result *result, const char *text)
{
    if (text != NULL && result->message[0] == '\0') {
        otlp__message_copy(result->message, text, strlen(text));
    }
}

static size_t latency_bucket(uint64_t latency_ns)
{
    size_t bucket = 0;
    while (bucket + 1 < OTLP_LATENCY_BUCKETS && latency_ns >= (uint64_t)100000u << bucket) {
        bucket++;
    }
    return bucket;
}

static void count_outcome(struct otlp_transport_metrics *counts, const struct otlp__call *call,
                          uint64_t now_ns)
{
    const struct otlp_export_result *result = &call->result;
    counts->exports[result->outcome]++;
    if (result->outcome == OTLP_EXPORT_DELIVERED) {
        counts->items_delivered += call->items - result->rejected;
        counts->items_rejected += result->rejected;
    } else {
        counts->items_dropped += call->items;
    }
    counts->latency_sum_ns += now_ns - call->began_ns;
    counts->latency[latency_bucket(now_ns - call->began_ns)]++;
    counts->in_flight--;
}

void otlp__transport_finish(struct otlp__transport *transport, struct otlp__call *call,
                            enum otlp_export_outcome outcome, const char *text)
{
    uint64_t now_ns = otlp__monotonic_ns();
    bool is_detached = call->is_detached;
    call->result.outcome = outcome;
    say(&call->result, text);
    pthread_mutex_lock(&transport->lock);
    if (!call->is_check) {
        count_outcome(&transport->counts, call, now_ns);
    }
    call->is_done = true;
    pthread_cond_signal(&call->done);
    if (--transport->open_calls == 0) {
        pthread_cond_broadcast(&transport->all_done);
    }
    pthread_mutex_unlock(&transport->lock);
    if (is_detached) {
        otlp__transport_put_call(transport, call);
    }
}

void otlp__transport_end_attempt(struct otlp__transport *transport, struct otlp__call *call)
{
    struct otlp__endpoint_state *endpoint = &transport->endpoints[call->endpoint];
    endpoint->in_flight--;
    endpoint->opening -= call->opens_connection && !call->has_opened;
}

/* What the attempt says about its endpoint, and the counts of attempts. */
static void note(struct otlp__transport *transport, struct otlp__call *call,
                 const struct otlp__verdict *verdict, uint64_t now_ns)
{
    struct otlp__endpoint_state *endpoint = &transport->endpoints[call->endpoint];
    pthread_mutex_lock(&transport->lock);
    otlp__transport_end_attempt(transport, call);
    endpoint->used_ns = now_ns;
    switch (verdict->omen) {
    case OTLP__OMEN_GOOD:
        endpoint->answers++;
        otlp__breaker_succeed(&endpoint->breaker);
        break;
    case OTLP__OMEN_BAD:
        endpoint->failures++;
        memcpy(endpoint->message, verdict->message, sizeof endpoint->message);
        otlp__breaker_fail(&endpoint->breaker, &transport->settings.options.breaker, now_ns);
        break;
    case OTLP__OMEN_NONE:
        endpoint->answers++;
        otlp__breaker_pass(&endpoint->breaker);
        break;
    }
    call->result.attempts += call->resends;
    if (!call->is_check) {
        transport->counts.attempts += call->resends;
        transport->counts.retries += call->resends;
        transport->counts.payload_bytes += call->resends * call->payload_bytes;
        transport->counts.wire_bytes += call->resends * (call->prefix_bytes + call->body_bytes);
        transport->counts.partial += verdict->is_partial;
        transport->counts.throttled += verdict->has_delay;
        transport->counts.responses_too_large += verdict->is_too_large;
    }
    pthread_mutex_unlock(&transport->lock);
}

static double next_random(uint64_t state[4])
{
    return (double)(otlp__random_next(state) >> 11) / (double)((uint64_t)1 << 53);
}

/* When the call may be tried again; `now_ns` for at once. */
static uint64_t plan_retry(struct otlp__transport *transport, struct otlp__call *call,
                           const struct otlp__verdict *verdict, uint64_t now_ns)
{
    const struct otlp_retry_policy *policy = &transport->settings.options.retry;
    call->tried |= (uint32_t)1 << call->endpoint;
    pthread_mutex_lock(&transport->lock);
    bool has_other = otlp__endpoints_have_other(
        transport->endpoints, transport->settings.target_count, call->tried, now_ns);
    pthread_mutex_unlock(&transport->lock);
    if (has_other && !verdict->has_delay) {
        return now_ns;
    }
    uint64_t wait_ns = otlp__retry_wait_ns(policy, call->failures, next_random(transport->random));
    if (verdict->has_delay) {
        call->floor_ns = verdict->delay_ns;
    } else if (call->floor_ns < policy->cap_ns) {
        /* Failures after a delay that was asked for back off from there. */
        double floor_ns = (double)call->floor_ns * policy->factor;
        call->floor_ns = floor_ns < (double)policy->cap_ns ? (uint64_t)floor_ns : policy->cap_ns;
    }
    wait_ns = wait_ns > call->floor_ns ? wait_ns : call->floor_ns;
    call->failures++;
    call->tried = 0;
    call->was_started_over = false;
    return otlp__monotonic_after(now_ns, wait_ns);
}

static void retry(struct otlp__transport *transport, struct otlp__call *call,
                  const struct otlp__verdict *verdict, uint64_t now_ns)
{
    const struct otlp_retry_policy *policy = &transport->settings.options.retry;
    if (call->is_check ||
        (policy->attempts_max != 0 && call->result.attempts >= policy->attempts_max)) {
        bool is_late = now_ns >= call->deadline_ns;
        otlp__transport_finish(transport, call,
                               is_late ? OTLP_EXPORT_TIMED_OUT : OTLP_EXPORT_UNAVAILABLE, NULL);
        return;
    }
    call->wake_ns = plan_retry(transport, call, verdict, now_ns);
    if (call->wake_ns >= call->deadline_ns) {
        otlp__transport_finish(transport, call, OTLP_EXPORT_TIMED_OUT, NULL);
        return;
    }
    otlp__call_list_append(&transport->waiting, call);
}

/* Whether a kept connection ended before anything came back. Receivers close connections that have
 * been idle or old enough for them, which may cross with a request. */
static bool lost_connection(const struct otlp__call *call, CURLcode code)
{
    long opened = 0;
    switch (code) {
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
        break;
    default:
        return false;
    }
    return !call->opens_connection && !call->was_started_over && call->answer.http_status == 0 &&
           strstr(call->error, "(err ") == NULL &&
           curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &opened) == CURLE_OK && opened == 0;
}

/* The connection that was to be used had gone: the same attempt once more, on a new one. When it
 * went while it was used, that is another attempt. */
static void start_over(struct otlp__transport *transport, struct otlp__call *call)
{
    pthread_mutex_lock(&transport->lock);
    otlp__transport_end_attempt(transport, call);
    otlp__breaker_pass(&transport->endpoints[call->endpoint].breaker);
    call->result.attempts -= !call->was_read;
    if (!call->is_check && !call->was_read) {
        transport->counts.attempts--;
        transport->counts.retries -= call->result.attempts > 0;
        transport->counts.payload_bytes -= call->payload_bytes;
        transport->counts.wire_bytes -= call->prefix_bytes + call->body_bytes;
    }
    pthread_mutex_unlock(&transport->lock);
    call->must_open = true;
    call->was_started_over = true;
    otlp__call_list_append(&transport->ready, call);
}

void otlp__transport_conclude(struct otlp__transport *transport, struct otlp__call *call,
                              CURLcode code, uint64_t now_ns)
{
    struct otlp__verdict verdict;
    if (call->lacked_connection ||
        (lost_connection(call, code) && (!call->was_read || otlp__call_may_resend(call)))) {
        start_over(transport, call);
        return;
    }
    if (code == CURLE_SEND_FAIL_REWIND) {
        snprintf(call->error, sizeof call->error, "the connection ended before the answer came");
    }
    otlp__judge(&call->answer, transport->settings.options.protocol, call->signal, code,
                call->error, transport->settings.options.response_bytes_max, &verdict);
    note(transport, call, &verdict, now_ns);
    call->result.status = verdict.status;
    memcpy(call->result.message, verdict.message, sizeof call->result.message);
    switch (verdict.fate) {
    case OTLP__FATE_DELIVERED:
        call->result.rejected =
            verdict.rejected < call->items ? (size_t)verdict.rejected : call->items;
        otlp__transport_finish(transport, call, OTLP_EXPORT_DELIVERED, NULL);
        break;
    case OTLP__FATE_REFUSED:
        otlp__transport_finish(transport, call, OTLP_EXPORT_REFUSED, NULL);
        break;
    case OTLP__FATE_FAILED:
        otlp__transport_finish(transport, call, OTLP_EXPORT_FAILED, NULL);
        break;
    case OTLP__FATE_RETRY:
        retry(transport, call, &verdict, now_ns);
        break;
    }
}
