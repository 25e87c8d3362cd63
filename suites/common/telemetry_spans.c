#include "telemetry_internal.h"

#include <string.h>

struct statement {
    const char *operation;
    const char *table;
    const char *text;
};

static const struct statement statements[] = {
    {"SELECT", "orders", "SELECT id, state, total FROM orders WHERE customer_id = $1 LIMIT $2"},
    {"SELECT", "orders", "SELECT * FROM orders WHERE id = $1"},
    {"INSERT", "orders", "INSERT INTO orders (customer_id, total, currency) VALUES ($1, $2, $3)"},
    {"UPDATE", "orders", "UPDATE orders SET state = $1, updated_at = now() WHERE id = $2"},
    {"SELECT", "items", "SELECT sku, amount, price FROM items WHERE order_id = $1 ORDER BY line"},
    {"INSERT", "items", "INSERT INTO items (order_id, sku, amount, price) VALUES ($1, $2, $3, $4)"},
    {"SELECT", "products", "SELECT id, title, price FROM products WHERE id = ANY($1)"},
    {"SELECT", "products", "SELECT id FROM products WHERE tsv @@ plainto_tsquery($1) LIMIT 50"},
    {"UPDATE", "stock", "UPDATE stock SET reserved = reserved + $1 WHERE sku = $2"},
    {"SELECT", "customers", "SELECT id, mail, tier FROM customers WHERE id = $1"},
    {"SELECT", "sessions", "SELECT payload FROM sessions WHERE token = $1 AND expires_at > now()"},
    {"DELETE", "sessions", "DELETE FROM sessions WHERE expires_at < now() - interval '1 day'"},
    {"INSERT", "payments", "INSERT INTO payments (order_id, amount, provider) VALUES ($1, $2, $3)"},
    {"SELECT", "vouchers", "SELECT code, value FROM vouchers WHERE code = $1 FOR UPDATE"},
};

static const char *const functions[] = {"validate_cart",   "price_items",   "apply_vouchers",
                                        "render_response", "load_profile",  "check_fraud",
                                        "rank_results",    "encode_invoice"};

static const char *const topics[] = {"orders.placed", "payments.settled", "stock.reserved",
                                     "mail.outbox"};

static const char *const exceptions[] = {"TimeoutError", "ConnectionResetError", "DeadlockDetected",
                                         "InsufficientStock", "PaymentDeclined"};

/* What one span is made of, before it is started. */
struct plan {
    const char *name;
    enum otlp_span_kind kind;
    uint64_t start_unix_ns;
    uint64_t duration_ns;
    bool is_failing;
    const char *exception;  /* its class */
    const char *error_type; /* the error.type attribute */
};

static const char *method_of(struct telemetry *telemetry, size_t route)
{
    static const char *const methods[] = {"GET", "GET", "POST", "GET", "PUT", "DELETE"};
    return telemetry__chance(telemetry, 85) ? methods[route % COUNT_OF(methods)] : "GET";
}

static int64_t http_status(struct telemetry *telemetry, bool is_failing)
{
    static const int64_t failures[] = {500, 502, 503, 504};
    static const int64_t refusals[] = {400, 401, 403, 404, 409, 429};
    static const int64_t successes[] = {200, 200, 200, 200, 200, 201, 204, 304};
    if (is_failing) {
        return PICK(telemetry, failures);
    }
    return telemetry__chance(telemetry, 5) ? PICK(telemetry, refusals) : PICK(telemetry, successes);
}

static const char *client_address(struct telemetry *telemetry, struct draft *draft)
{
    unsigned subnet = (unsigned)telemetry__below(telemetry, 16);
    unsigned host = (unsigned)telemetry__below(telemetry, 256);
    return draft_text(draft, "203.0.%u.%u", subnet, host);
}

