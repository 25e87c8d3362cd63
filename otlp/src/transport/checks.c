/* Requests without content: they open connections and find out how endpoints are. */
#include "monotonic.h"
#include "transport/transport_internal.h"

struct otlp__call *otlp__transport_submit_check(struct otlp__transport *transport, size_t endpoint,
                                                uint64_t timeout_ns, bool is_detached,
                                                bool opens_connection)
{
    static const uint8_t empty_json[] = "{}";
    struct otlp__call *call = otlp__transport_take_call(transport);
    if (call == NULL) {
        return NULL;
    }
    if (transport->settings.options.protocol == OTLP_PROTOCOL_GRPC) {
        call->prefix_bytes = OTLP__GRPC_PREFIX_BYTES;
        otlp__grpc_prefix(false, 0, call->prefix);
    } else if (transport->exporter.encoding == OTLP_ENCODING_JSON) {
        call->body = empty_json;
        call->body_bytes = sizeof empty_json - 1;
    }
    call->signal = OTLP_TRACES;
    call->is_check = true;
    call->is_detached = is_detached;
    call->must_open = opens_connection;
    call->only = endpoint;
    call->began_ns = otlp__monotonic_ns();
    call->deadline_ns = otlp__monotonic_after(call->began_ns, timeout_ns);
    pthread_mutex_lock(&transport->lock);
    bool is_late = transport->is_shutting_down;
    if (!is_late) {
        transport->open_calls++;
        otlp__call_list_append(&transport->submitted, call);
    }
    pthread_mutex_unlock(&transport->lock);
    if (is_late) {
        otlp__transport_put_call(transport, call);
        return NULL;
    }
    return call;
}

/* How many empty requests an endpoint needs: as many as connections are lacking, or one to keep
 * what there is and to see whether it lives. */
static uint32_t checks_due(struct otlp__transport *transport, size_t index, uint64_t now_ns,
                           bool *opens_connection)
{
    const struct otlp_pool_policy *pool = &transport->settings.options.pool;
    struct otlp__endpoint_state *endpoint = &transport->endpoints[index];
    uint32_t connections =
        atomic_load_explicit(&endpoint->connections, memory_order_relaxed) + endpoint->opening;
    pthread_mutex_lock(&transport->lock);
    bool is_used = endpoint->in_flight > 0 ||
                   (pool->check_ns > 0 && now_ns - endpoint->used_ns < pool->check_ns / 2);
    bool is_allowed = otlp__breaker_allows(&endpoint->breaker, now_ns);
    pthread_mutex_unlock(&transport->lock);
    *opens_connection = false;
    if (!is_allowed) {
        return 0;
    }
    if (connections < pool->connections_min) {
        *opens_connection = true;
        return pool->connections_min - connections;
    }
    return is_used || pool->check_ns == 0 ? 0 : 1;
}

void otlp__transport_check_endpoints(struct otlp__transport *transport, uint64_t now_ns)
{
    const struct otlp_transport_options *options = &transport->settings.options;
    for (size_t i = 0; i < transport->settings.target_count; i++) {
        bool opens_connection;
        uint32_t count = checks_due(transport, i, now_ns, &opens_connection);
        for (uint32_t k = 0; k < count; k++) {
            if (otlp__transport_submit_check(transport, i, options->timeout_ns, true,
                                             opens_connection) == NULL) {
                break;
            }
        }
    }
    transport->check_ns = options->pool.check_ns == 0
                              ? UINT64_MAX
                              : otlp__monotonic_after(now_ns, options->pool.check_ns);
}
