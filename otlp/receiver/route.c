#include "route.h"

#include "grpc_code.h"

#include <string.h>

#define GRPC_TYPE "application/grpc"

static bool is_exactly(struct rx_text text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

static bool has_prefix(struct rx_text text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && otlp__rx_is((struct rx_text){text.data, len}, prefix);
}

/* Every byte is looked at, so that the time tells nothing about the token. */
static bool is_token(struct rx_text text, const char *token)
{
    size_t len = strlen(token);
    unsigned char difference = text.len != len;
    for (size_t i = 0; i < text.len; i++) {
        difference |= (unsigned char)(text.data[i] ^ token[i % (len + 1)]);
    }
    return difference == 0;
}

static bool is_authorized(const struct rx_exchange *exchange, const struct rx_head *head)
{
    const char *token = exchange->scratch->service->options.bearer_token;
    if (token == NULL) {
        return true;
    }
    struct rx_text text = head->authorization;
    if (!has_prefix(text, "bearer ")) {
        return false;
    }
    return is_token(otlp__rx_trim((struct rx_text){text.data + 7, text.len - 7}), token);
}

/* The token is asked for, and faults are drawn: what comes before either kind of body. */
static bool admit(struct rx_exchange *exchange, const struct rx_head *head)
{
    struct rx_service *service = exchange->scratch->service;
    if (!is_authorized(exchange, head)) {
        exchange->answer.challenges = true;
        otlp__rx_exchange_refuse(exchange, 401, OTLP_GRPC_UNAUTHENTICATED,
                                 "the bearer token is missing or wrong");
        return false;
    }
    exchange->has_fault =
        otlp__rx_faults_draw(&service->faults, exchange->signal, &exchange->fault);
    if (exchange->has_fault) {
        otlp__rx_add(&service->counters.faults, 1);
    }
    return true;
}

static void take_compression(struct rx_exchange *exchange, struct rx_text name)
{
    enum otlp_compression compression = OTLP_COMPRESSION_NONE;
    if (name.data != NULL && otlp_compression_from_name(name.data, name.len, &compression) != 0) {
        exchange->answer.names_codings = true;
        otlp__rx_exchange_refuse(exchange, 415, OTLP_GRPC_UNIMPLEMENTED,
                                 "the compression of the body is not supported");
    }
    exchange->compression = compression;
}

static void take_length(struct rx_exchange *exchange, const struct rx_head *head, size_t framing)
{
    size_t limit = exchange->scratch->service->options.limits.body_bytes;
    if (head->has_length && head->content_length > limit + framing) {
        otlp__rx_exchange_refuse(exchange, 413, OTLP_GRPC_RESOURCE_EXHAUSTED,
                                 "the body is larger than the permitted size");
    }
    exchange->expected_bytes =
        head->has_length && !exchange->is_answered ? (size_t)head->content_length : 0;
}

static bool find_method(struct rx_text path, enum otlp_signal *signal)
{
    static const char *const methods[OTLP_SIGNAL_COUNT] = {
        [OTLP_TRACES] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        [OTLP_METRICS] = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        [OTLP_LOGS] = "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    };
    for (int i = 0; i < OTLP_SIGNAL_COUNT; i++) {
        if (is_exactly(path, methods[i])) {
            *signal = (enum otlp_signal)i;
            return true;
        }
    }
    return false;
}

/* At most 8 digits and a unit. An absent one is no limit. */
static bool parse_timeout(struct rx_text text, uint64_t *timeout_ns)
{
    static const char units[] = "HMSmun";
    static const uint64_t unit_ns[] = {3600000000000u, 60000000000u, 1000000000u,
                                       1000000u,       1000u,        1u};
    if (text.data == NULL) {
        return true;
    }
    if (text.len < 2 || text.len > 9) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    char last = text.data[text.len - 1];
    const char *unit = last != '\0' ? strchr(units, last) : NULL;
    if (unit == NULL) {
        return false;
    }
    *timeout_ns = value * unit_ns[unit - units];
    return true;
}

static void route_grpc(struct rx_exchange *exchange, const struct rx_head *head,
                       struct rx_text type)
{
    struct rx_service *service = exchange->scratch->service;
    if (!head->is_h2 || !is_exactly(head->method, "POST") ||
        !(otlp__rx_is(type, GRPC_TYPE) || otlp__rx_is(type, GRPC_TYPE "+proto"))) {
        exchange->is_grpc = false; /* it is not understood as a call at all */
        int status = !head->is_h2 ? 505 : is_exactly(head->method, "POST") ? 415 : 405;
        otlp__rx_exchange_refuse(exchange, status, OTLP_GRPC_UNIMPLEMENTED,
                                 "gRPC is POST by HTTP/2 with messages in protobuf");
        return;
    }
    otlp__rx_add(&service->counters.grpc_requests, 1);
    if (!find_method(head->path, &exchange->signal)) {
        otlp__rx_exchange_refuse(exchange, 404, OTLP_GRPC_UNIMPLEMENTED, "there is no such method");
        return;
    }
    if (!otlp__rx_is(head->te, "trailers")) {
        otlp__rx_add(&service->counters.te_missing, 1);
    }
    if (!admit(exchange, head)) {
        return;
    }
    if (!parse_timeout(head->grpc_timeout, &exchange->grpc_timeout_ns)) {
        otlp__rx_exchange_refuse(exchange, 400, OTLP_GRPC_INTERNAL, "grpc-timeout is malformed");
        return;
    }
    exchange->has_grpc_encoding = head->grpc_encoding.data != NULL;
    take_compression(exchange, head->grpc_encoding);
    if (!exchange->is_answered) {
        take_length(exchange, head, 5);
    }
}

static bool find_path(struct rx_text path, enum otlp_signal *signal)
{
    static const char *const paths[OTLP_SIGNAL_COUNT] = {
        [OTLP_TRACES] = "/v1/traces", [OTLP_METRICS] = "/v1/metrics", [OTLP_LOGS] = "/v1/logs"};
    for (int i = 0; i < OTLP_SIGNAL_COUNT; i++) {
        if (is_exactly(path, paths[i])) {
            *signal = (enum otlp_signal)i;
            return true;
        }
    }
    return false;
}

static void route_stats(struct rx_exchange *exchange, const struct rx_head *head)
{
    exchange->encoding = OTLP_ENCODING_JSON;
    exchange->answer.encoding = OTLP_ENCODING_JSON;
    exchange->answer.allows_get = true;
    if (!is_exactly(head->method, "GET")) {
        otlp__rx_exchange_refuse(exchange, 405, OTLP_GRPC_UNIMPLEMENTED, "the method must be GET");
    } else if (!is_authorized(exchange, head)) {
        exchange->answer.challenges = true;
        otlp__rx_exchange_refuse(exchange, 401, OTLP_GRPC_UNAUTHENTICATED,
                                 "the bearer token is missing or wrong");
    } else {
        exchange->is_stats = true;
    }
}

static void route_http(struct rx_exchange *exchange, const struct rx_head *head,
                       struct rx_text type)
{
    struct rx_service *service = exchange->scratch->service;
    bool is_json = otlp__rx_is(type, "application/json");
    exchange->encoding = is_json ? OTLP_ENCODING_JSON : OTLP_ENCODING_PROTOBUF;
    exchange->answer.encoding = exchange->encoding;
    struct rx_text path = head->path;
    const char *query = path.len > 0 ? memchr(path.data, '?', path.len) : NULL;
    path.len = query != NULL ? (size_t)(query - path.data) : path.len;
    if (is_exactly(path, "/stats")) {
        route_stats(exchange, head);
        return;
    }
    otlp__rx_add(&service->counters.http_requests, 1);
    if (!find_path(path, &exchange->signal)) {
        otlp__rx_exchange_refuse(exchange, 404, OTLP_GRPC_UNIMPLEMENTED, "there is no such path");
        return;
    }
    if (!is_exactly(head->method, "POST")) {
        otlp__rx_exchange_refuse(exchange, 405, OTLP_GRPC_UNIMPLEMENTED, "the method must be POST");
        return;
    }
    if (!admit(exchange, head)) {
        return;
    }
    if (!is_json && !otlp__rx_is(type, "application/x-protobuf")) {
        otlp__rx_exchange_refuse(
            exchange, 415, OTLP_GRPC_INVALID_ARGUMENT,
            "the media type must be application/x-protobuf or application/json");
        return;
    }
    take_compression(exchange, head->content_encoding);
    if (!exchange->is_answered) {
        take_length(exchange, head, 0);
    }
}

void otlp__rx_route(struct rx_exchange *exchange, const struct rx_head *head, bool grpc_only)
{
    struct rx_text type = otlp__rx_before_parameters(head->content_type);
    exchange->is_grpc = has_prefix(type, GRPC_TYPE) &&
                        (type.len == strlen(GRPC_TYPE) || type.data[strlen(GRPC_TYPE)] == '+');
    if (exchange->is_grpc) {
        route_grpc(exchange, head, type);
    } else if (grpc_only) {
        otlp__rx_exchange_refuse(exchange, 415, OTLP_GRPC_UNKNOWN, "this port takes gRPC alone");
    } else {
        route_http(exchange, head, type);
    }
}