static void plan_server(struct telemetry *telemetry, struct plan *plan)
{
    struct draft *draft = &telemetry->draft;
    const char *route = telemetry__route(telemetry, telemetry->trace.route);
    const char *method = method_of(telemetry, telemetry->trace.route);
    plan->name = draft_text(draft, "%s %s", method, route);
    plan->kind = OTLP_SPAN_KIND_SERVER;
    draft_string(draft, "http.request.method", method);
    draft_string(draft, "http.route", route);
    draft_string(draft, "url.path", telemetry__path(telemetry, draft, route));
    draft_string(draft, "url.scheme", "https");
    draft_int(draft, "http.response.status_code", http_status(telemetry, plan->is_failing));
    draft_string(draft, "server.address", "shop.example.com");
    draft_int(draft, "server.port", 443);
    draft_string(draft, "client.address", client_address(telemetry, draft));
    draft_string(draft, "network.peer.address", telemetry__host(telemetry, draft));
    draft_int(draft, "network.peer.port", (int64_t)(32768 + telemetry__below(telemetry, 28232)));
    draft_string(draft, "network.protocol.version", telemetry__chance(telemetry, 70) ? "2" : "1.1");
    draft_string(draft, "user_agent.original", telemetry__user_agent(telemetry));
    draft_string(draft, "shop.request.id", telemetry__uuid(telemetry, draft));
    if (telemetry__chance(telemetry, 60)) {
        draft_string(
            draft, "user.hash",
            draft_text(draft, "%016llx", (unsigned long long)telemetry__random(telemetry)));
    }
}

static void plan_database(struct telemetry *telemetry, struct plan *plan)
{
    struct draft *draft = &telemetry->draft;
    const struct statement *statement =
        &statements[telemetry__below(telemetry, COUNT_OF(statements))];
    plan->name = draft_text(draft, "%s %s", statement->operation, statement->table);
    plan->kind = OTLP_SPAN_KIND_CLIENT;
    plan->error_type = "57014"; /* SQLSTATE query_canceled */
    draft_string(draft, "db.system.name", "postgresql");
    draft_string(draft, "db.namespace", "shop");
    draft_string(draft, "db.operation.name", statement->operation);
    draft_string(draft, "db.collection.name", statement->table);
    draft_string(draft, "db.query.text", statement->text);
    draft_string(draft, "server.address", "pg-primary.shop.svc.cluster.local");
    draft_int(draft, "server.port", 5432);
    draft_string(draft, "network.peer.address", telemetry__host(telemetry, draft));
    draft_int(draft, "shop.row.id", (int64_t)telemetry__spread(telemetry, 12, 40));
    if (statement->operation[0] == 'S') {
        draft_int(draft, "db.response.returned_rows",
                  (int64_t)telemetry__spread(telemetry, 0, 8) - 1);
    }
}

static void plan_http_client(struct telemetry *telemetry, struct plan *plan)
{
    struct draft *draft = &telemetry->draft;
    size_t number = (size_t)telemetry__below(telemetry, TELEMETRY_ROUTES);
    const char *method = method_of(telemetry, number);
    const char *peer = telemetry__peer(telemetry);
    const char *path = telemetry__path(telemetry, draft, telemetry__route(telemetry, number));
    plan->name = method;
    plan->kind = OTLP_SPAN_KIND_CLIENT;
    draft_string(draft, "http.request.method", method);
    draft_string(draft, "url.full", draft_text(draft, "http://%s:8080%s", peer, path));
    draft_int(draft, "http.response.status_code", http_status(telemetry, plan->is_failing));
    draft_string(draft, "server.address", peer);
    draft_int(draft, "server.port", 8080);
    draft_string(draft, "network.protocol.version", "1.1");
    draft_string(draft, "network.peer.address", telemetry__host(telemetry, draft));
    draft_int(draft, "http.response.body.size", (int64_t)telemetry__spread(telemetry, 6, 16));
    draft_string(draft, "shop.request.id", telemetry__uuid(telemetry, draft));
    if (telemetry__chance(telemetry, 4)) {
        draft_int(draft, "http.request.resend_count", 1);
    }
}

static void plan_internal(struct telemetry *telemetry, struct plan *plan)
{
    struct draft *draft = &telemetry->draft;
    const char *function = PICK(telemetry, functions);
    plan->name = function;
    plan->kind = OTLP_SPAN_KIND_INTERNAL;
    draft_string(draft, "code.function.name", function);
    draft_string(draft, "code.file.path", draft_text(draft, "/app/src/%s.c", function));
    draft_int(draft, "code.line.number", 40 + (int64_t)strlen(function) * 7);
    draft_int(draft, "thread.id", 100 + (int64_t)telemetry__below(telemetry, 16));
    draft_string(draft, "thread.name",
                 draft_text(draft, "worker-%u", (unsigned)telemetry__below(telemetry, 16)));
    draft_int(draft, "shop.cart.size", 1 + (int64_t)telemetry__below(telemetry, 12));
    draft_string(draft, "shop.cart.id", telemetry__uuid(telemetry, draft));
}

