#include "telemetry_internal.h"

#include <string.h>

static const char *const loggers[] = {"shop.orders.service", "shop.payment.client",
                                      "shop.http.access", "shop.db.pool", "shop.cache"};

/* Ten message forms. */
static const char *make_body(struct telemetry *telemetry, struct draft *draft)
{
    unsigned number = (unsigned)telemetry__spread(telemetry, 8, 24);
    unsigned amount = (unsigned)telemetry__spread(telemetry, 2, 10);
    unsigned micros = (unsigned)telemetry__spread(telemetry, 7, 20);
    switch (telemetry__below(telemetry, 10)) {
    case 0:
        return draft_text(draft, "order %u accepted, %u items, total %u.%02u EUR", number,
                          1 + amount % 9, amount, number % 100);
    case 1:
        return draft_text(draft, "payment %s authorised by provider in %u us",
                          telemetry__uuid(telemetry, draft), micros);
    case 2:
        return draft_text(draft, "cache miss for key product:%u, loading from database", number);
    case 3:
        return draft_text(draft, "connection pool: %u in use, %u idle, %u waiting", amount % 40,
                          40 - amount % 40, amount % 3);
    case 4:
        return draft_text(draft, "slow query took %u.%03u ms: %s", micros / 1000, micros % 1000,
                          "SELECT id, title, price FROM products WHERE id = ANY($1)");
    case 5:
        return draft_text(
            draft, "GET %s 200 %u %uus",
            telemetry__path(telemetry, draft,
                            telemetry__route(telemetry, (size_t)telemetry__below(telemetry, 12))),
            number, micros);
    case 6:
        return draft_text(draft, "retrying request to %s, attempt %u of 3, waiting %u ms",
                          telemetry__peer(telemetry), 1 + number % 3, amount);
    case 7:
        return draft_text(draft, "customer %u signed in from 203.0.%u.%u", number, number % 16,
                          micros % 256);
    case 8:
        return draft_text(draft, "stock of sku %07u reserved: %u of %u", number, 1 + amount % 5,
                          amount);
    default:
        return draft_text(draft, "session %s renewed for %u s", telemetry__uuid(telemetry, draft),
                          900 + amount);
    }
}

static void set_severity(struct telemetry *telemetry, struct otlp_log_record *record)
{
    uint64_t dice = telemetry__below(telemetry, 100);
    if (dice < 18) {
        record->severity = OTLP_SEVERITY_DEBUG;
        record->severity_text = "DEBUG";
    } else if (dice < 83) {
        record->severity = OTLP_SEVERITY_INFO;
        record->severity_text = "INFO";
    } else if (dice < 95) {
        record->severity = OTLP_SEVERITY_WARN;
        record->severity_text = "WARN";
    } else {
        record->severity = OTLP_SEVERITY_ERROR;
        record->severity_text = "ERROR";
    }
}

/* Four of five records are of a span, and several in a row of the same trace. */
static void set_context(struct telemetry *telemetry, struct otlp_log_record *record)
{
    struct otlp_span_context *server = &telemetry->trace.server;
    if (!otlp_span_context_is_valid(server) || telemetry__chance(telemetry, 25)) {
        server->trace_id = otlp_id_generator_trace_id(&telemetry->ids);
        server->span_id = otlp_id_generator_span_id(&telemetry->ids);
        server->flags = OTLP_FLAG_SAMPLED | OTLP_FLAG_RANDOM;
        telemetry->trace.spans_left = 0;
    }
    if (telemetry__chance(telemetry, 80)) {
        record->trace_id = server->trace_id;
        record->span_id = server->span_id;
        record->flags = server->flags;
    }
}

static int make_record(struct telemetry *telemetry, int attributes, struct otlp_log_batch *batch)
{
    struct draft *draft = &telemetry->draft;
    struct otlp_log_record record = {0};
    draft_clear(draft);
    telemetry->now_unix_ns += telemetry__spread(telemetry, 10, 22);
    record.time_unix_ns = telemetry->now_unix_ns;
    record.observed_unix_ns = record.time_unix_ns + telemetry__spread(telemetry, 10, 16);
    set_severity(telemetry, &record);
    set_context(telemetry, &record);
    record.body = otlp_value_string(make_body(telemetry, draft));
    draft_string(draft, "log.logger", PICK(telemetry, loggers));
    draft_int(draft, "thread.id", 100 + (int64_t)telemetry__below(telemetry, 16));
    draft_int(draft, "code.line.number", (int64_t)telemetry__spread(telemetry, 4, 10));
    if (telemetry__chance(telemetry, 40)) {
        draft_int(draft, "shop.tenant.id", (int64_t)telemetry__spread(telemetry, 2, 12));
    }
    if (telemetry__chance(telemetry, 30)) {
        draft_string(draft, "shop.request.id", telemetry__uuid(telemetry, draft));
    }
    if (record.severity == OTLP_SEVERITY_ERROR) {
        draft_string(draft, "error.type", "TimeoutError");
    }
    telemetry__fit(telemetry, draft, attributes);
    record.attributes = draft->items;
    record.attribute_count = (uint32_t)draft->count;
    return otlp_log_emit(batch, &record);
}

int telemetry_logs(struct telemetry *telemetry, size_t count, int attributes,
                   struct otlp_log_batch *batch)
{
    if (!telemetry__attributes_are_valid(attributes)) {
        return OTLP_EINVAL;
    }
    for (size_t i = 0; i < count; i++) {
        int rc = make_record(telemetry, attributes, batch);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}