static void plan_producer(struct telemetry *telemetry, struct plan *plan)
{
    struct draft *draft = &telemetry->draft;
    const char *topic = PICK(telemetry, topics);
    plan->name = draft_text(draft, "send %s", topic);
    plan->kind = OTLP_SPAN_KIND_PRODUCER;
    draft_string(draft, "messaging.system", "kafka");
    draft_string(draft, "messaging.operation.type", "send");
    draft_string(draft, "messaging.operation.name", "send");
    draft_string(draft, "messaging.destination.name", topic);
    draft_string(draft, "messaging.destination.partition.id",
                 draft_text(draft, "%u", (unsigned)telemetry__below(telemetry, 24)));
    draft_string(draft, "messaging.message.id", telemetry__uuid(telemetry, draft));
    draft_int(draft, "messaging.message.body.size", (int64_t)telemetry__spread(telemetry, 7, 13));
    draft_string(draft, "server.address", "kafka.shop.svc.cluster.local");
}

static void plan_child(struct telemetry *telemetry, struct plan *plan)
{
    uint64_t dice = telemetry__below(telemetry, 100);
    if (dice < 45) {
        plan_database(telemetry, plan);
    } else if (dice < 70) {
        plan_http_client(telemetry, plan);
    } else if (dice < 90) {
        plan_internal(telemetry, plan);
    } else {
        plan_producer(telemetry, plan);
    }
}

static struct otlp_span_context remote_context(struct telemetry *telemetry)
{
    struct otlp_span_context context = {.flags = OTLP_FLAG_SAMPLED | OTLP_FLAG_RANDOM,
                                        .is_remote = true};
    context.trace_id = otlp_id_generator_trace_id(&telemetry->ids);
    context.span_id = otlp_id_generator_span_id(&telemetry->ids);
    return context;
}

static int add_exception(struct telemetry *telemetry, struct otlp_span *span, uint64_t time_unix_ns,
                         const char *type)
{
    struct draft *draft = &telemetry->draft;
    const char *message =
        draft_text(draft, "%s after %u ms", type, (unsigned)telemetry__spread(telemetry, 4, 12));
    const char *stack = draft_text(draft, "%s: %s", type, message);
    uint64_t frames = 4 + telemetry__below(telemetry, 6);
    for (uint64_t i = 0; i < frames; i++) {
        const char *function = PICK(telemetry, functions);
        stack = draft_text(draft, "%s\n    at %s (/app/src/%s.c:%u)", stack, function, function,
                           (unsigned)telemetry__spread(telemetry, 4, 9));
    }
    const struct otlp_attribute attributes[] = {
        otlp_attribute_string("exception.type", type),
        otlp_attribute_string("exception.message", message),
        otlp_attribute_string("exception.stacktrace", stack),
    };
    int rc = otlp_span_add_event(span, "exception", time_unix_ns, attributes, COUNT_OF(attributes));
    return rc != 0 ? rc : otlp_span_set_status(span, OTLP_STATUS_ERROR, message);
}

static int add_details(struct telemetry *telemetry, struct otlp_span *span, const struct plan *plan)
{
    uint64_t middle_unix_ns = plan->start_unix_ns + plan->duration_ns / 2;
    if (plan->is_failing) {
        return add_exception(telemetry, span, middle_unix_ns, plan->exception);
    }
    if (plan->kind != OTLP_SPAN_KIND_SERVER && telemetry__chance(telemetry, 10)) {
        bool is_hit = telemetry__chance(telemetry, 60);
        int64_t age_ms = (int64_t)telemetry__spread(telemetry, 4, 18);
        const struct otlp_attribute attributes[] = {
            otlp_attribute_bool("cache.hit", is_hit),
            otlp_attribute_int("cache.age_ms", age_ms),
        };
        int rc = otlp_span_add_event(span, "cache.lookup", middle_unix_ns, attributes,
                                     COUNT_OF(attributes));
        if (rc != 0) {
            return rc;
        }
    }
    if (plan->kind == OTLP_SPAN_KIND_PRODUCER && telemetry__chance(telemetry, 20)) {
        struct otlp_span_context linked = remote_context(telemetry);
        return otlp_span_add_link(span, &linked, NULL, 0);
    }
    return 0;
}

/* Starts, fills and ends the planned span with the drafted attributes. */
static int make_span(struct telemetry *telemetry, const struct plan *plan,
                     const struct otlp_span_context *parent, int attributes,
                     struct otlp_span **made)
{
    static const struct otlp_sampler always_on = {.kind = OTLP_SAMPLER_ALWAYS_ON};
    struct draft *draft = &telemetry->draft;
    if (plan->is_failing) {
        draft_string(draft, "error.type", plan->error_type);
    }
    telemetry__fit(telemetry, draft, attributes);
    const struct otlp_span_options options = {
        .kind = plan->kind,
        .parent = parent,
        .sampler = &always_on,
        .ids = &telemetry->ids,
        .start_unix_ns = plan->start_unix_ns,
    };
    struct otlp_span *span = otlp_span_start(plan->name, &options);
    if (span == NULL) {
        return OTLP_ENOMEM;
    }
    int rc = 0;
    for (size_t i = 0; i < draft->count && rc == 0; i++) {
        rc = otlp_span_set_attribute(span, &draft->items[i]);
    }
    if (rc == 0) {
        rc = add_details(telemetry, span, plan);
    }
    if (rc != 0) {
        otlp_span_free(span);
        return rc;
    }
    (void)otlp_span_end(span, plan->start_unix_ns + plan->duration_ns);
    *made = span;
    return 0;
}

static int begin_trace(struct telemetry *telemetry, int attributes, struct otlp_span **span)
{
    struct trace *trace = &telemetry->trace;
    telemetry->now_unix_ns += telemetry__spread(telemetry, 12, 24);
    trace->start_unix_ns = telemetry->now_unix_ns;
    trace->duration_ns = telemetry__spread(telemetry, 18, 31);
    trace->is_failing = telemetry__chance(telemetry, 3);
    trace->route = (size_t)telemetry__below(telemetry, TELEMETRY_ROUTES);
    struct otlp_span_context caller = remote_context(telemetry);
    struct plan plan = {.start_unix_ns = trace->start_unix_ns,
                        .duration_ns = trace->duration_ns,
                        .is_failing = trace->is_failing,
                        .exception = PICK(telemetry, exceptions)};
    plan.error_type = plan.exception;
    bool has_caller = telemetry__chance(telemetry, 75);
    plan_server(telemetry, &plan);
    int rc = make_span(telemetry, &plan, has_caller ? &caller : NULL, attributes, span);
    if (rc == 0) {
        trace->server = *otlp_span_get_context(*span);
        trace->spans_left = 1 + (int)telemetry__below(telemetry, 9);
    }
    return rc;
}

static int continue_trace(struct telemetry *telemetry, int attributes, struct otlp_span **span)
{
    struct trace *trace = &telemetry->trace;
    struct plan plan = {.is_failing = trace->is_failing && trace->spans_left == 1};
    plan.start_unix_ns = trace->start_unix_ns + telemetry__below(telemetry, trace->duration_ns / 2);
    plan.duration_ns = 1 + telemetry__below(telemetry, trace->duration_ns / 2);
    plan.exception = PICK(telemetry, exceptions);
    plan.error_type = plan.exception;
    plan_child(telemetry, &plan);
    int rc = make_span(telemetry, &plan, &trace->server, attributes, span);
    if (rc == 0) {
        trace->spans_left--;
    }
    return rc;
}

int telemetry_spans(struct telemetry *telemetry, size_t count, int attributes,
                    struct otlp_span **spans)
{
    if (!telemetry__attributes_are_valid(attributes)) {
        return OTLP_EINVAL;
    }
    for (size_t i = 0; i < count; i++) {
        draft_clear(&telemetry->draft);
        int rc = telemetry->trace.spans_left > 0 ? continue_trace(telemetry, attributes, &spans[i])
                                                 : begin_trace(telemetry, attributes, &spans[i]);
        if (rc != 0) {
            while (i > 0) {
                otlp_span_free(spans[--i]);
            }
            return rc;
        }
    }
    return 0;
}
